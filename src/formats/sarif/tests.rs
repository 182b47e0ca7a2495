use super::*;

fn origin() -> ReportOrigin {
    ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: "target".into() }
}

fn parse(text: &str) -> Result<Parsed, ReportError> {
    read(text.as_bytes(), &origin())
}

fn run(rest: &str) -> Parsed {
    parse(&format!(r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "x"}}}}, {rest}}}]}}"#))
        .unwrap()
}

/// The one finding of a run with these rules and this result.
fn one(rules: &str, result: &str) -> Finding {
    let log = format!(
        r#"{{"version": "2.1.0", "runs": [{{
            "tool": {{"driver": {{"name": "x", "rules": [{rules}]}}, "extensions": [
                {{"name": "plug-in", "guid": "g", "rules": [
                    {{"id": "E0"}}, {{"id": "E1", "defaultConfiguration": {{"level": "note"}}}}]}}]}},
            "artifacts": [{{"location": {{"uri": "a.c", "uriBaseId": "SRC"}}}}],
            "originalUriBaseIds": {{
                "ROOT": {{"uri": "file:///repo/"}}, "SRC": {{"uri": "src/", "uriBaseId": "ROOT"}},
                "FAR": {{"uri": "file://build.example.test/work"}}, "FARSRC": {{"uri": "src", "uriBaseId": "FAR"}},
                "A": {{"uri": "a/", "uriBaseId": "B"}}, "B": {{"uri": "b/", "uriBaseId": "A"}}}},
            "results": [{result}]}}]}}"#
    );
    let mut parsed = parse(&log).unwrap();
    assert_eq!((parsed.findings.len(), parsed.gaps.len()), (1, 0), "{result}");
    parsed.findings.remove(0)
}

