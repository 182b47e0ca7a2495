//! What the waivers of a run did, for the record.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::text::shared::Text;

/// What the waivers did in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverUse {
    /// Current waivers that covered something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used: Vec<WaiverNote>,
    /// Current waivers that covered nothing.
    pub unused: Vec<WaiverNote>,
    /// Waivers whose last day is past: they cover nothing any more.
    pub expired: Vec<WaiverNote>,
    /// Current waivers that expire within 14 days.
    pub expiring: Vec<WaiverNote>,
}

impl WaiverUse {
    /// The waivers that covered something and still apply on the day `today`, by name.
    pub fn in_force(&self, today: Date) -> impl Iterator<Item = &Text> {
        self.used.iter().filter(move |note| note.is_current(today)).map(|note| &note.name)
    }
}

/// A waiver, in the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverNote {
    pub name: Text,
    pub reason: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
    /// Its line in gates.toml, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// An earlier waiver that covers what this one would cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<Text>,
    /// Earlier waivers that cover some of what this one would cover.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<Text>,
}

impl WaiverNote {
    /// Whether it still applies on the day `today`.
    pub fn is_current(&self, today: Date) -> bool {
        self.expires.is_none_or(|expires| today <= expires)
    }
}
