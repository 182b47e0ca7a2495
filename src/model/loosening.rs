//! One place where a policy allows more than another.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One place where a configuration is looser than the base, or may be: some differences can't be compared
/// without running the gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loosening {
    /// `gates.toml`, `gate audit`, `profile ci`, `profile ci, gate audit`, `waiver legacy`.
    pub place: String,
    /// What it says now: `fail_on = critical`.
    pub what: String,
    /// What the base says, if that is one value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
}

impl Loosening {
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), was: None }
    }
}

impl fmt::Display for Loosening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)?;
        match &self.was {
            Some(was) => write!(f, ", the base has {was}"),
            None => Ok(()),
        }
    }
}
