//! What a document of version 2 says of vulnerabilities: references of the category SECURITY (SPDX 2.3, Annex F.2 and K.1).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::model::finding::{Category, Finding, Package as Affected};
use crate::model::purl::Purl;
use crate::model::severity::Severity;
use crate::text::human;
use crate::text::shared::Text;

use super::Package;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExternalRef {
    reference_category: Option<String>,
    reference_type: Option<String>,
    reference_locator: Option<String>,
}

/// A finding for each advisory of a package that names a CVE or a GHSA, and what the proof says of the other references. An
/// advisory has no severity. A `fix` of the same package that names the same id suppresses the finding: one that is a
/// commit alone does not say what it fixes.
pub(super) fn read(packages: &[Package]) -> (Vec<Finding>, Option<String>) {
    let mut findings = Vec::new();
    let mut unnamed = 0;
    for package in packages {
        unnamed += package.unnamed();
        let fixed = package.named("fix");
        for (id, addresses) in package.named("advisory") {
            let title = format!("{id} in {}", package.name);
            let mut finding = Finding::new(id.as_str(), Category::Vulnerability, Severity::Unknown, title);
            finding.package = Some(Arc::new(package.affected()));
            finding.references = addresses.into_iter().map(Text::from).collect();
            let fix = fixed.get(&id).and_then(|addresses| addresses.first());
            finding.suppressed = fix.map(|address| Text::from(format!("its `fix`: {address}")));
            findings.push(finding);
        }
    }
    let references = human::count(unnamed, "security reference");
    (findings, (unnamed > 0).then(|| format!("{references} without a CVE or a GHSA, not read")))
}

impl ExternalRef {
    /// Its address, if it is about security and of this type.
    fn security(&self, kinds: &[&str]) -> Option<&str> {
        let is_security = self.reference_category.as_deref() == Some("SECURITY");
        let kind = self.reference_type.as_deref()?;
        // The type may be written as an address: `http://spdx.org/rdf/references/advisory`.
        let kind = kind.rsplit('/').next().unwrap_or(kind);
        (is_security && kinds.contains(&kind)).then_some(self.reference_locator.as_deref()?)
    }
}

impl Package {
    fn references(&self) -> impl Iterator<Item = &ExternalRef> {
        self.external_refs.iter().flatten()
    }

    /// The ids that its references of a type name, with their addresses.
    fn named(&self, kind: &str) -> BTreeMap<String, Vec<&str>> {
        let mut named: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for address in self.references().filter_map(|reference| reference.security(&[kind])) {
            for id in ids(address) {
                named.entry(id).or_default().push(address);
            }
        }
        named
    }

    fn unnamed(&self) -> u64 {
        let addresses = self.references().filter_map(|one| one.security(&["advisory", "fix", "url"]));
        addresses.filter(|address| ids(address).next().is_none()).count() as u64
    }

    fn affected(&self) -> Affected {
        let mut purls = self.references().filter_map(|reference| {
            let is_purl = reference.reference_type.as_deref() == Some("purl");
            reference.reference_locator.as_deref().filter(|_| is_purl)
        });
        let purl = purls.next();
        Affected {
            name: self.name.as_str().into(),
            version: self.version_info.as_deref().filter(|version| !version.is_empty()).map(Text::from),
            ecosystem: purl.and_then(Purl::read).map(|purl| purl.kind().into()),
            purl: purl.map(Text::from),
            ..Affected::default()
        }
    }
}

