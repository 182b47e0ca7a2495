//! Progress while the gates run: live lines on a terminal, plain lines elsewhere. It goes to standard
//! error, so that standard output holds only the summary.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::engine::event::{Event, Listener};
use crate::redact::SecretSet;
use crate::text::shared::Text;
use crate::text::{human, sanitise};

/// The listener that fits standard error. It shows none of these secrets.
pub(crate) fn listener(quiet: bool, secrets: SecretSet) -> Box<dyn Listener> {
    match (quiet, stderr().is_terminal()) {
        (true, _) => Box::new(Silent),
        (false, true) => Box::new(Live { words: Words(secrets), ..Live::default() }),
        (false, false) => Box::new(Lines(Words(secrets))),
    }
}

/// A line that counts the programs that were looked at. It is gone at the end, and never there where standard error is no terminal.
pub(crate) fn counter(of: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{pos} of {len} programs looked at");
    ProgressBar::new(of as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The words for each event, without these secrets.
#[derive(Default)]
struct Words(SecretSet);

impl Words {
    fn started(&self, gate: &str, tool: &str, targets: usize) -> String {
        self.clean(&match targets {
            1 => format!("{gate}: started ({tool})"),
            n => format!("{gate}: started ({tool}, {n} targets)"),
        })
    }

    fn doing(&self, gate: &str, words: &str) -> String {
        self.clean(&format!("{gate}: {words}"))
    }

    fn ended(&self, gate: &str, words: &str, duration: Duration) -> String {
        self.clean(&format!("{gate}: {words} ({})", human::duration(duration)))
    }

    /// Before it is cut: a part of a secret is not found.
    fn clean(&self, line: &str) -> String {
        sanitise::short(&self.0.scrubber().one_line(line), 400)
    }
}

struct Silent;

impl Listener for Silent {
    fn on(&mut self, _event: &Event) {}
}

/// A line when a gate starts and a line when it ends, for CI logs.
struct Lines(Words);

impl Listener for Lines {
    fn on(&mut self, event: &Event) {
        let line = match event {
            Event::GateStarted { gate, tool, targets } => self.0.started(gate, tool, *targets),
            Event::GateEnded { gate, words, duration, .. } => self.0.ended(gate, words, *duration),
            Event::GateDoing { gate, words } => self.0.doing(gate, words),
            Event::Stopping { why } => self.0.doing("portcullis", why),
            Event::TargetEnded { .. } | Event::Ended => return,
        };
        // An error here is ignored: the verdict does not depend on the display.
        let _ = writeln!(stderr(), "{line}");
    }
}

/// A spinner for each gate that runs, and a line for each gate that has ended.
#[derive(Default)]
struct Live {
    words: Words,
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
                bar.set_message(self.words.started(gate, tool, *targets));
                bar.enable_steady_tick(Duration::from_millis(100));
                self.running.insert(gate.clone(), bar);
            }
            Event::GateDoing { gate, words } => {
                if let Some(bar) = self.running.get(gate) {
                    bar.set_message(self.words.doing(gate, words));
                }
            }
            Event::TargetEnded { gate, done, targets } => {
                if let Some(bar) = self.running.get(gate)
                    && *targets > 1
                {
                    let words = format!("{done} of {targets} targets done");
                    bar.set_message(self.words.doing(gate, &words));
                }
            }
            Event::GateEnded { gate, words, duration, .. } => {
                if let Some(bar) = self.running.remove(gate) {
                    bar.finish_and_clear();
                    self.display.remove(&bar);
                }
                let _ = self.display.println(self.words.ended(gate, words, *duration));
            }
            Event::Stopping { why } => {
                let _ = self.display.println(self.words.doing("portcullis", why));
            }
            Event::Ended => {
                self.running.clear();
                let _ = self.display.clear();
            }
        }
    }
}
