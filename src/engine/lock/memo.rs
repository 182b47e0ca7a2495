//! Caches hashes by what the file system says about the files, so that an unchanged tool is not read
//! again.
//!
//! A person who can write this file can cheat the comparison. So it belongs to the user, lies outside
//! the repository, is ignored if others may write it, and `--verify` does not use it.

use std::collections::BTreeMap;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::system::variables;
use crate::system::whole_file::write_whole;

use super::digest::Subject;

/// The file's schema. A file with another one is ignored.
const SCHEMA: &str = "portcullis/tools/1";

/// A file that changed within this many seconds may change again with the same times: it is hashed, and
/// not cached yet.
const SETTLED: i64 = 2;

/// The most hashes in the cache.
const MOST: usize = 4096;

/// Known hashes.
#[derive(Debug, Default)]
pub struct Memo {
    /// `None`: nothing is read or saved, everything is hashed.
    file: Option<PathBuf>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    hashes: BTreeMap<String, Remembered>,
    new: bool,
    /// How often something had to be read completely.
    hashed: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Remembered {
    stamp: String,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Page {
    schema: String,
    hashes: BTreeMap<String, Remembered>,
}

impl Memo {
    /// Caches nothing: every question is answered by reading the files.
    pub fn none() -> Self {
        Self::default()
    }

    /// The user's memo, unless it would lie in the repository.
    pub fn of_user(repository: &Path) -> Self {
        match cache_folder().filter(|folder| !folder.starts_with(repository)) {
            Some(folder) => Self::at(&folder.join("tools.json")),
            None => Self::none(),
        }
    }

    /// The memo in this file. A broken memo, or one that others may write, counts as empty.
    pub fn at(file: &Path) -> Self {
        let hashes = read(file).unwrap_or_default();
        let known = Known { hashes, ..Known::default() };
        Self { file: Some(file.to_owned()), known: Mutex::new(known) }
    }

    /// The hash of a subject: from the memo if its files are unchanged, else from the files.
    pub fn sha256(&self, subject: &Subject) -> io::Result<String> {
        self.sha256_at(subject, jiff::Timestamp::now().as_second())
    }

    fn sha256_at(&self, subject: &Subject, now: i64) -> io::Result<String> {
        if self.file.is_none() {
            self.lock().hashed += 1;
            return subject.sha256();
        }
        let (key, before) = (subject.key(), subject.stamp()?);
        if let Some(known) = self.lock().hashes.get(&key)
            && known.stamp == before.digest
        {
            return Ok(known.sha256.clone());
        }
        let sha256 = subject.sha256()?;
        // A subject that changes while it is read has no hash worth caching.
        let settled = before.newest + SETTLED < now && subject.stamp()? == before;
        let mut known = self.lock();
        known.hashed += 1;
        if settled {
            known.hashes.insert(key, Remembered { stamp: before.digest, sha256: sha256.clone() });
            known.new = true;
        }
        Ok(sha256)
    }

    /// Saves what is new. If it can't be written, only time is lost.
    pub fn save(&self) {
        let known = self.lock();
        let Some(file) = self.file.as_deref().filter(|_| known.new) else { return };
        let hashes = if known.hashes.len() > MOST { BTreeMap::new() } else { known.hashes.clone() };
        let page = Page { schema: SCHEMA.to_owned(), hashes };
        if let (Some(folder), Ok(text)) = (file.parent(), serde_json::to_vec(&page)) {
            let _ = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            let _ = write_whole(file, |out| out.write_all(&text));
        }
    }

    /// How often something had to be read completely.
    pub fn hashed(&self) -> usize {
        self.lock().hashed
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `$XDG_CACHE_HOME/portcullis`, or `~/.cache/portcullis`.
fn cache_folder() -> Option<PathBuf> {
    let named = |name: &str| variables::os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")))?;
    let folder = cache.join("portcullis");
    // The real path as far as it exists, so that a link can't hide that it lies in the repository.
    let real = folder
        .ancestors()
        .find_map(|part| Some((part.canonicalize().ok()?, folder.strip_prefix(part).ok()?.to_owned())));
    Some(real.map_or(
        folder.clone(),
        |(real, rest)| if rest.as_os_str().is_empty() { real } else { real.join(rest) },
    ))
}

fn read(file: &Path) -> Option<BTreeMap<String, Remembered>> {
    for path in [file.parent()?, file] {
        let meta = fs::metadata(path).ok()?;
        let own = meta.uid() == rustix::process::geteuid().as_raw();
        if !own || meta.mode() & 0o022 != 0 {
            return None;
        }
    }
    let page: Page = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    (page.schema == SCHEMA).then_some(page.hashes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A tool and the memo's file, long after the tool was installed.
    fn scene() -> (tempfile::TempDir, Subject, PathBuf, i64) {
        let folder = tempfile::tempdir().unwrap();
        let tool = folder.path().join("tool");
        fs::write(&tool, "one").unwrap();
        let later = jiff::Timestamp::now().as_second() + 60;
        let file = folder.path().join("cache/tools.json");
        (folder, Subject::File(tool), file, later)
    }

    #[test]
    fn an_unchanged_tool_is_not_read_again() {
        let (_folder, tool, file, later) = scene();
        let first = Memo::at(&file);
        let hash = first.sha256_at(&tool, later).unwrap();
        assert_eq!(first.sha256_at(&tool, later).unwrap(), hash);
        assert_eq!(first.hashed(), 1);
        first.save();

        let second = Memo::at(&file);
        assert_eq!(second.sha256_at(&tool, later).unwrap(), hash);
        assert_eq!(second.hashed(), 0);
    }

    #[test]
    fn a_changed_tool_is_read_again() {
        let (folder, tool, file, later) = scene();
        let memo = Memo::at(&file);
        let hash = memo.sha256_at(&tool, later).unwrap();
        fs::write(folder.path().join("new"), "two").unwrap();
        fs::rename(folder.path().join("new"), folder.path().join("tool")).unwrap();
        assert_ne!(memo.sha256_at(&tool, later).unwrap(), hash);
    }

    #[test]
    fn a_tool_that_changed_just_now_is_not_cached() {
        let (_folder, tool, file, later) = scene();
        let memo = Memo::at(&file);
        for _ in 0..2 {
            memo.sha256_at(&tool, later - 60).unwrap();
        }
        assert_eq!(memo.hashed(), 2);
    }

    #[test]
    fn a_forged_memo_cheats_the_comparison_but_not_verify() {
        let (_folder, tool, file, later) = scene();
        let memo = Memo::at(&file);
        let hash = memo.sha256_at(&tool, later).unwrap();
        memo.save();
        fs::write(&file, fs::read_to_string(&file).unwrap().replace(&hash, "forged")).unwrap();
        assert_eq!(Memo::at(&file).sha256_at(&tool, later).unwrap(), "forged");
        assert_eq!(Memo::none().sha256_at(&tool, later).unwrap(), hash);
    }

    #[test]
    fn a_broken_or_foreign_memo_is_ignored() {
        let (_folder, tool, file, later) = scene();
        let memo = Memo::at(&file);
        memo.sha256_at(&tool, later).unwrap();
        memo.save();
        let whole = fs::read_to_string(&file).unwrap();
        for text in ["", "{", "null", &whole[..whole.len() / 2], &whole.replace("tools/1", "tools/2")] {
            fs::write(&file, text).unwrap();
            let memo = Memo::at(&file);
            memo.sha256_at(&tool, later).unwrap();
            assert_eq!(memo.hashed(), 1, "{text}");
        }
        fs::write(&file, &whole).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        let memo = Memo::at(&file);
        memo.sha256_at(&tool, later).unwrap();
        assert_eq!(memo.hashed(), 1);
    }
}
