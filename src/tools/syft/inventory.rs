//! Syft's own document (anchore/syft `syft/format/syftjson/model`), and the packages in it, in CycloneDX
//! and in SPDX.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::formats::json;
use crate::model::scope::{Scope, Unit};
use crate::scan::parsed::{ListedPackage, Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::text::shared::Text;

pub(super) const WHAT: &str = "Syft report";

/// The formats that Syft writes and Portcullis reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Native,
    CycloneDx,
    Spdx,
}

/// Recognises the format by a key that only this format has.
pub(super) fn format_of(bytes: &[u8]) -> Result<Format, ReportError> {
    #[derive(Deserialize)]
    struct Signs {
        artifacts: Option<IgnoredAny>,
        #[serde(rename = "bomFormat")]
        bom_format: Option<IgnoredAny>,
        #[serde(rename = "spdxVersion")]
        spdx_version: Option<IgnoredAny>,
        /// SPDX 3.
        #[serde(rename = "@graph")]
        graph: Option<IgnoredAny>,
    }
    let signs: Signs = json::read(bytes, WHAT)?;
    match signs {
        Signs { artifacts: Some(_), .. } => Ok(Format::Native),
        Signs { bom_format: Some(_), .. } => Ok(Format::CycloneDx),
        Signs { spdx_version: Some(_), .. } | Signs { graph: Some(_), .. } => Ok(Format::Spdx),
        _ => Err(foreign("it is not syft-json, CycloneDX or SPDX")),
    }
}

/// The newest major version of the schema that Portcullis reads (anchore/syft `internal/constants.go`,
/// `JSONSchemaVersion`). In a newer one, a key may mean something else.
const SCHEMA: u32 = 16;

/// Syft's own document.
#[derive(Debug, Deserialize)]
pub(super) struct Inventory {
    schema: Option<Schema>,
    artifacts: Vec<Artifact>,
    descriptor: Descriptor,
    source: Option<Source>,
}

/// Absent before Syft 0.13.
#[derive(Debug, Deserialize)]
struct Schema {
    version: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Artifact {
    #[serde(rename = "name")]
    _name: String,
    purl: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Descriptor {
    name: String,
    version: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Source {
    metadata: Option<SourceMetadata>,
}

#[derive(Debug, Deserialize)]
struct SourceMetadata {
    #[serde(rename = "imageID")]
    image_id: Option<Text>,
}

impl Inventory {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ReportError> {
        let inventory: Self = json::read(bytes, WHAT)?;
        let schema = inventory.schema.as_ref().and_then(|schema| schema.version.as_deref());
        let newer = |version: &&str| {
            let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
            major.is_none_or(|major| major > SCHEMA)
        };
        if let Some(version) = schema.filter(newer) {
            let detail = format!("its schema is {version}; Portcullis reads versions up to {SCHEMA}");
            return Err(foreign(&detail));
        }
        match inventory.descriptor.name.as_str() {
            "syft" => Ok(inventory),
            other => Err(foreign(&format!("its descriptor names `{other}`"))),
        }
    }

    pub(super) fn packages(&self) -> Packages {
        let purls = self.artifacts.iter().filter_map(|artifact| artifact.purl.clone());
        Packages { count: self.artifacts.len(), purls: purls.filter(|purl| !purl.is_empty()).collect() }
    }

    pub(super) fn into_parsed(self) -> Parsed {
        Parsed {
            scope: Scope::of(Unit::Packages, self.artifacts.len() as u64),
            tool_version: self.descriptor.version,
            image_id: self.source.and_then(|source| source.metadata).and_then(|metadata| metadata.image_id),
            ..Parsed::default()
        }
    }
}

/// The files in which the packages of a folder were found, each with its packages by name. The form of a version is Syft's own.
pub(super) fn places(
    bytes: &[u8],
    origin: &ReportOrigin,
) -> Result<BTreeMap<Text, Vec<ListedPackage>>, ReportError> {
    #[derive(Deserialize)]
    struct Document {
        artifacts: Vec<Placed>,
    }
    #[derive(Deserialize)]
    struct Placed {
        name: Text,
        #[serde(default)]
        locations: Vec<Place>,
    }
    #[derive(Deserialize)]
    struct Place {
        path: Text,
    }
    let document: Document = json::read(bytes, WHAT)?;
    let mut files: BTreeMap<Text, Vec<ListedPackage>> = BTreeMap::new();
    for Placed { name, locations } in document.artifacts {
        for place in locations {
            let file = origin.relative(place.path.trim_start_matches('/'));
            let package = ListedPackage { name: name.clone(), version: None, dev: false };
            files.entry(file).or_default().push(package);
        }
    }
    Ok(files)
}

fn foreign(detail: &str) -> ReportError {
    ReportError::Foreign { what: WHAT, detail: detail.to_owned() }
}

/// The packages of a document, by their package URLs if they have one.
#[derive(Debug)]
pub(super) struct Packages {
    count: usize,
    purls: BTreeSet<String>,
}

impl Packages {
    /// How the other document differs, in words; `None` when both name the same.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        if let Some(purl) = self.purls.symmetric_difference(&other.purls).next() {
            return Some(format!("only one of them has {purl}"));
        }
        (self.count != other.count).then(|| format!("{} packages and {}", self.count, other.count))
    }
}

/// The packages of a CycloneDX document. The distribution and single files are components too.
pub(super) fn cyclonedx_packages(bytes: &[u8]) -> Result<Packages, ReportError> {
    #[derive(Deserialize)]
    struct Bom {
        components: Option<Vec<Component>>,
    }
    #[derive(Deserialize)]
    struct Component {
        #[serde(rename = "type")]
        kind: String,
        purl: Option<String>,
        components: Option<Vec<Self>>,
    }
    let bom: Bom = json::read(bytes, "CycloneDX document")?;
    let mut packages = Packages { count: 0, purls: BTreeSet::new() };
    let mut rest = bom.components.unwrap_or_default();
    while let Some(component) = rest.pop() {
        rest.extend(component.components.unwrap_or_default());
        if !matches!(component.kind.as_str(), "operating-system" | "file") {
            packages.count += 1;
            packages.purls.extend(component.purl);
        }
    }
    Ok(packages)
}

/// The packages of an SPDX document. The image or folder that it describes is one of its packages
/// too, and is left out here.
pub(super) fn spdx_packages(bytes: &[u8]) -> Result<Packages, ReportError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Document {
        packages: Option<Vec<Package>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Package {
        #[serde(rename = "SPDXID")]
        id: String,
        external_refs: Option<Vec<Reference>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Reference {
        reference_type: String,
        reference_locator: String,
    }
    let document: Document = json::read(bytes, "SPDX document")?;
    let is_root = |package: &Package| package.id.starts_with("SPDXRef-DocumentRoot-");
    let packages: Vec<Package> =
        document.packages.into_iter().flatten().filter(|package| !is_root(package)).collect();
    let count = packages.len();
    let references = packages.into_iter().filter_map(|package| package.external_refs).flatten();
    let purls = references
        .filter(|reference| reference.reference_type == "purl")
        .map(|reference| reference.reference_locator);
    Ok(Packages { count, purls: purls.collect() })
}
