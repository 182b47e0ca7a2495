//! Sources of TypeScript and JavaScript that nothing else in the repository stands for, and that no gate reads. A project stands for its
//! TypeScript, the configuration of a linter for the JavaScript around it: each is an input of its own. No tool here reads the sources of other
//! languages by themselves.

use std::collections::HashSet;

use crate::engine::gate_inputs::{ThereIs, folder_of};
use crate::engine::source_groups;
use crate::inputs::{File, Projects};
use crate::model::input::{InputKind, Language, Standing};
use crate::model::looked_at::{GateInput, InputState, UncoveredInput};

/// What is looked for. Components are in the project that has what imports them.
pub(super) const KINDS: [InputKind; 2] = [TYPESCRIPT, JAVASCRIPT];

const TYPESCRIPT: InputKind = InputKind::Source(Language::TypeScript);
const JAVASCRIPT: InputKind = InputKind::Source(Language::JavaScript);

impl ThereIs {
    /// These sources of one language, put together by folder. `is_read` says whether a gate reads one.
    pub(super) fn loose_sources(
        &self,
        kind: InputKind,
        is_read: impl Fn(InputKind, &str) -> bool,
    ) -> Vec<UncoveredInput> {
        let own = |file: &File| {
            file.standing() != Standing::Ignored
                && !file.is_nested()
                && file.kinds().has(kind)
                && !is_made_or_setting(file)
        };
        let projects = Projects::of(self.inputs.typescript(), |project| !project.is_base());
        let linted = if kind == JAVASCRIPT { self.linted_folders() } else { HashSet::new() };
        let row = |file: File| {
            let path = file.path();
            let stands = is_read(kind, &path) || projects.may_have(&path) || is_around(&linted, &path);
            let (state, why) = match stands {
                true => (InputState::Scanned, None),
                false => (InputState::Excluded, Some("loose".into())),
            };
            GateInput::new(&*path, kind, state, why)
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

    /// The folders with the configuration of a linter that no gate reads. A gate that reads one says by itself what it lints.
    fn linted_folders(&self) -> HashSet<String> {
        let linters = [InputKind::Eslint, InputKind::Biome, InputKind::Oxlint];
        let all = linters.iter().flat_map(|kind| {
            let configs = self.inputs.of_kind(*kind).into_iter();
            configs.filter(|path| !self.gates.iter().any(|gate| gate.covers(*kind, path)))
        });
        all.map(|path| folder_of(&path).to_owned()).collect()
    }
}

/// Whether it is no source that people write: declarations, what a bundler made, the settings of other tools.
fn is_made_or_setting(file: &File) -> bool {
    let name = file.name();
    let is_other = |kind: InputKind| !matches!(kind, InputKind::Source(_) | InputKind::Manifest(_));
    // What Yarn writes: its loader, and itself.
    let path = file.path();
    let is_of_yarn = name.starts_with(".pnp.") || path.starts_with(".yarn/") || path.contains("/.yarn/");
    is_of_yarn
        || [".d.ts", ".min.js"].iter().any(|ending| name.ends_with(ending))
        || name.contains(".config.")
        || file.kinds().iter().any(is_other)
}

/// Whether one of these folders has a file in it, or below.
fn is_around(folders: &HashSet<String>, path: &str) -> bool {
    let around = path.rmatch_indices('/').map(|(end, _)| &path[..end]).chain(["."]);
    !folders.is_empty() && around.into_iter().any(|folder| folders.contains(folder))
}
