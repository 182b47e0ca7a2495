//! The packages of an inventory with their licences, from CycloneDX, SPDX 2 or Syft's own format.
//!
//! The other readers of [`crate::formats`] prove that the document is complete.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::formats::json;
use crate::model::component::Component;
use crate::model::purl::Purl;
use crate::scan::parsed::ReportError;
use crate::text::shared::Text;

const WHAT: &str = "inventory";

/// The packages of a document, sorted by name. A package that is installed in several places is listed
/// once.
pub fn components(bytes: &[u8]) -> Result<Vec<Component>, ReportError> {
    let mut all = listed(bytes)?;
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// The packages in the order of the document, and what the whole document is about.
fn listed(bytes: &[u8]) -> Result<Vec<Component>, ReportError> {
    let document: Document = json::read(&json::decoded(bytes, WHAT)?, WHAT)?;
    if let Some(artifacts) = document.artifacts {
        let source = document.source.and_then(Source::into_component);
        let artifacts =
            artifacts.into_iter().filter_map(|artifact| listed_as(artifact.into_component(), false));
        return Ok(artifacts.chain(source).collect());
    }
    if let Some(packages) = document.packages {
        let described = described(&packages, document.document_describes, document.relationships);
        let component = |package: Package| {
            let is_root = package.is_root() || described.as_deref() == Some(&*package.id);
            listed_as(package.into_component(), is_root)
        };
        return Ok(packages.into_iter().filter_map(component).collect());
    }
    if document.graph.is_some() {
        let why = "Portcullis can't read the licences of SPDX 3 yet: write CycloneDX or SPDX 2";
        return Err(ReportError::ToolError(why.to_owned()));
    }
    let subject = document.metadata.and_then(|metadata| metadata.component);
    let root = subject.as_ref().and_then(|subject| subject.bom_ref.clone());
    let package = subject.as_ref().and_then(Listed::package);
    let mut left: Vec<(Listed, bool)> = subject.into_iter().map(|subject| (subject, true)).collect();
    let unread = |listed: Vec<Listed>| {
        // cargo-cyclonedx (0.5) lists each target of a crate as a part of it, with the crate's package URL.
        let is_root = |one: &Listed| {
            root.is_some() && one.bom_ref == root || package.is_some() && one.package() == package
        };
        listed.into_iter().map(move |one| (is_root(&one), one)).map(|(is_root, one)| (one, is_root))
    };
    left.extend(unread(document.components.unwrap_or_default()));
    let mut all = Vec::new();
    while let Some((mut listed, is_root)) = left.pop() {
        left.extend(unread(listed.components.take().unwrap_or_default()));
        all.extend(listed_as(listed.into_component(), is_root));
    }
    Ok(all)
}

/// Types of CycloneDX and purposes of SPDX that are no packages. Tools list lock files, programs and the
/// distribution beside the packages.
const NO_PACKAGES: [&str; 9] = [
    ROOT,
    "application",
    CONTAINER,
    "cryptographic-asset",
    "data",
    "device",
    "file",
    "operating-system",
    "platform",
];

/// What the whole document is about, if it may be a package.
pub(crate) const ROOT: &str = "root";
const CONTAINER: &str = "container";

/// Whether a component of this type, or a package of this purpose, is a package. One with a package URL or a licence
/// may be the thing that a rule is about.
pub(crate) fn is_package(kind: Option<&str>, purl: Option<&str>, has_licence: bool) -> bool {
    let is_other = kind.is_some_and(|kind| NO_PACKAGES.iter().any(|other| kind.eq_ignore_ascii_case(other)));
    !is_other || has_licence || purl.is_some_and(|purl| !purl.is_empty())
}

/// The component, unless no rule can be about it. A kind that is a package is not kept. What the whole document is
/// about is not one of its packages, and has no licence to miss; but a rule may name it: a project or an image by its
/// name alone, anything else (a folder, a file) by its package URL or its licence.
fn listed_as(component: Component, is_root: bool) -> Option<Component> {
    // What Yarn calls a workspace of the project (berry, `plugin-essentials`).
    let is_root = is_root || component.version.as_deref() == Some("0.0.0-use.local");
    let is_other = |kind: &str| !is_package(Some(kind), None, false);
    let kind = component.kind.map(|kind| kind.to_ascii_lowercase());
    let kind = match kind.filter(|kind| is_other(kind)) {
        None if is_root => Some(ROOT.to_owned()),
        Some(kind) if is_root && kind == "application" => Some(ROOT.to_owned()),
        kind => kind,
    };
    // Trivy calls the folder in which it runs `.`.
    let is_named = is_root
        && component.name != "."
        && kind.as_deref().is_some_and(|kind| [ROOT, CONTAINER].contains(&kind));
    let is_listed = is_package(kind.as_deref(), component.purl.as_deref(), !component.licences.is_empty());
    (is_named || is_listed).then_some(Component { kind, ..component })
}

/// The project that the document describes, if it is one package among others. Some writers list every package as
/// described.
fn described(
    packages: &[Package],
    describes: Option<Vec<String>>,
    relationships: Option<Vec<Relationship>>,
) -> Option<String> {
    let relationships =
        relationships.into_iter().flatten().filter_map(|one| match one.relationship_type.as_str() {
            "DESCRIBES" if one.spdx_element_id == DOCUMENT => Some(one.related_spdx_element),
            "DESCRIBED_BY" if one.related_spdx_element == DOCUMENT => Some(one.spdx_element_id),
            _ => None,
        });
    let mut all: Vec<String> = describes.into_iter().flatten().chain(relationships).collect();
    all.sort_unstable();
    all.dedup();
    (all.len() == 1 && packages.len() > 1).then(|| all.remove(0))
}

/// No package has more further package URLs than these.
const MOST_PURLS: usize = 32;

/// How Syft's ids of it begin.
const ROOT_ID: &str = "SPDXRef-DocumentRoot-";

/// The id of every SPDX document.
const DOCUMENT: &str = "SPDXRef-DOCUMENT";

/// The package lists of all formats. A document has one of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    /// CycloneDX.
    components: Option<Vec<Listed>>,
    metadata: Option<Metadata>,
    /// SPDX 2.
    packages: Option<Vec<Package>>,
    document_describes: Option<Vec<String>>,
    relationships: Option<Vec<Relationship>>,
    /// Syft.
    artifacts: Option<Vec<Artifact>>,
    source: Option<Source>,
    /// SPDX 3.
    #[serde(rename = "@graph")]
    graph: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Metadata {
    component: Option<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: String,
    related_spdx_element: String,
    relationship_type: String,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "bom-ref")]
    bom_ref: Option<String>,
    group: Option<String>,
    name: String,
    version: Option<String>,
    purl: Option<Text>,
    licenses: Option<Vec<LicenceChoice>>,
    evidence: Option<Evidence>,
    components: Option<Vec<Self>>,
}

