//! The interlock. An action (a push, a registration, a deployment) starts only when every required gate
//! has passed, on the branches that gates.toml names, and for the exact image that was scanned.

use std::collections::HashMap;

use crate::config::Gate;
use crate::config::branch::{Branch, late};
use crate::engine::plan::{Fate, PlannedGate};
use crate::model::verdict::{Mode, Outcome};
use crate::scan::gate_outputs::{PUSHERS, REGISTERS};
use crate::text::shared::Text;

/// The conditions under which actions start.
#[derive(Clone, Debug)]
pub(crate) struct ActionConditions {
    pub mode: Mode,
    /// Act in lab mode too, whatever the gates have found.
    pub deploy_in_lab: bool,
    /// The branch that is checked out, if it is known.
    pub branch: Option<String>,
}

/// Whether an action, or a gate that comes after one, may start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Clearance {
    /// It may start. Holds what would have stopped it in production, if anything.
    Go { overridden: Option<String> },
    /// It is skipped, and the verdict needs nothing more.
    Skip(String),
    /// It must not start, and there is no proof.
    Refuse(String),
}

/// One gate that is done, as the interlock sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EarlierGate<'a> {
    pub gate: &'a Gate,
    pub outcome: Outcome,
    /// The user left it out of this run (`--skip`, `--only`, a profile).
    pub left_out: bool,
    /// It is an action, or comes after one.
    pub late: bool,
    /// The gate in question lists it in `needs`.
    pub needed: bool,
}

/// Decides whether a late gate may start, when all gates before it are done. `over`: how the gates
/// exceed the run's budget, if they do.
pub(crate) fn clear(
    gate: &Gate,
    before: &[EarlierGate],
    over: &[String],
    conditions: &ActionConditions,
) -> Clearance {
    if let Some(stays) = stays(gate, conditions) {
        return stays;
    }
    // Earlier actions must not have failed; what the gate needs must be done.
    let undone = |earlier: &&EarlierGate| match earlier.outcome {
        Outcome::Passed => false,
        Outcome::Skipped => earlier.needed,
        Outcome::Failed | Outcome::Inconclusive => true,
    };
    if let Some(earlier) = before.iter().filter(|earlier| earlier.late).find(undone) {
        let why = format!("not started: {} {}", earlier.gate.id, was(earlier.outcome));
        // These affect the verdict already.
        let counted = earlier.gate.required || earlier.outcome == Outcome::Skipped;
        return if counted { Clearance::Skip(why) } else { Clearance::Refuse(why) };
    }
    if !gate.tool.acts() && conditions.mode == Mode::Lab {
        // It only checks what has been done, so nothing is overridden.
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

/// What keeps an action from acting in this run, whatever the other gates find; `None`: nothing does.
pub(crate) fn stays(gate: &Gate, conditions: &ActionConditions) -> Option<Clearance> {
    if !gate.tool.acts() {
        return None;
    }
    if conditions.mode == Mode::Lab && !conditions.deploy_in_lab {
        let why = "lab mode only reports: `deploy_in_lab = true` lets it act";
        return Some(Clearance::Skip(why.to_owned()));
    }
    off_branch(&gate.branches, conditions.branch.as_deref())
}

/// An outcome in a sentence.
pub(crate) fn was(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::Inconclusive => "is inconclusive",
        Outcome::Skipped => "was skipped",
    }
}

/// What keeps a gate off this branch; `None` if it may act.
fn off_branch(patterns: &[Branch], branch: Option<&str>) -> Option<Clearance> {
    if patterns.is_empty() {
        return None;
    }
    let wanted: Vec<&str> = patterns.iter().map(|pattern| &*pattern.text).collect();
    let wanted = wanted.join(", ");
    match branch {
        None => Some(Clearance::Refuse(format!(
            "it acts on {wanted} only, and the current branch is unknown: name it with --branch"
        ))),
        Some(branch) if patterns.iter().any(|pattern| pattern.matcher.is_match(branch)) => None,
        Some(branch) => Some(Clearance::Skip(format!("it acts on {wanted} only, and this is {branch}"))),
    }
}

/// The turns of the actions and of all gates that come after one, directly or not: one after another,
/// in the order of gates.toml as far as `needs` allows. `None`: any other gate.
pub(crate) fn turns(gates: &[PlannedGate]) -> Vec<Option<usize>> {
    let places: HashMap<&Text, usize> =
        gates.iter().enumerate().map(|(index, planned)| (&planned.gate.id, index)).collect();
    let needs = |index: usize| gates[index].gate.needs.iter().filter_map(|need| places.get(need).copied());
    let late = late(&gates.iter().map(|planned| &planned.gate).collect::<Vec<_>>());
    let mut turns = vec![None; gates.len()];
    // `needs` has no cycle, so one of them is always ready.
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

/// The push gates of which one comes right after the other: none of them moves a tag before all have pushed, also if one can't be
/// run. Other actions in between part them, since these act on what was pushed.
pub(crate) fn pushes_together(gates: &[PlannedGate]) -> Vec<Vec<usize>> {
    let turns = turns(gates);
    let runs = |index: &usize| turns[*index].is_some() && !matches!(gates[*index].fate, Fate::Skip(_));
    let mut late: Vec<usize> = (0..gates.len()).filter(runs).collect();
    late.sort_by_key(|index| turns[*index]);
    let pushes = |index: &usize| PUSHERS.contains(&gates[*index].gate.spec.name);
    let groups = late.chunk_by(|one, next| pushes(one) && pushes(next));
    groups.filter(|group| group.iter().all(pushes)).map(<[usize]>::to_vec).collect()
}

/// Refuses to deploy a task definition by its ARN beside a gate that registers one: it is an old revision, with images that
/// this run has not scanned. A gate that is left out of the run counts, too.
pub(crate) fn tie_deployments(gates: &mut [PlannedGate]) {
    let ids = gates.iter().filter(|planned| planned.gate.spec.name == REGISTERS);
    let ids: Vec<String> = ids.map(|planned| format!("`{}`", planned.gate.id)).collect();
    for planned in gates.iter_mut().filter(|_| !ids.is_empty()) {
        let Some(arn) = planned.fate.jobs().iter().find_map(|job| job.deploys.as_ref()) else { continue };
        planned.fate = Fate::Impossible(format!(
            "`task_definition` names {arn}, and {} registers what this run has scanned: leave the key out, or name the gate",
            ids.join(" or ")
        ));
    }
}

/// Says of each tag that moves which other gates it waits for.
pub(crate) fn tie_moving_tags(gates: &mut [PlannedGate]) {
    for group in pushes_together(gates) {
        let ids: Vec<Text> = group.iter().map(|index| gates[*index].gate.id.clone()).collect();
        for index in group {
            let others: Vec<&str> =
                ids.iter().filter(|id| **id != gates[index].gate.id).map(|id| &**id).collect();
            let Fate::Run(jobs) = &mut gates[index].fate else { continue };
            for job in jobs.iter_mut().filter(|job| job.after_siblings && !others.is_empty()) {
                job.why = format!("{}, and when {} has pushed", job.why, others.join(" and "));
            }
        }
    }
}

#[cfg(test)]
mod tests;
