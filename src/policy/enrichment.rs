//! What files beside gates.toml say about findings: VEX documents, EPSS scores, CISA's catalogue.
//!
//! It is noted on the findings after the reports are read and before they are judged. So run.json has it,
//! judging stays pure, and a saved run is judged the same again without these files.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::enrichment_record::{EnrichmentRecord, FileRecord, VexRecord};
use crate::model::exploitation::{CveId, EpssScores, KevCatalogue};
use crate::model::finding::{Category, Finding};
use crate::model::loosening::Loosening;
use crate::model::policy::Policy;
use crate::model::risk::{Epss, Kev, Risk};
use crate::model::run::{Completeness, GateRecord, TargetRecord};
use crate::policy::cvss_rating;
use crate::policy::vex::{Here, Image, ProductId, Vex};
use crate::text::shared::Text;

/// The files, read.
#[derive(Debug, Default)]
pub(crate) struct Enrichment {
    pub vex: Vex,
    /// What VEX documents call this project.
    pub products: Vec<ProductId>,
    pub epss: Option<Dated<EpssScores>>,
    pub kev: Option<Dated<KevCatalogue>>,
    /// What the documents of the work tree would waive in addition to those of the base.
    pub loosened: Vec<Loosening>,
}

/// A file that gets too old.
#[derive(Debug)]
pub(crate) struct Dated<T> {
    pub content: T,
    pub record: FileRecord,
    /// Why it is too old, if it is.
    pub stale: Option<String>,
}

impl Enrichment {
    /// Notes on the findings of these gates what is known about them. What a saved run says about exploits
    /// stays unless a file says otherwise. If a gate's policy uses a file that is too old, the evidence is
    /// lacking.
    pub(crate) fn note(&self, gates: &mut [GateRecord], findings: &mut [Finding]) {
        let images: HashMap<Text, HashMap<&str, Image>> = gates
            .iter()
            .map(|gate| (gate.id.clone(), gate.targets.iter().filter_map(image).collect()))
            .collect();
        let none = HashMap::new();
        for finding in findings {
            self.note_on(finding, images.get(&finding.gate).unwrap_or(&none));
        }
        for gate in gates {
            if let Completeness::Whole | Completeness::Stale(_) = &gate.evidence {
                gate.evidence = self.stale(&gate.policy).map_or(Completeness::Whole, Completeness::Stale);
            }
        }
    }

    /// Copies to each finding of a problem what is known about the others: npm audit knows a vulnerability
    /// only by its GHSA id, and Trivy also by its CVE id.
    pub(crate) fn share(&self, findings: &mut [Finding]) {
        if self.epss.is_none() && self.kev.is_none() {
            return;
        }
        let mut by_problem: HashMap<Text, (Option<Kev>, Option<Epss>)> = HashMap::new();
        for finding in findings.iter() {
            if let (Some(problem), Some(risk)) = (&finding.problem, &finding.risk)
                && (risk.kev.is_some() || risk.epss.is_some())
            {
                let known = by_problem.entry(problem.clone()).or_default();
                // The worst of them, independent of their order.
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
        cvss_rating::rate(finding);
        let knows_nothing = self.vex.documents.is_empty() && self.epss.is_none() && self.kev.is_none();
        if finding.category != Category::Vulnerability || (knows_nothing && finding.risk.is_none()) {
            return;
        }
        let was = finding.risk.as_deref().cloned().unwrap_or_default();
        let ids =
            || std::iter::once(&finding.rule).chain(finding.aliases.iter()).filter_map(|id| CveId::read(id));
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
            protected: was.protected,
        };
        finding.risk = (risk != Risk::default()).then(|| Arc::new(risk));
    }

    pub(crate) fn vex(&self) -> &Vex {
        &self.vex
    }

    fn stale(&self, policy: &Policy) -> Option<String> {
        let conditions = &policy.conditions;
        let of_epss = self.epss.as_ref().filter(|_| conditions.epss_at_least.is_some());
        let of_kev = self.kev.as_ref().filter(|_| conditions.fail_on_kev);
        of_epss.and_then(|epss| epss.stale.clone()).or_else(|| of_kev.and_then(|kev| kev.stale.clone()))
    }

    /// What the files changed in judged findings; `None` without files.
    pub(crate) fn record(&self, findings: &[Finding]) -> Option<EnrichmentRecord> {
        let mut said: HashMap<&str, u64> = HashMap::new();
        for vex in findings.iter().filter_map(Finding::assessment) {
            *said.entry(&vex.document).or_default() += 1;
        }
        let vex = self.vex.documents.iter().map(|document| {
            let findings = said.get(&*document.name).copied().unwrap_or_default();
            let unused = (findings == 0).then(|| {
                format!(
                    "it is about {} in {}, and no finding of this run matches: remove it from `vex`, or name the product in `products`",
                    document.vulnerabilities(),
                    document.subjects()
                )
            });
            VexRecord { document: document.name.clone(), statements: document.statements.len(), findings, unused }
        });
        let record = EnrichmentRecord {
            vex: vex.collect(),
            epss: self.epss.as_ref().map(|epss| epss.record.clone()),
            kev: self.kev.as_ref().map(|kev| kev.record.clone()),
        };
        (record != EnrichmentRecord::default()).then_some(record)
    }
}

/// An image with the target's name. If only a report names the image, its name is the target's.
fn image(target: &TargetRecord) -> Option<(&str, Image<'_>)> {
    let (id, digest) = (target.image_id.as_deref(), target.image_digest.as_deref());
    let is_image =
        target.image.is_some() || id.is_some() || digest.is_some() || !target.image_names.is_empty();
    let reference = target.image.as_deref().unwrap_or(&target.name);
    is_image.then(|| (&*target.name, Image { reference, id, digest, names: &target.image_names }))
}
