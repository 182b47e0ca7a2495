//! The packages of production that a lock file names: what a scanner of the file has to list.
//!
//! A package counts unless it is surely for development alone: in a list that the package manager calls so, or only in groups whose names
//! say so. Projects of the same repository are no packages of others. Each reader is for a form that Trivy 0.70 was seen to read in part, or
//! under a name that no advisory has: an alias.

mod bun;
mod cargo;
mod cocoapods;
mod groups;
mod hex;
mod maven;
mod npm;
mod pipenv;
mod pnpm;
mod poetry;
mod pub_dev;
mod requirements;
mod swift;
mod uv;
mod yarn;

use std::path::Path;

use crate::inputs::files::{File, Files};
use crate::inputs::open::{self, Amount};
use crate::model::input::{InputKind, PackageManager as Manager};
use crate::text::bom::text_of;

pub(super) use groups::is_of_development;
pub(super) use requirements::{included, names as names_of_requirements};

/// A longer lock file is not read.
const LONGEST: u64 = 16 << 20;

/// What a lock file names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LockPackages {
    pub(crate) shipped: Vec<LockPackage>,
    /// How many others it names, for development alone.
    pub(crate) develops: usize,
    pub(crate) quirk: Option<Quirk>,
}

/// A form of a file that some scanner can't read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// No project of the workspace lies at its top.
    NoRoot,
    /// The manifest gives ranges of versions, and no lock file says what they come to.
    Ranges,
    /// All packages come from archives and repositories.
    Elsewhere,
    /// Several lock files in one.
    Documents,
    /// It has profiles that are on unless something switches them off.
    Profiles,
    /// It has categories of its own.
    Categories,
    /// It ships packages that the project at the top does not depend on: of other projects, of groups.
    Besides,
}

/// One package, by the name that the file gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LockPackage {
    pub(crate) name: String,
    /// If the file says it in a form that scanners keep.
    pub(crate) version: Option<String>,
    /// Where, in a file that is read by people.
    pub(crate) line: Option<usize>,
}

impl LockPackage {
    fn new(name: impl Into<String>, version: Option<String>) -> Self {
        Self { name: name.into(), version, line: None }
    }
}

/// `None`: it is not known how to read it, or it is not whole.
pub(super) fn of_file(top: &Path, file: &File, kind: InputKind, files: &Files) -> Option<LockPackages> {
    let text = whole(top, file)?;
    let beside = |name: &str| {
        let folder = file.folder();
        let path = if folder == "." { name.to_owned() } else { format!("{folder}/{name}") };
        whole(top, &files.get(&path)?)
    };
    let below = |name: &str| -> Vec<String> {
        let folder = file.folder();
        let manifests = files.below(&folder).filter(|file| file.name() == name && !file.is_third_party());
        manifests.filter_map(|file| whole(top, &file)).collect()
    };
    let mut found = match kind {
        InputKind::Lock(Manager::Cargo) => cargo::read(&text, &below("Cargo.toml")),
        InputKind::Lock(Manager::Yarn) => yarn::read(&text, &below("package.json")),
        InputKind::Lock(Manager::Pip) if file.name().starts_with("pylock.") => requirements::pylock(&text),
        kind => read(kind, &text, beside),
    }?;
    found.shipped.sort();
    found.shipped.dedup();
    Some(found)
}

/// The files that a requirements file includes, from the top of the repository.
pub(super) fn included_in(top: &Path, file: &File) -> Vec<String> {
    whole(top, file).map(|text| included(&text, &file.folder())).unwrap_or_default()
}

fn read(kind: InputKind, text: &str, beside: impl Fn(&str) -> Option<String>) -> Option<LockPackages> {
    match kind {
        InputKind::Lock(Manager::Uv) => uv::read(text),
        InputKind::Lock(Manager::Poetry) => poetry::read(text, beside),
        InputKind::Lock(Manager::Pipenv) => pipenv::read(text),
        InputKind::Lock(Manager::Pip) => requirements::read(text),
        InputKind::Lock(Manager::Pnpm) => pnpm::read(text),
        InputKind::Lock(Manager::Npm) => npm::read(text),
        InputKind::Lock(Manager::Bun) => bun::read(text),
        InputKind::Lock(Manager::Hex) => hex::read(text),
        InputKind::Lock(Manager::Pub) => pub_dev::read(text),
        InputKind::Lock(Manager::Swift) => swift::read(text),
        InputKind::Lock(Manager::CocoaPods) => cocoapods::read(text),
        InputKind::Manifest(Manager::Maven) => maven::read(text),
        _ => None,
    }
}

/// The text of a lock file; `None`: it can't be read, or is not whole.
pub(super) fn whole(top: &Path, file: &File) -> Option<String> {
    match open::read(top, file, Amount::Whole(LONGEST)) {
        Ok((bytes, None)) => Some(text_of(&bytes).into_owned()),
        Ok((_, Some(_))) | Err(_) => None,
    }
}

/// A name of Python as PyPI compares it (PEP 503).
pub(crate) fn python_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if plain.ends_with('-') => {}
            '-' | '_' | '.' => plain.push('-'),
            c => plain.extend(c.to_lowercase()),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each as `name version`, in order.
    pub(super) fn names(found: &LockPackages) -> Vec<String> {
        let words = |one: &LockPackage| {
            one.version.as_ref().map_or(one.name.clone(), |version| format!("{} {version}", one.name))
        };
        let mut all: Vec<String> = found.shipped.iter().map(words).collect();
        all.sort();
        all
    }

    #[test]
    fn names_of_python_are_compared_as_pypi_does() {
        assert_eq!(python_name("Zope._.Interface"), "zope-interface");
    }
}
