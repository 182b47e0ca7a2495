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
    /// What earlier runs wrote there.
    earlier: Vec<String>,
    written: Vec<String>,
    /// What git tracks in it. A run neither writes nor removes it.
    tracked: Vec<String>,
    /// A saved run is in it, so that the reports there are of that run.
    of_saved_run: bool,
    /// Locked, so that a second run can't mix its files with ours.
    manifest: fs::File,
}

impl OutputFolder {
    /// Takes the folder, creates it if needed, and removes what an earlier run wrote there. `names`: the files that
    /// are to be written.
    ///
    /// # Errors
    /// If it can't be written, or another run uses it. If it holds a link, a FIFO, a device, a file that
    /// git tracks, or a file of somebody else with one of these names; if it is git's own; if another user wrote the
    /// list of earlier files. Then nothing was removed, and nothing is left.
    pub(crate) async fn take(path: &Path, names: &[&str]) -> Result<Self> {
        let new = Missing::on(path);
        let taken = Self::taken(&tidy(path), names).await;
        taken.inspect_err(|_| new.remove())
    }

    async fn taken(path: &Path, names: &[&str]) -> Result<Self> {
        let folder = make(path)?;
        let looked = folder.stranger();
        if let Some((name, what)) = looked.with_context(|| unusable(path))? {
            bail!(
                "{} is {what}: in the output folder a run writes and removes only files; remove it, or name another folder with --out",
                path.join(name).display()
            );
        }
        let tracked = tracked(path, &folder).await?;
        if let Some(name) = tracked.first() {
            bail!(
                "git tracks {}: a run does not change what git tracks; `git rm --cached` it, or name another folder with --out",
                path.join(name).display()
            );
        }
        let mut folder = Self::open(path, folder, tracked, Some(names))?;
        folder.empty()?;
        folder.keep_out_of_git()?;
        Ok(folder)
    }

    /// Takes the folder, creates it if needed, and keeps what is there. The next run removes the added files
    /// with the others.
    ///
    /// # Errors
    /// If it can't be written, or a run uses it, or a file of somebody else has one of these names.
    pub(crate) async fn join(path: &Path, names: &[&str]) -> Result<Self> {
        let new = Missing::on(path);
        let joined = Self::joined(&tidy(path), Some(names)).await;
        joined.inspect_err(|_| new.remove())
    }

    /// The same for the folder of a saved run: new reports replace those that are there.
    pub(crate) async fn of_saved_run(path: &Path) -> Result<Self> {
        Self::joined(&tidy(path), None).await
    }

    async fn joined(path: &Path, names: Option<&[&str]>) -> Result<Self> {
        let folder = make(path)?;
        let is_new = folder.names().with_context(|| unusable(path))?.is_empty();
        let tracked = tracked(path, &folder).await?;
        let folder = Self::open(path, folder, tracked, names)?;
        if is_new {
            folder.keep_out_of_git()?;
        }
        Ok(folder)
    }

    fn open(path: &Path, folder: Folder, tracked: Vec<String>, names: Option<&[&str]>) -> Result<Self> {
        let shown = path.join(MANIFEST);
        let is_new = !folder.has(Path::new(MANIFEST));
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
        let mut earlier = String::new();
        (&manifest).read_to_string(&mut earlier).with_context(|| unusable(path))?;
        let earlier = earlier.lines().map(str::to_owned).collect();
        let (path, written, of_saved_run) = (path.to_owned(), Vec::new(), names.is_none());
        let open = Self { path, folder, earlier, written, tracked, of_saved_run, manifest };
        if let Some(name) = names.unwrap_or_default().iter().find(|name| open.is_foreign(name)) {
            if is_new {
                // While it is locked: nobody else can have begun with it.
                let _ = open.folder.remove(MANIFEST);
            }
            bail!(
                "{} is there, and no run of Portcullis wrote it: a run does not replace files of others; move it away, or name another folder with --out",
                open.path.join(name).display()
            );
        }
        Ok(open)
    }

    /// Whether a file of this name is there that neither this run nor an earlier one wrote.
    fn is_foreign(&self, name: &str) -> bool {
        !self.of_saved_run && !self.is_ours(name) && self.folder.has_file(name)
    }

