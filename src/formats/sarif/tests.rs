mod category;
mod invocations;
mod packages;
mod places;
mod severity;

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
    one_of(rules, result, "[]")
}

/// The same, with these invocations.
fn one_of(rules: &str, result: &str, invocations: &str) -> Finding {
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
            "invocations": {invocations}, "results": [{result}]}}]}}"#
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
    for driver in ["{}", r#"{"name": " "}"#] {
        let log =
            format!(r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {driver}}}, "results": []}}]}}"#);
        assert_eq!(parse(&log).unwrap().gaps.len(), 1, "{driver} names no tool");
    }
    let parsed =
        run(r#""results": [], "artifacts": [{}, {"roles": ["analysisTarget"]}, {"roles": ["directory"]}]"#);
    assert_eq!(parsed.scope.get(Unit::Files), Some(2));
}

/// As Checkstyle and JUnit reports that list nothing.
#[test]
fn a_run_that_lists_no_file_looked_at_nothing() {
    let clean = |artifacts: &str| run(&format!(r#""results": [], "artifacts": {artifacts}"#));
    assert!(clean("[]").scope.is_empty());
    // SARIF 2.1.0, 3.24.6, and `toolComponent` of its drafts.
    for (role, is_proof) in [
        ("analysisTarget", true),
        ("added", true),
        ("modified", true),
        ("deleted", false),
        ("attachment", false),
        ("responseFile", false),
        ("resultFile", false),
        ("standardStream", false),
        ("tracedFile", false),
        ("userSpecifiedConfiguration", false),
        ("toolSpecifiedConfiguration", false),
        ("debugOutputFile", false),
        ("toolComponent", false),
        ("driver", false),
        ("extension", false),
        ("policy", false),
        ("taxonomy", false),
        ("translation", false),
        ("referencedOnCommandLine", false),
        ("memoryContents", false),
        ("directory", false),
    ] {
        let parsed = clean(&format!(r#"[{{"roles": ["{role}"]}}]"#));
        assert_eq!((parsed.scope.is_empty(), parsed.gaps.len()), (!is_proof, 0), "{role}");
        let target = clean(&format!(r#"[{{"roles": ["{role}", "analysisTarget"]}}]"#));
        assert_eq!(target.scope.get(Unit::Files), Some(1), "{role}");
    }
    assert_eq!(run(r#""results": [{}], "artifacts": []"#).scope, Scope::of(Unit::Runs, 1));
}

#[test]
fn a_log_without_runs_has_an_empty_scope() {
    assert!(parse(r#"{"version": "2.1.0", "runs": []}"#).unwrap().scope.is_empty());
}

#[test]
fn a_result_that_is_not_a_failure_is_not_a_finding() {
    for (result, findings) in [
        (r#"{"kind": "pass"}"#, 0),
        (r#"{"kind": "notApplicable"}"#, 0),
        (r#"{"kind": "informational", "level": "none"}"#, 0),
        (r#"{"kind": "review", "level": "none"}"#, 1),
        (r#"{"kind": "open"}"#, 1),
        (r#"{"kind": "of tomorrow"}"#, 1),
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
fn what_is_no_problem_is_counted() {
    let parsed = run(
        r#""results": [{"kind": "pass"}, {"kind": "pass"}, {"kind": "informational"}, {"baselineState": "absent"}]"#,
    );
    assert!(parsed.findings.is_empty());
    for words in
        ["x lists 2 results of kind pass: no problem", "x lists 1 result of kind informational: no problem"]
    {
        assert!(parsed.proof.iter().any(|line| line == words), "{words}: {:?}", parsed.proof);
    }
}

#[test]
fn what_a_tool_could_not_decide_says_so() {
    for kind in ["open", "review"] {
        let finding = one("", &format!(r#"{{"kind": "{kind}", "message": {{"text": "cannot prove x"}}}}"#));
        assert_eq!(&*finding.title, format!("cannot prove x ({kind}: the tool could not decide it)"));
    }
    let parsed = run(r#""results": [{"kind": "open"}, {"kind": "review", "level": "note"}, {}]"#);
    assert_eq!(parsed.notes, ["x could not decide 2 results: a person must"]);
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
        // The rule's own words are the title only of a result that has none.
        let title = if wanted.is_empty() { "Short." } else { wanted };
        assert_eq!((&*finding.message, &*finding.title), (wanted, title));
    }
    let endless = format!(r#"{{"message": {{"text": "{}", "arguments": ["a"]}}}}"#, "{".repeat(1 << 20));
    assert_eq!(one("", &endless).message.len(), 1 << 19);
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
    // As gosec writes it.
    let target = r#"{"id": "327", "toolComponent": {"name": "CWE"}}"#;
    for (rules, result) in [
        (
            format!(r#"{{"id": "R", "relationships": [{{"target": {target}}}]}}"#),
            r#"{"ruleId": "R"}"#.to_owned(),
        ),
        (String::new(), format!(r#"{{"taxa": [{target}]}}"#)),
    ] {
        let finding = one(&rules, &result);
        assert_eq!((&finding.cwe[..], finding.category), (&["CWE-327".into()][..], Category::Sast));
    }
    assert_eq!(finding.references, ["https://example.test/R".into()].into());
    assert_eq!(finding.fix.as_deref(), Some("Do."));
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
        (r#"[{"kind": "external", "state": "accepted"}]"#, Some("suppressed outside the source")),
        (r#"[{"kind": "external", "state": "underReview"}]"#, None),
        (r#"[{"kind": "external", "status": "accepted", "state": "rejected"}]"#, None),
        (r#"[{"kind": "external", "expiryUtc": "2020-01-01T00:00:00Z"}]"#, None),
        (r#"[{"kind": "external", "properties": {"expiryUtc": "2020-01-01T00:00:00.000Z"}}]"#, None),
        (r#"[{"kind": "external", "properties": {"expiryUtc": "2020-01-01"}}]"#, None),
        (r#"[{"kind": "external", "expiryUtc": "soon"}]"#, None),
        (
            r#"[{"kind": "external", "expiryUtc": "2199-01-01T00:00:00Z"}]"#,
            Some("suppressed outside the source"),
        ),
        (
            r#"[{"kind": "external", "expiryUtc": "2199-01-01T00:00:00"}]"#,
            Some("suppressed outside the source"),
        ),
        (r#"[{"kind": "external", "expiryUtc": "2199-01-01"}]"#, Some("suppressed outside the source")),
        (r#"[{"expiryUtc": "2020-01-01"}, {"kind": "inSource"}]"#, Some("suppressed in the source")),
    ] {
        let finding = one("", &format!(r#"{{"suppressions": {suppressions}}}"#));
        assert_eq!(finding.suppressed.as_deref(), suppressed, "{suppressions}");
    }
}

/// Kingfisher writes the commands with which to look into a secret.
#[test]
fn the_rule_of_a_secret_is_none() {
    let secret = ["Tq7", "wZ4mVb9LcXe2"].concat();
    let result = format!(
        r#"{{"ruleId": "betterleaks.github-pat", "message": {{"text": "key"}}, "properties": {{"tags": ["secret"],
            "validate_command": "kingfisher validate --rule 'betterleaks.github-pat' '{secret}'"}},
            "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "app/keys.py"}}}}}}]}}"#
    );
    let found = run(&format!(r#""results": [{result}]"#)).secrets;
    assert!(found.iter().any(|one| one.is_in(&secret)), "{found:?}");
    assert!(
        !found.iter().any(|one| one.is_in("betterleaks.github-pat") || one.is_in("app/keys.py")),
        "{found:?}"
    );
}

#[test]
fn a_document_that_is_not_a_sarif_log_is_refused() {
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
