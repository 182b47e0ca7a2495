//! The temporary folder of a run. It also removes the folders that killed runs have left.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

const PREFIX: &str = "portcullis-";

/// Locked until the run ends, in any way.
const LOCK: &str = ".alive";

/// A folder for this run only. It is removed, with everything in it, when this is dropped.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    /// Creates the folder, and removes those that killed runs have left.
    ///
    /// # Errors
    /// If no temporary folder can be created.
    pub(crate) fn new() -> Result<Self> {
        let top = std::env::temp_dir();
        if top.to_str().is_none() {
            bail!(
                "the name of the temporary folder {} is not UTF-8; set TMPDIR to another folder",
                top.display()
            );
        }
        Self::new_in(&top).with_context(|| {
            format!("no temporary folder can be created in {}; set TMPDIR to another folder", top.display())
        })
    }

    fn new_in(top: &Path) -> io::Result<Self> {
        remove_left_over(top);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(top)?;
        // It gets its name after it is locked, so that another run never finds it unlocked.
        let unnamed = folder.path().join("lock");
        let lock = File::create(&unnamed)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        fs::rename(unnamed, folder.path().join(LOCK))?;
        Ok(Self { folder, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders of this user's runs that have ended. In doubt it removes nothing.
fn remove_left_over(top: &Path) {
    for entry in fs::read_dir(top).into_iter().flatten().flatten() {
        let named = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let path = entry.path();
        // Do not follow a link: in a shared folder any user may have made it.
        let ours = || {
            let meta = fs::symlink_metadata(&path).ok()?;
            Some(meta.is_dir() && meta.uid() == rustix::process::getuid().as_raw())
        };
        if !named || ours() != Some(true) {
            continue;
        }
        let Ok(lock) = File::open(path.join(LOCK)) else { continue };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_dead_run_is_removed_and_that_of_a_living_one_is_not() {
        let top = tempfile::tempdir().unwrap();
        let living = Scratch::new_in(top.path()).unwrap();
        let dead = top.path().join("portcullis-dead");
        fs::create_dir_all(dead.join("gate/target")).unwrap();
        fs::write(dead.join(LOCK), "").unwrap();
        let foreign = top.path().join("portcullis-notes");
        fs::create_dir(&foreign).unwrap();

        let next = Scratch::new_in(top.path()).unwrap();
        assert!(!dead.exists());
        assert!(living.path().exists() && next.path().exists() && foreign.exists());
    }
}
