//! Progress while the gates run: live lines on a terminal, plain lines elsewhere. It goes to standard
//! error, so that standard output holds only the summary.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::engine::event::{Event, Listener};
use crate::text::shared::Text;
use crate::text::{human, sanitise};

/// The listener that fits standard error.
pub(crate) fn listener(quiet: bool) -> Box<dyn Listener> {
    match (quiet, stderr().is_terminal()) {
        (true, _) => Box::new(Silent),
        (false, true) => Box::new(Live::default()),
        (false, false) => Box::new(Lines),
    }
}

struct Silent;

impl Listener for Silent {
    fn on(&mut self, _event: &Event) {}
}

/// A line when a gate starts and a line when it ends, for CI logs.
struct Lines;

impl Lines {
    fn say(line: &str) {
        // An error here is ignored: the verdict does not depend on the display.
        let _ = writeln!(stderr(), "{line}");
    }
}

impl Listener for Lines {
    fn on(&mut self, event: &Event) {
        match event {
            Event::GateStarted { gate, tool, targets } => Self::say(&started(gate, tool, *targets)),
            Event::GateEnded { gate, words, duration, .. } => Self::say(&ended(gate, words, *duration)),
            Event::GateDoing { gate, words } => Self::say(&doing(gate, words)),
            Event::Stopping { why } => Self::say(&format!("portcullis: {why}")),
            Event::TargetEnded { .. } | Event::Ended => {}
        }
    }
}

fn started(gate: &str, tool: &str, targets: usize) -> String {
    match targets {
        1 => format!("{gate}: started ({tool})"),
        n => format!("{gate}: started ({tool}, {n} targets)"),
    }
}

fn doing(gate: &str, words: &str) -> String {
    sanitise::short(&format!("{gate}: {words}"), 400)
}

fn ended(gate: &str, words: &str, duration: Duration) -> String {
    sanitise::short(&format!("{gate}: {words} ({})", human::duration(duration)), 400)
}

/// A spinner for each gate that runs, and a line for each gate that has ended.
#[derive(Default)]
struct Live {
    display: MultiProgress,
    running: BTreeMap<Text, ProgressBar>,
}

impl Listener for Live {
    fn on(&mut self, event: &Event) {
        match event {
            Event::GateStarted { gate, tool, targets } => {
                let bar = self.display.add(ProgressBar::new_spinner());
                if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
                    bar.set_style(style);
                }
                bar.set_message(started(gate, tool, *targets));
                bar.enable_steady_tick(Duration::from_millis(100));
                self.running.insert(gate.clone(), bar);
            }
            Event::GateDoing { gate, words } => {
                if let Some(bar) = self.running.get(gate) {
                    bar.set_message(doing(gate, words));
                }
            }
            Event::TargetEnded { gate, done, targets } => {
                if let Some(bar) = self.running.get(gate)
                    && *targets > 1
                {
                    bar.set_message(format!("{gate}: {done} of {targets} targets done"));
                }
            }
            Event::GateEnded { gate, words, duration, .. } => {
                if let Some(bar) = self.running.remove(gate) {
                    bar.finish_and_clear();
                    self.display.remove(&bar);
                }
                let _ = self.display.println(ended(gate, words, *duration));
            }
            Event::Stopping { why } => {
                let _ = self.display.println(format!("portcullis: {why}"));
            }
            Event::Ended => {
                self.running.clear();
                let _ = self.display.clear();
            }
        }
    }
}
