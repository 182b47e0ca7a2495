//! The vulnerabilities of a document: each problem once, however many tools have seen it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use cyclonedx_bom::external_models::normalized_string::NormalizedString;
use cyclonedx_bom::external_models::uri::Uri;
use cyclonedx_bom::models::advisory::{Advisories, Advisory};
use cyclonedx_bom::models::property::Properties;
use cyclonedx_bom::models::vulnerability::{Vulnerabilities, Vulnerability};
use cyclonedx_bom::models::vulnerability_rating::{
    Score, ScoreMethod, Severity as Rated, VulnerabilityRating, VulnerabilityRatings,
};
use cyclonedx_bom::models::vulnerability_reference::{VulnerabilityReference, VulnerabilityReferences};
use cyclonedx_bom::models::vulnerability_source::VulnerabilitySource;
use cyclonedx_bom::models::vulnerability_target::{
    Status, Version, VersionRange, Versions, VulnerabilityTarget, VulnerabilityTargets,
};

use crate::model::finding::Finding;
use crate::model::run::Run;
use crate::model::severity::{Severity, rank};
use crate::report::{subject, worst};

use super::parts::{Parts, is_vulnerability};
use super::{analysis, list};

/// More than this no reader of such a document opens. It is built in memory: a million would fill it.
const MOST: usize = 50_000;

pub(super) struct Found {
    pub vulnerabilities: Vulnerabilities,
    /// How many problems are not in it.
    pub left_out: usize,
}

/// Findings of one problem of which people say the same; what blocks, and the worst, first.
struct Problem<'a>(Vec<&'a Finding>);

pub(super) fn of(run: &Run, parts: &Parts) -> Found {
    let mut problems: Vec<Problem> = Vec::new();
    let mut places: HashMap<(&str, Option<&str>), usize> = HashMap::new();
    for finding in worst::first(run.findings.iter().filter(|one| is_vulnerability(one)), usize::MAX) {
        let name = finding.problem.as_deref().unwrap_or(&finding.id);
        let said = finding.assessment().map(|vex| vex.status.as_str());
        let place = *places.entry((name, said)).or_insert(problems.len());
        match problems.get_mut(place) {
            Some(problem) => problem.0.push(finding),
            None => problems.push(Problem(vec![finding])),
        }
    }
    problems.sort_by_key(|problem| Reverse(rank(problem.severity())));
    let left_out = problems.len().saturating_sub(MOST);
    problems.truncate(MOST);
    let vulnerabilities = problems.iter().map(|problem| problem.vulnerability(parts)).collect();
    Found { vulnerabilities: Vulnerabilities(vulnerabilities), left_out }
}

