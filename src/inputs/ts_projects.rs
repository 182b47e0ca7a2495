//! Some projects of TypeScript by folder, so that nobody has to ask each of them for each file.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::inputs::typescript::SOURCES;
use crate::inputs::{Inputs, Picked, Selection, TsProject};
use crate::model::input::{InputKind, Standing};

/// Some projects, with what they take in.
#[derive(Debug)]
pub(crate) struct Projects<'p> {
    by_folder: HashMap<&'p str, Vec<Selection>>,
    /// Those whose lists lead out of their folder.
    leading_out: Vec<Selection>,
}

impl<'p> Projects<'p> {
    /// Those of the graph that are wanted.
    pub(crate) fn of(graph: &'p [TsProject], wanted: impl Fn(&TsProject) -> bool) -> Self {
        let all: BTreeMap<&str, &TsProject> = graph.iter().map(|one| (one.path.as_str(), one)).collect();
        let mut projects = Self { by_folder: HashMap::new(), leading_out: Vec::new() };
        for project in graph.iter().filter(|project| wanted(project)) {
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
    pub(crate) fn have(&self, path: &str) -> bool {
        self.any(path, |picked| *picked == Picked::Taken)
    }

    /// The same, also where nobody is sure.
    pub(crate) fn may_have(&self, path: &str) -> bool {
        self.any(path, |picked| !matches!(picked, Picked::LeftOut { .. }))
    }

    fn any(&self, path: &str, is_right: impl Fn(&Picked) -> bool) -> bool {
        let around = path.rmatch_indices('/').map(|(end, _)| &path[..end]).chain(["."]);
        let near = around.filter_map(|folder| self.by_folder.get(folder)).flatten();
        let mut all = near.chain(self.leading_out.iter());
        all.any(|selection| is_right(&selection.picks(path)))
    }
}

/// Those of these projects that have a source of their own: none of the checked ones takes it in. All by their paths.
pub(crate) fn with_own_sources<'p>(
    inputs: &Inputs,
    projects: &[&'p str],
    checked: &HashSet<&str>,
) -> HashSet<&'p str> {
    let graph = inputs.typescript();
    let all: BTreeMap<&str, &TsProject> = graph.iter().map(|one| (one.path.as_str(), one)).collect();
    let checked = Projects::of(graph, |project| checked.contains(project.path.as_str()));
    let has_own = |project: &&str| {
        let Some(one) = all.get(project) else { return true };
        let selection = Selection::of(one, &all);
        let is_part = !one.referred_by.is_empty();
        let folder = if selection.leads_out() { "." } else { selection.folder() };
        let mut own = inputs.files().below(folder).filter(|file| {
            file.standing() != Standing::Ignored
                && SOURCES.iter().any(|language| file.kinds().has(InputKind::Source(*language)))
                && !(is_part && is_setting(&file.name()))
        });
        own.any(|file| {
            let path = file.path();
            selection.picks(&path) == Picked::Taken && !checked.have(&path)
        })
    };
    projects.iter().copied().filter(has_own).collect()
}

/// The settings of another tool, written as a program: `vite.config.ts`.
fn is_setting(name: &str) -> bool {
    name.contains(".config.")
}

/// These projects, by their paths, and all that they refer to, at any depth.
pub(crate) fn with_references(graph: &[TsProject], mut paths: Vec<String>) -> Vec<String> {
    let graph: HashMap<&str, &TsProject> =
        graph.iter().map(|project| (project.path.as_str(), project)).collect();
    let mut seen: HashSet<String> = paths.iter().cloned().collect();
    let mut next = 0;
    while let Some(path) = paths.get(next) {
        let references = graph.get(path.as_str()).map(|project| project.references.as_slice());
        let references = references.unwrap_or_default().iter();
        paths.extend(references.filter(|path| seen.insert((*path).clone())).cloned().collect::<Vec<_>>());
        next += 1;
    }
    paths
}
