//! The gates: one line each, and below it what marks and counts do not say.

use std::collections::HashMap;
use std::time::Duration;

use textwrap::core::display_width;

use crate::model::finding::Decision;
use crate::model::policy::Threshold;
use crate::model::run::{GateRecord, Run};
use crate::model::verdict::Outcome;
use crate::report::subject;
use crate::system::terminal::Look;
use crate::text::columns::{cut, spread};
use crate::text::shared::Text;
use crate::text::{human, sanitise};

/// The most columns of an id, and of a tool.
const LONGEST_ID: usize = 24;
const LONGEST_TOOL: usize = 16;

/// The most characters of a reason.
const LONGEST_REASON: usize = 600;

/// The columns before a second line.
const INDENT: usize = 3;

/// Project, branch, commit and mode, then the gates.
pub(super) fn lines(run: &Run, look: Look) -> String {
    let width = usize::from(look.width);
    let counts = of_gates(run);
    let wide = |of: fn(&GateRecord) -> &str, most: usize| {
        run.gates.iter().map(|gate| display_width(of(gate))).max().unwrap_or_default().min(most)
    };
    let (ids, tools) = (wide(|gate| &gate.id, LONGEST_ID), wide(tool, LONGEST_TOOL));
    let mut page = format!("{}\n\n", head(run, width));
    for gate in &run.gates {
        let counts = counts.get(&gate.id).copied().unwrap_or_default();
        let left = format!(
            " {} {}  {}  {}",
            mark(gate),
            padded(&gate.id, ids),
            padded(tool(gate), tools),
            counts.words(gate)
        );
        page.push_str(&row(&left, &details(gate), &time(gate), width));
    }
    page
}

fn head(run: &Run, width: usize) -> String {
    let commit = run.commit.as_deref().map(|commit| commit.get(..8).unwrap_or(commit));
    let words = [run.project.as_deref(), run.branch.as_deref(), commit].into_iter().flatten();
    let words: Vec<String> = words.map(|word| sanitise::short(word, 60)).collect();
    spread(&words.join("  "), &run.mode.to_string(), width)
}

/// A row. What fits beside the counts stands there.
fn row(left: &str, details: &str, time: &str, width: usize) -> String {
    let beside = format!("{left}  {details}");
    if details.is_empty() || display_width(&beside) + display_width(time) + 2 <= width {
        let left = if details.is_empty() { left } else { &beside };
        return format!("{}\n", spread(left, time, width));
    }
    let below = human::wrapped(details, width - INDENT - 2);
    let below = below.lines().map(|line| format!("{:INDENT$}{line}\n", ""));
    format!("{}\n{}", spread(left, time, width), below.collect::<String>())
}

fn padded(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let missing = width.saturating_sub(display_width(&text));
    text + &" ".repeat(missing)
}

/// A command has the name of its gate: it is enough to say that it is one.
fn tool(gate: &GateRecord) -> &str {
    if &*gate.tool == "command" { "command" } else { subject::tool_title(gate) }
}

fn mark(gate: &GateRecord) -> char {
    match gate.outcome {
        Outcome::Passed => '✔',
        Outcome::Failed if !gate.required => '○',
        Outcome::Failed => '✘',
        Outcome::Inconclusive => '?',
        Outcome::Skipped => '-',
    }
}

fn time(gate: &GateRecord) -> String {
    match gate.duration_ms {
        0 => String::new(),
        ms => human::duration(Duration::from_millis(ms)),
    }
}

/// What became of the findings of a gate.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    block: u64,
    known: u64,
    waived: u64,
    /// They pass for another reason: below the threshold, without a fix.
    pass: u64,
}

fn of_gates(run: &Run) -> HashMap<&Text, Counts> {
    let mut all: HashMap<&Text, Counts> = HashMap::new();
    for finding in &run.findings {
        let counts = all.entry(&finding.gate).or_default();
        match finding.decision {
            Decision::Deny => counts.block += 1,
            Decision::Waive => counts.waived += 1,
            Decision::Allow if finding.baseline => counts.known += 1,
            Decision::Allow => counts.pass += 1,
        }
    }
    all
}

