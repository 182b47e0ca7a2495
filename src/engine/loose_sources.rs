//! Sources of TypeScript that stand in no project, and that no gate reads: nothing else in the repository stands for them.

use crate::engine::gate_inputs::ThereIs;
use crate::engine::source_groups;
use crate::inputs::{File, Projects};
use crate::model::input::{InputKind, Language, Standing};
use crate::model::looked_at::{GateInput, InputState, UncoveredInput};

/// What is looked for. Components are in the project that has what imports them.
pub(super) const KIND: InputKind = InputKind::Source(Language::TypeScript);

impl ThereIs {
    /// These sources, put together by folder. `is_read` says whether a gate reads one.
    pub(super) fn loose_sources(&self, is_read: impl Fn(InputKind, &str) -> bool) -> Vec<UncoveredInput> {
        let own = |file: &File| {
            let name = file.name();
            file.standing() != Standing::Ignored
                && !file.is_nested()
                && file.kinds().has(KIND)
                && !name.ends_with(".d.ts")
                // Settings of other tools.
                && !name.contains(".config.")
        };
        let projects = Projects::of(self.inputs.typescript(), |project| !project.is_base());
        let row = |file: File| {
            let path = file.path();
            let stands = is_read(KIND, &path) || projects.may_have(&path);
            let (state, why) = match stands {
                true => (InputState::Scanned, None),
                false => (InputState::Excluded, Some("loose".into())),
            };
            GateInput::new(&*path, KIND, state, why)
        };
        let rows: Vec<GateInput> = self.inputs.files().iter().filter(own).map(row).collect();
        let loose = |row: &GateInput| row.state == InputState::Excluded;
        if !rows.iter().any(loose) {
            return Vec::new();
        }
        let grouped = source_groups::put_together(rows);
        let found = grouped.into_iter().filter(loose);
        found.map(|row| UncoveredInput { path: row.path, files: row.files, accepted: None }).collect()
    }
}
