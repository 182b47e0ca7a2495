//! Judges finished gates while others still run: for progress, `--fail-fast` and the interlock.

use std::cell::RefCell;
use std::path::Path;

use crate::engine::evidence::{GateEvidence, Judgement, identify};
use crate::engine::gate_inputs::ThereIs;
use crate::engine::image_coverage::images_of;
use crate::model::finding::Finding;
use crate::model::looked_at::GateInput;
use crate::model::run::GateRecord;
use crate::model::verdict::Outcome;
use crate::policy::apply::{PolicyInputs, preview};
use crate::redact::SecretSet;

/// The policy of a run, and the secrets that were found so far.
#[derive(Debug)]
pub(crate) struct Preview<'a> {
    pub inputs: PolicyInputs<'a>,
    /// The checkout. The lines of findings are read from it.
    pub root: &'a Path,
    /// What there is to look at, if that is known.
    pub there_is: Option<&'a ThereIs>,
    /// The secrets to redact.
    pub secrets: RefCell<SecretSet>,
}

/// The outcomes of the finished gates, judged together.
#[derive(Debug)]
pub(crate) struct Together {
    /// In the order of the gates.
    pub outcomes: Vec<Outcome>,
    /// What there is to look at for each, with the waivers that accept a gap.
    pub inputs: Vec<Vec<GateInput>>,
    /// How they exceed the budget of the run.
    pub over: Vec<String>,
}

impl Preview<'_> {
    /// Judges one gate's evidence on its own. Its findings are sorted and get their ids here. The end
    /// of the run repeats that only if a secret was found since. `others`: the gates that are done.
    pub(crate) fn one<'o>(
        &self,
        evidence: &mut GateEvidence,
        others: impl Iterator<Item = &'o GateEvidence> + Clone,
    ) -> Judgement {
        if let Some(there_is) = self.there_is {
            evidence.inputs = there_is.of_gate(evidence);
            evidence.name_gaps();
        }
        evidence.inputs.extend(images_of(evidence, others));
        self.secrets.borrow_mut().learn(evidence.secrets().cloned());
        let secrets = self.secrets.borrow();
        evidence.identify(&secrets, self.root);
        let mut gates = [evidence.record(secrets.scrubber())];
        // The budget of the run covers all gates.
        let inputs = PolicyInputs { max: None, ..self.inputs };
        preview(&mut gates, &mut evidence.findings, &inputs);
        let [gate] = gates;
        // With the waivers that accept their gaps: an image of which one is accepted may be pushed.
        evidence.inputs = gate.inputs;
        Judgement { outcome: gate.outcome, reason: gate.reason }
    }

    /// Judges several gates at once, each with the number of its own findings, one gate after another.
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
        let outcomes = gates.iter().map(|gate| gate.outcome).collect();
        Together { outcomes, inputs: gates.into_iter().map(|gate| gate.inputs).collect(), over }
    }
}
