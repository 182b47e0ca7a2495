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

/// Whose words a justification for `not_affected` is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VexWords {
    /// Those of CISA's "VEX Status Justifications" (2022), as OpenVEX writes them.
    OpenVex,
    /// The same, as SPDX 3 writes them (`VexJustificationType`).
    Spdx,
    /// `impactAnalysisJustification`.
    CycloneDx,
}

impl VexWords {
    fn justifications(self) -> &'static [&'static str] {
        match self {
            Self::OpenVex => &[
                "component_not_present",
                "vulnerable_code_not_present",
                "vulnerable_code_not_in_execute_path",
                "vulnerable_code_cannot_be_controlled_by_adversary",
                "inline_mitigations_already_exist",
            ],
            Self::Spdx => &[
                "componentNotPresent",
                "vulnerableCodeNotPresent",
                "vulnerableCodeNotInExecutePath",
                "vulnerableCodeCannotBeControlledByAdversary",
                "inlineMitigationsAlreadyExist",
            ],
            Self::CycloneDx => &[
                "code_not_present",
                "code_not_reachable",
                "requires_configuration",
                "requires_dependency",
                "requires_environment",
                "protected_by_compiler",
                "protected_at_runtime",
                "protected_at_perimeter",
                "protected_by_mitigating_control",
            ],
        }
    }

    /// Whether `not_affected` has a reason that a reader can check: a justification of its format, or words of the author.
    pub(crate) fn is_reason(self, justification: Option<&str>, words: Option<&str>) -> bool {
        // SPDX 3 may write the whole address of the term.
        let last = |word: &str| word.rsplit(['/', '#']).next().unwrap_or_default().to_owned();
        justification.is_some_and(|word| self.justifications().contains(&last(word.trim()).as_str()))
            || words.is_some_and(|words| !words.trim().is_empty())
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
