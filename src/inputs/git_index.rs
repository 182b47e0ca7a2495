//! What git's index says: each tracked file with its object, and the stamp by which git knows that the file in the work
//! tree is still that object.
//!
//! Source: `git ls-files --stage --debug -z` of git 2.47 (`builtin/ls-files.c`, `show_ce` and `print_debug`):
//! `mode object stage TAB path NUL`, then five lines with the stamp. A line that is not understood is no stamp: then the
//! object is not trusted to be what lies in the work tree.

use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::inputs::object_id::ObjectId;
use crate::inputs::stamp::Stamp;
use crate::system::git::{GIT_LIMIT, git_folder};
use crate::system::git_command::git_in_pieces;

/// Files that git knows, sorted by path.
#[derive(Debug, Default)]
pub(super) struct Index {
    names: Vec<u8>,
    entries: Vec<IndexEntry>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct IndexEntry {
    start: usize,
    length: usize,
    pub(super) object: Option<ObjectId>,
    pub(super) stamp: Stamp,
    pub(super) is: Mode,
    /// Left out of the work tree (sparse checkout).
    pub(super) skipped: bool,
}

/// What an entry of the index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    File,
    /// A file that may be run.
    Program,
    Link,
    Submodule,
}

/// The longest line of the answer. A path has 4,096 bytes at the most (PATH_MAX).
const LONGEST: usize = 1 << 16;

impl Index {
    /// Asks git; `None` if it does not answer, or not as expected.
    pub(super) async fn read(top: &Path) -> Option<Self> {
        // What changed in the same tick of the clock as the index was written may differ from its stamp (Documentation/technical/racy-git).
        let written = git_folder(top).join("index").metadata().and_then(|meta| meta.modified());
        let written = written.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let written = written.and_then(|time| i64::try_from(time.as_nanos()).ok()).unwrap_or_default();
        let mut reader = Reader { written, ..Reader::default() };
        let args = ["ls-files", "--stage", "--debug", "-z"];
        git_in_pieces(&args, top, GIT_LIMIT, |piece| reader.take(piece)).await?;
        reader.end()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Path and entry at this place.
    pub(super) fn at(&self, place: usize) -> Option<(&[u8], &IndexEntry)> {
        let entry = self.entries.get(place)?;
        Some((self.names.get(entry.start..entry.start + entry.length)?, entry))
    }
}

/// Reads the answer as it comes.
#[derive(Default)]
struct Reader {
    index: Index,
    /// When the index was written, in nanoseconds of the Unix epoch.
    written: i64,
    /// The beginning of an entry that is not whole yet.
    rest: Vec<u8>,
}

impl Reader {
    /// Reads the whole entries; `false` if the answer is not understood.
    fn take(&mut self, piece: &[u8]) -> bool {
        self.rest.extend_from_slice(piece);
        let rest = std::mem::take(&mut self.rest);
        let mut left = &rest[..];
        while let Some((entry, after)) = whole(left) {
            if self.entry(entry).is_none() {
                return false;
            }
            left = after;
        }
        self.rest = left.to_vec();
        self.rest.len() <= LONGEST
    }

    fn end(self) -> Option<Index> {
        self.rest.is_empty().then_some(self.index)
    }

    fn entry(&mut self, Raw { head, path, stamp }: Raw) -> Option<()> {
        let mut words = std::str::from_utf8(head).ok()?.split(' ');
        let (mode, object, stage) = (words.next()?, words.next()?, words.next()?);
        let is = match mode {
            "100755" => Mode::Program,
            "120000" => Mode::Link,
            "160000" => Mode::Submodule,
            // A folder of a sparse index, which this command does not print.
            "040000" => return None,
            _ => Mode::File,
        };
        let (stamp, skipped) = read_stamp(stamp).unwrap_or_default();
        let settled = stage == "0" && stamp.modified < self.written;
        let object = ObjectId::read(object)?;
        let stamp = if settled { stamp } else { Stamp::default() };
        // A file in conflict is there once for each side.
        if self.index.entries.last().is_some_and(|last| self.index.names.get(last.start..) == Some(path)) {
            return Some(());
        }
        let start = self.index.names.len();
        self.index.names.extend_from_slice(path);
        let object = Some(object);
        self.index.entries.push(IndexEntry { start, length: path.len(), object, stamp, is, skipped });
        Some(())
    }
}

/// The parts of an entry.
struct Raw<'a> {
    head: &'a [u8],
    path: &'a [u8],
    stamp: &'a [u8],
}

