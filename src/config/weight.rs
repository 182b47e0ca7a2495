//! `weight` and `exclusive`: how many of the slots (`jobs`) a job of a gate takes.

use crate::keys::table::Keys;

/// The most that `weight` may be.
const MOST: usize = 256;

/// How many slots each job of a gate takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// At least one.
    Slots(usize),
    /// It runs alone.
    All,
}

impl Weight {
    /// Reads both keys of a gate.
    pub(super) fn read(table: &Keys) -> Self {
        let slots = table.count("weight").map(|weight| {
            if !(1..=MOST as u64).contains(&weight.value) {
                table.problem(weight.at, format!("`weight` is from 1 to {MOST}"));
            }
            usize::try_from(weight.value).unwrap_or(MOST)
        });
        match table.flag_or("exclusive", false) {
            true if slots.is_some() => {
                table.problem(table.at_key("weight"), "`weight` has no effect with `exclusive = true`");
                Self::All
            }
            true => Self::All,
            false => Self::Slots(slots.unwrap_or(1)),
        }
    }

    /// Of so many slots; never more than there are.
    pub(crate) fn slots(self, all: usize) -> usize {
        match self {
            Self::Slots(slots) => slots.clamp(1, all.max(1)),
            Self::All => all.max(1),
        }
    }
}
