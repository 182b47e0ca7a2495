//! Outcomes → verdict → exit code. Only this file decides them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::keys::table::Keys;

/// Whether the verdict may stop the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Reports what production would have done, and exits 0.
    Lab,
    /// Blocks.
    Production,
}

impl Mode {
    pub fn read(keys: &Keys) -> Option<Self> {
        keys.word("mode", &[("lab", Self::Lab), ("production", Self::Production)])
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lab => "lab",
            Self::Production => "production",
        })
    }
}

/// How one gate ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Passed,
    /// The policy is violated.
    Failed,
    /// There is no proof that it did its work.
    Inconclusive,
    /// It had nothing to do, and says why.
    Skipped,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Inconclusive => "inconclusive",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How the run ended, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Pass,
    Blocked,
    Inconclusive,
}

impl Verdict {
    /// The verdict of gates, each with its outcome and whether it is required. An inconclusive gate outranks
    /// a failed gate: what was not scanned may be worse than what was found.
    pub fn of(gates: impl IntoIterator<Item = (Outcome, bool)>) -> Self {
        gates.into_iter().filter(|(_, required)| *required).fold(Self::Pass, |verdict, (outcome, _)| {
            match (verdict, outcome) {
                (Self::Inconclusive, _) | (_, Outcome::Inconclusive) => Self::Inconclusive,
                (Self::Blocked, _) | (_, Outcome::Failed) => Self::Blocked,
                (Self::Pass, Outcome::Passed | Outcome::Skipped) => Self::Pass,
            }
        })
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Blocked => "blocked",
            Self::Inconclusive => "inconclusive",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Usage or configuration error: no gate has run.
pub const USAGE: u8 = 2;

/// A report could not be written, in either mode.
pub const UNREPORTED: u8 = 3;

/// The exit code of a run. `signal` is the one that stopped it, if any.
pub fn exit_code(mode: Mode, verdict: Verdict, signal: Option<i32>) -> u8 {
    if let Some(signal) = signal {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    match (mode, verdict) {
        (Mode::Lab, _) | (Mode::Production, Verdict::Pass) => 0,
        (Mode::Production, Verdict::Blocked) => 1,
        (Mode::Production, Verdict::Inconclusive) => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_and_outcome_has_its_exit_code() {
        use Outcome::{Failed, Inconclusive, Passed, Skipped};
        type Gates = &'static [(Outcome, bool)];
        let table: [(Gates, Verdict, u8); 10] = [
            (&[], Verdict::Pass, 0),
            (&[(Passed, true)], Verdict::Pass, 0),
            (&[(Skipped, true)], Verdict::Pass, 0),
            (&[(Failed, true)], Verdict::Blocked, 1),
            (&[(Inconclusive, true)], Verdict::Inconclusive, 3),
            (&[(Failed, true), (Passed, true)], Verdict::Blocked, 1),
            (&[(Failed, true), (Inconclusive, true)], Verdict::Inconclusive, 3),
            (&[(Inconclusive, true), (Failed, true)], Verdict::Inconclusive, 3),
            (&[(Failed, false), (Inconclusive, false)], Verdict::Pass, 0),
            (&[(Inconclusive, false), (Failed, true)], Verdict::Blocked, 1),
        ];
        for (gates, verdict, production) in table {
            assert_eq!(Verdict::of(gates.iter().copied()), verdict, "{gates:?}");
            assert_eq!(exit_code(Mode::Production, verdict, None), production, "{gates:?}");
            assert_eq!(exit_code(Mode::Lab, verdict, None), 0, "{gates:?}");
            assert_eq!(exit_code(Mode::Production, verdict, Some(2)), 130);
            assert_eq!(exit_code(Mode::Lab, verdict, Some(15)), 143);
        }
    }
}
