//! What the waivers of a run did, for the record.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::text::shared::Text;

/// What the waivers did in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverUse {
    /// Current ones that covered something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used: Vec<WaiverNote>,
    /// Current ones that covered nothing.
    pub unused: Vec<WaiverNote>,
    /// Those whose day is past: they cover nothing any more.
    pub expired: Vec<WaiverNote>,
    /// Current ones that end within 14 days.
    pub expiring: Vec<WaiverNote>,
}

/// A waiver as the record names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverNote {
    pub name: Text,
    pub reason: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
    /// Its line in gates.toml, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Another that comes before it and covers what it would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<Text>,
    /// Others that come before it and cover some of what it would.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<Text>,
}
