//! Markdown for a pull-request comment on GitHub or GitLab.
//!
//! Its first line is a hidden comment that never changes. A bot uses it to find the comment to update.
//! Text from outside is only in code spans, which have no links, no pictures, no HTML,
//! and no `@name` or `#7` that would notify a person or link an issue.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use crate::model::finding::{Decision, Finding};
use crate::model::run::{GateRecord, Run};
use crate::model::verdict::{Outcome, Verdict};
use crate::text::{human, sanitise};

use super::problems::{ProblemRow, ProblemRows};
use super::{Options, subject, summary, worst};

/// The first line.
pub(super) const MARKER: &str = "<!-- portcullis: the verdict -->";

/// How much a page may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// In bytes: a text never has more characters than bytes.
    pub bytes: usize,
    /// The most problems of one list.
    pub problems: usize,
}

/// A comment on GitHub may have 65,536 characters.
const COMMENT: Room = Room { bytes: 65_536, problems: 25 };

/// Kept free for the note on what was cut, and for the last line.
const RESERVE: usize = 1_000;

/// The most places shown for a problem.
const PLACES: usize = 3;

/// The most characters of one text from outside.
const LONGEST: usize = 300;

pub(super) fn render(run: &Run, _: &Options, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(page(run, COMMENT).as_bytes())
}

/// The page, no larger than `room`.
pub(super) fn page(run: &Run, room: Room) -> String {
    let mut page = Page { text: String::new(), most: room.bytes.saturating_sub(RESERVE) };
    let mark = match run.verdict {
        Verdict::Pass => '✔',
        Verdict::Blocked => '✘',
        Verdict::Inconclusive => '?',
    };
    let word = run.verdict.as_str().to_uppercase();
    page.add(&format!("{MARKER}\n## Portcullis: {mark} {word}\n\n"));
    let causes = summary::causes(run).join("; ");
    page.add(&format!("{}{}\n\n", summary::mode_words(run), code(&causes)));

    page.add("| Gate | Outcome | Findings | Time | Reason |\n|---|---|---|---|---|\n");
    let rows = page.add_each(run.gates.iter().map(gate_row));
    page.left_out(run.gates.len() - rows, "gate");

    if let Some(words) = run.inputs.words() {
        page.add(&format!("\nNot covered by any gate: {}\n", code(&words)));
    }
    let waived = || run.findings.iter().filter(|finding| finding.decision == Decision::Waive);
    page.problems("Blocking", ProblemRows::of(worst::blocking(run), run, room.problems));
    page.problems("Waived", ProblemRows::of(waived(), run, room.problems));

    let commit =
        run.commit.as_deref().map(|commit| format!(" · commit {}", code(commit))).unwrap_or_default();
    let time = human::duration(Duration::from_millis(run.duration_ms));
    let _ = write!(
        page.text,
        "\nPortcullis {}{commit} · {} mode · {time}\n",
        code(&run.portcullis_version),
        run.mode
    );
    page.text
}

/// A page that stays within its room.
struct Page {
    text: String,
    most: usize,
}

impl Page {
    fn add(&mut self, part: &str) -> bool {
        let fits = self.text.len() + part.len() <= self.most;
        if fits {
            self.text.push_str(part);
        }
        fits
    }

    /// Adds parts until one does not fit, and returns how many did.
    fn add_each(&mut self, parts: impl Iterator<Item = String>) -> usize {
        parts.take_while(|part| self.add(part)).count()
    }

    fn problems(&mut self, heading: &str, problems: ProblemRows) {
        if problems.count == 0 {
            return;
        }
        let shown = match problems.worst.len() {
            all if all == problems.count => String::new(),
            some => format!(", the {some} worst"),
        };
        let heading = format!("\n### {heading}: {}{shown}\n\n", problems.words());
        let listed = if self.add(&heading) { self.add_each(problems.worst.iter().map(item)) } else { 0 };
        self.left_out(problems.count - listed, problems.noun());
    }

    /// There is always room for this ([`RESERVE`]).
    fn left_out(&mut self, count: usize, thing: &str) {
        if count > 0 {
            let _ = write!(
                self.text,
                "\n… and {} more; all are in run.json.\n",
                human::count(count as u64, thing)
            );
        }
    }
}

fn gate_row(gate: &GateRecord) -> String {
    let mark = match gate.outcome {
        Outcome::Passed => '✔',
        Outcome::Failed => '✘',
        Outcome::Inconclusive => '?',
        Outcome::Skipped => '-',
    };
    let advisory = if gate.required { "" } else { ", advisory" };
    // In a narrow column, the number and its unit must stay together.
    let time = human::duration(Duration::from_millis(gate.duration_ms)).replace(' ', "\u{a0}");
    format!(
        "| {} | {mark} {}{advisory} | {} | {time} | {} |\n",
        code(&gate.id),
        gate.outcome,
        subject::counts(&gate.counts).join(", "),
        code(&gate.reason)
    )
}

/// The title, each place with its gate and rule, and the fix or the reason of the waiver.
fn item(problem: &ProblemRow) -> String {
    let mut item = format!("- **{}** {}\n", problem.severity, code(subject::title(problem.first)));
    problem.findings().take(PLACES).for_each(|finding| item.push_str(&place(finding)));
    let more = (1 + problem.others.len()).saturating_sub(PLACES);
    if more > 0 {
        item.push_str(&format!("  and in {}\n", human::count(more as u64, "more place")));
    }
    match (problem.fix(), problem.first.decision) {
        (_, Decision::Waive) => item.push_str(&format!("  {}\n", code(&problem.first.because))),
        // A command in it has its own backticks, which a code span would show.
        (Some(fix), _) => item.push_str(&format!("  fix: {}\n", code(&fix.replace('`', "")))),
        (None, _) => {}
    }
    item
}

fn place(finding: &Finding) -> String {
    let package = finding.package.as_ref().map(|one| format!("{} in ", code(&subject::package(one))));
    format!(
        "  {}{} · gate {} · rule {}\n",
        package.unwrap_or_default(),
        code(&subject::place(finding)),
        code(&finding.gate),
        code(subject::rule(finding))
    )
}

/// A code span. Its fence is longer than any run of backticks in it. A bar is escaped, since it would end the
/// cell of a table. It never follows a backslash, which would cancel the escape.
fn code(words: &str) -> String {
    let words = sanitise::short(words, LONGEST);
    if words.is_empty() {
        return "–".to_owned();
    }
    let mut inside = String::with_capacity(words.len());
    let (mut run, mut longest) = (0, 0);
    for c in words.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
        if c == '|' {
            inside.push_str(if inside.ends_with('\\') { " \\" } else { "\\" });
        }
        inside.push(c);
    }
    // A backslash at the end would escape the bar after the span.
    let space = if inside.contains('`') || inside.ends_with('\\') { " " } else { "" };
    let fence = "`".repeat(longest + 1);
    format!("{fence}{space}{inside}{space}{fence}")
}
