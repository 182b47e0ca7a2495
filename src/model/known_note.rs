//! Where the known findings of a run come from, for the record.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Where the known findings of a run come from, for the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownNote {
    /// `gates.baseline.json`, or a revision.
    pub from: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Date>,
    /// How many findings are known.
    pub findings: u64,
    /// How many of them are gone. Only gates that looked at everything count.
    #[serde(default)]
    pub gone: u64,
    /// Warnings: it is too old, or a gate is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}
