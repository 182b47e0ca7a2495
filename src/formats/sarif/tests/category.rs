use super::one;
use crate::model::finding::Category;

#[test]
fn the_category_comes_from_tags_then_from_the_scanner_then_from_the_rule() {
    for (id, tags, category) in [
        ("CVE-2020-11022", r#"["security"]"#, Category::Vulnerability),
        ("BDSA-2020-1001 (CVE-2020-11022)", "null", Category::Vulnerability),
        ("GHSA-29mw-wpgm-hmr9-lodash", r#"[]"#, Category::Vulnerability),
        ("AVD-1", r#"["Misconfiguration"]"#, Category::Misconfiguration),
        ("CVE-2020-11022", r#"["secret"]"#, Category::Secret),
        ("js/xss", r#"["security", "external/cwe/cwe-079"]"#, Category::Sast),
        ("js/eval", r#"["security", "maintainability"]"#, Category::Sast),
        ("js/xss", r#"["CWE-79: XSS"]"#, Category::Sast),
        ("js/long", r#"["maintainability", "readability"]"#, Category::Quality),
        ("js/long", r#"[]"#, Category::Quality),
        ("RUSTSEC-2024-0001", r#"[]"#, Category::Vulnerability),
    ] {
        let finding = one("", &format!(r#"{{"ruleId": "{id}", "properties": {{"tags": {tags}}}}}"#));
        assert_eq!(finding.category, category, "{id}");
    }
    let finding = one("", r#"{"ruleId": "BDSA-1 (CVE-2020-11022, CVE-2020-11023)"}"#);
    assert_eq!(finding.aliases, ["CVE-2020-11022".into(), "CVE-2020-11023".into()].into());
}

/// One run of this tool, with one result without tags.
#[test]
fn tools_that_look_for_one_kind_of_problem_are_known() {
    for (tool, category) in [
        ("Semgrep OSS", Category::Sast),
        ("Semgrep Pro", Category::Sast),
        ("Bandit", Category::Sast),
        ("CodeQL", Category::Sast),
        ("zizmor", Category::Sast),
        ("njsscan", Category::Sast),
        ("nodejsscan", Category::Sast),
        ("Kingfisher", Category::Secret),
        ("gitleaks", Category::Secret),
        ("cfn-lint", Category::Misconfiguration),
        ("ruff", Category::Lint),
        ("ESLint", Category::Lint),
        ("other", Category::Quality),
    ] {
        let log = format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "{tool}"}}}}, "results": [{{}}]}}]}}"#
        );
        assert_eq!(super::parse(&log).unwrap().findings[0].category, category, "{tool}");
    }
}
