//! The interlock: what acts on the world (a push, a registration, a deployment) starts only when
//! every required gate has passed, on the branches that are named, and for the very image that was
//! scanned.

use std::collections::HashMap;

use crate::config::Gate;
use crate::config::branch::{Branch, late};
use crate::engine::plan::PlannedGate;
use crate::model::verdict::{Mode, Outcome};
use crate::text::shared::Text;

/// Under which conditions actions start.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    pub mode: Mode,
    /// Lab mode acts too, whatever the gates have found.
    pub deploy_in_lab: bool,
    /// The branch that is checked out, as far as that can be told.
    pub branch: Option<String>,
}

/// Whether a gate that acts, or comes after one that does, may start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Clearance {
    /// It may. What would have kept production from it, if anything.
    Go { overridden: Option<String> },
    /// It is left out, for a reason that says enough.
    Skip(String),
    /// It can't be told that it may: no proof.
    Refuse(String),
}

/// One gate that is done, as the interlock sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before<'a> {
    pub gate: &'a Gate,
    pub outcome: Outcome,
    /// The user left it out of this run (`--skip`, `--only`, a profile).
    pub left_out: bool,
    /// It acts, or comes after one that does.
    pub late: bool,
    /// The gate in question names it in `needs`.
    pub needed: bool,
}

/// Decides on a gate that is late, when all that come before it are done. `over`: where they are over the
/// budget of the run.
pub(crate) fn clear(gate: &Gate, before: &[Before], over: &[String], conditions: &Conditions) -> Clearance {
    if gate.tool.acts() {
        let lab = conditions.mode == Mode::Lab;
        if lab && !conditions.deploy_in_lab {
            return Clearance::Skip("lab mode only reports: `deploy_in_lab = true` lets it act".to_owned());
        }
        match off_branch(&gate.branches, conditions.branch.as_deref()) {
            None => {}
            Some(stays) => return stays,
        }
    }
    // What acts before it must not have gone wrong; what it needs must have been done.
    let undone = |earlier: &&Before| match earlier.outcome {
        Outcome::Passed => false,
        Outcome::Skipped => earlier.needed,
        Outcome::Failed | Outcome::Inconclusive => true,
    };
    if let Some(earlier) = before.iter().filter(|earlier| earlier.late).find(undone) {
        let why = format!("not started: {} {}", earlier.gate.id, was(earlier.outcome));
        // What is required has its say in the verdict already.
        let told = earlier.gate.required || earlier.outcome == Outcome::Skipped;
        return if told { Clearance::Skip(why) } else { Clearance::Refuse(why) };
    }
    if !gate.tool.acts() && conditions.mode == Mode::Lab {
        // It looks at what has been done: nothing is overridden by that.
        return Clearance::Go { overridden: None };
    }
    let required = before.iter().filter(|earlier| !earlier.late && earlier.gate.required);
    let mut unproven = Vec::new();
    let mut held = Vec::new();
    for earlier in required {
        match earlier.outcome {
            Outcome::Passed => {}
            Outcome::Skipped if earlier.left_out => {
                unproven.push(format!("{} was left out of this run", earlier.gate.id))
            }
            Outcome::Skipped => {}
            outcome => held.push(format!("{} {}", earlier.gate.id, was(outcome))),
        }
    }
    held.extend(over.iter().cloned());
    let all: Vec<&str> = held.iter().chain(&unproven).map(String::as_str).collect();
    if all.is_empty() {
        return Clearance::Go { overridden: None };
    }
    let words = all.join(", ");
    match conditions.mode {
        Mode::Lab => Clearance::Go { overridden: Some(words) },
        Mode::Production if held.is_empty() => Clearance::Refuse(format!("not started: {words}")),
        Mode::Production => Clearance::Skip(format!("not started: {words}")),
    }
}

fn was(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::Inconclusive => "is inconclusive",
        Outcome::Skipped => "was skipped",
    }
}

/// What keeps a gate from this branch; `None` where nothing does.
fn off_branch(patterns: &[Branch], branch: Option<&str>) -> Option<Clearance> {
    if patterns.is_empty() {
        return None;
    }
    let wanted: Vec<&str> = patterns.iter().map(|pattern| &*pattern.text).collect();
    let wanted = wanted.join(", ");
    match branch {
        None => Some(Clearance::Refuse(format!(
            "it acts on {wanted} only, and on which branch this is can't be told: name it with --branch"
        ))),
        Some(branch) if patterns.iter().any(|pattern| pattern.matcher.is_match(branch)) => None,
        Some(branch) => Some(Clearance::Skip(format!("it acts on {wanted} only, and this is {branch}"))),
    }
}

/// The turns of the gates that act and of those that come after one, at any distance: one after
/// another, in the order of gates.toml as far as `needs` allows. `None`: it is none of them.
pub(crate) fn turns(gates: &[PlannedGate]) -> Vec<Option<usize>> {
    let places: HashMap<&Text, usize> =
        gates.iter().enumerate().map(|(index, planned)| (&planned.gate.id, index)).collect();
    let needs = |index: usize| gates[index].gate.needs.iter().filter_map(|need| places.get(need).copied());
    let late = late(&gates.iter().map(|planned| &planned.gate).collect::<Vec<_>>());
    let mut turns = vec![None; gates.len()];
    // `needs` has no cycle, so there is always one whose turn it is.
    let ready = |index: usize, turns: &[Option<usize>]| {
        late[index] && turns[index].is_none() && needs(index).all(|need| !late[need] || turns[need].is_some())
    };
    let mut turn = 0;
    while let Some(index) = (0..gates.len()).find(|&index| ready(index, &turns)) {
        turns[index] = Some(turn);
        turn += 1;
    }
    turns
}

#[cfg(test)]
mod tests;
