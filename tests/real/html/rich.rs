//! Runs for the page: one with everything on it that a run can have, one with nothing, one with many gates.

use serde_json::{Value, json};

use crate::common::Project;

/// What the change would loosen stands in the second; the first is the base.
const GATES: &str = r#"version = 1
mode = "lab"
max = { high = 1 }
vex = ["vex/*.json"]
products = ["pkg:oci/notes-app"]
[baseline]
file = "gates.baseline.json"
[risk]
epss = "epss.csv.gz"
kev = "kev.json"
[defaults]
fail_on = "high"
[[gate]]
id = "secrets"
stage = "Secret scan"
tool = "gitleaks"
[[gate]]
id = "types"
stage = "Type check and lint"
tool = "tsc"
[[gate]]
id = "lint"
stage = "Type check and lint"
tool = "eslint"
required = false
[[gate]]
id = "audit"
tool = "npm-audit"
new_only = true
[[gate]]
id = "image-scan"
tool = "trivy"
scan = "image"
images = ["notes-app:1"]
fail_on_kev = true
[[gate]]
id = "infrastructure"
tool = "checkov"
[[gate]]
id = "words"
stage = "كلمات من اليمين إلى اليسار"
tool = "command"
run = ["true"]
report = { format = "sarif", path = "words.sarif" }
[[gate]]
id = "quality"
tool = "command"
run = ["true"]
report = { format = "sarif", path = "empty.sarif" }
[[waiver]]
rule = "CKV_AWS_18"
reason = "access logs live in the log account"
expires = 2999-12-31
[[waiver]]
rule = "nothing-has-it"
reason = "left over"
expires = 2999-12-31
[[waiver]]
rule = "CKV_AWS_19"
reason = "it has ended, and would have covered what it was for"
expires = 2020-01-31
"#;

const EMPTY: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"demo"}},"results":[],"artifacts":[{"location":{"uri":"a.ts"}}]}]}"#;

/// Every severity; a path and a word that are too long for any line, words from right to left, and markup.
fn words() -> String {
    let long = "a/very/long/path/that/no/telephone/can/show/in/one/line/".repeat(4);
    let word = "Unbreakable".repeat(30);
    let result = |severity: Option<&str>, level: &str, text: &str, uri: &str| {
        let properties = severity.map_or(json!({}), |score| json!({"security-severity": score}));
        json!({"ruleId": format!("rule-{level}-{}", severity.unwrap_or("none")), "level": level, "message": {"text": text},
            "properties": properties, "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 3}}}]})
    };
    json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "demo"}}, "results": [
        result(Some("9.8"), "error", "An unchecked word reaches the shell", &format!("{long}main.ts")),
        result(Some("7.5"), "error", &word, "src/a.ts"),
        result(Some("5.0"), "warning", "כתובת שאינה נבדקת מגיעה אל המסוף <script>alert(1)</script>", "src/עברית.ts"),
        result(Some("2.0"), "note", "&lt; stays &lt;, and 'quotes' stay \"quotes\"", "src/b.ts"),
        result(None, "none", "Something to know", "src/c.ts"),
    ]}]})
    .to_string()
}

/// A judged run with every outcome, waivers of each state, a baseline, VEX, EPSS and KEV, another's policy that the
/// change would loosen; and in its record the times, steps and notes of a run.
pub(crate) fn rich() -> Project {
    let project =
        Project::base_with(&[("gates.toml", &GATES.replace("\"high\"\n[[gate]]", "\"medium\"\n[[gate]]"))]);
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    for (name, from) in [
        ("vex/openvex.json", "vex/openvex.json"),
        ("vex/other.json", "vex/openvex-other-product.json"),
        ("epss.csv.gz", "risk/epss_scores-2026-11-20.csv.gz"),
        ("kev.json", "risk/known_exploited_vulnerabilities.json"),
    ] {
        project.write(name, std::fs::read(format!("{fixtures}/{from}")).unwrap());
    }
    project.write("words.sarif", words());
    project.write("empty.sarif", EMPTY);
    let reports = [
        format!("secrets={fixtures}/gitleaks/recorded-tree/gitleaks-tree.json"),
        "types=not-there.txt".to_owned(),
        format!("lint={fixtures}/eslint/recorded-errors-and-warning/eslint.json"),
        format!("audit={fixtures}/npm-audit/upstream-npm7-many/dd-npm7-many_vulns.json"),
        format!("image-scan={fixtures}/trivy/recorded-image/trivy.json"),
        format!("infrastructure={fixtures}/checkov/recorded-compact/results_json.json"),
        "words=words.sarif".to_owned(),
        "quality=empty.sarif".to_owned(),
    ];
    let judge = |more: &[&str]| {
        let mut args = vec!["judge"];
        args.extend(more);
        reports.iter().for_each(|report| args.extend(["--report", report]));
        let ran = project.run(&args);
        assert_eq!(ran.code, 0, "{}", ran.all());
    };
    judge(&[]);
    assert_eq!(project.run(&["baseline"]).code, 0);
    // Two of three were known before; one that was is gone.
    let mut baseline: Value = serde_json::from_str(&project.read("gates.baseline.json")).unwrap();
    let known = baseline["findings"].as_array_mut().unwrap();
    let mut n = 0;
    known.retain(|one| {
        n += 1;
        one["gate"] == "audit" && n % 3 != 0
    });
    known[0]["id"] = "0".repeat(known[0]["id"].as_str().unwrap().len()).into();
    project.write("gates.baseline.json", baseline.to_string());
    project.commit("what was there before");
    project.git(&["branch", "--force", "base"]);
    project.write("gates.toml", GATES);
    judge(&["--policy-from", "base"]);
    let mut record = project.record();
    dress(&mut record);
    draw(&project, &record);
    project
}

