use super::{one_of, run};
use crate::model::severity::Severity;

#[test]
fn a_run_that_says_it_was_not_successful_is_a_gap() {
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

/// SARIF 2.1.0, 3.22.
#[test]
fn a_converter_that_failed_is_a_gap() {
    let gaps = |invocation: &str| {
        let conversion =
            format!(r#"{{"tool": {{"driver": {{"name": "to-sarif"}}}}, "invocation": {{{invocation}}}}}"#);
        run(&format!(
            r#""results": [], "invocations": [{{"executionSuccessful": true}}], "conversion": {conversion}"#
        ))
        .gaps
    };
    assert!(gaps(r#""executionSuccessful": true"#).is_empty());
    assert_eq!(gaps(r#""executionSuccessful": false"#), ["to-sarif says: its run was not successful"]);
    let lost =
        r#""toolExecutionNotifications": [{"level": "error", "message": {"text": "line 7 is not read"}}]"#;
    assert_eq!(gaps(lost), ["to-sarif says: line 7 is not read"]);
}

#[test]
fn a_failure_of_a_run_is_a_gap_in_whatever_words() {
    for (invocation, says) in [
        (r#"{"toolExecutionSuccessful": false}"#, "not successful"),
        (r#"{"executionSuccessful": true, "toolExecutionSuccessful": false}"#, "not successful"),
        (r#"{"exitCode": 2}"#, "ended with exit code 2"),
        (r#"{"executionSuccessful": true, "exitCode": 137}"#, "ended with exit code 137"),
        (r#"{"executionSuccessful": true, "exitCode": 127}"#, "ended with exit code 127"),
        (r#"{"executionSuccessful": true, "exitCode": 139}"#, "ended with exit code 139"),
        (r#"{"executionSuccessful": true, "exitCode": 255}"#, "ended with exit code 255"),
        (
            r#"{"executionSuccessful": true, "processStartFailureMessage": "no such program"}"#,
            "did not start",
        ),
        (r#"{"executionSuccessful": true, "exitCode": -1073741819}"#, "ended with exit code -1073741819"),
        (r#"{"executionSuccessful": true, "exitSignalName": "SIGKILL"}"#, "ended by signal SIGKILL"),
        (r#"{"exitSignalNumber": 9}"#, "ended by signal 9"),
        (r#"{"processStartFailureMessage": "no such program"}"#, "did not start: no such program"),
    ] {
        let parsed = run(&format!(r#""results": [{{}}], "invocations": [{invocation}]"#));
        assert_eq!(parsed.gaps.len(), 1, "{invocation}");
        assert!(parsed.gaps[0].contains(says), "{:?}", parsed.gaps);
    }
    let with = |results: &str, invocation: &str| {
        run(&format!(r#""results": [{results}], "invocations": [{invocation}]"#)).gaps.len()
    };
    let findings_code = r#"{"executionSuccessful": true, "exitCode": 1}"#;
    assert_eq!(with("{}", findings_code), 0);
    assert_eq!(with("", findings_code), 1, "no result stands for the code");
    assert_eq!(with(r#"{"suppressions": [{"kind": "inSource"}]}"#, findings_code), 1);
    assert_eq!(with("", r#"{"executionSuccessful": true, "exitCode": 0}"#), 0);
    assert_eq!(with("", "{}"), 0);
}

#[test]
fn a_warning_about_a_file_is_a_gap_and_another_one_a_note() {
    let place = r#""locations": [{"physicalLocation": {"artifactLocation": {"uri": "src/b.py"}}}]"#;
    for (notification, gap) in [
        (
            r#"{"level": "warning", "message": {"text": "a.py:2: syntax error"}}"#.to_owned(),
            Some("a.py:2: syntax error"),
        ),
        // The level of a notification is `warning` if it has none.
        (format!(r#"{{"message": {{"text": "too large"}}, {place}}}"#), Some("src/b.py: too large")),
        (format!("{{{place}}}"), Some("src/b.py")),
        (
            format!(r#"{{"message": {{"text": "too large"}}, {}}}"#, place.replace("locations", "relatedLocations")),
            Some("src/b.py: too large"),
        ),
        (
            r#"{"message": {"text": "too complex"}, "locations": [{"logicalLocations": [{"fullyQualifiedName": "a::b"}]}]}"#
                .to_owned(),
            Some("a::b: too complex"),
        ),
        (
            r#"{"message": {"text": "too complex"}, "locations": [{"logicalLocations": [{"index": 0}]}]}"#.to_owned(),
            Some("c::d: too complex"),
        ),
        (
            r#"{"message": {"text": "too large"}, "locations": [{"physicalLocation": {"artifactLocation": {"index": 0}}}]}"#
                .to_owned(),
            Some("src/c.py: too large"),
        ),
        (r#"{"locations": [{"physicalLocation": {}}]}"#.to_owned(), Some("a warning without a text")),
        // The text of the message is with its kind.
        (
            r#"{"descriptor": {"id": "N"}, "message": {"id": "m", "arguments": ["src/d.py"]}}"#.to_owned(),
            Some("src/d.py was left out"),
        ),
        (
            r#"{"descriptor": {"index": 0}, "message": {"id": "g", "arguments": ["e.py"]}}"#.to_owned(),
            Some("left out: e.py"),
        ),
        (r#"{"message": {"id": "lost", "arguments": ["src/f.py", "x"]}}"#.to_owned(), Some("src/f.py, x")),
        (r#"{"level": "warning", "message": {"text": "log in for more rules"}}"#.to_owned(), None),
        (format!(r#"{{"level": "note", "message": {{"text": "scanned a.py"}}, {place}}}"#), None),
        (r#"{"level": "none", "message": {"text": "scanned a.py"}}"#.to_owned(), None),
    ] {
        for list in [
            "toolExecutionNotifications",
            "toolConfigurationNotifications",
            "toolNotifications",
            "configurationNotifications",
        ] {
            let parsed = super::parse(&format!(
                r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "x",
                    "globalMessageStrings": {{"g": {{"text": "left out: {{0}}"}}}},
                    "notifications": [{{"id": "N", "messageStrings": {{"m": {{"text": "{{0}} was left out"}}}}}}]}}}},
                    "logicalLocations": [{{"fullyQualifiedName": "c::d"}}],
                    "artifacts": [{{"location": {{"uri": "src/c.py"}}}}], "results": [],
                    "invocations": [{{"executionSuccessful": true, "{list}": [{notification}]}}]}}]}}"#
            ))
            .unwrap();
            let gaps: Vec<String> = gap.iter().map(|gap| format!("x says: {gap}")).collect();
            assert_eq!(parsed.gaps, gaps, "{notification}");
            assert!(gaps.iter().all(|gap| parsed.proof.contains(gap)), "the record names each of many");
        }
    }
    let warning = r#"{"message": {"text": "log in for more rules"}}"#;
    let parsed =
        run(&format!(r#""results": [], "invocations": [{{"toolExecutionNotifications": [{warning}]}}]"#));
    assert_eq!(parsed.notes, ["x says: log in for more rules"]);
}

#[test]
fn properties_outside_of_the_run_are_a_gap() {
    for kind in ["results", "invocations", "artifacts", "driver"] {
        let files = format!(r#""externalPropertyFileReferences": {{"{kind}": [{{"location": {{}}}}]}}"#);
        assert_eq!(run(&format!(r#""results": [], {files}"#)).gaps.len(), 1, "{kind}");
        let old = files.replace("FileReferences", "Files");
        assert_eq!(run(&format!(r#""results": [], {old}"#)).gaps.len(), 1, "{kind}");
    }
    let none = r#""externalPropertyFileReferences": {"results": [], "taxonomies": [{"location": {}}], "properties": {"a": 1}}"#;
    assert!(run(&format!(r#""results": [], {none}"#)).gaps.is_empty());

    let inline = |properties: &str| {
        let log = format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "x"}}}}, "results": []}}],
                "inlineExternalProperties": [{properties}]}}"#
        );
        super::parse(&log).unwrap().gaps
    };
    assert_eq!(
        inline(r#"{"version": "2.1.0", "guid": "g", "results": [{"level": "error"}]}"#),
        ["the log has results in `inlineExternalProperties`, which Portcullis does not read"]
    );
    assert!(inline(r#"{"version": "2.1.0", "results": []}"#).is_empty());
}

/// SARIF 2.1.0, 3.58.6.
#[test]
fn a_notification_without_a_level_has_that_of_its_kind() {
    let parsed = |descriptor: &str, level: &str, overrides: &str| {
        let log = format!(
            r#"{{"version": "2.1.0", "runs": [{{"results": [], "tool": {{"driver": {{"name": "x", "notifications": [
                {{"id": "N0", "defaultConfiguration": {{"level": "note"}}}},
                {{"id": "N1", "guid": "AB", "defaultConfiguration": {{"level": "error"}}}}]}}}},
              "invocations": [{{"executionSuccessful": true, "notificationConfigurationOverrides": [{overrides}],
                "toolExecutionNotifications": [{{"descriptor": {descriptor}, {level} "message": {{"text": "m"}}}}]}}]}}]}}"#
        );
        super::parse(&log).unwrap().gaps.len()
    };
    for (descriptor, gaps) in [
        (r#"{"id": "N0"}"#, 0),
        (r#"{"id": "N1"}"#, 1),
        (r#"{"index": 1}"#, 1),
        (r#"{"guid": "ab"}"#, 1),
        (r#"{"id": "other"}"#, 0),
    ] {
        assert_eq!(parsed(descriptor, "", ""), gaps, "{descriptor}");
    }
    assert_eq!(parsed(r#"{"id": "N1"}"#, r#""level": "note","#, ""), 0);
    for descriptor in [r#"{"id": "N0"}"#, r#"{"id": "other"}"#] {
        let worse = format!(r#"{{"descriptor": {descriptor}, "configuration": {{"level": "error"}}}}"#);
        assert_eq!(parsed(descriptor, "", &worse), 1, "{descriptor}");
    }
    let milder = r#"{"descriptor": {"id": "N1"}, "configuration": {"level": "note"}}"#;
    assert_eq!(parsed(r#"{"id": "N1"}"#, "", milder), 0);
}

#[test]
fn a_rule_is_found_by_its_guid() {
    let rules = r#"{"id": "R0", "guid": "774707BC-6949-4db5-826d-9cd0e38c1f8f", "defaultConfiguration": {"level": "error"}}"#;
    let guid = r#"{"guid": "774707bc-6949-4db5-826d-9cd0e38c1f8f"}"#;
    let result = format!(r#"{{"rule": {guid}}}"#);
    let finding = one_of(rules, &result, "[]");
    assert_eq!((&*finding.rule, finding.severity), ("R0", Severity::High));
    let overrides = format!(
        r#"[{{"executionSuccessful": true, "ruleConfigurationOverrides": [{{"descriptor": {guid}, "configuration": {{"level": "note"}}}}]}}]"#
    );
    assert_eq!(one_of(rules, &result, &overrides).severity, Severity::Low);
    assert_eq!(one_of(rules, r#"{"ruleId": "R0"}"#, &overrides).severity, Severity::Low);
    assert_eq!(one_of("", &result, &overrides).severity, Severity::Low, "not described");
}

#[test]
fn the_level_that_a_run_gave_to_a_rule_counts_for_its_results() {
    let rules = r#"{"id": "R0", "defaultConfiguration": {"level": "note"}}, {"id": "R1"}"#;
    let descriptor = |descriptor: &str, result: &str| {
        let overrides = format!(
            r#""ruleConfigurationOverrides": [{{"descriptor": {descriptor}, "configuration": {{"level": "error"}}}}]"#
        );
        one_of(rules, result, &format!(r#"[{{"executionSuccessful": true, {overrides}}}]"#)).severity
    };
    let plain = r#"{"ruleId": "R0"}"#;
    for (by, result, severity) in [
        (r#"{"id": "R0"}"#, plain, Severity::High),
        (r#"{"index": 0}"#, plain, Severity::High),
        (r#"{"id": "R1"}"#, plain, Severity::Low),
        (r#"{"id": "R0"}"#, r#"{"ruleId": "R0", "level": "note"}"#, Severity::Low),
        (r#"{"id": "R0"}"#, r#"{"ruleId": "R0/sub"}"#, Severity::High),
        (r#"{"id": "R0"}"#, r#"{"ruleId": "R0", "provenance": {"invocationIndex": 0}}"#, Severity::High),
        (r#"{"id": "R0"}"#, r#"{"ruleId": "R0", "provenance": {"invocationIndex": 7}}"#, Severity::Low),
        (r#"{"id": "other"}"#, r#"{"ruleId": "other"}"#, Severity::High),
        (r#"{"id": "E1", "toolComponent": {"index": 0}}"#, r#"{"ruleId": "E1"}"#, Severity::High),
    ] {
        assert_eq!(descriptor(by, result), severity, "{by} {result}");
    }
    let levels = ["note", "error", "warning"].map(|level| {
        format!(
            r#"{{"ruleConfigurationOverrides": [{{"descriptor": {{"id": "R0"}}, "configuration": {{"level": "{level}"}}}}]}}"#
        )
    });
    let all = format!("[{}]", levels.join(","));
    assert_eq!(one_of(rules, plain, &all).severity, Severity::High, "the worst of several");
    let second = r#"{"ruleId": "R0", "provenance": {"invocationIndex": 2}}"#;
    assert_eq!(one_of(rules, second, &all).severity, Severity::Medium);
}

/// SARIF 2.1.0, 3.14.28 and 3.19.5: a policy is a tool component with the rules that it configures.
#[test]
fn the_level_that_a_policy_gives_to_a_rule_counts_for_its_results() {
    let severity = |policies: &str, result: &str, invocation: &str| {
        let log = format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "x", "rules": [
                {{"id": "R0", "guid": "AB", "defaultConfiguration": {{"level": "note"}}}}, {{"id": "R1"}}]}},
                "extensions": [{{"name": "p", "rules": [{{"id": "R0", "defaultConfiguration": {{"level": "note"}}}}]}}]}},
              "policies": [{policies}], "invocations": [{invocation}], "results": [{result}]}}]}}"#
        );
        super::parse(&log).unwrap().findings[0].severity
    };
    let policy = |rule: &str, level: &str, of: &str| {
        format!(
            r#"{{"name": "ours", {of} "rules": [{{{rule}, "defaultConfiguration": {{"level": "{level}"}}}}]}}"#
        )
    };
    let (plain, of_extension) =
        (r#"{"ruleId": "R0"}"#, r#"{"rule": {"id": "R0", "toolComponent": {"name": "p"}}}"#);
    let error = policy(r#""id": "R0""#, "error", "");
    for (policies, result, expected) in [
        (error.clone(), plain, Severity::High),
        (policy(r#""guid": "ab""#, "error", ""), plain, Severity::High),
        (policy(r#""id": "R1""#, "error", ""), plain, Severity::Low),
        (error.clone(), of_extension, Severity::Low),
        (
            policy(r#""id": "R0""#, "error", r#""associatedComponent": {"name": "p"},"#),
            of_extension,
            Severity::High,
        ),
        (policy(r#""id": "R0""#, "error", r#""associatedComponent": {"name": "p"},"#), plain, Severity::Low),
        (error.clone(), r#"{"ruleId": "R0", "level": "note"}"#, Severity::Low),
        (policy(r#""id": "other""#, "error", ""), r#"{"ruleId": "other"}"#, Severity::High),
        (format!("{error}, {}", policy(r#""id": "R0""#, "warning", "")), plain, Severity::High),
        (r#"{"name": "ours"}"#.to_owned(), plain, Severity::Low),
    ] {
        assert_eq!(severity(&policies, result, ""), expected, "{policies} {result}");
    }
    let given = r#"{"ruleConfigurationOverrides": [{"descriptor": {"id": "R0"}, "configuration": {"level": "warning"}}]}"#;
    assert_eq!(severity(&error, plain, given), Severity::Medium, "what the run itself gave goes first");
}
