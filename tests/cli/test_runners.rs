//! What a test runner's report leaves out, and when its exit code says so.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::Project;

/// A gate that prints this report and ends with this code, and a waiver for the failure `s.known`.
fn gates(root: &str, cases: &str, code: i32, more: &str) -> String {
    gates_with_log((root, cases), "", code, more)
}

/// The log goes to standard error.
fn gates_with_log((root, cases): (&str, &str), log: &str, code: i32, more: &str) -> String {
    let report = format!("<{root}>{cases}</{}>", root.split(' ').next().unwrap());
    format!(
        "version = 1\nmode = \"production\"\n[[gate]]\nid = \"tests\"\ntool = \"command\"\n\
         run = [\"sh\", \"-c\", '''printf %s '{report}'; printf '{log}' >&2; exit {code}''']\n\
         report = {{ format = \"junit\", path = \"-\" }}\n{more}\n\
         [[waiver]]\ngate = \"tests\"\nrule = \"s.known\"\nreason = \"known\"\nexpires = 2999-12-31\n\
         [[waiver]]\ngate = \"tests\"\nrule = 's.\"before each\" hook'\nreason = \"known\"\nexpires = 2999-12-31\n"
    )
}

const KNOWN: &str = r#"<testcase classname="s" name="known"><failure message="m"/></testcase>"#;
const PASSES: &str = r#"<testcase classname="s" name="passes"/>"#;

#[test]
fn an_exit_code_that_the_failures_do_not_explain_is_no_pass() {
    let (suite, pytest, mocha) =
        ("testsuite name=\"s\"", "testsuite name=\"pytest\"", "testsuites name=\"Mocha Tests\"");
    let low = "ERROR: Coverage for lines (75%%) does not meet global threshold (90%%)\\n";
    let pytests = "1 failed in 0.1s\\n";
    let mochas = "  1 passing (5ms)\\n  1 failing\\n";
    let (known, ended) = (KNOWN.to_owned(), format!("{KNOWN}{PASSES}"));
    for (root, cases, log, code, more, expected) in [
        (suite, &known, "", 0, "", 0),
        // The runner is not known: something else may have failed.
        (suite, &known, "", 1, "", 3),
        ("testsuites name=\"jest tests\"", &known, "", 1, "", 3),
        (suite, &known, "", 1, "exit = { findings = [1] }", 0),
        // pytest counts subtests that it does not list.
        (&format!("{pytest} tests=\"4\""), &PASSES.to_owned(), "", 0, "", 0),
        (
            &format!("{pytest} tests=\"4\""),
            &PASSES.to_owned(),
            "",
            1,
            "exit = { clean = [0, 1], findings = [2] }",
            3,
        ),
        (&format!("{pytest} tests=\"4\""), &known, "", 0, "", 3),
        (&format!("{pytest} tests=\"4\" failures=\"1\""), &known, "", 0, "", 3),
        // Its log tells that nothing that failed is among them.
        (
            &format!("{pytest} tests=\"4\" failures=\"1\""),
            &known,
            "1 failed, 3 subtests passed in 0.1s\\n",
            1,
            "",
            0,
        ),
        (&format!("{pytest} tests=\"4\" failures=\"1\""), &known, pytests, 1, "", 0),
        (
            &format!("{pytest} tests=\"4\" failures=\"1\""),
            &known,
            "1 failed, 9 subtests passed in 0.1s\\n",
            1,
            "",
            3,
        ),
        (&format!("{pytest} tests=\"4\" failures=\"1\""), &known, "2 failed in 0.1s\\n", 1, "", 3),
        // pytest ends with 2 if it was interrupted, and with 1 also if `addopts` has `-x`.
        (pytest, &known, pytests, 1, "", 0),
        (pytest, &known, "", 1, "", 3),
        (pytest, &known, &format!("!!!!! stopping after 1 failures !!!!!\\n{pytests}"), 1, "", 3),
        (pytest, &known, pytests, 2, "", 3),
        (pytest, &known, "", 1, "exit = { findings = [1] }", 0),
        // Mocha ends with the number of failures.
        (mocha, &ended, mochas, 1, "", 0),
        (mocha, &ended, mochas, 2, "", 3),
        (mocha, &ended, "", 1, "", 3),
        (mocha, &ended, &format!("{mochas}{low}"), 1, "", 3),
        // Tests behind a hook that failed are in neither.
        (
            mocha,
            &format!("{}{PASSES}", KNOWN.replace("known", "&quot;before each&quot; hook")),
            mochas,
            1,
            "",
            3,
        ),
        // `bail` in its configuration.
        (mocha, &format!("{PASSES}{KNOWN}"), mochas, 1, "", 3),
        // Node counts what it leaves out.
        ("testsuites", &format!("{PASSES}{KNOWN}<!-- fail 1 -->"), "", 1, "", 0),
        ("testsuites", &format!("{PASSES}{KNOWN}<!-- fail 1 -->"), low, 1, "", 3),
        ("testsuites", &format!("{PASSES}{KNOWN}<!-- fail 2 -->"), "", 1, "", 3),
        ("testsuites", &format!("{PASSES}{KNOWN}<!-- fail 2 -->"), "", 1, "exit = { findings = [1] }", 3),
        ("testsuites", &format!("{PASSES}{KNOWN}<!-- fail 1 --><!-- cancelled 1 -->"), "", 0, "", 3),
    ] {
        let project = Project::with_gates(&gates_with_log((root, cases), log, code, more));
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, expected, "{root}, {log}, exit code {code}, {more}: {}", ran.all());
        // The record says as much.
        let judged = project.run(&["judge", "--from", "gates-report/run.json"]);
        assert_eq!(judged.code, expected, "{root}, {log}, exit code {code}, {more}: {}", judged.all());
    }
}