/// The first entry, if it is whole, and what follows.
fn whole(text: &[u8]) -> Option<(Raw<'_>, &[u8])> {
    const LINES: usize = 5;
    let tab = memchr::memchr(b'\t', text)?;
    let (head, rest) = (text.get(..tab)?, text.get(tab + 1..)?);
    let nul = memchr::memchr(0, rest)?;
    let (path, rest) = (rest.get(..nul)?, rest.get(nul + 1..)?);
    let end = memchr::memchr_iter(b'\n', rest).nth(LINES - 1)? + 1;
    Some((Raw { head, path, stamp: &rest[..end] }, &rest[end..]))
}

/// The stamp, and whether the entry is left out of the work tree.
fn read_stamp(text: &[u8]) -> Option<(Stamp, bool)> {
    /// `CE_SKIP_WORKTREE` in git's `read-cache-ll.h`.
    const SKIPPED: u32 = 1 << 30;
    let mut words = std::str::from_utf8(text).ok()?.split_ascii_whitespace();
    let mut after = |name: &str| words.by_ref().skip_while(|word| *word != name).nth(1);
    let changed = nanoseconds(after("ctime:")?)?;
    let modified = nanoseconds(after("mtime:")?)?;
    let inode = after("ino:")?.parse().ok()?;
    let size = after("size:")?.parse().ok()?;
    let flags = u32::from_str_radix(after("flags:")?, 16).ok()?;
    Some((Stamp { changed, modified, inode, size }, flags & SKIPPED != 0))
}

/// `seconds:nanoseconds`.
fn nanoseconds(text: &str) -> Option<i64> {
    let (seconds, rest) = text.split_once(':')?;
    let seconds: i64 = seconds.parse().ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(rest.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As git 2.47 prints it.
    const ANSWER: &[u8] = b"100644 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 0\ta b\0  ctime: 7:5\n  mtime: 6:4\n  dev: 1\tino: 9\n  uid: 0\tgid: 0\n  size: 3\tflags: 0\n\
        100644 d00491fd7e5bb6fa28c517a0bb32b8b506539d4d 1\tb\0  ctime: 0:0\n  mtime: 0:0\n  dev: 0\tino: 0\n  uid: 0\tgid: 0\n  size: 0\tflags: 1000\n\
        100644 0cfbf08886fca9a91cb753ec8734c84fcbe52c9f 2\tb\0  ctime: 0:0\n  mtime: 0:0\n  dev: 0\tino: 0\n  uid: 0\tgid: 0\n  size: 0\tflags: 2000\n\
        160000 0cfbf08886fca9a91cb753ec8734c84fcbe52c9f 0\tsub\0  ctime: 1:0\n  mtime: 1:0\n  dev: 0\tino: 1\n  uid: 0\tgid: 0\n  size: 0\tflags: 40000000\n";

    fn read(answer: &[u8], in_pieces_of: usize) -> Option<Index> {
        let mut reader = Reader { written: 10_000_000_000, ..Reader::default() };
        answer.chunks(in_pieces_of).all(|piece| reader.take(piece)).then(|| reader.end())?
    }

    #[test]
    fn an_answer_is_read_in_pieces_of_any_size() {
        for size in [1, 7, 64, 10_000] {
            let index = read(ANSWER, size).unwrap();
            let all: Vec<_> = (0..index.len()).filter_map(|n| index.at(n)).collect();
            let paths: Vec<&[u8]> = all.iter().map(|(path, _)| *path).collect();
            assert_eq!(paths, [&b"a b"[..], b"b", b"sub"]);
            let first = all[0].1;
            assert_eq!(
                first.stamp,
                Stamp { changed: 7_000_000_005, modified: 6_000_000_004, inode: 9, size: 3 }
            );
            assert_eq!(first.object.unwrap().to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
            assert_eq!((all[2].1.is, all[2].1.skipped), (Mode::Submodule, true));
        }
    }

    #[test]
    fn what_is_not_settled_has_no_stamp() {
        let mut reader = Reader { written: 6_000_000_004, ..Reader::default() };
        assert!(reader.take(ANSWER));
        let index = reader.end().unwrap();
        // Written in the same tick as the index, and in conflict.
        assert_eq!(index.at(0).unwrap().1.stamp, Stamp::default());
        assert_eq!(index.at(1).unwrap().1.stamp, Stamp::default());
    }

    #[test]
    fn another_answer_is_no_answer() {
        assert!(read(&ANSWER[..ANSWER.len() - 1], 64).is_none());
        assert!(read(b"fatal: no\tindex\0\n\n\n\n\n", 64).is_none());
        assert!(read(&[b'x'; 1 << 18], 4096).is_none());
        assert_eq!(read(b"", 1).unwrap().len(), 0);
    }
}
