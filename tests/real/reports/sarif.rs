//! SARIF, by the schema of OASIS and Microsoft's validator with its rules for GitHub.

use std::collections::HashSet;

use serde_json::Value;

use crate::common::Project;
use crate::common::readers::{json_of_schema, python, sarif_complaints};
use crate::common::reports::{findings, judged, sarif_log, written};

fn validated(project: &Project) -> Value {
    let report = written(project, "portcullis.sarif");
    let complaints = sarif_complaints(&report);
    assert!(complaints.is_empty(), "{complaints:#?}");
    json_of_schema(&report, "sarif-schema-2.1.0.json")
}

fn read(project: &Project) -> Value {
    serde_json::from_str(&project.read("gates-report/portcullis.sarif")).unwrap()
}

fn run_of<'a>(log: &'a Value, tool: &str) -> &'a Value {
    let mut runs = log["runs"].as_array().unwrap().iter();
    runs.find(|run| run["tool"]["driver"]["name"] == tool).unwrap_or_else(|| panic!("no run of {tool}"))
}

fn results(run: &Value) -> &Vec<Value> {
    run["results"].as_array().unwrap()
}

#[test]
fn each_tool_has_a_run_that_two_validators_take() {
    let (project, _) = judged("production", "sarif");
    let log = validated(&project);
    let names: Vec<&str> = log["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["tool"]["driver"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["gitleaks", "npm audit", "Trivy", "Checkov", "ESLint", "TypeScript"]);
    let all: usize = log["runs"].as_array().unwrap().iter().map(|run| results(run).len()).sum();
    assert_eq!(all, findings(&project, |_| true).len());

    let prints: HashSet<&str> = log["runs"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(results)
        .map(|result| result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap())
        .collect();
    let ids = findings(&project, |_| true);
    assert_eq!(prints, ids.iter().map(|finding| finding["id"].as_str().unwrap()).collect());
}

#[test]
fn levels_follow_the_decision_and_scores_the_severity() {
    let (project, _) = judged("production", "sarif");
    let log = validated(&project);
    // A severity and what GitHub makes of a score: docs.github.com/code-security, "SARIF support".
    let band = |score: f64| match score {
        s if s > 9.0 => "critical",
        s if s >= 7.0 => "high",
        s if s >= 4.0 => "medium",
        _ => "low",
    };
    let trivy = run_of(&log, "Trivy");
    for result in results(trivy) {
        let rule = &trivy["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        let score: f64 = rule["properties"]["security-severity"].as_str().unwrap().parse().unwrap();
        assert_eq!(result["properties"]["severity"], band(score), "{rule:#}");
        assert_eq!(result["level"] == "error", result["properties"]["decision"] == "deny", "{result:#}");
        assert!(!rule["help"]["text"].as_str().unwrap().is_empty());
    }
    // An advisory gate blocks nothing.
    let lint = run_of(&log, "ESLint");
    assert!(results(lint).iter().any(|result| result["properties"]["decision"] == "deny"));
    assert!(results(lint).iter().all(|result| result["level"] != "error"));
    assert!(lint["tool"]["driver"]["rules"][0]["properties"]["security-severity"].is_null());
}

#[test]
fn waivers_are_suppressions_and_the_others_have_none() {
    let (project, _) = judged("production", "sarif");
    let log = validated(&project);
    let checkov = run_of(&log, "Checkov");
    let (waived, others): (Vec<&Value>, Vec<&Value>) =
        results(checkov).iter().partition(|result| result["ruleId"] == "CKV_AWS_18");
    assert!(!waived.is_empty() && !others.is_empty());
    for result in waived {
        assert_eq!(result["suppressions"][0]["kind"], "external");
        assert_eq!(result["suppressions"][0]["justification"], "waived: access logs live in the log account");
    }
    assert!(others.iter().all(|result| result["suppressions"] == serde_json::json!([])));
    assert!(others[0]["baselineState"].is_null(), "there is no baseline");
}

#[test]
fn with_a_baseline_all_results_are_reported() {
    let (project, _) = judged("production", "json");
    let mut record = project.record();
    record["findings"][0]["baseline"] = true.into();
    project.write("run.json", record.to_string());
    let ran = project.run(&["report", "--from", "run.json", "--format", "sarif", "--out", "gates-report"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let log = validated(&project);
    let states: Vec<&Value> = log["runs"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(results)
        .map(|result| &result["baselineState"])
        .collect();
    assert_eq!(states.iter().filter(|state| **state == "unchanged").count(), 1);
    assert_eq!(states.iter().filter(|state| **state == "new").count(), states.len() - 1);
}

#[test]
fn a_gate_without_proof_is_an_execution_that_failed_and_says_why() {
    let (project, _) = judged("lab", "sarif");
    let log = validated(&project);
    let invocation = &run_of(&log, "TypeScript")["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let reported = &invocation["toolExecutionNotifications"][0];
    assert_eq!(reported["level"], "error");
    assert!(reported["message"]["text"].as_str().unwrap().contains("the report is missing"), "{reported}");
    assert_eq!(run_of(&log, "Trivy")["invocations"][0]["executionSuccessful"], true);
}

/// No results would say that it found nothing.
#[test]
fn a_tool_that_was_left_out_has_no_run() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = 'one'\ntool = 'command'\nrun = ['true']\n[[gate]]\nid = 'two'\ntool = 'command'\nrun = ['true']\n",
    );
    project.run(&["run", "--format", "sarif", "--only", "one"]);
    let log = validated(&project);
    assert_eq!(log["runs"].as_array().unwrap().len(), 1);
    let category = log["runs"][0]["automationDetails"]["id"].as_str().unwrap();
    let name = project.root().canonicalize().unwrap();
    assert_eq!(category, format!("portcullis/{}/one/", name.file_name().unwrap().to_str().unwrap()));
}

#[test]
fn two_configurations_of_one_folder_do_not_close_each_others_alerts() {
    let gates = "version = 1\n[[gate]]\nid = 'one'\ntool = 'command'\nrun = ['true']\n";
    let project = Project::with_gates(gates);
    project.write("quick.toml", gates);
    let category = |options: &[&str]| {
        project.run(&[&["run", "--format", "sarif"], options].concat());
        validated(&project)["runs"][0]["automationDetails"]["id"].as_str().unwrap().to_owned()
    };
    let (plain, quick) = (category(&[]), category(&["--config", "quick.toml"]));
    assert_eq!(quick, plain.replace("/one/", "/quick.toml/one/"));
}

/// By RFC 3986, each names what the log that was read names.
#[test]
fn uris_of_a_log_that_was_read_name_the_same_files_again() {
    let project = Project::new();
    project.write("in.sarif", include_str!("../../../fixtures/sarif/uris/report.sarif"));
    project.run(&["judge", "--report", "sarif=in.sarif", "--format", "sarif"]);
    let log = validated(&project);
    let uri = |rule: &str| {
        let results = log["runs"][0]["results"].as_array().unwrap();
        let result = results.iter().find(|result| result["ruleId"] == rule).unwrap();
        let at = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        (at["uri"].as_str().unwrap().to_owned(), at["uriBaseId"].is_string())
    };
    for (rule, name, relative) in [
        (
            "blob",
            "https://github.com/mona/app/blob/0123456789012345678901234567890123456789/script/u.py",
            false,
        ),
        ("abs-with-base", "file:///builds/x/src/b.c", false),
        ("drive", "file:///D:/a/repo/src/g.cs", false),
        ("slash", "file:///src/i.c", false),
        ("hash", "doc/%231571%20-%20New.md", true),
        ("query", "src/a.c%3Fx=1", true),
        ("backslash", "src/win/f.cs", true),
        ("dotslash", "src/h.c", true),
        ("space", "my%20file.c", true),
        ("plus", "a+b+c.c", true),
        ("colon", "C%3Asrc.c", true),
        ("rel", "sub/c.c", true),
        ("nolocs", "in.sarif", true),
    ] {
        assert_eq!(uri(rule), (name.to_owned(), relative), "{rule}");
    }
}

#[test]
fn places_are_uris_relative_to_the_repository() {
    let project = Project::new();
    let path = "src/a%20b%23%C3%A9%3A%5B1%5D.ts";
    project.write(
        "a.sarif",
        format!(r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"demo"}}}},"results":[{{"ruleId":"a","message":{{"text":"see [this](http://x.test)"}},"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"{path}"}},"region":{{"startLine":7,"startColumn":3,"endLine":8}}}}}}]}}]}}]}}"#),
    );
    project.run(&["judge", "--report", "sarif=a.sarif", "--format", "sarif"]);
    let log = validated(&project);
    let result = &log["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], path);
    assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    assert_eq!(place["region"], serde_json::json!({"startLine": 7, "startColumn": 3, "endLine": 8}));
    assert!(!result["message"]["text"].as_str().unwrap().contains("]("), "no link but ours: {result:#}");
}

#[test]
fn no_more_than_twenty_runs_are_written() {
    let gate = |n: usize| {
        format!(
            "[[gate]]\nid = 'gate-{n}'\ntool = 'command'\nrun = ['{}']\n",
            if n == 24 { "false" } else { "true" }
        )
    };
    let project = Project::with_gates(&format!("version = 1\n{}", (0..25).map(gate).collect::<String>()));
    project.run(&["run", "--format", "sarif"]);
    let log = validated(&project);
    assert_eq!(log["runs"].as_array().unwrap().len(), 20);
    assert_eq!(log["runs"][0]["tool"]["driver"]["name"], "gate-24", "what blocks is kept");
    let reported = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(reported.contains("gate-23"), "{reported}");
}

#[test]
fn a_file_that_packs_badly_stays_below_ten_megabytes() {
    const PACKED: &str = "import sys, gzip, json\njson.dump(len(gzip.compress(open(sys.argv[1], 'rb').read(), 6)), sys.stdout)";
    let project = Project::new();
    // Digits of a generator (Knuth's MMIX) in base 32: five bits a byte.
    let mut state = 1_u64;
    let mut noise = || {
        let next = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b"abcdefghijklmnopqrstuvwxyz234567"[(state >> 59) as usize])
        };
        (0..900).map(next).collect::<String>()
    };
    project.write("a.sarif", sarif_log((0..24_000).map(|n| (format!("r{n}"), "error", noise()))));
    project.run(&["judge", "--report", "sarif=a.sarif", "--format", "sarif"]);
    let report = written(&project, "portcullis.sarif");
    let packed = python(PACKED, &[&report]).as_u64().unwrap();
    assert!((5_000_000..10_000_000).contains(&packed), "{packed}");
    let log = read(&project);
    let reported = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(reported.contains("results left out"), "{reported}");
}

#[test]
fn what_a_scanner_has_no_words_for_has_a_rule_and_a_title_all_the_same() {
    let project = Project::new();
    let long = "r".repeat(300);
    project.write(
        "a.sarif",
        sarif_log(
            [
                ("  ", "\\u202e\\n"),
                ("x", " "),
                ("", ""),
                (&*format!("{long}1"), "m"),
                (&*format!("{long}2"), "m"),
            ]
            .map(|(rule, words)| (rule.to_owned(), "error", words.to_owned()))
            .into_iter(),
        ),
    );
    assert_eq!(project.run(&["judge", "--report", "sarif=a.sarif", "--format", "sarif,gitlab"]).code, 0);
    let complaints = sarif_complaints(&written(&project, "portcullis.sarif"));
    assert!(complaints.is_empty(), "{complaints:#?}");
    let log = json_of_schema(&written(&project, "portcullis.sarif"), "sarif-schema-2.1.0.json");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: std::collections::HashSet<&str> =
        rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len(), "no two rules have the same id: {ids:?}");
    for rule in rules {
        for text in [&rule["id"], &rule["shortDescription"]["text"], &rule["help"]["text"]] {
            assert!(!text.as_str().unwrap().trim().is_empty(), "{rule}");
        }
    }
    for result in log["runs"][0]["results"].as_array().unwrap() {
        assert_eq!(result["ruleId"], rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"]);
        assert!(!result["message"]["text"].as_str().unwrap().trim().is_empty(), "{result}");
    }
}
