//! What finished gates come to while others still run: for progress, `--fail-fast` and the interlock.

use std::cell::RefCell;
use std::path::Path;

use crate::engine::evidence::{GateEvidence, Judgement, identify};
use crate::model::finding::Finding;
use crate::model::run::GateRecord;
use crate::model::verdict::Outcome;
use crate::policy::apply::{PolicyInputs, preview};
use crate::redact::SecretSet;

/// The policy of a run, and the secrets that have turned up so far.
#[derive(Debug)]
pub(crate) struct Preview<'a> {
    pub inputs: PolicyInputs<'a>,
    /// The checkout, from which the lines of findings are read.
    pub root: &'a Path,
    /// What is struck out of everything.
    pub secrets: RefCell<SecretSet>,
}

/// What the finished gates come to, taken together.
#[derive(Debug)]
pub(crate) struct Together {
    /// In the order of the gates.
    pub outcomes: Vec<Outcome>,
    /// Where they are over the budget of the run.
    pub over: Vec<String>,
}

impl Preview<'_> {
    /// What one gate's evidence amounts to by itself. Its findings get their order and their ids here; the
    /// end of the run repeats that only where a secret has turned up since.
    pub(crate) fn one(&self, evidence: &mut GateEvidence) -> Judgement {
        self.secrets.borrow_mut().learn(evidence.secrets().cloned());
        let secrets = self.secrets.borrow();
        evidence.identify(&secrets, self.root);
        let mut gates = [evidence.record(secrets.scrubber())];
        // The budget of the run is about all gates.
        let inputs = PolicyInputs { max: None, ..self.inputs };
        preview(&mut gates, &mut evidence.findings, &inputs);
        let [gate] = gates;
        Judgement { outcome: gate.outcome, reason: gate.reason }
    }

    /// The same for several at once, each with how many of the findings are its own, one after another.
    pub(crate) fn together(&self, evidence: &[(&GateEvidence, usize)], findings: &mut [Finding]) -> Together {
        let secrets = self.secrets.borrow();
        let mut rest = &mut *findings;
        for (gate, len) in evidence {
            let (own, others) = rest.split_at_mut((*len).min(rest.len()));
            if !gate.is_identified_with(&secrets) {
                identify(own, secrets.scrubber(), self.root);
            }
            rest = others;
        }
        let mut gates: Vec<GateRecord> =
            evidence.iter().map(|(gate, _)| gate.record(secrets.scrubber())).collect();
        let over = preview(&mut gates, findings, &self.inputs);
        Together { outcomes: gates.iter().map(|gate| gate.outcome).collect(), over }
    }
}
