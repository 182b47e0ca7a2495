//! What all gates found together: each problem once and at its highest severity, however many see it.

use std::collections::HashMap;

use crate::finding::Finding;
use crate::record::Run;
use crate::report::worst::rank;
use crate::severity::{Counts, Severity};
use crate::text;

/// `Found: 68 problems in 78 findings: 4 critical, 20 high`, in a line.
pub fn found(run: &Run) -> String {
    let counts = problems(&run.findings);
    let findings = text::count(run.findings.len() as u64, "finding");
    let all = match counts.total() {
        0 => return "Found: nothing".to_owned(),
        n if n == run.findings.len() as u64 => findings,
        n => format!("{} in {findings}", text::count(n, "problem")),
    };
    let some = Severity::ALL.into_iter().filter(|severity| counts.get(*severity) > 0);
    let words: Vec<String> = some.map(|severity| format!("{} {severity}", counts.get(severity))).collect();
    format!("Found: {all}: {}", words.join(", "))
}

/// How many problems there are of each severity.
fn problems(findings: &[Finding]) -> Counts {
    let mut counts = Counts::default();
    highest(findings.iter().filter(|finding| finding.problem.is_some()))
        .into_values()
        .chain(findings.iter().filter(|finding| finding.problem.is_none()).map(|finding| finding.severity))
        .for_each(|severity| counts.add(severity));
    counts
}

/// The highest severity of each problem that has a name, whichever of its tools gives it.
pub fn highest<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> HashMap<&'a str, Severity> {
    let mut highest: HashMap<&str, Severity> = HashMap::new();
    for finding in findings {
        if let Some(problem) = finding.problem.as_deref() {
            let known = highest.entry(problem).or_insert(finding.severity);
            *known = [*known, finding.severity]
                .into_iter()
                .max_by_key(|severity| rank(*severity))
                .unwrap_or(*known);
        }
    }
    highest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Category;

    #[test]
    fn a_problem_counts_once_at_its_highest_severity() {
        let finding = |problem: Option<&str>, severity| {
            let mut finding = Finding::new("r", Category::Vulnerability, severity, "t");
            finding.problem = problem.map(Into::into);
            finding
        };
        let found = [
            finding(Some("a"), Severity::Medium),
            finding(Some("a"), Severity::Critical),
            finding(Some("b"), Severity::Unknown),
            finding(Some("b"), Severity::Low),
            finding(None, Severity::Medium),
            finding(None, Severity::Medium),
        ];
        assert_eq!(problems(&found), Counts { critical: 1, medium: 2, unknown: 1, ..Counts::default() });
    }
}
