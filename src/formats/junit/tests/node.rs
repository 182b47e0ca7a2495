//! Reports of Node, whose counts stand in comments.

use super::{parse, rules};
use crate::model::scope::{Scope, Unit};

const PASSES: &str = r#"<testcase name="ok"/>"#;
const FAILS: &str = r#"<testcase name="bad"><failure message="m"/></testcase>"#;
const TODO: &str =
    r#"<testcase name="t"><skipped type="todo" message="later"/><failure message="m"/></testcase>"#;

fn report(cases: &str, counts: &str) -> String {
    let comments = counts.split(", ").map(|count| format!("<!-- {count} -->"));
    format!("<testsuites>{cases}{}</testsuites>", comments.collect::<String>())
}

#[test]
fn a_failure_that_node_expected_is_kept_and_suppressed() {
    let parsed = parse(&report(TODO, "tests 1, fail 0, todo 1")).unwrap();
    assert_eq!(parsed.findings[0].suppressed.as_deref(), Some("expected to fail: later"));
    assert_eq!((parsed.scope, parsed.listed.unwrap().tests), (Scope::of(Unit::Tests, 1), 0));
}

#[test]
fn a_failure_is_expected_only_if_node_counts_it_as_todo() {
    let error = TODO.replace("failure", "error");
    let twice = TODO.replace("<failure", r#"<skipped type="todo"/><failure"#);
    for text in [
        report(TODO, ""),
        report(TODO, "tests 1, fail 0, todo 0"),
        report(&TODO.repeat(2), "tests 2, fail 0, todo 1"),
        report(&error, "tests 1, fail 0, todo 1"),
        report(&twice, "tests 1, fail 0, todo 1"),
        format!(r#"<testsuite name="pytest">{TODO}<!-- todo 1 --></testsuite>"#),
    ] {
        let parsed = parse(&text).unwrap();
        assert!(!parsed.findings.is_empty(), "{text}");
        assert!(parsed.findings.iter().all(|finding| finding.suppressed.is_none()), "{text}");
        let listed = parsed.listed.unwrap();
        assert_eq!((listed.failures, listed.tests), (rules(&parsed).len() as u64, listed.failures), "{text}");
    }
}

/// What is counted more than shown: a gap, or beside failures that may all be waived an exit code without a cause.
#[test]
fn counts_that_exceed_what_is_listed_are_no_proof() {
    let both = format!("{PASSES}{FAILS}");
    let nested = format!(r#"<testsuite name="parent">{both}</testsuite>"#);
    for (cases, counts, more) in [
        (&*both, "tests 2, suites 0, fail 1, cancelled 0", None),
        (&*both, "tests 2, fail 1, cancelled 1", Some("the report counts 2 failures, and shows 1")),
        (&*both, "fail   2", Some("the report counts 2 failures, and shows 1")),
        (&*both, "fail 2, fail 0", Some("the report counts 2 failures, and shows 1")),
        (&*both, "tests 5, fail 1", Some("the report counts 5 tests and suites, and shows 2")),
        (PASSES, "tests 1, fail 0, cancelled 1", Some("the report counts 1 failures, and shows 0")),
        (PASSES, "tests 5, fail 0", Some("the report counts 5 tests and suites, and shows 1")),
        (
            PASSES,
            "tests 18446744073709551615, suites 1",
            Some("the report counts 18446744073709551615 tests and suites, and shows 1"),
        ),
        // A test with subtests is a suite, and `describe` is one, too.
        (&*nested, "tests 3, suites 0, fail 1", None),
        (&*nested, "tests 2, suites 1, fail 1", None),
        (&*nested, "tests 3, suites 1, fail 1", Some("the report counts 4 tests and suites, and shows 3")),
    ] {
        let parsed = parse(&report(cases, counts)).unwrap();
        let said = (parsed.gaps.first().map(String::as_str), parsed.unexplained.as_deref());
        let expected = if cases == PASSES { (more, None) } else { (None, more) };
        assert_eq!(said, expected, "{counts}");
    }
}
