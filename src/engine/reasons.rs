//! Why targets of a gate have no proof: each reason once, with its targets, and the cause first.

use crate::scan::cause::{self, Cause};
use crate::text::human;
use crate::text::shared::Text;

/// Of more targets than this, the first ones are named and the others counted.
const MOST_NAMED: usize = 3;

/// Reasons, each with its targets.
#[derive(Debug, Default)]
pub(super) struct Reasons(Vec<Reason>);

#[derive(Debug)]
struct Reason {
    cause: Option<Cause>,
    /// The words of the first target.
    words: String,
    targets: Vec<Text>,
}

impl Reasons {
    /// Targets with the same cause have the same reason, even if it is told in other words.
    pub(super) fn add(&mut self, target: &Text, words: &str) {
        let cause = cause::of(words);
        let same = |reason: &&mut Reason| match &cause {
            Some(cause) => reason.cause.as_ref() == Some(cause),
            None => reason.words == words,
        };
        match self.0.iter_mut().find(same) {
            Some(reason) => reason.targets.push(target.clone()),
            None => self.0.push(Reason { cause, words: words.to_owned(), targets: vec![target.clone()] }),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many targets have a reason.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|reason| reason.targets.len()).sum()
    }

    /// All reasons in words. `of_gate`: how many targets the gate has, and what they are called (`images`). The targets are named if there are several.
    pub(super) fn words(&self, of_gate: (usize, &str)) -> String {
        let words: Vec<String> = self.0.iter().map(|reason| reason.shown(of_gate)).collect();
        words.join("; ")
    }
}

impl Reason {
    fn shown(&self, (targets_of_gate, called): (usize, &str)) -> String {
        let words = match &self.cause {
            Some(Cause { what, advice }) if self.targets.len() == 1 => {
                format!("{what} ({advice}): {}", self.words)
            }
            // Each target's own words are in the record.
            Some(Cause { what, advice }) => format!("{what} ({advice})"),
            None => self.words.clone(),
        };
        match self.targets.len() {
            _ if targets_of_gate == 1 => words,
            1..=MOST_NAMED => format!("{}: {words}", self.targets.join(", ")),
            n if n == targets_of_gate => format!("{n} {called}: {words}"),
            n => {
                let named = self.targets[..MOST_NAMED].join(", ");
                format!("{named} and {}: {words}", human::count((n - MOST_NAMED) as u64, "other"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(all: &[(&str, &str)]) -> String {
        let mut reasons = Reasons::default();
        all.iter().for_each(|(target, words)| reasons.add(&Text::from(*target), words));
        reasons.words((all.len().max(2), "images"))
    }

    const DOWN: &str = "Cannot connect to the Docker daemon at unix:///a.sock";

    #[test]
    fn targets_with_one_cause_share_a_reason_that_begins_with_it() {
        let says = "cannot connect to the Docker daemon (start it, or set DOCKER_HOST)";
        let other = "docker: failed to connect to Docker daemon";
        assert_eq!(of(&[("a", DOWN), ("b", other)]), format!("a, b: {says}"));
        let all: Vec<String> = (0..13).map(|n| n.to_string()).collect();
        let all: Vec<(&str, &str)> = all.iter().map(|name| (name.as_str(), DOWN)).collect();
        assert_eq!(of(&all), format!("13 images: {says}"));
    }

    #[test]
    fn other_reasons_are_shared_if_they_are_the_same_word_for_word() {
        assert_eq!(of(&[("a", "x"), ("b", "y"), ("c", "x")]), "a, c: x; b: y");
    }

    #[test]
    fn of_many_targets_the_first_are_named() {
        let all: Vec<(&str, &str)> = ["a", "b", "c", "d", "e"].map(|name| (name, "x")).into();
        assert_eq!(of(&all), "5 images: x");
        assert_eq!(of(&[all, vec![("f", "y")]].concat()), "a, b, c and 2 others: x; f: y");
    }

    #[test]
    fn a_gate_with_one_target_does_not_name_it() {
        let mut reasons = Reasons::default();
        reasons.add(&Text::from("."), "x");
        assert_eq!(reasons.words((1, "targets")), "x");
        let mut reasons = Reasons::default();
        reasons.add(&Text::from("."), DOWN);
        let says = "cannot connect to the Docker daemon (start it, or set DOCKER_HOST)";
        assert_eq!(reasons.words((1, "targets")), format!("{says}: {DOWN}"));
    }
}
