use super::*;

fn parse(text: &str) -> Result<Parsed, ReportError> {
    let place = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() };
    read(text.as_bytes(), &place)
}

fn rules(parsed: &Parsed) -> Vec<&str> {
    parsed.findings.iter().map(|finding| &*finding.rule).collect()
}

const REPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="run" failures="2" errors="1">
  <testsuite name="outer" tests="5" failures="1" errors="1" file="test/a.js">
    <properties><property name="failure" value="x"/></properties>
    <testcase name="adds" classname="Sum" time="0.1"/>
    <testcase name="fails" classname="test" file="/repo/test/b.js" line="7">
      <failure message="1 == 2&#10;at x" type="AssertionError">at b.js:7</failure>
    </testcase>
    <testcase name="breaks" classname="Sum"><error><![CDATA[
      boom <x> ]]>&amp; more
      trace</error><system-err>failure</system-err></testcase>
    <testcase name="later"><skipped message="todo"/></testcase>
    <testsuite name="inner" failures="1"><testcase name="deep"><failure/><failure message="second"/></testcase></testsuite>
  </testsuite>
</testsuites>
"#;

#[test]
fn every_case_with_a_failure_or_an_error_is_a_finding() {
    let parsed = parse(REPORT).unwrap();
    assert_eq!(rules(&parsed), ["outer.fails", "Sum.breaks", "outer.inner.deep"]);
    assert_eq!(parsed.scope, Scope::of(Unit::Tests, 4));
    assert!(parsed.gaps.is_empty(), "{:?}", parsed.gaps);
    let [fails, breaks, deep] = parsed.findings.as_slice() else { panic!() };
    assert_eq!((&*fails.title, &*fails.message), ("1 == 2", "1 == 2\nat x"));
    assert_eq!(fails.location.as_ref().unwrap().to_string(), "test/b.js:7");
    assert_eq!((&*breaks.title, breaks.severity_raw.as_deref()), ("boom <x> & more", Some("error")));
    assert_eq!(breaks.location.as_ref().unwrap().to_string(), "test/a.js");
    assert_eq!(&*deep.title, "outer.inner.deep failed");
    assert!(parsed.findings.iter().all(|finding| finding.severity == Severity::High));
}

#[test]
fn a_single_suite_is_a_report_too() {
    let parsed =
        parse(r#"<testsuite name="s"><testcase name="t"><failure message="m"/></testcase></testsuite>"#)
            .unwrap();
    assert_eq!(rules(&parsed), ["s.t"]);
}

#[test]
fn a_suite_that_counts_more_failures_than_it_shows_is_a_gap() {
    for (report, gap) in [
        (
            r#"<testsuites><testsuite name="s" failures="2"><testcase name="t"><failure/></testcase></testsuite></testsuites>"#,
            "suite s counts 2 failures and errors, and shows 1",
        ),
        (
            r#"<testsuites errors="1"><testsuite name="s"><testcase name="t"/></testsuite></testsuites>"#,
            "the report counts 1 failures and errors, and shows 0",
        ),
    ] {
        assert_eq!(parse(report).unwrap().gaps, [gap]);
    }
    let uncounted =
        r#"<testsuite failures="" errors="x"><testcase name="t"><failure/></testcase></testsuite>"#;
    assert!(parse(uncounted).unwrap().gaps.is_empty());
}

#[test]
fn a_failure_that_was_expected_is_kept_and_suppressed() {
    let report = r#"<testsuite><testcase name="t"><skipped type="todo" message="later"/><failure message="m"/></testcase></testsuite>"#;
    let parsed = parse(report).unwrap();
    assert_eq!(parsed.findings[0].suppressed.as_deref(), Some("marked as skipped: later"));
    assert_eq!(parsed.scope, Scope::of(Unit::Tests, 1));
}

#[test]
fn a_report_without_tests_that_ran_tells_of_no_scope() {
    for report in [
        "<testsuites/>",
        "<testsuite name=\"s\" tests=\"0\"></testsuite>",
        "<testsuite><testcase name=\"t\"><skipped/></testcase></testsuite>",
        "<testsuite><testcase name=\"t\" status=\"notrun\"/></testsuite>",
    ] {
        let parsed = parse(report).unwrap();
        assert!(parsed.scope.is_empty() && parsed.findings.is_empty(), "{report}");
    }
}

#[test]
fn a_suite_that_fails_as_a_whole_is_a_finding() {
    let parsed =
        parse(r#"<testsuite name="s" errors="1"><error message="no such module"/></testsuite>"#).unwrap();
    assert_eq!((rules(&parsed), parsed.gaps.len()), (vec!["s"], 0));
}

#[test]
fn a_case_that_failed_by_its_status_alone_is_a_finding() {
    let report = r#"<testsuite name="s" failures="2">
        <testcase name="a" status="Failed"/>
        <testcase name="b" status="fail"><failure message="m"/></testcase>
        <testcase name="c" status="run"/></testsuite>"#;
    let parsed = parse(report).unwrap();
    assert_eq!((rules(&parsed), parsed.gaps.len()), (vec!["s.a", "s.b"], 0));
    assert_eq!(&*parsed.findings[1].title, "m");
}

#[test]
fn a_cut_junit_report_is_inconclusive() {
    let end = REPORT.trim_end().len();
    for cut in 1..end {
        assert!(parse(&REPORT[..cut]).is_err(), "{:?}", &REPORT[..cut]);
    }
    for cut in [end / 4, end / 2, end - 1, end - 14] {
        assert!(matches!(parse(&REPORT[..cut]), Err(ReportError::Cut { .. })), "{:?}", &REPORT[..cut]);
    }
}

#[test]
fn the_text_of_a_failure_has_a_bound() {
    let report = format!(
        "<testsuite><testcase><failure>{}</failure></testcase></testsuite>",
        "é&amp;".repeat(100_000)
    );
    let message = &parse(&report).unwrap().findings[0].message;
    assert!(message.starts_with("é&é") && message.len() <= 8 * 1024);
}

#[test]
fn suites_nested_without_end_do_not_take_the_process_down() {
    let open = "<testsuite name='suite'><testcase><failure/></testcase>".repeat(50_000);
    let parsed = parse(&format!("{open}{}", "</testsuite>".repeat(50_000))).unwrap();
    assert_eq!(parsed.findings.len(), 50_000);
    assert!(matches!(parse(&open), Err(ReportError::Cut { .. })));
}

#[test]
fn what_is_no_junit_report_is_refused() {
    for text in [
        "null",
        "{}",
        "[]",
        "TAP version 13",
        "<checkstyle/>",
        "<!doctype html><html><body>502</body></html>",
        "<testsuites></testsuite>",
        "<testsuites/><testsuites/>",
        "<!DOCTYPE t [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><testsuites name=\"&x;\"/>",
        "<!DOCTYPE t [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><testsuites>&x;</testsuites>",
    ] {
        assert!(matches!(parse(text), Err(ReportError::Foreign { .. })), "{text}: {:?}", parse(text));
    }
    assert!(matches!(parse("\n\n"), Err(ReportError::Empty { .. })));
}
