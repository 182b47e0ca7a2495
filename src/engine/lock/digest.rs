//! What is hashed for each part of a tool, and the stamp that shows a change without reading the files
//! again.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::text::hash::{sha256, sha256_file};

/// The most files of one part. With more, it is not a tool but a whole machine.
const MOST_FILES: usize = 200_000;

/// The largest script. A larger file is not read as text: it is hashed as it is.
pub(crate) const LARGEST_SCRIPT: u64 = 4 << 20;

/// Bytes on disk that belong to a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One file, as it is: its hash is the one that the file's makers publish.
    File(PathBuf),
    /// A script. Installers write the installation folder into it, and that folder may differ on the
    /// next machine: it is left out of the hash.
    Script { path: PathBuf, prefix: Option<PathBuf> },
    /// All files below some folders, each with a name that is the same on every machine.
    Trees { kind: Tree, roots: Vec<(String, PathBuf)> },
}

/// Which files of a folder are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tree {
    /// An npm package: without its own `node_modules`, whose packages are parts of their own.
    Npm,
    /// `site-packages`: without compiled code and the installer's notes, which name its folder.
    Python,
    /// The folder of a Python script: only modules, and packages with an `__init__.py`.
    Modules,
}

/// Shows whether a subject has changed, from what the file system says about its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestStamp {
    /// SHA-256 over name, size, times and inode of every file.
    pub digest: String,
    /// The latest change that the kernel noted, in seconds of the Unix epoch.
    pub newest: i64,
}

/// One file of a subject.
struct Entry<'a> {
    /// Below the subject, with `/`.
    name: &'a [u8],
    path: &'a Path,
    /// `None`: a link to nothing, or something that can't be read (a pipe).
    meta: Option<Metadata>,
}

impl Tree {
    fn name(self) -> &'static str {
        match self {
            Self::Npm => "Npm",
            Self::Python => "Python",
            Self::Modules => "Modules",
        }
    }
}

impl Subject {
    /// Identifies it among all others on this machine.
    pub fn key(&self) -> String {
        match self {
            Self::File(path) => format!("file {}", path.display()),
            Self::Script { path, .. } => format!("script {}", path.display()),
            Self::Trees { kind, roots } => {
                let all: Vec<String> = roots.iter().map(|(_, root)| root.display().to_string()).collect();
                format!("{} {} {}", kind.name(), roots.len(), sha256(all.join("\0").as_bytes()))
            }
        }
    }

    /// Reads no file, only what the file system says about it.
    pub fn stamp(&self) -> io::Result<DigestStamp> {
        let (mut hash, mut newest) = (Sha256::new(), 0);
        self.each(&mut |entry| {
            field(&mut hash, entry.name);
            if let Some(meta) = &entry.meta {
                let times = [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()];
                for number in times.map(i64::cast_unsigned).into_iter().chain([meta.size(), meta.ino()]) {
                    hash.update(number.to_le_bytes());
                }
                newest = newest.max(meta.ctime());
            }
            Ok(())
        })?;
        Ok(DigestStamp { digest: hex::encode(hash.finalize()), newest })
    }

    /// Reads every byte. In hexadecimal.
    pub fn sha256(&self) -> io::Result<String> {
        match self {
            Self::File(path) => sha256_file(path),
            Self::Script { path, prefix } => {
                let text = fs::read(path)?;
                Ok(prefix.as_deref().map_or_else(|| sha256(&text), |prefix| relocatable(&text, prefix)))
            }
            Self::Trees { .. } => {
                let mut hash = Sha256::new();
                self.each(&mut |entry| {
                    field(&mut hash, entry.name);
                    match entry.meta {
                        Some(_) => field(&mut hash, sha256_file(entry.path)?.as_bytes()),
                        None => field(&mut hash, b"not a file"),
                    }
                    Ok(())
                })?;
                Ok(hex::encode(hash.finalize()))
            }
        }
    }

    /// Visits its files in the same order on every machine.
    fn each(&self, visit: Visit) -> io::Result<()> {
        match self {
            Self::File(path) | Self::Script { path, .. } => {
                visit(Entry { name: b"", path, meta: Some(fs::metadata(path)?) })
            }
            Self::Trees { kind, roots } => {
                let mut walk = Walk { kind: *kind, visit, files: 0, linked: HashSet::new() };
                let top = |(label, root): &(String, PathBuf)| {
                    walk.folder(root, &mut label.clone().into_bytes(), true)
                };
                roots.iter().try_for_each(top)
            }
        }
    }
}

type Visit<'v> = &'v mut dyn FnMut(Entry<'_>) -> io::Result<()>;

struct Walk<'v> {
    kind: Tree,
    visit: Visit<'v>,
    files: usize,
    /// Folders that links point to: a link may form a loop.
    linked: HashSet<(u64, u64)>,
}

