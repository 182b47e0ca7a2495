//! What files beside gates.toml tell of findings: VEX documents, EPSS scores, CISA's catalogue.
//!
//! It is noted on the findings, between the reading of reports and judging. So run.json holds it, judging
//! stays pure, and a saved run is judged the same again without any of the files.

mod csv;
pub mod epss;
mod files;
pub mod kev;
mod sources;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use files::Files;
pub use sources::Sources;

use crate::config::{Policy, Problem};
use crate::evidence::{GateEvidence, Lack};
use crate::finding::{Category, Finding, Text};
use crate::loosening::Loosening;
use crate::record::{Evidence, Run};
use crate::risk::{Epss, Kev, Risk, rating};
use crate::vex::{Here, Id, Image, Vex};

/// All of them, read.
#[derive(Debug, Default)]
pub struct Facts {
    vex: Vex,
    /// What VEX documents call this project.
    products: Vec<Id>,
    epss: Option<Dated<epss::Scores>>,
    kev: Option<Dated<kev::Catalogue>>,
    /// What the documents of the work tree would waive beside those of the base.
    pub loosened: Vec<Loosening>,
}

/// A file that ages.
#[derive(Debug)]
struct Dated<T> {
    content: T,
    record: FileRecord,
    /// Why it is too old, where it is.
    stale: Option<String>,
}

/// What run.json tells of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactsRecord {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vex: Vec<VexRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss: Option<FileRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kev: Option<FileRecord>,
}

/// A VEX document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VexRecord {
    pub document: Text,
    pub statements: usize,
    /// Findings on which it has the last word.
    pub findings: u64,
    /// What it is about, where that was not found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused: Option<String>,
}

/// A file that ages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    pub file: Text,
    /// The day that it is of, by its own word.
    pub date: Date,
    pub age_days: i32,
    /// How many vulnerabilities it knows.
    pub vulnerabilities: usize,
}

impl Facts {
    /// Reads the files that gates.toml names. An error holds every mistake, each at its key.
    pub async fn load(sources: &Sources, files: &Files<'_>, today: Date) -> Result<Facts, Vec<Problem>> {
        let mut problems = Vec::new();
        let vex = Vex::new(sources.documents(files, today, &mut problems).await);
        let epss = sources.dated(&sources.epss, files, today, epss::Scores::read, &mut problems).await;
        let kev = sources.dated(&sources.kev, files, today, kev::Catalogue::read, &mut problems).await;
        let products = sources.products.iter().map(|name| Id::read(name)).collect();
        match problems.is_empty() {
            true => Ok(Facts { vex, products, epss, kev, loosened: Vec::new() }),
            false => Err(problems),
        }
    }

    /// Tells of the VEX documents that a change adds or edits, where the base's count.
    pub async fn compare(&mut self, sources: &Sources, base: &Files<'_>) {
        let own = Files { folder: base.folder.clone(), base: None };
        for pattern in &sources.vex {
            for name in own.matching(&pattern.value).await.unwrap_or_default() {
                let what = match (own.read(&name).await, base.read(&name).await) {
                    (Ok(Some(own)), Ok(Some(base))) if own == base => continue,
                    (Ok(Some(_)), Ok(Some(_))) => "changed",
                    (Ok(Some(_)), _) => "is new",
                    _ => continue,
                };
                self.loosened.push(Loosening::new("vex", format!("{name} {what}")));
            }
        }
    }

    /// Notes on the findings of a gate what is known of them. Where its policy goes by a file that is too
    /// old, there is no proof.
    pub fn note(&self, gate: &mut GateEvidence) {
        let images: HashMap<&str, Image> = gate
            .targets
            .iter()
            .filter_map(|target| {
                let parsed = target.proof.parsed();
                let (id, digest) = (parsed.image_id.as_deref(), parsed.image_digest.as_deref());
                image(&target.record.name, target.record.image.as_deref(), id, digest)
            })
            .collect();
        for finding in &mut gate.findings {
            self.note_on(finding, &images);
        }
        if let (None, Some(why)) = (&gate.lack, self.stale(&gate.gate.policy)) {
            gate.lack = Some(Lack::Proof(why));
        }
    }

    /// The same for a saved run. What it knows of exploits stays, where no file says otherwise.
    pub fn note_saved(&self, run: &mut Run) {
        let images: HashMap<Text, HashMap<&str, Image>> = run
            .gates
            .iter()
            .map(|gate| {
                let images = gate.targets.iter().filter_map(|target| {
                    let (id, digest) = (target.image_id.as_deref(), target.image_digest.as_deref());
                    image(&target.name, target.image.as_deref(), id, digest)
                });
                (gate.id.clone(), images.collect())
            })
            .collect();
        let none = HashMap::new();
        for finding in &mut run.findings {
            self.note_on(finding, images.get(&finding.gate).unwrap_or(&none));
        }
        self.share(&mut run.findings);
        for gate in &mut run.gates {
            if let (Evidence::Whole, Some(why)) = (&gate.evidence, self.stale(&gate.policy)) {
                gate.evidence = Evidence::Lacking(why);
            }
        }
    }

