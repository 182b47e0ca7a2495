//! junit.xml, held against Jenkins' schema by a validator that is not ours, and read back by
//! another reader.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::collections::HashSet;

use crate::common::Project;
use crate::common::readers::{junit2json, junitparser, python, schema};
use serde_json::Value;

/// Validates against the schema, and prints what Python's own XML reader finds.
const CHECK: &str = r#"
import sys, json, xmlschema, xml.etree.ElementTree as tree
report, schema = sys.argv[1:]
xmlschema.XMLSchema(schema).validate(report)
root = tree.parse(report).getroot()
suites = []
for suite in root:
    cases = suite.findall("testcase")
    count = lambda kind: sum(case.find(kind) is not None for case in cases)
    suites.append({
        "name": suite.get("name"),
        "counts_add_up": [int(suite.get("tests")), int(suite.get("failures")), int(suite.get("errors")), int(suite.get("skipped"))]
            == [len(cases), count("failure"), count("error"), count("skipped")],
        "failures": count("failure"), "errors": count("error"), "skipped": count("skipped"),
        "cases": [[case.get("classname"), case.get("name")] for case in cases],
        "files": [case.get("file") for case in cases],
        "text": "".join(suite.itertext()),
    })
json.dump(suites, sys.stdout)
"#;

/// Everything that a scanned repository may put into a report to break another.
const HOSTILE: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"demo"}},"results":[
    {"ruleId":"<rule>&\"'","level":"error","message":{"text":"bad \u0000\u0007\u001b[31m ]]> <b>&amp; \ufffe end"},
     "locations":[{"physicalLocation":{"artifactLocation":{"uri":"src/a%20%3Cb%3E.ts"},"region":{"startLine":3}}}]},
    {"ruleId":"same","level":"error","message":{"text":"twice"}},
    {"ruleId":"same","level":"error","message":{"text":"twice"}},
    {"ruleId":"low","level":"note","message":{"text":"below"}}]}]}"#;

fn validated(project: &Project) -> Value {
    python(CHECK, &[&project.root().join("gates-report/junit.xml"), &schema("junit-10.xsd")])
}

fn project(mode: &str) -> Project {
    project_with(mode, "")
}

/// `options`: keys of `[report.junit]`.
fn project_with(mode: &str, options: &str) -> Project {
    let project = Project::with_gates(&format!(
        "version = 1\nmode = \"{mode}\"\n[report.junit]\n{options}\n\
         [[gate]]\nid = \"hostile\"\nstage = \"A & <B>\"\ntool = \"command\"\nrun = [\"sh\", \"-c\", \"cp in.sarif out.sarif; exit 1\"]\n\
         report = {{ format = \"sarif\", path = \"out.sarif\" }}\n\
         [[gate]]\nid = \"gone\"\ntool = \"command\"\nrun = [\"no-such-program\"]\n\
         [[gate]]\nid = \"good\"\ntool = \"command\"\nrun = [\"true\"]\n"
    ));
    project.write("in.sarif", HOSTILE);
    project.run(&["run"]);
    project
}

#[test]
fn what_blocks_is_a_failure_what_is_not_proved_an_error_and_what_is_accepted_is_skipped() {
    let suites = validated(&project("production"));
    let kinds = |i: usize| {
        [&suites[i]["failures"], &suites[i]["errors"], &suites[i]["skipped"]].map(|n| n.as_u64().unwrap())
    };
    // The gate itself and three findings; one finding is below the threshold.
    assert_eq!(kinds(0), [4, 0, 1], "{suites:#?}");
    assert_eq!(kinds(1), [0, 1, 0]);
    assert_eq!(kinds(2), [0, 0, 0]);
    assert!(suites.as_array().unwrap().iter().all(|suite| suite["counts_add_up"] == true));
    assert!(suites[0]["text"].as_str().unwrap().contains("]]> <b>&amp;"), "{suites:#?}");
}

#[test]
fn lab_mode_does_not_turn_the_build_unstable() {
    let suites = validated(&project("lab"));
    assert!(
        suites.as_array().unwrap().iter().all(|suite| suite["failures"] == 0 && suite["errors"] == 0),
        "{suites:#?}"
    );
    assert!(suites[0]["skipped"].as_u64() == Some(5));
}

#[test]
fn no_two_cases_have_the_same_name_and_names_stay_when_lines_move() {
    let first = project("lab");
    let names = |project: &Project| {
        let suites = validated(project);
        let cases = suites.as_array().unwrap().iter().flat_map(|suite| suite["cases"].as_array().unwrap());
        cases.map(ToString::to_string).collect::<Vec<_>>()
    };
    let before = names(&first);
    let mut unique = before.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), before.len());

    first.write("in.sarif", HOSTILE.replace("\"startLine\":3", "\"startLine\":77"));
    first.run(&["run"]);
    assert_eq!(names(&first), before);
}