#[test]
fn a_run_without_results_is_a_gap_and_not_clean() {
    for rest in [r#""artifacts": []"#, r#""results": null"#] {
        let parsed = run(rest);
        assert_eq!(parsed.gaps, ["the run of x has no `results`: it did not produce any"]);
        assert!(parsed.scope.is_empty());
    }
    let parsed = run(r#""results": [], "externalPropertyFileReferences": {"results": [{"location": {}}]}"#);
    assert_eq!(parsed.gaps.len(), 1);
}

#[test]
fn a_run_with_an_empty_list_of_results_is_clean() {
    let parsed = run(r#""results": []"#);
    assert_eq!((parsed.scope, parsed.gaps.len()), (Scope::of(Unit::Runs, 1), 0));
    let parsed = run(r#""results": [], "artifacts": [{}, {}]"#);
    assert_eq!(parsed.scope.get(Unit::Files), Some(2));
}

#[test]
fn a_log_without_runs_looked_at_nothing() {
    assert!(parse(r#"{"version": "2.1.0", "runs": []}"#).unwrap().scope.is_empty());
}

#[test]
fn a_run_that_calls_itself_unsuccessful_is_a_gap() {
    for (invocation, gap) in [
        (r#"{"executionSuccessful": false}"#, "x says: its run was not successful"),
        (
            r#"{"executionSuccessful": false, "toolExecutionNotifications": [{"message": {"text": "no memory"}}]}"#,
            "x says: its run was not successful: no memory",
        ),
        (
            r#"{"executionSuccessful": false, "exitCodeDescription": "Aborted"}"#,
            "x says: its run was not successful: Aborted",
        ),
        (
            r#"{"executionSuccessful": true, "toolExecutionNotifications": [
                {"level": "error", "message": {"text": "a.js does not parse"}}, {"level": "warning"}]}"#,
            "x says: a.js does not parse",
        ),
    ] {
        let parsed =
            run(&format!(r#""results": [{{"message": {{"text": "m"}}}}], "invocations": [{invocation}]"#));
        assert_eq!((parsed.gaps.as_slice(), parsed.findings.len()), ([gap.to_owned()].as_slice(), 1));
    }
    assert!(run(r#""results": [], "invocations": [{"executionSuccessful": true}]"#).gaps.is_empty());
}

#[test]
fn the_level_is_the_results_or_the_rules_or_warning() {
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
        {"id": "Q", "properties": {"security-severity": "high"}}"#;
    for (result, severity) in [
        (r#"{"ruleId": "R", "level": "note"}"#, Severity::Critical),
        (r#"{"ruleId": "R", "properties": {"security-severity": 4}}"#, Severity::Medium),
        (r#"{"ruleId": "R", "properties": {"security-severity": "NaN"}}"#, Severity::Critical),
        (r#"{"ruleId": "Q", "level": "error"}"#, Severity::High),
        (r#"{"ruleId": "Q", "level": "error", "properties": {"tags": 7, "cwe": {}}}"#, Severity::High),
    ] {
        assert_eq!(one(rules, result).severity, severity, "{result}");
    }
}

#[test]
fn a_result_that_is_no_failure_is_no_finding() {
    for (result, findings) in [
        (r#"{"kind": "pass"}"#, 0),
        (r#"{"kind": "review", "level": "none"}"#, 0),
        (r#"{"kind": "pass", "level": "error"}"#, 1),
        (r#"{"kind": "fail"}"#, 1),
        (r#"{"kind": null}"#, 1),
        (r#"{"baselineState": "absent"}"#, 0),
        (r#"{"baselineState": "unchanged"}"#, 1),
    ] {
        assert_eq!(run(&format!(r#""results": [{result}]"#)).findings.len(), findings, "{result}");
    }
}

#[test]
fn a_suppression_under_review_does_not_suppress() {
    for (suppressions, suppressed) in [
        (r#"[]"#, None),
        (r#"null"#, None),
        (
            r#"[{"kind": "inSource", "justification": "test data"}]"#,
            Some("suppressed in the source: test data"),
        ),
        (r#"[{"kind": "external", "status": "accepted"}]"#, Some("suppressed outside the source")),
        (r#"[{"kind": "external", "status": "underReview"}]"#, None),
        (r#"[{"kind": "inSource"}, {"kind": "external", "status": "rejected"}]"#, None),
    ] {
        let finding = one("", &format!(r#"{{"suppressions": {suppressions}}}"#));
        assert_eq!(finding.suppressed.as_deref(), suppressed, "{suppressions}");
    }
}

#[test]
fn a_message_is_resolved_through_its_rule() {
    let rules = r#"{"id": "R", "shortDescription": {"text": "Short."},
        "messageStrings": {"m": {"text": "{0} is {{not}} {1}, {2} {0"}}}"#;
    for (message, wanted) in [
        (r#"{"text": "plain {0} {{x}}"}"#, "plain {0} {{x}}"),
        (r#"{"markdown": "**bold**"}"#, "**bold**"),
        (r#"{"text": "a {0}", "arguments": ["b"]}"#, "a b"),
        (r#"{"id": "m", "arguments": ["x", "y"]}"#, "x is {not} y, {2} {0"),
        (r#"{"id": "lost", "arguments": ["x", "y"]}"#, "x, y"),
        (r#"{"id": "lost"}"#, ""),
    ] {
        let finding = one(rules, &format!(r#"{{"ruleId": "R", "message": {message}}}"#));
        assert_eq!((&*finding.message, &*finding.title), (wanted, "Short."));
    }
    let endless = format!(r#"{{"message": {{"text": "{}", "arguments": ["a"]}}}}"#, "{".repeat(1 << 20));
    assert_eq!(one("", &endless).message.len(), 1 << 19);
}

#[test]
fn a_location_is_relative_to_the_repository_whatever_it_is_relative_to() {
    let finding = |location: &str| {
        one("", &format!(r#"{{"locations": [{{"physicalLocation": {{"artifactLocation": {location}}}}}]}}"#))
    };
    for (location, path) in [
        (r#"{"uri": "src/a%20b.c"}"#, "src/a b.c"),
        (r#"{"uri": "./src//a.c"}"#, "src/a.c"),
        (r#"{"uri": "file:///repo/src/a.c"}"#, "src/a.c"),
        (r#"{"uri": "file:///elsewhere/a.c"}"#, "/elsewhere/a.c"),
        (r#"{"uri": "a.c", "uriBaseId": "ROOT"}"#, "a.c"),
        (r#"{"uri": "a.c", "uriBaseId": "SRC"}"#, "src/a.c"),
        (r#"{"uri": "a.c", "uriBaseId": "FAR"}"#, "a.c"),
        (r#"{"uri": "a.c", "uriBaseId": "FARSRC"}"#, "src/a.c"),
        (r#"{"uri": "a.c", "uriBaseId": "UNKNOWN"}"#, "a.c"),
        (r#"{"index": 0}"#, "src/a.c"),
        (r#"{"uri": "https://example.test/a.c"}"#, "https://example.test/a.c"),
    ] {
        assert_eq!(finding(location).location.map(|it| it.path).as_deref(), Some(path), "{location}");
    }
    assert!(finding(r#"{"uri": "a.c", "uriBaseId": "A"}"#).location.is_some(), "bases in a circle");
    assert_eq!(finding(r#"{"index": 7}"#).location, None);
}

#[test]
fn a_place_without_a_file_names_what_it_is_about() {
    let finding = one("", r#"{"locations": [{"logicalLocations": [{"fullyQualifiedName": "a::b"}]}]}"#);
    assert_eq!((finding.location, finding.resource.as_deref()), (None, Some("a::b")));
}

#[test]
fn a_region_keeps_its_position_and_not_its_text() {
    let region = r#"{"startLine": 0, "endLine": -1, "startColumn": 3, "snippet": {"text": "hunter2"}}"#;
    let physical = format!(r#"{{"artifactLocation": {{"uri": "a"}}, "region": {region}}}"#);
    let finding = one("", &format!(r#"{{"locations": [{{}}, {{"physicalLocation": {physical}}}]}}"#));
    assert!(!format!("{finding:?}").contains("hunter2"));
    let location = finding.location.unwrap();
    assert_eq!((location.start_line, location.start_column.map(u32::from)), (None, Some(3)));
}

#[test]
fn the_category_is_told_by_tags_then_by_the_scanner_then_by_the_rule() {
    for (id, tags, category) in [
        ("CVE-2020-11022", r#"["security"]"#, Category::Vulnerability),
        ("BDSA-2020-1001 (CVE-2020-11022)", "null", Category::Vulnerability),
        ("GHSA-29mw-wpgm-hmr9-lodash", r#"[]"#, Category::Vulnerability),
        ("AVD-1", r#"["Misconfiguration"]"#, Category::Misconfiguration),
        ("CVE-2020-11022", r#"["secret"]"#, Category::Secret),
        ("js/xss", r#"["security", "external/cwe/cwe-079"]"#, Category::Quality),
    ] {
        let finding = one("", &format!(r#"{{"ruleId": "{id}", "properties": {{"tags": {tags}}}}}"#));
        assert_eq!(finding.category, category, "{id}");
    }
    let finding = one("", r#"{"ruleId": "BDSA-1 (CVE-2020-11022, CVE-2020-11023)"}"#);
    assert_eq!(finding.aliases, ["CVE-2020-11022".into(), "CVE-2020-11023".into()].into());
}

#[test]
fn weaknesses_are_found_wherever_tools_write_them() {
    let rules = r#"{"id": "R", "helpUri": "https://example.test/R",
        "properties": {"tags": ["external/cwe/cwe-079", "CWE-79: XSS", "cwe", "CWE-", "é"], "cwe": "CWE-80"},
        "relationships": [{"target": {"id": "CWE-327"}}]}"#;
    let result = r#"{"ruleId": "R", "taxa": [{"id": "cwe-1"}], "fixes": [{"description": {"text": "Do."}}]}"#;
    let finding = one(rules, result);
    let cwe: Vec<&str> = finding.cwe.iter().map(|cwe| &**cwe).collect();
    assert_eq!(cwe, ["CWE-79", "CWE-80", "CWE-327", "CWE-1"]);
    assert_eq!(finding.references, ["https://example.test/R".into()].into());
    assert_eq!(finding.fix.as_deref(), Some("Do."));
}

#[test]
fn what_is_no_sarif_log_is_refused() {
    for text in [
        "{}",
        "[]",
        "null",
        r#"{"runs": []}"#,
        r#"{"version": "2.1.0"}"#,
        r#"{"version": "2.1.0", "runs": null}"#,
        r#"{"version": "2.0.0", "runs": []}"#,
        r#"{"version": "2.1.0", "runs": {}}"#,
        r#"{"version": "2.1.0", "runs": [{"results": {}}]}"#,
        r#"{"version": "2.1.0", "runs": [{"results": [7]}]}"#,
        r#"{"version": "2.1.0", "runs": [{"results": [null]}]}"#,
        r#"{"version": "2.1.0", "runs": [null]}"#,
        "<!doctype html><title>502</title>",
    ] {
        assert!(matches!(parse(text), Err(ReportError::Foreign { .. })), "{text}");
    }
    assert!(matches!(parse(" \r\n"), Err(ReportError::Empty { .. })));
    assert!(matches!(parse(r#"{"version": "2.1.0", "runs": [{"results": ["#), Err(ReportError::Cut { .. })));
    assert!(parse("\u{feff}{\"version\": \"2.1.0\", \"runs\": []}").is_ok());
}
