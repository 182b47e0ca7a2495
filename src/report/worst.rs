//! Which findings come first where not all are shown.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::model::finding::{Decision, Finding};
use crate::model::run::Run;
use crate::model::severity::rank;

/// What comes first: what blocks before what does not, what nobody waived before what someone did,
/// then by severity.
fn order(finding: &Finding) -> Reverse<(u8, u8)> {
    let decision = match finding.decision {
        Decision::Deny => 2,
        Decision::Allow => 1,
        Decision::Waive => 0,
    };
    Reverse((decision, rank(finding.severity)))
}

/// The `most` worst of these findings, the worst first; those that are alike in that stay in their
/// order.
pub(crate) fn first<'a>(findings: impl Iterator<Item = &'a Finding>, most: usize) -> Vec<&'a Finding> {
    let mut ranked: Vec<(usize, &Finding)> = findings.enumerate().collect();
    let key = |(index, finding): &(usize, &Finding)| (order(finding), *index);
    if ranked.len() > most {
        ranked.select_nth_unstable_by_key(most, key);
        ranked.truncate(most);
    }
    ranked.sort_unstable_by_key(key);
    ranked.into_iter().map(|(_, finding)| finding).collect()
}

/// Tells of a finding whether it blocks the run: denied, and of a required gate.
pub(crate) fn blocks(run: &Run) -> impl Fn(&Finding) -> bool {
    let required: HashSet<&str> =
        run.gates.iter().filter(|gate| gate.required).map(|gate| &*gate.id).collect();
    move |finding| finding.decision == Decision::Deny && required.contains(&*finding.gate)
}

/// The findings that block the run.
pub(crate) fn blocking(run: &Run) -> impl Iterator<Item = &Finding> {
    let blocks = blocks(run);
    run.findings.iter().filter(move |finding| blocks(finding))
}