    /// Tells each finding of a problem what is known of the others: npm audit knows a vulnerability by
    /// its GHSA id alone, and Trivy by its CVE id too.
    pub fn share(&self, findings: &mut [Finding]) {
        if self.epss.is_none() && self.kev.is_none() {
            return;
        }
        let mut by_problem: HashMap<Text, (Option<Kev>, Option<Epss>)> = HashMap::new();
        for finding in findings.iter() {
            if let (Some(problem), Some(risk)) = (&finding.problem, &finding.risk)
                && (risk.kev.is_some() || risk.epss.is_some())
            {
                let known = by_problem.entry(problem.clone()).or_default();
                // The worst of them, in whatever order they come.
                let likelier = |a: Epss, b: Epss| if b.probability > a.probability { b } else { a };
                known.0 = known.0.into_iter().chain(risk.kev).min_by_key(|kev| kev.added);
                known.1 = known.1.into_iter().chain(risk.epss).reduce(likelier);
            }
        }
        for finding in findings {
            let known = finding.problem.as_ref().and_then(|problem| by_problem.get(problem));
            let Some((kev, epss)) = known.copied() else { continue };
            let was = finding.risk.as_deref().cloned().unwrap_or_default();
            if (was.kev, was.epss) != (kev, epss) {
                finding.risk = Some(Arc::new(Risk { kev, epss, ..was }));
            }
        }
    }

    fn note_on(&self, finding: &mut Finding, images: &HashMap<&str, Image>) {
        rating::rate(finding);
        let knows_nothing = self.vex.documents.is_empty() && self.epss.is_none() && self.kev.is_none();
        if finding.category != Category::Vulnerability || (knows_nothing && finding.risk.is_none()) {
            return;
        }
        let was = finding.risk.as_deref().cloned().unwrap_or_default();
        let ids = || std::iter::once(&finding.rule).chain(finding.aliases.iter()).filter_map(|id| cve(id));
        let here = Here { products: &self.products, image: images.get(&*finding.target).copied() };
        let risk = Risk {
            kev: match &self.kev {
                Some(kev) => kev.content.of(ids()),
                None => was.kev,
            },
            epss: match &self.epss {
                Some(epss) => epss.content.of(ids()),
                None => was.epss,
            },
            rated: was.rated,
            vex: self.vex.assess(finding, &here),
        };
        finding.risk = (risk != Risk::default()).then(|| Arc::new(risk));
    }

    pub fn vex(&self) -> &Vex {
        &self.vex
    }

    fn stale(&self, policy: &Policy) -> Option<String> {
        let conditions = &policy.conditions;
        let of_epss = self.epss.as_ref().filter(|_| conditions.epss_at_least.is_some());
        let of_kev = self.kev.as_ref().filter(|_| conditions.fail_on_kev);
        of_epss.and_then(|epss| epss.stale.clone()).or_else(|| of_kev.and_then(|kev| kev.stale.clone()))
    }

    /// What came of them, in judged findings; `None` where there are none.
    pub fn record(&self, findings: &[Finding]) -> Option<FactsRecord> {
        let mut said: HashMap<&str, u64> = HashMap::new();
        for vex in findings.iter().filter_map(Finding::assessment) {
            *said.entry(&vex.document).or_default() += 1;
        }
        let vex = self.vex.documents.iter().map(|document| {
            let findings = said.get(&*document.name).copied().unwrap_or_default();
            let unused = (findings == 0).then(|| {
                format!(
                    "it is about {} in {}, and no finding of this run is that: take it out of `vex`, or name the product in `products`",
                    document.vulnerabilities(),
                    document.subjects()
                )
            });
            VexRecord { document: document.name.clone(), statements: document.statements.len(), findings, unused }
        });
        let record = FactsRecord {
            vex: vex.collect(),
            epss: self.epss.as_ref().map(|epss| epss.record.clone()),
            kev: self.kev.as_ref().map(|kev| kev.record.clone()),
        };
        (record != FactsRecord::default()).then_some(record)
    }
}

/// An image with the target's name. Of one that only a report tells, its target is all that names it.
fn image<'a>(
    target: &'a Text,
    reference: Option<&'a str>,
    id: Option<&'a str>,
    digest: Option<&'a str>,
) -> Option<(&'a str, Image<'a>)> {
    let is_image = reference.is_some() || id.is_some() || digest.is_some();
    is_image.then(|| (&**target, Image { reference: reference.unwrap_or(target), id, digest }))
}

/// A CVE id as a number: `CVE-2021-44228` is 2021 and 44228.
fn cve(id: &str) -> Option<u64> {
    let digits = id.get(..4).filter(|start| start.eq_ignore_ascii_case("CVE-")).and(id.get(4..))?;
    let (year, number) = digits.split_once('-')?;
    let (year, number): (u64, u64) = (year.parse().ok()?, number.parse().ok()?);
    (year < 1 << 16 && number < 1 << 48).then_some(year << 48 | number)
}

#[cfg(test)]
mod tests;
