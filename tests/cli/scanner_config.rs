//! The configuration files of scanners: a change to any of them is reported, and does not count with `--policy-from`.
//! `tests/real/trust.rs` and `tests/real/boundary` show the same with the scanners themselves.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::collections::BTreeSet;

use portcullis::tools::TOOLS;

use crate::common::Project;

/// A file that a tool declares, and a change to it.
struct Changed {
    tool: &'static str,
    /// As declared.
    name: &'static str,
    /// Further keys of the gate.
    keys: &'static str,
    /// What the base has.
    base: &'static [(&'static str, &'static str)],
    path: &'static str,
    content: &'static str,
}

const fn new(tool: &'static str, path: &'static str, content: &'static str) -> Changed {
    Changed { tool, name: path, keys: "", base: &[], path, content }
}

const NAMED: &str = "a file that this configuration names";
const ESLINT_8: (&str, &str) =
    ("node_modules/eslint/package.json", r#"{"name":"eslint","version":"8.57.0"}"#);
const ESLINT_10: (&str, &str) =
    ("node_modules/eslint/package.json", r#"{"name":"eslint","version":"10.1.0"}"#);
const LOOSE: &str = r#"{"compilerOptions":{"strict":false}}"#;
const RULES: &str = "[extend]\nuseDefault = true\n";
const TEMPLATE: &str = "AWSTemplateFormatVersion: '2010-09-09'\nResources: {}\n";
const IGNORING: &str = "AWSTemplateFormatVersion: '2010-09-09'\nMetadata:\n  cfn-lint:\n    config:\n      ignore_checks: [E3012]\nResources: {}\n";

/// Every declared file, and more than one way to reach it where there is one.
const ALL: &[Changed] = &[
    new("gitleaks", ".gitleaks.toml", RULES),
    Changed {
        keys: "scan = \"tree\"\ndirs = [\"app\"]",
        path: "app/.gitleaks.toml",
        base: &[("app/a", "")],
        ..new("gitleaks", ".gitleaks.toml", RULES)
    },
    Changed {
        name: "`config`",
        keys: "config = \"ci/leaks.toml\"",
        base: &[("ci/leaks.toml", "title = \"a\"\n")],
        ..new("gitleaks", "ci/leaks.toml", RULES)
    },
    new("gitleaks", ".gitleaksignore", "a:b:c:1\n"),
    Changed {
        name: NAMED,
        base: &[(".gitleaks.toml", "[extend]\npath = \"ci/more.toml\"\n"), ("ci/more.toml", RULES)],
        ..new("gitleaks", "ci/more.toml", "[allowlist]\npaths = ['a']\n")
    },
    Changed {
        name: NAMED,
        keys: "config = \"ci/leaks.toml\"",
        base: &[("ci/leaks.toml", "[extend]\npath = \"ci/more.toml\"\n"), ("ci/more.toml", RULES)],
        ..new("gitleaks", "ci/more.toml", "[allowlist]\npaths = ['a']\n")
    },
    Changed { keys: "scan = \"tree\"", ..new("git-secrets", ".gitallowed", ".*\n") },
    Changed { keys: "scan = \"history\"", ..new("git-secrets", ".gitallowed", ".*\n") },
    new("checkov", ".checkov.yaml", "skip-check: [CKV_1]\n"),
    new("checkov", ".checkov.yml", "skip-check: [CKV_1]\n"),
    Changed {
        name: NAMED,
        base: &[(".checkov.yaml", "external-checks-dir:\n  - ci/checks\n"), ("ci/checks/a.py", "")],
        ..new("checkov", "ci/checks/a.py", "pass\n")
    },
    Changed { base: &[("a.yaml", TEMPLATE)], ..new("cfn-lint", ".cfnlintrc", "ignore_checks: [E]\n") },
    Changed { base: &[("a.yaml", TEMPLATE)], ..new("cfn-lint", ".cfnlintrc.yaml", "ignore_checks: [E]\n") },
    Changed { base: &[("a.yaml", TEMPLATE)], ..new("cfn-lint", ".cfnlintrc.yml", "ignore_checks: [E]\n") },
    Changed { name: "templates", base: &[("a.yaml", TEMPLATE)], ..new("cfn-lint", "a.yaml", IGNORING) },
    Changed {
        name: NAMED,
        base: &[
            ("a.yaml", TEMPLATE),
            (".cfnlintrc", "override_spec: ci/spec.json\n"),
            ("ci/spec.json", "{}"),
        ],
        ..new("cfn-lint", "ci/spec.json", "{ }")
    },
    new("trivy", "trivy.yaml", "scan:\n  skip-files: [a]\n"),
    new("trivy", ".trivyignore", "CVE-2021-1\n"),
    new("trivy", "trivy-secret.yaml", "disable-rules: [a]\n"),
    Changed {
        name: NAMED,
        base: &[("trivy.yaml", "ignorefile: ci/ignore\n"), ("ci/ignore", "")],
        ..new("trivy", "ci/ignore", "CVE-2021-1\n")
    },
    Changed {
        name: NAMED,
        keys: "scan = \"config\"",
        base: &[("trivy.yaml", "rego:\n  check:\n    - ci/checks\n"), ("ci/checks/a.rego", "")],
        ..new("trivy", "ci/checks/a.rego", "package a\n")
    },
    new("syft", ".syft.yaml", "exclude: ['./**']\n"),
    new("syft", ".syft.yml", "exclude: ['./**']\n"),
    new("syft", ".syft.json", "{}"),
    new("syft", ".syft.toml", "exclude = ['./**']\n"),
    new("syft", ".syft/config.yaml", "exclude: ['./**']\n"),
    new("syft", ".syft/config.yml", "exclude: ['./**']\n"),
    new("syft", ".syft/config.json", "{}"),
    new("syft", ".syft/config.toml", "exclude = ['./**']\n"),
    new("npm-audit", ".npmrc", "registry=https://registry.example\n"),
    new("yarn-audit", ".yarnrc", "--audit.level critical\n"),
    new("yarn-audit", ".npmrc", "registry=https://registry.example\n"),
    Changed {
        base: &[("yarn.lock", "__metadata:\n  version: 8\n")],
        ..new("yarn-audit", ".yarnrc.yml", "npmAuditExcludePackages: [a]\n")
    },
    new("pnpm-audit", ".npmrc", "registry=https://registry.example\n"),
    new("pnpm-audit", "pnpm-workspace.yaml", "auditConfig:\n  ignoreGhsas: [GHSA-1]\n"),
    Changed {
        base: &[("package.json", r#"{"pnpm":{"auditConfig":{"ignoreCves":["CVE-2"]}}}"#)],
        ..new("pnpm-audit", "package.json", r#"{"pnpm":{"auditConfig":{"ignoreCves":["CVE-1"]}}}"#)
    },
    Changed {
        keys: "host = \"https://sonar.example\"",
        ..new("sonarqube", "sonar-project.properties", "sonar.exclusions=**\n")
    },
    Changed {
        name: "eslint.config.*",
        base: &[("eslint.config.js", "export default [];\n")],
        ..new("eslint", "eslint.config.js", "export default [{ ignores: [\"a\"] }];\n")
    },
    Changed {
        name: "eslint.config.*",
        base: &[
            ESLINT_10,
            ("eslint.config.js", "export default [];\n"),
            ("a/eslint.config.js", "export default [];\n"),
        ],
        ..new("eslint", "a/eslint.config.js", "export default [{ ignores: [\"a\"] }];\n")
    },
    Changed { name: ".eslintrc*", base: &[ESLINT_8], ..new("eslint", ".eslintrc.json", "{}") },
    Changed { name: ".eslintrc*", base: &[ESLINT_8, ("a/b", "")], ..new("eslint", "a/.eslintrc.yml", "{}") },
    Changed { base: &[ESLINT_8], ..new("eslint", ".eslintignore", "a\n") },
    Changed {
        base: &[ESLINT_8, ("package.json", r#"{"name":"a"}"#)],
        ..new("eslint", "package.json", r#"{"name":"a","eslintConfig":{"rules":{}}}"#)
    },
    Changed { base: &[("tsconfig.json", LOOSE)], ..new("tsc", "tsconfig.json", r#"{"exclude":["a"]}"#) },
    Changed {
        name: "tsconfig.json",
        base: &[("tsconfig.json", r#"{"extends":"./ci/shared"}"#), ("ci/shared.json", LOOSE)],
        ..new("tsc", "ci/shared.json", r#"{"exclude":["a"]}"#)
    },
];

#[test]
fn a_change_to_any_configuration_file_is_reported_and_does_not_count_with_a_base() {
    for changed in ALL {
        let gates =
            format!("version = 1\n[[gate]]\nid = \"gate\"\ntool = \"{}\"\n{}\n", changed.tool, changed.keys);
        let files = [&[("gates.toml", gates.as_str())], changed.base].concat();
        let project = Project::base_with(&files);
        project.write(changed.path, changed.content);
        let what = format!("{}: {}", changed.tool, changed.path);

        let shown = project.run(&["plan"]).all();
        assert!(
            shown.contains(&format!("reads {}", changed.path))
                || shown.contains(&format!("in {}", changed.path)),
            "{what}: {shown}"
        );

        let shown = project.run(&["plan", "--policy-from", "base"]).all();
        let words = ["of the base, not of the change", "the base does not have it", "differs from"];
        let mut lines = shown.lines().filter(|line| line.contains(changed.path) && !line.contains(" $ "));
        assert!(lines.any(|line| words.iter().any(|words| line.contains(words))), "{what}: {shown}");
    }
}

#[test]
fn other_parts_of_a_manifest_do_not_matter() {
    let gates = "version = 1\n[[gate]]\nid = \"gate\"\ntool = \"eslint\"\n";
    let manifest = r#"{"name":"a","eslintConfig":{"root":true}}"#;
    let project = Project::base_with(&[("gates.toml", gates), ESLINT_8, ("package.json", manifest)]);
    project.write("package.json", manifest.replace("\"a\"", "\"b\""));
    let shown = project.run(&["plan", "--policy-from", "base"]).all();
    assert!(shown.contains("reads package.json (eslintConfig)") && !shown.contains("differs"), "{shown}");
}

#[test]
fn every_declared_file_is_tried() {
    let tried: BTreeSet<_> = ALL.iter().map(|changed| (changed.tool, changed.name)).collect();
    let all =
        TOOLS.iter().flat_map(|spec| spec.config_files.list().iter().map(|file| (spec.name, file.name)));
    assert_eq!(tried, all.collect());
}

/// The command line of a change can hide a finding as well as a file can.
#[test]
fn arguments_that_narrow_a_scan_are_in_the_record() {
    for (tool, args, says) in [
        ("tool = 'trivy'\nscan = 'fs'", "'--severity=CRITICAL', '--debug'", Some("--severity=CRITICAL")),
        (
            "tool = 'trivy'\nscan = 'fs'",
            "'--ignore-unfixed', '--vex', 'a.json'",
            Some("--ignore-unfixed, --vex a.json"),
        ),
        (
            "tool = 'trivy'\nscan = 'config'",
            "'-s', 'HIGH', '--ignore-policy=a.rego'",
            Some("-s HIGH, --ignore-policy=a.rego"),
        ),
        (
            "tool = 'trivy'\nscan = 'fs'",
            "'--skip-dirs', 'a', '--skip-files=b'",
            Some("--skip-dirs a, --skip-files=b"),
        ),
        ("tool = 'trivy'\nscan = 'fs'", "'--include-dev-deps', '--timeout', '9m'", None),
        ("tool = 'syft'", "'--exclude', './a/**'", Some("--exclude ./a/**")),
        ("tool = 'syft'", "'--enrich', 'all'", None),
        (
            "tool = 'checkov'",
            "'--skip-check', 'CKV_AWS_1', '--soft-f'",
            Some("--skip-check CKV_AWS_1, --soft-f"),
        ),
        ("tool = 'checkov'", "'--deep-analysis'", None),
        (
            "tool = 'gitleaks'",
            "'-b', 'old.json', '--max-target-megabytes=1'",
            Some("-b old.json, --max-target-megabytes=1"),
        ),
        ("tool = 'gitleaks'", "'--ignore-gitleaks-allow'", None),
        ("tool = 'cfn-lint'\nfiles = ['a.yaml']", "'-i', 'E3012', 'W'", Some("-i E3012 W")),
    ] {
        let project =
            Project::with_gates(&format!("version = 1\n[[gate]]\nid = 'scan'\n{tool}\nargs = [{args}]\n"));
        project.write("a.yaml", "Resources: {}\n");
        for program in ["trivy", "syft", "checkov", "gitleaks", "cfn-lint"] {
            project.program(program, "exit 1");
        }
        let ran = project.run(&["run"]);
        let notes = project.gate("scan")["targets"][0]["notes"].to_string();
        let wanted = says.map(|says| format!("`args` narrow what it looks at or reports: {says}\""));
        match wanted {
            Some(wanted) => assert!(notes.contains(&wanted), "{tool} {args}: {notes}\n{}", ran.all()),
            None => assert!(!notes.contains("narrow"), "{tool} {args}: {notes}"),
        }
    }
}
