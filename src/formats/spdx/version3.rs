//! SPDX 3 as JSON-LD: packages, and vulnerabilities with their assessments
//! (<https://spdx.github.io/spdx-spec/v3.0.1/model/Security/Security/>).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::formats::dated::moment;
use crate::formats::headline;
use crate::formats::ratings::{Rated, Rating};
use crate::model::assessment::VexWords;
use crate::model::finding::{Category, Finding, Package};
use crate::model::purl::Purl;
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::scan::parsed::Parsed;
use crate::text::shared::Text;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Element {
    #[serde(rename = "type", alias = "@type")]
    kind: Option<OneOrMore>,
    #[serde(rename = "spdxId")]
    id: Option<String>,
    name: Option<String>,
    summary: Option<String>,
    description: Option<String>,
    external_identifier: Option<Vec<Identifier>>,
    #[serde(rename = "software_packageVersion")]
    version: Option<String>,
    #[serde(rename = "software_packageUrl")]
    purl: Option<String>,
    // Of relationships.
    relationship_type: Option<String>,
    from: Option<String>,
    to: Option<OneOrMore>,
    #[serde(rename = "security_assessedElement")]
    assessed: Option<String>,
    #[serde(rename = "security_score")]
    score: Option<Number>,
    #[serde(rename = "security_severity")]
    severity: Option<String>,
    #[serde(rename = "security_vectorString")]
    vector: Option<String>,
    #[serde(rename = "security_justificationType")]
    justification: Option<String>,
    #[serde(rename = "security_impactStatement")]
    impact: Option<String>,
    #[serde(rename = "security_withdrawnTime")]
    withdrawn: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
        .iter()
        .map(String::as_str)
    }
}

/// JSON-LD may write a decimal as text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Number {
    Number(f64),
    Text(String),
}

/// Written in place, or the address of another element.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Identifier {
    #[serde(rename_all = "camelCase")]
    Here {
        external_identifier_type: Option<String>,
        identifier: String,
    },
    Elsewhere(IgnoredAny),
}

/// No package has more further package URLs than these.
const MOST_PURLS: usize = 32;

/// `software_Package` and the classes that the SPDX model derives from it.
const PACKAGES: [(&str, &str); 3] =
    [("Software", "Package"), ("AI", "AIPackage"), ("Dataset", "DatasetPackage")];

const SCORES: [(&str, &str); 3] = [
    ("CvssV2VulnAssessmentRelationship", "CVSSv2"),
    ("CvssV3VulnAssessmentRelationship", "CVSSv3"),
    ("CvssV4VulnAssessmentRelationship", "CVSSv4"),
];

/// The classes of VEX assessments, with the word for their status, and whether the status clears the package.
const VEX: [(&str, &str, bool); 4] = [
    ("VexNotAffectedVulnAssessmentRelationship", "not_affected", true),
    ("VexFixedVulnAssessmentRelationship", "fixed", true),
    ("VexAffectedVulnAssessmentRelationship", "affected", false),
    ("VexUnderInvestigationVulnAssessmentRelationship", "under_investigation", false),
];

pub(super) fn read(graph: &[Element]) -> Parsed {
    let packages: HashMap<&str, &Element> = graph
        .iter()
        .filter(|element| element.is_package())
        .filter_map(|element| Some((element.id.as_deref()?, element)))
        .collect();
    let count = graph.iter().filter(|element| element.is_package()).count() as u64;
    let about = About::all(graph);
    let nothing = About::default();
    let mut findings = Vec::new();
    for vulnerability in graph.iter().filter(|element| element.is("Security", "Vulnerability")) {
        let about = vulnerability.id.as_deref().and_then(|id| about.get(id)).unwrap_or(&nothing);
        let mut finding = vulnerability.finding(&about.ratings());
        finding.suppressed = withdrawn(vulnerability.withdrawn.as_deref());
        match about.affected.is_empty() {
            true => findings.push(finding),
            false => findings.extend(about.affected.iter().map(|id| {
                let mut finding = finding.clone();
                match packages.get(id) {
                    Some(package) => finding.package = Some(Arc::new(package.package())),
                    None => finding.resource = Some((*id).into()),
                }
                finding.suppressed = finding.suppressed.or_else(|| about.clearance(id).map(Text::from));
                finding
            })),
        }
    }
    Parsed {
        findings,
        scope: Scope::of(Unit::Packages, count),
        proof: vec!["SPDX 3".to_owned()],
        ..Parsed::default()
    }
}

/// What relationships say about one vulnerability.
#[derive(Default)]
struct About<'g> {
    /// The elements that it is in, by id.
    affected: BTreeSet<&'g str>,
    scores: Vec<(&'g Element, &'static str)>,
    /// The VEX assessments of each element.
    vex: BTreeMap<&'g str, Vec<(&'g Element, &'static str, bool)>>,
}

/// A vulnerability itself may be withdrawn (<https://spdx.github.io/spdx-spec/v3.0.1/model/Security/Properties/withdrawnTime/>).
fn withdrawn(time: Option<&str>) -> Option<Text> {
    moment(time).map(|time| format!("withdrawn {time}").into())
}

