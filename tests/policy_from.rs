//! `--policy-from`: whose policy it is.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{Project, Ran};
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

const FROM_BASE: [&str; 3] = ["run", "--policy-from", "base"];

fn loosened(project: &Project) -> Vec<String> {
    let record = project.record();
    let all = record["policy"]["loosened"].as_array().unwrap();
    all.iter()
        .map(|one| format!("{}: {}", one["place"].as_str().unwrap(), one["what"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_change_can_not_switch_off_its_own_gate() {
    let project = Project::base_with(&[("gates.toml", &gates("production", FINDS))]);
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
    let project = Project::base_with(&[("gates.toml", &gates("lab", FINDS))]);
    project.write("gates.toml", gates("production", &FINDS.replace("\"medium\"", "\"low\"")));
    let ran = project.run(&FROM_BASE);
    assert_eq!((ran.code, loosened(&project).len()), (0, 0), "{}", ran.all());
    assert!(!ran.stdout.contains("would loosen"), "{}", ran.stdout);
}

#[test]
fn the_base_decides_whatever_became_of_the_file() {
    let project = Project::base_with(&[("gates.toml", &gates("production", FINDS)), ("backend/a.txt", "a")]);
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
    let project = Project::base_with(&[("other.txt", "")]);
    project.write("gates.toml", gates("lab", FINDS));
    for (rev, words) in
        [("base", "there is no gates.toml in base"), ("nowhere", "there is no commit `nowhere`")]
    {
        let ran = project.run(&["run", "--policy-from", rev]);
        assert_eq!(ran.code, 2, "{}", ran.all());
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    let mistaken = Project::base_with(&[("gates.toml", "version = 1\nmode = \"labb\"\n")]);
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
    let project = Project::base_with(&[("gates.toml", &gates("production", gate)), ("check.sh", "exit 1\n")]);
    project.write("check.sh", "exit 0\n");
    let ran = project.run(&FROM_BASE);
    assert!(ran.stdout.contains("check.sh, which the command names, differs"), "{}", ran.stdout);
}

#[test]
fn the_floor_holds_for_the_policy_of_the_base() {
    let project = Project::base_with(&[("gates.toml", &gates("lab", FINDS))]);
    project.write("gates.toml", gates("production", FINDS));
    let floor = project.write("floor.toml", "version = 1\nmode = \"production\"\n");
    let args = ["run", "--policy-from", "base", "--require", floor.to_str().unwrap()];
    assert_eq!(project.run(&args).code, 2);
}
