//! What a run's findings are judged by, from the first gate that is done to the last.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::Path;

use crate::config::Config;
use crate::engine::evidence::{GateEvidence, Judgement, identify};
use crate::model::finding::Finding;
use crate::model::run::{GateRecord, Run};
use crate::model::verdict::Outcome;
use crate::policy::enrichment::Enrichment;
use crate::policy::judge::{self, Waivers, today};
use crate::policy::known_findings::KnownFindings;
use crate::policy::{run_budget, same_problem};
use crate::redact::SecretSet as Secrets;

/// The policy of a run, with all that it refers to.
#[derive(Debug)]
pub struct PolicyInputs<'a> {
    pub config: &'a Config,
    /// What was there before.
    pub known: &'a KnownFindings,
    /// The checkout, from which the lines of findings are read.
    pub root: &'a Path,
    /// What files beside gates.toml tell of findings.
    pub enrichment: &'a Enrichment,
    /// What is to be struck out of everything, as far as it has turned up.
    pub secrets: RefCell<Secrets>,
}

/// What the gates that are done come to, taken together.
#[derive(Debug)]
pub struct Together {
    /// In the order of the gates.
    pub outcomes: Vec<Outcome>,
    /// Where they are over the budget of the run.
    pub over: Vec<String>,
}

impl PolicyInputs<'_> {
    /// What one gate's evidence amounts to by itself, while the others still run. What it takes other gates
    /// to know, only [`PolicyInputs::together`] and the end of the run see.
    pub fn one(&self, evidence: &mut GateEvidence) -> Judgement {
        self.secrets.borrow_mut().learn(evidence.secrets().cloned());
        self.enrichment.note(evidence);
        let secrets = self.secrets.borrow();
        let scrubber = secrets.scrubber();
        let mut gates = [evidence.record(scrubber)];
        let findings = &mut evidence.findings;
        if self.known.note.is_some() || self.config.waivers.iter().any(|waiver| waiver.names_id()) {
            identify(findings, scrubber, self.root);
            self.known.note(findings);
        }
        judge::judge(&mut gates, findings, Waivers::Of(&self.config.waivers), today());
        let [gate] = gates;
        Judgement { outcome: gate.outcome, reason: gate.reason }
    }

    /// The same for several at once, each with how many of the findings are its own, one after another.
    pub fn together(&self, evidence: &[(&GateEvidence, usize)], findings: &mut [Finding]) -> Together {
        let secrets = self.secrets.borrow();
        let mut rest = &mut *findings;
        for (_, len) in evidence {
            let (own, others) = rest.split_at_mut((*len).min(rest.len()));
            identify(own, secrets.scrubber(), self.root);
            rest = others;
        }
        let mut gates: Vec<GateRecord> =
            evidence.iter().map(|(gate, _)| gate.record(secrets.scrubber())).collect();
        same_problem::note(findings);
        self.enrichment.share(findings);
        self.known.note(findings);
        judge::judge(&mut gates, findings, Waivers::Of(&self.config.waivers), today());
        let required: HashSet<_> = gates.iter().filter(|gate| gate.required).map(|gate| &gate.id).collect();
        let over = run_budget::exceeded(findings, &required, &self.config.max);
        Together {
            outcomes: gates.iter().map(|gate| gate.outcome).collect(),
            over: over.into_iter().map(|(_, words)| words).collect(),
        }
    }

    /// The whole run, when it is over.
    pub fn whole(&self, run: &mut Run) {
        run.max = self.config.max.clone();
        run.note_known(self.known);
        self.enrichment.share(&mut run.findings);
        run.judge(Waivers::Of(&self.config.waivers));
        run.enrichment = self.enrichment.record(&run.findings);
    }
}
