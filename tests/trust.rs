//! Trust the base, not the change: whose policy it is, how weak it may be, and what the scanners'
//! own configuration in the scanned repository switches off.

#![allow(clippy::disallowed_methods, reason = "a server that npm needs")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use std::path::Path;
use std::process::Command;

use common::{Advisories, Project, Ran, real_tools};
use serde_json::Value;

/// A gate that finds one thing of level `warning` (medium).
const FINDS: &str = r#"[[gate]]
id = "lint"
tool = "command"
run = ["sh", "-c", '''printf '%s' '{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"demo"}},"results":[{"ruleId":"demo-1","level":"warning","message":{"text":"found"}}]}]}'; exit 1''']
report = { format = "sarif", path = "-" }
fail_on = "medium"
"#;

fn gates(mode: &str, rest: &str) -> String {
    format!("version = 1\nmode = \"{mode}\"\n{rest}")
}

/// A repository whose branch `main` has these files, with a change on top that is not committed.
fn base_with(files: &[(&str, &str)]) -> Project {
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    for (name, text) in files {
        project.write(name, text);
    }
    project.commit("the base");
    project.git(&["branch", "base"]);
    project
}

fn run(project: &Project, args: &[&str]) -> Ran {
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{}:{path}", project.bin().display(), real_tools().display());
    Ran::of(project.command(args).env("PATH", path).output().unwrap())
}

const FROM_BASE: [&str; 3] = ["run", "--policy-from", "base"];

fn loosened(project: &Project) -> Vec<String> {
    let record = project.record();
    let all = record["policy"]["loosened"].as_array().unwrap();
    all.iter()
        .map(|one| format!("{}: {}", one["place"].as_str().unwrap(), one["what"].as_str().unwrap()))
        .collect()
}

