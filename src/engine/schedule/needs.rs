//! What a gate waits for: the gates that it needs. An action also waits for all others and for the
//! interlock.

use crate::engine::evidence::GateEvidence;
use crate::engine::image_coverage::images_of_all;
use crate::engine::interlock::{self, Clearance, EarlierGate};
use crate::model::verdict::Outcome;
use crate::scan::gate_outputs::GateOutputs;

use super::{InRun, Run};

/// Whether a gate may start.
pub(super) enum Needs {
    Met,
    Pending,
    /// There will be no proof.
    Unmet(String),
    /// It is skipped.
    Without(String),
}

impl Run<'_> {
    /// Whether the gates that this one needs are done. A gate that the user left out counts as done:
    /// its result may exist from before, and if not, the scanner will say so.
    pub(super) fn needs_of(&mut self, index: usize) -> Needs {
        if let Some(turn) = self.gates[index].turn {
            return self.clearance_of(index, turn);
        }
        let mut pending = false;
        for need in &self.gates[index].planned.gate.needs {
            let Some(needed) = self.gates.iter().find(|gate| gate.planned.gate.id == *need) else { continue };
            match needed.outcome {
                _ if needed.done.is_none() => pending = true,
                Outcome::Inconclusive => {
                    return Needs::Unmet(format!("not started: it needs {need}, which is inconclusive"));
                }
                Outcome::Passed | Outcome::Failed | Outcome::Skipped => {}
            }
        }
        if pending { Needs::Pending } else { Needs::Met }
    }

    /// Whether a late gate may start. All gates that are not late come first, then those with an
    /// earlier turn.
    fn clearance_of(&mut self, index: usize, turn: usize) -> Needs {
        let first: Vec<(usize, &InRun)> = self
            .gates
            .iter()
            .enumerate()
            .filter(|(_, other)| other.turn.is_none_or(|its| its < turn))
            .collect();
        if first.iter().any(|(other, gate)| gate.done.is_none() && !self.moves_with(index, *other)) {
            return Needs::Pending;
        }
        let first: Vec<usize> = first.into_iter().map(|(other, _)| other).collect();
        let over = self.over.take().unwrap_or_else(|| self.judge_together());
        let gate = &self.gates[index].planned.gate;
        let before: Vec<EarlierGate> = first
            .into_iter()
            .map(|other| (other, &self.gates[other]))
            .map(|(other, earlier)| EarlierGate {
                gate: &earlier.planned.gate,
                // It has pushed, and moves its tags when this one has pushed, too.
                outcome: if self.has_pushed(other) { Outcome::Passed } else { earlier.outcome },
                left_out: earlier.planned.left_out.is_some(),
                late: earlier.turn.is_some(),
                needed: gate.needs.contains(&earlier.planned.gate.id),
            })
            .collect();
        let clearance = interlock::clear(gate, &before, &over, &self.site.conditions);
        self.over = Some(over);
        match clearance {
            Clearance::Go { overridden } => {
                self.gates[index].overridden = overridden;
                Needs::Met
            }
            Clearance::Skip(why) => Needs::Without(why),
            Clearance::Refuse(why) => Needs::Unmet(why),
        }
    }

    /// Judges the finished gates together, because some things depend on several gates: a waiver of a
    /// problem that two of them report, the budget of the run.
    fn judge_together(&mut self) -> Vec<String> {
        // The inventory of an image may have come after its scan.
        let done: Vec<Option<&GateEvidence>> = self.gates.iter().map(|gate| gate.done.as_ref()).collect();
        let images = images_of_all(&done);
        for (gate, images) in self.gates.iter_mut().zip(images) {
            gate.done.iter_mut().for_each(|done| done.set_images(images.clone()));
        }
        let (findings, parts) = self.pool.so_far();
        let evidence: Vec<(&GateEvidence, usize)> =
            parts.iter().filter_map(|(index, len)| Some((self.gates[*index].done.as_ref()?, *len))).collect();
        let together = self.preview.together(&evidence, findings);
        let indices: Vec<usize> = parts.iter().map(|(index, _)| *index).collect();
        for (index, (outcome, inputs)) in
            indices.into_iter().zip(together.outcomes.into_iter().zip(together.inputs))
        {
            let gate = &mut self.gates[index];
            gate.outcome = outcome;
            gate.done.iter_mut().for_each(|done| done.inputs.clone_from(&inputs));
        }
        together.over
    }

    pub(super) fn gate_outputs(&self) -> GateOutputs {
        let done = self.gates.iter().filter_map(|gate| Some(gate.done.as_ref()?.finished(gate.outcome)));
        GateOutputs { gates: done.collect() }
    }
}
