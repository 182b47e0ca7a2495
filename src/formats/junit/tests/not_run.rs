//! Tests that a runner did not run, and what several runners count.

use super::{parse, rules};

/// Recorded from CTest 4.2 (`--output-junit`), shortened. CTest counts what it could not run as failed.
#[test]
fn a_test_that_ctest_could_not_run_failed_and_one_that_somebody_skips_did_not() {
    let case = |status: &str, skipped: &str| {
        format!(
            r#"<testsuite name="(empty)" tests="2" failures="0" disabled="0" skipped="1">
            <testcase name="ok" classname="ok" status="run"/><testcase name="t" classname="t" status="{status}">{skipped}</testcase></testsuite>"#
        )
    };
    for why in ["Unable to find executable", "Fixture dependency failed"] {
        let parsed = parse(&case("notrun", &format!("<skipped message=\"{why}\"/>"))).unwrap();
        assert_eq!((rules(&parsed), &*parsed.findings[0].title), (vec!["t.t"], why));
        assert!(parsed.gaps.is_empty(), "{:?}", parsed.gaps);
    }
    for (status, skipped) in [
        ("notrun", "<skipped message=\"SKIP_RETURN_CODE=77\"/>"),
        ("disabled", "<skipped message=\"Disabled\"/>"),
        // GoogleTest.
        ("notrun\" result=\"suppressed", "<skipped message=\"\"/>"),
        ("notrun", ""),
    ] {
        let parsed = parse(&case(status, skipped)).unwrap();
        assert!(parsed.findings.is_empty() && parsed.gaps.is_empty(), "{status} {skipped}");
    }
}

/// behave 1.3 writes a scenario that it did not come to, for a hook that failed, as `skipped`.
#[test]
fn a_scenario_that_behave_did_not_come_to_is_a_gap() {
    let report = r#"<testsuite name="b.B" tests="2" errors="0" failures="0" skipped="1">
        <testcase classname="b.B" name="b1" status="passed"/><testcase classname="b.B" name="b2" status="untested"><skipped/></testcase></testsuite>"#;
    assert_eq!(parse(report).unwrap().gaps, ["1 test was not run (untested)"]);
}

/// PHPUnit 9 (`tests/end-to-end/loggers/log-junit.phpt`).
#[test]
fn a_warning_of_phpunit_is_a_failure() {
    let report = r#"<testsuite name="unit" tests="2" warnings="1" errors="0" failures="0" skipped="0"><testcase name="testAdds" class="SumTest"/>
        <testcase name="Warning" classname="PHPUnit.Framework.WarningTestCase"><warning type="PHPUnit\Framework\Warning">Warning
No tests found in class "EmptyTest".</warning></testcase></testsuite>"#;
    let parsed = parse(report).unwrap();
    assert_eq!(rules(&parsed), ["PHPUnit.Framework.WarningTestCase.Warning"]);
}

/// testcafe-reporter-xunit 2.2 writes one number into both.
#[test]
fn a_failure_that_testcafe_counts_twice_is_one() {
    let report = |suite: &str| {
        format!(
            r#"<testsuite name="{suite}" tests="2" failures="1" errors="1"><testcase name="a"><failure/></testcase><testcase name="b"/></testsuite>"#
        )
    };
    assert!(parse(&report("TestCafe Tests: Chrome 140")).unwrap().gaps.is_empty());
    assert_eq!(parse(&report("others")).unwrap().gaps.len(), 1);
}

/// tap 21: eight tests counted, of which four are listed. A failure that is counted and not listed is still a gap.
#[test]
fn subtests_that_node_tap_counts_again_are_no_gap() {
    let report = |failures: u64| {
        format!(
            r#"<testsuites name="TAP Tests" tests="4" failures="{failures}"><testsuite name="adds" tests="2" failures="{failures}"><testcase name="one"/></testsuite>
            <testsuite name="takes" tests="2" failures="0"><testcase name="two"/></testsuite></testsuites>"#
        )
    };
    assert!(parse(&report(0)).unwrap().gaps.is_empty());
    assert!(!parse(&report(1)).unwrap().gaps.is_empty());
    assert!(!parse(&report(0).replace("TAP Tests", "others")).unwrap().gaps.is_empty());
}

/// unittest-xml-reporting puts the moment into the names of suites.
#[test]
fn the_moment_of_a_run_is_no_part_of_a_name() {
    let rule = |moment: &str| {
        let report = format!(
            r#"<testsuite name="unittest.suite._ErrorHolder-{moment}" tests="1" errors="1"><testcase classname="" name="tearDownClass (test_c.C)"><error/></testcase></testsuite>"#
        );
        rules(&parse(&report).unwrap())[0].to_owned()
    };
    assert_eq!(rule("20261201033907"), rule("20261201033959"));
    assert_ne!(rule("1"), rule("2"));
}
