//! Linters whose reports are not among the recorded ones.

use super::*;

/// cpplint 2.0.2 writes one failure for a file, and counts its lines.
#[test]
fn the_lines_of_a_file_are_the_failures_of_cpplint() {
    let lines = r#"0: No copyright message found. [legal/copyright] [5]
2: Missing spaces around = [whitespace/operators] [4]
3: Tab found; better to use spaces [whitespace/tab] [1]"#;
    let report = |n: u64| {
        format!(
            r#"<testsuite errors="0" failures="{n}" name="cpplint" tests="{n}"><testcase name="src/a.cc"><failure>{lines}</failure></testcase></testsuite>"#
        )
    };
    let parsed = parse(&report(3)).unwrap();
    let [finding] = parsed.findings.as_slice() else { panic!("{:?}", parsed.findings) };
    assert_eq!(finding.location.as_ref().unwrap().to_string(), "src/a.cc");
    assert_eq!((finding.severity, parsed.gaps), (Severity::High, vec![]));
    assert_eq!(parsed.written_by, ["cpplint"]);
    // One more is missing.
    assert_eq!(parse(&report(4)).unwrap().gaps, ["suite cpplint counts 4 failures and errors, and shows 3"]);
}

/// ty 0.0.108; fortitude 0.10.0 has the same form, without a severity.
#[test]
fn a_severity_may_be_a_property() {
    for (package, tool) in [("org.ty", "ty"), ("org.plasmafair.fortitude", "fortitude")] {
        for (word, expected) in [("error", Severity::High), ("warning", Severity::Medium)] {
            let report = format!(
                r#"<testsuites name="x" tests="1" failures="1"><testsuite name="/repo/src/t.py" tests="1" failures="1" package="{package}">
                   <testcase name="{package}.invalid-assignment" classname="/repo/src/t" line="2" column="10"><properties><property name="severity" value="{word}"/></properties>
                   <failure message="Not assignable">line 2, col 10, Not assignable</failure></testcase></testsuite></testsuites>"#
            );
            let parsed = parse(&report).unwrap();
            let [finding] = parsed.findings.as_slice() else { panic!("{:?}", parsed.findings) };
            assert_eq!((&*finding.rule, finding.severity), ("invalid-assignment", expected));
            assert_eq!(finding.location.as_ref().unwrap().to_string(), "src/t.py:2");
            assert_eq!((parsed.written_by, parsed.gaps), (vec![tool.into()], vec![]));
        }
    }
    let java = r#"<testsuite name="a" package="org.tycho" tests="1"><testcase name="t"/></testsuite>"#;
    assert!(parse(java).unwrap().listed.is_some(), "tests");
}

/// Trivy's `contrib/junit.tpl`.
#[test]
fn a_case_of_trivys_template_has_a_severity_a_rule_and_a_package() {
    let case = |class: &str, name: &str| {
        format!(
            r#"<testcase classname="{class}" name="{name}" time=""><failure message="m of {class}" type="description">Line 1, x</failure></testcase>"#
        )
    };
    let cases = [
        case("lodash-4.17.4", "[CRITICAL] CVE-2019-10744"),
        case("gcc-10-base-10.2", "[LOW] CVE-2018-3721"),
        case("x-1", "[UNKNOWN] CVE-2025-0001"),
        case("dockerfile", "[HIGH] DS-0002"),
        case("AWS", "[CRITICAL] aws-access-key-id"),
    ];
    let report = format!(
        r#"<testsuites name="trivy"><testsuite tests="5" failures="5" name="package-lock.json" errors="0" skipped="0" time="">
           <properties><property name="type" value="npm"></property></properties>{}</testsuite></testsuites>"#,
        cases.concat()
    );
    let parsed = parse(&report).unwrap();
    let read: Vec<_> = parsed
        .findings
        .iter()
        .map(|finding| {
            let package = finding.package.as_ref();
            let version = package.and_then(|package| package.version.as_deref());
            (
                &*finding.rule,
                finding.severity,
                finding.category,
                package.map(|package| &*package.name),
                version,
            )
        })
        .collect();
    assert_eq!(
        read,
        [
            ("CVE-2019-10744", Severity::Critical, Category::Vulnerability, Some("lodash"), Some("4.17.4")),
            ("CVE-2018-3721", Severity::Low, Category::Vulnerability, Some("gcc-10-base-10.2"), None),
            ("CVE-2025-0001", Severity::Unknown, Category::Vulnerability, Some("x"), Some("1")),
            ("DS-0002", Severity::High, Category::Misconfiguration, None, None),
            ("aws-access-key-id", Severity::Critical, Category::Secret, None, None),
        ]
    );
    assert_eq!(parsed.findings[0].location.as_ref().unwrap().to_string(), "package-lock.json");
    for test in ["[CRITICAL] logs in", "[HIGH] login", "[x] CVE-2019-1"] {
        let parsed = parse(&format!("<testsuite>{}</testsuite>", case("a", test))).unwrap();
        assert_eq!((parsed.findings[0].category, parsed.listed.is_some()), (Category::Test, true), "{test}");
    }
}
