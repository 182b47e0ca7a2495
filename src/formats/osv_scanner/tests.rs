use super::*;

fn parse(report: &str) -> Result<Parsed, ReportError> {
    let origin = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() };
    read(report.as_bytes(), &origin)
}

/// A report about one package with these further keys.
fn one(package: &str, rest: &str) -> Parsed {
    parse(&format!(
        r#"{{"results": [{{"source": {{"path": "/repo/web/package-lock.json", "type": "lockfile"}}, "packages": [{{"package": {package}
            {rest}}}]}}], "experimental_config": {{}}}}"#
    ))
    .unwrap()
}

const LODASH: &str = r#"{"name": "lodash", "version": "4.17.4", "ecosystem": "npm"}"#;

/// In the OSV format, as OSV.dev has GHSA-35jh-r3h4-6jhm.
const ENTRY: &str = r#"{"id": "GHSA-35jh-r3h4-6jhm", "summary": "Command Injection", "details": "...",
    "database_specific": {"severity": "HIGH", "cwe_ids": ["CWE-77", "CWE-94"], "nvd": null},
    "affected": [{"package": {"name": "lodash"}, "ranges": [{"events": [{"introduced": "0"}, {"fixed": "4.17.21"}]}]},
        {"package": {"name": "lodash-es"}, "ranges": [{"events": [{"fixed": "9.9.9"}]}]}],
    "references": [{"type": "WEB", "url": "https://example.test/a"}]}"#;

#[test]
fn a_group_is_one_finding_with_package_severity_and_fix() {
    let groups = r#""groups": [{"ids": ["GHSA-35jh-r3h4-6jhm"], "aliases": ["CVE-2021-23337", "GHSA-35jh-r3h4-6jhm"], "max_severity": "7.2"}]"#;
    let parsed =
        one(LODASH, &format!(r#", "dependency_groups": ["dev"], "vulnerabilities": [{ENTRY}], {groups}"#));
    let [finding] = parsed.findings.as_slice() else { panic!("{:?}", parsed.findings) };
    assert_eq!((&*finding.rule, finding.severity), ("CVE-2021-23337", Severity::High));
    assert_eq!(finding.aliases, ["GHSA-35jh-r3h4-6jhm".into()].into());
    assert_eq!(finding.cvss.as_ref().unwrap().score, Some(7.2));
    assert_eq!(finding.cwe, ["CWE-77".into(), "CWE-94".into()].into());
    let package = finding.package.as_deref().unwrap();
    assert_eq!((package.fixed_version.as_deref(), package.dev), (Some("4.17.21"), true));
    assert_eq!(package.purl.as_deref(), Some("pkg:npm/lodash@4.17.4"));
    assert_eq!(finding.location.as_ref().unwrap().to_string(), "web/package-lock.json");
}

#[test]
fn an_entry_without_a_group_and_a_score_above_the_word_are_not_lost() {
    let alone = one(LODASH, &format!(r#", "vulnerabilities": [{ENTRY}]"#));
    assert_eq!(
        (&*alone.findings[0].rule, alone.findings[0].severity),
        ("GHSA-35jh-r3h4-6jhm", Severity::High)
    );
    let worse = r#""groups": [{"ids": ["GHSA-35jh-r3h4-6jhm"], "max_severity": "9.8"}]"#;
    let worse = one(LODASH, &format!(r#", "vulnerabilities": [{ENTRY}], {worse}"#));
    assert_eq!(worse.findings[0].severity, Severity::Critical);
    // Without its entry, a group is one all the same.
    let bare = one(LODASH, r#", "groups": [{"ids": ["X-1"]}]"#);
    assert_eq!((bare.findings.len(), bare.findings[0].severity), (1, Severity::Unknown));
}

#[test]
fn a_commit_stands_for_a_version_and_an_image_has_no_file_of_the_repository() {
    let commit = one(r#"{"name": "a", "version": "", "commit": "abc"}"#, r#", "groups": [{"ids": ["X-1"]}]"#);
    let package = commit.findings[0].package.as_deref().unwrap();
    assert_eq!((package.version.as_deref(), package.purl.as_deref()), (Some("abc"), None));
    let image = parse(
        r#"{"results": [{"source": {"path": "/lib/apk/db/installed", "type": "os"}, "packages": [{"package": {"name": "busybox",
            "version": "1", "ecosystem": "Alpine:v3.18"}, "groups": [{"ids": ["X-1"]}]}]}], "experimental_config": {}}"#,
    )
    .unwrap();
    assert_eq!(
        (&image.findings[0].location, image.findings[0].package.as_ref().unwrap().ecosystem.as_deref()),
        (&None, Some("apk"))
    );
}

/// An analysis must clear all entries of a group. Its key had another form in version 1.
#[test]
fn what_is_not_called_is_suppressed() {
    for (analysis, suppressed) in [
        (r#""experimental_analysis": {"X-1": {"called": false}, "X-2": {"unimportant": true}}"#, true),
        (r#""experimentalAnalysis": {"X-1": {"called": false}, "X-2": {"called": false}}"#, true),
        (r#""experimental_analysis": {"X-1": {"called": false}, "X-2": {"called": true}}"#, false),
        (r#""experimental_analysis": {"X-1": {"called": false}}"#, false),
        (r#""experimental_analysis": null"#, false),
    ] {
        let parsed = one(LODASH, &format!(r#", "groups": [{{"ids": ["X-1", "X-2"], {analysis}}}]"#));
        assert_eq!(parsed.findings[0].suppressed.is_some(), suppressed, "{analysis}");
    }
}

#[test]
fn findings_of_other_kinds_are_a_gap_and_other_programs_are_refused() {
    let other = parse(r#"{"results": [], "experimental_config": {}, "experimental_generic_findings": [{}]}"#);
    assert_eq!(other.unwrap().gaps.len(), 1);
    for (report, says) in [
        (r#"{"results": []}"#, "it has no `experimental_config`"),
        (r#"{"experimental_config": {}}"#, "it has no `results`"),
        (r#"{"results": [], "errors": [], "paths": {}}"#, "Semgrep's own JSON"),
    ] {
        let error = parse(report).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}
