mod counts;
mod linters;
mod native;
mod node;
mod not_run;

use super::*;
use crate::model::severity::Severity;

fn parse(text: &str) -> Result<Parsed, ReportError> {
    let origin = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() };
    read(text.as_bytes(), &origin)
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
    assert_eq!(rules(&parsed), ["outer.fails", "Sum.breaks", "outer.inner.deep", "outer.inner.deep"]);
    assert_eq!(parsed.scope, Scope::of(Unit::Tests, 4));
    assert!(parsed.gaps.is_empty(), "{:?}", parsed.gaps);
    let [fails, breaks, deep, second] = parsed.findings.as_slice() else { panic!() };
    assert_eq!((&*fails.title, &*fails.message), ("1 == 2", "1 == 2\nat x\nat b.js:7\ntype: AssertionError"));
    assert_eq!(fails.location.as_ref().unwrap().to_string(), "test/b.js:7");
    assert_eq!((&*breaks.title, breaks.severity_raw.as_deref()), ("boom <x> & more", Some("error")));
    assert_eq!(breaks.location.as_ref().unwrap().to_string(), "test/a.js");
    assert_eq!((&*deep.title, &*second.title), ("outer.inner.deep failed", "second"));
    assert!(parsed.findings.iter().all(|finding| finding.severity == Severity::High));
}

#[test]
fn a_single_suite_is_also_a_report() {
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
    let uncounted = r#"<testsuite failures=""><testcase name="t"><failure/></testcase></testsuite>"#;
    assert!(parse(uncounted).unwrap().gaps.is_empty());
}