/// What was seen in the component, such as its files.
#[derive(Deserialize)]
struct Evidence {
    licenses: Option<Vec<LicenceChoice>>,
}

/// A licence or an SPDX expression.
#[derive(Deserialize)]
struct LicenceChoice {
    license: Option<Licence>,
    expression: Option<String>,
}

#[derive(Deserialize)]
struct Licence {
    id: Option<String>,
    name: Option<String>,
}

impl Listed {
    /// The package that its package URL names, without qualifiers and a path in it.
    fn package(&self) -> Option<(String, Option<String>)> {
        let purl = Purl::read(self.purl.as_deref()?)?;
        Some((purl.plain(), purl.version().map(str::to_owned)))
    }

    fn into_component(self) -> Component {
        let group = self.group.filter(|group| !group.is_empty());
        let name = group.map_or(self.name.clone(), |group| format!("{group}/{}", self.name));
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let of = |choice: LicenceChoice| {
            let named = |one: Licence| given(one.id).or(given(one.name));
            given(choice.expression).or(choice.license.and_then(named))
        };
        let read = |all: Option<Vec<LicenceChoice>>| all.into_iter().flatten().filter_map(of).collect();
        let mut licences: Vec<String> = read(self.licenses);
        // cyclonedx-gomod lists what it detects there alone.
        if licences.is_empty() {
            licences = read(self.evidence.and_then(|evidence| evidence.licenses));
        }
        Component { kind: self.kind, ..component(name, self.version, self.purl, licences) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(rename = "SPDXID")]
    id: String,
    name: String,
    version_info: Option<String>,
    license_concluded: Option<String>,
    license_declared: Option<String>,
    primary_package_purpose: Option<String>,
    external_refs: Option<Vec<Reference>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    reference_type: String,
    reference_locator: Text,
}

impl Package {
    /// Whether this is the image or folder that the document describes. Syft gives it such an id.
    fn is_root(&self) -> bool {
        self.id.starts_with(ROOT_ID)
    }

