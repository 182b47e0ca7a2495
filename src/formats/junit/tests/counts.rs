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

/// As pytest 9 writes it for one test with three subtests that pass. It counts each result, so what is left over passed.
#[test]
fn subtests_that_pytest_counts_passed_if_its_other_counts_are_shown() {
    let report = |name: &str, counts: &str, case: &str| {
        format!(
            r#"<testsuites name="pytest tests"><testsuite name="{name}" {counts}>{case}</testsuite></testsuites>"#
        )
    };
    const PASSES: &str = r#"<testcase classname="t" name="a"/>"#;
    const SKIPS: &str = r#"<testcase classname="t" name="a"><skipped/><skipped/></testcase>"#;
    const FAILS: &str = r#"<testcase classname="t" name="a"><failure/></testcase>"#;
    for (counts, case, found) in [
        (r#"errors="0" failures="0" skipped="0" tests="4""#, PASSES, [0, 1, 3]),
        (r#"errors="0" failures="0" skipped="2" tests="4""#, SKIPS, [0, 1, 2]),
        // It failed. Its log, if there is one, must count them, too.
        (r#"errors="0" failures="1" skipped="0" tests="4""#, FAILS, [0, 0, 3]),
        (r#"errors="0" failures="0" skipped="1" tests="4""#, PASSES, [1, 0, 0]),
        (r#"errors="0" failures="0" skipped="0" tests="4""#, FAILS, [1, 0, 0]),
        (r#"errors="1" failures="0" skipped="0" tests="4""#, PASSES, [1, 0, 0]),
        // No test is listed, so nothing is said of any.
        (r#"errors="0" failures="0" skipped="0" tests="4""#, "", [1, 0, 0]),
    ] {
        let parsed = parse(&report("pytest", counts, case)).unwrap();
        let unlisted = parsed.listed.as_ref().unwrap().unlisted as usize;
        assert_eq!([parsed.gaps.len(), parsed.gaps_unless_zero.len(), unlisted], found, "{counts}");
        assert_eq!((parsed.notes.len(), &parsed.unexplained), (usize::from(unlisted > 0), &None));
        assert_eq!(parsed.scope.is_empty(), case.is_empty(), "{counts}");
    }
    let jest = report("s", r#"tests="4""#, PASSES).replace("pytest tests", "jest tests");
    assert_eq!(parse(&jest).unwrap().gaps, ["suite s counts 4 tests, and shows 1"]);
}

/// As Bun 1.4.5 and Vitest 4.1.12 write it.
#[test]
fn a_hook_of_bun_or_vitest_that_failed_leaves_tests_out() {
    let unexplained = |root: &str, cases: &str| {
        let report = format!(
            r#"<testsuites name="{root}"><testsuite name="a.test.js">{cases}</testsuite></testsuites>"#
        );
        parse(&report).unwrap().unexplained.is_some()
    };
    let fails =
        |name: &str| format!(r#"<testcase classname="a" name="{name}"><failure message="hook"/></testcase>"#);
    let skips = |name: &str| format!(r#"<testcase classname="a" name="{name}"><skipped/></testcase>"#);
    assert!(unexplained("bun test", &fails("(unnamed)")));
    assert!(!unexplained("bun test", &fails("one")));
    assert!(!unexplained("jest tests", &fails("(unnamed)")));
    for (skipped, failed, expected) in [
        ("ba &gt; one", "ba", true),
        ("outer &gt; inner &gt; one", "outer &gt; inner", true),
        ("outer &gt; inner &gt; one", "outer", true),
        ("ba &gt; one", "ba &gt; two", false),
        ("ok &gt; one", "ba", false),
        ("ba", "ba", false),
    ] {
        let cases = skips(skipped) + &fails(failed);
        assert_eq!(unexplained("vitest tests", &cases), expected, "{skipped}, {failed}");
        assert!(!unexplained("jest tests", &cases));
    }
    let other_file = format!("{}</testsuite><testsuite name='b'>{}", skips("ba &gt; one"), fails("ba"));
    assert!(!unexplained("vitest tests", &other_file));
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

/// As pytest 9.2 writes them with pytest-rerunfailures 16.7, and with flaky 3.8.
#[test]
fn a_test_that_pytest_lists_again_and_counts_once_is_flaky() {
    let notes = |root: &str, tests: u64, cases: &[&str]| {
        let cases = cases.concat();
        parse(&format!(r#"<testsuite name="{root}" tests="{tests}">{cases}</testsuite>"#)).unwrap().notes
    };
    const FLAKY: &str = r#"<testcase classname="t" name="a"/>"#;
    const PLAIN: &str = r#"<testcase classname="t" name="b"/>"#;
    const FAILS: &str = r#"<testcase classname="t" name="a"><failure message="m"/></testcase>"#;
    const SAID: &str = "1 flaky test: passed only when tried again";
    assert_eq!(notes("pytest", 2, &[FLAKY, FLAKY, FLAKY, PLAIN]), [SAID]);
    assert_eq!(notes("pytest", 2, &[FLAKY, PLAIN, FLAKY]), [SAID]);
    // It failed in the end; two tests with one name; a runner that lists no tries.
    for none in [
        notes("pytest", 2, &[FLAKY, FLAKY, FAILS, PLAIN]),
        notes("pytest", 3, &[FLAKY, FLAKY, PLAIN]),
        notes("other", 2, &[FLAKY, FLAKY, PLAIN]),
    ] {
        assert_eq!(none, [""; 0]);
    }
}
