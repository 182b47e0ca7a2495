//! The branches on which gates act, and which gates come after a gate that acts.

use std::collections::HashMap;

use globset::GlobMatcher;

use crate::config::Gate;
use crate::text::shared::Text;

/// A pattern of branch names: `main`, `release/*`.
#[derive(Clone, Debug)]
pub struct Branch {
    pub text: Text,
    pub matcher: GlobMatcher,
}

/// Which of the gates act, or come after a gate that acts, directly or not.
pub(crate) fn late(gates: &[&Gate]) -> Vec<bool> {
    let places: HashMap<&Text, usize> =
        gates.iter().enumerate().map(|(index, gate)| (&gate.id, index)).collect();
    let needs = |index: usize| gates[index].needs.iter().filter_map(|need| places.get(need).copied());
    let mut late: Vec<bool> = gates.iter().map(|gate| gate.tool.acts()).collect();
    while let Some(index) =
        (0..gates.len()).find(|&index| !late[index] && needs(index).any(|need| late[need]))
    {
        late[index] = true;
    }
    late
}