    /// What Syft says of it by its id.
    fn kind_of_root(&self) -> Option<&'static str> {
        let kind = self.id.strip_prefix(ROOT_ID)?;
        Some(if kind.starts_with("Image-") { CONTAINER } else { "file" })
    }

    /// The concluded licence goes before the declared one (SPDX 2.3, 7.13).
    fn into_component(self) -> Component {
        let said = |licence: &String| licence != "NOASSERTION" && !licence.is_empty();
        let kind = self.kind_of_root().map(str::to_owned);
        let licence = self.license_concluded.filter(said).or(self.license_declared.filter(said));
        let references = self.external_refs.into_iter().flatten();
        let purls = references.filter(|one| one.reference_type == "purl").map(|one| one.reference_locator);
        let mut purls = purls.filter(|purl| !purl.is_empty());
        let kind = self.primary_package_purpose.or(kind);
        let licences = licence.into_iter().collect();
        let component = component(self.name, self.version_info, purls.next(), licences);
        Component { kind, more_purls: purls.take(MOST_PURLS).collect(), ..component }
    }
}

#[derive(Deserialize)]
struct Artifact {
    name: String,
    version: Option<String>,
    purl: Option<Text>,
    #[serde(default)]
    licenses: Vec<ArtifactLicence>,
}

/// Schemas before version 8 have a plain string.
#[derive(Deserialize)]
#[serde(untagged)]
enum ArtifactLicence {
    Text(String),
    #[serde(rename_all = "camelCase")]
    Full {
        value: Option<String>,
        spdx_expression: Option<String>,
    },
}

/// What Syft scanned.
#[derive(Deserialize)]
struct Source {
    name: Option<String>,
    version: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Source {
    /// Only an image has the name of something that can be banned.
    fn into_component(self) -> Option<Component> {
        let name = self.name.filter(|name| !name.is_empty())?;
        let is_image = self.kind.as_deref() == Some("image");
        is_image.then(|| Component {
            kind: Some(CONTAINER.to_owned()),
            ..component(name, self.version, None, Vec::new())
        })
    }
}

impl Artifact {
    fn into_component(self) -> Component {
        let of = |found| match found {
            ArtifactLicence::Text(text) => Some(text),
            ArtifactLicence::Full { value, spdx_expression } => {
                spdx_expression.filter(|one| !one.is_empty()).or(value)
            }
        };
        component(self.name, self.version, self.purl, self.licenses.into_iter().filter_map(of).collect())
    }
}

fn component(
    name: String,
    version: Option<String>,
    purl: Option<Text>,
    mut licences: Vec<String>,
) -> Component {
    licences.retain(|licence| !licence.trim().is_empty());
    licences.sort_unstable();
    licences.dedup();
    let given = |version: &String| !version.is_empty();
    let purl = purl.filter(|purl| !purl.is_empty());
    Component { name, version: version.filter(given), purl, licences, ..Component::default() }
}

#[cfg(test)]
mod tests;
