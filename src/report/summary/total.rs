//! What all gates found together: each problem once and at its highest severity, however many see it.

use crate::model::finding::Finding;
use crate::model::run::Run;
use crate::model::severity::{Counts, Severity};
use crate::report::problems::{highest, words};

/// `Found: 68 problems in 78 findings: 4 critical, 20 high`, in a line.
pub(super) fn found(run: &Run) -> String {
    let counts = problems(&run.findings);
    if run.findings.is_empty() {
        return "Found: nothing".to_owned();
    }
    let all = words(usize::try_from(counts.total()).unwrap_or(usize::MAX), run.findings.len());
    let some = Severity::ALL.into_iter().filter(|severity| counts.get(*severity) > 0);
    let each: Vec<String> = some.map(|severity| format!("{} {severity}", counts.get(severity))).collect();
    format!("Found: {all}: {}", each.join(", "))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Category;

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
