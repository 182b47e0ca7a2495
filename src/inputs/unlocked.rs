//! Manifests whose packages no lock file names: what they install is not known before it is installed.
//!
//! Sources: each package manager on its lock file and its workspaces: npm, Yarn and Bun (`workspaces` in package.json), pnpm
//! (`pnpm-workspace.yaml`), uv (`tool.uv.workspace`), Cargo ("Workspaces": a package below a workspace's root is a member, unless the root
//! excludes it), Rush (`rush.json`), Pub (`resolution: workspace`). Maven has no lock file: its scanners read the `pom.xml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::inputs::cargo_manifest::CargoManifest;
use crate::inputs::files::Files;
use crate::inputs::go_mod::GoModules;
use crate::inputs::packages::{NpmPackage, PyProject};
use crate::inputs::python_locks;
use crate::inputs::workspaces::{Workspaces, above, in_folder};
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
    /// The folders of the projects that a `rush.json` names, by its own folder.
    pub(super) rush: BTreeMap<String, Vec<String>>,
    /// Further manifests that name packages; whether the lock file may lie above.
    pub(super) others: BTreeMap<String, bool>,
}

const OF_NPM: [Manager; 4] = [Manager::Npm, Manager::Yarn, Manager::Pnpm, Manager::Bun];

/// How the manifests of a repository are locked.
#[derive(Debug, Default)]
pub(super) struct LockedBy {
    /// Those without a lock file, in order.
    pub(super) unlocked: Vec<Unlocked>,
    /// The manifests whose lock file lies in another folder, by this folder.
    pub(super) elsewhere: BTreeMap<String, Vec<String>>,
}

/// Where the packages of a manifest are locked.
#[derive(Debug, PartialEq, Eq)]
enum Locked {
    /// Beside it; or it asks for nothing.
    Here,
    /// In this folder.
    In(String),
    /// Nowhere; who would write the lock file.
    Nowhere(Manager),
}

impl LockedBy {
    pub(super) fn of(top: &Path, manifests: &Manifests, workspaces: &Workspaces, files: &Files) -> Self {
        let locks = Locks::of(top, files);
        let (mut unlocked, mut elsewhere) = (BTreeSet::new(), BTreeMap::<String, Vec<String>>::new());
        for file in files.iter().filter(|file| file.standing() != Standing::Ignored) {
            let managers = file.kinds().iter().filter_map(|kind| match kind {
                InputKind::Manifest(manager) => Some(manager),
                _ => None,
            });
            for manager in managers {
                let path = file.path().into_owned();
                match locked(&path, &file.folder(), manager, (manifests, workspaces), &locks) {
                    Locked::Here => {}
                    Locked::In(folder) => elsewhere.entry(folder).or_default().push(path),
                    Locked::Nowhere(manager) => drop(unlocked.insert(Unlocked { manifest: path, manager })),
                }
            }
        }
        Self { unlocked: unlocked.into_iter().collect(), elsewhere }
    }
}

fn locked(
    path: &str,
    folder: &str,
    manager: Manager,
    (manifests, workspaces): (&Manifests, &Workspaces),
    locks: &Locks<'_>,
) -> Locked {
    let is_named = || manifests.others.contains_key(path);
    let here = |is_locked: bool| if is_locked { Locked::Here } else { Locked::Nowhere(manager) };
    let place = |place: Option<&str>| match place {
        Some(place) if place == folder => Locked::Here,
        Some(place) => Locked::In(place.to_owned()),
        None => Locked::Nowhere(manager),
    };
    match manager {
        Manager::Npm => match manifests.npm.get(path) {
            Some(package) if package.asks => npm_locked(package, folder, (manifests, workspaces), locks),
            _ => Locked::Here,
        },
        Manager::Cargo => match manifests.cargo.get(path) {
            Some(own) if own.has_dependencies => place(cargo_lock(own, folder, manifests, locks)),
            _ => Locked::Here,
        },
        Manager::Go => here(!manifests.go.requires_others(path) || locks.has(folder, Manager::Go)),
        Manager::Maven => Locked::Here,
        _ if path.ends_with("pyproject.toml") => match manifests.python.get(path) {
            Some(own) if own.has_dependencies && !python_locks::lock(locks.top, path, locks.files) => {
                let is_root =
                    |above: &&str| locks.has(above, Manager::Uv) && workspaces.holds_uv(above, folder);
                place(above(folder).find(is_root))
            }
            _ => Locked::Here,
        },
        Manager::Pip | Manager::Poetry | Manager::Uv | Manager::Pipenv | Manager::Pdm => {
            here(!is_named() || python_locks::lock(locks.top, path, locks.files))
        }
        Manager::NuGet => here(!is_named() || locks.of_nuget(path, folder)),
        Manager::Gradle => here(!is_named() || locks.of_gradle(path, folder)),
        _ => match manifests.others.get(path) {
            Some(false) => here(locks.has(folder, manager)),
            Some(true) => {
                place(std::iter::once(folder).chain(above(folder)).find(|folder| locks.has(folder, manager)))
            }
            None => Locked::Here,
        },
    }
}

