use super::*;

fn read_graph(elements: &str) -> Parsed {
    let graph: Vec<Element> = serde_json::from_str(&format!("[{elements}]")).unwrap();
    read(&graph)
}

const PACKAGE: &str = r#"{"type": "software_Package", "spdxId": "p", "name": "lib", "software_packageVersion": "1.0",
    "software_packageUrl": "pkg:npm/lib@1.0"}"#;
const VULNERABILITY: &str = r#"{"type": "security_Vulnerability", "spdxId": "v", "name": "GHSA-1", "externalIdentifier":
    [{"type": "ExternalIdentifier", "externalIdentifierType": "cve", "identifier": "CVE-2026-7"}, "urn:x"]}"#;

fn relationship(class: &str, rest: &str) -> String {
    format!(r#"{{"type": "security_{class}VulnAssessmentRelationship", "from": "v", {rest}}}"#)
}

#[test]
fn a_vulnerability_has_its_ids_its_score_and_its_package() {
    let scores = [
        relationship("CvssV2", r#""to": "p", "security_score": "4.3""#),
        relationship("CvssV3", r#""to": ["p"], "security_score": 9.8, "security_severity": "critical""#),
    ];
    let parsed = read_graph(&format!("{PACKAGE}, {VULNERABILITY}, {}", scores.join(", ")));
    let [finding] = parsed.findings.as_slice() else { panic!("{:?}", parsed.findings) };
    assert_eq!((&*finding.rule, finding.severity), ("CVE-2026-7", Severity::Critical));
    assert_eq!(finding.aliases, ["GHSA-1".into()].into());
    assert_eq!(finding.cvss.as_ref().unwrap().score, Some(9.8));
    let package = finding.package.as_ref().unwrap();
    assert_eq!((&*package.name, package.version.as_deref()), ("lib", Some("1.0")));
    assert_eq!(package.ecosystem.as_deref(), Some("npm"));
    assert_eq!(finding.suppressed, None);
}

#[test]
fn a_package_has_all_its_package_urls() {
    let urls = r#""externalIdentifier": [
        {"externalIdentifierType": "packageUrl", "identifier": "pkg:npm/lib@1.0"},
        {"externalIdentifierType": "packageUrl", "identifier": "pkg:github/a/lib@1.0"}]"#;
    let package = PACKAGE.replace(r#""name": "lib""#, &format!(r#""name": "lib", {urls}"#));
    let affects = r#"{"type": "Relationship", "relationshipType": "affects", "from": "v", "to": ["p"]}"#;
    let parsed = read_graph(&format!("{package}, {VULNERABILITY}, {affects}"));
    let package = parsed.findings[0].package.clone().unwrap();
    assert_eq!(
        package.purls().map(|purl| &**purl).collect::<Vec<_>>(),
        ["pkg:npm/lib@1.0", "pkg:github/a/lib@1.0"]
    );
}

#[test]
fn a_package_is_cleared_only_if_every_assessment_of_it_says_so() {
    let other = PACKAGE.replace("\"p\"", "\"q\"");
    let suppressed = |vex: &[String]| -> Vec<Option<String>> {
        let parsed = read_graph(&format!("{PACKAGE}, {other}, {VULNERABILITY}, {}", vex.join(", ")));
        parsed.findings.into_iter().map(|finding| finding.suppressed.map(|text| text.to_string())).collect()
    };
    let not_affected =
        relationship("VexNotAffected", r#""to": ["p"], "security_justificationType": "componentNotPresent""#);
    let affected = relationship("VexAffected", r#""to": ["p", "q"]"#);
    let cleared = Some("VEX not_affected: componentNotPresent".to_owned());
    let alone = std::slice::from_ref(&not_affected);
    assert_eq!(suppressed(alone), std::slice::from_ref(&cleared));
    assert_eq!(suppressed(&[not_affected.clone(), affected.replace("\"p\", ", "")]), [cleared, None]);
    assert_eq!(suppressed(&[not_affected.clone(), affected]), [None, None]);
    let withdrawn = not_affected.replace("{", r#"{"security_withdrawnTime": "2026-01-01T00:00:00Z", "#);
    assert_eq!(suppressed(&[withdrawn]), [None]);
    let nobody = not_affected.replace(r#""to": ["p"], "#, "");
    assert_eq!(suppressed(&[nobody]), [None]);
}

#[test]
fn a_vulnerability_that_is_withdrawn_does_not_count() {
    let affects = r#"{"type": "Relationship", "relationshipType": "affects", "from": "v", "to": ["p"]}"#;
    for (time, expected) in
        [("2024-05-01T00:00:00Z", Some("withdrawn 2024-05-01T00:00:00Z")), ("", None), ("no", None)]
    {
        let time = format!(r#"{{"security_withdrawnTime": "{time}", "#);
        let withdrawn = VULNERABILITY.replacen('{', &time, 1);
        for graph in [format!("{PACKAGE}, {withdrawn}, {affects}"), withdrawn.clone()] {
            let parsed = read_graph(&graph);
            assert_eq!(parsed.findings.len(), 1);
            assert_eq!(parsed.findings[0].suppressed.as_deref(), expected, "{graph}");
        }
    }
}

#[test]
fn packages_are_named_by_other_relationships_too() {
    let affects = r#"{"type": "Relationship", "relationshipType": "affects", "from": "v", "to": ["p"]}"#;
    let has = r#"{"type": "Relationship", "relationshipType": "hasAssociatedVulnerability", "from": "p", "to": ["v"]}"#;
    for relationship in [affects, has] {
        let parsed = read_graph(&format!("{PACKAGE}, {VULNERABILITY}, {relationship}"));
        assert_eq!(&*parsed.findings[0].package.as_ref().unwrap().name, "lib", "{relationship}");
    }
    let unknown = affects.replace("\"p\"", "\"elsewhere\"");
    let parsed = read_graph(&format!("{VULNERABILITY}, {unknown}"));
    assert_eq!(parsed.findings[0].resource.as_deref(), Some("elsewhere"));
}
