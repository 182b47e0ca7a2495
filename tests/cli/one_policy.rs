//! The same reports through the three ways to a verdict: a run, `judge --report`, `judge --from`.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use crate::common::Project;
use serde_json::{Value, json};

/// All parts of the policy at once.
const GATES: &str = r#"
version = 1
mode = "production"
vex = ["vex.json"]
max = { medium = 2 }

[risk]
kev = "kev.json"
epss = "epss.csv"

[[gate]]
id = "code"
tool = "command"
run = ["cat", "code.sarif"]
report = { format = "sarif", path = "-" }
fail_on = "critical"
max = { high = 3 }
new_only = true

[[gate]]
id = "deps"
tool = "command"
run = ["cat", "deps.json"]
report = { format = "cyclonedx", path = "-" }
fail_on = "high"
fail_on_kev = true
epss_at_least = 0.9
licences = { allow = ["MIT"] }

[[gate]]
id = "tests"
tool = "command"
run = ["cat", "tests.xml"]
report = { format = "junit", path = "-" }
fail_on = "low"
required = false

[[waiver]]
rule = "no-eval"
path = "src/**"
reason = "sandboxed"
expires = 2099-01-01

[[waiver]]
name = "old"
rule = "no-var"
reason = "legacy"
expires = 2020-01-01
"#;

fn result(rule: &str, level: &str, path: &str, line: u32) -> Value {
    json!({"ruleId": rule, "level": level, "message": {"text": format!("{rule} here")},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": line}}}]})
}

fn component(name: &str, version: &str, licence: &str) -> Value {
    let purl = format!("pkg:npm/{name}@{version}");
    json!({"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl,
        "licenses": [{"license": {"id": licence}}]})
}

fn vulnerability(id: &str, severity: &str, package: &str) -> Value {
    json!({"id": id, "ratings": [{"severity": severity}], "affects": [{"ref": package}]})
}

fn project() -> Project {
    let project = Project::with_gates(GATES);
    let fixture = |name: &str| {
        std::fs::read_to_string(format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    project.write("vex.json", fixture("vex/openvex.json"));
    project.write("kev.json", fixture("risk/known_exploited_vulnerabilities.json"));
    project.write("epss.csv", fixture("risk/epss_scores-2026-11-20.csv"));
    let sarif = json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "demo"}}, "results": [
        result("no-eval", "error", "src/a.js", 1), result("no-eval", "error", "lib/a.js", 1),
        result("no-var", "warning", "src/a.js", 2), result("no-any", "warning", "src/b.js", 3),
        result("no-any", "note", "src/b.js", 4)]}]});
    project.write("code.sarif", sarif.to_string());
    project.write("src/a.js", "eval(1)\nvar x\n");
    let deps = json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "components": [component("lodash", "4.17.4", "MIT"), component("log", "1.0.0", "MIT"),
            component("copyleft", "2.0.0", "AGPL-3.0-only")],
        "vulnerabilities": [vulnerability("CVE-2019-10744", "critical", "pkg:npm/lodash@4.17.4"),
            vulnerability("CVE-2021-44228", "medium", "pkg:npm/log@1.0.0"),
            vulnerability("CVE-2020-8203", "low", "pkg:npm/lodash@4.17.4")]});
    project.write("deps.json", deps.to_string());
    project.write(
        "tests.xml",
        r#"<testsuite name="s" tests="2" failures="1"><testcase name="x"/><testcase name="y"><failure message="no"/></testcase></testsuite>"#,
    );
    project
}

/// What the policy decided about a run, without what only a run has: times, commands, paths of reports.
fn judged(run: &Value) -> Value {
    let gates: Vec<Value> = run["gates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gate| {
            json!([
                gate["id"],
                gate["outcome"],
                gate["reason"],
                gate["counts"],
                gate["required"],
                gate["policy"]
            ])
        })
        .collect();
    let mut findings: Vec<Value> = run["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            json!([
                finding["gate"],
                finding["rule"],
                finding["severity"],
                finding["category"],
                finding["location"],
                finding["package"],
                finding["decision"],
                finding["because"],
                finding["waiver"],
                finding["baseline"],
                finding["risk"],
                finding["problem"].is_null(),
                finding["seen_by"]
            ])
        })
        .collect();
    findings.sort_by_key(Value::to_string);
    json!({"verdict": run["verdict"], "exit_code": run["exit_code"], "over": run["over"], "max": run["max"],
        "waivers": run["waivers"], "facts": run["facts"], "gates": gates, "findings": findings})
}

fn record(project: &Project, folder: &str) -> Value {
    serde_json::from_str(&project.read(&format!("{folder}/run.json"))).unwrap()
}

#[test]
fn a_run_its_reports_and_its_record_get_the_same_decisions() {
    let project = project();
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let of_run = record(&project, "gates-report");
    // The example covers every kind of decision and every reason for one.
    let said = judged(&of_run).to_string();
    for word in [
        "waived: sandboxed",
        "VEX: not_affected",
        "fail_on_kev",
        "licence-denied",
        "no-var",
        "\"expired\":[{",
        "in all gates, max is 2",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }

    let reports = ["code=code.sarif", "deps=deps.json", "tests=tests.xml"];
    let mut args = vec!["judge", "--out", "by-reports"];
    args.extend(reports.iter().flat_map(|report| ["--report", report]));
    assert_eq!(project.run(&args).code, 1);
    assert_eq!(judged(&record(&project, "by-reports")), judged(&of_run));

    for (from, out) in [("gates-report", "by-record"), ("by-reports", "by-record-of-reports")] {
        let from_file = format!("{from}/run.json");
        assert_eq!(project.run(&["judge", "--from", &from_file, "--out", out]).code, 1);
        let again = record(&project, out);
        assert_eq!(judged(&again), judged(&of_run), "{from}");
        // Nothing else in the record changes.
        let was = record(&project, from);
        for key in ["findings", "gates", "commit", "started", "duration_ms", "trace_id", "known"] {
            assert_eq!(again[key], was[key], "{key} of {from}");
        }
    }
}

#[test]
fn known_findings_are_known_in_all_three_ways() {
    let project = project();
    project.run(&["run"]);
    assert_eq!(project.run(&["baseline"]).code, 0);
    let ran = project.run(&["run"]);
    let of_run = record(&project, "gates-report");
    assert!(judged(&of_run).to_string().contains("known before"), "{}", ran.all());
    project.run(&["judge", "--from", "gates-report/run.json", "--out", "again"]);
    assert_eq!(judged(&record(&project, "again")), judged(&of_run));
    assert_eq!(record(&project, "again")["known"], of_run["known"]);
}
