//! Tags that move. Push gates that follow one another move them together: none before all of these gates have pushed what stays
//! with its image.

use crate::engine::evidence::Lack;
use crate::engine::interlock::was;
use crate::model::verdict::Outcome;
use crate::system::process::Stop;

use super::Run;

/// What the other push gates have done.
pub(super) enum Others {
    /// One of them has not pushed yet, or moves its tags just now.
    Pending,
    Pushed,
    /// One of them never will.
    Undone(Lack),
}

impl Run<'_> {
    /// The push gates that this one stands with, itself included, in their order.
    fn together_with(&self, index: usize) -> &[usize] {
        self.pushes.iter().find(|group| group.contains(&index)).map_or(&[], Vec::as_slice)
    }

    /// Whether a gate has pushed, and waits with the tags that move for others.
    pub(super) fn has_pushed(&self, index: usize) -> bool {
        let gate = &self.gates[index];
        let mut ended = gate.targets.iter().flatten().peekable();
        gate.done.is_none()
            && gate.running == 0
            && ended.peek().is_some()
            && ended.all(|target| target.has_done_its_work())
            && !gate.rest.is_empty()
            && gate.rest.iter().all(|(_, job)| job.after_siblings)
    }

    /// Whether one gate need not wait for another to move its tags.
    pub(super) fn moves_with(&self, index: usize, other: usize) -> bool {
        self.together_with(index).contains(&other) && self.has_pushed(other)
    }

    /// Whether a gate may move its tags.
    pub(super) fn others_of(&self, index: usize) -> Others {
        if *self.site.stop.borrow() != Stop::No {
            return Others::Undone(Lack::Proof("not started: the run was stopped".to_owned()));
        }
        let mut before = true;
        for &other in self.together_with(index) {
            before &= other != index;
            let gate = &self.gates[other];
            match gate.outcome {
                _ if other == index => {}
                // One after another.
                _ if gate.done.is_none() && (before || !self.has_pushed(other)) => return Others::Pending,
                _ if gate.done.is_none() => {}
                Outcome::Passed | Outcome::Skipped => {}
                outcome @ (Outcome::Failed | Outcome::Inconclusive) => {
                    let why = format!("not started: {} {}", gate.planned.gate.id, was(outcome));
                    // What is required counts in the verdict already.
                    return Others::Undone(match gate.planned.gate.required {
                        true => Lack::Nothing(why),
                        false => Lack::Proof(why),
                    });
                }
            }
        }
        Others::Pushed
    }

    /// Starts what waited for other push gates. Returns whether a gate is over with that.
    pub(super) fn start_what_moves(&mut self) -> bool {
        let all: Vec<usize> = self.pushes.iter().flatten().copied().collect();
        let mut over = false;
        for index in all {
            if self.has_pushed(index) {
                let undone = matches!(self.others_of(index), Others::Undone(_));
                self.start_later(index);
                over |= undone;
            }
        }
        over
    }
}
