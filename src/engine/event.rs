//! What happens while a plan runs. Progress displays listen to it.

use std::time::Duration;

use crate::text::shared::Text;

/// One thing that happened.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The first target of a gate has started.
    GateStarted { gate: Text, tool: Text, targets: usize },
    /// What a gate is doing, in words, when it takes long.
    GateDoing { gate: Text, words: String },
    /// A target of a gate has ended.
    TargetEnded { gate: Text, done: usize, targets: usize },
    /// Every target of a gate has ended, or the gate could not start.
    GateEnded { gate: Text, words: String, duration: Duration },
    /// The run is being stopped: why, in words.
    Stopping { why: String },
    /// Everything that will run has run.
    Ended,
}

/// Listens to the events of a run.
pub(crate) trait Listener {
    fn on(&mut self, event: &Event);
}
