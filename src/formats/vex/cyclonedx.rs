//! VEX in CycloneDX JSON, versions 1.4 to 1.6 (<https://cyclonedx.org/capabilities/vex/>): the `analysis`
//! of vulnerabilities, in an inventory or in a separate document.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::Broken;
use crate::formats::json;
use crate::model::assessment::{Status, VexWords};
use crate::policy::vex::{Product, ProductId, Statement};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bom {
    spec_version: String,
    metadata: Option<Metadata>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    components: Vec<Component>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize)]
struct Metadata {
    timestamp: Option<Timestamp>,
    component: Option<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "bom-ref")]
    bom_ref: Option<String>,
    name: String,
    purl: Option<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    components: Vec<Self>,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: Option<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    references: Vec<Reference>,
    analysis: Option<Analysis>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    affects: Vec<Affected>,
}

#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analysis {
    state: Option<State>,
    justification: Option<String>,
    detail: Option<String>,
    first_issued: Option<Timestamp>,
    last_updated: Option<Timestamp>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Resolved,
    ResolvedWithPedigree,
    Exploitable,
    InTriage,
    FalsePositive,
    NotAffected,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(rename = "ref")]
    bom_ref: String,
    #[serde(default, deserialize_with = "json::null_as_default")]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    /// If absent, the entry is a range. Ranges are ignored: each ecosystem compares versions differently.
    version: Option<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    status: Affectedness,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Affectedness {
    #[default]
    Affected,
    Unaffected,
    Unknown,
}

/// The statements of a document: one for each vulnerability, and one for each version that has its own
/// status.
pub(crate) fn statements(bytes: &[u8]) -> Result<Vec<Statement>, Broken> {
    let bom: Bom = serde_json::from_slice(bytes).map_err(|error| Broken(error.to_string()))?;
    if !bom.spec_version.starts_with("1.") {
        return Err(Broken(format!("its specVersion is {}; Portcullis reads version 1", bom.spec_version)));
    }
    let subject = bom.metadata.as_ref().and_then(|metadata| metadata.component.as_ref());
    let mut by_ref = HashMap::new();
    let mut left: Vec<&Component> = bom.components.iter().chain(subject).collect();
    while let Some(component) = left.pop() {
        by_ref.extend(component.bom_ref.as_deref().map(|bom_ref| (bom_ref, component)));
        left.extend(&component.components);
    }
    let made = bom.metadata.as_ref().and_then(|metadata| metadata.timestamp);
    for one in &bom.vulnerabilities {
        one.require_reason()?;
    }
    Ok(bom.vulnerabilities.iter().flat_map(|one| one.statements(subject, &by_ref, made)).collect())
}

impl Component {
    fn id(&self) -> ProductId {
        ProductId::read(self.purl.as_deref().unwrap_or(&self.name))
    }
}

impl Vulnerability {
    fn require_reason(&self) -> Result<(), Broken> {
        let Some(Analysis { state: Some(State::NotAffected), justification, detail, .. }) = &self.analysis
        else {
            return Ok(());
        };
        let id = self.id.as_deref().unwrap_or("a vulnerability without an id");
        super::require_reason(VexWords::CycloneDx, id, justification.as_deref(), detail.as_deref(), "detail")
    }

    fn statements(
        &self,
        subject: Option<&Component>,
        by_ref: &HashMap<&str, &Component>,
        made: Option<Timestamp>,
    ) -> Vec<Statement> {
        // A vulnerability without an analysis is a finding and not a statement.
        let Some(analysis) = &self.analysis else { return Vec::new() };
        let Some(state) = analysis.state else { return Vec::new() };
        let references = self.references.iter().filter_map(|reference| reference.id.clone());
        let ids: Vec<String> = self.id.clone().into_iter().chain(references).collect();
        let statement = |products: Vec<Product>, status| Statement {
            ids: ids.clone(),
            products,
            status,
            justification: analysis.justification.clone(),
            statement: analysis.detail.clone(),
            at: analysis.last_updated.or(analysis.first_issued).or(made),
        };
        let (by_version, whole): (Vec<_>, Vec<_>) =
            self.affects.iter().partition(|affected| !affected.versions.is_empty());
        let products = whole.iter().map(|affected| product(affected, None, subject, by_ref)).collect();
        let mut all = vec![statement(products, state.status())];
        for affected in by_version {
            for version in &affected.versions {
                let Some(number) = &version.version else { continue };
                let status = match version.status {
                    Affectedness::Affected => Status::Affected,
                    Affectedness::Unknown => Status::UnderInvestigation,
                    Affectedness::Unaffected => Status::NotAffected,
                };
                all.push(statement(vec![product(affected, Some(number), subject, by_ref)], status));
            }
        }
        all
    }
}

impl State {
    fn status(self) -> Status {
        match self {
            Self::NotAffected | Self::FalsePositive => Status::NotAffected,
            Self::Resolved | Self::ResolvedWithPedigree => Status::Fixed,
            Self::InTriage => Status::UnderInvestigation,
            Self::Exploitable => Status::Affected,
        }
    }
}

/// The affected component, as part of the subject of the document.
fn product(
    affected: &Affected,
    version: Option<&String>,
    subject: Option<&Component>,
    by_ref: &HashMap<&str, &Component>,
) -> Product {
    // A BOM-Link (`urn:cdx:serial/version#bom-ref`) refers to another document and ends with the
    // reference there.
    let linked = affected.bom_ref.strip_prefix("urn:cdx:").and_then(|link| link.split_once('#'));
    let bom_ref = linked.map_or(affected.bom_ref.as_str(), |(_, bom_ref)| bom_ref);
    let component = by_ref.get(bom_ref).copied().filter(|_| linked.is_none());
    let id = component.map_or_else(|| ProductId::read(bom_ref), Component::id);
    let id = match (id, version) {
        (ProductId::Purl(purl), Some(version)) if purl.version().is_none() => {
            ProductId::Purl(Box::new(purl.with_version(version)))
        }
        (ProductId::Purl(purl), Some(version)) if purl.version() != Some(version) => {
            ProductId::Other(format!("{} in version {version}", purl.plain()))
        }
        (ProductId::Other(name), Some(version)) => ProductId::Other(format!("{name} in version {version}")),
        (id, _) => id,
    };
    let is_subject = |subject: &Component| subject.bom_ref.as_deref() == Some(&affected.bom_ref);
    match subject {
        Some(subject) if !is_subject(subject) => Product { what: subject.id(), parts: vec![id] },
        _ => Product { what: id, parts: Vec::new() },
    }
}
