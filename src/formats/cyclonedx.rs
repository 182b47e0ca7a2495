//! CycloneDX JSON (<https://cyclonedx.org/specification/overview/>): an inventory of packages and,
//! from some scanners, the vulnerabilities of these packages.
//!
//! The `cyclonedx-bom` crate reads versions 1.3 to 1.5 and is strict, but Syft writes 1.6 and 1.7. So a
//! document of any version 1 is read into [`Bom`], which has only the fields that Portcullis needs. If
//! the crate supports the version, it reads the document too. If it finds as many components and
//! vulnerabilities, its result is used, and the proof says so. It does not validate by the schema.

mod affected;
mod bom_crate;
mod compositions;
pub(crate) mod document;

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::finding::{Category, Finding, Package};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::text::bom;
use crate::text::shared::Text;

use self::affected::{Affected, Analysis};
use self::compositions::{Compositions, Said};
use super::dated::moment;
use super::ratings::{Rated, Rating};
use super::{foreign, headline, inventory, json, other_forms};

pub(crate) use bom_crate::write;

const WHAT: &str = "CycloneDX document";

/// Reads a CycloneDX document. Scope: the components that are packages, including nested ones, but not the
/// subject of the document (`metadata.component`). Every vulnerability is one finding.
pub(crate) fn read(bytes: &[u8], _origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    read_document(bytes).map_err(|error| foreign::named(error, bytes, "cyclonedx"))
}

fn read_document(bytes: &[u8]) -> Result<Parsed, ReportError> {
    let bytes = &*json::decoded(bytes, WHAT)?;
    other_forms::refuse(bytes, WHAT)?;
    let mut bom: Bom = json::read(bytes, WHAT)?;
    let foreign = |detail: String| ReportError::Foreign { what: WHAT, detail };
    match bom.bom_format.as_deref() {
        Some("CycloneDX") => {}
        Some(other) => return Err(foreign(format!("its bomFormat is `{other}`"))),
        None => return Err(foreign("it has no `bomFormat`".to_owned())),
    }
    let version = bom.spec_version.clone().ok_or_else(|| foreign("it has no `specVersion`".to_owned()))?;
    if !version.starts_with("1.") {
        return Err(foreign(format!("its specVersion is {version}; Portcullis reads version 1")));
    }

    let mut scope = Scope::default();
    if let Some(packages) = bom.packages() {
        scope.add(Unit::Packages, packages);
    }
    let mut proof = vec![format!("CycloneDX {version}")];
    let said = Said::of(bom.compositions.as_ref(), bom.subject());
    match bom_crate::read(bom::without_bom(bytes), &version) {
        // Version 1.3 does not define vulnerabilities, so the crate ignores them.
        Some(Ok(strict)) if strict.size() == bom.size() => {
            bom = strict.with_rejected(bom);
            proof.push(format!("parsed as CycloneDX {version}"));
        }
        Some(Err(error)) => proof.push(format!("not quite CycloneDX {version}: {error}")),
        Some(Ok(_)) | None => {}
    }

    proof.extend(said.proof);
    let (findings, gaps) = (bom.findings(), said.gaps);
    Ok(Parsed { findings, gaps, scope, tool_version: bom.tool_version(), proof, ..Parsed::default() })
}

/// The fields of a CycloneDX document that Portcullis needs.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bom {
    bom_format: Option<String>,
    spec_version: Option<String>,
    metadata: Option<Metadata>,
    components: Option<Vec<Component>>,
    vulnerabilities: Option<Vec<Vulnerability>>,
    compositions: Option<Compositions>,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    tools: Option<Tools>,
    component: Option<Component>,
}

/// A list up to version 1.4, an object from 1.5.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Tools {
    List(Vec<Tool>),
    Object { components: Option<Vec<Tool>> },
}

