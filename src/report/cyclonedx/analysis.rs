//! What people say of a vulnerability: VEX statements and waivers, in CycloneDX's words.

use cyclonedx_bom::models::vulnerability_analysis::{
    ImpactAnalysisJustification, ImpactAnalysisState, VulnerabilityAnalysis,
};

use crate::model::assessment::Status;
use crate::model::finding::{Decision, Finding};

/// None where nobody has said anything. A waiver tells why it is borne, and nothing of whether it matters.
pub(super) fn of(finding: &Finding) -> Option<VulnerabilityAnalysis> {
    if let Some(vex) = finding.assessment() {
        let state = match vex.status {
            Status::NotAffected => ImpactAnalysisState::NotAffected,
            Status::Fixed => ImpactAnalysisState::Resolved,
            Status::UnderInvestigation => ImpactAnalysisState::InTriage,
            Status::Affected => ImpactAnalysisState::Exploitable,
        };
        let justification = vex.justification.as_deref().and_then(justification);
        let detail = Some(vex.words());
        return Some(VulnerabilityAnalysis {
            detail,
            ..VulnerabilityAnalysis::new(Some(state), justification, None)
        });
    }
    let detail = (finding.decision == Decision::Waive).then(|| finding.because.to_string())?;
    Some(VulnerabilityAnalysis { detail: Some(detail), ..VulnerabilityAnalysis::new(None, None, None) })
}

/// Those of CycloneDX as they are, and those of OpenVEX that mean the same as one of them. Any other stands
/// in the detail.
fn justification(word: &str) -> Option<ImpactAnalysisJustification> {
    use ImpactAnalysisJustification as Why;
    Some(match word {
        "component_not_present" | "vulnerable_code_not_present" => Why::CodeNotPresent,
        "vulnerable_code_not_in_execute_path" => Why::CodeNotReachable,
        "inline_mitigations_already_exist" => Why::ProtectedByMitigatingControl,
        other => match Why::new_unchecked(other) {
            Why::UndefinedImpactAnalysisJustification(_) => return None,
            known => known,
        },
    })
}