/// How many cases of the first suite failed, were in error, and were skipped.
fn kinds(project: &Project) -> [u64; 3] {
    let suites = validated(project);
    assert!(suites.as_array().unwrap().iter().all(|suite| suite["counts_add_up"] == true), "{suites:#?}");
    ["failures", "errors", "skipped"].map(|kind| suites[0][kind].as_u64().unwrap())
}

#[test]
fn two_other_readers_find_the_same_cases() {
    let project = project("production");
    let report = project.root().join("gates-report/junit.xml");
    let (one, two) = (junitparser(&report), junit2json(&report));
    assert_eq!(two["tests"], 7);
    let suites = two["testsuite"].as_array().unwrap();
    assert_eq!(suites.len(), 3);
    for (one, two) in one.as_array().unwrap().iter().zip(suites) {
        for key in ["name", "tests", "failures", "errors", "skipped"] {
            assert_eq!(one[key], two[key], "{key}");
        }
        let properties = one["properties"].as_object().unwrap();
        assert_eq!(properties["mode"], "production");
        assert_eq!(properties["portcullis"], env!("CARGO_PKG_VERSION"));
        let cases = two["testcase"].as_array().unwrap();
        assert_eq!(one["cases"].as_array().unwrap().len(), cases.len());
        for (one, two) in one["cases"].as_array().unwrap().iter().zip(cases) {
            assert_eq!((&one[0], &one[1]), (&two["classname"], &two["name"]));
        }
    }
    // The place is in the failure's text, as Jenkins has no field for it.
    let text = one[0]["cases"].to_string();
    assert!(text.contains("\\nat src/a <b>.ts:3\\n"), "{text}");
}

#[test]
fn lab_mode_fails_where_it_is_asked_to() {
    assert_eq!(kinds(&project_with("lab", "lab = \"failure\"")), kinds(&project("production")));
}

#[test]
fn what_is_accepted_passes_where_it_is_asked_to() {
    assert_eq!(kinds(&project("production")), [4, 0, 1]);
    let passed = project_with("production", "allowed = \"passed\"");
    assert_eq!(kinds(&passed), [4, 0, 0]);
    let text = validated(&passed)[0]["text"].to_string();
    assert!(text.contains("decision: below fail_on = high"), "why it passes is reported: {text}");
}

#[test]
fn gitlab_gets_the_file_of_a_case() {
    const FILES: &str = "import sys, json, xml.etree.ElementTree as tree\njson.dump([case.get('file') for case in tree.parse(sys.argv[1]).iter('testcase')], sys.stdout)";
    let project = project_with("production", "dialect = \"gitlab\"");
    let files = python(FILES, &[&project.root().join("gates-report/junit.xml")]);
    let with_file: Vec<&Value> = files.as_array().unwrap().iter().filter(|file| !file.is_null()).collect();
    assert_eq!(with_file, ["src/a <b>.ts"]);
}

#[test]
fn a_limit_keeps_the_worst_and_says_what_it_left_out() {
    let project = project_with("production", "limit = 2");
    // The gate, two findings, and the case that counts two more: one of them would fail.
    assert_eq!(kinds(&project), [4, 0, 0]);
    let suites = junitparser(&project.root().join("gates-report/junit.xml"));
    assert_eq!(suites[0]["tests"], 4);
    assert_eq!(suites[0]["properties"]["findings"], "4");
    assert_eq!(suites[0]["properties"]["findings_left_out"], "2");
    let last = suites[0]["cases"].as_array().unwrap().last().unwrap();
    assert!(
        last.to_string().contains("2 findings of this gate not listed (limit = 2), 1 of them blocking"),
        "{last}"
    );

    let project = project_with("lab", "limit = 3");
    assert_eq!(kinds(&project), [0, 0, 5], "in lab mode nothing fails");
}

#[test]
fn fifty_thousand_findings_are_a_small_file() {
    let project = Project::new();
    let result =
        |n: usize| format!(r#"{{"ruleId":"r{}","level":"error","message":{{"text":"finding {n}"}}}}"#, n % 7);
    let results: Vec<String> = (0..50_000).map(result).collect();
    project.write(
        "a.sarif",
        format!(
            r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"d"}}}},"results":[{}]}}]}}"#,
            results.join(",")
        ),
    );
    assert_eq!(project.run(&["judge", "--report", "sarif=a.sarif", "--mode", "production"]).code, 1);
    let suites = junitparser(&project.root().join("gates-report/junit.xml"));
    assert_eq!(suites[0]["tests"], 2_002);
    assert_eq!(suites[0]["properties"]["findings_left_out"], "48000");
    let names: HashSet<String> = suites[0]["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| format!("{} {}", case[0], case[1]))
        .collect();
    assert_eq!(names.len(), 2_002, "no two cases have the same name");
}