fn npm_locked(
    package: &NpmPackage,
    folder: &str,
    (manifests, workspaces): (&Manifests, &Workspaces),
    locks: &Locks<'_>,
) -> Locked {
    if locks.any(folder, &OF_NPM) {
        return Locked::Here;
    }
    let mut named = package.package_manager.as_deref();
    for above in above(folder).filter(|above| workspaces.holds_npm(above, folder)) {
        if locks.any(above, &OF_NPM) {
            return Locked::In(above.to_owned());
        }
        let root = manifests.npm.get(&in_folder(above, "package.json"));
        named = named.or(root.and_then(|root| root.package_manager.as_deref()));
    }
    if let Some(place) = workspaces.rush_locks(folder).find(|place| locks.any(place, &OF_NPM)) {
        return Locked::In(place);
    }
    let name = named.and_then(|named| named.split('@').next());
    let manager = OF_NPM.into_iter().find(|manager| Some(manager.id()) == name);
    Locked::Nowhere(manager.unwrap_or(Manager::Npm))
}

/// The folder of its lock file. Cargo looks for the root of the workspace in the folders above.
fn cargo_lock<'p>(
    own: &CargoManifest,
    folder: &'p str,
    manifests: &Manifests,
    locks: &Locks<'_>,
) -> Option<&'p str> {
    if locks.has(folder, Manager::Cargo) {
        return Some(folder);
    }
    if own.workspace.is_some() {
        return None;
    }
    if own.workspace_at.is_some() {
        return above(folder).find(|above| locks.has(above, Manager::Cargo));
    }
    let (above, excluded) = above(folder).find_map(|above| {
        let manifest = manifests.cargo.get(&in_folder(above, "Cargo.toml"))?;
        Some((above, manifest.workspace.as_ref()?))
    })?;
    let excluded = excluded.iter().any(|name| {
        let left_out = in_folder(above, name.trim_end_matches('/'));
        folder == left_out || folder.starts_with(&format!("{left_out}/"))
    });
    (!excluded && locks.has(above, Manager::Cargo)).then_some(above)
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

    /// `packages.config` has the packages of the older form. What holds for all projects below a folder is locked by theirs.
    fn of_nuget(&self, path: &str, folder: &str) -> bool {
        let of_project = |name: &str| name.starts_with("packages.") && name.ends_with(".lock.json");
        match path.rsplit('/').next() {
            Some(name) if name.starts_with("Directory.") => {
                let mut below = self.files.below(folder);
                below.any(|file| file.standing() != Standing::Ignored && of_project(&file.name()))
            }
            name => {
                let stem = name.and_then(|name| name.rsplit_once('.')).map_or("", |(stem, _)| stem);
                // NuGet writes spaces as `_` ("Lock file name").
                let own = format!("packages.{}.lock.json", stem.replace(' ', "_"));
                self.is_there(folder, "packages.lock.json") || self.is_there(folder, &own)
            }
        }
    }

    /// The lock of a build script has the packages of the script alone. A script under another name is applied by who knows whom:
    /// some project has to be locked.
    fn of_gradle(&self, path: &str, folder: &str) -> bool {
        let is_build =
            ["build.gradle", "build.gradle.kts"].contains(&path.rsplit('/').next().unwrap_or(path));
        let own = |folder: &str| self.is_there(folder, "gradle.lockfile");
        own(folder) || (!is_build && self.all.iter().any(|(folder, _)| own(folder)))
    }

    fn any(&self, folder: &str, managers: &[Manager]) -> bool {
        managers.iter().any(|manager| self.has(folder, *manager))
    }
}
