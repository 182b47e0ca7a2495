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
    let shorter = parts.len().saturating_sub(NAMED);
    let mut named: Vec<String> =
        longest_parts(parts).into_iter().map(|(id, ms)| format!("{id} ({})", took(ms))).collect();
    if shorter > 0 {
        named.push(human::count(shorter as u64, "shorter one"));
    }
    Some(format!("{}, set by {}", took(run.duration_ms), named.join(", then ")))
}

/// The longest parts, in their order.
fn longest_parts(parts: Vec<(&str, u64)>) -> Vec<(&str, u64)> {
    let mut places: Vec<usize> = (0..parts.len()).collect();
    places.sort_by_key(|&at| std::cmp::Reverse(parts[at].1));
    places.truncate(NAMED);
    places.sort_unstable();
    places.into_iter().map(|at| parts[at]).collect()
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

    #[test]
    fn the_longest_parts_are_named_in_their_order() {
        let parts = vec![("a", 9), ("b", 1), ("c", 8), ("d", 2), ("e", 7), ("f", 6), ("g", 5), ("h", 4)];
        let named: Vec<&str> = longest_parts(parts).into_iter().map(|(id, _)| id).collect();
        assert_eq!(named, ["a", "c", "e", "f", "g", "h"]);
        assert_eq!(longest_parts(vec![("a", 0), ("b", 1)]).len(), 2);
        // Of equal ones the first, and never in place of a longer one.
        let equal = [vec![("a", 3); 9], vec![("z", 4)]].concat();
        assert_eq!(longest_parts(equal), [vec![("a", 3); 5], vec![("z", 4)]].concat());
    }
}
