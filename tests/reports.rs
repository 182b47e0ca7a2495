//! The reports, each held against a schema or read back by a reader that is not ours. `tests/junit.rs` has
//! JUnit.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;
#[path = "common/readers.rs"]
mod readers;

#[path = "reports/attestation.rs"]
mod attestation;
#[path = "reports/chosen.rs"]
mod chosen;
#[path = "reports/cyclonedx.rs"]
mod cyclonedx;
#[path = "reports/github.rs"]
mod github;
#[path = "reports/gitlab.rs"]
mod gitlab;
#[path = "reports/hostile.rs"]
mod hostile;
#[path = "reports/sarif.rs"]
mod sarif;
#[path = "reports/summary.rs"]
mod summary;
#[path = "reports/tables.rs"]
mod tables;

use std::path::PathBuf;

use common::{Project, Ran};
use serde_json::Value;

/// Every format that is a file.
const ALL: &str = "junit,sarif,gitlab,html,markdown,csv,jsonl,cyclonedx,attestation,json";

/// Gates of every kind, a waiver, and one gate without proof.
const GATES: &str = r#"version = 1
mode = "MODE"
[[gate]]
id = "secrets"
tool = "gitleaks"
[[gate]]
id = "audit"
tool = "npm-audit"
[[gate]]
id = "image-scan"
tool = "trivy"
scan = "image"
images = ["notes-app:1"]
[[gate]]
id = "infrastructure"
tool = "checkov"
[[gate]]
id = "lint"
tool = "eslint"
required = false
[[gate]]
id = "types"
tool = "tsc"
[[waiver]]
rule = "CKV_AWS_18"
reason = "access logs live in the log account"
expires = 2999-12-31
"#;

/// Recorded reports: gate, and file below `fixtures`.
const REPORTS: [(&str, &str); 5] = [
    ("secrets", "gitleaks/recorded-tree/gitleaks-tree.json"),
    ("audit", "npm-audit/upstream-npm7-many/dd-npm7-many_vulns.json"),
    ("image-scan", "trivy/recorded-image/trivy.json"),
    ("infrastructure", "checkov/recorded-compact/results_json.json"),
    ("lint", "eslint/recorded-errors-and-warning/eslint.json"),
];

/// A run of all of them, judged in this mode, with these reports.
fn judged(mode: &str, formats: &str) -> (Project, Ran) {
    let project = Project::with_gates(&GATES.replace("MODE", mode));
    let mut args = vec!["judge".to_owned(), "--format".to_owned(), formats.to_owned()];
    for (gate, file) in REPORTS {
        let file = format!("{}/fixtures/{file}", env!("CARGO_MANIFEST_DIR"));
        assert!(PathBuf::from(&file).is_file(), "{file}");
        args.extend(["--report".to_owned(), format!("{gate}={file}")]);
    }
    args.extend(["--report".to_owned(), "types=not-there.txt".to_owned()]);
    let ran = project.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(ran.code, if mode == "lab" { 0 } else { 3 }, "{}", ran.all());
    (project, ran)
}

/// A file of the output folder.
fn written(project: &Project, name: &str) -> PathBuf {
    project.root().join("gates-report").join(name)
}

/// The findings of run.json that hold.
fn findings(project: &Project, holds: impl Fn(&Value) -> bool) -> Vec<Value> {
    let all = project.record()["findings"].as_array().unwrap().clone();
    all.into_iter().filter(|finding| holds(finding)).collect()
}

/// A SARIF log of one run: each result a rule, a level and a message.
fn sarif_log(results: impl Iterator<Item = (String, &'static str, String)>) -> String {
    let results: Vec<String> = results
        .map(|(rule, level, words)| {
            format!(r#"{{"ruleId":"{rule}","level":"{level}","message":{{"text":"{words}"}}}}"#)
        })
        .collect();
    let results = results.join(",");
    format!(
        r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"demo"}}}},"results":[{results}]}}]}}"#
    )
}
