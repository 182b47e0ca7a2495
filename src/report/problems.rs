//! Findings grouped by problem: one row per problem, even if several gates and tools see it.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::model::finding::Finding;
use crate::model::run::Run;
use crate::model::severity::{Severity, rank};
use crate::text::human;

/// A problem with its selected findings, the worst first.
pub(crate) struct ProblemRow<'a> {
    pub first: &'a Finding,
    /// Empty for most problems.
    pub others: Vec<&'a Finding>,
    /// The highest severity that any tool gives it, even one whose gate lets it pass.
    pub severity: Severity,
}

impl<'a> ProblemRow<'a> {
    pub(crate) fn findings(&self) -> impl Iterator<Item = &'a Finding> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// How to fix it, if one of its tools says so.
    pub(crate) fn fix(&self) -> Option<&'a str> {
        self.findings().find_map(|finding| finding.fix.as_deref())
    }
}

/// The problems that findings belong to.
pub(crate) struct ProblemRows<'a> {
    /// The worst problems, the worst first. Problems of equal severity stay in order.
    pub worst: Vec<ProblemRow<'a>>,
    /// How many problems there are.
    pub count: usize,
    /// How many findings they have.
    pub findings: usize,
}

impl<'a> ProblemRows<'a> {
    /// The `most` worst problems of these findings of a run.
    pub(crate) fn of(selected: impl Iterator<Item = &'a Finding>, run: &'a Run, most: usize) -> Self {
        let highest = highest(&run.findings);
        let selected: Vec<&Finding> = selected.collect();
        let mut named: HashMap<&str, Vec<&Finding>> = HashMap::new();
        // The severity and the first finding of each problem: a million of them must fit in memory.
        let mut heads: Vec<(Reverse<u8>, u32)> = Vec::new();
        for (at, finding) in (0..).zip(&selected) {
            let severity = match finding.problem.as_deref() {
                None => Some(finding.severity),
                Some(name) => {
                    let members = named.entry(name).or_default();
                    members.push(finding);
                    (members.len() == 1).then(|| highest.get(name).copied().unwrap_or(finding.severity))
                }
            };
            heads.extend(severity.map(|severity| (Reverse(rank(severity)), at)));
        }
        let count = heads.len();
        if count > most {
            heads.select_nth_unstable(most);
            heads.truncate(most);
        }
        heads.sort_unstable();
        let problem = |(_, at): (Reverse<u8>, u32)| {
            let head = *selected.get(at as usize)?;
            let Some(name) = head.problem.as_deref() else {
                return Some(ProblemRow { first: head, others: Vec::new(), severity: head.severity });
            };
            let mut others = named.get(name)?.clone();
            others.sort_by_key(|finding| Reverse(rank(finding.severity)));
            let first = others.remove(0);
            let severity = highest.get(name).copied().unwrap_or(first.severity);
            Some(ProblemRow { first, others, severity })
        };
        let worst = heads.into_iter().filter_map(problem).collect();
        ProblemRows { worst, count, findings: selected.len() }
    }

    /// `finding` if each problem is one finding, otherwise `problem`.
    pub(crate) fn noun(&self) -> &'static str {
        if self.count == self.findings { "finding" } else { "problem" }
    }

    /// `46 problems in 52 findings`, or `12 findings` if each is a problem of its own.
    pub(crate) fn words(&self) -> String {
        words(self.count, self.findings)
    }
}

/// The same for any numbers.
pub(crate) fn words(problems: usize, findings: usize) -> String {
    let all = human::count(findings as u64, "finding");
    match problems == findings {
        true => all,
        false => format!("{} in {all}", human::count(problems as u64, "problem")),
    }
}

/// The highest severity that any tool gives each problem with a name.
pub(crate) fn highest<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> HashMap<&'a str, Severity> {
    let mut highest: HashMap<&str, Severity> = HashMap::new();
    for finding in findings {
        if let Some(problem) = finding.problem.as_deref() {
            let known = highest.entry(problem).or_insert(finding.severity);
            if rank(finding.severity) > rank(*known) {
                *known = finding.severity;
            }
        }
    }
    highest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Category;
    use crate::model::run::SCHEMA;

    #[test]
    fn a_problem_is_one_row_at_its_highest_severity() {
        let finding = |rule: &str, problem: Option<&str>, severity| {
            let mut finding = Finding::new(rule, Category::Vulnerability, severity, "t");
            finding.problem = problem.map(Into::into);
            finding
        };
        let all = [
            finding("alone", None, Severity::High),
            finding("npm", Some("a"), Severity::Medium),
            finding("other", Some("b"), Severity::Low),
            finding("trivy", Some("a"), Severity::High),
            finding("lets it pass", Some("a"), Severity::Critical),
        ];
        let rows = |most: usize| -> (Vec<(Severity, Vec<String>)>, String) {
            let run: Run = serde_json::from_value(serde_json::json!({
                "schema": SCHEMA, "portcullis_version": "0", "mode": "lab", "verdict": "pass", "would_block": false,
                "exit_code": 0, "started": "2026-01-01T00:00:00Z", "duration_ms": 0, "trace_id": "", "gates": [],
                "findings": all, "waivers": {"unused": [], "expired": [], "expiring": []},
            }))
            .unwrap();
            let problems = ProblemRows::of(run.findings[..4].iter(), &run, most);
            let rules =
                |problem: &ProblemRow| problem.findings().map(|finding| finding.rule.to_string()).collect();
            (problems.worst.iter().map(|one| (one.severity, rules(one))).collect(), problems.words())
        };
        let row =
            |severity, rules: &[&str]| (severity, rules.iter().map(|rule| (*rule).to_owned()).collect());
        let mut expected: Vec<(Severity, Vec<String>)> = vec![
            row(Severity::Critical, &["trivy", "npm"]),
            row(Severity::High, &["alone"]),
            row(Severity::Low, &["other"]),
        ];
        assert_eq!(rows(9), (expected.clone(), "3 problems in 4 findings".to_owned()));
        expected.truncate(2);
        assert_eq!(rows(2), (expected, "3 problems in 4 findings".to_owned()));
    }
}
