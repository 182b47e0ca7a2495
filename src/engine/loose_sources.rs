//! Sources of TypeScript that stand in no project, and that no gate reads: nothing else in the repository stands for them.

use std::collections::{BTreeMap, HashMap};

use crate::engine::gate_inputs::ThereIs;
use crate::engine::source_groups;
use crate::inputs::{File, Picked, Selection, TsProject};
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
        let projects = Projects::of(self.inputs.typescript());
        let row = |file: File| {
            let path = file.path();
            let stands = is_read(KIND, &path) || projects.have(&path);
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

/// The projects of TypeScript, by folder.
struct Projects<'p> {
    by_folder: HashMap<&'p str, Vec<Selection>>,
    /// Those whose lists lead out of their folder.
    leading_out: Vec<Selection>,
}

impl<'p> Projects<'p> {
    fn of(graph: &'p [TsProject]) -> Self {
        let all: BTreeMap<&str, &TsProject> = graph.iter().map(|one| (one.path.as_str(), one)).collect();
        let mut projects = Self { by_folder: HashMap::new(), leading_out: Vec::new() };
        for project in graph.iter().filter(|project| !project.is_base()) {
            let selection = Selection::of(project, &all);
            if selection.leads_out() {
                projects.leading_out.push(selection);
            } else {
                let folder = project.path.rsplit_once('/').map_or(".", |(folder, _)| folder);
                projects.by_folder.entry(folder).or_default().push(selection);
            }
        }
        projects
    }

    /// Whether one of them takes a file in.
    fn have(&self, path: &str) -> bool {
        let takes = |selection: &Selection| !matches!(selection.picks(path), Picked::LeftOut { .. });
        let around = path.rmatch_indices('/').map(|(end, _)| &path[..end]).chain(["."]);
        let mut near = around.filter_map(|folder| self.by_folder.get(folder)).flatten();
        near.any(takes) || self.leading_out.iter().any(|one| one.reaches(path) && takes(one))
    }
}
