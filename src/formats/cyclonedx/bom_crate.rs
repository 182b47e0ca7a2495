//! The only file that uses the `cyclonedx-bom` crate. It converts the crate's types to [`Bom`] when a
//! document is read, and a [`BomDocument`] to the crate's types when a document is written.

use std::io::{self, Write};
use std::str::FromStr;

use cyclonedx_bom::errors::JsonWriteError;
use cyclonedx_bom::external_models::date_time::DateTime;
use cyclonedx_bom::external_models::normalized_string::NormalizedString;
use cyclonedx_bom::external_models::spdx::{SpdxExpression, SpdxIdentifier};
use cyclonedx_bom::external_models::uri::{Purl as Url, Uri};
use cyclonedx_bom::models::bom::BomReference;
use cyclonedx_bom::models::composition::{AggregateType, Composition, Compositions};
use cyclonedx_bom::models::dependency::{Dependencies, Dependency};
use cyclonedx_bom::models::license::{License, LicenseChoice, Licenses};
use cyclonedx_bom::models::property::{Properties, Property};
use cyclonedx_bom::models::{
    advisory, bom, component, metadata, tool, vulnerability, vulnerability_analysis, vulnerability_rating,
    vulnerability_reference, vulnerability_source, vulnerability_target,
};

use crate::model::assessment::Status;
use crate::model::severity::Severity;
use crate::policy::licence::is_expression;

use super::affected::{Affected, AffectedVersion, Analysis};
use super::document::{self, BomDocument, ComponentKind};
use super::{
    Advisory, Bom, Component, Metadata, Property as PropertyOf, Rating, Reference, Source, Tool, Tools,
    Vulnerability,
};

/// Reads a document with the crate, or says why the crate refuses it. `None`: the crate does not support
/// this version.
pub(super) fn read(bytes: &[u8], version: &str) -> Option<Result<Bom, String>> {
    let version = bom::SpecVersion::from_str(version).ok()?;
    let read = bom::Bom::parse_from_json_with_version(bytes, version);
    Some(read.map(Bom::from).map_err(|error| error.to_string()))
}

/// Writes the document in version 1.5.
pub(crate) fn write(document: BomDocument, mut out: &mut dyn Write) -> io::Result<()> {
    bom::Bom::from(document).output_as_json(&mut out, bom::SpecVersion::V1_5).map_err(|error| match error {
        JsonWriteError::JsonElementWriteError { error } => error.into(),
        other => io::Error::other(other),
    })
}

impl From<bom::Bom> for Bom {
    fn from(bom: bom::Bom) -> Self {
        Self {
            bom_format: Some("CycloneDX".to_owned()),
            spec_version: Some(bom.spec_version.to_string()),
            metadata: bom.metadata.map(Metadata::from),
            components: bom.components.map(components),
            vulnerabilities: bom
                .vulnerabilities
                .map(|all| all.0.into_iter().map(Vulnerability::from).collect()),
            compositions: None,
        }
    }
}

impl From<metadata::Metadata> for Metadata {
    fn from(metadata: metadata::Metadata) -> Self {
        let named = |version: Option<String>| Tool { version };
        let tools = metadata.tools.map(|tools| match tools {
            tool::Tools::List(tools) => {
                Tools::List(tools.into_iter().map(|tool| named(tool.version.map(String::from))).collect())
            }
            tool::Tools::Object { components, .. } => Tools::Object {
                components: components
                    .map(|all| all.0.into_iter().map(|tool| named(tool.version.map(String::from))).collect()),
            },
        });
        Self { tools, component: metadata.component.map(Component::from) }
    }
}

fn components(components: component::Components) -> Vec<Component> {
    components.0.into_iter().map(Component::from).collect()
}

impl From<component::Component> for Component {
    fn from(component: component::Component) -> Self {
        Self {
            bom_ref: component.bom_ref,
            group: component.group.map(String::from),
            name: component.name.into(),
            version: component.version.map(String::from),
            purl: component.purl.map(|purl| purl.to_string()),
            components: component.components.map(components),
            kind: Some(component.component_type.to_string()),
            scope: component.scope.map(|scope| scope.to_string()),
            properties: component.properties.map(|all| {
                let of = |one: Property| PropertyOf { name: Some(one.name), value: Some(one.value.into()) };
                all.0.into_iter().map(of).collect()
            }),
            // Only the licences of the inventory are looked at.
            licenses: None,
        }
    }
}

