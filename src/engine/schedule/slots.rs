//! The jobs that could start, and the slots (`jobs`) in which they do.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::weight::Weight;
use crate::engine::job_run::JobRun;

/// A job that only waits for a slot.
pub(super) struct Ready {
    pub gate: usize,
    pub target: usize,
    pub weight: Weight,
    pub work: JobRun,
}

/// The slots of a run.
pub(super) struct Slots {
    all: usize,
    taken: usize,
    /// The job with the longest chain before it first; of equals, the one that was ready first.
    queue: BTreeMap<(Reverse<Duration>, usize), Ready>,
    number: usize,
}

impl Slots {
    pub(super) fn new(all: usize) -> Self {
        Self { all: all.max(1), taken: 0, queue: BTreeMap::new(), number: 0 }
    }

    /// Adds a job whose gate and those behind it usually take this long.
    pub(super) fn add(&mut self, to_the_end: Duration, job: Ready) {
        self.queue.insert((Reverse(to_the_end), self.number), job);
        self.number += 1;
    }

    /// The next job, if there are slots for it. One that needs several waits for them: no smaller one overtakes it, or it
    /// might wait for ever.
    pub(super) fn next(&mut self) -> Option<Ready> {
        let first = self.queue.first_entry()?;
        let slots = first.get().weight.slots(self.all);
        if self.taken + slots > self.all {
            return None;
        }
        self.taken += slots;
        Some(first.remove())
    }

    /// A job of this weight has ended.
    pub(super) fn free(&mut self, weight: Weight) {
        self.taken = self.taken.saturating_sub(weight.slots(self.all));
    }
}
