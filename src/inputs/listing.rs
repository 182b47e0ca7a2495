//! One walk of the repository: git's index, what git ignores, and what lies in the work tree, put together.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::inputs::files::{FileFacts, Files};
use crate::inputs::from_git::{self, Unseen};
use crate::inputs::git_index::{Index, IndexEntry, Mode};
use crate::inputs::third_party::{is_installed, is_passed_over, may_be_own};
use crate::inputs::walk::{Listed, Shape, Walked, walk};
use crate::model::input::{InputTrouble, KindSet, Standing, Why};
use crate::system::git::GIT_LIMIT;
use crate::system::git_command::git_exactly;

/// What lies below the top of a repository.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Without kinds.
    pub(super) files: Files,
    /// Folders of installed packages or of build output, which were not looked into.
    pub(super) not_listed: Vec<String>,
    pub(super) troubles: Vec<InputTrouble>,
    /// What git's own content says of files that the work tree does not have.
    pub(super) in_git: BTreeMap<String, KindSet>,
}

/// Lists the files below the top.
pub(super) async fn list(top: &Path, git: bool) -> Found {
    let root = top.to_owned();
    let walking = tokio::task::spawn_blocking(move || walk(&root, vec![Vec::new()], is_passed_over));
    let (index, ignored, lists) = match git {
        true => tokio::join!(Index::read(top), ignored(top), walking),
        false => (None, None, walking.await),
    };
    let mut troubles = Vec::new();
    let mut lists = lists.unwrap_or_default();
    let (index, ignored) = match (index, ignored) {
        (Some(index), Some(ignored)) => (index, ignored),
        _ if git => {
            troubles.push(trouble(b".", Why::NoGit));
            (Index::default(), Vec::new())
        }
        _ => (Index::default(), Vec::new()),
    };
    let not_listed = look_into_more(top, git, &ignored, &mut lists).await;
    if !git {
        troubles.extend(passed_over(top, &not_listed).await);
    }
    let found = Found { troubles, ..Found::default() };
    let mut listing = Listing { top: top.to_owned(), index, ignored, lists, found, unseen: Vec::new() };
    listing.look_at_the_rest(&not_listed);
    listing.merge();
    let not_listed = not_listed.iter().map(|folder| shown(folder)).collect();
    let in_git = from_git::kinds(top, listing.unseen).await;
    Found { not_listed, in_git, ..listing.found }
}

/// Files and folders that git ignores, sorted. A folder ends in `/`, and stands for all that is in it.
async fn ignored(top: &Path) -> Option<Vec<Vec<u8>>> {
    let args = ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"];
    let printed = git_exactly(&args, top, GIT_LIMIT).await?;
    let mut paths: Vec<Vec<u8>> =
        printed.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(<[u8]>::to_vec).collect();
    paths.sort();
    Some(paths)
}

/// Whether a path is ignored: it is in the list, or a folder that holds it is.
fn is_ignored(ignored: &[Vec<u8>], path: &[u8]) -> bool {
    let next = ignored.partition_point(|entry| entry.as_slice() <= path);
    let before = next.checked_sub(1).and_then(|at| ignored.get(at));
    before.is_some_and(|entry| entry == path || (entry.ends_with(b"/") && path.starts_with(entry)))
}

/// Folders called `build` or `vendor` hold other people's code or output only where git ignores them: the others
/// are listed now. Installed packages (`node_modules`) are never listed. Returns what is not listed, sorted.
async fn look_into_more(top: &Path, git: bool, ignored: &[Vec<u8>], lists: &mut Vec<Walked>) -> Vec<Vec<u8>> {
    let mut not_listed = Vec::new();
    loop {
        let left_out: Vec<Vec<u8>> =
            lists.iter_mut().flat_map(|list| std::mem::take(&mut list.left_out)).collect();
        let stays_out = |folder: &Vec<u8>| {
            let name = folder.strip_suffix(b"/").unwrap_or(folder);
            let name = name.rsplit(|byte| *byte == b'/').next().unwrap_or(name);
            !git || is_installed(name) || is_ignored(ignored, folder)
        };
        let (out, more): (Vec<_>, Vec<_>) = left_out.into_iter().partition(stays_out);
        not_listed.extend(out);
        if more.is_empty() {
            not_listed.sort();
            return not_listed;
        }
        let root = top.to_owned();
        let walking = tokio::task::spawn_blocking(move || walk(&root, more, is_passed_over));
        lists.extend(walking.await.unwrap_or_default());
    }
}

/// Where git does not say which folders are output of a build, each that has an input in it.
async fn passed_over(top: &Path, not_listed: &[Vec<u8>]) -> Vec<InputTrouble> {
    let mut found = Vec::new();
    for folder in not_listed.iter().filter(|folder| may_be_own(folder)) {
        let (root, start) = (top.to_owned(), folder.clone());
        let walking = tokio::task::spawn_blocking(move || {
            let lists = walk(&root, vec![start], is_passed_over);
            let paths = lists.iter().flat_map(|list| (0..).map_while(|place| list.at(place)));
            let plain = paths.filter(|(_, listed)| listed.is == Shape::File);
            plain.filter_map(|(path, _)| from_git::input(&root, path)).min()
        });
        let first = walking.await.unwrap_or_default();
        found.extend(first.map(|first| trouble(folder, Why::PassedOver(first))));
    }
    found
}

