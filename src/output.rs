//! The output folder: whole files or none, and nothing of an earlier run left behind.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use tempfile::NamedTempFile;

use crate::redact::Scrubber;

/// Lists the files that Portcullis wrote, so that the next run removes these and nothing else:
/// the folder may be one that the user shares with other tools.
const MANIFEST: &str = ".portcullis-files";

/// A folder that is this run's to write to, until it is dropped.
#[derive(Debug)]
pub struct OutputFolder {
    path: PathBuf,
    written: Vec<String>,
    /// Locked: a second run in the same folder would mix its files with ours.
    _lock: fs::File,
}

impl OutputFolder {
    /// Takes the folder, making it where needed, and removes what an earlier run wrote there.
    ///
    /// # Errors
    /// When it can't be written, or another run has it.
    pub fn take(path: &Path) -> Result<OutputFolder> {
        let new = !path.exists();
        fs::create_dir_all(path)
            .with_context(|| format!("the output folder {} can't be made", path.display()))?;
        let manifest = path.join(MANIFEST);
        let lock = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&manifest)
            .with_context(|| format!("the output folder {} can't be written", path.display()))?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            bail!(
                "another run is writing to {}; wait for it, or give this one its own --out",
                path.display()
            );
        }
        let earlier = fs::read_to_string(&manifest).unwrap_or_default();
        for name in earlier.lines().filter(|name| is_inside(name)) {
            let file = path.join(name);
            if let Err(error) = fs::remove_file(&file)
                && error.kind() != io::ErrorKind::NotFound
            {
                bail!("{} is from an earlier run and can't be removed: {error}", file.display());
            }
            remove_empty_folders(path, &file);
        }
        let mut folder = OutputFolder { path: path.to_owned(), written: Vec::new(), _lock: lock };
        if new {
            // Reports do not belong into a commit; in a folder that was there before, that is
            // the user's to say.
            folder.write(".gitignore", |file| file.write_all(b"*\n"))?;
        }
        Ok(folder)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one file below the folder, whole or not at all.
    pub fn write(&mut self, name: &str, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let target = self.path.join(name);
        self.remember(name)?;
        write_whole(&target, fill).with_context(|| format!("{} can't be written", target.display()))
    }

    /// Looks through everything that was written for known secrets. A file that holds one is
    /// removed.
    ///
    /// # Errors
    /// When there is one, or a file can't be read.
    pub fn search(&self, scrubber: &Scrubber) -> Result<()> {
        let mut found = Vec::new();
        for name in self.written.iter().map(String::as_str).chain([MANIFEST]) {
            let path = self.path.join(name);
            let file = fs::File::open(&path).with_context(|| format!("{} was lost", path.display()))?;
            if scrubber.finds(file)? {
                fs::remove_file(&path)
                    .with_context(|| format!("{} holds a secret and can't be removed", path.display()))?;
                found.push(name);
            }
        }
        if !found.is_empty() {
            bail!("a secret would have been published, so that {} was removed", found.join(", "));
        }
        Ok(())
    }

    /// Notes a file before it is written, so that a run that is killed leaves nothing unlisted.
    fn remember(&mut self, name: &str) -> Result<()> {
        self.written.push(name.to_owned());
        let manifest = self.path.join(MANIFEST);
        let list = self.written.join("\n") + "\n";
        // In place: the lock is on this very file.
        fs::write(&manifest, list).with_context(|| format!("{} can't be written", manifest.display()))
    }
}

/// Fills a temporary file beside `target` and renames it: a reader sees the whole file, or none.
pub fn write_whole(target: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut temporary = NamedTempFile::new_in(folder)?;
    let mut writer = BufWriter::with_capacity(1 << 18, temporary.as_file_mut());
    fill(&mut writer)?;
    writer.flush()?;
    drop(writer);
    // As any new file: the temporary one is for the owner alone.
    use std::os::unix::fs::PermissionsExt;
    temporary.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    temporary.persist(target).map_err(|error| error.error)?;
    Ok(())
}

/// Guards against a manifest that someone has written to remove other files.
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
