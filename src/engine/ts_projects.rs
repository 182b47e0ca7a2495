//! Some projects of TypeScript by folder, so that nobody has to ask each of them for each file.

use std::collections::{BTreeMap, HashMap};

use crate::inputs::{Picked, Selection, TsProject};

/// Some projects, with what they take in.
pub(super) struct Projects<'p> {
    by_folder: HashMap<&'p str, Vec<Selection>>,
    /// Those whose lists lead out of their folder.
    leading_out: Vec<Selection>,
}

impl<'p> Projects<'p> {
    /// Those of the graph that are wanted.
    pub(super) fn of(graph: &'p [TsProject], wanted: impl Fn(&TsProject) -> bool) -> Self {
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
    pub(super) fn have(&self, path: &str) -> bool {
        self.any(path, |picked| *picked == Picked::Taken)
    }

    /// The same, also where nobody is sure.
    pub(super) fn may_have(&self, path: &str) -> bool {
        self.any(path, |picked| !matches!(picked, Picked::LeftOut { .. }))
    }

    fn any(&self, path: &str, is_right: impl Fn(&Picked) -> bool) -> bool {
        let around = path.rmatch_indices('/').map(|(end, _)| &path[..end]).chain(["."]);
        let near = around.filter_map(|folder| self.by_folder.get(folder)).flatten();
        let mut all = near.chain(self.leading_out.iter());
        all.any(|selection| is_right(&selection.picks(path)))
    }
}