/// What only a run on a real machine has.
fn dress(record: &mut Value) {
    record["lock"] = "differs".into();
    record["profile"] = "ci".into();
    record["branch"] = "feature/a-name-of-a-branch".into();
    record["duration_ms"] = 131_000.into();
    let times = [
        (0, 40_000),
        (0, 300),
        (120, 9_000),
        (9_200, 1_400),
        (40_100, 80_000),
        (300, 2_500),
        (120_200, 10_700),
        (9_100, 5),
    ];
    for (n, (gate, (begin, took))) in
        record["gates"].as_array_mut().unwrap().iter_mut().zip(times).enumerate()
    {
        gate["duration_ms"] = took.into();
        gate["tool_version"] = "1.2.3".into();
        gate["tool_sha256"] = "a3".repeat(32).into();
        gate["cached"] = (n == 5).into();
        for target in gate["targets"].as_array_mut().unwrap() {
            target["started_ms"] = begin.into();
            target["duration_ms"] = took.into();
            target["command"] = json!(["scanner", "--report", "a/very/long/path/".repeat(12), "<b>", "."]);
            target["exit_code"] = 1.into();
            target["ignored"] = json!({"eslint-disable": 7});
            target["notes"] = json!(["reads .scannerrc (ignores files)"]);
            target["outputs"] = json!({"digest": format!("sha256:{}", "b4".repeat(32))});
            target["steps"] =
                json!([{"did": ["GET", "/api/ce/task"], "status": 200, "times": 12, "duration_ms": 900}]);
            target["files"] = json!({"stdout": "logs/gate/target/stdout.log"});
            target["report_sha256"] = "c5".repeat(32).into();
        }
    }
    let gates = record["gates"].as_array_mut().unwrap();
    let mut skipped = gates[7].clone();
    for (key, value) in [
        ("id", json!("deploy-an-application-whose-gate-has-a-name-without-an-end")),
        ("outcome", json!("skipped")),
        ("reason", json!("secrets did not pass, and what it stands on is not there")),
        ("action", json!(true)),
        ("overridden", json!("types is inconclusive")),
        ("duration_ms", json!(0)),
        ("targets", json!([])),
    ] {
        skipped[key] = value;
    }
    gates.push(skipped);
}

/// The page of a record.
fn draw(project: &Project, record: &Value) {
    project.write("record.json", record.to_string());
    let ran = project.run(&["report", "--from", "record.json", "--format", "html", "--out", "gates-report"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
}

/// A run of one gate that found nothing.
pub(crate) fn clean() -> Project {
    let project = Project::with_gates(
        "version = 1\nmode = \"production\"\n[[gate]]\nid = \"quality\"\ntool = \"command\"\nrun = [\"true\"]\nreport = { format = \"sarif\", path = \"-\" }\n",
    );
    project.write("empty.sarif", EMPTY);
    let ran = project.run(&["judge", "--format", "html", "--report", "quality=empty.sarif"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    project
}

/// A run of so many gates, each with a fault.
pub(crate) fn wide(gates: usize) -> Project {
    let mut text = "version = 1\nmode = \"lab\"\n".to_owned();
    for n in 0..gates {
        text += &format!(
            "[[gate]]\nid = \"service-{n}\"\nstage = \"Stage {}\"\ntool = \"command\"\nrun = [\"true\"]\nreport = {{ format = \"sarif\", path = \"-\" }}\n",
            n / 6
        );
    }
    let project = Project::with_gates(&text);
    project.write("words.sarif", words());
    let reports: Vec<String> = (0..gates).map(|n| format!("service-{n}=words.sarif")).collect();
    let mut args = vec!["judge", "--format", "html"];
    reports.iter().for_each(|report| args.extend(["--report", report]));
    let ran = project.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.all());
    project
}
