//! The configuration files that other ones extend or import.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use ignore::{DirEntry, WalkBuilder};

use crate::engine::base_commit::BaseCommit;
use crate::engine::base_scanner_config::read;
use crate::scan::config_file::ConfigPath;
use crate::text::paths::normalise;

/// A chain of more files than this is a mistake, or a joke.
const MOST: usize = 200;

/// These files, and those that they name, in the work tree and in the base. With a base, what its scanner reads in
/// its place counts only if the base's version names it. The scanner starts in `cwd`.
pub(super) async fn with_followed(
    files: Vec<ConfigPath>,
    cwd: &Path,
    base: Option<&BaseCommit>,
) -> Result<Vec<ConfigPath>> {
    let mut known: BTreeSet<_> = files.iter().map(|file| file.path.clone()).collect();
    let mut all = files;
    let mut next = 0;
    while let Some(ConfigPath { path, file }) = all.get(next).cloned() {
        next += 1;
        if next > MOST {
            bail!("{} is one of more than {MOST} configuration files that name each other", path.display());
        }
        let Some(follows) = file.follows else { continue };
        let was = match base {
            Some(base) => base.file_at(&path).await?,
            None => None,
        };
        let now = if base.is_some() && follows.file.is_some() { None } else { read(&path) };
        let folder = path.parent().unwrap_or(&path);
        for name in [now, was].iter().flatten().flat_map(|content| (follows.names)(content)) {
            let places = BTreeSet::from([normalise(&folder.join(&name)), normalise(&cwd.join(&name))]);
            for path in places.into_iter().flat_map(files_at) {
                if known.insert(path.clone()) {
                    all.push(ConfigPath { path, file: follows.file.unwrap_or(file) });
                }
            }
        }
    }
    Ok(all)
}

/// A file, or those of a folder.
fn files_at(path: PathBuf) -> Vec<PathBuf> {
    match path.is_dir() {
        true => {
            let all = WalkBuilder::new(&path).standard_filters(false).build().flatten();
            let files = all.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
            files.take(MOST + 1).map(DirEntry::into_path).collect()
        }
        false => vec![path],
    }
}
