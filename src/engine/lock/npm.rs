//! npm packages: the package that a program belongs to, and all that it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;

use crate::text::human;

use super::chain::{Link, LinkKind};
use super::digest::{Subject, Tree};

const FOLDER: &str = "node_modules";
const MANIFEST: &str = "package.json";

/// The most packages that one tool needs.
const MOST: usize = 5000;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Manifest {
    name: String,
    version: String,
    dependencies: BTreeMap<String, serde::de::IgnoredAny>,
    optional_dependencies: BTreeMap<String, serde::de::IgnoredAny>,
    peer_dependencies: BTreeMap<String, serde::de::IgnoredAny>,
}

/// The folder of the installed package that a file belongs to. A file of the project itself has no such
/// folder: gates scan the project, it is not a tool.
pub(super) fn package_of(file: &Path) -> Option<PathBuf> {
    let mut below: Vec<&Path> = Vec::new();
    for folder in file.ancestors().skip(1) {
        if folder.file_name() == Some(OsStr::new(FOLDER)) {
            let scoped = below.last()?.file_name()?.as_encoded_bytes().starts_with(b"@");
            let package = if scoped { below.iter().rev().nth(1)? } else { below.last()? };
            return package.join(MANIFEST).is_file().then(|| package.to_path_buf());
        }
        below.push(folder);
    }
    None
}

/// The name of a package, as its folder has it: `@scope/name`.
pub(super) fn name_of(root: &Path) -> String {
    let name = |folder: &Path| folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match root.parent().map(name).filter(|scope| scope.starts_with('@')) {
        Some(scope) => format!("{scope}/{}", name(root)),
        None => name(root),
    }
}

/// The package and, as one part, all packages that it needs, found the way Node.js finds them.
pub(super) fn closure(root: &Path) -> io::Result<Vec<Link>> {
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    let mut waiting = vec![root.to_owned()];
    let mut packages: Vec<(String, PathBuf)> = Vec::new();
    while let Some(folder) = waiting.pop() {
        if !seen.insert(folder.clone()) {
            continue;
        }
        if seen.len() > MOST {
            return Err(io::Error::other(format!("it needs more than {MOST} packages")));
        }
        let manifest: Manifest = serde_json::from_slice(&fs::read(folder.join(MANIFEST))?)?;
        let needed = [&manifest.dependencies, &manifest.optional_dependencies, &manifest.peer_dependencies];
        // Optional packages, and packages for another platform, may be missing.
        waiting.extend(needed.into_iter().flat_map(BTreeMap::keys).filter_map(|name| resolve(name, &folder)));
        packages.push((format!("{} {}", manifest.name, manifest.version), folder));
    }
    let part = |what, name, roots| Link { what, name, subject: Subject::Trees { kind: Tree::Npm, roots } };
    let mut rest = packages.split_off(1);
    rest.sort();
    let mut links: Vec<Link> = packages
        .into_iter()
        .map(|(name, root)| part(LinkKind::Package, name, vec![(String::new(), root)]))
        .collect();
    if !rest.is_empty() {
        links.push(part(LinkKind::Dependencies, human::count(rest.len() as u64, "package"), rest));
    }
    Ok(links)
}

/// The nearest package of this name, searching upward from the package that needs it.
fn resolve(name: &str, from: &Path) -> Option<PathBuf> {
    from.ancestors()
        .filter(|folder| folder.file_name() != Some(OsStr::new(FOLDER)))
        .map(|folder| folder.join(FOLDER).join(name))
        .find(|candidate| candidate.join(MANIFEST).is_file())?
        .canonicalize()
        .ok()
}