/// The CVEs and GHSAs in an address, in the case of their makers.
fn ids(address: &str) -> impl Iterator<Item = String> {
    let words = address.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter_map(|word| {
        let mut parts = word.split('-');
        let kind = parts.next()?;
        let parts: Vec<&str> = parts.take(4).collect();
        let all = |part: &&str, test: fn(&u8) -> bool| part.bytes().all(|byte| test(&byte));
        match parts.as_slice() {
            [year, number] if kind.eq_ignore_ascii_case("CVE") => {
                let is_id = year.len() == 4 && number.len() >= 4;
                (is_id && [year, number].into_iter().all(|part| all(part, u8::is_ascii_digit)))
                    .then(|| word.to_ascii_uppercase())
            }
            [_, _, _] if kind.eq_ignore_ascii_case("GHSA") => {
                let is_id = parts.iter().all(|part| part.len() == 4 && all(part, u8::is_ascii_alphanumeric));
                is_id.then(|| format!("GHSA-{}", parts.join("-").to_ascii_lowercase()))
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_packages(packages: &str) -> (Vec<Finding>, Option<String>) {
        read(&serde_json::from_str::<Vec<Package>>(packages).unwrap())
    }

    fn package(references: &[(&str, &str)]) -> String {
        let references: Vec<String> = references
            .iter()
            .map(|(kind, address)| {
                let category = if *kind == "purl" { "PACKAGE-MANAGER" } else { "SECURITY" };
                format!(r#"{{"referenceCategory": "{category}", "referenceType": "{kind}", "referenceLocator": "{address}"}}"#)
            })
            .collect();
        let references = references.join(", ");
        format!(
            r#"{{"SPDXID": "SPDXRef-a", "name": "log4j-core", "versionInfo": "2.14.1", "externalRefs": [{references}]}}"#
        )
    }

    const NVD: &str = "https://nvd.nist.gov/vuln/detail/CVE-2021-44228";

    #[test]
    fn an_advisory_of_a_package_is_an_unrated_vulnerability() {
        let purl = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1";
        let other = "https://github.com/advisories/ghsa-JFH8-c2jp-5v3q?a=cve-2021-44228";
        let (findings, unnamed) = read_packages(&format!(
            "[{}]",
            package(&[("purl", purl), ("advisory", NVD), ("advisory", other), ("cpe23Type", "cpe:2.3:a:b")])
        ));
        let [cve, ghsa] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!((&*cve.rule, cve.severity, &cve.suppressed), ("CVE-2021-44228", Severity::Unknown, &None));
        assert_eq!(&*ghsa.rule, "GHSA-jfh8-c2jp-5v3q");
        assert_eq!(cve.references.len(), 2);
        let affected = cve.package.as_ref().unwrap();
        assert_eq!((&*affected.name, affected.version.as_deref()), ("log4j-core", Some("2.14.1")));
        assert_eq!((affected.purl.as_deref(), affected.ecosystem.as_deref()), (Some(purl), Some("maven")));
        assert_eq!(unnamed, None);
    }

    #[test]
    fn a_fix_of_the_same_id_in_the_same_package_suppresses_it() {
        let fix = "https://example.test/fixed/CVE-2021-44228";
        let of_it = package(&[("advisory", NVD), ("fix", fix)]);
        let (findings, _) = read_packages(&format!("[{of_it}]"));
        assert_eq!(
            findings[0].suppressed.as_deref(),
            Some("its `fix`: https://example.test/fixed/CVE-2021-44228")
        );
        for other in [
            format!("[{}, {}]", package(&[("advisory", NVD)]), package(&[("fix", fix)])),
            format!("[{}]", package(&[("advisory", NVD), ("fix", "https://example.test/CVE-2021-45046")])),
            format!("[{}]", package(&[("advisory", NVD), ("fix", "https://example.test/commit/441b7428")])),
        ] {
            let (findings, _) = read_packages(&other);
            assert_eq!((findings.len(), &findings[0].suppressed), (1, &None), "{other}");
        }
    }

    #[test]
    fn a_reference_that_names_no_id_is_counted() {
        let (findings, unnamed) = read_packages(&format!(
            "[{}]",
            package(&[
                ("advisory", "https://example.test/security"),
                ("advisory", "https://example.test/CVE-21-1"),
                ("url", "https://example.test/GHSA-1-2-3"),
            ])
        ));
        assert!(findings.is_empty());
        assert_eq!(unnamed.as_deref(), Some("3 security references without a CVE or a GHSA, not read"));
    }
}
