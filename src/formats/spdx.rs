//! SPDX JSON: an inventory of packages, as version 2 (<https://spdx.github.io/spdx-spec/v2.3/>) or
//! as the JSON-LD of version 3 (<https://spdx.github.io/spdx-spec/v3.0.1/>).
//!
//! The `spdx-rs` crate reads 2.2 and 2.3. It is strict: it refuses the whole document if one file has no
//! checksum, and Syft used to write such documents. So the packages are counted in a small model of any
//! version. The crate reads the document as well, and the proof says whether it could; that is no validation.

mod advisories;
mod version3;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::scope::{Scope, Unit};
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::text::bom;

use super::{foreign, json, other_forms};
use advisories::ExternalRef;
use version3::Element;

const WHAT: &str = "SPDX document";

/// Reads an SPDX document. Scope: the `packages` of version 2, or the elements of type
/// `software_Package` of version 3. Version 3 can list vulnerabilities (its security profile): each is a finding
/// for each package that it is about.
pub(crate) fn read(bytes: &[u8], _origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    read_document(bytes).map_err(|error| foreign::named(error, bytes, "spdx"))
}

fn read_document(bytes: &[u8]) -> Result<Parsed, ReportError> {
    let bytes = &*json::decoded(bytes, WHAT)?;
    other_forms::refuse(bytes, WHAT)?;
    let document: Document = json::read(bytes, WHAT)?;
    let foreign = |detail: &str| ReportError::Foreign { what: WHAT, detail: detail.to_owned() };
    match (&document.spdx_version, &document.graph) {
        (Some(version), _) if version.starts_with("SPDX-2.") => Ok(version_2(bytes, &document, version)),
        (Some(version), _) => {
            Err(foreign(&format!("its `spdxVersion` is {version}; Portcullis reads SPDX-2")))
        }
        (None, Some(graph)) if document.context.as_ref().is_some_and(Context::is_spdx) => {
            Ok(version3::read(graph))
        }
        (None, Some(_)) => Err(foreign("its `@context` is not that of SPDX")),
        (None, None) => Err(foreign("it has neither `spdxVersion` nor `@graph`")),
    }
}

/// The fields of an SPDX document, of version 2 or 3, that Portcullis needs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    spdx_version: Option<String>,
    creation_info: Option<CreationInfo>,
    packages: Option<Vec<Package>>,
    files: Option<Vec<Licensed>>,
    snippets: Option<Vec<Licensed>>,
    #[serde(rename = "@context")]
    context: Option<Context>,
    #[serde(rename = "@graph")]
    graph: Option<Vec<Element>>,
}

#[derive(Debug, Deserialize)]
struct CreationInfo {
    creators: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    /// Required, like the name.
    #[serde(rename = "SPDXID")]
    _id: IgnoredText,
    name: String,
    version_info: Option<String>,
    external_refs: Option<Vec<ExternalRef>>,
    license_concluded: Option<String>,
    license_declared: Option<String>,
}

/// A string that must be present but is not kept.
#[derive(Debug)]
struct IgnoredText;

impl<'de> Deserialize<'de> for IgnoredText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|_| Self)
    }
}

/// A file, or a part of one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Licensed {
    license_concluded: Option<String>,
}

/// JSON-LD allows an address, an object, or a list of both.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Context {
    Address(String),
    List(Vec<Self>),
    Other(IgnoredAny),
}

impl Context {
    /// The recursion is bounded: serde_json refuses documents that nest deeper than 128 levels.
    fn is_spdx(&self) -> bool {
        match self {
            Self::Address(address) => address.contains("spdx.org/"),
            Self::List(list) => list.iter().any(Self::is_spdx),
            Self::Other(_) => false,
        }
    }
}

fn version_2(bytes: &[u8], document: &Document, version: &str) -> Parsed {
    let mut parsed = Parsed { proof: vec![version.to_owned()], ..Parsed::default() };
    if let Some(packages) = &document.packages {
        parsed.scope = Scope::of(Unit::Packages, packages.len() as u64);
    }
    parsed.tool_version = document.tool_version();
    let (findings, unnamed) = advisories::read(document.packages.as_deref().unwrap_or_default());
    parsed.findings = findings;
    parsed.proof.extend(unnamed);
    if ["SPDX-2.2", "SPDX-2.3"].contains(&version) && document.licences_are_bounded() {
        match serde_json::from_slice::<spdx_rs::models::SPDX>(bom::without_bom(bytes)) {
            Ok(strict)
                if strict.package_information.len() == document.packages.as_ref().map_or(0, Vec::len) =>
            {
                parsed.proof.push(format!("parsed as {version}"));
            }
            Ok(_) => {}
            Err(error) => parsed.proof.push(format!("not quite {version}: {error}")),
        }
    }
    parsed
}

impl Document {
    /// The version of the program that wrote the document (`Tool: syft-1.18.1`), if it names exactly one.
    fn tool_version(&self) -> Option<String> {
        let creators = self.creation_info.as_ref()?.creators.as_ref()?;
        let mut tools = creators.iter().filter_map(|creator| creator.strip_prefix("Tool:"));
        let (Some(tool), None) = (tools.next(), tools.next()) else { return None };
        let tool = tool.trim();
        tool.match_indices('-').map(|(at, _)| &tool[at + 1..]).find_map(|version| {
            let number = version.strip_prefix('v').unwrap_or(version);
            number.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
        })
    }