impl Counts {
    /// `8 block, 3 known, 2 below high`
    fn words(self, gate: &GateRecord) -> String {
        let proof = match gate.outcome {
            Outcome::Inconclusive if gate.required => "no proof",
            Outcome::Inconclusive => "no proof, advisory",
            Outcome::Skipped => "skipped",
            Outcome::Passed | Outcome::Failed => "",
        };
        let block = match (gate.required, self.block) {
            (true, 1) => "blocks",
            (true, _) => "block",
            (false, _) => "advisory",
        };
        let below = match gate.policy.fail_on {
            Threshold::At(severity) => format!("below {severity}"),
            Threshold::Never => "reported".to_owned(),
        };
        let each = [(self.block, block), (self.known, "known"), (self.waived, "waived"), (self.pass, &below)];
        let each = each.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}"));
        let all: Vec<String> =
            [proof.to_owned()].into_iter().filter(|word| !word.is_empty()).chain(each).collect();
        all.join(", ")
    }
}

/// What the reason says besides marks and counts. Advisories of the last days are nothing to tell.
fn details(gate: &GateRecord) -> String {
    if matches!(gate.outcome, Outcome::Inconclusive | Outcome::Skipped) {
        return sanitise::short(&gate.reason, LONGEST_REASON);
    }
    let (first, rest) = gate.reason.split_once("; ").unwrap_or((&gate.reason, ""));
    let first = first.split(", ").filter(|part| !is_count(part)).collect::<Vec<_>>().join(", ");
    let rest = rest.split("; ").filter(|part| !is_fresh(part));
    let all: Vec<&str> = [&*first].into_iter().chain(rest).filter(|part| !part.is_empty()).collect();
    sanitise::short(&all.join("; "), LONGEST_REASON)
}

/// Whether it says that the advisories are at most a week old: `advisories of 2026-11-01, 3 days old`.
fn is_fresh(part: &str) -> bool {
    let age = part.strip_prefix("advisories of ").and_then(|part| part.split_once(", "));
    age.is_some_and(|(_, age)| {
        let days = age.split(' ').next().and_then(|days| days.parse::<u64>().ok());
        !age.contains(" days old") || days.is_some_and(|days| days <= 7)
    })
}

/// Whether the counts say it.
fn is_count(part: &str) -> bool {
    let numbered = part.starts_with(|c: char| c.is_ascii_digit());
    let said =
        ["at or above", "below", "known before", "waived", "fail_on", "without a fix or for development"];
    (numbered && !part.contains("unrated") && said.iter().any(|words| part.contains(words)))
        || (numbered
            && (part.ends_with(" finding") || part.ends_with(" findings"))
            && !part.contains("unrated"))
        || ["no findings", "no others", "no new findings", "no finding that counts", "fail_on = never"]
            .contains(&part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_advisories_are_told() {
        assert!(
            is_fresh("advisories of 2026-11-01, 3 days old")
                && is_fresh("advisories of 2026-11-01, 1 day old")
        );
        assert!(!is_fresh("advisories of 2026-11-01, 30 days old") && !is_fresh("scanned 1 of 2 lock files"));
    }

    #[test]
    fn a_reason_is_shown_where_it_says_more_than_the_counts() {
        let said = |reason: &str| {
            let (first, _) = reason.split_once("; ").unwrap_or((reason, ""));
            first.split(", ").all(is_count)
        };
        for reason in [
            "no findings",
            "2 findings at or above high",
            "1 finding below high",
            "3 findings below high, 2 known before, 1 waived",
            "1 finding waived, no others",
            "no new findings, 4 known before",
            "3 findings, fail_on = never",
            "no finding that counts, 3 without a fix or for development",
        ] {
            assert!(said(reason), "{reason}");
        }
        for reason in [
            "10 unrated findings",
            "21 medium, max is 20",
            "1 finding exploited, or likely to be",
            "exit code only, nothing counted",
            "3 high, gates.baseline.json has 2",
        ] {
            assert!(!said(reason), "{reason}");
        }
    }
}
