//! Manifests whose packages no lock file names: what they install is not known before it is installed.
//!
//! Sources: each package manager on its lock file and its workspaces: npm, Yarn and Bun (`workspaces` in package.json), pnpm
//! (`pnpm-workspace.yaml`), uv (`tool.uv.workspace`), Cargo ("Workspaces": a package below a workspace's root is a member, unless the root
//! excludes it), Pub (`resolution: workspace`). Maven has no lock file: its scanners read the `pom.xml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::inputs::files::Files;
use crate::inputs::go_mod::GoModules;
use crate::inputs::packages::{CargoManifest, NpmPackage, PyProject};
use crate::inputs::python_locks;
use crate::model::input::{InputKind, PackageManager, Standing};

use PackageManager as Manager;

/// A manifest without its lock file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unlocked {
    /// From the top of the repository.
    pub(crate) manifest: String,
    /// Who would write the lock file.
    pub(crate) manager: PackageManager,
}

/// What manifests say of packages.
#[derive(Debug, Default)]
pub(super) struct Manifests {
    pub(super) npm: BTreeMap<String, NpmPackage>,
    /// The packages of a `pnpm-workspace.yaml`, by its folder.
    pub(super) pnpm: BTreeMap<String, Vec<String>>,
    pub(super) python: BTreeMap<String, PyProject>,
    pub(super) cargo: BTreeMap<String, CargoManifest>,
    pub(super) go: GoModules,
    /// Further manifests that name packages; whether the lock file may lie above.
    pub(super) others: BTreeMap<String, bool>,
}

const OF_NPM: [Manager; 4] = [Manager::Npm, Manager::Yarn, Manager::Pnpm, Manager::Bun];

/// The manifests without a lock file, in order.
pub(super) fn unlocked(top: &Path, manifests: &Manifests, files: &Files) -> Vec<Unlocked> {
    let locks = Locks::of(top, files);
    let workspaces = Workspaces::of(manifests);
    let mut found = BTreeSet::new();
    for file in files.iter().filter(|file| file.standing() != Standing::Ignored) {
        let managers = file.kinds().iter().filter_map(|kind| match kind {
            InputKind::Manifest(manager) => Some(manager),
            _ => None,
        });
        for manager in managers {
            let path = file.path().into_owned();
            if let Some(manager) = lacks(&path, &file.folder(), manager, (manifests, &workspaces), &locks) {
                found.insert(Unlocked { manifest: path, manager });
            }
        }
    }
    found.into_iter().collect()
}

/// The manager whose lock file is missing.
fn lacks(
    path: &str,
    folder: &str,
    manager: Manager,
    (manifests, workspaces): (&Manifests, &Workspaces),
    locks: &Locks<'_>,
) -> Option<Manager> {
    let locked = match manager {
        Manager::Npm => {
            let package = manifests.npm.get(path)?;
            if !package.asks {
                return None;
            }
            return npm_lacks(package, folder, (manifests, workspaces), locks);
        }
        Manager::Cargo => cargo_is_locked(path, folder, manifests, locks),
        Manager::Go => !manifests.go.requires_others(path) || locks.has(folder, Manager::Go),
        Manager::Maven => true,
        _ if path.ends_with("pyproject.toml") => {
            let own = manifests.python.get(path)?;
            !own.has_dependencies
                || python_locks::lock(locks.top, path, locks.files)
                || above(folder)
                    .any(|above| locks.has(above, Manager::Uv) && is_member(&workspaces.uv, above, folder))
        }
        Manager::Pip | Manager::Poetry | Manager::Uv | Manager::Pipenv | Manager::Pdm => {
            !manifests.others.contains_key(path) || python_locks::lock(locks.top, path, locks.files)
        }
        // `packages.config` has the packages of the older form, and the lock of a build script those of the script alone.
        Manager::NuGet => {
            !manifests.others.contains_key(path) || locks.is_there(folder, "packages.lock.json")
        }
        Manager::Gradle => !manifests.others.contains_key(path) || locks.is_there(folder, "gradle.lockfile"),
        _ => match manifests.others.get(path) {
            Some(false) => locks.has(folder, manager),
            Some(true) => locks.has(folder, manager) || above(folder).any(|above| locks.has(above, manager)),
            None => true,
        },
    };
    (!locked).then_some(manager)
}