#[derive(Debug, Deserialize)]
struct Tool {
    version: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Component {
    #[serde(rename = "bom-ref")]
    bom_ref: Option<String>,
    group: Option<String>,
    name: String,
    version: Option<String>,
    purl: Option<String>,
    components: Option<Vec<Self>>,
    #[serde(rename = "type")]
    kind: Option<String>,
    scope: Option<String>,
    properties: Option<Vec<Property>>,
    licenses: Option<Vec<IgnoredAny>>,
}

#[derive(Debug, Deserialize)]
struct Property {
    name: Option<String>,
    value: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Vulnerability {
    #[serde(rename = "bom-ref")]
    bom_ref: Option<String>,
    id: Option<String>,
    source: Option<Source>,
    references: Option<Vec<Reference>>,
    ratings: Option<Vec<Rating>>,
    cwes: Option<Vec<u32>>,
    description: Option<String>,
    detail: Option<String>,
    recommendation: Option<String>,
    advisories: Option<Vec<Advisory>>,
    affects: Option<Vec<Affected>>,
    analysis: Option<Analysis>,
    /// When its maker withdrew it (1.5).
    rejected: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Source {
    url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Reference {
    id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Advisory {
    url: Option<String>,
}

/// Counts the components, including nested ones. serde_json refuses documents that nest deeper than
/// 128 levels, so the recursion is bounded.
fn count(components: &[Component]) -> u64 {
    components.iter().map(|component| 1 + count(component.components.as_deref().unwrap_or_default())).sum()
}

impl Bom {
    /// The crate does not read `rejected`. Both have as many vulnerabilities, in the same order.
    fn with_rejected(mut self, loose: Self) -> Self {
        let loose = loose.vulnerabilities.into_iter().flatten();
        for (own, other) in self.vulnerabilities.iter_mut().flatten().zip(loose) {
            own.rejected = other.rejected;
        }
        self
    }

    fn size(&self) -> (Option<u64>, Option<usize>) {
        (self.components.as_deref().map(count), self.vulnerabilities.as_ref().map(Vec::len))
    }

    /// The reference of what the document is about.
    fn subject(&self) -> Option<&str> {
        self.metadata.as_ref()?.component.as_ref()?.bom_ref.as_deref()
    }

    /// How many of the components are packages. The subject of the document may be listed once more.
    fn packages(&self) -> Option<u64> {
        let root = self.subject();
        let mut left: Vec<&Component> = self.components.as_ref()?.iter().collect();
        let mut packages = 0;
        while let Some(component) = left.pop() {
            left.extend(component.components.iter().flatten());
            let is_root = root.is_some() && component.bom_ref.as_deref() == root;
            packages += u64::from(component.is_package() && !is_root);
        }
        Some(packages)
    }

    /// The version of the program that wrote the document, if the document names exactly one.
    fn tool_version(&self) -> Option<String> {
        let tools = match self.metadata.as_ref()?.tools.as_ref()? {
            Tools::List(tools) => tools,
            Tools::Object { components } => components.as_ref()?,
        };
        match tools.as_slice() {
            [tool] => tool.version.clone().filter(|version| version.chars().any(|c| c.is_ascii_digit())),
            _ => None,
        }
    }

    fn findings(&self) -> Vec<Finding> {
        let mut by_ref = HashMap::new();
        let subject = self.metadata.as_ref().and_then(|metadata| metadata.component.as_ref());
        let mut left: Vec<&Component> = self.components.iter().flatten().chain(subject).collect();
        while let Some(component) = left.pop() {
            if let Some(bom_ref) = component.bom_ref.as_deref().filter(|bom_ref| !bom_ref.is_empty()) {
                by_ref.insert(bom_ref, component);
            }
            left.extend(component.components.iter().flatten());
        }
        self.vulnerabilities
            .iter()
            .flatten()
            .flat_map(|vulnerability| vulnerability.findings(&by_ref))
            .collect()
    }
}

impl Component {
    /// What makes it one package: its name, its version, its package URL.
    fn identity(&self) -> [Option<&str>; 4] {
        [self.group.as_deref(), Some(&self.name), self.version.as_deref(), self.purl.as_deref()]
    }

    /// The package that a vulnerability affects. If several components are this package, `paths` lists them all.
    fn package(&self, refs: &[&str], dev: bool) -> Package {
        let purl = self.purl.as_deref();
        let ecosystem =
            purl.and_then(|purl| purl.strip_prefix("pkg:")).and_then(|purl| purl.split('/').next());
        let name = match self.group.as_deref() {
            Some(group) if !group.is_empty() => {
                format!("{group}{}{}", if ecosystem == Some("maven") { ":" } else { "/" }, self.name)
            }
            _ => self.name.clone(),
        };
        let paths = if refs.len() > 1 { refs } else { &[] };
        Package {
            name: name.into(),
            version: self.version.as_deref().filter(|version| !version.is_empty()).map(Text::from),
            fixed_version: None,
            purl: purl.map(Text::from),
            ecosystem: ecosystem.map(Text::from),
            paths: paths.iter().map(|bom_ref| Text::from(*bom_ref)).collect(),
            dev,
            ..Package::default()
        }
    }

    fn is_package(&self) -> bool {
        let has_licence = self.licenses.as_ref().is_some_and(|licences| !licences.is_empty());
        inventory::is_package(self.kind.as_deref(), self.purl.as_deref(), has_licence)
    }

    /// Whether only development needs it: by the property of the npm tools
    /// (<https://github.com/CycloneDX/cyclonedx-property-taxonomy/blob/main/cdx/npm.md>), or by its scope. `optional`
    /// and `excluded` mean that it is not reached at run time; with npm's properties, `optional` is an optional
    /// dependency, which production has.
    fn is_development(&self) -> bool {
        let properties = || self.properties.iter().flatten();
        let of_npm = |property: &Property| {
            property.name.as_deref().is_some_and(|name| name.starts_with("cdx:npm:package:"))
        };
        let is_marked = properties().any(|property| {
            property.name.as_deref() == Some("cdx:npm:package:development")
                && property.value.as_deref() == Some("true")
        });
        is_marked
            || match self.scope.as_deref() {
                Some("excluded") => true,
                Some("optional") => !properties().any(of_npm),
                _ => false,
            }
    }
}

impl Vulnerability {
    /// A finding for each package that it affects, in each version: so a waiver or a budget for one does not include
    /// another. References that lead to no component are one finding together.
    fn findings(&self, by_ref: &HashMap<&str, &Component>) -> Vec<Finding> {
        let finding = self.finding();
        let mut packages: Vec<(&Component, Vec<&str>, bool, Option<&str>)> = Vec::new();
        let mut places: HashMap<_, usize> = HashMap::new();
        let mut nowhere = None;
        for target in self.affects.iter().flatten() {
            let bom_ref = target.bom_ref.as_str();
            let Some(component) = by_ref.get(local(bom_ref)) else {
                nowhere = nowhere.or(Some(bom_ref));
                continue;
            };
            let place = *places.entry(component.identity()).or_insert(packages.len());
            if place == packages.len() {
                packages.push((component, Vec::new(), true, target.status(component)));
            }
            let (_, refs, dev, status) = &mut packages[place];
            refs.push(bom_ref);
            *dev &= component.is_development();
            // Of several words the worse counts.
            *status = status.filter(|_| *status == target.status(component)).or(status.map(|_| "affected"));
        }
        let mut findings: Vec<Finding> = packages
            .into_iter()
            .map(|(component, refs, dev, status)| Finding {
                package: Some(Arc::new(component.package(&refs, dev))),
                suppressed: affected::suppression(self.analysis.as_ref(), status, &finding),
                ..finding.clone()
            })
            .collect();
        if findings.is_empty() || nowhere.is_some() {
            findings.push(Finding { resource: nowhere.map(Text::from), ..finding });
        }
        findings
    }

    /// What it says itself, whatever it affects.
    fn finding(&self) -> Finding {
        let references = || self.references.iter().flatten().filter_map(|reference| reference.id.as_deref());
        let ids = || self.id.as_deref().into_iter().chain(references()).chain(self.bom_ref.as_deref());
        let rule = ids().find(|id| !id.is_empty()).unwrap_or("vulnerability without an id");

        let rated = Rated::of(self.ratings.as_deref().unwrap_or_default());
        let severity = rated.severity.unwrap_or(Severity::Unknown);
        let texts = [&self.description, &self.detail];
        let message =
            texts.into_iter().flatten().find(|text| !text.trim().is_empty()).map_or("", String::as_str);
        let title = Some(headline(message)).filter(|line| !line.is_empty()).unwrap_or(rule.to_owned());

        let mut finding = Finding::new(rule, Category::Vulnerability, severity, title);
        finding.severity_raw = rated.word;
        finding.message = message.into();
        finding.fix =
            self.recommendation.as_deref().map(headline).filter(|fix| !fix.is_empty()).map(Text::from);
        finding.aliases = references().filter(|id| *id != rule).map(Text::from).collect();
        finding.cwe = self.cwes.iter().flatten().map(|cwe| Text::from(format!("CWE-{cwe}"))).collect();
        finding.cvss = rated.cvss.map(Arc::new);
        finding.references = self
            .source
            .iter()
            .filter_map(|source| source.url.as_deref())
            .chain(self.advisories.iter().flatten().filter_map(|advisory| advisory.url.as_deref()))
            .map(Text::from)
            .collect();
        let rejected = moment(self.rejected.as_deref()).map(|time| format!("rejected {time}"));
        let cleared = self.analysis.as_ref().and_then(Analysis::suppression).or(rejected);
        finding.suppressed = cleared.map(Text::from);
        finding
    }
}

/// The `bom-ref` of a reference: a BOM-Link (`urn:cdx:serial/version#bom-ref`) ends with it.
fn local(bom_ref: &str) -> &str {
    match bom_ref.strip_prefix("urn:cdx:").and_then(|link| link.split_once('#')) {
        Some((_, local)) => local,
        None => bom_ref,
    }
}

#[cfg(test)]
mod tests;
