//! Finds a program, and the version in its output or its package.

use std::path::{Path, PathBuf};

use semver::Version;
use serde::Deserialize;

use crate::scan::invocation::Program;
use crate::system::variables;

/// Finds a program: a path as it stands, a name in the folders near the target, then on PATH.
pub(crate) fn find(program: &Program, cwd: &Path) -> Option<PathBuf> {
    if program.name.contains('/') {
        return which::which_in(&program.name, None::<&str>, cwd).ok();
    }
    program
        .near
        .iter()
        .map(|folder| folder.join(&program.name))
        .find(|candidate| candidate.exists())
        .or_else(|| which::which(&program.name).ok())
}

/// A file that would be the program if it were executable.
pub(crate) fn not_executable(program: &Program, cwd: &Path) -> Option<PathBuf> {
    let path = variables::os("PATH").filter(|_| !program.name.contains('/')).unwrap_or_else(|| cwd.into());
    std::env::split_paths(&path).map(|folder| folder.join(&program.name)).find(|file| file.is_file())
}

/// The first word that looks like a version: `Version: 0.70.0`, `v10.15.0`, `8.30.1`.
pub(crate) fn version_in(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || c == ',')
        .map(|word| word.strip_prefix('v').unwrap_or(word))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
        .map(str::to_owned)
}

/// Whether a program lies in the repository at `root`, as it is named or as what it links to.
pub(crate) fn lies_in(program: &Path, root: &Path) -> bool {
    program.starts_with(root) || program.canonicalize().is_ok_and(|real| real.starts_with(root))
}

/// The version in the nearest `package.json` above the program's real file. Corepack's programs are none of their packages.
pub(crate) fn package_version(program: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Manifest {
        #[serde(default)]
        name: String,
        version: String,
    }
    let real = program.canonicalize().ok()?;
    let manifest = real
        .ancestors()
        .skip(1)
        .take(6)
        .map(|folder| folder.join("package.json"))
        .find(|file| file.exists())?;
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(manifest).ok()?).ok()?;
    (manifest.name != "corepack").then_some(manifest.version)
}

/// The version of the program in one of its `near` folders; that of another is not known before it runs.
pub(crate) fn installed_version(program: &Program) -> Option<Version> {
    let installed =
        program.near.iter().map(|folder| folder.join(&program.name)).find(|path| path.exists())?;
    Version::parse(&package_version(&installed)?).ok()
}