impl Walk<'_> {
    /// `name` is the folder's name. At the end it is the same again.
    fn folder(&mut self, folder: &Path, name: &mut Vec<u8>, top: bool) -> io::Result<()> {
        let mut children = Vec::new();
        for child in fs::read_dir(folder)? {
            let child = child?;
            let file_name = child.file_name();
            if !self.kind.leaves_out(file_name.as_bytes(), name, top)
                && (self.kind != Tree::Modules || is_module(&child.path()))
            {
                // Relative to the open folder, which is much cheaper than the whole path.
                let kind = child.file_type()?;
                let meta = if kind.is_file() { Some(child.metadata()?) } else { None };
                children.push((file_name, kind, meta));
            }
        }
        children.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let end = name.len();
        for (file_name, kind, meta) in children {
            name.push(b'/');
            name.extend_from_slice(file_name.as_bytes());
            let path = folder.join(&file_name);
            if kind.is_dir() {
                self.folder(&path, name, false)?;
            } else if kind.is_symlink() {
                self.link(&path, name)?;
            } else {
                self.file(&path, name, meta)?;
            }
            name.truncate(end);
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, name: &[u8], meta: Option<Metadata>) -> io::Result<()> {
        self.files += 1;
        if self.files > MOST_FILES {
            return Err(io::Error::other(format!("it has more than {MOST_FILES} files")));
        }
        (self.visit)(Entry { name, path, meta })
    }

    /// A link counts as what it points to. A link to nothing counts by its name.
    fn link(&mut self, path: &Path, name: &mut Vec<u8>) -> io::Result<()> {
        match fs::metadata(path).ok() {
            Some(meta) if meta.is_dir() => match self.linked.insert((meta.dev(), meta.ino())) {
                true => self.folder(path, name, false),
                false => Ok(()),
            },
            meta => self.file(path, name, meta.filter(Metadata::is_file)),
        }
    }
}

impl Tree {
    fn leaves_out(self, name: &[u8], folder: &[u8], top: bool) -> bool {
        match self {
            Self::Npm => top && name == b"node_modules",
            Self::Modules => name == b"__pycache__",
            Self::Python => {
                let notes = [&b"RECORD"[..], b"INSTALLER", b"REQUESTED", b"direct_url.json"];
                name == b"__pycache__" || (folder.ends_with(b".dist-info") && notes.contains(&name))
            }
        }
    }
}

/// Whether Python can import this: a file with a module, or a folder that is a package.
fn is_module(path: &Path) -> bool {
    let endings = ["py", "pyc", "so", "pyd"];
    let is = |ending: &str| path.extension().is_some_and(|own| own == ending);
    endings.into_iter().any(is) || path.join("__init__.py").is_file()
}

/// The hash of a script without its installation folder: of the pieces between the mentions of that
/// folder, each with its length, so that no two scripts share a hash.
fn relocatable(text: &[u8], prefix: &Path) -> String {
    let prefix = prefix.as_os_str().as_bytes();
    let mut pieces = vec![];
    let mut rest = text;
    while let Some(at) = rest.windows(prefix.len().max(1)).position(|window| window == prefix) {
        pieces.push(&rest[..at]);
        rest = &rest[at + prefix.len()..];
    }
    if pieces.is_empty() {
        return sha256(text);
    }
    let mut hash = Sha256::new();
    hash.update(b"script without its folder\0");
    for piece in pieces.into_iter().chain([rest]) {
        field(&mut hash, piece);
    }
    hex::encode(hash.finalize())
}

/// Adds bytes with their length, so that their end is clear.
fn field(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(root: &Path, kind: Tree) -> Subject {
        Subject::Trees { kind, roots: vec![("p".to_owned(), root.to_owned())] }
    }

    #[test]
    fn a_script_has_the_same_hash_wherever_it_is_installed() {
        let folder = tempfile::tempdir().unwrap();
        let hashes = ["one", "two/deeper"].map(|home| {
            let home = folder.path().join(home);
            fs::create_dir_all(&home).unwrap();
            let path = home.join("tool");
            fs::write(&path, format!("#!{}/bin/python\nimport tool\n", home.display())).unwrap();
            Subject::Script { path, prefix: Some(home) }.sha256().unwrap()
        });
        assert_eq!(hashes[0], hashes[1]);
        let other = folder.path().join("two/deeper/tool");
        fs::write(&other, "#!/usr/bin/python\nimport tool\n").unwrap();
        let other = Subject::Script { path: other, prefix: Some(folder.path().join("two/deeper")) };
        assert_ne!(other.sha256().unwrap(), hashes[0]);
    }

    #[test]
    fn a_tree_changes_with_every_file_that_can_run() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("a/b.py", "1");
        let subject = tree(root, Tree::Python);
        let (stamp, hash) = (subject.stamp().unwrap(), subject.sha256().unwrap());
        write("a/__pycache__/b.pyc", "compiled");
        write("t.dist-info/RECORD", "of this machine");
        std::os::unix::fs::symlink(".", root.join("circle")).unwrap();
        fs::remove_file(root.join("circle")).unwrap();
        assert_eq!((subject.stamp().unwrap(), subject.sha256().unwrap()), (stamp.clone(), hash.clone()));

        write("evil.pth", "import evil");
        assert_ne!(subject.stamp().unwrap(), stamp);
        assert_ne!(subject.sha256().unwrap(), hash);
    }

    #[test]
    fn links_count_as_what_they_point_to_and_loops_end() {
        let folder = tempfile::tempdir().unwrap();
        let (root, outside) = (folder.path().join("root"), folder.path().join("outside.js"));
        fs::create_dir_all(&root).unwrap();
        fs::write(&outside, "1").unwrap();
        std::os::unix::fs::symlink(&outside, root.join("link.js")).unwrap();
        std::os::unix::fs::symlink(".", root.join("circle")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("broken")).unwrap();
        let subject = tree(&root, Tree::Npm);
        let hash = subject.sha256().unwrap();
        fs::write(&outside, "2").unwrap();
        assert_ne!(subject.sha256().unwrap(), hash);
    }
}
