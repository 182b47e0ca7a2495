//! What is asked of the lock files of a repository.

use std::collections::BTreeSet;
use std::path::Path;

use super::workspaces::{from, in_folder};
use super::{Inputs, LockPackages, broken_lock, empty_lock, lock_packages, shadowed, stale};
use crate::model::input::{InputKind, PackageManager as Manager};

impl Inputs {
    /// Whether a lock file names no package of production. One that can't be read does.
    pub(crate) fn is_empty_lock(&self, top: &Path, path: &str, kind: InputKind) -> bool {
        let InputKind::Lock(manager) = kind else { return false };
        self.files.get(path).is_some_and(|file| empty_lock::is_empty(top, &file, manager, &self.files))
    }

    /// The packages of production that a lock file, or a `pom.xml`, names; `None`: nobody here knows how to read it.
    pub(crate) fn packages_in(&self, path: &str, kind: InputKind) -> Option<LockPackages> {
        lock_packages::of_file(&self.top, &self.files.get(path)?, kind, &self.files)
    }

    /// The packages that a manifest of a lock file asks for, and that the lock file does not name; with the manifest: the one beside it, or
    /// that of a member of its workspace.
    pub(crate) fn missing_in_lock(&self, path: &str, kind: InputKind) -> Option<(String, Vec<String>)> {
        let InputKind::Lock(manager) = kind else { return None };
        let lock = self.files.get(path)?;
        let name = lock.name();
        // Gradle has a lock file for its build scripts, too.
        if manager == Manager::Gradle && name != "gradle.lockfile" {
            return None;
        }
        let names = stale::manifests(manager);
        let folder = lock.folder();
        let beside =
            names.iter().map(|name| in_folder(&folder, name)).filter(|path| self.files.get(path).is_some());
        let is_its = |path: &&String| names.contains(&path.rsplit('/').next().unwrap_or(path));
        let members = self.locked_elsewhere.get(&*folder).into_iter().flatten().filter(is_its).cloned();
        let all: Vec<String> = beside.chain(members).collect();
        if all.is_empty() {
            return None;
        }
        let named = stale::named(manager, &lock_packages::whole(&self.top, &lock)?, &folder)?;
        let text =
            |path: &String| Some((path.clone(), lock_packages::whole(&self.top, &self.files.get(path)?)?));
        let texts: Vec<(String, String)> = all.iter().filter_map(text).collect();
        let projects = self.packages.iter().filter_map(|package| package.name.clone());
        let mut own: BTreeSet<String> = match manager {
            Manager::Npm | Manager::Yarn | Manager::Pnpm | Manager::Bun => projects.collect(),
            _ => BTreeSet::new(),
        };
        own.extend(texts.iter().filter_map(|(_, text)| stale::own_name(manager, text)));
        let root = texts.first().filter(|(path, _)| folder_of(path) == folder).map(|(_, text)| text.as_str());
        texts.iter().find_map(|(path, text)| {
            let own_folder = folder_of(path);
            let is_root = own_folder == folder;
            let manifest = stale::Manifest {
                folder: own_folder,
                text,
                root: root.filter(|_| !is_root),
                below: from(&folder, own_folder),
            };
            let missing = stale::missing(manager, &named, &manifest, &own);
            (!missing.is_empty()).then(|| (path.clone(), missing))
        })
    }

    /// The lock file that the package manager reads in place of this one.
    pub(crate) fn read_instead(&self, path: &str, kind: InputKind) -> Option<String> {
        let InputKind::Lock(manager) = kind else { return None };
        shadowed::read_instead(&self.top, &self.files.get(path)?, manager, &self.files, &self.workspaces)
    }

    /// The files with packages that a requirements file includes, from the top of the repository.
    pub(crate) fn included_in(&self, path: &str, kind: InputKind) -> Vec<String> {
        let file = self.files.get(path).filter(|_| kind == InputKind::Lock(Manager::Pip));
        let included = file.map(|file| lock_packages::included_in(&self.top, &file)).unwrap_or_default();
        let asks = |path: &String| match self.files.get(path) {
            Some(file) => !file.kinds().is_empty(),
            None => true,
        };
        included.into_iter().filter(asks).collect()
    }

    /// Why no package manager takes a lock file, whatever a scanner makes of it.
    pub(crate) fn broken_lock(&self, path: &str, kind: InputKind) -> Option<&'static str> {
        let file = self.files.get(path).filter(|_| matches!(kind, InputKind::Lock(_)))?;
        broken_lock::trouble(&self.top, &file, kind == InputKind::Lock(Manager::Pip))
    }

    /// Whether an audit of a lock file of npm, Yarn or pnpm asks nobody: it names no package, besides those of the kinds that are left
    /// out. One that can't be read does.
    pub(crate) fn installs_nothing(&self, path: &str, kind: InputKind, left_out: &[&str]) -> bool {
        let InputKind::Lock(manager) = kind else { return false };
        let Some(file) = self.files.get(path) else { return false };
        let ships_none = || {
            let folder = file.folder();
            let own = self.packages.iter().find(|package| package.folder() == folder);
            own.is_some_and(|package| !package.ships && package.workspaces.is_empty())
        };
        // Yarn's lock file does not say what is for development; the package does.
        let of_yarn = manager == Manager::Yarn && left_out.contains(&"dev") && ships_none();
        of_yarn || empty_lock::installs_nothing(&self.top, &file, manager, left_out)
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}
