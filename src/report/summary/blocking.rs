//! What blocks: a row a problem, however many gates see it.

use std::collections::HashMap;
use std::fmt::Write;

use comfy_table::{ColumnConstraint, Width};

use super::total::highest;
use super::{Look, paint};
use crate::finding::Finding;
use crate::record::Run;
use crate::report::Written;
use crate::report::worst::{self, rank};
use crate::severity::Severity;
use crate::{sanitise, table, text};

/// How many are shown; all of them are in the reports.
const SHOWN: usize = 12;

/// How many places of a problem are shown.
const PLACES: usize = 3;

/// A problem with all findings of it that block, the worst first.
struct Problem<'a> {
    findings: Vec<&'a Finding>,
    /// The highest that any tool gives it, one whose gate lets it pass included.
    severity: Severity,
}

pub fn blocking(run: &Run, written: &Written, look: Look) -> String {
    let problems = problems(run);
    if problems.is_empty() {
        return String::new();
    }
    let mut rows = table::plain(look.width);
    for problem in problems.iter().take(SHOWN) {
        rows.add_row([problem.severity.to_string(), problem.cell()]);
    }
    if let Some(column) = rows.column_mut(0) {
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(10)));
    }
    let findings: usize = problems.iter().map(|problem| problem.findings.len()).sum();
    let all = text::count(findings as u64, "finding");
    let all = match problems.len() {
        n if n == findings => all,
        n => format!("{} in {all}", text::count(n as u64, "problem")),
    };
    let mut part = format!("\nBlocking: {all}, the worst first\n\n");
    part.push_str(&table::text(&rows));
    part.push('\n');
    let mut part = paint(&part, look);
    if problems.len() > SHOWN {
        let place = written.of_record().map(|record| format!(" in {record}")).unwrap_or_default();
        let _ = writeln!(part, " … and {} more{place}", problems.len() - SHOWN);
    }
    part
}

/// What blocks in required gates, the worst first.
fn problems(run: &Run) -> Vec<Problem<'_>> {
    let mut problems: Vec<Problem> = Vec::new();
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    let highest = highest(&run.findings);
    for finding in worst::blocking(run) {
        let place = match &finding.problem {
            None => problems.len(),
            Some(name) => *by_name.entry(name).or_insert(problems.len()),
        };
        match problems.get_mut(place) {
            Some(problem) => problem.findings.push(finding),
            None => {
                let named = finding.problem.as_deref().and_then(|name| highest.get(name));
                let severity = named.copied().unwrap_or(finding.severity);
                problems.push(Problem { findings: vec![finding], severity });
            }
        }
    }
    for problem in &mut problems {
        problem.findings.sort_by_key(|finding| std::cmp::Reverse(rank(finding.severity)));
    }
    problems.sort_by_key(|problem| std::cmp::Reverse(rank(problem.severity)));
    problems
}

impl Problem<'_> {
    /// Title, places, fix: a line each.
    fn cell(&self) -> String {
        let first = self.findings[0];
        let mut lines = vec![sanitise::short(&first.title, 300)];
        lines.extend(self.findings.iter().take(PLACES).map(|finding| sanitise::short(&place(finding), 300)));
        if self.findings.len() > PLACES {
            lines.push(format!("and in {} more places", self.findings.len() - PLACES));
        }
        let fix = self.findings.iter().find_map(|finding| finding.fix.as_deref());
        lines.extend(fix.map(|fix| sanitise::short(&format!("fix: {fix}"), 300)));
        lines.join("\n")
    }
}

fn place(finding: &Finding) -> String {
    let place = match (&finding.location, &finding.package) {
        (_, Some(package)) => {
            let version = package.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
            format!("{}{version} in {}", package.name, finding.target)
        }
        (Some(location), None) => location.to_string(),
        (None, None) => finding.target.to_string(),
    };
    let resource = finding.resource.as_deref().map(|resource| format!(" {resource}")).unwrap_or_default();
    format!("{place}{resource}  [{}: {}]", finding.gate, finding.rule)
}
