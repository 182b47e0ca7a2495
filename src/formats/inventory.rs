//! The packages of an inventory with their licences, from CycloneDX, SPDX 2 or Syft's own document.
//!
//! The readers of [`crate::formats`] prove that the document is whole.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::formats::json;
use crate::model::component::Component;
use crate::scan::parsed::ReportError;
use crate::text::shared::Text;

const WHAT: &str = "inventory";

/// The packages of a document by name, each once, however many places it is installed at.
pub(crate) fn components(bytes: &[u8]) -> Result<Vec<Component>, ReportError> {
    let mut all = listed(bytes)?;
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// The packages as they are listed.
fn listed(bytes: &[u8]) -> Result<Vec<Component>, ReportError> {
    let document: Document = json::read(bytes, WHAT)?;
    if let Some(artifacts) = document.artifacts {
        return Ok(artifacts.into_iter().map(Artifact::into_component).collect());
    }
    if let Some(packages) = document.packages {
        return Ok(packages
            .into_iter()
            .filter(|package| !package.is_root())
            .map(Package::into_component)
            .collect());
    }
    if document.graph.is_some() {
        let why = "the licences of SPDX 3 can't be read yet: write CycloneDX, or SPDX 2";
        return Err(ReportError::ToolError(why.to_owned()));
    }
    let mut left = document.components.unwrap_or_default();
    let mut all = Vec::new();
    while let Some(mut listed) = left.pop() {
        left.append(&mut listed.components);
        // The distribution and single files are components too.
        if !matches!(listed.kind.as_deref(), Some("operating-system" | "file")) {
            all.push(listed.into_component());
        }
    }
    Ok(all)
}

/// What matters of any of the three: each has its own list.
#[derive(Deserialize)]
struct Document {
    /// CycloneDX.
    components: Option<Vec<Listed>>,
    /// SPDX 2.
    packages: Option<Vec<Package>>,
    /// Syft.
    artifacts: Option<Vec<Artifact>>,
    /// SPDX 3.
    #[serde(rename = "@graph")]
    graph: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "type")]
    kind: Option<String>,
    group: Option<String>,
    name: String,
    version: Option<String>,
    purl: Option<Text>,
    #[serde(default)]
    licenses: Vec<Choice>,
    #[serde(default)]
    components: Vec<Self>,
}

/// A licence, or an expression.
#[derive(Deserialize)]
struct Choice {
    license: Option<Licence>,
    expression: Option<String>,
}

#[derive(Deserialize)]
struct Licence {
    id: Option<String>,
    name: Option<String>,
}

impl Listed {
    fn into_component(self) -> Component {
        let group = self.group.filter(|group| !group.is_empty());
        let name = group.map_or(self.name.clone(), |group| format!("{group}/{}", self.name));
        let of = |choice: Choice| choice.expression.or(choice.license.and_then(|one| one.id.or(one.name)));
        component(name, self.version, self.purl, self.licenses.into_iter().filter_map(of).collect())
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
    #[serde(default)]
    external_refs: Vec<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    reference_type: String,
    reference_locator: Text,
}

impl Package {
    /// What the document describes, the image or the folder itself, as Syft names it.
    fn is_root(&self) -> bool {
        self.id.starts_with("SPDXRef-DocumentRoot-")
    }

    /// What was concluded outranks what was declared (SPDX 2.3, 7.13).
    fn into_component(self) -> Component {
        let said = |licence: &String| licence != "NOASSERTION" && !licence.is_empty();
        let licence = self.license_concluded.filter(said).or(self.license_declared.filter(said));
        let mut references = self.external_refs.into_iter();
        let purl = references.find(|one| one.reference_type == "purl").map(|one| one.reference_locator);
        component(self.name, self.version_info, purl, licence.into_iter().collect())
    }
}

#[derive(Deserialize)]
struct Artifact {
    name: String,
    version: Option<String>,
    purl: Option<Text>,
    #[serde(default)]
    licenses: Vec<Found>,
}

/// A text in the schemas before 8.
#[derive(Deserialize)]
#[serde(untagged)]
enum Found {
    Text(String),
    #[serde(rename_all = "camelCase")]
    Full {
        value: Option<String>,
        spdx_expression: Option<String>,
    },
}

impl Artifact {
    fn into_component(self) -> Component {
        let of = |found| match found {
            Found::Text(text) => Some(text),
            Found::Full { value, spdx_expression } => spdx_expression.filter(|one| !one.is_empty()).or(value),
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
    Component { name, version: version.filter(given), purl: purl.filter(|purl| !purl.is_empty()), licences }
}

#[cfg(test)]
mod tests;
