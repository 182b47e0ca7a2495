//! Which folders are members of a workspace, whose root has the lock file of all.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::inputs::unlocked::Manifests;

/// The members of each workspace, by the folder of its root.
#[derive(Debug, Default)]
pub(super) struct Workspaces {
    npm: BTreeMap<String, Members>,
    pnpm: BTreeMap<String, Members>,
    uv: BTreeMap<String, Members>,
    /// The folders of its projects that a `rush.json` names.
    rush: BTreeMap<String, Vec<String>>,
}

/// Which folders below the root are members: a pattern with `!` in front leaves out.
#[derive(Debug)]
pub(super) struct Members {
    wanted: GlobSet,
    out: GlobSet,
}

impl Workspaces {
    pub(super) fn of(manifests: &Manifests) -> Self {
        fn folder(path: &str) -> String {
            path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned()
        }
        let members = |(folder, patterns): (String, &Vec<String>)| {
            (!patterns.is_empty()).then(|| (folder, Members::of(patterns)))
        };
        let npm = manifests.npm.iter().map(|(path, package)| (folder(path), &package.workspaces));
        let pnpm = manifests.pnpm.iter().map(|(folder, packages)| (folder.clone(), packages));
        let uv = manifests.python.iter().map(|(path, project)| (folder(path), &project.members));
        Self {
            npm: npm.filter_map(members).collect(),
            pnpm: pnpm.filter_map(members).collect(),
            uv: uv.filter_map(members).collect(),
            rush: manifests.rush.clone(),
        }
    }

    /// The root of a workspace of npm, Yarn or Bun above a folder that is its member.
    pub(super) fn npm_root<'p>(&self, folder: &'p str) -> Option<&'p str> {
        above(folder).find(|above| is_member(&self.npm, above, folder))
    }

    /// Whether the folder `above` is the root of a workspace of npm, Yarn, pnpm or Bun with this member.
    pub(super) fn holds_npm(&self, above: &str, folder: &str) -> bool {
        is_member(&self.npm, above, folder) || is_member(&self.pnpm, above, folder)
    }

    pub(super) fn holds_uv(&self, above: &str, folder: &str) -> bool {
        is_member(&self.uv, above, folder)
    }

    /// Where Rush keeps the lock file of this project.
    pub(super) fn rush_locks(&self, folder: &str) -> impl Iterator<Item = String> {
        let own = self.rush.iter().filter(move |(root, projects)| {
            projects.iter().any(|project| in_folder(root, project.trim_end_matches('/')) == folder)
        });
        own.map(|(root, _)| in_folder(root, RUSH))
    }
}

/// Source: Rush, "rush.json" and "common/config/rush".
pub(super) const RUSH: &str = "common/config/rush";

impl Members {
    pub(super) fn of(patterns: &[String]) -> Self {
        let (out, wanted): (Vec<&String>, Vec<&String>) =
            patterns.iter().partition(|pattern| pattern.starts_with('!'));
        Self { wanted: globs(&wanted), out: globs(&out) }
    }

    /// Whether a folder, from the root, is one of them.
    pub(super) fn has(&self, below: &str) -> bool {
        self.wanted.is_match(below) && !self.out.is_match(below)
    }
}

/// Whether the workspace at `root`, if there is one, has this folder below it as a member.
fn is_member(workspaces: &BTreeMap<String, Members>, root: &str, folder: &str) -> bool {
    workspaces.get(root).is_some_and(|members| members.has(from(root, folder)))
}

/// A folder from one above it.
pub(super) fn from<'p>(root: &str, folder: &'p str) -> &'p str {
    match root {
        "." => folder,
        root if root == folder => ".",
        root => folder.strip_prefix(root).map_or("", |rest| rest.trim_start_matches('/')),
    }
}

fn globs(patterns: &[&String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.trim_start_matches('!').trim_start_matches("./").trim_end_matches('/');
        if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_default()
}

/// The folders above one, the nearest first; the last is `.`.
pub(super) fn above(folder: &str) -> impl Iterator<Item = &str> {
    let mut next = (folder != ".").then_some(folder);
    std::iter::from_fn(move || {
        let folder = next?;
        let parent = folder.rsplit_once('/').map(|(parent, _)| parent);
        next = parent;
        Some(parent.unwrap_or("."))
    })
}

pub(super) fn in_folder(folder: &str, name: &str) -> String {
    if folder == "." { name.to_owned() } else { format!("{folder}/{name}") }
}
