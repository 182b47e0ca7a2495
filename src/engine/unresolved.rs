//! Values that the environment does not have, and placeholders that nothing fills, found before anything starts: a
//! run that could not deploy at its end would have pushed by then.

use anyhow::{Result, bail};

use crate::engine::interlock::{ActionConditions, stays};
use crate::engine::plan::{Fate, Plan, PlannedGate};
use crate::text::shared::Text;

/// # Errors
/// When a gate of this run needs a value that is missing. Gates that this run does not start need none: actions
/// in lab mode, on another branch, and what comes after them.
pub(crate) fn refuse(plan: &Plan, conditions: &ActionConditions) -> Result<()> {
    let mut lines = Vec::new();
    for planned in plan.gates.iter().filter(|planned| starts(planned, plan, conditions)) {
        let Fate::Run(jobs) = &planned.fate else { continue };
        for why in jobs.iter().flat_map(|job| &job.unresolved) {
            let line = format!("gate {}: {why}", planned.gate.id);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    if !lines.is_empty() {
        bail!("nothing was run, because later gates could not do their work:\n  {}", lines.join("\n  "));
    }
    Ok(())
}

/// Whether a gate may start at all, as far as it is known before the run.
fn starts(planned: &PlannedGate, plan: &Plan, conditions: &ActionConditions) -> bool {
    let needed = |id: &Text| plan.gates.iter().find(|other| other.gate.id == *id);
    let kept = |needed: &PlannedGate| needed.left_out.is_none() && !starts(needed, plan, conditions);
    stays(&planned.gate, conditions).is_none() && !planned.gate.needs.iter().filter_map(needed).any(kept)
}
