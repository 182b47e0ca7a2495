//! The packages of an inventory, checked by the gate's rules for licences and banned packages.

use std::sync::Arc;

use crate::formats::inventory;
use crate::model::component::Component;
use crate::policy::licence::{InventoryRules, NO_PACKAGE, names_a_package};
use crate::scan::parsed::{Parsed, ReportError};

/// Lists the packages of the document in `parsed`, and adds a finding for each package that the rules
/// do not allow.
///
/// # Errors
/// When there are rules, and the packages can't be listed.
pub(super) fn check_inventory(
    rules: &InventoryRules,
    document: &[u8],
    parsed: &mut Parsed,
) -> Result<(), ReportError> {
    check_components(rules, inventory::components(document), parsed)
}

/// The same for packages that are listed already, or can't be.
pub(super) fn check_components(
    rules: &InventoryRules,
    listed: Result<Vec<Component>, ReportError>,
    parsed: &mut Parsed,
) -> Result<(), ReportError> {
    let components = match listed {
        Ok(components) => components,
        Err(error) if rules.asks() => return Err(error),
        // No rule needs the packages.
        Err(error) => {
            parsed.proof.push(format!("its packages are not listed: {error}"));
            return Ok(());
        }
    };
    let check = rules.check(&components);
    if rules.asks() && !names_a_package(&components) && !parsed.scope.is_empty() {
        parsed.gaps.push(NO_PACKAGE.to_owned());
    }
    parsed.findings.extend(check.findings);
    parsed.inventory_notes.extend(check.notes);
    parsed.inventory_warnings.extend(check.warnings);
    parsed.inventory = Some(Arc::new(components));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::mistakes::Problems;
    use crate::keys::table::Keys;
    use crate::model::scope::{Scope, Unit};
    use crate::model::severity::Severity;

    fn checked(rules: &str, document: &str) -> Parsed {
        let problems = Problems::default();
        let table = toml::de::DeTable::parse(rules).unwrap();
        let rules = InventoryRules::read(&Keys::new(table.get_ref(), 0..0, &problems));
        assert_eq!(problems.into_sorted(), [], "{rules:?}");
        let mut parsed = Parsed { scope: Scope::of(Unit::Packages, 1), ..Parsed::default() };
        check_inventory(&rules, document.as_bytes(), &mut parsed).unwrap();
        parsed
    }

    /// Each finding: its rule, and how bad it is.
    fn found(rules: &str, document: &str) -> Vec<(String, Severity)> {
        let findings = checked(rules, document).findings.into_iter();
        findings.map(|finding| (finding.rule.to_string(), finding.severity)).collect()
    }

    /// The project or the image that the document describes is not one of its packages. What is forbidden is
    /// forbidden all the same.
    #[test]
    fn what_a_document_is_about_may_be_banned_and_its_licence_denied() {
        let about = |subject: &str| {
            format!(
                r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {{"component": {subject}}}, "components": [
                {{"type": "library", "name": "a", "purl": "pkg:npm/a@1.0.0", "licenses": [{{"license": {{"id": "MIT"}}}}]}}]}}"#
            )
        };
        let ban = |package: &str| format!("ban = [{{ package = '{package}', reason = 'no' }}]");
        let licences = "licences = { allow = ['MIT'], deny = ['AGPL-3.0-only'], unknown = 'deny' }";
        let banned = |severity| vec![("package-banned".to_owned(), severity)];
        let denied = vec![("licence-denied".to_owned(), Severity::High)];
        for (rules, subject, wanted) in [
            (
                ban("pkg:npm/app"),
                r#"{"type": "application", "name": "app", "purl": "pkg:npm/app@1"}"#,
                banned(Severity::Critical),
            ),
            (ban("pkg:npm/app"), r#"{"type": "application", "name": "app"}"#, banned(Severity::Unknown)),
            (
                ban("pkg:npm/other"),
                r#"{"type": "application", "name": "app", "purl": "pkg:npm/app@1"}"#,
                vec![],
            ),
            (
                ban("pkg:oci/nginx"),
                r#"{"type": "container", "name": "nginx", "purl": "pkg:oci/nginx@sha256%3Aab"}"#,
                banned(Severity::Critical),
            ),
            (
                ban("pkg:oci/nginx"),
                r#"{"type": "container", "name": "docker.io/library/nginx:1.27"}"#,
                banned(Severity::Unknown),
            ),
            (
                ban("pkg:docker/library/nginx"),
                r#"{"type": "container", "name": "localhost:5000/nginx@sha256:ab"}"#,
                vec![],
            ),
            (ban("pkg:deb/debian/nginx"), r#"{"type": "container", "name": "nginx:1.27"}"#, vec![]),
            (ban("pkg:npm/app"), r#"{"type": "file", "name": "app"}"#, vec![]),
            (
                licences.to_owned(),
                r#"{"type": "application", "name": "app", "licenses": [{"license": {"id": "AGPL-3.0"}}]}"#,
                denied.clone(),
            ),
            (
                licences.to_owned(),
                r#"{"type": "application", "name": "app", "licenses": [{"license": {"id": "ISC"}}]}"#,
                denied,
            ),
            (
                licences.to_owned(),
                r#"{"type": "application", "name": "app", "licenses": [{"license": {"id": "MIT"}}]}"#,
                vec![],
            ),
            (licences.to_owned(), r#"{"type": "application", "name": "app"}"#, vec![]),
            (
                licences.to_owned(),
                r#"{"type": "library", "name": "app", "licenses": [{"license": {"name": "UNLICENSED"}}]}"#,
                vec![],
            ),
        ] {
            assert_eq!(found(&rules, &about(subject)), wanted, "{rules} {subject}");
        }
    }

    #[test]
    fn an_inventory_that_names_only_its_subject_names_no_package() {
        let document = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [],
            "metadata": {"component": {"type": "application", "name": "app"}}}"#;
        let parsed = checked("ban = [{ package = 'pkg:npm/app', reason = 'no' }]", document);
        assert_eq!((parsed.gaps, parsed.findings.len()), (vec![NO_PACKAGE.to_owned()], 1));
    }

    #[test]
    fn each_package_that_is_not_allowed_is_one_finding() {
        let problems = Problems::default();
        let text = "licences = { allow = ['MIT'] }\nban = [{ package = 'pkg:npm/event-stream', versions = '<4', reason = 'stolen' }]";
        let table = toml::de::DeTable::parse(text).unwrap();
        let rules = InventoryRules::read(&Keys::new(table.get_ref(), 0..0, &problems));
        let document = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
            {"type": "library", "name": "good", "version": "1.0.0", "purl": "pkg:npm/good@1.0.0", "licenses": [{"license": {"id": "MIT"}}]},
            {"type": "library", "name": "bad", "version": "1.0.0", "purl": "pkg:npm/bad@1.0.0", "licenses": [{"license": {"id": "AGPL-3.0-only"}}]},
            {"type": "library", "name": "bad", "version": "1.0.0", "purl": "pkg:npm/bad@1.0.0", "licenses": [{"license": {"id": "AGPL-3.0-only"}}]},
            {"type": "library", "name": "odd", "version": "1.0.0", "purl": "pkg:npm/odd@1.0.0"},
            {"type": "library", "name": "event-stream", "version": "3.3.6", "purl": "pkg:npm/event-stream@3.3.6", "licenses": [{"license": {"id": "MIT"}}]},
            {"type": "library", "name": "event-stream", "version": "next", "purl": "pkg:npm/event-stream@next", "licenses": [{"license": {"id": "MIT"}}]}]}"#;
        let mut parsed = Parsed::default();
        check_inventory(&rules, document.as_bytes(), &mut parsed).unwrap();
        let mut found: Vec<(String, String, Severity)> = parsed
            .findings
            .iter()
            .map(|finding| {
                (
                    finding.rule.to_string(),
                    finding.package.as_ref().unwrap().purl.clone().unwrap().to_string(),
                    finding.severity,
                )
            })
            .collect();
        found.sort();
        let wanted = |rule: &str, purl: &str, severity| (rule.to_owned(), purl.to_owned(), severity);
        assert_eq!(
            found,
            [
                wanted("licence-denied", "pkg:npm/bad@1.0.0", Severity::High),
                wanted("licence-unknown", "pkg:npm/odd@1.0.0", Severity::Medium),
                wanted("package-banned", "pkg:npm/event-stream@3.3.6", Severity::Critical),
                wanted("package-banned", "pkg:npm/event-stream@next", Severity::Unknown),
            ]
        );
        assert!(parsed.findings.iter().all(InventoryRules::found));
    }
}
