//! What blocks: a group for each cause, the worst first, with a few of its problems.

use std::fmt::Write;

use textwrap::core::display_width;

use crate::model::finding::Finding;
use crate::model::run::Run;
use crate::report::causes::{Cause, Causes, Kind, Row};
use crate::report::problems::words;
use crate::report::{Written, subject};
use crate::system::terminal::Look;
use crate::text::columns::spread;
use crate::text::{human, sanitise};

use super::paint;

/// The most causes shown, and the most problems of each. The reports have all of them.
const SHOWN: usize = 12;
const ROWS: usize = 3;

/// The columns before a title, and before a row of it.
const TITLE: usize = 12;

/// Digits of an id that are shown: `explain` takes the beginning of one.
const DIGITS: usize = 8;

/// The most characters of a text from outside.
const LONGEST: usize = 300;

pub(super) fn blocking(run: &Run, written: &Written, look: Look) -> String {
    let causes = Causes::of(run, ROWS);
    if causes.problems == 0 {
        return String::new();
    }
    let verb = if causes.problems == 1 { "blocks" } else { "block" };
    let new = if causes.knows_new { "; + is new" } else { "" };
    let mut part = format!("\n{} {verb}, the worst first{new}\n\n", words(causes.problems, causes.findings));
    for cause in causes.all.iter().take(SHOWN) {
        part.push_str(&group(cause, look));
    }
    let mut part = paint(&part, look);
    let rest = &causes.all[causes.all.len().min(SHOWN)..];
    if !rest.is_empty() {
        let place = written.of_record().map(|record| format!(" in {record}")).unwrap_or_default();
        let more = rest.iter().map(|cause| cause.problems as u64).sum();
        let causes = human::count(rest.len() as u64, "more group");
        let _ = writeln!(part, " … and {causes} with {}{place}", human::count(more, "problem"));
    }
    part
}

/// Severity, cause, number and gates in one line, what is said of all its problems, and each problem.
fn group(cause: &Cause, look: Look) -> String {
    let width = usize::from(look.width);
    let gates: Vec<&str> = cause.gates.iter().copied().collect();
    let number = format!("{} · {}", cause.problems, gates.join(", "));
    let head =
        format!(" {:<9}{}{}", cause.severity, mark(cause.new), sanitise::short(&title(cause), LONGEST));
    let words = cause.common_words().map(|words| sanitise::short(words, LONGEST));
    let both = words.as_ref().map(|words| format!("{head}: {words}"));
    let fits = |line: &String| display_width(line) + 2 + display_width(&number) <= width;
    let mut part = match both.filter(fits) {
        Some(both) => format!("{}\n", spread(&both, &number, width)),
        None => {
            let words = words.unwrap_or_default();
            let words = human::wrapped(&words, width - TITLE);
            let below = words.lines().map(|line| format!("{:TITLE$}{}\n", "", line.trim_start()));
            spread(&head, &number, width) + "\n" + &below.collect::<String>()
        }
    };
    for row in &cause.rows {
        part.push_str(&row_lines(cause, row, width));
    }
    let more = cause.problems - cause.rows.len();
    if more > 0 {
        let _ = writeln!(part, "{:TITLE$}  and {more} more", "");
    }
    part
}

fn mark(new: bool) -> &'static str {
    if new { "+ " } else { "  " }
}

/// A problem with its id in one line. The only one of a cause is shown with all its words.
fn row_lines(cause: &Cause, row: &Row, width: usize) -> String {
    let text = sanitise::short(&row_words(cause, row), LONGEST);
    let id = row.finding.id.get(..DIGITS).unwrap_or(&row.finding.id);
    let indent = format!("{:TITLE$}{}", "", mark(row.new));
    if cause.problems > 1 {
        return format!("{}\n", spread(&format!("{indent}{text}"), id, width));
    }
    let room = width.saturating_sub(display_width(&indent) + DIGITS + 2);
    let text = human::wrapped(&text, room);
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let below = rest.lines().map(|line| format!("{:TITLE$}  {}\n", "", line.trim_start()));
    spread(&format!("{indent}{first}"), id, width) + "\n" + &below.collect::<String>()
}

/// `lodash 4.17.4 in backend`, `no-explicit-any`.
fn title(cause: &Cause) -> String {
    let title = cause.title();
    let targets: Vec<&str> = cause.targets.iter().copied().collect();
    match (cause.kind, targets.len()) {
        (Kind::Package(..), n) if n > 3 => format!("{title} in {n} targets"),
        (Kind::Package(..), _) => format!("{title} in {}", targets.join(", ")),
        _ => title,
    }
}

/// What only this problem says.
fn row_words(cause: &Cause, row: &Row) -> String {
    let finding = row.finding;
    let said = cause.common_words().is_some();
    let words = match cause.kind {
        Kind::Package(..) => format!("{} {}", subject::rule(finding), subject::title(finding)),
        Kind::Others { .. } => {
            format!("{} {} {}", place(finding), subject::rule(finding), subject::title(finding))
        }
        _ if said => place(finding),
        _ if subject::title(finding).starts_with(&*subject::file(finding)) => {
            subject::title(finding).to_owned()
        }
        _ => format!("{} {}", place(finding), subject::title(finding)),
    };
    match (row.others, cause.kind) {
        (0, _) | (_, Kind::Package(..)) => words,
        (n, _) => format!("{words}, and {}", human::count(n as u64, "more place")),
    }
}

fn place(finding: &Finding) -> String {
    let place = subject::place(finding);
    let resource = finding.resource.as_deref().map(|resource| format!(" {resource}")).unwrap_or_default();
    let commit = finding.commit.as_deref().and_then(|commit| commit.get(..7));
    let commit = commit.map(|commit| format!(" in {commit}")).unwrap_or_default();
    format!("{place}{resource}{commit}")
}
