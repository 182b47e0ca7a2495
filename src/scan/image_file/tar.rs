//! The names and places of the files in a tar archive (POSIX `pax`, section "ustar Interchange Format"), without reading their content.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::text::hash::sha256_of;

const BLOCK: u64 = 512;
/// The most entries that are looked at.
const MOST: usize = 100_000;
/// The longest name, or set of extended attributes.
const LONGEST: u64 = 1 << 20;

/// An open archive.
#[derive(Debug)]
pub(super) struct Tar {
    file: File,
    /// Where each file's content begins, and how long it is.
    files: BTreeMap<String, (u64, u64)>,
}

impl Tar {
    /// Opens an archive; `None`: it is none, or it is compressed.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let mut file = File::open(path)?;
        let whole = file.metadata()?.len();
        let (mut files, mut names) = (BTreeMap::new(), BTreeSet::new());
        let (mut at, mut header) = (0, [0; BLOCK as usize]);
        // What an entry says of the next one.
        let (mut next_name, mut next_size) = (None, None);
        for _ in 0..MOST {
            if at + BLOCK > whole {
                return Ok((!files.is_empty()).then_some(Self { file, files }));
            }
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut header)?;
            if header.iter().all(|byte| *byte == 0) {
                return Ok((!files.is_empty()).then_some(Self { file, files }));
            }
            let (Some(size), true) = (number(&header[124..136]), has_its_sum(&header)) else {
                return Ok(None);
            };
            let (kind, content) = (header[156], at + BLOCK);
            let size = if matches!(kind, b'L' | b'K' | b'x' | b'g') {
                size
            } else {
                next_size.take().unwrap_or(size)
            };
            match kind {
                b'L' | b'x' if size <= LONGEST => {
                    let mut said = vec![0; usize::try_from(size).unwrap_or_default()];
                    file.read_exact(&mut said)?;
                    if kind == b'L' {
                        next_name = Some(text(&said));
                    } else {
                        next_name = attribute(&said, "path").or(next_name);
                        next_size = attribute(&said, "size").and_then(|size| size.parse().ok());
                    }
                }
                b'L' | b'K' | b'x' | b'g' => {}
                // A folder may be there again.
                b'5' => next_name = None,
                _ => {
                    let name = plain(&next_name.take().unwrap_or_else(|| name_of(&header)));
                    if !names.insert(name.clone()) {
                        let why = format!(
                            "it has {name} twice, and programs differ in which of them they read; write it again"
                        );
                        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
                    }
                    if matches!(kind, b'0' | 0) {
                        files.insert(name, (content, size));
                    }
                }
            }
            let blocks = size.div_ceil(BLOCK).checked_mul(BLOCK);
            at = blocks.and_then(|length| content.checked_add(length)).ok_or(io::ErrorKind::InvalidData)?;
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "it has too many files"))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The content of a file, if it is there and no longer than this.
    pub(super) fn read(&self, name: &str, most: u64) -> io::Result<Vec<u8>> {
        let (at, size) = self.place(name)?;
        if size > most {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too large"));
        }
        let mut content = vec![0; usize::try_from(size).unwrap_or_default()];
        self.file.read_exact_at(&mut content, at)?;
        Ok(content)
    }

    /// Writes the content of a file to another one.
    pub(super) fn extract(&self, name: &str, to: &Path) -> io::Result<()> {
        let (at, size) = self.place(name)?;
        let mut from = self.file.try_clone()?;
        from.seek(SeekFrom::Start(at))?;
        let copied = io::copy(&mut from.take(size), &mut File::create(to)?)?;
        if copied == size { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// The SHA-256 of a file's content, in hexadecimal.
    pub(super) fn sha256(&self, name: &str) -> io::Result<String> {
        let (at, size) = self.place(name)?;
        let mut from = self.file.try_clone()?;
        from.seek(SeekFrom::Start(at))?;
        sha256_of(from.take(size))
    }

    fn place(&self, name: &str) -> io::Result<(u64, u64)> {
        self.files.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Whether the sum of the header's bytes is the one that it names.
fn has_its_sum(header: &[u8]) -> bool {
    let of = |(at, byte): (usize, &u8)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte });
    number(&header[148..156]) == Some(header.iter().enumerate().map(of).sum())
}

/// A number in octal digits, or in binary if it is too large for them (GNU tar).
fn number(field: &[u8]) -> Option<u64> {
    if field[0] == 0x80 {
        return Some(field[4..].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    }
    let digits = text(field);
    u64::from_str_radix(digits.trim(), 8).ok()
}

/// The name as programs that unpack the archive understand it: `./a//b` and `/a/b` are `a/b`.
fn plain(name: &str) -> String {
    let mut parts = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn name_of(header: &[u8]) -> String {
    let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
    // Old archives have something else there.
    if &header[257..262] == b"ustar" && header[262] == 0 && !prefix.is_empty() {
        format!("{prefix}/{name}")
    } else {
        name
    }
}

/// The bytes up to the first zero.
fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

/// The value of an extended attribute: lines of `LENGTH NAME=VALUE`.
fn attribute(said: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(said);
    let mut lines = text.lines().filter_map(|line| line.split_once(' ')?.1.split_once('='));
    lines.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::process::Command;

    /// GNU tar takes the last of two files with one name, Go's readers the first.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "the archives are those of tar")]
    fn a_file_that_is_there_twice_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/blobs")).unwrap();
        std::fs::write(folder.path().join("a/manifest.json"), "[]").unwrap();
        std::os::unix::fs::symlink("manifest.json", folder.path().join("a/link")).unwrap();
        let archive = folder.path().join("it.tar");
        let open = |args: &[&str]| {
            let mut tar = Command::new("tar");
            tar.current_dir(folder.path().join("a")).arg("-P").arg("-cf").arg(&archive).args(args);
            assert!(tar.status().unwrap().success());
            Tar::open(&archive).map(|tar| tar.is_some()).map_err(|error| error.to_string())
        };
        assert_eq!(open(&["manifest.json", "link", "blobs", "./blobs"]), Ok(true));
        for twice in [
            &["manifest.json", "manifest.json"][..],
            &["manifest.json", "./manifest.json"],
            &["manifest.json", "blobs/../manifest.json"],
            &["manifest.json", "--transform=s,^link$,/manifest.json,", "link"],
            &["--transform=s,^link$,manifest.json,", "link", "manifest.json"],
        ] {
            let why = open(twice).unwrap_err();
            assert!(why.contains("it has manifest.json twice"), "{twice:?}: {why}");
        }
    }

    /// Archives as GNU tar writes them, in each of its formats.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "the archives are those of tar")]
    fn files_are_found_in_archives_of_every_format() {
        let folder = tempfile::tempdir().unwrap();
        let long = format!("blobs/sha256/{}", "long".repeat(40));
        std::fs::create_dir_all(folder.path().join("blobs/sha256")).unwrap();
        std::fs::write(folder.path().join("blobs/sha256/ab"), "short").unwrap();
        std::fs::write(folder.path().join(&long), "x".repeat(1000)).unwrap();
        for format in ["gnu", "pax", "ustar", "posix"] {
            let archive = folder.path().join(format!("{format}.tar"));
            let mut tar = Command::new("tar");
            tar.current_dir(folder.path()).arg("--format").arg(format).arg("-cf").arg(&archive);
            if format == "ustar" {
                tar.arg("./blobs/sha256/ab");
            } else {
                tar.arg("./blobs");
            }
            assert!(tar.status().unwrap().success());
            let tar = Tar::open(&archive).unwrap().unwrap();
            assert_eq!(tar.read("blobs/sha256/ab", 10).unwrap(), b"short", "{format}");
            assert!(tar.read("blobs/sha256/ab", 4).is_err());
            assert!(tar.has("blobs/sha256/ab") && !tar.has("blobs/sha256/a"));
            if format != "ustar" {
                let to = folder.path().join("out");
                tar.extract(&long, &to).unwrap();
                assert_eq!(std::fs::read(&to).unwrap().len(), 1000, "{format}");
            }
            // One that is cut has no content to give.
            let bytes = std::fs::read(&archive).unwrap();
            let at = bytes.windows(5).position(|window| window == b"short").unwrap();
            std::fs::write(&archive, &bytes[..at + 2]).unwrap();
            let cut = Tar::open(&archive).unwrap();
            assert!(cut.is_none_or(|cut| cut.read("blobs/sha256/ab", 10).is_err()), "{format}");
        }
        let other = folder.path().join("other");
        for content in [&b""[..], b"no archive", &[b'x'; 2000], &[0; 2000]] {
            std::fs::write(&other, content).unwrap();
            assert!(Tar::open(&other).unwrap().is_none());
        }
    }
}