struct Listing {
    top: PathBuf,
    index: Index,
    ignored: Vec<Vec<u8>>,
    /// What lies in the work tree: sorted lists, one for each thread.
    lists: Vec<Walked>,
    found: Found,
    unseen: Vec<Unseen>,
}

impl Listing {
    /// Tracked files in folders that were not listed are looked at one by one.
    fn look_at_the_rest(&mut self, not_listed: &[Vec<u8>]) {
        if not_listed.is_empty() {
            return;
        }
        let mut rest = Walked::default();
        for (path, _) in (0..self.index.len()).filter_map(|place| self.index.at(place)) {
            if is_ignored(not_listed, path) {
                rest.look_at(&self.top, path);
            }
        }
        rest.sort();
        self.lists.push(rest);
    }

    /// Puts the sorted lists together.
    fn merge(&mut self) {
        let mut index_at = 0;
        let mut repositories: Vec<Vec<u8>> =
            self.lists.iter_mut().flat_map(|list| std::mem::take(&mut list.repositories)).collect();
        repositories.sort();
        let lists = std::mem::take(&mut self.lists);
        let mut places = vec![0; lists.len()];
        let index = std::mem::take(&mut self.index);
        // The list with the smallest path comes next. There are as many lists as threads.
        let first = |places: &[usize]| {
            let heads = lists.iter().zip(places).enumerate();
            let heads = heads.filter_map(|(n, (list, place))| Some((list.at(*place)?, n)));
            heads.min_by(|((a, _), _), ((b, _), _)| a.cmp(b))
        };
        while let Some(((path, listed), of)) = first(&places) {
            places[of] += 1;
            while let Some((other, entry)) = index.at(index_at).filter(|(other, _)| *other < path) {
                self.absent(other, entry);
                index_at += 1;
            }
            let entry = index.at(index_at).filter(|(other, _)| *other == path).map(|(_, entry)| entry);
            index_at += usize::from(entry.is_some());
            self.file(path, listed, entry, is_ignored(&repositories, path));
        }
        while let Some((path, entry)) = index.at(index_at) {
            self.absent(path, entry);
            index_at += 1;
        }
        self.found.troubles.extend(lists.into_iter().flat_map(|list| list.troubles));
    }

    fn file(&mut self, path: &[u8], listed: &Listed, entry: Option<&IndexEntry>, nested: bool) {
        let standing = match entry {
            Some(_) => Standing::Tracked,
            None if is_ignored(&self.ignored, path) => Standing::Ignored,
            None => Standing::Untracked,
        };
        let link = listed.is == Shape::Link;
        if std::str::from_utf8(path).is_err() {
            self.found.troubles.push(trouble(path, Why::NameNotUtf8));
        }
        if listed.is == Shape::Other {
            self.found.troubles.push(trouble(path, Why::NotAFile));
            return;
        }
        let (kinds, object) = (KindSet::default(), entry.and_then(|entry| entry.object));
        let stamp = entry.map(|entry| entry.stamp).unwrap_or_default();
        // Of an untracked file it is not known yet.
        let executable = entry.is_none_or(|entry| entry.is == Mode::Program);
        let third_party = false;
        // What this repository tracks is its own, also below a `.git` of another one.
        let nested = nested && entry.is_none();
        let facts = FileFacts { stamp, object, kinds, standing, link, executable, nested, third_party };
        self.found.files.push(path, facts);
    }

    /// A file of the index that is not in the work tree.
    fn absent(&mut self, path: &[u8], entry: &IndexEntry) {
        let why = match entry.is {
            Mode::Submodule => {
                // An empty folder, or none.
                let folder = self.top.join(as_path(path));
                let mut entries = std::fs::read_dir(folder).into_iter().flatten();
                if entries.next().is_some() {
                    return;
                }
                Why::NoSubmodule
            }
            _ if entry.skipped => Why::Sparse,
            _ => Why::Deleted,
        };
        if why != Why::NoSubmodule
            && let Some(unseen) = entry.object.and_then(|object| Unseen::new(path, object))
        {
            self.unseen.push(unseen);
        }
        self.found.troubles.push(trouble(path, why));
    }
}

fn as_path(path: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(OsStr::from_bytes(path))
}

fn trouble(path: &[u8], why: Why) -> InputTrouble {
    InputTrouble { path: shown(path), why }
}

/// A path for people, without the `/` of a folder.
fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path.strip_suffix(b"/").unwrap_or(path)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_folder_stands_for_what_is_in_it() {
        let ignored: Vec<Vec<u8>> =
            ["a/b.txt", "build/", "x/build/"].map(|path| path.as_bytes().to_vec()).into();
        for (path, expected) in [
            ("a/b.txt", true),
            ("a/b.txt.old", false),
            ("build/", true),
            ("build/a/b", true),
            ("buildings", false),
            ("build", false),
            ("x/build/y", true),
            ("x/y", false),
            ("", false),
        ] {
            assert_eq!(is_ignored(&ignored, path.as_bytes()), expected, "{path}");
        }
    }
}
