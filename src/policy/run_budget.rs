//! The budget of the whole run: how many problems of each severity all required gates together may have.

use std::collections::{HashMap, HashSet};

use crate::model::finding::{Decision, Finding};
use crate::model::policy::{Budget, Policy};
use crate::model::run::GateRecord;
use crate::model::severity::{Counts, Severity};
use crate::text::shared::Text;

/// How many findings of the `required` gates count, each problem once; without waived and known findings. A
/// problem that tools rate differently counts once at each of their severities. If only the highest counted,
/// a second tool could remove it from a budget that it exceeds.
pub fn spent(findings: &[Finding], required: &Required<'_>) -> Counts {
    let mut counts = Counts::default();
    let mut problems: HashSet<(&Text, Severity)> = HashSet::new();
    for finding in findings.iter().filter(|finding| counts_for(finding, required)) {
        let new = |problem| problems.insert((problem, finding.severity));
        if finding.problem.as_ref().is_none_or(new) {
            counts.add(finding.severity);
        }
    }
    counts
}

/// The gates whose findings count, by id, each with its policy.
pub type Required<'a> = HashMap<&'a Text, &'a Policy>;

/// The required gates among these.
pub fn required(gates: &[GateRecord]) -> Required<'_> {
    gates.iter().filter(|gate| gate.required).map(|gate| (&gate.id, &gate.policy)).collect()
}

/// Whether a finding counts: its gate is required, and the gate's policy counts it.
pub fn counts_for(finding: &Finding, required: &Required<'_>) -> bool {
    required.get(&finding.gate).is_some_and(|policy| policy.counts(finding))
}

/// Each severity that exceeds the budget, in words. It changes no finding.
pub fn exceeded(findings: &[Finding], required: &Required<'_>, budget: &Budget) -> Vec<(Severity, String)> {
    if budget.is_empty() {
        return Vec::new();
    }
    let spent = spent(findings, required);
    let over = |(severity, most): (&Severity, &u64)| {
        let found = spent.get(*severity);
        (found > *most).then(|| (*severity, format!("{found} {severity} in all gates, max is {most}")))
    };
    // The highest first.
    budget.iter().rev().filter_map(over).collect()
}

/// Judges the findings of all gates by the budget: if a severity exceeds it, its findings block.
pub fn judge(findings: &mut [Finding], required: &Required<'_>, budget: &Budget) -> Vec<String> {
    let over = exceeded(findings, required, budget);
    for (severity, words) in &over {
        let because = Text::from(format!("budget of the run: {words}"));
        let counted = |finding: &&mut Finding| finding.severity == *severity && counts_for(finding, required);
        for finding in findings.iter_mut().filter(counted) {
            if finding.decision == Decision::Allow {
                finding.decision = Decision::Deny;
                finding.because = because.clone();
            }
        }
    }
    over.into_iter().map(|(_, words)| words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Category;

    /// A second tool that rates a problem higher does not remove it from a budget that it exceeds.
    #[test]
    fn a_problem_counts_once_at_each_severity_that_a_tool_gives_it() {
        let finding = |id: &str, severity| {
            let mut finding = Finding::new("r", Category::Vulnerability, severity, "t");
            (finding.id, finding.gate, finding.problem) = (id.into(), "a".into(), Some("p".into()));
            finding.decision = Decision::Allow;
            finding
        };
        let found =
            [finding("1", Severity::Medium), finding("2", Severity::High), finding("3", Severity::High)];
        let gate = Text::from("a");
        let policy = Policy::default();
        let required = Required::from([(&gate, &policy)]);
        let over = |budget: &[(Severity, u64)]| {
            let budget: Budget = budget.iter().copied().collect();
            exceeded(&found, &required, &budget).into_iter().map(|(severity, _)| severity).collect::<Vec<_>>()
        };
        assert_eq!(over(&[(Severity::Medium, 0)]), [Severity::Medium]);
        assert_eq!(over(&[(Severity::High, 0)]), [Severity::High]);
        assert_eq!(over(&[(Severity::High, 1), (Severity::Medium, 0)]), [Severity::Medium]);
        assert_eq!(over(&[(Severity::High, 1), (Severity::Medium, 1)]), []);
        assert_eq!(over(&[(Severity::Critical, 0)]), []);
    }
}
