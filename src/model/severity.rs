//! How bad findings are, and how many there are of each severity.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::finding::Finding;

/// The order of severities in lists. An unrated finding may be bad or not, so it comes
/// between medium and low.
pub fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Unknown => Severity::Medium as u8 * 2 - 1,
        rated => rated as u8 * 2,
    }
}

/// How bad a finding is, least first. `Unknown` means "unrated", not "harmless". The policy decides what it
/// counts as, so never compare it with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Unknown,
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// Every severity, worst first, `unknown` last: the order of tables and counts.
    pub const ALL: [Self; 6] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info, Self::Unknown];

    /// The words with which a gate rates the findings of a scanner that does not: all but `unknown`.
    pub fn words() -> Vec<(&'static str, Self)> {
        let rated = Self::ALL.into_iter().filter(|severity| *severity != Self::Unknown);
        rated.map(|severity| (severity.as_str(), severity)).collect()
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the words that most scanners share, in upper or lower case; `moderate` is npm's medium. Any
    /// other word, also `NONE` and `UNKNOWN`, is `Unknown`. Such a finding is kept and judged, never dropped.
    pub fn from_word(word: &str) -> Self {
        const WORDS: [(&str, Severity); 7] = [
            ("critical", Severity::Critical),
            ("high", Severity::High),
            ("medium", Severity::Medium),
            ("moderate", Severity::Medium),
            ("low", Severity::Low),
            ("info", Severity::Info),
            ("informational", Severity::Info),
        ];
        WORDS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word))
            .map_or(Self::Unknown, |(_, severity)| *severity)
    }

    /// The severity of a CVSS base score (0.0 to 10.0), by the CVSS v3.1 specification, section 5.
    pub fn from_cvss_score(score: f64) -> Self {
        match score {
            s if s >= 9.0 => Self::Critical,
            s if s >= 7.0 => Self::High,
            s if s >= 4.0 => Self::Medium,
            s if s > 0.0 => Self::Low,
            _ => Self::Info,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub critical: u64,
    pub high: u64,
    pub medium: u64,
    pub low: u64,
    pub info: u64,
    pub unknown: u64,
}

impl Counts {
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            counts.add(finding.severity);
        }
        counts
    }

    /// Counts one more.
    pub fn add(&mut self, severity: Severity) {
        *self.slot(severity) += 1;
    }

    pub fn get(&self, severity: Severity) -> u64 {
        let mut copy = *self;
        *copy.slot(severity)
    }

    pub fn total(&self) -> u64 {
        Severity::ALL.iter().map(|severity| self.get(*severity)).sum()
    }

    fn slot(&mut self, severity: Severity) -> &mut u64 {
        match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
            Severity::Info => &mut self.info,
            Severity::Unknown => &mut self.unknown,
        }
    }
}
