//! The smallest selection that is enough. Each thing reduces several needs; the selection meets all of them.
//! Exact while the search is small, as it nearly always is. Otherwise close to it, and it says so.

/// Things that reduce the same needs by the same amounts.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    /// By how much one of them reduces a need, by the need's index.
    pub takes: Vec<(usize, u64)>,
    /// How many there are.
    pub there: u64,
}

/// The selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fewest {
    /// How many of each kind.
    pub of: Vec<u64>,
    /// It is certain that fewer are not enough.
    pub proven: bool,
}

/// The search gives up after this many steps, and does not start if it could go deeper than this.
const STEPS: u32 = 5000;
const DEPTH: u64 = 200;

/// The fewest things that meet the needs. All things together must meet them.
pub(super) fn fewest(needs: &[u64], kinds: &[Kind]) -> Fewest {
    let there: Vec<u64> = kinds.iter().map(|kind| kind.there).collect();
    let best = greedy(needs, kinds, &there);
    let mut search = Search { kinds, best, steps: 0 };
    let least = search.bound(needs, &there).unwrap_or(0);
    if search.size() == least {
        return Fewest { of: search.best, proven: true };
    }
    if search.size() > DEPTH {
        return Fewest { of: search.best, proven: false };
    }
    search.go(needs, &there, &mut vec![0; kinds.len()]);
    Fewest { proven: search.steps < STEPS, of: search.best }
}

/// What is left of the needs when `n` things of a kind are taken.
fn less(needs: &[u64], kind: &Kind, n: u64) -> Vec<u64> {
    let mut left = needs.to_vec();
    for (need, takes) in &kind.takes {
        left[*need] = left[*need].saturating_sub(takes.saturating_mul(n));
    }
    left
}

/// By how much one thing reduces the needs, without what is more than needed.
fn use_of(kind: &Kind, needs: &[u64]) -> u64 {
    kind.takes.iter().map(|(need, takes)| (*takes).min(needs[*need])).sum()
}

/// Takes the most useful thing again and again.
fn greedy(needs: &[u64], kinds: &[Kind], there: &[u64]) -> Vec<u64> {
    let (mut needs, mut there) = (needs.to_vec(), there.to_vec());
    let mut taken = vec![0; kinds.len()];
    while needs.iter().any(|need| *need > 0) {
        let usable = (0..kinds.len()).filter(|kind| there[*kind] > 0);
        let Some(kind) = usable.max_by_key(|kind| (use_of(&kinds[*kind], &needs), std::cmp::Reverse(*kind)))
        else {
            break;
        };
        if use_of(&kinds[kind], &needs) == 0 {
            break;
        }
        // As many at once as are all fully useful.
        let full = kinds[kind].takes.iter().filter(|(need, takes)| *takes > 0 && needs[*need] > 0);
        let n = full.map(|(need, takes)| needs[*need] / takes).min().unwrap_or(1).clamp(1, there[kind]);
        needs = less(&needs, &kinds[kind], n);
        there[kind] -= n;
        taken[kind] += n;
    }
    taken
}

struct Search<'a> {
    kinds: &'a [Kind],
    best: Vec<u64>,
    steps: u32,
}

