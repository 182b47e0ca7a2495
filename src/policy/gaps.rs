//! Inputs that were not scanned: accepted by a waiver with `gap`, or open.

use std::collections::HashSet;

use jiff::civil::Date;

use crate::model::looked_at::{GateInput, InputState, RunInputs, called, count, scanned_words};
use crate::model::run::{GateRecord, Run};
use crate::policy::judge::Waivers;
use crate::policy::waiver::Waiver;
use crate::text::shared::Text;

/// The most inputs that a reason names.
const MOST: usize = 3;

/// Notes on each gap of these gates which waiver accepts it.
pub(super) fn accept(gates: &mut [GateRecord], waivers: Waivers<'_>, today: Date) {
    let accepting = Accepting::new(waivers, today);
    for gate in gates {
        let GateRecord { id, tool, inputs, .. } = gate;
        for input in inputs.iter_mut().filter(|input| input.state == InputState::Gap) {
            let fits = |waiver: &Waiver| waiver.accepts_gap(&input.path, Some((id, tool)));
            let by_name = accepting.by(|waiver| fits(waiver) && waiver.names_gap(&input.path), None);
            input.by_name = by_name.is_some();
            input.accepted = by_name.or_else(|| accepting.by(fits, input.accepted.take()));
        }
    }
}

/// The same for the inputs that no gate reads, and those that are not there.
pub(super) fn accept_uncovered(inputs: &mut RunInputs, waivers: Waivers<'_>, today: Date) {
    let accepting = Accepting::new(waivers, today);
    for input in inputs.uncovered.iter_mut().flat_map(|uncovered| &mut uncovered.inputs) {
        let fits = |waiver: &Waiver| waiver.accepts_gap(&input.path, None);
        input.accepted = accepting.by(fits, input.accepted.take());
    }
    for input in &mut inputs.absent {
        let fits = |waiver: &Waiver| waiver.accepts_gap(&input.path, None);
        input.accepted = accepting.by(fits, input.accepted.take());
    }
}

/// The waivers that may accept a gap.
enum Accepting<'w> {
    Of(Vec<&'w Waiver>),
    /// What a saved run accepted stays accepted until its waiver expires.
    AsRecorded(HashSet<&'w Text>),
}

impl<'w> Accepting<'w> {
    fn new(waivers: Waivers<'w>, today: Date) -> Self {
        match waivers {
            Waivers::Of(waivers) => {
                let current =
                    waivers.iter().filter(|waiver| waiver.gap().is_some() && waiver.is_current(today));
                Self::Of(current.collect())
            }
            Waivers::AsRecorded(notes) => Self::AsRecorded(notes.in_force(today).collect()),
        }
    }

    fn by(&self, fits: impl Fn(&Waiver) -> bool, recorded: Option<Text>) -> Option<Text> {
        match self {
            Self::Of(waivers) => waivers.iter().find(|waiver| fits(waiver)).map(|waiver| waiver.name.clone()),
            Self::AsRecorded(names) => recorded.filter(|name| names.contains(name)),
        }
    }
}

/// Moves the waivers that accept a gap to those that were used.
pub(super) fn note_use(run: &mut Run) {
    let used: HashSet<Text> = run.accepted_gaps().cloned().collect();
    let (accepting, unused) = run.waivers.unused.drain(..).partition(|note| used.contains(&note.name));
    run.waivers.unused = unused;
    run.waivers.used.extend::<Vec<_>>(accepting);
}

/// Why the gaps of a gate leave it without proof: `1 of 4 lock files was not read: api/yarn.lock (…)`. `None`: none is open.
pub(crate) fn reason(inputs: &[GateInput]) -> Option<String> {
    let open: Vec<&GateInput> = inputs.iter().filter(|input| input.is_open()).collect();
    let first = open.first()?;
    let named: Vec<&str> = open.iter().take(MOST).map(|input| &*input.path).collect();
    let more = match open.len() - named.len() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let was = if open.len() == 1 { "was" } else { "were" };
    let why = first.why.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
    let (total, called) = (count(inputs, |_| true), called(inputs));
    Some(format!("{} of {total} {called} {was} not read: {}{more}{why}", open.len(), named.join(", ")))
}

/// For a reason: `; scanned 4 of 5 lock files (1 accepted)`, if a gap is accepted, or something is left out.
pub(super) fn not_all(inputs: &[GateInput]) -> String {
    let any = inputs.iter().any(|input| input.accepted.is_some() || input.state == InputState::Excluded);
    scanned_words(inputs).filter(|_| any).map(|words| format!("; {words}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::model::input::{InputKind, PackageManager};

    use super::*;

    #[test]
    fn a_reason_names_the_first_gaps_and_why() {
        let input = |path: &str, state, accepted: Option<&str>| GateInput {
            path: path.into(),
            kind: InputKind::Lock(PackageManager::Npm),
            state,
            files: 1,
            why: Some("Trivy does not mention it".into()),
            accepted: accepted.map(Into::into),
            by_name: false,
        };
        let mut inputs = vec![
            input("a", InputState::Scanned, None),
            input("b", InputState::Gap, Some("old")),
            input("c", InputState::Empty, None),
        ];
        assert_eq!(reason(&inputs), None);
        inputs.push(input("d", InputState::Gap, None));
        let says = "1 of 4 npm lock files was not read: d (Trivy does not mention it)";
        assert_eq!(reason(&inputs).as_deref(), Some(says));
        inputs.extend(["e", "f", "g"].map(|path| input(path, InputState::Gap, None)));
        let says = "4 of 7 npm lock files were not read: d, e, f and 1 more (Trivy does not mention it)";
        assert_eq!(reason(&inputs).as_deref(), Some(says));
    }
}
