//! Lists what lies below a folder, in several threads. Links are listed, and never followed.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::model::input::{InputTrouble, Why};

/// More threads than that wait for each other.
const MOST_THREADS: usize = 8;

/// Files below a folder.
#[derive(Debug, Default)]
pub(super) struct Walked {
    names: Vec<u8>,
    list: Vec<Listed>,
    /// Folders that were not looked into, from the top.
    pub(super) left_out: Vec<Vec<u8>>,
    /// Folders with a git repository of their own: below the top, with something called `.git`.
    pub(super) repositories: Vec<Vec<u8>>,
    pub(super) troubles: Vec<InputTrouble>,
}

/// One file, link, or other thing that is not a folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    start: usize,
    length: usize,
    pub(super) is: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    File,
    Link,
    /// A pipe, a socket or a device.
    Other,
}

impl Walked {
    #[cfg(test)]
    fn len(&self) -> usize {
        self.list.len()
    }

    /// Path and file at this place.
    pub(super) fn at(&self, place: usize) -> Option<(&[u8], &Listed)> {
        let listed = self.list.get(place)?;
        Some((self.path(listed), listed))
    }

    fn path(&self, listed: &Listed) -> &[u8] {
        &self.names[listed.start..listed.start + listed.length]
    }

    /// Adds one file by its path from the top, if it is there.
    pub(super) fn look_at(&mut self, top: &Path, path: &[u8]) {
        if let Ok(meta) = fs::symlink_metadata(top.join(OsStr::from_bytes(path)))
            && !meta.is_dir()
        {
            self.push(path, b"", meta.file_type());
        }
    }

    fn push(&mut self, folder: &[u8], name: &[u8], kind: fs::FileType) {
        let start = self.names.len();
        self.names.extend_from_slice(folder);
        self.names.extend_from_slice(name);
        let length = self.names.len() - start;
        let is = if kind.is_symlink() {
            Shape::Link
        } else if kind.is_fifo() || kind.is_socket() || kind.is_block_device() || kind.is_char_device() {
            Shape::Other
        } else {
            Shape::File
        };
        self.list.push(Listed { start, length, is });
    }

    /// By path, byte by byte, as git sorts.
    pub(super) fn sort(&mut self) {
        let mut list = std::mem::take(&mut self.list);
        list.sort_unstable_by(|a, b| self.path(a).cmp(self.path(b)));
        self.list = list;
    }
}

/// Lists the files below these folders, which are named from the top (`` is the top itself) and end in `/`. One
/// sorted list for each thread.
pub(super) fn walk(top: &Path, folders: Vec<Vec<u8>>, leave_out: fn(&OsStr) -> bool) -> Vec<Walked> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let queue = Queue { state: Mutex::new(State { folders, busy: 0 }), changed: Condvar::new() };
    let work = || {
        let mut walked = Walked::default();
        while let Some(folder) = queue.next() {
            let below = walked.folder(top, &folder, leave_out);
            queue.done(below);
        }
        walked.sort();
        walked
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut lists = vec![work()];
        lists.extend(others.into_iter().filter_map(|other| other.join().ok()));
        lists
    })
}

impl Walked {
    /// Lists one folder, and returns those in it.
    fn folder(&mut self, top: &Path, folder: &[u8], leave_out: fn(&OsStr) -> bool) -> Vec<Vec<u8>> {
        let mut below = Vec::new();
        let entries = match fs::read_dir(top.join(OsStr::from_bytes(folder))) {
            Ok(entries) => entries,
            Err(error) => {
                self.fault(folder, b"", &error);
                return below;
            }
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.fault(folder, b"", &error);
                    break;
                }
            };
            let name = entry.file_name();
            if name == ".git" {
                if !folder.is_empty() {
                    self.repositories.push(folder.to_vec());
                }
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {
                    let path = [folder, name.as_bytes(), b"/"].concat();
                    if leave_out(&name) { &mut self.left_out } else { &mut below }.push(path);
                }
                Ok(kind) => self.push(folder, name.as_bytes(), kind),
                Err(error) => self.fault(folder, name.as_bytes(), &error),
            }
        }
        below
    }

    fn fault(&mut self, folder: &[u8], name: &[u8], error: &std::io::Error) {
        let path = [folder, name].concat();
        let path = match String::from_utf8_lossy(&path).trim_end_matches('/') {
            "" => ".".to_owned(),
            path => path.to_owned(),
        };
        let why = match error.kind() {
            ErrorKind::NotFound => Why::Vanished,
            _ => Why::Unreadable(error.to_string()),
        };
        self.troubles.push(InputTrouble { path, why });
    }
}

/// Folders that wait for a thread.
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    folders: Vec<Vec<u8>>,
    /// How many threads are in a folder, and may find more.
    busy: usize,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next folder; `None`: there will be no more.
    fn next(&self) -> Option<Vec<u8>> {
        let mut state = self.state();
        loop {
            if let Some(folder) = state.folders.pop() {
                state.busy += 1;
                return Some(folder);
            }
            if state.busy == 0 {
                self.changed.notify_all();
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self, below: Vec<Vec<u8>>) {
        let mut state = self.state();
        state.busy -= 1;
        let wake = !below.is_empty() || state.busy == 0;
        state.folders.extend(below);
        drop(state);
        if wake {
            self.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn paths(lists: &[Walked]) -> Vec<String> {
        let each = lists.iter().flat_map(|list| (0..list.len()).filter_map(|place| list.at(place)));
        let mut paths: Vec<String> =
            each.map(|(path, _)| String::from_utf8_lossy(path).into_owned()).collect();
        paths.sort();
        paths
    }

    fn tree(names: &[&str]) -> tempfile::TempDir {
        let top = tempfile::tempdir().unwrap();
        for name in names {
            let path = top.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        top
    }

    #[test]
    fn files_are_listed_and_links_are_not_followed() {
        let top = tree(&["b/c/d.txt", "a.txt", "b.txt", ".git/config", "skip/x", "b/skip/y", "b/.git"]);
        symlink("..", top.path().join("b/loop")).unwrap();
        symlink("nowhere", top.path().join("broken")).unwrap();
        let lists = walk(top.path(), vec![Vec::new()], |name| name == "skip");
        assert_eq!(paths(&lists), ["a.txt", "b.txt", "b/c/d.txt", "b/loop", "broken"]);
        let mut left_out: Vec<_> = lists.iter().flat_map(|list| list.left_out.clone()).collect();
        left_out.sort();
        assert_eq!(left_out, [b"b/skip/".to_vec(), b"skip/".to_vec()]);
        let repositories: Vec<_> = lists.iter().flat_map(|list| list.repositories.clone()).collect();
        assert_eq!(repositories, [b"b/".to_vec()]);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let top = tree(&["a/b"]);
        let lists = walk(top.path(), vec![b"gone/".to_vec(), b"a/".to_vec()], |_| false);
        let troubles: Vec<_> = lists.iter().flat_map(|list| list.troubles.clone()).collect();
        assert_eq!(troubles, [InputTrouble { path: "gone".to_owned(), why: Why::Vanished }]);
        assert_eq!(paths(&lists), ["a/b"]);
    }

    #[test]
    fn many_folders_are_listed_once() {
        let names: Vec<String> = (0..300).map(|n| format!("{}/{}/f{n}", n % 7, n % 50)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let top = tree(&names);
        let found = paths(&walk(top.path(), vec![Vec::new()], |_| false));
        let mut expected: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        expected.sort();
        assert_eq!(found, expected);
    }
}
