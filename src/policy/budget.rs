//! The budget of the whole run: how many problems of each severity all required gates together may have.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::finding::{Decision, Finding, Text};
use crate::risk::Conditions;
use crate::severity::{Counts, Severity};

/// How many problems of each severity are borne.
pub type Budget = BTreeMap<Severity, u64>;

/// What the findings of the `required` gates come to, each problem counted once, at its highest severity;
/// without those that are waived or were known before.
pub fn spent(findings: &[Finding], required: &HashSet<&Text>) -> Counts {
    let mut counts = Counts::default();
    let mut problems: HashMap<&Text, Severity> = HashMap::new();
    for finding in findings.iter().filter(|finding| counts_for(finding, required)) {
        match &finding.problem {
            None => counts.add(finding.severity),
            Some(problem) => {
                let highest = problems.entry(problem).or_insert(finding.severity);
                *highest = (*highest).max(finding.severity);
            }
        }
    }
    problems.into_values().for_each(|severity| counts.add(severity));
    counts
}

fn counts_for(finding: &Finding, required: &HashSet<&Text>) -> bool {
    let borne = finding.decision == Decision::Waive
        || finding.because == super::KNOWN
        || Conditions::lowered(&finding.because);
    !borne && required.contains(&finding.gate)
}

/// Each severity that is over the budget, in words; no finding is changed.
pub fn exceeded(findings: &[Finding], required: &HashSet<&Text>, budget: &Budget) -> Vec<(Severity, String)> {
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

/// Judges the findings of all gates by the budget: those of a severity that is over it block.
pub fn judge(findings: &mut [Finding], required: &HashSet<&Text>, budget: &Budget) -> Vec<String> {
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
