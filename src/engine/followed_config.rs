//! The configuration files that other ones extend or import.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::engine::base_commit::BaseCommit;
use crate::engine::base_scanner_config::read;
use crate::scan::config_file::ConfigPath;
use crate::text::paths::normalise;

/// A chain of more files than this is a mistake, or a joke.
const MOST: usize = 200;

/// These files, and those that they name, in the work tree and in the base. A file that only one of both names is there as well.
pub(super) async fn with_followed(
    files: Vec<ConfigPath>,
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
        let folder = path.parent().unwrap_or(&path).to_owned();
        for content in [read(&path), was].iter().flatten() {
            for name in follows(content) {
                let path = normalise(&folder.join(name));
                if known.insert(path.clone()) {
                    all.push(ConfigPath { path, file });
                }
            }
        }
    }
    Ok(all)
}
