//! The output folder. It has only whole files, and no files of an earlier run. Nothing outside it is read,
//! written or removed.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, OFlags, flock, fstat};

use crate::redact::Scrubber;
use crate::system::folder::Folder;
use crate::system::git::tracked_below;
use crate::text::paths::normalise;

/// Lists the files that Portcullis wrote, so that the next run removes these and nothing else: other tools
/// may use the same folder. It only grows during a run, so that every file is listed even if the run is
/// killed.
const MANIFEST: &str = ".portcullis-files";

const GITIGNORE: &str = ".gitignore";

/// The errors of a full file system: no space at all, none for this user, none in one file.
const FULL: [io::ErrorKind; 3] =
    [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];

/// A folder that only this run writes to, until this is dropped.
#[derive(Debug)]
pub(crate) struct OutputFolder {
    path: PathBuf,
    folder: Folder,
    written: Vec<String>,
    /// What git tracks in it. A run neither writes nor removes it.
    tracked: Vec<String>,
    /// Locked, so that a second run can't mix its files with ours.
    manifest: fs::File,
}

impl OutputFolder {
    /// Takes the folder, creates it if needed, and removes what an earlier run wrote there.
    ///
    /// # Errors
    /// If it can't be written, or another run uses it. If it holds a link, a FIFO, a device or a file that
    /// git tracks, or if another user wrote the list of earlier files: then nothing was removed.
    pub(crate) async fn take(path: &Path) -> Result<Self> {
        let path = &tidy(path);
        let folder = make(path)?;
        let looked = folder.stranger();
        if let Some((name, what)) = looked.with_context(|| unusable(path))? {
            bail!(
                "{} is {what}: in the output folder a run writes and removes only files; remove it, or name another folder with --out",
                path.join(name).display()
            );
        }
        let mut folder = Self::open(path, folder).await?;
        if let Some(name) = folder.tracked.first() {
            bail!(
                "git tracks {}: a run does not change what git tracks; `git rm --cached` it, or name another folder with --out",
                path.join(name).display()
            );
        }
        folder.empty()?;
        folder.keep_out_of_git()?;
        Ok(folder)
    }

    /// Takes the folder, creates it if needed, and keeps what is there. The next run removes the added files
    /// with the others.
    ///
    /// # Errors
    /// If it can't be written, or a run uses it.
    pub(crate) async fn join(path: &Path) -> Result<Self> {
        let path = &tidy(path);
        Self::open(path, make(path)?).await
    }

    async fn open(path: &Path, folder: Folder) -> Result<Self> {
        let shown = path.join(MANIFEST);
        let is_empty = folder.names().with_context(|| unusable(path))?.is_empty();
        let manifest = folder
            .open_with(MANIFEST, OFlags::RDWR | OFlags::APPEND | OFlags::CREATE)
            .with_context(|| format!("{} can't be used", shown.display()))
            .with_context(|| unusable(path))?;
        if flock(&manifest, FlockOperation::NonBlockingLockExclusive).is_err() {
            bail!(
                "another run is writing to {}; wait for it, or give this one its own --out",
                path.display()
            );
        }
        let stat = fstat(&manifest).with_context(|| unusable(path))?;
        // It says what to remove. A second name of it would be a file elsewhere that changes with it.
        if stat.st_uid != rustix::process::geteuid().as_raw() || stat.st_nlink != 1 {
            bail!(
                "{} was not written by a run of this user, so it does not say what may be removed; remove the folder, or name another one with --out",
                shown.display()
            );
        }
        let mut tracked = match tracked_below(path).await {
            Some(tracked) => tracked,
            None if is_empty => Vec::new(),
            None => bail!(
                "git does not say which files of {} it tracks: see what `git ls-files` says there; or remove the folder, or name one outside the checkout with --out",
                path.display()
            ),
        };
        tracked.retain(|name| name != GITIGNORE);
        Ok(Self { path: path.to_owned(), folder, written: Vec::new(), tracked, manifest })
    }

    /// Removes what an earlier run wrote.
    fn empty(&mut self) -> Result<()> {
        let mut earlier = String::new();
        self.manifest.read_to_string(&mut earlier).with_context(|| unusable(&self.path))?;
        // The last files first: an old run.json and its reports must be gone as soon as this run has started.
        for name in earlier.lines().rev().filter(|name| is_inside(name) && *name != GITIGNORE) {
            self.folder.remove(name).with_context(|| {
                format!("{} is from an earlier run and can't be removed", self.path.join(name).display())
            })?;
        }
        self.manifest.set_len(0).with_context(|| unusable(&self.path))
    }

