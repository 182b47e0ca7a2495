use super::parse;

#[test]
fn a_suite_that_counts_more_tests_than_it_lists_is_a_gap() {
    for (report, gap) in [
        (
            r#"<testsuite name="s" tests="3"><testcase name="t"/></testsuite>"#,
            Some("suite s counts 3 tests, and shows 1"),
        ),
        // Failures that are shown account for no other test.
        (
            r#"<testsuite name="s" tests="4" failures="2"><testcase name="t"><failure/></testcase><testcase name="u"><failure/></testcase></testsuite>"#,
            Some("suite s counts 4 tests, and shows 2"),
        ),
        (
            r#"<testsuite name="s" tests="3" failures="2"><testcase name="t"><failure/></testcase><testcase name="u"><failure/></testcase></testsuite>"#,
            Some("suite s counts 3 tests, and shows 2"),
        ),
        (
            r#"<testsuite name="s" tests="2" errors="1"><testcase name="t"><error/></testcase></testsuite>"#,
            Some("suite s counts 2 tests, and shows 1"),
        ),
        // pytest: it passed, and its teardown did not.
        (
            r#"<testsuite name="pytest" tests="2" errors="1"><testcase name="t"><error/></testcase></testsuite>"#,
            None,
        ),
        // Runners may leave out what they skipped, and count a test twice that fails and then breaks.
        (r#"<testsuite name="s" tests="3" skipped="2"><testcase name="t"/></testsuite>"#, None),
        (
            r#"<testsuite name="s" tests="3" failures="1" errors="1"><testcase name="t"><failure/><error/></testcase><testcase name="u"/></testsuite>"#,
            None,
        ),
        (r#"<testsuite name="s" tests="0"><testcase name="t"/></testsuite>"#, None),
        (
            r#"<testsuites tests="2"><testsuite name="s" tests="1"><testcase name="t"/></testsuite></testsuites>"#,
            Some("the report counts 2 tests, and shows 1"),
        ),
    ] {
        assert_eq!(parse(report).unwrap().gaps.first().map(String::as_str), gap, "{report}");
    }
}

/// As pytest 9 writes it for one test with three subtests that pass.
#[test]
fn subtests_that_pytest_counts_are_missing_unless_all_is_green() {
    let report = |name: &str, counts: &str, case: &str| {
        format!(
            r#"<testsuites name="pytest tests"><testsuite name="{name}" {counts}>{case}</testsuite></testsuites>"#
        )
    };
    const PASSES: &str = r#"<testcase classname="t" name="a"/>"#;
    const SKIPS: &str = r#"<testcase classname="t" name="a"><skipped/><skipped/></testcase>"#;
    const FAILS: &str = r#"<testcase classname="t" name="a"><failure/></testcase>"#;
    for (counts, case, found) in [
        (r#"errors="0" failures="0" skipped="0" tests="4""#, PASSES, [0, 1, 0]),
        (r#"errors="0" failures="0" skipped="2" tests="4""#, SKIPS, [0, 1, 0]),
        (r#"errors="0" failures="0" skipped="1" tests="4""#, PASSES, [1, 0, 0]),
        (r#"errors="0" failures="0" skipped="0" tests="4""#, FAILS, [1, 0, 0]),
        (r#"errors="1" failures="0" skipped="0" tests="4""#, PASSES, [1, 0, 0]),
        // It failed, and if that is waived, nothing is proven.
        (r#"errors="0" failures="1" skipped="0" tests="4""#, FAILS, [0, 0, 1]),
    ] {
        let parsed = parse(&report("pytest", counts, case)).unwrap();
        let unexplained = usize::from(parsed.unexplained.is_some());
        assert_eq!([parsed.gaps.len(), parsed.gaps_unless_zero.len(), unexplained], found, "{counts}");
    }
    let jest = report("s", r#"tests="4""#, PASSES).replace("pytest tests", "jest tests");
    assert_eq!(parse(&jest).unwrap().gaps, ["suite s counts 4 tests, and shows 1"]);
}

/// As mocha-junit-reporter writes it: it counts the tests of the suite, and lists those that ran.
#[test]
fn tests_that_mocha_did_not_run_for_a_hook_are_no_gap() {
    let parsed = |name: &str, tests: u64| {
        let report = format!(
            r#"<testsuites name="Mocha Tests"><testsuite name="s" tests="{tests}"><testcase name="one"/>
                <testcase name="{name}"><failure message="m"/></testcase></testsuite></testsuites>"#
        );
        parse(&report).unwrap()
    };
    let hook = parsed("s &quot;before each&quot; hook for &quot;two&quot;", 3);
    assert_eq!((hook.gaps.len(), hook.unexplained.is_some()), (0, true));
    let other = parsed("s two", 3);
    assert_eq!((other.gaps.len(), other.unexplained.is_some()), (1, false));
}

/// Mocha runs no further test of a suite whose hook failed, and lists none of them.
#[test]
fn a_hook_of_mocha_that_failed_leaves_tests_out() {
    let unexplained = |root: &str, case: &str| {
        let report = format!(
            r#"<testsuite name="{root}" tests="2"><testcase name="a"/><testcase {case}><failure message="m"/></testcase></testsuite>"#
        );
        parse(&report).unwrap().unexplained.is_some()
    };
    for (case, expected) in [
        (r#"classname="s" name="&quot;before all&quot; hook for &quot;one&quot;""#, true),
        (r#"classname="s" name="&quot;before each&quot; hook: login for &quot;one&quot;""#, true),
        (
            r#"classname="&quot;after each&quot; hook for &quot;one&quot;" name="s &quot;after each&quot; hook""#,
            true,
        ),
        (r#"classname="s" name="&quot;after all&quot; hook""#, false),
        (r#"classname="s" name="fails""#, false),
    ] {
        assert_eq!(unexplained("Mocha Tests", case), expected, "{case}");
        assert!(!unexplained("other", case), "{case}");
    }
}

#[test]
fn skipped_tests_that_only_the_run_counts_are_not_missing() {
    let report = |tests: u64, skipped: u64| {
        format!(
            r#"<testsuites name="Mocha Tests" tests="{tests}" skipped="{skipped}">
                <testsuite name="a" tests="2"><testcase name="one"/></testsuite>
                <testsuite name="b" tests="2"><testcase name="two"/><testcase name="three"><skipped/></testcase></testsuite>
            </testsuites>"#
        )
    };
    assert!(parse(&report(4, 2)).unwrap().gaps.is_empty());
    // One of the two is shown; so one more is missing than the run skipped.
    let gaps = parse(&report(5, 2)).unwrap().gaps;
    assert_eq!(gaps, ["the report counts 5 tests, and shows 3"]);
    // Without a count of the run, nothing explains it.
    assert_eq!(parse(&report(0, 2)).unwrap().gaps, ["suite a counts 2 tests, and shows 1"]);
}
