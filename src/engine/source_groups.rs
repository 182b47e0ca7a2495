//! Sources of a gate, put together by folder: a project of 100,000 files needs no 100,000 rows in the record.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::engine::named::Named;
use crate::model::input::InputKind;
use crate::model::looked_at::{GateInput, InputState};
use crate::text::shared::Text;

/// The most rows of one kind that are no gaps. Further ones are put together in the folders above.
const MOST: usize = 300;

/// One row for each folder whose sources have all met the same fate. Gaps stay alone: each is named, and each can be accepted.
pub(super) fn put_together(sources: Vec<GateInput>) -> Vec<GateInput> {
    let mut by_kind: BTreeMap<InputKind, Vec<GateInput>> = BTreeMap::new();
    let mut rows = Vec::new();
    for source in sources {
        match source.state {
            InputState::Gap => rows.push(source),
            _ => by_kind.entry(source.kind).or_default().push(source),
        }
    }
    for mut of_kind in by_kind.into_values() {
        of_kind.sort_by(|one, other| one.path.cmp(&other.path));
        rows.extend(of_folders(&of_kind));
    }
    rows.sort_by(|one, other| {
        (&one.path, one.kind, one.state as u8).cmp(&(&other.path, other.kind, other.state as u8))
    });
    rows
}

/// The rows of one kind, sorted by path.
fn of_folders(sources: &[GateInput]) -> Vec<GateInput> {
    let deepest = sources.iter().map(|source| source.path.matches('/').count()).max().unwrap_or(0);
    let mixed = mixed_folders(sources);
    // The deepest level that fits.
    let depth = (0..=deepest).rev().find(|depth| groups(sources, &mixed, *depth).len() <= MOST).unwrap_or(0);
    let groups = groups(sources, &mixed, depth).into_iter();
    let row = |((folder, state, why), (first, files)): (Key<'_>, (&GateInput, u64))| match files {
        1 => first.clone(),
        _ => {
            let path = if folder.is_empty() { "./".to_owned() } else { format!("{folder}/") };
            GateInput { files, ..GateInput::new(path, first.kind, state_of(state), why.cloned()) }
        }
    };
    groups.map(row).collect()
}

/// Folder, state and reason.
type Key<'s> = (&'s str, u8, Option<&'s Text>);

fn state_of(state: u8) -> InputState {
    match state {
        0 => InputState::Scanned,
        1 => InputState::Empty,
        2 => InputState::Excluded,
        _ => InputState::Gap,
    }
}

/// The sources by the highest folder below which all are alike, but none deeper than `depth`.
fn groups<'s>(
    sources: &'s [GateInput],
    mixed: &BTreeSet<&'s str>,
    depth: usize,
) -> BTreeMap<Key<'s>, (&'s GateInput, u64)> {
    let mut groups: BTreeMap<Key, (&GateInput, u64)> = BTreeMap::new();
    for source in sources {
        let folder = folders(&source.path)
            .enumerate()
            .find(|(n, folder)| !mixed.contains(folder) || *n == depth)
            .map_or_else(|| folder_of(&source.path), |(_, folder)| folder);
        let key = (folder, source.state as u8, source.why.as_ref());
        groups.entry(key).or_insert((source, 0)).1 += source.files;
    }
    groups
}

/// The folders in or below which not all sources are alike.
fn mixed_folders(sources: &[GateInput]) -> BTreeSet<&str> {
    let mut first: BTreeMap<&str, (u8, Option<&Text>)> = BTreeMap::new();
    let mut mixed = BTreeSet::new();
    for source in sources {
        let fate = (source.state as u8, source.why.as_ref());
        for folder in folders(&source.path) {
            if *first.entry(folder).or_insert(fate) != fate {
                mixed.insert(folder);
            }
        }
    }
    mixed
}

/// The folders that hold a path, from the top (an empty text) to its own.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    std::iter::once("").chain(path.match_indices('/').map(|(end, _)| &path[..end]))
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Who reads some files of a kind could have read all: the others are left out, because nothing that is checked names them.
pub(super) fn imported_by_none(sources: &mut [GateInput], read: &Named<'_>) {
    let scanned = sources.iter().filter(|source| source.state == InputState::Scanned);
    let kinds: HashSet<InputKind> = scanned.map(|source| source.kind).collect();
    let is_known = |path: &str| read.not_read.contains_key(path) || read.in_part.contains_key(path);
    let is_left =
        |one: &GateInput| one.state == InputState::Gap && kinds.contains(&one.kind) && !is_known(&one.path);
    for source in sources.iter_mut().filter(|one| is_left(one)) {
        (source.state, source.why) = (InputState::Excluded, Some("because no source imports it".into()));
    }
}

#[cfg(test)]
mod tests {
    use crate::model::input::Language;

    use super::*;

    fn source(path: &str, state: InputState) -> GateInput {
        let why = (state != InputState::Scanned).then(|| "by a rule".into());
        GateInput::new(path, InputKind::Source(Language::TypeScript), state, why)
    }

    fn shown(rows: &[GateInput]) -> Vec<String> {
        rows.iter().map(|row| format!("{} {} {:?}", row.path, row.files, row.state)).collect()
    }

    #[test]
    fn a_folder_whose_sources_are_alike_is_one_row() {
        use InputState::{Excluded, Gap, Scanned};
        let rows = put_together(vec![
            source("web/src/a.ts", Scanned),
            source("web/src/b/c.ts", Scanned),
            source("web/src/b/d.ts", Scanned),
            source("web/e2e/a.ts", Excluded),
            source("web/e2e/b.ts", Excluded),
            source("web/vite.config.ts", Excluded),
            source("web/f.ts", Scanned),
            source("web/g.ts", Gap),
        ]);
        assert_eq!(
            shown(&rows),
            [
                "web/e2e/ 2 Excluded",
                "web/f.ts 1 Scanned",
                "web/g.ts 1 Gap",
                "web/src/ 3 Scanned",
                "web/vite.config.ts 1 Excluded",
            ]
        );
        assert_eq!(
            shown(&put_together(vec![source("a.ts", Scanned), source("b/c.ts", Scanned)])),
            ["./ 2 Scanned"]
        );
    }

    #[test]
    fn many_folders_are_put_together_in_those_above() {
        let sources = (0..3000).flat_map(|n| {
            let folder = format!("web/{}/{}", n % 7, n);
            [
                (format!("{folder}/a.ts"), InputState::Scanned),
                (format!("{folder}/a.test.ts"), InputState::Excluded),
            ]
        });
        let rows = put_together(sources.map(|(path, state)| source(&path, state)).collect());
        assert_eq!(rows.len(), 14, "{:?}", shown(&rows));
        assert_eq!(rows.iter().map(|row| row.files).sum::<u64>(), 6000);
    }
}
