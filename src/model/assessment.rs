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

/// Reasons for `not_affected`, in small letters without `_`: those of CISA's "VEX Status Justifications" (2022), which
/// OpenVEX writes with `_` and SPDX 3 with capitals (`SecurityVexJustificationType`), and those of CycloneDX
/// (`impactAnalysisJustification`).
const JUSTIFICATIONS: [&str; 14] = [
    "componentnotpresent",
    "vulnerablecodenotpresent",
    "vulnerablecodenotinexecutepath",
    "vulnerablecodecannotbecontrolledbyadversary",
    "inlinemitigationsalreadyexist",
    "codenotpresent",
    "codenotreachable",
    "requiresconfiguration",
    "requiresdependency",
    "requiresenvironment",
    "protectedbycompiler",
    "protectedatruntime",
    "protectedatperimeter",
    "protectedbymitigatingcontrol",
];

/// Whether a word is a justification that one of the formats defines.
fn is_justification(word: &str) -> bool {
    let letters: String = word.trim().chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect();
    JUSTIFICATIONS.contains(&letters.as_str())
}

/// Whether `not_affected` has a reason that a reader can check: a justification of its format, or words of the author.
pub(crate) fn is_reasoned(justification: Option<&str>, words: Option<&str>) -> bool {
    justification.is_some_and(is_justification) || words.is_some_and(|words| !words.trim().is_empty())
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
