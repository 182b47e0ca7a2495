//! What a run knew of findings that were there before, for the record.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Whence a run knows what was there before, for the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownNote {
    /// `gates.baseline.json`, or a revision.
    pub from: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Date>,
    /// How many findings it has.
    pub findings: u64,
    /// How many of them were not found any more, in gates that were looked at whole.
    #[serde(default)]
    pub gone: u64,
    /// What is to be said of it: it is old, or lacks a gate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}
