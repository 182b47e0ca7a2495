//! The longest chain of a run: from the target that ended last back to the one that had ended last before it began, and so on. The run gets
//! faster only if these do.

use std::time::Duration;

use crate::model::run::Run;
use crate::text::human;

/// The most gates that are named.
const NAMED: usize = 6;

/// Which of these times (begin, end) are in the longest chain, in their order.
pub(super) fn longest(times: &[(u64, u64)]) -> Vec<usize> {
    let mut by_end: Vec<usize> = (0..times.len()).collect();
    by_end.sort_by_key(|&at| times[at].1);
    let mut chain = Vec::new();
    let mut before = u64::MAX;
    // The list is sorted by end, so one pass is enough.
    for at in by_end.into_iter().rev() {
        let (begin, end) = times[at];
        if end <= before {
            chain.push(at);
            before = begin;
        }
    }
    chain.reverse();
    chain
}

/// `12 s, set by images (8.1 s), then image-scan (3.9 s)`; `None` if fewer than two gates ran a program.
pub(super) fn words(run: &Run) -> Option<String> {
    let targets = run.gates.iter().flat_map(|gate| gate.targets.iter().map(move |target| (gate, target)));
    let targets: Vec<_> = targets.filter(|(_, target)| target.duration_ms > 0).collect();
    let (first, _) = targets.first()?;
    if targets.iter().all(|(gate, _)| gate.id == first.id) {
        return None;
    }
    let end = |at: usize| targets[at].1.started_ms.saturating_add(targets[at].1.duration_ms);
    let times: Vec<(u64, u64)> = (0..targets.len()).map(|at| (targets[at].1.started_ms, end(at))).collect();
    // Targets of one gate that follow one another are one part of the chain.
    let mut parts: Vec<(&str, u64)> = Vec::new();
    for at in longest(&times) {
        let (gate, target) = targets[at];
        match parts.last_mut() {
            Some((id, took)) if *id == &*gate.id => *took = took.saturating_add(target.duration_ms),
            _ => parts.push((&gate.id, target.duration_ms)),
        }
    }
    let left = parts.len().saturating_sub(NAMED);
    let mut named: Vec<String> =
        parts[left..].iter().map(|(id, ms)| format!("{id} ({})", took(*ms))).collect();
    if left > 0 {
        named.insert(0, human::count(left as u64, "other gate"));
    }
    Some(format!("{}, set by {}", took(run.duration_ms), named.join(", then ")))
}

fn took(ms: u64) -> String {
    human::duration(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_chain_goes_back_from_what_ended_last() {
        // The third waits for the first, the fifth for the third.
        let times = [(0, 10), (0, 4), (10, 60), (12, 20), (61, 70), (61, 64)];
        assert_eq!(longest(&times), [0, 2, 4]);
    }
}
