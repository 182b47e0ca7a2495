//! Which VEX documents, EPSS scores and KEV catalogue a run used, for the record.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::text::shared::Text;

/// What run.json says about the files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrichmentRecord {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vex: Vec<VexRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss: Option<FileRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kev: Option<FileRecord>,
}

/// A VEX document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VexRecord {
    pub document: Text,
    pub statements: usize,
    /// The number of findings that it decides.
    pub findings: u64,
    /// What it is about, if no finding matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused: Option<String>,
}

/// A file that gets too old.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    pub file: Text,
    /// Its date, as the file says.
    pub date: Date,
    pub age_days: i32,
    /// How many vulnerabilities it lists.
    pub vulnerabilities: usize,
}
