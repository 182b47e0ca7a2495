//! Another start folder for a job: its scanner reads a file in the start folder, whatever its options
//! say.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::scan::config_file::FROM_BASE;
use crate::system::private;

/// Another folder to start in.
#[derive(Clone, Debug)]
pub enum StartDir {
    /// An empty folder.
    Nowhere,
    /// This folder, below the scratch folder of the run.
    Below(PathBuf),
    LinkFarm(LinkFarm),
}

impl StartDir {
    /// Prepares the folder in the scratch folder of the run, and returns its path.
    ///
    /// # Errors
    /// When a folder can't be read, or the scratch folder can't be written to.
    pub fn lay_out(&self, scratch: &Path) -> io::Result<PathBuf> {
        match self {
            Self::Nowhere => {
                let folder = scratch.join(FROM_BASE).join("nowhere");
                fs::create_dir_all(&folder)?;
                Ok(folder)
            }
            Self::Below(folder) => Ok(scratch.join(folder)),
            Self::LinkFarm(farm) => farm.lay_out(scratch),
        }
    }

    /// The files in it that differ.
    pub fn contents(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        let others = match self {
            Self::Nowhere | Self::Below(_) => None,
            Self::LinkFarm(farm) => Some(&farm.others),
        };
        others.into_iter().flatten().filter_map(|(path, other)| match other {
            Other::File(content) => Some((path.as_path(), content.as_slice())),
            Other::Nothing | Other::Link(_) => None,
        })
    }
}

/// A folder of links to everything in the repository, except for a few files. It is prepared right
/// before its job starts, so that it includes what earlier gates made.
#[derive(Clone, Debug)]
pub struct LinkFarm {
    /// The folder that it replaces: absolute.
    of: PathBuf,
    /// Where it is prepared, below the scratch folder of the run.
    at: PathBuf,
    /// Where the job is started, below both.
    start: PathBuf,
    /// What differs in it: paths below both.
    others: BTreeMap<PathBuf, Other>,
}

/// What is in a place instead of a link.
#[derive(Clone, Debug)]
enum Other {
    Nothing,
    File(Vec<u8>),
    Link(PathBuf),
}

impl LinkFarm {
    /// `cwd` is `of`, or below it; `at` is a path below the scratch folder.
    pub fn new(of: &Path, cwd: &Path, at: PathBuf) -> Self {
        let start = cwd.strip_prefix(of).unwrap_or(Path::new("")).to_owned();
        Self { of: of.to_owned(), at, start, others: BTreeMap::new() }
    }

    /// Puts this content, or nothing, in the place of a file. A path outside the folder is ignored.
    pub fn put(&mut self, path: &Path, content: Option<Vec<u8>>) {
        self.set(path, content.map_or(Other::Nothing, Other::File));
    }

    /// Puts a link to `target` in this place.
    pub fn link(&mut self, path: &Path, target: PathBuf) {
        self.set(path, Other::Link(target));
    }

    fn set(&mut self, path: &Path, other: Other) {
        if let Ok(below) = path.strip_prefix(&self.of) {
            self.others.insert(below.to_owned(), other);
        }
    }

    fn lay_out(&self, scratch: &Path) -> io::Result<PathBuf> {
        let at = scratch.join(&self.at);
        if at.exists() {
            fs::remove_dir_all(&at)?;
        }
        self.open(Path::new(""), &at)?;
        self.open(&self.start, &at)?;
        for (path, other) in &self.others {
            self.open(path.parent().unwrap_or(Path::new("")), &at)?;
            let place = at.join(path);
            if fs::symlink_metadata(&place).is_ok() {
                fs::remove_file(&place)?;
            }
            match other {
                Other::Nothing => {}
                Other::File(content) => private::write(&place, content)?,
                Other::Link(target) => symlink(target, &place)?,
            }
        }
        Ok(at.join(&self.start))
    }

    /// Turns a folder, and the folders above it, from links into folders of links.
    fn open(&self, folder: &Path, at: &Path) -> io::Result<()> {
        if let Some(above) = folder.parent() {
            self.open(above, at)?;
        }
        let (real, place) = (self.of.join(folder), at.join(folder));
        match fs::symlink_metadata(&place) {
            Ok(meta) if meta.is_dir() => return Ok(()),
            Ok(_) => fs::remove_file(&place)?,
            Err(_) => {}
        }
        fs::create_dir_all(&place)?;
        if real.is_dir() {
            for entry in fs::read_dir(&real)? {
                let entry = entry?;
                symlink(entry.path(), place.join(entry.file_name()))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_the_folder_holds_except_for_the_named_files() {
        let top = tempfile::tempdir().unwrap();
        let (of, scratch) = (top.path().join("repo"), top.path().join("scratch"));
        fs::create_dir_all(of.join("a/b/deep")).unwrap();
        for name in ["one", "a/two", "a/b/three", "a/b/deep/four"] {
            fs::write(of.join(name), "mine").unwrap();
        }
        let mut farm = LinkFarm::new(&of, &of.join("a/b"), "farm".into());
        farm.put(&of.join("one"), None);
        farm.put(&of.join("a/b/three"), Some(b"theirs".to_vec()));
        farm.put(&of.join("gone/five"), Some(b"theirs".to_vec()));
        farm.put(Path::new("/elsewhere"), None);
        farm.link(&of.join("a/b/door"), of.join("a/b/deep"));
        // The second time, new files are included and nothing old is left over.
        for round in ["mine", "again"] {
            fs::write(of.join("a/b/deep/four"), round).unwrap();
            fs::write(of.join("a").join(round), round).unwrap();
            let start = farm.lay_out(&scratch).unwrap();
            assert_eq!(start, scratch.join("farm/a/b"));
            assert!(!start.join("../../one").exists());
            for (name, content) in [
                ("three", "theirs"),
                ("deep/four", round),
                ("../two", "mine"),
                ("../../gone/five", "theirs"),
                (&format!("../{round}"), round),
                ("door/../three", "mine"),
            ] {
                assert_eq!(fs::read_to_string(start.join(name)).unwrap(), content, "{name}");
            }
        }
        assert_eq!(fs::read_to_string(of.join("a/b/three")).unwrap(), "mine");
    }

    #[test]
    fn a_linked_folder_is_opened_like_any_other() {
        let top = tempfile::tempdir().unwrap();
        let of = top.path().join("repo");
        fs::create_dir_all(of.join("real")).unwrap();
        fs::write(of.join("real/file"), "mine").unwrap();
        symlink("real", of.join("link")).unwrap();
        let mut farm = LinkFarm::new(&of, &of.join("link"), "farm".into());
        farm.put(&of.join("link/file"), None);
        let start = farm.lay_out(top.path()).unwrap();
        assert!(!start.join("file").exists() && of.join("real/file").exists());
    }
}
