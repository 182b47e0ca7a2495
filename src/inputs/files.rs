//! The files of a repository, in little memory: 200,000 of them take about 25 MB.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::inputs::object_id::ObjectId;
use crate::inputs::stamp::Stamp;
use crate::model::input::{KindSet, Standing};

/// Sorted by path, byte by byte.
#[derive(Debug, Default)]
pub(crate) struct Files {
    names: Vec<u8>,
    list: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    start: usize,
    length: usize,
    facts: FileFacts,
}

/// What is known of a file besides its path.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FileFacts {
    /// What git's index says of it, if it is tracked.
    pub(super) stamp: Stamp,
    pub(super) object: Option<ObjectId>,
    pub(super) kinds: KindSet,
    pub(super) standing: Standing,
    pub(super) link: bool,
    pub(super) executable: bool,
    /// In a submodule, or in another repository inside this one.
    pub(super) nested: bool,
    /// Installed, or copied from somebody else: of no kind.
    pub(super) third_party: bool,
}

/// What the file system says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileState {
    pub(crate) size: u64,
    /// Its content's name in git, if the stamp of git's index proves that the work tree has it: no content is read. `None`:
    /// untracked, or perhaps changed. A filter (line ends, LFS) may stand between the object and the bytes in the work tree.
    pub(crate) object: Option<ObjectId>,
}

/// One file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File<'a> {
    place: usize,
    path: &'a [u8],
    facts: &'a FileFacts,
}

impl Files {
    pub(super) fn push(&mut self, path: &[u8], facts: FileFacts) {
        let start = self.names.len();
        self.names.extend_from_slice(path);
        self.list.push(Entry { start, length: path.len(), facts });
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = File<'_>> {
        (0..self.list.len()).filter_map(|place| self.at(place))
    }

    pub(super) fn at(&self, place: usize) -> Option<File<'_>> {
        let entry = self.list.get(place)?;
        Some(File { place, path: self.path_of(entry), facts: &entry.facts })
    }

    fn path_of(&self, entry: &Entry) -> &[u8] {
        &self.names[entry.start..entry.start + entry.length]
    }

    /// The file at a path from the top. A name that is not UTF-8 is found as it is shown, if no other is shown so.
    pub(crate) fn get(&self, path: &str) -> Option<File<'_>> {
        match self.list.binary_search_by(|entry| self.path_of(entry).cmp(path.as_bytes())) {
            Ok(place) => self.at(place),
            Err(_) if !path.contains(char::REPLACEMENT_CHARACTER) => None,
            Err(_) => {
                let mut shown = self.iter().filter(|file| file.is_lossy() && file.path() == path);
                shown.next().filter(|_| shown.next().is_none())
            }
        }
    }

    /// The files below a folder, at any depth. `.` is the top.
    pub(crate) fn below(&self, folder: &str) -> impl Iterator<Item = File<'_>> {
        let prefix = match folder {
            "" | "." => String::new(),
            folder => format!("{folder}/"),
        };
        let first = self.list.partition_point(|entry| self.path_of(entry) < prefix.as_bytes());
        let rest = (first..self.list.len()).filter_map(|place| self.at(place));
        rest.take_while(move |file| file.path.starts_with(prefix.as_bytes()))
    }

    pub(super) fn facts_mut(&mut self, place: usize) -> Option<&mut FileFacts> {
        self.list.get_mut(place).map(|entry| &mut entry.facts)
    }
}

impl<'a> File<'a> {
    /// From the top of the repository. What is not UTF-8 is replaced: see [`Self::is_lossy`].
    pub(crate) fn path(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.path)
    }

    /// From the top of the repository, as it is on disk.
    pub(crate) fn os_path(&self) -> &'a Path {
        Path::new(OsStr::from_bytes(self.path))
    }

    /// The folder that it lies in; `.` is the top.
    pub(crate) fn folder(&self) -> Cow<'a, str> {
        match self.path.iter().rposition(|byte| *byte == b'/') {
            Some(end) => String::from_utf8_lossy(&self.path[..end]),
            None => Cow::Borrowed("."),
        }
    }

    pub(crate) fn name(&self) -> Cow<'a, str> {
        let start = self.path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        String::from_utf8_lossy(&self.path[start..])
    }

    /// Whether [`Self::path`] is not its exact name.
    pub(crate) fn is_lossy(&self) -> bool {
        std::str::from_utf8(self.path).is_err()
    }

    pub(crate) fn kinds(&self) -> KindSet {
        self.facts.kinds
    }

    pub(crate) fn standing(&self) -> Standing {
        self.facts.standing
    }

    pub(crate) fn is_link(&self) -> bool {
        self.facts.link
    }

    /// Whether it is in a submodule, or in another repository inside this one.
    pub(crate) fn is_nested(&self) -> bool {
        self.facts.nested
    }

    pub(super) fn place(&self) -> usize {
        self.place
    }

    pub(super) fn is_third_party(&self) -> bool {
        self.facts.third_party
    }

    pub(super) fn is_executable(&self) -> bool {
        self.facts.executable
    }

    /// Its state in the work tree now; `None`: it is no longer there.
    pub(super) fn state(&self, top: &Path) -> Option<FileState> {
        let meta = top.join(self.os_path()).symlink_metadata().ok()?;
        let same = self.facts.stamp.proves(Stamp::of(&meta)) && meta.is_symlink() == self.facts.link;
        Some(FileState { size: meta.len(), object: self.facts.object.filter(|_| same) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_utf8_is_found_as_it_is_shown() {
        let mut sorted = Files::default();
        for path in [&b"a\xe9.yaml"[..], b"b\xe8", b"b\xe9"] {
            sorted.push(path, FileFacts::default());
        }
        assert!(sorted.get("a\u{fffd}.yaml").is_some());
        // Nobody knows which.
        assert!(sorted.get("b\u{fffd}").is_none());
        assert!(sorted.get("c\u{fffd}").is_none());
    }

    #[test]
    fn files_are_found_by_path_and_by_folder() {
        let mut sorted = Files::default();
        // Byte by byte: `.` is before `/`.
        for path in ["a", "b.txt", "b/c", "b/d/e", "bc"] {
            sorted.push(path.as_bytes(), FileFacts::default());
        }
        let below =
            |folder: &str| sorted.below(folder).map(|file| file.path().into_owned()).collect::<Vec<_>>();
        assert_eq!(below("b"), ["b/c", "b/d/e"]);
        assert_eq!(below("b/d"), ["b/d/e"]);
        assert_eq!(below(".").len(), 5);
        assert_eq!(below("a"), [""; 0]);
        let file = sorted.get("b/d/e").unwrap();
        assert_eq!((&*file.folder(), &*file.name()), ("b/d", "e"));
        assert_eq!(sorted.get("a").unwrap().folder(), ".");
        assert!(sorted.get("b").is_none());
    }
}
