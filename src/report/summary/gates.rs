//! The table of gates, one row per gate. A row is one line on a wide screen, and a few on a narrow one.

use std::fmt::Write;
use std::time::Duration;

use comfy_table::{ColumnConstraint, Table, Width};

use crate::model::run::{Completeness, GateRecord, Run};
use crate::model::verdict::{Mode, Outcome};
use crate::report::subject;
use crate::text::{human, sanitise, table};

use crate::system::terminal::Look;

/// From this width on, each value has its own column, and the reason still has room.
const WIDE: u16 = 140;

/// The most characters of a stage, and of a reason.
const LONGEST_STAGE: usize = 60;
const LONGEST_REASON: usize = 600;

pub(super) fn table(run: &Run, look: Look) -> String {
    let mut rows = table::plain(look.width);
    let of = |most| ColumnConstraint::UpperBoundary(Width::Fixed(most));
    let bound =
        |least, most| ColumnConstraint::Boundaries { lower: Width::Fixed(least), upper: Width::Fixed(most) };
    if look.width >= WIDE {
        rows.set_header(["Gate", "Stage", "Tool", "Outcome", "Findings", "Time", "Reason"]);
        rows.add_rows(run.gates.iter().map(|gate| wide_row(run, gate)));
        constrain(&mut rows, [of(24), of(24), of(18), bound(16, 30), bound(10, 22), of(10)]);
    } else {
        rows.set_header(["Gate", "Outcome", "Findings", "Reason"]);
        rows.add_rows(run.gates.iter().map(|gate| narrow_row(run, gate)));
        constrain(&mut rows, [bound(12, look.width / 3), bound(16, 18), bound(10, 14)]);
    }
    table::text(&rows)
}

fn constrain<const N: usize>(rows: &mut Table, constraints: [ColumnConstraint; N]) {
    for (index, constraint) in constraints.into_iter().enumerate() {
        if let Some(column) = rows.column_mut(index) {
            column.set_constraint(constraint);
        }
    }
}

fn wide_row(run: &Run, gate: &GateRecord) -> [String; 7] {
    let outcome = format!("{} {}", mark(gate.outcome), gate.outcome);
    [
        gate.id.to_string(),
        sanitise::short(&gate.stage, LONGEST_STAGE),
        gate.tool.to_string(),
        [outcome].into_iter().chain(consequence(run, gate).map(str::to_owned)).collect::<Vec<_>>().join(", "),
        subject::counts(&gate.counts).join(", "),
        time(gate).unwrap_or_default(),
        reason(gate),
    ]
}

/// Id, stage and tool in one cell, each on its own line. So are outcome, consequence and time.
fn narrow_row(run: &Run, gate: &GateRecord) -> [String; 4] {
    let names = match (gate.outcome, gate.duration_ms) {
        // It was left out, or had nothing to do: one line is enough.
        (Outcome::Skipped, 0) => gate.id.to_string(),
        _ => format!("{}\n{}\n{}", gate.id, sanitise::short(&gate.stage, LONGEST_STAGE), gate.tool),
    };
    let mut outcome = vec![format!("{} {}", mark(gate.outcome), gate.outcome)];
    outcome.extend(consequence(run, gate).map(str::to_owned));
    outcome.extend(time(gate));
    [names, outcome.join("\n"), subject::counts(&gate.counts).join("\n"), reason(gate)]
}

/// What the outcome means for the run.
fn consequence(run: &Run, gate: &GateRecord) -> Option<&'static str> {
    let blocks = matches!(gate.outcome, Outcome::Failed | Outcome::Inconclusive);
    match (gate.required, run.mode, gate.outcome) {
        (false, _, _) if blocks => Some("advisory"),
        (true, Mode::Lab, _) if blocks => Some("would block"),
        (_, Mode::Lab, Outcome::Passed) => Some("would pass"),
        _ => None,
    }
}

fn mark(outcome: Outcome) -> char {
    match outcome {
        Outcome::Passed => '✔',
        Outcome::Failed => '✘',
        Outcome::Inconclusive => '?',
        Outcome::Skipped => '-',
    }
}

fn time(gate: &GateRecord) -> Option<String> {
    (gate.duration_ms > 0).then(|| human::duration(Duration::from_millis(gate.duration_ms)))
}

fn reason(gate: &GateRecord) -> String {
    let mut reason = gate.reason.clone();
    if gate.outcome == Outcome::Passed && !gate.scope.is_empty() {
        // What follows is about something else: `no findings in 12 files; scanned 12 of 15 sources, …`.
        let at = reason.find("; ").unwrap_or(reason.len());
        reason.insert_str(at, &format!(" in {}", gate.scope));
    }
    // If proof is missing, the reason names the targets itself.
    if gate.targets.len() > 1 && gate.evidence == Completeness::Whole {
        let names: Vec<&str> = gate.targets.iter().map(|target| &*target.name).collect();
        let _ = write!(reason, "; looked at {}", names.join(", "));
    }
    sanitise::short(&reason, LONGEST_REASON)
}
