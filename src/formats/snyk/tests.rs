use super::*;

fn parse(report: &str) -> Result<Parsed, ReportError> {
    let origin = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() };
    read(report.as_bytes(), &origin)
}

/// A project with these vulnerabilities.
fn project(vulnerabilities: &str, rest: &str) -> String {
    let ok = vulnerabilities.is_empty();
    format!(
        r#"{{"ok": {ok}, "dependencyCount": 7, "displayTargetFile": "web/package-lock.json", "vulnerabilities": [{vulnerabilities}] {rest}}}"#
    )
}

fn lodash(version: &str, from: &str) -> String {
    format!(
        r#"{{"id": "SNYK-JS-LODASH-1040724", "title": "Command Injection", "severity": "high", "packageName": "lodash", "name": "lodash",
            "version": "{version}", "fixedIn": ["4.17.21"], "from": ["app@1", {from}], "identifiers": {{"CVE": ["CVE-2021-23337"],
            "CWE": ["CWE-78"], "GHSA": ["GHSA-35jh-r3h4-6jhm"], "NSP": null}}, "cvssScore": 7.2, "CVSSv3": ""}}"#
    )
}

#[test]
fn a_vulnerability_on_several_paths_is_one_finding_for_each_version() {
    let vulnerabilities =
        [lodash("4.17.4", r#""a@1""#), lodash("4.17.4", r#""b@1""#), lodash("3.0.0", r#""c@1""#)].join(",");
    let parsed = parse(&project(&vulnerabilities, r#", "uniqueCount": 1"#)).unwrap();
    let [first, second] = parsed.findings.as_slice() else { panic!("{:?}", parsed.findings) };
    let package = first.package.as_deref().unwrap();
    assert_eq!((&*first.rule, first.severity), ("SNYK-JS-LODASH-1040724", Severity::High));
    assert_eq!(
        (package.purl.as_deref(), package.fixed_version.as_deref()),
        (Some("pkg:npm/lodash@4.17.4"), Some("4.17.21"))
    );
    assert_eq!(package.paths, ["app@1 > a@1".into(), "app@1 > b@1".into()].into());
    assert_eq!(first.aliases, ["CVE-2021-23337".into(), "GHSA-35jh-r3h4-6jhm".into()].into());
    assert_eq!(first.location.as_ref().unwrap().to_string(), "web/package-lock.json");
    assert_eq!(second.package.as_deref().unwrap().version.as_deref(), Some("3.0.0"));
    assert_eq!((parsed.unexplained, parsed.scope), (None, crate::model::scope::Scope::of(Unit::Packages, 7)));
}

/// With `--all-projects`, and an image in which there are applications.
#[test]
fn every_project_counts_also_one_inside_of_another() {
    let (one, other) = (project(&lodash("4.17.4", r#""a""#), ""), project("", ""));
    let list = parse(&format!("[{other}, {one}, {one}]")).unwrap();
    assert_eq!(
        (list.findings.len(), list.scope.clone()),
        (2, crate::model::scope::Scope::of(Unit::Packages, 21))
    );
    let image = parse(&project("", &format!(r#", "applications": [{other}, {one}]"#))).unwrap();
    assert_eq!(image.findings.len(), 1);
}

#[test]
fn what_is_left_out_is_told() {
    let parsed =
        parse(&project(&lodash("4.17.4", ""), r#", "uniqueCount": 3"#).replace("app@1\", ]", "app@1\"]"));
    assert_eq!(parsed.unwrap().unexplained.as_deref(), Some("it counts 3 vulnerabilities, and lists 1"));
    let filtered = r#", "severityThreshold": "high", "filtered": {"ignore": [{"id": "a"}], "patch": []}"#;
    let parsed = parse(&project("", filtered)).unwrap();
    assert_eq!((parsed.ignored.get("snyk ignore"), parsed.notes.len()), (Some(&1), 1));
}

#[test]
fn a_licence_is_one_and_an_unknown_word_is_unrated() {
    let licence = r#"{"id": "snyk:lic:npm:a:GPL-2.0", "type": "license", "severity": "none", "name": "a", "version": "1"}"#;
    let parsed = parse(&project(licence, "")).unwrap();
    assert_eq!(
        (parsed.findings[0].category, parsed.findings[0].package.as_ref().unwrap().unfixed),
        (Category::License, false)
    );
    let unrated = r#"{"id": "SNYK-JS-A-1", "name": "a"}"#;
    assert_eq!(parse(&project(unrated, "")).unwrap().findings[0].severity, Severity::Unknown);
}

#[test]
fn identifiers_that_are_not_used_may_be_of_any_type() {
    for nsp in ["[891]", "891", "{\"a\": []}", "null"] {
        let report = lodash("4.17.4", r#""a""#).replace("\"NSP\": null", &format!("\"NSP\": {nsp}"));
        let parsed = parse(&project(&report, "")).unwrap();
        assert_eq!(parsed.findings[0].aliases.len(), 2, "{nsp}");
        assert_eq!(parsed.findings[0].cwe, ["CWE-78".into()].into());
    }
}

#[test]
fn the_worse_of_two_words_counts() {
    for (severity, with_critical, expected, raw) in [
        (r#""high""#, r#""critical""#, Severity::Critical, "critical"),
        (r#""high""#, r#""low""#, Severity::High, "high"),
        (r#""high""#, r#""none""#, Severity::High, "high"),
        ("null", r#""critical""#, Severity::Critical, "critical"),
        (r#""medium""#, "null", Severity::Medium, "medium"),
    ] {
        let words = format!(r#""severity": {severity}, "severityWithCritical": {with_critical}"#);
        let report = lodash("4.17.4", r#""a""#).replace(r#""severity": "high""#, &words);
        let parsed = parse(&project(&report, "")).unwrap();
        assert_eq!(parsed.findings[0].severity, expected, "{words}");
        assert_eq!(parsed.findings[0].severity_raw.as_deref(), Some(raw), "{words}");
    }
}

/// A list is right here, so its error is that of the entry.
#[test]
fn a_list_with_a_mistake_in_it_names_the_mistake() {
    let report = format!("[{}, {}]", project("", r#", "packageManager": "npm""#), project("7", ""));
    let error = parse(&report).unwrap_err().to_string();
    assert!(error.contains("invalid type: integer `7`"), "{error}");
}

#[test]
fn an_error_and_the_results_of_other_commands_are_no_report() {
    for (report, says) in [
        (
            r#"{"ok": false, "error": "Could not detect supported target files", "path": "."}"#,
            "Could not detect",
        ),
        (r#"{"ok": true, "infrastructureAsCodeIssues": []}"#, "no `vulnerabilities`"),
        (r#"{"vulnerabilities": []}"#, "no `ok`"),
        (r#"{"ok": true, "vulnerabilities": []}"#, "no `dependencyCount`"),
        (r#"{"ok": false, "vulnerabilities": [], "dependencyCount": 3}"#, "is not `ok`"),
        ("[]", "lists no project"),
        (r#"{"version": "2.1.0", "runs": []}"#, "it is a SARIF log: name that format, sarif"),
    ] {
        let error = parse(report).unwrap_err().to_string();
        assert!(error.contains(says), "{report}: {error}");
    }
}
