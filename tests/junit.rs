//! junit.xml, held against Jenkins' schema by a validator that is not ours, and read back by
//! another reader.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use std::process::Command;

use common::{Project, test_python};

/// Validates against the schema, and prints what Python's own XML reader finds.
const CHECK: &str = r#"
import sys, json, xmlschema, xml.etree.ElementTree as tree
schema, report = sys.argv[1:]
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

#[allow(clippy::disallowed_methods, reason = "the outside validator")]
fn validated(project: &Project) -> Vec<serde_json::Value> {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/schemas/junit-10.xsd");
    let report = project.root().join("gates-report/junit.xml");
    let output = Command::new(test_python()).args(["-c", CHECK, schema]).arg(report).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn project(mode: &str) -> Project {
    let project = Project::with_gates(&format!(
        "version = 1\nmode = \"{mode}\"\n\
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
fn what_blocks_is_a_failure_what_is_not_proved_an_error_and_what_is_borne_is_skipped() {
    let suites = validated(&project("production"));
    let kinds = |i: usize| {
        [&suites[i]["failures"], &suites[i]["errors"], &suites[i]["skipped"]].map(|n| n.as_u64().unwrap())
    };
    // The gate itself and three findings; one finding is below the threshold.
    assert_eq!(kinds(0), [4, 0, 1], "{suites:#?}");
    assert_eq!(kinds(1), [0, 1, 0]);
    assert_eq!(kinds(2), [0, 0, 0]);
    assert!(suites.iter().all(|suite| suite["counts_add_up"] == true));
    assert!(suites[0]["text"].as_str().unwrap().contains("]]> <b>&amp;"), "{suites:#?}");
}

#[test]
fn lab_mode_does_not_turn_the_build_unstable() {
    let suites = validated(&project("lab"));
    assert!(suites.iter().all(|suite| suite["failures"] == 0 && suite["errors"] == 0), "{suites:#?}");
    assert!(suites[0]["skipped"].as_u64() == Some(5));
}

#[test]
fn no_two_cases_have_the_same_name_and_names_stay_when_lines_move() {
    let first = project("lab");
    let names = |project: &Project| {
        let suites = validated(project);
        suites[0]["cases"].as_array().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>()
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
