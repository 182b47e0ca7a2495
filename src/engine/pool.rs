//! All findings of a run, in one list from the moment that a gate is done.
//!
//! A million findings take some hundred megabytes. They are moved, never copied, and a text that
//! several gates report is kept once.

use std::ops::Range;

use crate::engine::evidence::GateEvidence;
use crate::model::finding::Finding;
use crate::text::shared::Strings;

/// The findings of the finished gates, in the order in which the gates finished.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    findings: Vec<Finding>,
    /// A gate's index, and how many findings it has.
    parts: Vec<(usize, usize)>,
    strings: Strings,
}

impl Pool {
    /// The findings of gates that are already in order.
    pub(crate) fn of(evidence: &mut [GateEvidence]) -> Self {
        let mut pool = Self::default();
        for (index, gate) in evidence.iter_mut().enumerate() {
            pool.take(index, gate);
        }
        pool
    }

    /// Takes the findings of the gate with this index.
    pub(crate) fn take(&mut self, index: usize, gate: &mut GateEvidence) {
        let mut findings = std::mem::take(&mut gate.findings);
        self.parts.push((index, findings.len()));
        for finding in &mut findings {
            finding.share_texts(&mut self.strings);
        }
        self.findings.append(&mut findings);
    }

    /// The findings so far, and how many belong to each gate, one gate after another.
    pub(crate) fn so_far(&mut self) -> (&mut [Finding], &[(usize, usize)]) {
        (&mut self.findings, &self.parts)
    }

    /// All findings in the order of their gates, and the range of each of the `gates`.
    pub(crate) fn in_order(mut self, gates: usize) -> (Vec<Finding>, Vec<Range<usize>>) {
        let mut ranges = vec![0..0; gates];
        let mut by_gate = self.parts.clone();
        by_gate.sort_by_key(|(index, _)| *index);
        let mut start = 0;
        for (index, len) in by_gate {
            if let Some(range) = ranges.get_mut(index) {
                *range = start..start + len;
            }
            start += len;
        }
        let mut places: Vec<u32> = self
            .parts
            .iter()
            .flat_map(|(index, _)| ranges.get(*index).cloned().unwrap_or_default())
            .filter_map(|place| u32::try_from(place).ok())
            .collect();
        move_to(&mut places, &mut self.findings);
        (self.findings, ranges)
    }
}

/// Moves every item to its place, without memory for a second list.
fn move_to<T>(places: &mut [u32], items: &mut [T]) {
    for at in 0..places.len() {
        while let Some(place) = places.get(at).map(|place| *place as usize)
            && place != at
        {
            items.swap(at, place);
            places.swap(at, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_moves_to_its_place() {
        // Gates 2, 0, 1 finished in this order, with 2, 1 and 3 findings.
        let mut items = ["2a", "2b", "0a", "1a", "1b", "1c"];
        move_to(&mut [4, 5, 0, 1, 2, 3], &mut items);
        assert_eq!(items, ["0a", "1a", "1b", "1c", "2a", "2b"]);
    }
}