fn npm_lacks(
    package: &NpmPackage,
    folder: &str,
    (manifests, workspaces): (&Manifests, &Workspaces),
    locks: &Locks<'_>,
) -> Option<Manager> {
    if locks.any(folder, &OF_NPM) {
        return None;
    }
    let mut named = package.package_manager.as_deref();
    for above in above(folder) {
        if is_member(&workspaces.npm, above, folder) || is_member(&workspaces.pnpm, above, folder) {
            if locks.any(above, &OF_NPM) {
                return None;
            }
            let root = manifests.npm.get(&in_folder(above, "package.json"));
            named = named.or(root.and_then(|root| root.package_manager.as_deref()));
        }
    }
    let name = named.and_then(|named| named.split('@').next());
    Some(OF_NPM.into_iter().find(|manager| Some(manager.id()) == name).unwrap_or(Manager::Npm))
}

/// Cargo looks for the root of the workspace in the folders above.
fn cargo_is_locked(path: &str, folder: &str, manifests: &Manifests, locks: &Locks<'_>) -> bool {
    let Some(own) = manifests.cargo.get(path) else { return true };
    if !own.has_dependencies || locks.has(folder, Manager::Cargo) {
        return true;
    }
    if own.workspace.is_some() {
        return false;
    }
    if own.workspace_at.is_some() {
        return above(folder).any(|above| locks.has(above, Manager::Cargo));
    }
    let root = above(folder).find_map(|above| {
        let manifest = manifests.cargo.get(&in_folder(above, "Cargo.toml"))?;
        Some((above, manifest.workspace.as_ref()?))
    });
    root.is_some_and(|(above, excluded)| {
        let excluded = excluded.iter().any(|name| {
            let left_out = in_folder(above, name.trim_end_matches('/'));
            folder == left_out || folder.starts_with(&format!("{left_out}/"))
        });
        !excluded && locks.has(above, Manager::Cargo)
    })
}

/// The folders above one, the nearest first; the last is `.`.
fn above(folder: &str) -> impl Iterator<Item = &str> {
    let mut next = (folder != ".").then_some(folder);
    std::iter::from_fn(move || {
        let folder = next?;
        let parent = folder.rsplit_once('/').map(|(parent, _)| parent);
        next = parent;
        Some(parent.unwrap_or("."))
    })
}

fn in_folder(folder: &str, name: &str) -> String {
    if folder == "." { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The members of each workspace, by the folder of its root.
struct Workspaces {
    npm: BTreeMap<String, Members>,
    pnpm: BTreeMap<String, Members>,
    uv: BTreeMap<String, Members>,
}

/// Which folders below the root are members: a pattern with `!` in front leaves out.
struct Members {
    wanted: GlobSet,
    out: GlobSet,
}

impl Workspaces {
    fn of(manifests: &Manifests) -> Self {
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
        }
    }
}

impl Members {
    fn of(patterns: &[String]) -> Self {
        let (out, wanted): (Vec<&String>, Vec<&String>) =
            patterns.iter().partition(|pattern| pattern.starts_with('!'));
        Self { wanted: globs(&wanted), out: globs(&out) }
    }
}

/// Whether the workspace at `root`, if there is one, has this folder below it as a member.
fn is_member(workspaces: &BTreeMap<String, Members>, root: &str, folder: &str) -> bool {
    let below = match root {
        "." => folder,
        root => folder.strip_prefix(root).map_or("", |rest| rest.trim_start_matches('/')),
    };
    let members = workspaces.get(root);
    members.is_some_and(|members| members.wanted.is_match(below) && !members.out.is_match(below))
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

/// Which folders have a lock file, and of whom.
struct Locks<'f> {
    all: BTreeSet<(String, Manager)>,
    top: &'f Path,
    files: &'f Files,
}

impl<'f> Locks<'f> {
    fn of(top: &'f Path, files: &'f Files) -> Self {
        let mut all = BTreeSet::new();
        for file in files.iter().filter(|file| file.standing() != Standing::Ignored) {
            for kind in file.kinds().iter() {
                if let InputKind::Lock(manager) = kind {
                    all.insert((file.folder().into_owned(), manager));
                }
            }
        }
        Self { all, top, files }
    }

    fn has(&self, folder: &str, manager: Manager) -> bool {
        self.all.contains(&(folder.to_owned(), manager))
    }

    /// Whether this file lies in a folder.
    fn is_there(&self, folder: &str, name: &str) -> bool {
        let file = self.files.get(&in_folder(folder, name));
        file.is_some_and(|file| file.standing() != Standing::Ignored)
    }

    fn any(&self, folder: &str, managers: &[Manager]) -> bool {
        managers.iter().any(|manager| self.has(folder, *manager))
    }
}
