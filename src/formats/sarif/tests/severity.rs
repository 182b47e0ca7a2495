use super::{one, parse};
use crate::model::severity::Severity;

#[test]
fn the_level_comes_from_the_result_then_from_the_rule_and_else_is_warning() {
    let rules = r#"{"id": "R0"}, {"id": "R1", "defaultConfiguration": {"level": "error"}}"#;
    for (result, severity) in [
        (r#"{"ruleId": "R1", "level": "note"}"#, Severity::Low),
        (r#"{"ruleId": "R1", "level": "none"}"#, Severity::Info),
        (r#"{"ruleId": "R1", "level": "grave"}"#, Severity::Unknown),
        (r#"{"ruleId": "R1"}"#, Severity::High),
        (r#"{"ruleId": "R1/a/b"}"#, Severity::High),
        (r#"{"ruleIndex": 1}"#, Severity::High),
        (r#"{"rule": {"index": 1}}"#, Severity::High),
        (r#"{"rule": {"id": "R1"}, "ruleIndex": -1}"#, Severity::High),
        (r#"{"ruleId": "R0"}"#, Severity::Medium),
        (r#"{"ruleId": "R0", "ruleIndex": 1}"#, Severity::Medium),
        (r#"{"ruleId": "R1", "ruleIndex": 7}"#, Severity::High),
        (r#"{}"#, Severity::Medium),
        (r#"{"rule": {"index": 1, "toolComponent": {"index": 0}}}"#, Severity::Low),
        (r#"{"rule": {"index": 1, "toolComponent": {"guid": "g"}}}"#, Severity::Low),
        (r#"{"rule": {"id": "E1", "toolComponent": {"name": "plug-in"}}}"#, Severity::Low),
        (r#"{"ruleId": "E1/x"}"#, Severity::Low),
    ] {
        assert_eq!(one(rules, result).severity, severity, "{result}");
    }
}

#[test]
fn security_severity_goes_before_the_level() {
    let rules = r#"{"id": "R", "properties": {"security-severity": "9.8"}},
        {"id": "Q", "properties": {"severity": "high", "security-severity": "high"}}"#;
    for (result, severity) in [
        (r#"{"ruleId": "R", "level": "note"}"#, Severity::Critical),
        (r#"{"ruleId": "R", "properties": {"security-severity": 4}}"#, Severity::Medium),
        (r#"{"ruleId": "R", "properties": {"security-severity": "NaN"}}"#, Severity::Critical),
        (r#"{"ruleId": "Q", "level": "note"}"#, Severity::High),
        (r#"{"level": "error", "properties": {"security-severity": 0}}"#, Severity::High),
        (r#"{"level": "error", "properties": {"security-severity": "0.0"}}"#, Severity::High),
        (r#"{"level": "error", "properties": {"security-severity": -1}}"#, Severity::High),
        (r#"{"level": "error", "properties": {"security-severity": "10.1"}}"#, Severity::High),
        (r#"{"level": "error", "properties": {"security-severity": "none"}}"#, Severity::High),
        (r#"{"level": "note", "properties": {"security-severity": "10"}}"#, Severity::Critical),
        (
            r#"{"ruleId": "R", "level": "note", "properties": {"security-severity": "0.0"}}"#,
            Severity::Critical,
        ),
        (r#"{"ruleId": "Q", "level": "error", "properties": {"tags": 7, "cwe": {}}}"#, Severity::High),
    ] {
        assert_eq!(one(rules, result).severity, severity, "{result}");
    }
}

#[test]
fn the_tools_own_word_goes_before_everything() {
    let rules = r#"{"id": "R", "properties": {"tags": ["security", "HIGH"], "security-severity": "2.0"}},
        {"id": "U", "properties": {"tags": ["vulnerability", "UNKNOWN"], "security-severity": "0.0"}},
        {"id": "P", "properties": {"precision": "high", "tags": ["HIGH CONFIDENCE"], "problem.severity": "error"}}"#;
    for (result, severity) in [
        (r#"{"ruleId": "R", "level": "note"}"#, Severity::High),
        (r#"{"ruleId": "R", "properties": {"severity": "low"}}"#, Severity::Low),
        (
            r#"{"ruleId": "R", "properties": {"issue_severity": "MEDIUM", "issue_confidence": "HIGH"}}"#,
            Severity::Medium,
        ),
        (
            r#"{"properties": {"zizmor/severity": "Informational", "zizmor/confidence": "High"}}"#,
            Severity::Info,
        ),
        (r#"{"properties": {"DevSkimSeverity": "Critical"}}"#, Severity::Critical),
        (r#"{"properties": {"cvssv3_baseSeverity": "HIGH", "cvssv2_severity": "LOW"}}"#, Severity::High),
        (r#"{"ruleId": "R", "properties": {"severity": "grave"}}"#, Severity::High),
        (r#"{"ruleId": "R", "properties": {"severity": 3}}"#, Severity::High),
        (r#"{"ruleId": "U", "level": "note"}"#, Severity::Unknown),
        (r#"{"level": "note", "properties": {"severity": "Unknown"}}"#, Severity::Unknown),
        (r#"{"level": "note", "properties": {"tags": ["UNKNOWN", "LOW"]}}"#, Severity::Low),
        (r#"{"ruleId": "P", "level": "note"}"#, Severity::Low),
    ] {
        assert_eq!(one(rules, result).severity, severity, "{result}");
    }
}

#[test]
fn a_result_that_the_tool_could_not_decide_is_unrated_unless_it_is_rated() {
    let rules = r#"{"id": "R", "defaultConfiguration": {"level": "note"}}"#;
    for (result, severity) in [
        (r#"{"kind": "open"}"#, Severity::Unknown),
        (r#"{"kind": "review", "level": "none"}"#, Severity::Unknown),
        (r#"{"ruleId": "R", "kind": "review"}"#, Severity::Unknown),
        (r#"{"kind": "review", "level": "error"}"#, Severity::High),
        (
            r#"{"kind": "review", "level": "note", "properties": {"zizmor/severity": "Informational"}}"#,
            Severity::Info,
        ),
        (r#"{"kind": "open", "properties": {"security-severity": "9.1"}}"#, Severity::Critical),
    ] {
        assert_eq!(one(rules, result).severity, severity, "{result}");
    }
}

/// As its own gate rates it.
#[test]
fn a_tool_with_a_gate_of_its_own_has_the_severities_of_that_gate() {
    for (tool, level, severity) in [
        ("gitleaks", None, Severity::High),
        ("gitleaks", Some("warning"), Severity::Medium),
        ("TruffleHog", None, Severity::High),
        ("ESLint", Some("error"), Severity::High),
        ("ESLint", Some("warning"), Severity::Low),
        ("cfn-lint", Some("error"), Severity::High),
        ("cfn-lint", None, Severity::Medium),
        ("cfn-lint", Some("note"), Severity::Info),
        ("Checkov", Some("error"), Severity::Unknown),
        ("other", None, Severity::Medium),
    ] {
        let level = level.map(|level| format!(r#""level": "{level}""#)).unwrap_or_default();
        let log = format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "{tool}"}}}}, "results": [{{{level}}}]}}]}}"#
        );
        assert_eq!(parse(&log).unwrap().findings[0].severity, severity, "{tool} {level}");
    }
}
