//! Which gate starts first when several could.

use std::collections::HashMap;
use std::time::Duration;

use crate::engine::plan::{Fate, Plan};
use crate::engine::usual_times::UsualTimes;

/// How long each gate of the plan and the longest chain of gates behind it usually take. The run lasts as long as its
/// longest chain, so the gate with the most before it starts first.
pub(crate) fn time_to_the_end(plan: &Plan, usual: &UsualTimes) -> Vec<Duration> {
    let mut behind: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, planned) in plan.gates.iter().enumerate() {
        for need in &planned.gate.needs {
            behind.entry(need).or_default().push(index);
        }
    }
    let chains = Chains { plan, usual, behind };
    let mut known = vec![None; plan.gates.len()];
    (0..plan.gates.len()).map(|index| chains.longest_from(index, &mut known)).collect()
}

/// The gates in the order in which they should start.
pub(crate) fn longest_chain_first(plan: &Plan, usual: &UsualTimes) -> Vec<usize> {
    let times = time_to_the_end(plan, usual);
    let mut order: Vec<usize> = (0..plan.gates.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(times[*index]));
    order
}

struct Chains<'p> {
    plan: &'p Plan,
    usual: &'p UsualTimes,
    /// The gates that need the one with this id.
    behind: HashMap<&'p str, Vec<usize>>,
}

impl Chains<'_> {
    /// `needs` has no cycle (the configuration was checked), so this ends.
    fn longest_from(&self, index: usize, known: &mut [Option<Duration>]) -> Duration {
        if let Some(time) = known[index] {
            return time;
        }
        let planned = &self.plan.gates[index];
        let own = match planned.fate {
            Fate::Run(_) => self.usual.of_gate(&planned.gate),
            Fate::Skip(_) | Fate::Impossible(_) => Duration::ZERO,
        };
        let followers = self.behind.get(&*planned.gate.id).map(Vec::as_slice).unwrap_or_default();
        let longest = followers.iter().map(|follower| self.longest_from(*follower, known)).max();
        let time = own + longest.unwrap_or_default();
        known[index] = Some(time);
        time
    }
}