    fn is_ours(&self, name: &str) -> bool {
        self.earlier.iter().chain(&self.written).any(|ours| ours == name)
    }

    /// Removes what an earlier run wrote.
    fn empty(&mut self) -> Result<()> {
        // The last files first: an old run.json and its reports must be gone as soon as this run has started.
        for name in self.earlier.drain(..).rev().filter(|name| is_inside(name) && *name != GITIGNORE) {
            self.folder.remove(&name).with_context(|| {
                format!("{} is from an earlier run and can't be removed", self.path.join(&name).display())
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
        let why_not = match () {
            () if self.tracked.iter().any(|tracked| tracked == name) => Some("git tracks it"),
            () if self.is_foreign(name) => Some("it is there, and no run of Portcullis wrote it"),
            () => None,
        };
        let written = match why_not {
            Some(why) => Err(io::Error::other(why)),
            None => {
                self.remember(name)?;
                self.folder.write(name, fill)
            }
        };
        written.map_err(|error| unwritable(&self.path.join(name), error))
    }

    /// Removes these files of the folder, if a run wrote them.
    pub(crate) fn withdraw<'n>(&self, names: impl IntoIterator<Item = &'n str>) {
        let ours = names.into_iter().filter(|name| self.of_saved_run || self.is_ours(name));
        let ours = ours.filter(|name| !self.tracked.iter().any(|tracked| tracked == name));
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

/// Folders that are not there yet.
struct Missing(Vec<PathBuf>);

impl Missing {
    /// The missing ones on this path, the inner ones first.
    fn on(path: &Path) -> Self {
        let path = normalise(&std::path::absolute(path).unwrap_or_default());
        let missing = |folder: &&Path| fs::symlink_metadata(folder).is_err();
        Self(path.ancestors().take_while(missing).map(Path::to_owned).collect())
    }

    /// Removes those that have come since, and are empty.
    fn remove(&self) {
        let _ = self.0.iter().try_for_each(fs::remove_dir);
    }
}

/// What git tracks in a folder, except the file by which it ignores the rest.
async fn tracked(path: &Path, folder: &Folder) -> Result<Vec<String>> {
    let mut tracked = match tracked_below(path).await {
        Some(tracked) => tracked,
        None if folder.names().with_context(|| unusable(path))?.is_empty() => Vec::new(),
        None => bail!(
            "git does not say which files of {} it tracks: see what `git ls-files` says there; or remove the folder, or name one outside the checkout with --out",
            path.display()
        ),
    };
    tracked.retain(|name| name != GITIGNORE);
    Ok(tracked)
}

fn make(path: &Path) -> Result<Folder> {
    if is_of_git(path) {
        bail!(
            "the output folder {} is in a folder of git itself, where nobody else may write: name another one with --out",
            path.display()
        );
    }
    Folder::make(path).with_context(|| format!("the output folder {} can't be made", path.display()))
}

/// Whether git keeps its own files there: in `.git`, or in another folder of this form (gitrepository-layout).
fn is_of_git(path: &Path) -> bool {
    let path = normalise(&std::path::absolute(path).unwrap_or_default());
    let real = path.ancestors().find_map(|folder| folder.canonicalize().ok()).unwrap_or_default();
    let git = |folder: &Path| {
        let named = folder.file_name().is_some_and(|name| name.eq_ignore_ascii_case(".git"));
        named
            || (folder.join("HEAD").is_file()
                && ["objects", "refs"].iter().all(|part| folder.join(part).is_dir()))
    };
    path.ancestors().chain(real.ancestors()).any(git)
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
        let mut first = OutputFolder::take(&out, &[]).await.unwrap();
        first.write("reports/a/report.json", |file| file.write_all(b"{}")).unwrap();
        assert!(OutputFolder::take(&out, &[]).await.is_err(), "two runs share a folder");
        drop(first);
        fs::write(out.join("mine.txt"), "mine").unwrap();

        let second = OutputFolder::take(&out, &[]).await.unwrap();
        assert!(!out.join("reports").exists());
        assert!(second.path.join("mine.txt").exists());
    }

    #[tokio::test]
    async fn a_link_that_comes_during_a_run_is_not_followed() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(elsewhere.path().join("report.json"), "mine").unwrap();
        let mut run = OutputFolder::take(folder.path(), &[]).await.unwrap();
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
