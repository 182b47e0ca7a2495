use super::*;
use crate::model::finding::Cvss;

fn parse(text: &str) -> Result<Parsed, ReportError> {
    let origin = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: "target".into() };
    read(text.as_bytes(), &origin)
}

fn document(version: &str, rest: &str) -> String {
    format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "{version}", "version": 1, {rest}}}"#)
}

const INVENTORY: &str = r#"
    "metadata": {"tools": [{"name": "spec", "version": "1.2.3"}],
        "component": {"type": "application", "bom-ref": "root", "name": "app", "version": "0"}},
    "components": [
        {"type": "library", "bom-ref": "a", "group": "org.example", "name": "a", "version": "1",
         "purl": "pkg:maven/org.example/a@1", "components": [
            {"type": "library", "bom-ref": "a2", "group": "org.example", "name": "a", "version": "2"}]},
        {"type": "library", "bom-ref": "b", "group": "@scope", "name": "b", "version": "3",
         "purl": "pkg:npm/%40scope/b@3"}]"#;

const VULNERABILITIES: &str = r#"
    "vulnerabilities": [
        {"id": "CVE-1", "source": {"url": "https://example.test/1"}, "cwes": [79, 80],
         "references": [{"id": "GHSA-1", "source": {"name": "x"}}],
         "ratings": [{"score": 3, "method": "OWASP"}, {"severity": "high"},
                     {"score": 9.8, "severity": "critical", "method": "CVSSv31", "vector": "CVSS:3.1/AV:N"}],
         "description": "Bad thing.\nMore.", "recommendation": "Upgrade.",
         "advisories": [{"url": "https://example.test/2"}],
         "affects": [{"ref": "a"}, {"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#a2"}]},
        {"id": "CVE-2", "ratings": [{"severity": "CRITICAL"}], "affects": [{"ref": "b"}],
         "analysis": {"state": "not_affected", "justification": "code_not_reachable", "detail": "no caller"}},
        {"id": "CVE-3", "ratings": [{"severity": "none"}], "affects": [{"ref": "nowhere"}],
         "analysis": {"state": "in_triage"}},
        {"bom-ref": "v4", "affects": [{"ref": "root"}]}]"#;

#[test]
fn the_crate_and_the_tolerant_reader_read_the_same() {
    for version in ["1.4", "1.5", "1.6", "1.9"] {
        let parsed = parse(&document(version, &format!("{INVENTORY}, {VULNERABILITIES}"))).unwrap();
        let is_parsed = parsed.proof.contains(&format!("parsed as CycloneDX {version}"));
        assert_eq!(is_parsed, version < "1.6", "{version}: {:?}", parsed.proof);

        assert_eq!(parsed.scope, Scope::of(Unit::Packages, 3), "{version}");
        assert_eq!(parsed.tool_version.as_deref(), Some("1.2.3"), "{version}");
        let [first, other, second, third, fourth] = parsed.findings.as_slice() else { panic!("{version}") };

        assert_eq!((&*first.rule, first.severity), ("CVE-1", Severity::Critical), "{version}");
        assert_eq!(first.title, "Bad thing.");
        assert_eq!(first.fix, Some("Upgrade.".into()));
        assert_eq!(first.aliases, ["GHSA-1".into()].into());
        assert_eq!(first.cwe, ["CWE-79".into(), "CWE-80".into()].into());
        let cvss = Cvss { score: Some(9.8), vector: Some("CVSS:3.1/AV:N".into()), version_2: false };
        assert_eq!(first.cvss, Some(cvss.into()), "{version}");
        assert_eq!(
            first.references,
            ["https://example.test/1".into(), "https://example.test/2".into()].into()
        );
        let package = first.package.as_deref().unwrap();
        assert_eq!((&*package.name, package.version.as_deref()), ("org.example:a", Some("1")), "{version}");
        assert_eq!(package.ecosystem.as_deref(), Some("maven"));
        assert_eq!(first.suppressed, None);
        let package = other.package.as_deref().unwrap();
        assert_eq!((&*other.rule, package.version.as_deref()), ("CVE-1", Some("2")), "{version}");

        assert_eq!(
            (second.severity, second.severity_raw.as_deref()),
            (Severity::Critical, Some("CRITICAL")),
            "{version}"
        );
        assert_eq!(second.package.as_deref().unwrap().name, "@scope/b");
        let why = "analysis not_affected: code_not_reachable, no caller";
        assert_eq!(second.suppressed.as_deref(), Some(why), "{version}");

        assert_eq!((third.severity, third.suppressed.as_deref()), (Severity::Unknown, None), "{version}");
        assert_eq!((third.package.as_deref(), third.resource.as_deref()), (None, Some("nowhere")));

        assert_eq!((&*fourth.rule, fourth.severity), ("v4", Severity::Unknown), "{version}");
        assert_eq!(fourth.package.as_deref().unwrap().name, "app");
    }
}

