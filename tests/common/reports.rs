//! A run of recorded reports of every kind, for tests of what is written of it.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::path::PathBuf;

use super::{Project, Ran};
use serde_json::Value;

/// Every format that is a file.
pub(crate) const ALL: &str = "junit,sarif,gitlab,html,markdown,csv,jsonl,cyclonedx,attestation,json";

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
pub(crate) fn judged(mode: &str, formats: &str) -> (Project, Ran) {
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
pub(crate) fn written(project: &Project, name: &str) -> PathBuf {
    project.root().join("gates-report").join(name)
}

/// The findings of run.json that hold.
pub(crate) fn findings(project: &Project, holds: impl Fn(&Value) -> bool) -> Vec<Value> {
    let all = project.record()["findings"].as_array().unwrap().clone();
    all.into_iter().filter(|finding| holds(finding)).collect()
}

/// A SARIF log of one run: each result a rule, a level and a message.
pub(crate) fn sarif_log(results: impl Iterator<Item = (String, &'static str, String)>) -> String {
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

/// XML, HTML, Markdown, formulas, commands to CI services, escapes, reordered text, letters that XML does not
/// have, and line ends of all kinds.
pub(crate) const PAYLOAD: &str = "=HYPERLINK(\"http://evil.test\")@octocat #7 [a](http://evil.test) ![b](http://evil.test/x.png) \\`\\| | `` x\\ |<http://evil.test>\n::error file=x::pwned\r\n##vso[task.complete]\r##teamcity[x]\u{85}::set-output name=a::b\u{2028}\u{1b}[31m\u{1b}]0;t\u{7}\u{202e}\u{200b}\u{0}\u{fffe}\u{ffff}</failure></testcase>]]>--><script>alert(1)</script><img src=x onerror=y>&amp;&lt; '\"\n\n# Heading\n%0A::error::x 😀 ";

/// Values that are one of a fixed set: another would be no run.json.
pub(crate) const WORDS: [&str; 16] = [
    "schema",
    "mode",
    "verdict",
    "started",
    "outcome",
    "evidence",
    "severity",
    "category",
    "decision",
    "policy",
    "lock",
    "expires",
    "interrupted",
    "counts",
    "scope",
    "loosened",
];

/// Puts the payload in front of every text of the record.
pub(crate) fn poison(value: &mut Value) {
    match value {
        Value::String(text) => text.insert_str(0, PAYLOAD),
        Value::Array(list) => list.iter_mut().for_each(poison),
        Value::Object(map) => {
            let free = map.iter_mut().filter(|(key, _)| !WORDS.contains(&key.as_str()));
            free.for_each(|(_, value)| poison(value));
        }
        _ => {}
    }
}

/// A run with the payload in every field, and all its reports.
pub(crate) fn poisoned() -> (Project, usize) {
    let (project, _) = judged("production", "json");
    let mut record = project.record();
    for finding in record["findings"].as_array_mut().unwrap() {
        // Fields that no tool of the run filled.
        for key in ["resource", "fix", "message", "suppressed", "severity_raw", "commit", "image"] {
            if finding[key].is_null() && key != "suppressed" {
                finding[key] = "x".into();
            }
        }
    }
    poison(&mut record);
    project.write("poisoned.json", record.to_string());
    let ran = project.run(&["report", "--from", "poisoned.json", "--format", ALL, "--out", "gates-report"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    (project, record["findings"].as_array().unwrap().len())
}
