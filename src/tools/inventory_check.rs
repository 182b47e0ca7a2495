//! The packages of an inventory, checked by the gate's rules for licences and banned packages.

use std::sync::Arc;

use crate::formats::inventory;
use crate::policy::licence::{InventoryRules, NO_PACKAGE};
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
    let components = match inventory::components(document) {
        Ok(components) => components,
        Err(error) if rules.asks() => return Err(error),
        // No rule needs the packages.
        Err(error) => {
            parsed.proof.push(format!("its packages are not listed: {error}"));
            return Ok(());
        }
    };
    let check = rules.check(&components);
    if rules.asks() && components.is_empty() && !parsed.scope.is_empty() {
        parsed.gaps.push(NO_PACKAGE.to_owned());
    }
    parsed.findings.extend(check.findings);
    parsed.inventory_notes.extend(check.notes);
    parsed.inventory = Some(Arc::new(components));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::mistakes::Problems;
    use crate::keys::table::Keys;
    use crate::model::severity::Severity;

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