impl From<vulnerability::Vulnerability> for Vulnerability {
    fn from(vulnerability: vulnerability::Vulnerability) -> Self {
        Self {
            bom_ref: vulnerability.bom_ref,
            id: vulnerability.id.map(String::from),
            source: vulnerability
                .vulnerability_source
                .map(|source| Source { url: source.url.map(|url| url.to_string()) }),
            references: vulnerability.vulnerability_references.map(|all| {
                all.0.into_iter().map(|reference| Reference { id: Some(reference.id.into()) }).collect()
            }),
            ratings: vulnerability
                .vulnerability_ratings
                .map(|all| all.0.into_iter().map(Rating::from).collect()),
            rejected: None,
            cwes: vulnerability.cwes,
            description: vulnerability.description,
            detail: vulnerability.detail,
            recommendation: vulnerability.recommendation,
            advisories: vulnerability.advisories.map(|all| {
                all.0.into_iter().map(|advisory| Advisory { url: Some(advisory.url.to_string()) }).collect()
            }),
            affects: vulnerability
                .vulnerability_targets
                .map(|all| all.0.into_iter().map(Affected::from).collect()),
            analysis: vulnerability.vulnerability_analysis.map(|analysis| Analysis {
                state: analysis.state.map(|state| state.to_string()),
                justification: analysis.justification.map(|justification| justification.to_string()),
                detail: analysis.detail,
            }),
        }
    }
}

impl From<vulnerability_target::VulnerabilityTarget> for Affected {
    fn from(target: vulnerability_target::VulnerabilityTarget) -> Self {
        let version = |one: vulnerability_target::Version| AffectedVersion {
            version: Some(one.version_range.to_string()),
            status: Some(one.status.to_string()),
        };
        let versions = target.versions.map(|all| all.0.into_iter().map(version).collect());
        Self { bom_ref: target.bom_ref, versions }
    }
}

impl From<vulnerability_rating::VulnerabilityRating> for Rating {
    fn from(rating: vulnerability_rating::VulnerabilityRating) -> Self {
        Self {
            // Converted as text: 9.8 in 32 bits is 9.800000190734863 in 64 bits.
            score: rating.score.and_then(|score| score.to_f32().to_string().parse().ok()),
            severity: rating.severity.map(|severity| severity.to_string()),
            method: rating.score_method.map(|method| method.to_string()),
            vector: rating.vector.map(String::from),
        }
    }
}