#[test]
fn a_failure_that_blocks_is_a_failure_whatever_the_exit_code_means() {
    let other = KNOWN.replace("known", "other");
    let project = Project::with_gates(&gates("testsuite name=\"s\"", &format!("{KNOWN}{other}"), 1, ""));
    let ran = project.run(&["run"]);
    assert_eq!((ran.code, &project.gate("tests")["outcome"]), (1, &"failed".into()), "{}", ran.all());
}

#[test]
fn a_baseline_does_not_cover_a_failure_whose_reason_changed() {
    let case = |words: &str| {
        format!(r#"<testcase name="whole run"><failure message="errors">{words}</failure></testcase>"#)
    };
    let with = |words: &str| {
        gates("testsuite name=\"s\"", &case(words), 1, "new_only = true\nexit = { findings = [1] }")
    };
    let project = Project::with_gates(&with("a.py:7: error: not a number [arg]"));
    assert_eq!(project.run(&["run"]).code, 1);
    assert_eq!(project.run(&["baseline"]).code, 0);
    for (words, code) in [
        ("a.py:7: error: not a number [arg]", 0),
        ("a.py:91: error: not a number [arg]", 0),
        ("a.py:7: error: not a text [arg]", 1),
        ("a.py:7: error: not a number [arg] b.py:1: error: not a text [arg]", 1),
    ] {
        project.write("gates.toml", with(words));
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, code, "{words}: {}", ran.all());
    }
}

/// Maven and Gradle write one report for each class.
#[test]
fn the_reports_that_a_pattern_names_are_judged_together() {
    let gate = |run: &str| {
        format!(
            "version = 1\nmode = \"production\"\n[[gate]]\nid = \"tests\"\ntool = \"command\"\n\
             run = [\"sh\", \"-c\", '''mkdir -p a/reports b/reports; {run}''']\n\
             report = {{ format = \"junit\", path = \"*/reports/TEST-*.xml\" }}\n"
        )
    };
    let write =
        |path: &str, case: &str| format!("printf %s '<testsuite name=\"s\">{case}</testsuite>' >{path}; ");
    let (one, two) = (write("a/reports/TEST-one.xml", PASSES), write("b/reports/TEST-one.xml", PASSES));
    let project = Project::with_gates(&gate(&format!("{one}{two}")));
    let ran = project.run(&["run"]);
    assert_eq!((ran.code, project.gate("tests")["scope"]["tests"].as_u64()), (0, Some(2)), "{}", ran.all());
    let kept = project.gate("tests")["targets"][0]["files"].to_string()
        + &project.gate("tests")["targets"][0]["report"].to_string();
    assert!(kept.contains("0001-TEST-one.xml") && kept.contains("0002-TEST-one.xml"), "{kept}");

    // One of them is not of this run.
    project.write("gates.toml", gate(&one));
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let words = "b/reports/TEST-one.xml is left over from an earlier run";
    assert!(project.gate("tests")["reason"].as_str().unwrap().contains(words), "{}", ran.all());

    let fails = write("a/reports/TEST-one.xml", KNOWN);
    project.write("gates.toml", gate(&format!("{fails}{two}exit 1")));
    let ran = project.run(&["run"]);
    assert_eq!((ran.code, project.gate("tests")["counts"]["high"].as_u64()), (1, Some(1)), "{}", ran.all());

    project.write("gates.toml", gate("rm */reports/*"));
    assert_eq!(project.run(&["run"]).code, 3);
    let reason = project.gate("tests")["reason"].clone();
    assert!(reason.as_str().unwrap().contains("no report matches */reports/TEST-*.xml"), "{reason}");
}

/// A gate that prints, writes and ends as a real runner did (`fixtures/junit`), with its failures waived.
fn replayed(fixture: &Path, expected: &Value) -> Project {
    let read = |name: &str| fs::read(fixture.join(name)).unwrap();
    let program = expected["options"].as_str().unwrap().split('\'').nth(1).unwrap().to_owned();
    let project = Project::with_gates(&format!(
        "version = 1\nmode = \"production\"\n[[gate]]\nid = \"tests\"\ntool = \"command\"\nrun = [\"{program}\"]\n\
         report = {{ format = \"junit\", path = \"out.xml\" }}\n\
         [[waiver]]\ngate = \"tests\"\nreason = \"known\"\nexpires = 2999-12-31\n"
    ));
    project.write("in.xml", read(expected["reports"][0].as_str().unwrap()));
    for stream in ["stdout", "stderr"] {
        project.write(stream, expected[stream].as_str().map(read).unwrap_or_default());
    }
    project.program(
        &program,
        &format!("cp in.xml out.xml; cat stdout; cat stderr >&2; exit {}", expected["exit"]),
    );
    project
}

#[test]
fn real_runners_with_waived_failures_pass_only_if_nothing_else_went_wrong() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/junit");
    let mut seen = [0, 0];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let expected: Value = serde_json::from_slice(&fs::read(path.join("expected.json")).unwrap()).unwrap();
        let Some(explained) = expected["explained"].as_bool() else { continue };
        seen[usize::from(explained)] += 1;
        let project = replayed(&path, &expected);
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, if explained { 0 } else { 3 }, "{}: {}", path.display(), ran.all());
    }
    assert!(seen.iter().all(|seen| *seen >= 7), "{seen:?}");
}