#[test]
fn a_vulnerability_is_a_finding_for_each_package_that_it_affects() {
    let component = |bom_ref: &str, name: &str, purl: &str| {
        format!(
            r#"{{"type": "library", "bom-ref": "{bom_ref}", "name": "{name}", "version": "1", "purl": "{purl}"}}"#
        )
    };
    let components = [
        component("a", "ssl", "pkg:deb/debian/ssl@1?arch=arm64"),
        component("b", "crypto", "pkg:deb/debian/crypto@1?arch=arm64"),
        component("c", "ssl", "pkg:deb/debian/ssl@1?arch=amd64"),
        component("d", "ssl", "pkg:deb/debian/ssl@1?arch=arm64"),
    ];
    let affects =
        ["a", "b", "c", "d", "nowhere"].map(|bom_ref| format!(r#"{{"ref": "{bom_ref}"}}"#)).join(", ");
    let rest = format!(
        r#""components": [{}], "vulnerabilities": [{{"id": "CVE-1", "affects": [{affects}]}}]"#,
        components.join(", ")
    );
    for version in ["1.5", "1.7"] {
        let parsed = parse(&document(version, &rest)).unwrap();
        let found: Vec<_> = parsed
            .findings
            .iter()
            .map(|finding| match &finding.package {
                Some(package) => (package.purl.as_deref().unwrap().to_owned(), package.paths.len()),
                None => (finding.resource.as_deref().unwrap().to_owned(), 0),
            })
            .collect();
        let expected = [
            ("pkg:deb/debian/ssl@1?arch=arm64".to_owned(), 2),
            ("pkg:deb/debian/crypto@1?arch=arm64".to_owned(), 0),
            ("pkg:deb/debian/ssl@1?arch=amd64".to_owned(), 0),
            ("nowhere".to_owned(), 0),
        ];
        assert_eq!(found, expected, "{version}");
    }
}

#[test]
fn vulnerabilities_in_version_1_3_are_not_lost() {
    let parsed = parse(&document("1.3", &format!("{INVENTORY}, {VULNERABILITIES}"))).unwrap();
    assert_eq!(parsed.findings.len(), 5);
    assert_eq!(parsed.proof, ["CycloneDX 1.3"]);
}

#[test]
fn a_document_that_the_crate_refuses_loses_nothing() {
    let rest = format!(r#""serialNumber": "not a urn", {INVENTORY}, {VULNERABILITIES}, "compositions": 7"#);
    let parsed = parse(&document("1.5", &rest)).unwrap();
    assert_eq!((parsed.findings.len(), parsed.scope.get(Unit::Packages)), (5, Some(3)));
    assert!(parsed.proof[1].starts_with("not quite CycloneDX"), "{:?}", parsed.proof);
}

#[test]
fn a_document_without_components_has_an_empty_scope() {
    assert!(parse(&document("1.5", r#""components": []"#)).unwrap().scope.is_empty());
    assert!(parse(&document("1.6", r#""services": []"#)).unwrap().scope.is_empty());
}

#[test]
fn version_2_is_refused() {
    let refused = parse(&document("2.0", r#""inventory": []"#));
    assert!(matches!(refused, Err(ReportError::Foreign { detail, .. }) if detail.contains("2.0")));
}

#[test]
fn a_score_of_another_method_is_not_a_cvss_score() {
    let rest = r#""vulnerabilities": [{"id": "X", "ratings": [{"score": 99, "method": "other"}]}]"#;
    assert_eq!(parse(&document("1.6", rest)).unwrap().findings[0].cvss, None);
}

#[test]
fn a_document_that_is_not_cyclonedx_is_refused() {
    let whole = document("1.6", INVENTORY);
    for text in [
        "{}",
        "[]",
        "null",
        r#"{"specVersion": "1.5", "components": []}"#,
        r#"{"bomFormat": "CycloneDX", "components": []}"#,
        r#"{"bomFormat": "CycloneDX", "specVersion": 1.5, "components": []}"#,
        r#"{"bomFormat": "AnotherFormat", "specVersion": "1.6", "components": []}"#,
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": {}}"#,
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library"}]}"#,
        r#"{"spdxVersion": "SPDX-2.3", "packages": []}"#,
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\"/>",
        &format!("{whole}{whole}"),
    ] {
        assert!(matches!(parse(text), Err(ReportError::Foreign { .. })), "{text}");
    }
    assert!(matches!(parse("\n"), Err(ReportError::Empty { .. })));
    assert!(matches!(parse(&whole[..whole.len() / 2]), Err(ReportError::Cut { .. })));
    assert!(parse(&format!("\u{feff}{whole}")).is_ok());
}

#[test]
fn components_nested_too_deep_are_an_error() {
    let deep = r#"{"name": "a", "components": ["#.repeat(50_000);
    assert!(parse(&document("1.6", &format!(r#""components": [{deep}"#))).is_err());
}

#[test]
fn a_package_of_development_is_known_by_property_or_scope() {
    let dev = |rest: &str| {
        let components =
            format!(r#""components": [{{"type": "library", "bom-ref": "a", "name": "a"{rest}}}]"#);
        let vulnerability = r#""vulnerabilities": [{"id": "CVE-1", "affects": [{"ref": "a"}]}]"#;
        let of = |version: &str| {
            let parsed = parse(&document(version, &format!("{components}, {vulnerability}"))).unwrap();
            parsed.findings[0].package.as_ref().unwrap().dev
        };
        let (strict, tolerant) = (of("1.5"), of("1.7"));
        assert_eq!(strict, tolerant, "{rest}");
        tolerant
    };
    let property = |name: &str| format!(r#", "properties": [{{"name": "{name}", "value": "true"}}]"#);
    assert!(dev(&property("cdx:npm:package:development")));
    assert!(dev(r#", "scope": "excluded""#));
    assert!(dev(r#", "scope": "optional""#));
    assert!(!dev(""));
    assert!(!dev(r#", "scope": "required""#));
    assert!(!dev(&property("cdx:npm:package:private")));
    // An optional dependency of production, as npm writes it.
    let path = property("cdx:npm:package:path");
    assert!(!dev(&format!(r#", "scope": "optional"{path}"#)));
}

/// The schema: `affects[].versions[].status` is of the version.
#[test]
fn a_version_that_the_document_calls_affected_or_unaffected_is_so() {
    for version in ["1.5", "1.6"] {
        let judged = |analysis: &str, status: &str| {
            let rest = format!(
                r#"{INVENTORY}, "vulnerabilities": [{{"id": "CVE-1", "ratings": [{{"severity": "critical"}}]{analysis},
                "affects": [{{"ref": "b", "versions": [{{"version": "3", "status": "{status}"}}, {{"version": "4", "status": "unaffected"}}]}}]}}]"#
            );
            let parsed = parse(&document(version, &rest)).unwrap();
            parsed.findings[0].suppressed.as_ref().map(ToString::to_string)
        };
        let resolved = r#", "analysis": {"state": "resolved"}"#;
        let cleared = r#", "analysis": {"state": "not_affected", "justification": "code_not_reachable"}"#;
        assert_eq!(judged("", "affected"), None, "{version}");
        assert_eq!(judged("", "unknown"), None);
        assert_eq!(judged("", "unaffected"), Some("this version is unaffected".to_owned()));
        assert_eq!(judged(resolved, "affected"), None, "what is resolved is in another version");
        assert_eq!(judged(resolved, "unaffected"), Some("analysis resolved".to_owned()));
        assert!(judged(cleared, "affected").is_some(), "the code is there, and is not reached");
    }
}

/// `vulnerabilities[].rejected`, of version 1.5. The strict reader does not know it.
#[test]
fn a_vulnerability_that_was_rejected_is_suppressed() {
    for version in ["1.5", "1.6"] {
        for (rejected, expected) in [
            (r#""2024-01-01T00:00:00Z""#, Some("rejected 2024-01-01T00:00:00Z")),
            (r#""""#, None),
            (r#""no""#, None),
            ("null", None),
        ] {
            let rest = format!(
                r#"{INVENTORY}, "vulnerabilities": [{{"id": "CVE-2", "ratings": [{{"severity": "high"}}], "affects": [{{"ref": "b"}}]}},
                {{"id": "CVE-1", "rejected": {rejected}, "ratings": [{{"severity": "critical"}}], "affects": [{{"ref": "b"}}]}}]"#
            );
            let parsed = parse(&document(version, &rest)).unwrap();
            let suppressed = parsed.findings.iter().map(|finding| finding.suppressed.as_deref());
            assert_eq!(suppressed.collect::<Vec<_>>(), [None, expected], "{version} {rejected}");
        }
    }
}