impl From<BomDocument> for bom::Bom {
    fn from(document: BomDocument) -> Self {
        let incomplete = Composition {
            bom_ref: None,
            aggregate: AggregateType::Incomplete,
            assemblies: Some(document.incomplete.into_iter().map(BomReference::new).collect()),
            dependencies: None,
            vulnerabilities: None,
            signature: None,
        };
        let has_gap = incomplete.assemblies.as_ref().is_some_and(|components| !components.is_empty());
        let of = |all: Vec<document::BomComponent>| {
            component::Components(all.into_iter().map(component::Component::from).collect())
        };
        let needs = |(dependency_ref, dependencies)| Dependency { dependency_ref, dependencies };
        Self {
            serial_number: document
                .serial
                .and_then(|uuid| bom::UrnUuid::new(format!("urn:uuid:{uuid}")).ok()),
            metadata: Some(metadata::Metadata {
                timestamp: DateTime::try_from(document.written.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
                    .ok(),
                tools: Some(tool::Tools::Object { services: None, components: Some(of(document.tools)) }),
                component: Some(document.subject.into()),
                properties: Some(properties(document.properties)),
                ..metadata::Metadata::default()
            }),
            components: Some(of(document.components)),
            dependencies: Some(Dependencies(document.dependencies.into_iter().map(needs).collect())),
            compositions: has_gap.then(|| Compositions(vec![incomplete])),
            vulnerabilities: Some(vulnerability::Vulnerabilities(
                document.vulnerabilities.into_iter().map(vulnerability::Vulnerability::from).collect(),
            )),
            ..Self::default()
        }
    }
}

fn properties(all: document::Properties) -> Properties {
    Properties(all.into_iter().map(|(name, value)| Property::new(name, &value)).collect())
}

/// `None` of an empty list.
fn some<T, All>(list: Vec<T>, all: fn(Vec<T>) -> All) -> Option<All> {
    (!list.is_empty()).then(|| all(list))
}

impl From<document::BomComponent> for component::Component {
    fn from(from: document::BomComponent) -> Self {
        let kind = match from.kind {
            ComponentKind::Application => component::Classification::Application,
            ComponentKind::Container => component::Classification::Container,
            ComponentKind::Library => component::Classification::Library,
        };
        Self {
            version: from.version.as_deref().map(NormalizedString::new),
            purl: from.purl.and_then(|purl| Url::from_str(&purl).ok()),
            licenses: choices(&from.licences),
            properties: some(from.properties, properties),
            ..Self::new(kind, &from.name, "", from.bom_ref)
        }
    }
}

/// Either licences, or one expression: all of them hold.
fn choices(licences: &[String]) -> Option<Licenses> {
    let choices = match licences {
        [] => return None,
        [one] => vec![named(one)],
        all if all.iter().all(|one| is_expression(one)) => {
            let joined: Vec<String> = all.iter().map(|one| format!("({one})")).collect();
            vec![LicenseChoice::Expression(SpdxExpression::new(&joined.join(" AND ")))]
        }
        all => all.iter().map(|one| LicenseChoice::License(License::named_license(one))).collect(),
    };
    Some(Licenses(choices))
}

fn named(licence: &str) -> LicenseChoice {
    match SpdxIdentifier::try_from(licence.to_owned()) {
        Ok(_) => LicenseChoice::License(License::license_id(licence)),
        Err(_) if is_expression(licence) => LicenseChoice::Expression(SpdxExpression::new(licence)),
        Err(_) => LicenseChoice::License(License::named_license(licence)),
    }
}

impl From<document::Vulnerability> for vulnerability::Vulnerability {
    fn from(from: document::Vulnerability) -> Self {
        let reference = |(id, source): (String, document::BomSource)| {
            vulnerability_reference::VulnerabilityReference::new(&id, source.into())
        };
        let links = from.advisories.into_iter().filter_map(|link| Uri::try_from(link).ok());
        Self {
            id: Some(NormalizedString::new(&from.id)),
            vulnerability_source: Some(from.source.into()),
            vulnerability_references: some(
                from.references.into_iter().map(reference).collect(),
                vulnerability_reference::VulnerabilityReferences,
            ),
            vulnerability_ratings: Some(vulnerability_rating::VulnerabilityRatings(
                from.ratings.into_iter().map(vulnerability_rating::VulnerabilityRating::from).collect(),
            )),
            cwes: some(from.cwes, |cwes| cwes),
            description: Some(from.description),
            detail: from.detail,
            recommendation: from.recommendation,
            advisories: some(links.map(advisory::Advisory::new).collect(), advisory::Advisories),
            vulnerability_analysis: from.analysis.map(vulnerability_analysis::VulnerabilityAnalysis::from),
            vulnerability_targets: Some(targets(from.targets, from.is_affected)),
            properties: Some(properties(from.properties)),
            ..Self::new(Some(from.bom_ref))
        }
    }
}

impl From<document::BomSource> for vulnerability_source::VulnerabilitySource {
    fn from(from: document::BomSource) -> Self {
        Self::new(Some(from.name), from.url.map(|url| Uri::new(&url)))
    }
}

fn targets(all: Vec<(String, Vec<String>)>, is_affected: bool) -> vulnerability_target::VulnerabilityTargets {
    use vulnerability_target::{Status, Version, VersionRange, Versions, VulnerabilityTarget};
    let version = |version: String| Version {
        version_range: VersionRange::Version(NormalizedString::new(&version)),
        status: if is_affected { Status::Affected } else { Status::Unaffected },
    };
    let target = |(bom_ref, versions): (String, Vec<String>)| VulnerabilityTarget {
        bom_ref,
        versions: some(versions.into_iter().map(version).collect(), Versions),
    };
    vulnerability_target::VulnerabilityTargets(all.into_iter().map(target).collect())
}

impl From<document::Rating> for vulnerability_rating::VulnerabilityRating {
    fn from(from: document::Rating) -> Self {
        use vulnerability_rating::{Score, Severity as Rated};
        let severity = match from.severity {
            Severity::Critical => Rated::Critical,
            Severity::High => Rated::High,
            Severity::Medium => Rated::Medium,
            Severity::Low => Rated::Low,
            Severity::Info => Rated::Info,
            Severity::Unknown => Rated::Unknown,
        };
        let method = from.vector.as_deref().and_then(method);
        Self {
            vector: from.vector.as_deref().map(NormalizedString::new),
            vulnerability_source: Some(from.source.into()),
            ..Self::new(from.score.and_then(Score::from_f32), Some(severity), method)
        }
    }
}

/// The CVSS version that a vector begins with. Vectors of version 2 do not name it.
fn method(vector: &str) -> Option<vulnerability_rating::ScoreMethod> {
    use vulnerability_rating::ScoreMethod;
    Some(match vector.split('/').next()? {
        "CVSS:4.0" => ScoreMethod::CVSSv4,
        "CVSS:3.1" => ScoreMethod::CVSSv31,
        "CVSS:3.0" => ScoreMethod::CVSSv3,
        first if first.starts_with("AV:") => ScoreMethod::CVSSv2,
        _ => return None,
    })
}

impl From<document::BomAnalysis> for vulnerability_analysis::VulnerabilityAnalysis {
    fn from(from: document::BomAnalysis) -> Self {
        use vulnerability_analysis::ImpactAnalysisState as State;
        let state = from.state.map(|state| match state {
            Status::NotAffected => State::NotAffected,
            Status::Fixed => State::Resolved,
            Status::UnderInvestigation => State::InTriage,
            Status::Affected => State::Exploitable,
        });
        let justification = from.justification.as_deref().and_then(justification);
        Self { detail: Some(from.detail), ..Self::new(state, justification, None) }
    }
}

/// The justification as CycloneDX names it. Words of OpenVEX are translated where CycloneDX has one with
/// the same meaning.
fn justification(word: &str) -> Option<vulnerability_analysis::ImpactAnalysisJustification> {
    use vulnerability_analysis::ImpactAnalysisJustification as Why;
    Some(match word {
        "component_not_present" | "vulnerable_code_not_present" => Why::CodeNotPresent,
        "vulnerable_code_not_in_execute_path" => Why::CodeNotReachable,
        "inline_mitigations_already_exist" => Why::ProtectedByMitigatingControl,
        other => match Why::new_unchecked(other) {
            Why::UndefinedImpactAnalysisJustification(_) => return None,
            known => known,
        },
    })
}