/// Biome 2.6 counts an error under failures, too (`fixtures/junit/biome`).
#[test]
fn a_problem_that_is_counted_twice_is_one_only_for_linters_that_do_so() {
    let report = |suite: &str, failures: u64, errors: u64| {
        format!(
            r#"<testsuites><testsuite {suite} tests="4" failures="{failures}" errors="{errors}"><testcase name="a"/>{}</testsuite></testsuites>"#,
            r#"<testcase name="b"><failure/></testcase>"#.repeat(3)
        )
    };
    for linter in [r#"name="Biome""#, r#"name="a.js" package="org.biome""#, r#"package="stylelint.rules""#] {
        assert_eq!(parse(&report(linter, 3, 1)).unwrap().gaps, [""; 0], "{linter}");
        assert_eq!(parse(&report(linter, 4, 1)).unwrap().gaps.len(), 1, "{linter}");
    }
    let surefire = r#"name="c" xsi:noNamespaceSchemaLocation="https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report.xsd""#;
    for runner in
        [r#"name="pytest""#, r#"name="Mocha Tests""#, r#"name="s""#, r#"name="ruff.tests""#, surefire]
    {
        for (failures, errors) in [(3, 1), (3, 3), (1, 3)] {
            let gaps = parse(&report(runner, failures, errors)).unwrap().gaps;
            let counted = failures + errors;
            assert!(
                gaps.iter()
                    .any(|gap| gap.ends_with(&format!("counts {counted} failures and errors, and shows 3"))),
                "{runner}: {gaps:?}"
            );
        }
        assert_eq!(parse(&report(runner, 2, 1)).unwrap().gaps, [""; 0], "{runner}");
    }
}

#[test]
fn a_report_without_tests_that_ran_has_an_empty_scope() {
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
fn a_suite_with_an_error_of_its_own_is_a_finding() {
    let parsed =
        parse(r#"<testsuite name="s" errors="1"><error message="no such module"/></testsuite>"#).unwrap();
    assert_eq!((rules(&parsed), parsed.gaps.len()), (vec!["s"], 0));
}

#[test]
fn a_case_whose_status_says_that_it_failed_is_a_finding() {
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
fn the_text_of_a_failure_is_limited() {
    let report = format!(
        "<testsuite><testcase><failure>{}</failure></testcase></testsuite>",
        "é&amp;".repeat(100_000)
    );
    let message = &parse(&report).unwrap().findings[0].message;
    assert!(message.starts_with("é&é") && message.len() <= 8 * 1024);
}

#[test]
fn deeply_nested_suites_do_not_crash_the_process() {
    let open = "<testsuite name='suite'><testcase><failure/></testcase>".repeat(50_000);
    let parsed = parse(&format!("{open}{}", "</testsuite>".repeat(50_000))).unwrap();
    assert_eq!(parsed.findings.len(), 50_000);
    assert!(matches!(parse(&open), Err(ReportError::Cut { .. })));
}

#[test]
fn a_document_that_is_not_a_junit_report_is_refused() {
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

#[test]
fn a_test_that_was_skipped_and_failed_all_the_same_did_fail() {
    for skipped in [
        r#"type="pytest.skip" message="no gpu""#,
        r#"type="pytest.xfail" message="bug 7""#,
        r#"type="todo""#,
        r#"message="todo""#,
        "",
    ] {
        let report = format!(
            r#"<testsuite><testcase name="t"><skipped {skipped}/><error message="m"/></testcase></testsuite>"#
        );
        let parsed = parse(&report).unwrap();
        assert_eq!((parsed.findings.len(), &parsed.findings[0].suppressed), (1, &None), "{report}");
    }
}

#[test]
fn a_linter_that_skips_all_of_its_rules_has_checked_nothing() {
    let rules = |inner: &str| {
        let suite = format!("<testsuite name=\"CloudFormation Lint\" tests=\"1\">{inner}</testsuite>");
        parse(&format!("<testsuites>{suite}</testsuites>")).unwrap().scope
    };
    assert!(rules("<testcase name=\"E0000 Parsing\"><skipped/></testcase>").is_empty());
    assert!(!rules("<testcase name=\"E0000 Parsing\"/>").is_empty());
}

#[test]
fn the_tries_of_one_test_are_one_failure_and_a_flaky_pass_is_visible() {
    let flaky = r#"<testsuite failures="2"><testcase name="a"><flakyFailure message="m"/><flakyError message="n"/></testcase></testsuite>"#;
    let parsed = parse(flaky).unwrap();
    assert_eq!((parsed.findings.len(), parsed.gaps.len()), (0, 0));
    assert_eq!(parsed.notes, ["1 flaky test: passed only when tried again"]);
    let failed = r#"<testsuite failures="2"><testcase name="a"><failure message="m"/><rerunFailure message="m"/></testcase></testsuite>"#;
    let parsed = parse(failed).unwrap();
    assert_eq!((parsed.findings.len(), parsed.gaps.len(), parsed.notes.len()), (1, 0, 0));
}

#[test]
fn names_are_the_same_on_every_machine_and_for_every_version() {
    for (report, rule) in [
        (r#"<testsuite name="Tool 1.2.3"><testcase name="t"><failure/></testcase></testsuite>"#, "Tool.t"),
        (
            r#"<testsuite name="/repo/test/a.js"><testcase name="/repo/b.js"><failure/></testcase></testsuite>"#,
            "test/a.js.b.js",
        ),
        (r#"<testsuite name="s" hostname="vm"><testcase name="t"><failure/></testcase></testsuite>"#, "s.t"),
    ] {
        assert_eq!(rules(&parse(report).unwrap()), [rule]);
    }
    // Playwright: the same test in two projects.
    let suite = |host: &str| {
        format!(
            r#"<testsuite name="s" hostname="{host}"><testcase name="t"><failure/></testcase></testsuite>"#
        )
    };
    let two = format!("<testsuites>{}{}</testsuites>", suite("firefox"), suite("webkit"));
    assert_eq!(rules(&parse(&two).unwrap()), ["[firefox] s.t", "[webkit] s.t"]);
}

#[test]
fn the_place_of_a_failure_may_stand_on_it_and_be_an_address() {
    for (attributes, place) in [
        (r#"file="main.c" line="38""#, "main.c:38"),
        (r#"file="file:///repo/src/a%20b.c" line="3""#, "src/a b.c:3"),
    ] {
        let report = format!(
            r#"<testsuite><testcase name="t" line="1"><failure {attributes}/></testcase></testsuite>"#
        );
        assert_eq!(parse(&report).unwrap().findings[0].location.as_ref().unwrap().to_string(), place);
    }
}

#[test]
fn a_test_that_failed_in_every_try_or_by_another_attribute_failed() {
    for (case, failed) in [
        (r#"<testcase name="a"><rerunFailure message="m"/><rerunFailure message="n"/></testcase>"#, 1),
        (r#"<testcase name="a"><rerunError/></testcase>"#, 1),
        (r#"<testcase name="a"><flakyError/></testcase>"#, 0),
        (r#"<testcase name="a"><failure/><rerunFailure/></testcase>"#, 1),
        (r#"<testcase name="a" status="run" result="failed"/>"#, 1),
        (r#"<testcase name="a" status="run" result="completed"/>"#, 0),
    ] {
        let parsed = parse(&format!(r#"<testsuite name="s">{case}</testsuite>"#)).unwrap();
        assert_eq!((parsed.findings.len(), &parsed.gaps), (failed, &Vec::new()), "{case}");
    }
}

#[test]
fn a_count_that_is_no_number_is_a_gap() {
    for count in ["failures='1 of 3'", "errors='-1'", "tests='99999999999999999999'"] {
        let text = format!(r#"<testsuite name="s" {count}><testcase name="a"/></testsuite>"#);
        let gaps = parse(&text).unwrap().gaps;
        assert!(gaps.len() == 1 && gaps[0].ends_with("that is no number"), "{count}: {gaps:?}");
    }
}

/// As Node 22 says it (`lib/internal/test_runner/test.js`).
#[test]
fn a_coverage_of_node_that_is_too_low_is_another_cause() {
    let comment = "<!-- Error: 50.00% line coverage does not meet threshold of 80%. -->";
    let case = r#"<testcase name="a"><failure/></testcase>"#;
    let parsed = parse(&format!("<testsuites>{case}<!-- fail 1 -->{comment}</testsuites>")).unwrap();
    let why = "Error: 50.00% line coverage does not meet threshold of 80%.";
    assert_eq!(parsed.unexplained.as_deref(), Some(why));
}

/// The ids of a report with one suite.
fn ids(cases: &str) -> Vec<Text> {
    use crate::policy::fingerprint::{SourceLines, assign_ids};
    let mut findings = parse(&format!("<testsuite name='s'>{cases}</testsuite>")).unwrap().findings;
    let scrubber = crate::redact::Scrubber::default();
    assign_ids(&mut findings, &mut SourceLines::new(&|_| None, &scrubber));
    findings.into_iter().map(|finding| finding.id).collect()
}

#[test]
fn a_failure_with_other_content_has_another_id() {
    let of = |kind: &str, text: &str| {
        ids(&format!("<testcase name='t'><failure type='{kind}' message='m'>{text}</failure></testcase>"))
    };
    let known = of("AssertionError", "CVE-2021-44228 in log4j");
    assert_eq!(known, of("AssertionError", "CVE-2021-44228 in log4j"));
    assert_ne!(known, of("SegFault", "CVE-2021-44228 in log4j"));
    assert_ne!(known, of("AssertionError", "CVE-2024-3094 in log4j"));
    // One case for the whole run, and one error more at its end.
    let run = |more: &str| {
        let lines: String =
            (1..=200).map(|n| format!("src/module.py:{n}: error: x{n} is wrong  [arg]\n")).collect();
        of("", &(lines + more))
    };
    assert_eq!(run(""), run(""));
    assert_ne!(run(""), run("src/new.py:1: error: y  [arg]"));
}

#[test]
fn two_versions_in_the_names_of_tests_are_two_tests() {
    let of = |name: &str| ids(&format!("<testcase name='{name}'><failure/></testcase>"));
    assert_ne!(of("supports TLS 1.2"), of("supports TLS 1.3"));
    assert_ne!(of("reads 1.2.3"), of("reads 1.2.4"));
}
