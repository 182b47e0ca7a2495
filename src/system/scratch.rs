//! The temporary folder of a run. It also removes the folders that killed runs have left.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, OFlags, flock};
use tempfile::TempDir;

use crate::system::private;

const PREFIX: &str = "portcullis-";

/// Locked until the run ends, in any way.
const LOCK: &str = ".alive";

/// Its name before it is locked.
const UNNAMED: &str = "lock";

/// A run needs much less time to lock its folder.
const TO_LOCK: Duration = Duration::from_secs(600);

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
        // Other users of the machine see nothing of it, at no moment.
        let only_us = fs::Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix(PREFIX).permissions(only_us).tempdir_in(top)?;
        // It gets its name after it is locked, so that another run never finds it unlocked.
        let unnamed = folder.path().join(UNNAMED);
        let lock = private::create(&unnamed)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        fs::rename(unnamed, folder.path().join(LOCK))?;
        Ok(Self { folder, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(self.folder.path());
    }
}

/// Removes the folder of a run, its lock last: if this is killed, the next run still knows the folder.
fn remove(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name() == LOCK {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => private::remove_folder(&entry.path()),
            _ => drop(fs::remove_file(entry.path())),
        }
    }
    private::remove_folder(folder);
}

/// Removes the folders of this user's runs that have ended. In doubt it removes nothing.
fn remove_left_over(top: &Path) {
    for entry in fs::read_dir(top).into_iter().flatten().flatten() {
        let named = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let path = entry.path();
        // Do not follow a link: in a shared folder any user may have made it.
        let ours = |meta: &fs::Metadata| meta.is_dir() && meta.uid() == rustix::process::geteuid().as_raw();
        let Some(meta) = fs::symlink_metadata(&path).ok().filter(|meta| named && ours(meta)) else {
            continue;
        };
        // A program may have put anything there: a link, or a FIFO, which would be waited for.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        match OpenOptions::new().read(true).custom_flags(flags).open(path.join(LOCK)) {
            Ok(lock) if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() => {
                remove(&path);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_old(&meta) => {
                // Killed before it was locked. If anything else is in it, it is not ours.
                let mut inside = fs::read_dir(&path).into_iter().flatten().flatten();
                if inside.all(|entry| entry.file_name() == UNNAMED) {
                    private::remove_folder(&path);
                }
            }
            _ => {}
        }
    }
}

fn is_old(meta: &fs::Metadata) -> bool {
    let age = meta.modified().ok().and_then(|changed| changed.elapsed().ok());
    age.is_some_and(|age| age > TO_LOCK)
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
        assert_eq!(fs::metadata(next.path()).unwrap().mode() & 0o777, 0o700);
        assert!(living.path().exists() && next.path().exists() && foreign.exists());
    }

    #[test]
    fn a_folder_of_a_run_that_died_before_it_was_locked_is_removed_when_it_is_old() {
        let top = tempfile::tempdir().unwrap();
        let old = std::time::SystemTime::now() - 2 * TO_LOCK;
        let folder = |name: &str, file: &str| {
            let folder = top.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join(file), "").unwrap();
            folder
        };
        let age = |folder: &Path| File::open(folder).unwrap().set_modified(old).unwrap();
        let (dead, fresh) = (folder("portcullis-a", UNNAMED), folder("portcullis-b", UNNAMED));
        let foreign = folder("portcullis-notes", "mine");
        age(&dead);
        age(&foreign);
        Scratch::new_in(top.path()).unwrap();
        assert!(!dead.exists() && fresh.exists() && foreign.exists());
    }

    #[test]
    fn what_a_program_left_in_the_folder_of_a_dead_run_does_not_stop_the_next() {
        let top = tempfile::tempdir().unwrap();
        let dead = top.path().join("portcullis-dead");
        fs::create_dir_all(dead.join("gate/closed/deep")).unwrap();
        fs::write(dead.join(LOCK), "").unwrap();
        fs::set_permissions(dead.join("gate/closed"), fs::Permissions::from_mode(0o500)).unwrap();
        let waits = top.path().join("portcullis-waits");
        fs::create_dir(&waits).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, waits.join(LOCK), rustix::fs::FileType::Fifo, mode, 0).unwrap();
        Scratch::new_in(top.path()).unwrap();
        assert!(!dead.exists());
    }
}
