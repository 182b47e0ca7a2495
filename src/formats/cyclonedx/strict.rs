//! From the model of the `cyclonedx-bom` crate to the little that matters.

use cyclonedx_bom::models::{bom, component, metadata, tool, vulnerability, vulnerability_rating};

use super::{
    Advisory, Affected, Analysis, Bom, Component, Metadata, Rating, Reference, Source, Tool, Tools,
    Vulnerability,
};

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
            cwes: vulnerability.cwes,
            description: vulnerability.description,
            detail: vulnerability.detail,
            recommendation: vulnerability.recommendation,
            advisories: vulnerability.advisories.map(|all| {
                all.0.into_iter().map(|advisory| Advisory { url: Some(advisory.url.to_string()) }).collect()
            }),
            affects: vulnerability
                .vulnerability_targets
                .map(|all| all.0.into_iter().map(|target| Affected { bom_ref: target.bom_ref }).collect()),
            analysis: vulnerability.vulnerability_analysis.map(|analysis| Analysis {
                state: analysis.state.map(|state| state.to_string()),
                justification: analysis.justification.map(|justification| justification.to_string()),
                detail: analysis.detail,
            }),
        }
    }
}

impl From<vulnerability_rating::VulnerabilityRating> for Rating {
    fn from(rating: vulnerability_rating::VulnerabilityRating) -> Self {
        Self {
            // By way of text: 9.8 in 32 bits is 9.800000190734863 in 64.
            score: rating.score.and_then(|score| score.to_f32().to_string().parse().ok()),
            severity: rating.severity.map(|severity| severity.to_string()),
            method: rating.score_method.map(|method| method.to_string()),
            vector: rating.vector.map(String::from),
        }
    }
}