impl<'g> About<'g> {
    /// By the id of the vulnerability.
    fn all(graph: &'g [Element]) -> HashMap<&'g str, Self> {
        let mut all: HashMap<&str, Self> = HashMap::new();
        for one in graph.iter().filter(|one| one.withdrawn.is_none()) {
            let Some(from) = one.from.as_deref() else { continue };
            let to = || one.to.iter().flat_map(OneOrMore::iter).chain(one.assessed.as_deref());
            if one.relationship_type.as_deref() == Some("hasAssociatedVulnerability") {
                for vulnerability in to() {
                    all.entry(vulnerability).or_default().affected.insert(from);
                }
                continue;
            }
            let score = SCORES.into_iter().find(|(class, _)| one.is("Security", class));
            let vex = VEX.into_iter().find(|(class, ..)| one.is("Security", class));
            let affects = one.relationship_type.as_deref() == Some("affects");
            if score.is_none() && vex.is_none() && !affects {
                continue;
            }
            let about = all.entry(from).or_default();
            about.affected.extend(to());
            about.scores.extend(score.map(|(_, method)| (one, method)));
            if let Some((_, word, clears)) = vex {
                to().for_each(|id| about.vex.entry(id).or_default().push((one, word, clears)));
            }
        }
        all
    }

    fn ratings(&self) -> Vec<Rating> {
        let rating = |(one, method): &(&Element, &'static str)| Rating {
            score: one.score.as_ref().and_then(Number::value),
            severity: one.severity.clone(),
            method: Some((*method).to_owned()),
            vector: one.vector.clone(),
        };
        self.scores.iter().map(rating).collect()
    }

    /// Why the vulnerability does not count in this element, if every assessment of it says so.
    fn clearance(&self, id: &str) -> Option<String> {
        let all = self.vex.get(id)?;
        // The specification requires a reason for `not_affected`: a justification or an impact statement.
        let counts = |(one, word, clears): &(&Element, &str, bool)| {
            *clears
                && (*word != "not_affected"
                    || VexWords::Spdx.is_reason(one.justification.as_deref(), one.impact.as_deref()))
        };
        let (one, word, _) = all.first().filter(|_| all.iter().all(counts))?;
        let words = [one.justification.as_deref(), one.impact.as_deref()];
        let why: Vec<&str> = words.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        let colon = if why.is_empty() { "" } else { ": " };
        Some(format!("VEX {word}{colon}{}", why.join(", ")))
    }
}

impl Number {
    fn value(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

impl Element {
    /// Whether the element has this class, given by profile and name. The JSON-LD context of SPDX shortens
    /// `https://spdx.org/rdf/3.0.1/terms/Software/Package` to `software_Package`.
    fn is(&self, profile: &str, class: &str) -> bool {
        self.kind.iter().flat_map(OneOrMore::iter).any(|kind| {
            let name = match kind.strip_prefix("https://spdx.org/rdf/") {
                Some(address) => address.rsplit_once(profile).and_then(|(_, name)| name.strip_prefix('/')),
                None => {
                    let of_profile = kind.split_once('_').filter(|(of, _)| of.eq_ignore_ascii_case(profile));
                    of_profile.map(|(_, name)| name)
                }
            };
            name == Some(class)
        })
    }

    fn is_package(&self) -> bool {
        PACKAGES.iter().any(|(profile, class)| self.is(profile, class))
    }

    /// Its identifiers of one kind: `cve`, `packageUrl`.
    fn identifiers(&self, wanted: &str) -> impl Iterator<Item = &str> {
        self.external_identifier.iter().flatten().filter_map(move |one| match one {
            Identifier::Here { external_identifier_type: Some(kind), identifier } if kind == wanted => {
                Some(identifier.as_str())
            }
            Identifier::Here { .. } | Identifier::Elsewhere(_) => None,
        })
    }

    fn finding(&self, ratings: &[Rating]) -> Finding {
        let cves: Vec<&str> = self.identifiers("cve").collect();
        let others = self.identifiers("securityOther");
        let names = cves.into_iter().chain(self.name.as_deref()).chain(others);
        let mut names: Vec<&str> = names.filter(|name| !name.trim().is_empty()).collect();
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(*name));
        let rule = names.first().copied().or(self.id.as_deref()).unwrap_or("vulnerability without an id");
        let texts = [&self.summary, &self.description];
        let title = texts.into_iter().flatten().map(|text| headline(text)).find(|line| !line.is_empty());
        let rated = Rated::of(ratings);
        let severity = rated.severity.unwrap_or(Severity::Unknown);
        let mut finding =
            Finding::new(rule, Category::Vulnerability, severity, title.unwrap_or_else(|| rule.to_owned()));
        finding.severity_raw = rated.word;
        finding.cvss = rated.cvss.map(Arc::new);
        finding.aliases = names.iter().skip(1).map(|name| Text::from(*name)).collect();
        finding.message = self.description.as_deref().map(Text::from).unwrap_or_default();
        finding
    }

    fn package(&self) -> Package {
        let purls = self.purl.as_deref().into_iter().chain(self.identifiers("packageUrl"));
        let mut seen = BTreeSet::new();
        let mut purls = purls.filter(|purl| !purl.is_empty() && seen.insert(*purl));
        let purl = purls.next();
        let name = self.name.as_deref().or(purl).or(self.id.as_deref()).unwrap_or_default();
        Package {
            name: name.into(),
            version: self.version.as_deref().filter(|version| !version.is_empty()).map(Text::from),
            ecosystem: purl.and_then(Purl::read).map(|purl| purl.kind().into()),
            purl: purl.map(Text::from),
            more_purls: purls.take(MOST_PURLS).map(Text::from).collect(),
            ..Package::default()
        }
    }
}

#[cfg(test)]
mod tests;
