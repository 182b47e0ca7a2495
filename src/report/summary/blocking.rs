//! What blocks: one row per problem, even if several gates see it.

use std::fmt::Write;

use comfy_table::{ColumnConstraint, Width};

use crate::model::finding::Finding;
use crate::model::run::Run;
use crate::report::problems::{ProblemRow, ProblemRows};
use crate::report::{Written, subject, worst};
use crate::text::{human, sanitise, table};

use super::paint;
use crate::system::terminal::Look;

/// The most problems shown. The reports have all of them.
const SHOWN: usize = 12;

/// The most places shown for a problem.
const PLACES: usize = 3;

pub(super) fn blocking(run: &Run, written: &Written, look: Look) -> String {
    let problems = ProblemRows::of(worst::blocking(run), run, SHOWN);
    if problems.count == 0 {
        return String::new();
    }
    let mut rows = table::plain(look.width);
    for problem in &problems.worst {
        rows.add_row([problem.severity.to_string(), cell(problem)]);
    }
    if let Some(column) = rows.column_mut(0) {
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(10)));
    }
    let mut part = format!("\nBlocking: {}, the worst first\n\n", problems.words());
    part.push_str(&table::text(&rows));
    part.push('\n');
    let mut part = paint(&part, look);
    let more = problems.count - problems.worst.len();
    if more > 0 {
        let place = written.of_record().map(|record| format!(" in {record}")).unwrap_or_default();
        let _ = writeln!(part, " … and {more} more{place}");
    }
    part
}

/// Title, places and fix, each on its own line.
fn cell(problem: &ProblemRow) -> String {
    let mut lines = vec![sanitise::short(&problem.first.title, 300)];
    lines.extend(problem.findings().take(PLACES).map(|finding| sanitise::short(&place(finding), 300)));
    let more = (1 + problem.others.len()).saturating_sub(PLACES);
    lines.extend((more > 0).then(|| format!("and in {}", human::count(more as u64, "more place"))));
    lines.extend(problem.fix().map(|fix| sanitise::short(&format!("fix: {fix}"), 300)));
    lines.join("\n")
}

fn place(finding: &Finding) -> String {
    let place = match (&finding.location, &finding.package) {
        (_, Some(package)) => {
            format!("{} in {}", subject::package(package), finding.target)
        }
        (Some(location), None) => location.to_string(),
        (None, None) => finding.target.to_string(),
    };
    let resource = finding.resource.as_deref().map(|resource| format!(" {resource}")).unwrap_or_default();
    format!("{place}{resource}  [{}: {}]", finding.gate, finding.rule)
}
