//! npm, Yarn, pnpm and Bun.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Named;
use crate::inputs::packages;
use crate::inputs::workspaces::{RUSH, in_folder};
use crate::text::jsonc::plain_json;
use crate::text::paths::{forward, normalise};
use crate::text::yaml::{Node, document};

/// What a `package.json` asks for. Peers may come from elsewhere.
pub(super) fn asked(text: &str) -> Option<BTreeSet<String>> {
    Some(packages::npm("package.json", text.as_bytes()).ok()?.asked)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Project {
    dependencies: BTreeMap<String, IgnoredAny>,
    dev_dependencies: BTreeMap<String, IgnoredAny>,
    optional_dependencies: BTreeMap<String, IgnoredAny>,
}

impl Project {
    fn names(self) -> BTreeSet<String> {
        let lists = [self.dependencies, self.dev_dependencies, self.optional_dependencies];
        lists.into_iter().flat_map(BTreeMap::into_keys).collect()
    }
}

/// A folder of the lock file, from the top of the repository.
fn at(folder: &str, below: &str) -> String {
    let path = forward(&normalise(&Path::new(folder).join(below))).to_string();
    if path.is_empty() { ".".to_owned() } else { path }
}

pub(super) fn of_npm(text: &str, folder: &str) -> Option<Named> {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(default)]
        packages: BTreeMap<String, Project>,
        #[serde(default)]
        dependencies: BTreeMap<String, IgnoredAny>,
        #[serde(rename = "lockfileVersion")]
        _version: u64,
    }
    let lock: Lock = serde_json::from_str(text).ok()?;
    let mut named = Named { all: lock.dependencies.into_keys().collect(), ..Named::default() };
    for (path, project) in lock.packages {
        // What is installed at the top serves every project, and what is in the folder of one serves that.
        match path.rsplit_once("node_modules/") {
            Some(("", name)) => drop(named.all.insert(name.to_owned())),
            Some((holder, name)) => {
                let own = named.of.entry(at(folder, holder)).or_default();
                own.insert(name.to_owned());
            }
            None => named.of.entry(at(folder, &path)).or_default().extend(project.names()),
        }
    }
    Some(named)
}

/// The names at the head of each entry: `"a@^1, b@npm:c@^1":`.
pub(super) fn of_yarn(text: &str) -> Option<Named> {
    (text.contains("# yarn lockfile v1") || text.contains("__metadata:")).then_some(())?;
    let heads =
        text.lines().filter(|line| !line.starts_with([' ', '#'])).filter_map(|line| line.strip_suffix(':'));
    let names = heads.flat_map(|head| head.split(", ")).map(|name| name.trim_matches('"'));
    let all = names.filter_map(|name| Some(name[..name.get(1..)?.find('@')? + 1].to_owned())).collect();
    Some(Named { all, ..Named::default() })
}

/// What each of its projects asks for. A file of several documents is not compared. Rush installs in a folder of its own, from which it
/// names the projects.
pub(super) fn of_pnpm(text: &str, folder: &str) -> Option<Named> {
    const LISTS: [&str; 4] = ["dependencies", "devDependencies", "optionalDependencies", "specifiers"];
    let lock = document(text).ok()?;
    lock.get("lockfileVersion")?;
    let names = |project: &Node| -> BTreeSet<String> {
        let lists = LISTS.iter().filter_map(|list| project.get(list));
        lists.flat_map(Node::entries).map(|(name, _)| name.to_owned()).collect()
    };
    let of_rush = folder.strip_suffix(RUSH).map(|top| in_folder(top.trim_end_matches('/'), "common/temp"));
    let of_rush = of_rush.map(|place| place.trim_start_matches('/').to_owned());
    let mut named = Named::default();
    match lock.get("importers") {
        Some(projects) => {
            for (below, project) in projects.entries() {
                for base in std::iter::once(folder).chain(of_rush.as_deref()) {
                    named.of.entry(at(base, below)).or_default().extend(names(project));
                }
            }
        }
        None => drop(named.of.insert(folder.to_owned(), names(&lock))),
    }
    Some(named)
}

/// Bun writes JSON with commas at the end. `packages` has what is installed, under its own name or an alias.
pub(super) fn of_bun(text: &str, folder: &str) -> Option<Named> {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(default)]
        workspaces: BTreeMap<String, Project>,
        #[serde(default)]
        packages: BTreeMap<String, IgnoredAny>,
        #[serde(rename = "lockfileVersion")]
        _version: u64,
    }
    let lock: Lock = serde_json::from_str(&plain_json(text)).ok()?;
    let projects = lock.workspaces.into_iter();
    Some(Named {
        all: lock.packages.into_keys().collect(),
        of: projects.map(|(below, project)| (at(folder, &below), project.names())).collect(),
    })
}