impl Search<'_> {
    fn size(&self) -> u64 {
        self.best.iter().sum()
    }

    /// A lower bound: fewer are not enough. Needs that share no kind add up. `None`: not even all are enough.
    fn bound(&self, needs: &[u64], there: &[u64]) -> Option<u64> {
        let mut each = Vec::new();
        for (place, need) in needs.iter().enumerate().filter(|(_, need)| **need > 0) {
            let helping = self.helping(place, there);
            let most = helping.iter().map(|(_, takes)| *takes).max()?;
            let all = helping.iter().map(|(kind, takes)| takes.saturating_mul(there[*kind]));
            if all.fold(0, u64::saturating_add) < *need {
                return None;
            }
            each.push((need.div_ceil(most), helping));
        }
        each.sort_by_key(|(least, _)| std::cmp::Reverse(*least));
        let mut shared = vec![false; self.kinds.len()];
        let mut sum = 0;
        for (least, helping) in each {
            if helping.iter().all(|(kind, _)| !shared[*kind]) {
                sum += least;
                helping.iter().for_each(|(kind, _)| shared[*kind] = true);
            }
        }
        Some(sum)
    }

    /// The kinds that reduce a need, each with the amount, the most useful first.
    fn helping(&self, place: usize, there: &[u64]) -> Vec<(usize, u64)> {
        let takes = |kind: &Kind| {
            let here = kind.takes.iter().find(|(need, takes)| *need == place && *takes > 0);
            here.map(|(_, takes)| *takes)
        };
        let usable = self.kinds.iter().enumerate().filter(|(kind, _)| there[*kind] > 0);
        let mut helping: Vec<(usize, u64)> =
            usable.filter_map(|(at, kind)| Some((at, takes(kind)?))).collect();
        helping.sort_by_key(|(_, takes)| std::cmp::Reverse(*takes));
        helping
    }

    /// Picks the need that the fewest kinds reduce, and tries each of them: one of them is necessary.
    fn go(&mut self, needs: &[u64], there: &[u64], taken: &mut Vec<u64>) {
        self.steps = self.steps.saturating_add(1);
        let so_far: u64 = taken.iter().sum();
        if self.steps >= STEPS {
            return;
        }
        match self.bound(needs, there) {
            Some(least) if so_far + least < self.size() => {}
            _ => return,
        }
        let open = (0..needs.len()).filter(|place| needs[*place] > 0);
        let helped = open.map(|place| self.helping(place, there));
        let Some(helping) = helped.min_by_key(Vec::len) else {
            self.best.clone_from(taken);
            return;
        };
        let mut there = there.to_vec();
        for (kind, _) in helping {
            there[kind] -= 1;
            taken[kind] += 1;
            self.go(&less(needs, &self.kinds[kind], 1), &there, taken);
            taken[kind] -= 1;
            // The next tries do not use this kind.
            there[kind] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Compared with every possible choice.
        #[test]
        fn fewer_are_never_enough(
            needs in prop::collection::vec(0..4_u64, 1..4),
            takes in prop::collection::vec((prop::collection::vec(0..3_u64, 4), 1..3_u64), 1..5),
        ) {
            let kinds: Vec<Kind> = takes
                .iter()
                .map(|(takes, there)| Kind {
                    takes: takes.iter().copied().enumerate().filter(|(need, n)| *need < needs.len() && *n > 0).collect(),
                    there: *there,
                })
                .collect();
            let met = |of: &[u64]| {
                let left = kinds.iter().zip(of).fold(needs.clone(), |needs, (kind, n)| less(&needs, kind, *n));
                left.iter().all(|need| *need == 0)
            };
            let all: Vec<u64> = kinds.iter().map(|kind| kind.there).collect();
            prop_assume!(met(&all));
            let mut choices = vec![Vec::new()];
            for most in &all {
                choices = choices
                    .into_iter()
                    .flat_map(|choice: Vec<u64>| (0..=*most).map(move |n| [choice.clone(), vec![n]].concat()))
                    .collect();
            }
            let least = choices.iter().filter(|of| met(of)).map(|of| of.iter().sum::<u64>()).min();
            let chosen = fewest(&needs, &kinds);
            prop_assert!(met(&chosen.of));
            prop_assert!(chosen.of.iter().zip(&all).all(|(n, most)| n <= most));
            prop_assert_eq!((Some(chosen.of.iter().sum()), chosen.proven), (least, true));
        }
    }

    #[test]
    fn many_of_one_kind_need_no_search() {
        let kind = |takes: &[(usize, u64)], there| Kind { takes: takes.to_vec(), there };
        let chosen = fewest(
            &[400_000, 7],
            &[kind(&[(0, 1)], 1_000_000), kind(&[(0, 1), (1, 2)], 3), kind(&[(1, 1)], 9)],
        );
        assert_eq!((chosen.of.iter().sum::<u64>(), chosen.proven), (400_001, false));
    }
}