fn notes(gate: &Value) -> String {
    let targets = gate["targets"].as_array().unwrap();
    let notes = targets.iter().filter_map(|target| target["notes"].as_array()).flatten();
    notes.map(|note| note.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_change_can_not_switch_off_its_own_gate() {
    let project = base_with(&[("gates.toml", &gates("production", FINDS))]);
    let waiver = "[[waiver]]\nrule = \"demo-1\"\nreason = \"let me in\"\n";
    for (change, told) in [
        (gates("lab", FINDS), "gates.toml: mode = lab"),
        (gates("production", &FINDS.replace("\"medium\"", "\"never\"")), "gate lint: fail_on = never"),
        (gates("production", &format!("{FINDS}required = false\n")), "gate lint: required = false"),
        (gates("production", &format!("{FINDS}{waiver}")), "waiver 1: it is new: rule = demo-1"),
        (gates("production", &FINDS.replace("exit 1", "exit 0")), "gate lint: options of the tool changed"),
        (
            gates("production", "[[gate]]\nid = \"other\"\ntool = \"command\"\nrun = [\"true\"]\n"),
            "gate lint: it is gone",
        ),
    ] {
        project.write("gates.toml", &change);
        let ran = project.run(&FROM_BASE);
        assert_eq!(ran.code, 1, "{change}: {}", ran.all());
        assert_eq!(loosened(&project), [told]);
        assert!(ran.stdout.contains("the change would loosen"), "{}", ran.stdout);
        assert_eq!(project.record()["policy"]["from"], project.git(&["rev-parse", "base"]));
    }
    // The same by the environment; and without either, the change has its way.
    project.write("gates.toml", gates("lab", FINDS));
    let output = project.command(&["run"]).env("PORTCULLIS_POLICY_FROM", "base").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(project.run(&["run"]).code, 0);
    assert_eq!(project.record()["policy"], Value::Null);
}

#[test]
fn a_change_that_loosens_nothing_is_told_of_nothing() {
    let project = base_with(&[("gates.toml", &gates("lab", FINDS))]);
    project.write("gates.toml", gates("production", &FINDS.replace("\"medium\"", "\"low\"")));
    let ran = project.run(&FROM_BASE);
    assert_eq!((ran.code, loosened(&project).len()), (0, 0), "{}", ran.all());
    assert!(!ran.stdout.contains("would loosen"), "{}", ran.stdout);
}

#[test]
fn the_base_decides_whatever_became_of_the_file() {
    let project = base_with(&[("gates.toml", &gates("production", FINDS)), ("backend/a.txt", "a")]);
    project.write("gates.toml", "version = 1\nthis is broken");
    let ran = project.run(&FROM_BASE);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(project.record()["policy"]["notes"][0].as_str().unwrap().contains("mistake"), "{}", ran.all());

    std::fs::remove_file(project.root().join("gates.toml")).unwrap();
    let ran = project.run(&FROM_BASE);
    assert_eq!(ran.code, 1, "{}", ran.all());

    // A nearer file that the change adds does not count.
    let nearer = project.write("backend/gates.toml", gates("lab", FINDS));
    let ran = Ran::of(project.command(&FROM_BASE).current_dir(nearer.parent().unwrap()).output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.all());
}

#[test]
fn without_a_policy_there_nothing_is_run() {
    let project = base_with(&[("other.txt", "")]);
    project.write("gates.toml", gates("lab", FINDS));
    for (rev, words) in
        [("base", "there is no gates.toml in base"), ("nowhere", "there is no commit `nowhere`")]
    {
        let ran = project.run(&["run", "--policy-from", rev]);
        assert_eq!(ran.code, 2, "{}", ran.all());
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    let mistaken = base_with(&[("gates.toml", "version = 1\nmode = \"labb\"\n")]);
    let ran = mistaken.run(&FROM_BASE);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("base:gates.toml") && ran.stderr.contains("did you mean"), "{}", ran.stderr);

    let outside = Project::with_gates(&gates("lab", FINDS));
    let ran = outside.run(&["run", "--policy-from", "base"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("needs a git repository"), "{}", ran.stderr);
    assert!(!outside.root().join("gates-report").exists());
}

#[test]
fn a_script_of_the_change_that_the_policy_names_is_told() {
    let gate = "[[gate]]\nid = \"check\"\ntool = \"command\"\nrun = [\"sh\", \"check.sh\"]\n";
    let project = base_with(&[("gates.toml", &gates("production", gate)), ("check.sh", "exit 1\n")]);
    project.write("check.sh", "exit 0\n");
    let ran = project.run(&FROM_BASE);
    assert!(ran.stdout.contains("check.sh, which the command names, differs"), "{}", ran.stdout);
}

#[test]
fn the_floor_holds_for_the_policy_of_the_base() {
    let project = base_with(&[("gates.toml", &gates("lab", FINDS))]);
    project.write("gates.toml", gates("production", FINDS));
    let floor = project.write("floor.toml", "version = 1\nmode = \"production\"\n");
    let args = ["run", "--policy-from", "base", "--require", floor.to_str().unwrap()];
    assert_eq!(project.run(&args).code, 2);
}

// The scanners' own configuration.

/// A key that gitleaks' default rules find; put together here, so that the repository is clean.
fn planted() -> String {
    let key = ["AKIA", "Q3EGVNU4", "X2MPLE7T"].concat();
    format!("export const id = \"{key}\"\n")
}

const ALLOW_ALL: &str = "[extend]\nuseDefault = true\n[[allowlists]]\nregexes = ['''.*''']\n";

fn gitleaks(scan: &str) -> String {
    gates("production", &format!("[[gate]]\nid = \"secrets\"\ntool = \"gitleaks\"\nscan = \"{scan}\"\n"))
}

#[test]
fn an_allowlist_that_a_change_brings_is_told_and_does_not_count_with_a_base() {
    for scan in ["history", "tree"] {
        let project = base_with(&[("gates.toml", &gitleaks(scan))]);
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
        assert_eq!(notes(&gate), "does not read .gitleaks.toml, which the base does not have");
    }
}

#[test]
fn the_allowlist_of_the_base_counts() {
    let allow = ALLOW_ALL.replace(".*", "AKIA.*");
    let project = base_with(&[("gates.toml", &gitleaks("history")), (".gitleaks.toml", &allow)]);
    project.write("src/a.ts", planted());
    project.write(".gitleaks.toml", "[extend]\nuseDefault = true\n");
    project.commit("a key");
    assert_eq!(run(&project, &["run"]).code, 1);
    let ran = run(&project, &FROM_BASE);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let told = notes(&project.gate("secrets"));
    assert_eq!(told, "reads .gitleaks.toml (1 allowlist) of the base, not as the change has it");
}

#[test]
fn ignores_that_a_change_brings_are_told_and_do_not_count_with_a_base() {
    let project = base_with(&[("gates.toml", &gitleaks("history"))]);
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

#[test]
fn ignores_that_gitleaks_can_not_be_kept_from_leave_the_gate_without_proof() {
    let project = base_with(&[("gates.toml", &gitleaks("tree"))]);
    project.write("src/a.ts", planted());
    project.write(".gitleaksignore", "src/a.ts:aws-access-token:1\n");
    assert_eq!(run(&project, &["run"]).code, 0);
    let ran = run(&project, &FROM_BASE);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = project.gate("secrets")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains(".gitleaksignore differs from base"), "{reason}");
}

#[test]
fn checkov_heeds_the_base() {
    let gate =
        "[[gate]]\nid = \"iac\"\ntool = \"checkov\"\ndirs = [\"infra\"]\nframework = [\"terraform\"]\n";
    let bucket = "resource \"aws_s3_bucket\" \"b\" {\n  bucket = \"b\"\n}\n";
    let project = base_with(&[("gates.toml", &gates("production", gate)), ("infra/main.tf", bucket)]);
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
        let project = base_with(&[("gates.toml", &gates("production", gate)), ("a.ts", &planted())]);
        project.write(name, text);
        let ran = run(&project, &["run"]);
        assert_ne!(ran.code, 1, "{name}: {}", ran.all());
        assert!(notes(&project.gate("files")).contains(name), "{name}");
        let ran = run(&project, &FROM_BASE);
        assert_eq!(ran.code, 1, "{name}: {}", ran.all());
    }
}

#[test]
fn npm_asks_the_registry_of_the_base() {
    let server = Advisories::serve();
    let gate = gates("production", "[[gate]]\nid = \"audit\"\ntool = \"npm-audit\"\ndirs = [\"app\"]\n");
    let lock = r#"{"name":"app","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
        "":{"name":"app","version":"1.0.0","dependencies":{"minimist":"0.0.8"}},
        "node_modules/minimist":{"version":"0.0.8"}}}"#;
    let project = base_with(&[
        ("gates.toml", &gate),
        ("app/package.json", r#"{"name":"app","version":"1.0.0","dependencies":{"minimist":"0.0.8"}}"#),
        ("app/package-lock.json", lock),
        ("app/.npmrc", &format!("registry={}\n", server.address)),
    ]);
    project.write("app/.npmrc", "registry=http://127.0.0.1:9\nfetch-retries=0\n");
    let ran = run(&project, &FROM_BASE);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(notes(&project.gate("audit")).starts_with("reads app/.npmrc (registry) of the base"));
    assert_eq!(project.gate("audit")["targets"][0]["cwd"], "app");

    // In a workspace npm reads the root's file, and can't be kept from it.
    project.write("package.json", r#"{"name":"root","workspaces":["app"]}"#);
    project.write(".npmrc", "registry=http://127.0.0.1:9\n");
    let ran = run(&project, &FROM_BASE);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(project.gate("audit")["reason"].as_str().unwrap().contains(".npmrc differs from base"));
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
    let (before, told) = count(&[]);
    assert!(before > 0 && told.contains("reads backend/eslint.config.js"), "{told}");
    for folder in ["backend", "frontend"] {
        let parser = "import ts from \"typescript-eslint\";\n";
        let nothing = "export default [{ files: [\"**/*.ts\", \"**/*.tsx\"], languageOptions: { parser: ts.parser } }];\n";
        project.write(&format!("{folder}/eslint.config.js"), format!("{parser}{nothing}"));
    }
    assert_eq!(count(&[]).0, 0);
    let (with_base, told) = count(&["--policy-from", "HEAD"]);
    assert_eq!(with_base, before, "{told}");
    assert!(told.contains("of the base, not as the change has it"), "{told}");
}
