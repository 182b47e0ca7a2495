//! Which gate starts first when several could.

use std::collections::HashMap;

use crate::engine::plan::Plan;

/// The gates in the order in which they should start. A gate with a longer chain of gates behind it
/// comes first, because the run lasts as long as its longest chain.
pub(crate) fn longest_chain_first(plan: &Plan) -> Vec<usize> {
    let mut behind: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, planned) in plan.gates.iter().enumerate() {
        for need in &planned.gate.needs {
            behind.entry(need).or_default().push(index);
        }
    }
    // `needs` has no cycle (the configuration was checked), so this ends.
    fn depth(
        index: usize,
        plan: &Plan,
        behind: &HashMap<&str, Vec<usize>>,
        known: &mut HashMap<usize, usize>,
    ) -> usize {
        if let Some(depth) = known.get(&index) {
            return *depth;
        }
        let followers = behind.get(&*plan.gates[index].gate.id).map(Vec::as_slice).unwrap_or_default();
        let longest =
            followers.iter().map(|follower| depth(*follower, plan, behind, known) + 1).max().unwrap_or(0);
        known.insert(index, longest);
        longest
    }
    let mut known = HashMap::new();
    let mut order: Vec<usize> = (0..plan.gates.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(depth(*index, plan, &behind, &mut known)));
    order
}