    /// Reports do not belong in a commit. In a folder that others write to as well, the user decides.
    fn keep_out_of_git(&self) -> Result<()> {
        let ours = |name: &OsStr| name == MANIFEST || self.folder.has(&Path::new(name).join(MANIFEST));
        if self.folder.names()?.iter().all(|name| ours(name)) {
            let written = self.folder.write(GITIGNORE, |file| file.write_all(b"*\n"));
            written.with_context(|| unusable(&self.path))?;
        }
        Ok(())
    }

    /// Opens one file below the folder.
    pub(crate) fn read(&self, name: &str) -> io::Result<fs::File> {
        self.folder.open(name)
    }

    /// Writes one file below the folder, whole or not at all.
    pub(crate) fn write(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<()> {
        self.remember(name)?;
        let written = match self.tracked.iter().any(|tracked| tracked == name) {
            true => Err(io::Error::other("git tracks it")),
            false => self.folder.write(name, fill),
        };
        written.map_err(|error| unwritable(&self.path.join(name), error))
    }

    /// Removes these files of the folder, if they exist.
    pub(crate) fn withdraw<'n>(&self, names: impl IntoIterator<Item = &'n str>) {
        let ours = names.into_iter().filter(|name| !self.tracked.iter().any(|tracked| tracked == name));
        for name in ours {
            // If it can't be removed, it could not be written either. The user sees that first error.
            let _ = self.folder.remove(name);
        }
    }

    /// Searches every written file for known secrets. It removes a file that has one.
    ///
    /// # Errors
    /// If there is one, or a file can't be read.
    pub(crate) fn search(&self, scrubber: &Scrubber) -> Result<()> {
        let mut found = Vec::new();
        for name in self.written.iter().map(String::as_str).chain([MANIFEST]) {
            let path = self.path.join(name);
            let file = self.read(name).with_context(|| format!("{} was lost", path.display()))?;
            if scrubber.finds(file)? {
                self.folder
                    .remove(name)
                    .with_context(|| format!("{} contains a secret and can't be removed", path.display()))?;
                found.push(name);
            }
        }
        if !found.is_empty() {
            bail!("a secret would have been published, so {} was removed", found.join(", "));
        }
        Ok(())
    }

    /// Lists a file before it is written, so that a killed run leaves no file unlisted.
    fn remember(&mut self, name: &str) -> Result<()> {
        if self.tracked.iter().any(|tracked| tracked == name) {
            return Ok(());
        }
        self.written.push(name.to_owned());
        let noted = self.manifest.write_all(format!("{name}\n").as_bytes());
        noted.map_err(|error| unwritable(&self.path.join(MANIFEST), error))
    }
}

fn unwritable(target: &Path, error: io::Error) -> anyhow::Error {
    let full = FULL.contains(&error.kind());
    let help = if full { " (free some room there, or name another folder with --out)" } else { "" };
    anyhow::Error::new(error).context(format!("{} can't be written{help}", target.display()))
}

/// The path as messages show it.
fn tidy(path: &Path) -> PathBuf {
    let path = normalise(path);
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

fn make(path: &Path) -> Result<Folder> {
    Folder::make(path).with_context(|| format!("the output folder {} can't be made", path.display()))
}

fn unusable(path: &Path) -> String {
    format!("the output folder {} can't be written", path.display())
}

/// Protects against a forged manifest that names files outside the folder.
fn is_inside(name: &str) -> bool {
    let path = Path::new(name);
    !name.is_empty() && path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_new_run_removes_the_files_of_the_last_one_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let mut first = OutputFolder::take(&out).await.unwrap();
        first.write("reports/a/report.json", |file| file.write_all(b"{}")).unwrap();
        assert!(OutputFolder::take(&out).await.is_err(), "two runs share a folder");
        drop(first);
        fs::write(out.join("mine.txt"), "mine").unwrap();

        let second = OutputFolder::take(&out).await.unwrap();
        assert!(!out.join("reports").exists());
        assert!(second.path.join("mine.txt").exists());
    }

    #[tokio::test]
    async fn a_link_that_comes_during_a_run_is_not_followed() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(elsewhere.path().join("report.json"), "mine").unwrap();
        let mut run = OutputFolder::take(folder.path()).await.unwrap();
        run.write("reports/a/report.json", |file| file.write_all(b"{}")).unwrap();
        fs::rename(folder.path().join("reports/a"), folder.path().join("reports/b")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("reports/a")).unwrap();

        let error = run.write("reports/a/report.json", |file| file.write_all(b"{}")).unwrap_err();
        assert!(format!("{error:#}").contains("reports/a: it is a link"), "{error:#}");
        assert!(run.read("reports/a/report.json").is_err());
        run.withdraw(["reports/a/report.json"]);
        assert_eq!(fs::read_to_string(elsewhere.path().join("report.json")).unwrap(), "mine");
    }
}
