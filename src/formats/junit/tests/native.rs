//! Catch2 2.13.10, doctest 2.4.9 and CxxTest 4.4, as their programs wrote it.

use super::parse;

/// A suite of Catch2 with these counts and cases.
fn catch2(counts: &str, cases: &[&str]) -> String {
    let cases = cases.concat();
    format!(
        r#"<testsuites><testsuite name="ca" hostname="tbd" time="0.000" {counts}>{cases}<system-out/></testsuite></testsuites>"#
    )
}

const ADDS: &str = r#"<testcase classname="ca.global" name="adds" time="0.000" status="run"/>"#;
const SUBS: &str = r#"<testcase classname="ca.global" name="subs" time="0.000" status="run"/>"#;

fn bug(tag: &str) -> String {
    format!(
        r#"<testcase classname="ca.global" name="bug" time="0.000" status="run"><skipped message="TEST_CASE tagged with {tag}"/>
           <failure message="3-1==3" type="CHECK">FAILED: at ca.cpp:5</failure></testcase>"#
    )
}

#[test]
fn assertions_are_no_tests() {
    let report = catch2(r#"errors="0" failures="0" tests="5""#, &[ADDS, SUBS]);
    let doctest = report.replace(r#"hostname="tbd""#, r#"doctest_version="2.4.9""#);
    for report in [&report, &doctest] {
        let parsed = parse(report).unwrap();
        assert_eq!((parsed.gaps, parsed.scope.to_string()), (vec![], "2 tests".to_owned()), "{report}");
    }
    // Of another runner, without a case, and written by GoogleTest, which counts tests.
    for other in [
        report.replace(r#"hostname="tbd""#, r#"hostname="ci""#),
        report.replace(r#" status="run""#, ""),
        report.replace(r#"status="run""#, r#"status="run" result="completed""#),
        catch2(r#"errors="0" failures="0" tests="5""#, &[]),
    ] {
        assert_eq!(parse(&other).unwrap().gaps.len(), 1, "{other}");
    }
}

#[test]
fn a_failure_that_catch2_does_not_count_is_expected() {
    for tag in ["!mayfail", "!shouldfail"] {
        let parsed =
            parse(&catch2(r#"errors="0" failures="0" tests="6""#, &[ADDS, SUBS, &bug(tag)])).unwrap();
        let [finding] = parsed.findings.as_slice() else { panic!("{:?}", parsed.findings) };
        let why = format!("expected to fail: TEST_CASE tagged with {tag}");
        assert_eq!(finding.suppressed.as_deref(), Some(why.as_str()));
        assert_eq!((parsed.gaps, parsed.scope.to_string()), (vec![], "3 tests".to_owned()));
        assert_eq!(parsed.listed.map(|listed| (listed.failures, listed.tests)), Some((0, 0)));
    }
}

#[test]
fn a_failure_that_the_suite_counts_or_another_runner_writes_is_not_expected() {
    let real =
        r#"<testcase classname="ca.global" name="real" status="run"><failure message="m"/></testcase>"#;
    let expected = |report: &str| -> Vec<bool> {
        parse(report).unwrap().findings.iter().map(|finding| finding.suppressed.is_some()).collect()
    };
    let bug = bug("!mayfail");
    // One failure is counted: that of the other test, or of this one.
    assert_eq!(expected(&catch2(r#"failures="1" tests="2""#, &[real, &bug])), [false, true]);
    assert_eq!(expected(&catch2(r#"failures="1" tests="1""#, &[&bug])), [false]);
    assert_eq!(expected(&catch2(r#"failures="2" tests="2""#, &[real, &bug])), [false, false]);
    let none = catch2(r#"failures="0" tests="1""#, &[&bug]);
    assert_eq!(expected(&none.replace("tbd", "ci")), [false]);
    assert_eq!(expected(&none.replace("TEST_CASE tagged with", "tagged")), [false]);
}

/// Bats 1.10.
#[test]
fn a_teardown_of_bats_that_failed_is_named_in_the_gap() {
    let report = |function: &str| {
        format!(
            r#"<testsuites><testsuite name="c.bats" tests="2" failures="1" errors="0" skipped="0" hostname="vm"><testcase classname="c.bats" name="one" time="0">
<failure type="failure">(from function `{function}&#39; in test file c.bats, line 2)
bats warning: Executed 2 instead of expected 1 tests</failure></testcase></testsuite></testsuites>"#
        )
    };
    let gap = "suite c.bats counts 2 tests, and shows 1";
    let why = " (Bats counts a teardown that failed as a test, and has its words in the last failure)";
    for function in ["teardown_file", "teardown_suite"] {
        assert_eq!(parse(&report(function)).unwrap().gaps, [format!("{gap}{why}")]);
    }
    assert_eq!(parse(&report("run")).unwrap().gaps, [gap]);
}

#[test]
fn a_warning_counts_where_the_suite_counts_it() {
    for (counts, findings) in [
        // CxxTest: a message.
        (r#"tests="2" errors="0" failures="0""#, 0),
        // PHPUnit: of version 7 and later, and of earlier ones.
        (r#"tests="2" errors="0" warnings="1" failures="0""#, 1),
        (r#"tests="2" errors="0" failures="1""#, 1),
        // It counts warnings, and this is none of them; it counts nothing.
        (r#"tests="2" errors="0" warnings="0" failures="0""#, 0),
        ("", 1),
    ] {
        let report = format!(
            r#"<testsuite name="s" {counts}><testcase classname="A" name="testAdd" line="3"><warning line="3">slow on this machine</warning>
               <system-out>In A::testAdd</system-out></testcase><testcase classname="A" name="testSub" line="4"/></testsuite>"#
        );
        let parsed = parse(&report).unwrap();
        assert_eq!((parsed.findings.len(), parsed.gaps.len()), (findings, 0), "{counts}");
        assert_eq!(parsed.scope.to_string(), "2 tests");
    }
}
