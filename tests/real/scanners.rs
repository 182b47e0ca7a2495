//! Further real scanners, really run: git-secrets, cfn-lint and Terraform.
//!
//! git-secrets and Terraform are in no package index; where one is missing its gate says so, and that
//! is all that can be tested.

#![allow(clippy::disallowed_methods, reason = "the PATH of the tests")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod git_secrets;
mod terraform;

use std::process::Command;

use crate::common::{Project, Ran, real_tools};
use serde_json::Value;

/// The PATH with the real scanners.
fn path() -> String {
    format!("{}:{}", real_tools().display(), std::env::var("PATH").unwrap_or_default())
}

fn run(project: &Project, args: &[&str]) -> Ran {
    Ran::of(project.command(args).env("PATH", path()).output().unwrap())
}

fn findings(project: &Project, gate: &str) -> Vec<Value> {
    let record = project.record();
    record["findings"].as_array().unwrap().iter().filter(|finding| finding["gate"] == gate).cloned().collect()
}

/// `path:line` of each.
fn places(project: &Project, gate: &str) -> Vec<String> {
    let findings = findings(project, gate);
    let mut places: Vec<String> = findings
        .iter()
        .map(|finding| {
            let location = &finding["location"];
            format!("{}:{}", location["path"].as_str().unwrap(), location["start_line"])
        })
        .collect();
    places.sort();
    places
}

fn reason(project: &Project, gate: &str) -> String {
    project.gate(gate)["reason"].as_str().unwrap().to_owned()
}

fn which(path: &str, name: &str) -> bool {
    std::env::split_paths(path).any(|folder| folder.join(name).is_file())
}

const TOPIC: &str =
    "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n";

/// An error on line 7, a warning on line 3.
const FAULTY: &str = "AWSTemplateFormatVersion: '2010-09-09'\nParameters:\n  Unused:\n    Type: String\nResources:\n  Events:\n    Type: AWS::SNS::Topik\n";

#[test]
fn cfn_lint_finds_every_template_and_what_is_wrong_with_it() {
    let project = Project::with_gates("version = 1\n[[gate]]\nid = \"cfn\"\ntool = \"cfn-lint\"\n");
    project.write("stacks/good.yaml", TOPIC);
    project.write("stacks/faulty [1].yaml", FAULTY);
    project.write("-events.json", r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#);
    project.write("compose.yaml", "services: {}\n");
    let ran = run(&project, &["run"]);
    let gate = project.gate("cfn");
    assert_eq!((&gate["outcome"], &gate["scope"]["files"]), (&"failed".into(), &3.into()), "{}", ran.all());
    assert_eq!(gate["tool_version"], "1.58.0");
    assert_eq!(places(&project, "cfn"), ["stacks/faulty [1].yaml:3", "stacks/faulty [1].yaml:7"]);
    let findings = findings(&project, "cfn");
    let error = findings.iter().find(|finding| finding["rule"] == "E3006").unwrap();
    assert_eq!((&error["severity"], &error["resource"]), (&"high".into(), &"Events".into()));
    let warning = findings.iter().find(|finding| finding["rule"] == "W2001").unwrap();
    assert_eq!((&warning["severity"], &warning["resource"]), (&"medium".into(), &Value::Null));
}

#[test]
fn cfn_lint_proves_nothing_of_what_it_has_not_linted() {
    let gate = |id: &str, files: &str| {
        format!("[[gate]]\nid = \"{id}\"\ntool = \"cfn-lint\"\nfiles = [\"{files}\"]\n")
    };
    let project = Project::with_gates(&format!(
        "version = 1\n{}{}{}",
        gate("broken", "broken.yaml"),
        gate("good", "good.yaml"),
        gate("none", "*.json")
    ));
    project.write("broken.yaml", "Resources: [\n  a: {\n");
    project.write("good.yaml", TOPIC);
    let outcome = |gate: &str| project.gate(gate)["outcome"].as_str().unwrap().to_owned();
    run(&project, &["run", "--jobs", "3"]);
    assert_eq!(
        [outcome("broken"), outcome("good"), outcome("none")],
        ["inconclusive", "passed", "inconclusive"]
    );
    assert!(reason(&project, "broken").contains("broken.yaml (it can't be linted"));
    // It leaves with 0 and an empty report in each of these.
    for (config, words) in [
        ("ignore_bad_template: true\n", "broken.yaml (it was not linted"),
        ("ignore_templates: ['*.yaml']\n", "E1001"),
        ("deployment_files: [deploy.yaml]\n", "broken.yaml (it was not linted"),
    ] {
        project.write(".cfnlintrc", config);
        project.write("deploy.yaml", "template-file-path: good.yaml\n");
        run(&project, &["run", "--only", "broken"]);
        assert_eq!(outcome("broken"), "inconclusive", "{config}");
        assert!(reason(&project, "broken").contains(words), "{config}: {}", reason(&project, "broken"));
    }
}

#[test]
fn cfn_lint_heeds_the_base() {
    let project = Project::with_gates(
        "version = 1\nmode = \"production\"\n[[gate]]\nid = \"cfn\"\ntool = \"cfn-lint\"\n",
    );
    project.git(&["init", "--quiet"]);
    project.write("good.yaml", TOPIC);
    project.commit("the base");
    project.git(&["branch", "base"]);
    project.write("faulty.yaml", FAULTY);
    project.write(".cfnlintrc", "ignore_checks: [E, W]\n");
    project.commit("a faulty template, and a hole to put it through");
    let ran = run(&project, &["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(project.gate("cfn")["targets"][0]["notes"][0], "reads .cfnlintrc (ignore_checks)");
    let from_base = ["run", "--policy-from", "base"];
    let ran = run(&project, &from_base);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(places(&project, "cfn"), ["faulty.yaml:3", "faulty.yaml:7"]);

    // What the base ignores stays ignored; what a template says of itself is reported.
    project.git(&["checkout", "--quiet", "base"]);
    project.write(".cfnlintrc.yaml", "ignore_checks: [W]\n");
    project.commit("no warnings");
    project.git(&["checkout", "--quiet", "main"]);
    project.write(
        "good.yaml",
        format!("{TOPIC}Metadata:\n  cfn-lint:\n    config:\n      ignore_checks: [E]\n"),
    );
    let ran = run(&project, &from_base);
    assert_eq!(places(&project, "cfn"), ["faulty.yaml:7"], "{}", ran.all());
    let notes = project.gate("cfn")["targets"][0]["notes"].to_string();
    assert!(notes.contains("reads good.yaml (cfn-lint: ignore_checks)"), "{notes}");
    assert!(notes.contains("good.yaml differs from the base"), "{notes}");
}

#[test]
fn init_writes_gates_for_what_is_there() {
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    project.write("stacks/good.yaml", TOPIC);
    project.write(".gitallowed", "docs/\n");
    project.commit("a template");
    assert_eq!(run(&project, &["init"]).code, 0);
    let gates = project.read("gates.toml");
    assert!(gates.contains("tool = \"cfn-lint\"\ndirs = [\"stacks\"]"), "{gates}");
    assert!(gates.contains("tool = \"git-secrets\""), "{gates}");
    let ran = run(&project, &["run", "--only", "cloudformation"]);
    assert_eq!(project.gate("cloudformation")["outcome"], "passed", "{}", ran.all());
}