impl Problem<'_> {
    fn severity(&self) -> Severity {
        self.0
            .iter()
            .map(|finding| finding.severity)
            .max_by_key(|severity| rank(*severity))
            .unwrap_or(Severity::Unknown)
    }

    fn vulnerability(&self, parts: &Parts) -> Vulnerability {
        let first = self.0[0];
        let mut names = self.names();
        let id = names.remove(0);
        let said = first.assessment().map(|vex| format!(":{}", vex.status.as_str())).unwrap_or_default();
        let mut all = Vulnerability::new(Some(format!("vulnerability:{}{said}", first.id)));
        all.vulnerability_source = Some(source(id, first));
        all.id = Some(NormalizedString::new(id));
        let others: Vec<VulnerabilityReference> =
            names.into_iter().map(|name| VulnerabilityReference::new(name, source(name, first))).collect();
        all.vulnerability_references = (!others.is_empty()).then_some(VulnerabilityReferences(others));
        all.vulnerability_ratings = Some(self.ratings());
        let cwes = self.all(|finding| {
            finding.cwe.iter().filter_map(|cwe| cwe.strip_prefix("CWE-")?.parse::<u32>().ok())
        });
        // Schema: a weakness is a number from 1.
        let cwes: Vec<u32> = cwes.into_iter().filter(|cwe| *cwe > 0).collect();
        all.cwes = (!cwes.is_empty()).then_some(cwes);
        all.description = Some(first.title.to_string());
        let told = self
            .0
            .iter()
            .map(|finding| &finding.message)
            .find(|text| !text.is_empty() && **text != first.title);
        all.detail = told.map(|text| text.to_string());
        all.recommendation =
            self.0.iter().find_map(|finding| finding.fix.as_ref()).map(|fix| fix.to_string());
        all.advisories = self.advisories();
        all.vulnerability_analysis = self.0.iter().find_map(|finding| analysis::of(finding));
        all.vulnerability_targets = Some(self.targets(parts));
        all.properties = Some(self.properties());
        all
    }

    /// What something of every finding is, each once.
    fn all<'f, T: Ord, I: IntoIterator<Item = T>>(&'f self, of: impl Fn(&'f Finding) -> I) -> BTreeSet<T> {
        self.0.iter().flat_map(|finding| of(finding)).collect()
    }

    /// All its names; one by CVE first, since most tools know it by that.
    fn names(&self) -> Vec<&str> {
        let names = self
            .all(|finding| std::iter::once(&finding.rule).chain(finding.aliases.iter()).map(|name| &**name));
        let mut names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
        names.sort_by_key(|name| !name.starts_with("CVE-"));
        if names.is_empty() {
            names.push("unknown");
        }
        names
    }

    /// Each tool's own.
    fn ratings(&self) -> VulnerabilityRatings {
        let rating = |finding: &&Finding| {
            let cvss = finding.cvss.as_deref();
            let vector = cvss.and_then(|cvss| cvss.vector.as_deref());
            let score = cvss.and_then(|cvss| cvss.score).filter(|score| (0.0..=10.0).contains(score));
            let mut rating = VulnerabilityRating::new(
                score.and_then(|score| Score::from_f32(score as f32)),
                Some(rated(finding.severity)),
                vector.and_then(method),
            );
            rating.vector = vector.map(NormalizedString::new);
            rating.vulnerability_source =
                Some(VulnerabilitySource::new(Some(finding.tool.to_string()), None));
            rating
        };
        let mut ratings: Vec<VulnerabilityRating> = Vec::new();
        for rating in self.0.iter().map(rating) {
            if !ratings.contains(&rating) {
                ratings.push(rating);
            }
        }
        VulnerabilityRatings(ratings)
    }

    fn advisories(&self) -> Option<Advisories> {
        let links = self.all(subject::links);
        let links: Vec<Advisory> = links
            .into_iter()
            .filter_map(|link| Uri::try_from(link.to_owned()).ok())
            .map(Advisory::new)
            .collect();
        (!links.is_empty()).then_some(Advisories(links))
    }

    fn targets(&self, parts: &Parts) -> VulnerabilityTargets {
        let mut affected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (package, version) in self.0.iter().flat_map(|finding| parts.affected(finding)) {
            affected.entry(package).or_default().extend(version);
        }
        let status = match self.0[0].assessment().is_some_and(|vex| vex.status.waives()) {
            true => Status::Unaffected,
            false => Status::Affected,
        };
        let of = |(bom_ref, versions): (String, BTreeSet<String>)| {
            let versions: Vec<Version> = versions
                .into_iter()
                .filter(|version| !version.is_empty())
                .map(|version| Version {
                    version_range: VersionRange::Version(NormalizedString::new(&version)),
                    status: status.clone(),
                })
                .collect();
            VulnerabilityTarget { bom_ref, versions: (!versions.is_empty()).then_some(Versions(versions)) }
        };
        VulnerabilityTargets(affected.into_iter().map(of).collect())
    }

    /// What came of it here.
    fn properties(&self) -> Properties {
        let texts = |of: fn(&Finding) -> Option<String>| -> Vec<String> {
            self.all(of).into_iter().filter(|text| !text.is_empty()).collect()
        };
        let words: [(&str, Vec<String>); 8] = [
            ("decision", vec![subject::decision(self.0[0].decision).to_owned()]),
            ("because", texts(|finding| Some(finding.because.to_string()))),
            ("waiver", texts(|finding| finding.waiver.as_ref().map(|waiver| waiver.to_string()))),
            ("gates", texts(|finding| Some(finding.gate.to_string()))),
            (
                "seen-by",
                self.all(|finding| finding.seen_by.iter().map(|tool| tool.to_string())).into_iter().collect(),
            ),
            ("findings", texts(|finding| Some(finding.id.to_string()))),
            ("kev", texts(|finding| Some(finding.risk.as_ref()?.kev?.added.to_string()))),
            ("epss", texts(|finding| Some(finding.risk.as_ref()?.epss?.probability.to_string()))),
        ];
        let property = |(name, words): &(&str, Vec<String>)| {
            list(name, &words.iter().map(String::as_str).collect::<Vec<_>>())
        };
        Properties(words.iter().filter_map(property).collect())
    }
}

/// Who has given it this name.
fn source(name: &str, finding: &Finding) -> VulnerabilitySource {
    match subject::registry(name) {
        Some(registry) => {
            VulnerabilitySource::new(Some(registry.title.to_owned()), Some(Uri::new(&registry.url)))
        }
        None => VulnerabilitySource::new(Some(finding.tool.to_string()), None),
    }
}

/// The method by the beginning of its vector; version 2 has none.
fn method(vector: &str) -> Option<ScoreMethod> {
    Some(match vector.split('/').next()? {
        "CVSS:4.0" => ScoreMethod::CVSSv4,
        "CVSS:3.1" => ScoreMethod::CVSSv31,
        "CVSS:3.0" => ScoreMethod::CVSSv3,
        first if first.starts_with("AV:") => ScoreMethod::CVSSv2,
        _ => return None,
    })
}

fn rated(severity: Severity) -> Rated {
    match severity {
        Severity::Critical => Rated::Critical,
        Severity::High => Rated::High,
        Severity::Medium => Rated::Medium,
        Severity::Low => Rated::Low,
        Severity::Info => Rated::Info,
        Severity::Unknown => Rated::Unknown,
    }
}
