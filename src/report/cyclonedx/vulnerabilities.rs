//! The vulnerabilities of a document: each problem once, even if several tools have found it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::formats::cyclonedx::document::{BomAnalysis, BomSource, Properties, Rating, Vulnerability};
use crate::model::finding::{Decision, Finding};
use crate::model::run::Run;
use crate::model::severity::{Severity, rank};
use crate::report::{subject, worst};

use super::list;
use super::parts::{Parts, is_vulnerability};

/// No reader opens a larger document. It is built in memory, which a million vulnerabilities would fill.
const MOST: usize = 50_000;

pub(super) struct Found {
    pub vulnerabilities: Vec<Vulnerability>,
    /// How many problems are not in the document.
    pub left_out: usize,
}

/// The findings of one problem with the same assessment: what blocks comes first, then the worst.
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
    Found { vulnerabilities, left_out }
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
        let cwes = self.all(|finding| {
            finding.cwe.iter().filter_map(|cwe| cwe.strip_prefix("CWE-")?.parse::<u32>().ok())
        });
        let detail = self
            .0
            .iter()
            .map(|finding| &finding.message)
            .find(|text| !text.is_empty() && **text != first.title);
        let fix = self.0.iter().find_map(|finding| finding.fix.as_ref());
        Vulnerability {
            bom_ref: format!("vulnerability:{}{said}", first.id),
            id: id.to_owned(),
            source: source(id, first),
            references: names.into_iter().map(|name| (name.to_owned(), source(name, first))).collect(),
            ratings: self.ratings(),
            // Schema: a weakness is a number from 1.
            cwes: cwes.into_iter().filter(|cwe| *cwe > 0).collect(),
            description: first.title.to_string(),
            detail: detail.map(|text| text.to_string()),
            recommendation: fix.map(|fix| fix.to_string()),
            advisories: self.all(subject::links).into_iter().map(str::to_owned).collect(),
            analysis: self.0.iter().find_map(|finding| analysis(finding)),
            is_affected: !first.assessment().is_some_and(|vex| vex.status.waives()),
            targets: self.targets(parts),
            properties: self.properties(),
        }
    }

    /// The values of one field over all findings, each once.
    fn all<'f, T: Ord, I: IntoIterator<Item = T>>(&'f self, of: impl Fn(&'f Finding) -> I) -> BTreeSet<T> {
        self.0.iter().flat_map(|finding| of(finding)).collect()
    }

    /// All its names. A CVE name comes first, since most tools use it.
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

    /// The rating of each tool.
    fn ratings(&self) -> Vec<Rating> {
        let rating = |finding: &&Finding| {
            let cvss = finding.cvss.as_deref();
            let score = cvss.and_then(|cvss| cvss.score).filter(|score| (0.0..=10.0).contains(score));
            Rating {
                source: BomSource { name: finding.tool.to_string(), url: None },
                score: score.map(|score| score as f32),
                severity: finding.severity,
                vector: cvss.and_then(|cvss| cvss.vector.as_ref()).map(|vector| vector.to_string()),
            }
        };
        let mut ratings: Vec<Rating> = Vec::new();
        for rating in self.0.iter().map(rating) {
            if !ratings.contains(&rating) {
                ratings.push(rating);
            }
        }
        ratings
    }

    fn targets(&self, parts: &Parts) -> Vec<(String, Vec<String>)> {
        let mut affected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (package, version) in self.0.iter().flat_map(|finding| parts.affected(finding)) {
            affected.entry(package).or_default().extend(version.filter(|version| !version.is_empty()));
        }
        affected.into_iter().map(|(package, versions)| (package, versions.into_iter().collect())).collect()
    }

    /// What this run decided on it.
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
        words.iter().filter_map(property).collect()
    }
}

/// The registry or tool that gave it this name.
fn source(name: &str, finding: &Finding) -> BomSource {
    match subject::registry(name) {
        Some(registry) => BomSource { name: registry.title.to_owned(), url: Some(registry.url) },
        None => BomSource { name: finding.tool.to_string(), url: None },
    }
}

/// How people assessed it; `None` if nobody did. A waiver says why the finding is accepted, but not
/// whether it matters.
fn analysis(finding: &Finding) -> Option<BomAnalysis> {
    if let Some(vex) = finding.assessment() {
        let justification = vex.justification.as_ref().map(|word| word.to_string());
        return Some(BomAnalysis { state: Some(vex.status), justification, detail: vex.words() });
    }
    let detail = (finding.decision == Decision::Waive).then(|| finding.because.to_string())?;
    Some(BomAnalysis { state: None, justification: None, detail })
}
