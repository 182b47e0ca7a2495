//! The output folder. It has only whole files, and no files of an earlier run.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use tempfile::NamedTempFile;

use crate::redact::Scrubber;

/// Lists the files that Portcullis wrote, so that the next run removes these and nothing else: other tools
/// may use the same folder. It only grows during a run, so that every file is listed even if the run is
/// killed.
const MANIFEST: &str = ".portcullis-files";

/// The errors of a full file system: no space at all, none for this user, none in one file.
const FULL: [io::ErrorKind; 3] =
    [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];

/// A folder that only this run writes to, until this is dropped.
#[derive(Debug)]
pub(crate) struct OutputFolder {
    path: PathBuf,
    written: Vec<String>,
    /// Locked, so that a second run can't mix its files with ours.
    manifest: fs::File,
}

impl OutputFolder {
    /// Takes the folder, creates it if needed, and removes what an earlier run wrote there.
    ///
    /// # Errors
    /// If it can't be written, or another run uses it.
    pub(crate) fn take(path: &Path) -> Result<Self> {
        let new = !path.exists();
        let mut folder = Self::join(path)?;
        folder.empty()?;
        if new {
            // Reports do not belong in a commit. In a folder that existed before, the user decides.
            folder.write(".gitignore", |file| file.write_all(b"*\n"))?;
        }
        Ok(folder)
    }

    /// Takes the folder, creates it if needed, and keeps what is there. The next run removes the added files
    /// with the others.
    ///
    /// # Errors
    /// If it can't be written, or a run uses it.
    pub(crate) fn join(path: &Path) -> Result<Self> {
        fs::create_dir_all(path)
            .with_context(|| format!("the output folder {} can't be made", path.display()))?;
        let manifest = path.join(MANIFEST);
        let lock = fs::OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&manifest)
            .with_context(|| format!("the output folder {} can't be written", path.display()))?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            bail!(
                "another run is writing to {}; wait for it, or give this one its own --out",
                path.display()
            );
        }
        Ok(Self { path: path.to_owned(), written: Vec::new(), manifest: lock })
    }

    /// Removes what an earlier run wrote.
    fn empty(&mut self) -> Result<()> {
        let path = &self.path;
        let manifest = path.join(MANIFEST);
        let earlier = fs::read_to_string(&manifest).unwrap_or_default();
        // The last files first: an old run.json and its reports must be gone as soon as this run has started.
        for name in earlier.lines().rev().filter(|name| is_inside(name)) {
            let file = path.join(name);
            if let Err(error) = fs::remove_file(&file)
                && error.kind() != io::ErrorKind::NotFound
            {
                bail!("{} is from an earlier run and can't be removed: {error}", file.display());
            }
            remove_empty_folders(path, &file);
        }
        self.manifest.set_len(0).with_context(|| format!("{} can't be written", manifest.display()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one file below the folder, whole or not at all.
    pub(crate) fn write(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<()> {
        let target = self.path.join(name);
        self.remember(name)?;
        write_whole(&target, fill).map_err(|error| {
            let full = FULL.contains(&error.kind());
            let help = if full { " (free some room there, or name another folder with --out)" } else { "" };
            anyhow::Error::new(error).context(format!("{} can't be written{help}", target.display()))
        })
    }

    /// Removes these files of the folder, if they exist.
    pub(crate) fn withdraw<'n>(&self, names: impl IntoIterator<Item = &'n str>) {
        for name in names {
            // If it can't be removed, it could not be written either. The user sees that first error.
            let _ = fs::remove_file(self.path.join(name));
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
            let file = fs::File::open(&path).with_context(|| format!("{} was lost", path.display()))?;
            if scrubber.finds(file)? {
                fs::remove_file(&path)
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
        noted.with_context(|| format!("{} can't be written", self.path.join(MANIFEST).display()))
    }
}

/// Writes a file and names it when it is complete: a reader sees the whole file or no file.
pub(crate) fn write_whole(
    target: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut unnamed = Unnamed::new(folder)?;
    let mut writer = BufWriter::with_capacity(1 << 18, unnamed.file());
    fill(&mut writer)?;
    writer.flush()?;
    drop(writer);
    unnamed.give_name(target)
}

/// A file that is being written.
enum Unnamed {
    /// It has no name, so a killed run leaves nothing of it.
    Nameless(fs::File),
    /// For file systems that can't do that.
    Temporary(NamedTempFile),
}

impl Unnamed {
    fn new(folder: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{Mode, OFlags, open};
            let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
            // It gets its name through /proc.
            if Path::new("/proc/self/fd").exists()
                && let Ok(file) = open(folder, flags, Mode::from_raw_mode(0o644))
            {
                return Ok(Self::Nameless(file.into()));
            }
        }
        NamedTempFile::new_in(folder).map(Unnamed::Temporary)
    }

    fn file(&mut self) -> &mut fs::File {
        match self {
            Self::Nameless(file) => file,
            Self::Temporary(file) => file.as_file_mut(),
        }
    }

    fn give_name(self, target: &Path) -> io::Result<()> {
        match self {
            Self::Nameless(file) => match name(&file, target) {
                // Unlike a rename, a link does not replace an existing file.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let beside = beside(target);
                    name(&file, &beside)?;
                    fs::rename(&beside, target).inspect_err(|_| drop(fs::remove_file(&beside)))
                }
                named => named,
            },
            Self::Temporary(file) => {
                // The usual mode of a new file. Only the owner may read a temporary one.
                use std::os::unix::fs::PermissionsExt;
                file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
                file.persist(target).map(drop).map_err(|error| error.error)
            }
        }
    }
}

/// Gives an open file without a name this name.
fn name(file: &fs::File, target: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    use std::os::fd::AsRawFd;
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, open, CWD, target, AtFlags::SYMLINK_FOLLOW)?)
}

/// A name in the same folder that no other process uses at the same time.
fn beside(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    target.with_file_name(name)
}

/// Protects against a forged manifest that names files outside the folder.
fn is_inside(name: &str) -> bool {
    let path = Path::new(name);
    !name.is_empty() && path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

fn remove_empty_folders(top: &Path, file: &Path) {
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != top && folder.starts_with(top)) {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_run_removes_the_files_of_the_last_one_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let mut first = OutputFolder::take(&out).unwrap();
        first.write("reports/a/report.json", |file| file.write_all(b"{}")).unwrap();
        assert!(OutputFolder::take(&out).is_err(), "two runs share a folder");
        drop(first);
        fs::write(out.join("mine.txt"), "mine").unwrap();

        let second = OutputFolder::take(&out).unwrap();
        assert!(!out.join("reports").exists());
        assert!(second.path().join("mine.txt").exists());
    }

    #[test]
    fn a_failed_write_leaves_no_half_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("run.json");
        let failed = write_whole(&target, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
