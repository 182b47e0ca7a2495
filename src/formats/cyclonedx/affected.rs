//! What a document says of the packages that a vulnerability affects: the status of their versions, and its analysis.

use serde::Deserialize;

use crate::model::assessment::VexWords;
use crate::model::finding::Finding;
use crate::text::shared::Text;

use super::Component;

#[derive(Debug, Deserialize)]
pub(super) struct Affected {
    #[serde(rename = "ref")]
    pub bom_ref: String,
    pub versions: Option<Vec<AffectedVersion>>,
}

/// What the document says of one version. Ranges are ignored: each ecosystem compares versions differently.
#[derive(Debug, Deserialize)]
pub(super) struct AffectedVersion {
    pub version: Option<String>,
    pub status: Option<String>,
}

impl Affected {
    /// Its word on the version of a component: `affected` (also without a word) or `unaffected`.
    pub(super) fn status(&self, component: &Component) -> Option<&str> {
        let version = component.version.as_deref().filter(|version| !version.is_empty())?;
        let of_it = self.versions.iter().flatten().find(|one| one.version.as_deref() == Some(version))?;
        Some(of_it.status.as_deref().unwrap_or("affected"))
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Analysis {
    pub state: Option<String>,
    pub justification: Option<String>,
    pub detail: Option<String>,
}

impl Analysis {
    fn is_resolved(&self) -> bool {
        self.state.as_deref().is_some_and(|state| ["resolved", "resolved_with_pedigree"].contains(&state))
    }

    /// Why the vulnerability does not count, if its analysis says so.
    pub(super) fn suppression(&self) -> Option<String> {
        let state = self.state.as_deref()?;
        if !["resolved", "resolved_with_pedigree", "false_positive", "not_affected"].contains(&state) {
            return None;
        }
        let words = [self.justification.as_deref(), self.detail.as_deref()];
        let why: Vec<&str> = words.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        if state == "not_affected" && !VexWords::CycloneDx.is_reason(words[0], words[1]) {
            return None;
        }
        let colon = if why.is_empty() { "" } else { ": " };
        Some(format!("analysis {state}{colon}{}", why.join(", ")))
    }
}

/// Why it does not count for a package of whose version the document says this.
pub(super) fn suppression(
    analysis: Option<&Analysis>,
    status: Option<&str>,
    finding: &Finding,
) -> Option<Text> {
    let is_resolved = analysis.is_some_and(Analysis::is_resolved);
    match status {
        Some("unaffected") => {
            Some(finding.suppressed.clone().unwrap_or_else(|| "this version is unaffected".into()))
        }
        // What is resolved in another version is not in this one.
        Some(_) if is_resolved => None,
        _ => finding.suppressed.clone(),
    }
}
