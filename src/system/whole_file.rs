//! Writes a file and names it when it is complete: a reader sees the whole file or no file.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat, renameat, unlinkat};

/// The usual mode of a new file; the umask takes its part of it.
const MODE: u32 = 0o644;

/// Writes the file at this path, whole or not at all. The folder is created if needed.
pub(crate) fn write_whole(
    target: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let name = target.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
    let open = openat(CWD, folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    write_whole_in(open, name, fill)
}

/// The same for a file of an open folder. What has its name is replaced, never followed.
pub(crate) fn write_whole_in(
    folder: impl AsFd,
    name: &OsStr,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut unnamed = Unnamed::new(folder.as_fd(), name)?;
    let mut writer = BufWriter::with_capacity(1 << 18, &mut unnamed.file);
    fill(&mut writer)?;
    writer.flush()?;
    drop(writer);
    unnamed.give_name(name)
}

/// A file that is being written.
struct Unnamed<'f> {
    folder: BorrowedFd<'f>,
    file: File,
    /// The name that it has for now: on file systems where it can't be without one, and while it replaces
    /// another file. A file without a name leaves nothing of it if the run is killed.
    beside: Option<OsString>,
}

impl<'f> Unnamed<'f> {
    fn new(folder: BorrowedFd<'f>, name: &OsStr) -> io::Result<Self> {
        let mode = Mode::from_raw_mode(MODE);
        #[cfg(target_os = "linux")]
        {
            let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
            // It gets its name through /proc.
            if Path::new("/proc/self/fd").exists()
                && let Ok(file) = openat(folder, ".", flags, mode)
            {
                return Ok(Self { folder, file: file.into(), beside: None });
            }
        }
        let beside = beside(name);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(folder, &beside, flags, mode)?;
        Ok(Self { folder, file: file.into(), beside: Some(beside) })
    }

    fn give_name(mut self, name: &OsStr) -> io::Result<()> {
        if self.beside.is_none() {
            match self.link(name) {
                // Unlike a rename, a link does not replace an existing file.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let beside = beside(name);
                    self.link(&beside)?;
                    self.beside = Some(beside);
                }
                named => return named,
            }
        }
        if let Some(beside) = &self.beside {
            renameat(self.folder, beside, self.folder, name)?;
            self.beside = None;
        }
        Ok(())
    }

    /// Gives the open file this name.
    fn link(&self, name: &OsStr) -> io::Result<()> {
        use std::os::fd::AsRawFd;
        let open = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        Ok(linkat(CWD, open, self.folder, name, AtFlags::SYMLINK_FOLLOW)?)
    }
}

impl Drop for Unnamed<'_> {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            let _ = unlinkat(self.folder, beside, AtFlags::empty());
        }
    }
}

/// A name in the same folder that no other file has, not even one that a killed run left: in containers, all
/// have the same process id.
fn beside(name: &OsStr) -> OsString {
    let mut beside = OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}-{}", std::process::id(), jiff::Timestamp::now().as_nanosecond()));
    beside
}

#[cfg(test)]
mod tests {
    use super::*;

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
