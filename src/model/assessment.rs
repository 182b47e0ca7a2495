//! What a VEX document says about a finding.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text::shared::Text;

/// The four words of CISA's "Minimum Requirements for VEX" (2023). OpenVEX writes them unchanged. They are
/// ordered: of two statements made at the same time, the one with the later word here counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    NotAffected,
    Fixed,
    UnderInvestigation,
    Affected,
}

impl Status {
    /// Whether a vulnerability with this status does not count.
    pub fn waives(self) -> bool {
        matches!(self, Self::NotAffected | Self::Fixed)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAffected => "not_affected",
            Self::Fixed => "fixed",
            Self::UnderInvestigation => "under_investigation",
            Self::Affected => "affected",
        }
    }
}

/// The statement that decides a finding, in the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The vulnerability's id in the document.
    pub vulnerability: Text,
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<Text>,
    /// The author's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<Text>,
    /// The path of the document, as gates.toml finds it.
    pub document: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl Assessment {
    /// Why the finding does not count, if this says so.
    pub fn waiver(&self) -> Option<String> {
        self.status.waives().then(|| self.words())
    }

    /// `VEX: not_affected, vulnerable_code_not_present (vex/a.json): we do not ship it`
    pub fn words(&self) -> String {
        format!("VEX: {}", self.detail())
    }

    /// The same without `VEX:`.
    pub fn detail(&self) -> String {
        let justification = self.justification.as_ref().map(|why| format!(", {why}")).unwrap_or_default();
        let statement = self.statement.as_ref().map(|words| format!(": {words}")).unwrap_or_default();
        format!("{}{justification} ({}){statement}", self.status.as_str(), self.document)
    }
}
