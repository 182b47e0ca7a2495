//! What is tracked and not there, so that a gate could not look at it: a gap of the gates that would have read it.

use crate::engine::gate_inputs::{ThereIs, folder_of};
use crate::engine::gate_reads::GateReads;
use crate::inputs::{Absent, Inputs};
use crate::model::input::{InputKind, InputTrouble, Why};
use crate::model::looked_at::{GateInput, InputState};
use crate::scan::survey::{Judge, Unnamed};
use crate::text::shared::Text;

impl ThereIs {
    /// What a gate would have read, if it were there. A rule of its configuration may leave it out.
    pub(super) fn absent_of(&self, gate: &GateReads, judge: &Judge<'_>, no_sources: bool) -> Vec<GateInput> {
        let all = self.inputs.absent();
        let is_left = |one: &&Absent| no_sources && matches!(one.kind, InputKind::Source(_));
        let own = all.iter().filter(|one| !is_left(one) && gate.would_read(one.kind, &one.path));
        own.filter_map(|one| match excluded(one, gate, judge) {
            Some(Unnamed::Elsewhere) => None,
            Some(Unnamed::Excluded(why)) => Some(row(one, InputState::Excluded, why)),
            _ => Some(row(one, InputState::Gap, why(&one.why).into())),
        })
        .collect()
    }

    /// What is not there, and no gate would read, but somebody should; and files that name other inputs, and can't be read.
    pub(crate) fn absent(&self) -> Vec<GateInput> {
        let is_linked_out = |trouble: &&InputTrouble| {
            trouble.why == Why::LinkOut && Inputs::kind_of_name(&trouble.path) != InputKind::File
        };
        let linked_out = self.inputs.troubles().iter().filter(is_linked_out);
        let unknown = linked_out.chain(self.inputs.unread_lists()).map(|trouble| Absent {
            path: trouble.path.clone(),
            kind: Inputs::kind_of_name(&trouble.path),
            files: 1,
            why: trouble.why.clone(),
        });
        let is_asked = |kind: InputKind| {
            super::asked::is_asked(kind)
                || matches!(
                    kind,
                    InputKind::Submodule | InputKind::Folder | InputKind::Terraform | InputKind::OpenTofu
                )
        };
        let is_read = |one: &Absent| self.gates.iter().any(|gate| gate.would_read(one.kind, &one.path));
        let absent = self.inputs.absent().into_iter().filter(|one| is_asked(one.kind) && !is_read(one));
        let mut rows: Vec<GateInput> =
            absent.chain(unknown).map(|one| row(&one, InputState::Gap, why(&one.why).into())).collect();
        rows.sort_by(|one, other| one.path.cmp(&other.path));
        rows
    }

    /// Why nobody knows what there is.
    pub(crate) fn unknown(&self) -> Option<String> {
        let mut troubles = self.inputs.troubles().iter();
        troubles
            .find(|trouble| trouble.why == Why::NoGit)
            .map(|trouble| format!("{} {}", trouble.path, trouble.why))
    }
}

fn row(one: &Absent, state: InputState, why: Text) -> GateInput {
    GateInput { files: one.files, ..GateInput::new(one.path.as_str(), one.kind, state, Some(why)) }
}

/// `it is not checked out (sparse checkout)`, and what to do.
fn why(why: &Why) -> String {
    let remedy = match why {
        Why::NoSubmodule => " (`git submodule update --init`)",
        Why::Sparse => " (`git sparse-checkout add` adds its folder)",
        _ => "",
    };
    format!("it {why}{remedy}; `[[waiver]]` with `gap` accepts it")
}

/// The rule that leaves it out, whatever it is: what the tool says of each kind that it may be.
fn excluded(one: &Absent, gate: &GateReads, judge: &Judge<'_>) -> Option<Unnamed> {
    let path = one.path.as_str();
    let is_source = |kind: &InputKind| matches!(kind, InputKind::Source(_));
    let (kinds, path): (Vec<InputKind>, &str) = match one.kind {
        InputKind::Submodule => {
            (gate.reads.kinds.iter().copied().filter(|kind| !is_source(kind)).collect(), path)
        }
        InputKind::Folder | InputKind::File => (gate.reads.kinds.clone(), path),
        InputKind::Terraform | InputKind::OpenTofu => (vec![InputKind::TerraformRoot], folder_of(path)),
        kind => (vec![kind], path),
    };
    let mut fates = kinds.into_iter().map(|kind| judge(kind, path));
    let first = fates.next()?;
    let is_out = |fate: &Unnamed| matches!(fate, Unnamed::Excluded(_) | Unnamed::Elsewhere);
    (is_out(&first) && fates.all(|fate| is_out(&fate))).then_some(first)
}