    /// Whether every licence expression has a realistic size. The crate parses them by recursion without a
    /// limit, so a malicious document could crash the process.
    fn licences_are_bounded(&self) -> bool {
        let packages = self.packages.iter().flatten();
        let packages = packages.flat_map(|package| [&package.license_concluded, &package.license_declared]);
        let rest = self.files.iter().chain(&self.snippets).flatten();
        packages.chain(rest.map(|licensed| &licensed.license_concluded)).flatten().all(|licence| {
            licence.len() <= 8192 && licence.bytes().filter(|byte| *byte == b'(').count() <= 64
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::severity::Severity;

    fn parse(text: &str) -> Result<Parsed, ReportError> {
        let origin = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: "target".into() };
        read(text.as_bytes(), &origin)
    }

    fn document(packages: &str) -> String {
        format!(
            r#"{{"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "n",
            "documentNamespace": "https://example.test/n", "creationInfo":
            {{"created": "2026-01-01T00:00:00Z", "creators": ["Tool: my-tool-v1.2-rc.1"]}}, "packages": {packages}}}"#
        )
    }

    fn package(licence: &str) -> String {
        format!(
            r#"{{"SPDXID": "SPDXRef-a", "name": "a", "downloadLocation": "NONE", "licenseDeclared": "{licence}"}}"#
        )
    }

    #[test]
    fn a_document_that_the_crate_accepts_conforms() {
        let parsed = parse(&document(&format!("[{}]", package("MIT")))).unwrap();
        assert_eq!(parsed.scope, Scope::of(Unit::Packages, 1));
        assert_eq!(parsed.tool_version.as_deref(), Some("v1.2-rc.1"));
        assert_eq!(parsed.proof, ["SPDX-2.3", "parsed as SPDX-2.3"]);
    }

    #[test]
    fn a_document_that_the_crate_refuses_keeps_its_packages() {
        let parsed =
            parse(&document(&format!("[{}, {}]", package("MIT"), package("not § a licence")))).unwrap();
        assert_eq!(parsed.scope, Scope::of(Unit::Packages, 2));
        assert!(parsed.proof[1].starts_with("not quite SPDX-2.3"), "{:?}", parsed.proof);
    }

    #[test]
    fn endless_licences_do_not_crash_the_process() {
        for licence in ["(".repeat(200_000), format!("A{}", " AND A".repeat(200_000))] {
            let parsed = parse(&document(&format!("[{}]", package(&licence)))).unwrap();
            assert_eq!(parsed.scope, Scope::of(Unit::Packages, 1));
        }
        // The longest expression that is passed to the crate.
        let long = format!("{}A{}{}", "(".repeat(64), " AND A".repeat(1_343), ")".repeat(64));
        assert_eq!(parse(&document(&format!("[{}]", package(&long)))).unwrap().proof.len(), 2);
    }

    #[test]
    fn a_package_without_its_required_keys_is_an_error() {
        for bad in [r#"[{"name": "a"}]"#, r#"[{"SPDXID": "SPDXRef-a"}]"#, r#"[null]"#, "{}", "7"] {
            assert!(matches!(parse(&document(bad)), Err(ReportError::Foreign { .. })), "{bad}");
        }
    }

    #[test]
    fn a_document_without_packages_has_an_empty_scope() {
        assert!(parse(&document("[]")).unwrap().scope.is_empty());
        assert!(parse(&document("null")).unwrap().scope.is_empty());
    }

    #[test]
    fn vulnerabilities_of_version_3_are_findings() {
        let text = r#"{"@context": ["https://spdx.org/rdf/3.0.1/spdx-context.jsonld", {"x": 1}], "@graph": [
            {"type": "software_Package", "spdxId": "p"},
            {"@type": ["https://spdx.org/rdf/3.0.1/terms/Software/Package"], "spdxId": "q"},
            {"type": "ai_AIPackage"}, {"type": "software_File"}, {"@id": "_:0"},
            {"type": "security_Vulnerability", "spdxId": "v", "name": "CVE-2026-1", "summary": "Bad.\nVery."}]}"#;
        let parsed = parse(text).unwrap();
        assert_eq!(parsed.scope, Scope::of(Unit::Packages, 3));
        assert_eq!(parsed.findings.len(), 1);
        assert_eq!((&*parsed.findings[0].rule, &*parsed.findings[0].title), ("CVE-2026-1", "Bad."));
        assert_eq!(parsed.findings[0].severity, Severity::Unknown);
    }

    #[test]
    fn a_document_that_is_not_spdx_is_refused() {
        for text in [
            "{}",
            "[]",
            "null",
            r#"{"spdxVersion": "2.3", "packages": []}"#,
            r#"{"spdxVersion": 2.3, "packages": []}"#,
            r#"{"@graph": []}"#,
            r#"{"@context": "https://schema.org", "@graph": []}"#,
            r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": []}"#,
            "<!doctype html><title>502</title>",
            "SPDXVersion: SPDX-2.3",
        ] {
            assert!(matches!(parse(text), Err(ReportError::Foreign { .. })), "{text}");
        }
        assert!(matches!(parse(" \n"), Err(ReportError::Empty { .. })));
        let whole = document(&format!("[{}]", package("MIT")));
        assert!(matches!(parse(&whole[..whole.len() / 2]), Err(ReportError::Cut { .. })));
    }
}
