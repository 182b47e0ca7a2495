//! A folder that is held open. Each path below it is found from there, and no link is followed on the way:
//! nothing outside the folder is read, written or removed, whatever somebody puts into it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, mkdirat, openat, statat, unlinkat};

use crate::system::whole_file::write_whole_in;
use crate::text::paths::normalise;

const READ: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder(OwnedFd);

impl Folder {
    /// Opens a folder by its path, and creates it if needed. Inside a checkout no part of the path may be a
    /// link, and nowhere the last part: a commit can bring a link along.
    pub(crate) fn make(path: &Path) -> io::Result<Self> {
        let path = normalise(&std::path::absolute(path)?);
        let checkout = path.ancestors().find(|folder| folder.join(".git").exists());
        let start = checkout.or(path.parent()).unwrap_or(&path);
        std::fs::create_dir_all(start)?;
        let opened = openat(CWD, start, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let below = path.strip_prefix(start).unwrap_or(Path::new(""));
        Self(opened).descend(below, true)
    }

    /// The folder at this path below. An error names the part that can't be entered.
    fn descend(self, below: &Path, create: bool) -> io::Result<Self> {
        let mut at = PathBuf::new();
        below.components().try_fold(self, |folder, part| {
            at.push(part);
            let Component::Normal(name) = part else {
                return Err(io::Error::other(format!("{} is not below it", at.display())));
            };
            folder.enter(name, create).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => error,
                kind => io::Error::new(kind, format!("{}: {error}", at.display())),
            })
        })
    }

    fn enter(&self, name: &OsStr, create: bool) -> io::Result<Self> {
        if create {
            match mkdirat(&self.0, name, Mode::from_raw_mode(0o755)) {
                Err(error) if error != rustix::io::Errno::EXIST => return Err(error.into()),
                _ => {}
            }
        }
        match openat(&self.0, name, READ | OFlags::DIRECTORY, Mode::empty()) {
            Ok(folder) => Ok(Self(folder)),
            Err(error) => Err(match self.kind_of(name) {
                Ok(Some(kind)) if strange(kind).is_some() => {
                    io::Error::other(format!("it is {}", strange(kind).unwrap_or_default()))
                }
                _ => error.into(),
            }),
        }
    }

    /// The folder that holds a path below, and the last part of the path.
    fn parent_of<'n>(&self, name: &'n str, create: bool) -> io::Result<(Self, &'n OsStr)> {
        let path = Path::new(name);
        let (Some(parent), Some(file)) = (path.parent(), path.file_name()) else {
            return Err(io::Error::other("it names no file"));
        };
        Ok((Self(self.0.try_clone()?).descend(parent, create)?, file))
    }

    fn kind_of(&self, name: &OsStr) -> io::Result<Option<FileType>> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a file below. It is not waited for, as a FIFO would have to be.
    pub(crate) fn open(&self, name: &str) -> io::Result<File> {
        self.open_with(name, READ)
    }

    /// Opens a file below with these flags. Only this user may read one that is new.
    pub(crate) fn open_with(&self, name: &str, flags: OFlags) -> io::Result<File> {
        let (folder, file) = self.parent_of(name, false)?;
        let regular = |kind: FileType| match kind {
            FileType::RegularFile => Ok(()),
            other => Err(io::Error::other(format!("it is {}", strange(other).unwrap_or("a folder")))),
        };
        // Opening a device may already do something.
        folder.kind_of(file)?.map_or(Ok(()), regular)?;
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = openat(&folder.0, file, flags, Mode::from_raw_mode(0o600))?;
        regular(FileType::from_raw_mode(rustix::fs::fstat(&opened)?.st_mode))?;
        Ok(opened.into())
    }

    /// Writes a file below, whole or not at all. It replaces a file, and nothing else.
    pub(crate) fn write(
        &self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let (folder, file) = self.parent_of(name, true)?;
        if let Some(kind) = folder.kind_of(file)?.and_then(strange) {
            return Err(io::Error::other(format!("it is {kind}")));
        }
        write_whole_in(&folder.0, file, fill)
    }

    /// Removes a file below, and the folders that are empty without it. A file that is not there is fine.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        let removed = self.parent_of(name, false).and_then(|(folder, file)| {
            if let Some(kind) = folder.kind_of(file)?.and_then(strange) {
                return Err(io::Error::other(format!("it is {kind}")));
            }
            Ok(unlinkat(&folder.0, file, AtFlags::empty())?)
        });
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut folders = Path::new(name).ancestors().skip(1).filter_map(Path::to_str);
        let emptied = |name: &str| -> io::Result<()> {
            let (folder, last) = self.parent_of(name, false)?;
            Ok(unlinkat(&folder.0, last, AtFlags::REMOVEDIR)?)
        };
        // The first that is not empty ends it, and the folder itself stays.
        let _ = folders.try_for_each(emptied);
        Ok(())
    }

    /// The names in it.
    pub(crate) fn names(&self) -> io::Result<Vec<std::ffi::OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Whether a file or folder of this path is below.
    pub(crate) fn has(&self, name: &Path) -> bool {
        let found =
            name.to_str().map(|name| self.parent_of(name, false).and_then(|(at, file)| at.kind_of(file)));
        matches!(found, Some(Ok(Some(_))))
    }

    /// Whether a file of this path is below.
    pub(crate) fn has_file(&self, name: &str) -> bool {
        let kind = self.parent_of(name, false).and_then(|(at, file)| at.kind_of(file));
        matches!(kind, Ok(Some(FileType::RegularFile)))
    }

    /// The first entry at any depth that is neither a file nor a folder, and what it is.
    pub(crate) fn stranger(&self) -> io::Result<Option<(PathBuf, &'static str)>> {
        for name in self.names()? {
            let kind = self.kind_of(&name)?;
            if let Some(what) = kind.and_then(strange) {
                return Ok(Some((name.into(), what)));
            }
            if kind == Some(FileType::Directory)
                && let Some((path, what)) = self.enter(&name, false)?.stranger()?
            {
                return Ok(Some((Path::new(&name).join(path), what)));
            }
        }
        Ok(None)
    }
}

/// What an entry is, if it is neither a file nor a folder.
fn strange(kind: FileType) -> Option<&'static str> {
    match kind {
        FileType::RegularFile | FileType::Directory => None,
        FileType::Symlink => Some("a link"),
        FileType::Fifo => Some("a FIFO"),
        FileType::Socket => Some("a socket"),
        _ => Some("a device"),
    }
}
