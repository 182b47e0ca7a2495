//! What was scanned: the proof that a clean report is really clean.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What was scanned, in the tool's own units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    Bytes,
    Commits,
    Files,
    Packages,
    Resources,
    Images,
    Tests,
    Conditions,
    /// Runs of a scanner whose report says only that they produced results (SARIF).
    Runs,
    /// Commands with no other result than their exit code.
    Commands,
}

impl Unit {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Commits => "commits",
            Self::Files => "files",
            Self::Packages => "packages",
            Self::Resources => "resources",
            Self::Images => "images",
            Self::Tests => "tests",
            Self::Conditions => "conditions",
            Self::Runs => "runs",
            Self::Commands => "commands",
        }
    }
}

/// How much was scanned. A unit that is not in the report is absent, not 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(BTreeMap<Unit, u64>);

impl Scope {
    pub fn of(unit: Unit, n: u64) -> Self {
        let mut scope = Self::default();
        scope.add(unit, n);
        scope
    }

    pub fn add(&mut self, unit: Unit, n: u64) {
        let sum = self.0.entry(unit).or_default();
        *sum = sum.saturating_add(n);
    }

    pub fn merge(&mut self, other: &Self) {
        for (unit, n) in &other.0 {
            self.add(*unit, *n);
        }
    }

    pub fn get(&self, unit: Unit) -> Option<u64> {
        self.0.get(&unit).copied()
    }

    /// Whether something was scanned, and all of it is counted in this unit.
    pub fn is_only(&self, unit: Unit) -> bool {
        self.0.len() == 1 && self.get(unit).is_some_and(|n| n > 0)
    }

    /// Whether nothing is known to have been scanned.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(|n| *n == 0)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (unit, n) in &self.0 {
            let word = unit.as_str();
            let word = if *n == 1 { &word[..word.len() - 1] } else { word };
            write!(f, "{}{n} {word}", if first { "" } else { ", " })?;
            first = false;
        }
        if first { f.write_str("nothing") } else { Ok(()) }
    }
}
