//! Changes of which `git status` does not speak: git was told to take a file for unchanged (`git update-index --assume-unchanged`),
//! or to leave it alone (`--skip-worktree`). What is built of the work tree has them all the same.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::system::git::GIT_LIMIT;
use crate::system::git_command::{git, git_exactly, git_in_pieces};

/// How many files git is given at once.
const AT_ONCE: usize = 200;
/// The longest entry of the answer. A path has 4,096 bytes at the most (PATH_MAX).
const LONGEST: usize = 1 << 16;

/// A file of the index with one of these marks.
#[derive(Debug, PartialEq, Eq)]
struct Marked {
    /// `--skip-worktree`, also of a file that a sparse checkout leaves out.
    skipped: bool,
    mode: String,
    object: String,
    path: String,
}

/// Whether a file with such a mark differs from the index. What git does not answer may differ.
pub(super) async fn are_there(root: &Path) -> bool {
    let Some(marked) = marked(root).await else { return true };
    let sparse = match marked.iter().any(|file| file.skipped) {
        true => git(&["config", "--bool", "core.sparseCheckout"], root, GIT_LIMIT).await,
        false => None,
    };
    let sparse = sparse.is_some_and(|answer| answer.trim() == "true");
    let mut files = Vec::new();
    for file in &marked {
        match root.join(&file.path).symlink_metadata() {
            // A sparse checkout leaves it out as a whole.
            Err(error) if error.kind() == io::ErrorKind::NotFound && file.skipped && sparse => {}
            Ok(meta) if is_alike(&file.mode, &meta) => files.push(file),
            _ => return true,
        }
    }
    let (links, files): (Vec<&Marked>, Vec<&Marked>) =
        files.into_iter().partition(|file| file.mode == "120000");
    for link in links {
        let wanted = git_exactly(&["cat-file", "blob", &link.object], root, GIT_LIMIT).await;
        let target = root.join(&link.path).read_link().ok();
        if wanted.is_none() || target.map(|to| to.as_os_str().as_encoded_bytes().to_vec()) != wanted {
            return true;
        }
    }
    for files in files.chunks(AT_ONCE) {
        // As git would add them, with its filters and line ends.
        let mut args = vec!["hash-object", "--"];
        args.extend(files.iter().map(|file| &*file.path));
        let Some(objects) = git(&args, root, GIT_LIMIT).await else { return true };
        if !objects.lines().eq(files.iter().map(|file| &*file.object)) {
            return true;
        }
    }
    false
}

/// Whether this is a file, a program or a link as the index has it. What a submodule is, nobody has looked at.
fn is_alike(mode: &str, meta: &Metadata) -> bool {
    let runs = meta.permissions().mode() & 0o100 != 0;
    match mode {
        "120000" => meta.is_symlink(),
        "100755" => meta.is_file() && runs,
        "100644" => meta.is_file() && !runs,
        _ => false,
    }
}

/// The files with a mark; `None`: git does not say.
async fn marked(root: &Path) -> Option<Vec<Marked>> {
    let (mut found, mut rest) = (Vec::new(), Vec::new());
    let take = |piece: &[u8]| {
        rest.extend_from_slice(piece);
        let mut done = 0;
        for end in memchr::memchr_iter(0, &rest) {
            match read(&rest[done..end]) {
                Some(Some(marked)) => found.push(marked),
                Some(None) => {}
                None => return false,
            }
            done = end + 1;
        }
        rest.drain(..done);
        rest.len() <= LONGEST
    };
    git_in_pieces(&["ls-files", "-v", "--stage", "-z"], root, GIT_LIMIT, take).await?;
    rest.is_empty().then_some(found)
}

/// `TAG MODE OBJECT STAGE TAB PATH` (git-ls-files(1)): the tag is a small letter if the file is taken for unchanged, and `S` if it is
/// left alone. `None` if it is not understood.
fn read(entry: &[u8]) -> Option<Option<Marked>> {
    let tag = entry.first().filter(|_| entry.get(1) == Some(&b' '))?;
    let skipped = tag.eq_ignore_ascii_case(&b'S');
    if !skipped && !tag.is_ascii_lowercase() {
        return Some(None);
    }
    let (head, path) = std::str::from_utf8(entry).ok()?.split_once('\t')?;
    let mut words = head.split(' ').skip(1).map(str::to_owned);
    Some(Some(Marked { skipped, mode: words.next()?, object: words.next()?, path: path.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As git 2.47 prints them.
    #[test]
    fn marks_are_read() {
        let object = "78981922613b2afb6025042ff6bd878ac1994e85";
        let entry = |tag: &str| format!("{tag} 100644 {object} 0\ta b");
        for tag in ["H", "M"] {
            assert_eq!(read(entry(tag).as_bytes()), Some(None), "{tag}");
        }
        for (tag, skipped) in [("h", false), ("S", true), ("s", true)] {
            let (mode, object, path) = ("100644".to_owned(), object.to_owned(), "a b".to_owned());
            let marked = Marked { skipped, mode, object, path };
            assert_eq!(read(entry(tag).as_bytes()), Some(Some(marked)), "{tag}");
        }
        for other in ["", "fatal: no", "S 100644", "h a\tb"] {
            assert_eq!(read(other.as_bytes()), None, "{other}");
        }
    }
}
