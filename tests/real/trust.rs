//! Trust the base, not the change: what the scanners' own configuration in the scanned repository
//! switches off, with the real scanners.

#![allow(clippy::disallowed_methods, reason = "a server that npm needs")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod npm;

use std::path::Path;
use std::process::Command;

use crate::common::{Advisories, Project, Ran, real_tools};
use serde_json::Value;

fn gates(mode: &str, rest: &str) -> String {
    format!("version = 1\nmode = \"{mode}\"\n{rest}")
}

fn run(project: &Project, args: &[&str]) -> Ran {
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{}:{path}", project.bin().display(), real_tools().display());
    Ran::of(project.command(args).env("PATH", path).output().unwrap())
}

const FROM_BASE: [&str; 3] = ["run", "--policy-from", "base"];

fn notes(gate: &Value) -> String {
    let targets = gate["targets"].as_array().unwrap();
    let notes = targets.iter().filter_map(|target| target["notes"].as_array()).flatten();
    notes.map(|note| note.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("; ")
}

/// A key that gitleaks' default rules find; put together here, so that the repository is clean.
fn planted() -> String {
    let key = ["AKIA", "Q3EGVNU4", "X2MPLE7T"].concat();
    format!("export const id = \"{key}\"\n")
}

const ALLOW_ALL: &str = "[extend]\nuseDefault = true\n[[allowlists]]\nregexes = ['''.*''']\n";

const ALLOW_NOTHING: &str = "[extend]\nuseDefault = true\n";

fn gitleaks(scan: &str) -> String {
    gates("production", &format!("[[gate]]\nid = \"secrets\"\ntool = \"gitleaks\"\nscan = \"{scan}\"\n"))
}

#[test]
fn an_allowlist_that_a_change_brings_is_reported_and_does_not_count_with_a_base() {
    for scan in ["history", "tree"] {
        let project = Project::base_with(&[("gates.toml", &gitleaks(scan))]);
        project.write("src/a.ts", planted());
        project.write(".gitleaks.toml", ALLOW_ALL);
        project.commit("a key, and a hole to put it through");

        let ran = run(&project, &["run"]);
        assert_eq!(ran.code, 0, "{scan}: {}", ran.all());
        assert_eq!(notes(&project.gate("secrets")), "reads .gitleaks.toml (1 allowlist)");
        assert!(ran.stdout.contains("reads .gitleaks.toml (1 allowlist)"), "{}", ran.stdout);

        let ran = run(&project, &FROM_BASE);
        assert_eq!(ran.code, 1, "{scan}: {}", ran.all());
        let gate = project.gate("secrets");
        assert_eq!(gate["counts"]["high"], 1, "{}", ran.all());
        assert_eq!(project.record()["findings"][0]["location"]["path"], "src/a.ts");
        assert_eq!(notes(&gate), "does not read .gitleaks.toml: the base does not have it");
    }
}

#[test]
fn the_allowlist_of_the_base_counts() {
    let allow = ALLOW_ALL.replace(".*", "AKIA.*");
    let project = Project::base_with(&[("gates.toml", &gitleaks("history")), (".gitleaks.toml", &allow)]);
    project.write("src/a.ts", planted());
    project.write(".gitleaks.toml", "[extend]\nuseDefault = true\n");
    project.commit("a key");
    assert_eq!(run(&project, &["run"]).code, 1);
    let ran = run(&project, &FROM_BASE);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let reported = notes(&project.gate("secrets"));
    assert_eq!(reported, "reads .gitleaks.toml (1 allowlist) of the base, not of the change");
}

#[test]
fn ignores_that_a_change_brings_are_reported_and_do_not_count_with_a_base() {
    let project = Project::base_with(&[("gates.toml", &gitleaks("history"))]);
    project.write("src/a.ts", planted());
    let leaked = project.commit("a key");
    project.write(".gitleaksignore", format!("# mine\n{leaked}:src/a.ts:aws-access-token:1\n"));
    project.commit("hidden");
    let ran = run(&project, &["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(notes(&project.gate("secrets")), "reads 1 ignore in .gitleaksignore");
    let ran = run(&project, &FROM_BASE);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(project.record()["findings"][0]["location"]["path"], "src/a.ts");

    // In a linked work tree, too.
    let linked = project.root().join("../linked");
    project.git(&["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap()]);
    let path = format!("{}:{}", real_tools().display(), std::env::var("PATH").unwrap_or_default());
    let ran = Ran::of(project.command(&FROM_BASE).env("PATH", path).current_dir(&linked).output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.all());
}

/// Where the findings of the last run are, in alphabetical order.
fn places(project: &Project) -> Vec<String> {
    let record = project.record();
    let findings = record["findings"].as_array().unwrap().iter();
    let place = |finding: &Value| {
        let location = &finding["location"];
        format!("{}:{}", location["path"].as_str().unwrap(), location["start_line"])
    };
    let mut places: Vec<String> = findings.map(place).collect();
    places.sort();
    places
}

/// The ids of the findings: the same for the same findings, however they were looked for.
fn ids(project: &Project) -> Vec<String> {
    let record = project.record();
    let findings = record["findings"].as_array().unwrap().iter();
    let mut ids: Vec<String> = findings.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn ignores_in_a_scanned_tree_come_from_the_base() {
    let project = Project::base_with(&[("gates.toml", &gitleaks("tree")), ("notes.txt", "nothing")]);
    for name in ["top.ts", "src/a.ts", "src/deep/b.ts"] {
        project.write(name, planted());
    }
    run(&project, &["run"]);
    let (all, same) = (places(&project), ids(&project));
    assert_eq!(all, ["src/a.ts:1", "src/deep/b.ts:1", "top.ts:1"]);

    // What the change ignores counts without a base only, and the file that says so is looked at itself.
    let key = planted();
    let ignored = format!("src/a.ts:aws-access-token:1\n# {key}\ntop.ts:aws-access-token:1\n");
    project.write(".gitleaksignore", ignored);
    run(&project, &["run"]);
    assert_eq!(places(&project), [".gitleaksignore:2", "src/deep/b.ts:1"]);
    let ran = run(&project, &FROM_BASE);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(places(&project), [".gitleaksignore:2", "src/a.ts:1", "src/deep/b.ts:1", "top.ts:1"]);
    assert!(same.iter().all(|id| ids(&project).contains(id)), "{same:?}");
    let reported = notes(&project.gate("secrets"));
    assert_eq!(reported, "does not read .gitleaksignore: the base does not have it");

    // The base's count, whether the change has others or none.
    project.write(".gitleaksignore", "src/a.ts:aws-access-token:1\n");
    project.git(&["add", ".gitleaksignore"]);
    project.git(&["commit", "--quiet", "--message", "known"]);
    project.git(&["branch", "--force", "base"]);
    for change in [Some("top.ts:aws-access-token:1\n"), None] {
        match change {
            Some(ignored) => drop(project.write(".gitleaksignore", ignored)),
            None => std::fs::remove_file(project.root().join(".gitleaksignore")).unwrap(),
        }
        let ran = run(&project, &FROM_BASE);
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert_eq!(places(&project), ["src/deep/b.ts:1", "top.ts:1"]);
        let reported = notes(&project.gate("secrets"));
        assert_eq!(reported, "reads 1 ignore in .gitleaksignore of the base, not of the change");
    }
}

#[test]
fn ignores_of_two_folders_come_from_the_base() {
    let gates = gitleaks("tree") + "dirs = [\"pkg/app\"]\n";
    let project = Project::base_with(&[
        ("gates.toml", &gates),
        (".gitleaksignore", "pkg/app/known.ts:aws-access-token:1\n"),
        ("pkg/app/.gitleaksignore", "pkg/app/src/known.ts:aws-access-token:1"),
        ("pkg/app/known.ts", &planted()),
        ("pkg/app/src/known.ts", &planted()),
        ("pkg/app/.gitleaks.toml", ALLOW_NOTHING),
        ("elsewhere.ts", &planted()),
    ]);
    assert_eq!(run(&project, &["run"]).code, 0);
    project.write("pkg/app/src/new.ts", planted());
    project.write("pkg/app/.gitleaksignore", "pkg/app/src/new.ts:aws-access-token:1\n");
    run(&project, &["run"]);
    assert_eq!(places(&project), ["pkg/app/src/known.ts:1"]);
    run(&project, &FROM_BASE);
    assert_eq!(places(&project), ["pkg/app/src/new.ts:1"]);
    project.write(".gitleaks.toml", ALLOW_ALL);
    project.write("pkg/app/.gitleaks.toml", ALLOW_ALL);
    run(&project, &FROM_BASE);
    assert_eq!(places(&project), ["pkg/app/src/new.ts:1"]);
}

#[test]
fn ignores_that_gitleaks_can_not_be_kept_from_leave_the_gate_without_proof() {
    let gates = gitleaks("tree") + "dirs = [\"flat\"]\nallow_empty = true\n";
    let project = Project::base_with(&[("gates.toml", &gates), ("flat/a.ts", &planted())]);
    project.write("flat/.gitleaksignore", "flat/a.ts:aws-access-token:1\n");
    assert_eq!(run(&project, &["run"]).code, 0);
    let ran = run(&project, &FROM_BASE);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = project.gate("secrets")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("flat/.gitleaksignore differs from base: gitleaks always reads it"), "{reason}");
    // A folder in it is enough.
    project.write("flat/folder/b.ts", planted());
    run(&project, &FROM_BASE);
    assert_eq!(places(&project), ["flat/a.ts:1", "flat/folder/b.ts:1"]);
}

#[test]
fn a_gates_toml_below_the_root_scans_its_own_folder_all_the_same() {
    let project = Project::base_with(&[
        ("sub/gates.toml", &gitleaks("tree")),
        ("sub/src/a.ts", &planted()),
        ("elsewhere.ts", &planted()),
    ]);
    project.write("sub/.gitleaksignore", "src/a.ts:aws-access-token:1\n");
    let args = ["run", "--config", "sub/gates.toml", "--out", "gates-report"];
    assert_eq!(run(&project, &args).code, 0);
    assert_eq!(run(&project, &[&args[..], &["--policy-from", "base"]].concat()).code, 1);
    assert_eq!(places(&project), ["sub/src/a.ts:1"]);
}

#[test]
fn what_an_earlier_gate_made_is_scanned_too() {
    let make = format!(
        "[[gate]]\nid = \"make\"\ntool = \"command\"\nrun = [\"cp\", \"-R\", \"../made/.\", \".\"]\n{}needs = [\"make\"]\n",
        &gitleaks("tree")["version = 1\nmode = \"production\"\n".len()..]
    );
    let project = Project::base_with(&[("gates.toml", &gates("production", &make)), ("src/a.ts", "")]);
    project.write(".gitleaksignore", "# differs\n");
    project.write("../made/new.ts", planted());
    project.write("../made/new/b.ts", planted());
    run(&project, &FROM_BASE);
    assert_eq!(places(&project), ["new.ts:1", "new/b.ts:1"]);
}

#[test]
fn checkov_heeds_the_base() {
    let gate =
        "[[gate]]\nid = \"iac\"\ntool = \"checkov\"\ndirs = [\"infra\"]\nframework = [\"terraform\"]\n";
    let bucket = "resource \"aws_s3_bucket\" \"b\" {\n  bucket = \"b\"\n}\n";
    let project =
        Project::base_with(&[("gates.toml", &gates("production", gate)), ("infra/main.tf", bucket)]);
    project.write("infra/.checkov.yaml", "check:\n  - CKV_AWS_41\nsoft-fail: true\n");
    run(&project, &["run"]);
    let gate = project.gate("iac");
    assert_eq!(notes(&gate), "reads infra/.checkov.yaml (check, soft-fail)");
    assert_eq!(gate["counts"]["unknown"], 0, "{gate}");

    let ran = run(&project, &FROM_BASE);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(project.gate("iac")["counts"]["unknown"].as_u64().unwrap() > 0);
    assert_eq!(project.record()["findings"][0]["location"]["path"], "infra/main.tf");
}

#[test]
fn trivy_heeds_the_base() {
    let gate = "[[gate]]\nid = \"files\"\ntool = \"trivy\"\nscanners = [\"secret\"]\n";
    for (name, text) in [
        (".trivyignore", "aws-access-key-id\n"),
        ("trivy.yaml", "scan:\n  skip-files:\n    - a.ts\n"),
        ("trivy-secret.yaml", "disable-rules:\n  - aws-access-key-id\n"),
    ] {
        let project = Project::base_with(&[("gates.toml", &gates("production", gate)), ("a.ts", &planted())]);
        project.write(name, text);
        let ran = run(&project, &["run"]);
        assert_ne!(ran.code, 1, "{name}: {}", ran.all());
        assert!(notes(&project.gate("files")).contains(name), "{name}");
        let ran = run(&project, &FROM_BASE);
        assert_eq!(ran.code, 1, "{name}: {}", ran.all());
    }
}

/// What an inventory leaves out is not checked for licences and bans.
#[test]
fn syft_lists_what_the_base_lets_it_list() {
    let lock = |name: &str| {
        format!(
            r#"{{"name":"{name}","version":"1.0.0","lockfileVersion":3,"packages":{{"node_modules/{name}":{{"version":"1.0.0"}}}}}}"#
        )
    };
    let gate = "[[gate]]\nid = \"sbom\"\ntool = \"syft\"\nban = [{ package = \"pkg:npm/stolen\", reason = \"stolen\" }]\n";
    let hole = "exclude:\n  - ./new/**\n";
    for file in [".syft.yaml", ".syft.yml", ".syft/config.yaml"] {
        let project = Project::base_with(&[
            ("gates.toml", &gates("production", gate)),
            ("package-lock.json", &lock("good")),
        ]);
        project.write("new/package-lock.json", lock("stolen"));
        project.write(file, hole);
        let ran = run(&project, &["run"]);
        assert_eq!(ran.code, 0, "{file}: {}", ran.all());
        assert_eq!(notes(&project.gate("sbom")), format!("reads {file} (exclude)"));

        let ran = run(&project, &FROM_BASE);
        assert_eq!(ran.code, 1, "{file}: {}", ran.all());
        let words = format!("does not read {file}: the base does not have it");
        assert_eq!(notes(&project.gate("sbom")), words);

        // That of the base counts.
        project.commit("the hole is in the base");
        project.git(&["branch", "--force", "base"]);
        project.write(file, "exclude: []\n");
        let ran = run(&project, &FROM_BASE);
        assert_eq!(ran.code, 0, "{file}: {}", ran.all());
        let words = format!("reads {file} (exclude) of the base, not of the change");
        assert_eq!(notes(&project.gate("sbom")), words);
    }
}

#[test]
fn eslint_lints_with_the_configuration_of_the_base() {
    let project = Project::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/lay-out");
    let output = Command::new(script).arg(project.root()).output().unwrap();
    assert!(output.status.success(), "ci/lay-out: {}", String::from_utf8_lossy(&output.stderr));
    let count = |extra: &[&str]| {
        let args: Vec<&str> = ["run", "--only", "lint"].iter().chain(extra).copied().collect();
        let ran = run(&project, &args);
        let lint = project.gate("lint");
        assert_eq!(lint["evidence"], "whole", "{}", ran.all());
        (lint["counts"]["high"].as_u64().unwrap(), notes(&lint))
    };
    let (before, reported) = count(&[]);
    assert!(before > 0 && reported.contains("reads backend/eslint.config.js"), "{reported}");
    for folder in ["backend", "frontend"] {
        let parser = "import ts from \"typescript-eslint\";\n";
        let nothing = "export default [{ files: [\"**/*.ts\", \"**/*.tsx\"], languageOptions: { parser: ts.parser } }];\n";
        project.write(&format!("{folder}/eslint.config.js"), format!("{parser}{nothing}"));
    }
    assert_eq!(count(&[]).0, 0);
    let (with_base, reported) = count(&["--policy-from", "HEAD"]);
    assert_eq!(with_base, before, "{reported}");
    assert!(reported.contains("of the base, not of the change"), "{reported}");
}

#[test]
fn what_marks_in_the_source_leave_out_is_counted_where_the_report_says() {
    let files = "[[gate]]\nid = \"files\"\ntool = \"trivy\"\nscanners = [\"secret\"]\n";
    let iac = "[[gate]]\nid = \"iac\"\ntool = \"checkov\"\ndirs = [\"infra\"]\nframework = [\"terraform\"]\n";
    let project = Project::with_gates(&gates("lab", &format!("{files}{iac}")));
    project.write("a.ts", planted());
    project.write(".trivyignore", "aws-access-key-id\n");
    project.write(
        "infra/main.tf",
        "resource \"aws_s3_bucket\" \"logs\" {\n  # checkov:skip=CKV_AWS_18:it holds the logs\n  # checkov:skip=CKV_AWS_21:they are short-lived\n  bucket = \"logs\"\n}\n",
    );
    let ran = run(&project, &["run"]);
    for (gate, mark, n) in [("files", ".trivyignore", 1), ("iac", "checkov:skip", 2)] {
        assert_eq!(project.gate(gate)["targets"][0]["ignored"][mark], n, "{gate}: {}", ran.all());
    }
    assert!(ran.stdout.contains("2 findings left out by checkov:skip"), "{}", ran.stdout);
}
