//! The repository that the run is about.

use std::path::PathBuf;

/// Where the project lies, and at which commit it stands.
#[derive(Clone, Debug, Default)]
pub struct Repo {
    /// Top of the git work tree, or the folder of gates.toml outside git: absolute.
    pub root: PathBuf,
    /// The folder of gates.toml, from which its paths count: absolute, at or below the root.
    pub base: PathBuf,
    /// The commit that is checked out; `None` outside git and on an unborn branch.
    pub head: Option<String>,
    /// Whether the root is a git work tree.
    pub git: bool,
}

/// A range of commits, and the files that it touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// Commit that is known already (not looked at).
    pub base: String,
    /// Last commit to look at.
    pub head: String,
    /// Files that exist at the end of the range, or in the work tree, and differ from `base`:
    /// relative to the repository root.
    pub changed: Vec<String>,
}
