//! gates.lock: the programs that the gates may start, each pinned by version and SHA-256.
//!
//! [`chain`] finds everything that runs with a program, [`digest`] hashes it, [`memo`] caches the
//! hashes, and [`guard`] compares them before a tool starts.

pub(crate) mod chain;
pub(crate) mod digest;
pub(crate) mod guard;
pub(crate) mod memo;
mod npm;
mod python;
mod sourced;
mod wrapper;

use std::fmt::{self, Write};
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use crate::engine::lock::chain::{Around, LinkKind, Unfollowable, follow};
use crate::engine::lock::memo::Memo;
use crate::scan::invocation::Program;
use crate::text::hash::sha256;
use crate::text::paths::{forward, normalise};

/// The lock's file name. The file lies beside gates.toml.
pub const FILE_NAME: &str = "gates.lock";

/// The tools that a project has approved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// Sorted. A name may have several entries; any of them is accepted.
    pub tools: Vec<LockEntry>,
}

/// One tool on one platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockEntry {
    pub key: Key,
    /// Such as `linux-x86_64`.
    pub platform: String,
    pub version: Option<String>,
    /// Hash of the program if it is one file, else of `runs`. In hexadecimal.
    pub sha256: String,
    /// Every part that runs, if there is more than the program.
    pub runs: Vec<Part>,
    /// What may run besides, and is not pinned: for people, nothing is compared with it.
    pub not_covered: Vec<String>,
}

/// Identifies the program of a gate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// As gates.toml names it; a path in the repository is relative to its top.
    pub name: String,
    /// The folder whose `node_modules` has it, relative to the top of the repository.
    pub folder: Option<String>,
}

/// One thing that runs when a tool is started.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub what: LinkKind,
    pub name: String,
    pub sha256: String,
}

/// A tool as it is on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    pub sha256: String,
    pub runs: Vec<Part>,
    pub not_covered: Vec<String>,
}

/// A gates.lock that exists but can't be used.
#[derive(Debug, Error)]
#[error("{} can't be used: {reason}; `portcullis lock` writes a new one", path.display())]
pub struct LockError {
    pub path: PathBuf,
    pub reason: String,
}

impl Lock {
    /// The lock in the folder of gates.toml; `None` if there is no lock.
    ///
    /// # Errors
    /// When it can't be read: a broken lock is not an absent one.
    pub fn beside(config: &Path) -> Result<Option<Self>, LockError> {
        let path = crate::config::find::folder_of(config).join(FILE_NAME);
        let error = |reason| LockError { path: path.clone(), reason };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::read(&text).map(Some).map_err(error),
            // A link to nothing counts as a broken lock.
            Err(failed) if failed.kind() == io::ErrorKind::NotFound && !path.is_symlink() => Ok(None),
            Err(failed) => Err(error(failed.to_string())),
        }
    }

    /// Reads the text of a gates.lock. The error says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            version: u64,
            #[serde(default)]
            tool: Vec<Tool>,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Tool {
            name: String,
            r#in: Option<String>,
            platform: String,
            version: Option<String>,
            sha256: String,
            #[serde(default)]
            runs: Vec<Part>,
            #[serde(default)]
            not_covered: Vec<String>,
        }
        let file: File = toml::from_str(text).map_err(|error| {
            let line =
                error.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
            format!("line {line}: {}", error.message())
        })?;
        if file.version != 1 {
            return Err("this Portcullis reads `version = 1` only".to_owned());
        }
        let whole = |hash: &str| {
            hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        if let Some(broken) = file.tool.iter().find(|tool| !whole(&tool.sha256)) {
            return Err(format!("the sha256 of {} is not a SHA-256", broken.name));
        }
        let mut tools: Vec<LockEntry> = file
            .tool
            .into_iter()
            .map(|tool| LockEntry {
                key: Key { name: tool.name, folder: tool.r#in },
                platform: tool.platform,
                version: tool.version,
                sha256: tool.sha256,
                runs: tool.runs,
                not_covered: tool.not_covered,
            })
            .collect();
        tools.sort();
        Ok(Self { tools })
    }

    /// The entries of a tool for a platform.
    pub fn entries<'a>(&'a self, key: &'a Key, platform: &'a str) -> impl Iterator<Item = &'a LockEntry> {
        self.tools.iter().filter(move |tool| tool.key == *key && tool.platform == platform)
    }
}

/// The operating system and processor of this machine: a program for another one has other bytes.
pub fn platform() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

impl Key {
    /// The key of a program that was found at `found`; `root` is the top of the repository.
    pub fn of(program: &Program, found: &Path, root: &Path) -> Self {
        let inside = |path: &Path| forward(path.strip_prefix(root).unwrap_or(path)).to_string();
        let name = match program.name.contains('/') {
            true => inside(&normalise(Path::new(&program.name))),
            false => program.name.clone(),
        };
        // …/node_modules/.bin/tsc lies in the node_modules of `…`.
        let near = found.parent().filter(|folder| program.near.iter().any(|near| near == folder));
        let folder = near.and_then(|bin| bin.parent()?.parent()).map(inside);
        Self { name, folder }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.folder {
            None => f.write_str(&self.name),
            Some(folder) => write!(f, "{} in {folder}", self.name),
        }
    }
}

impl Measured {
    /// Follows a program to everything that runs, and hashes it.
    pub fn of(program: &Path, around: &Around, memo: &Memo) -> Result<Self, Unfollowable> {
        let mut runs = Vec::new();
        let followed = follow(program, around)?;
        for link in followed.links {
            let sha256 = memo
                .sha256(&link.subject)
                .map_err(|error| Unfollowable::Unreadable { path: program.to_owned(), error })?;
            runs.push(Part { what: link.what, name: link.name, sha256 });
        }
        let sha256 = match runs.as_slice() {
            [only] => only.sha256.clone(),
            parts => sha256(parts.iter().map(|part| part.line() + "\n").collect::<String>().as_bytes()),
        };
        // For a plain program, the hash alone is enough.
        if matches!(runs.as_slice(), [Part { what: LinkKind::Program, .. }]) {
            runs.clear();
        }
        Ok(Self { sha256, runs, not_covered: followed.not_covered })
    }
}

impl Measured {
    /// The version of the npm package that runs, if there is one. The program need not be asked for it.
    pub fn package_version(&self) -> Option<String> {
        let package = self.runs.iter().find(|part| part.what == LinkKind::Package)?;
        package.name.rsplit_once(' ').map(|(_, version)| version.to_owned())
    }
}

impl Part {
    fn line(&self) -> String {
        format!("{} {} {}", self.what.as_str(), self.name, self.sha256)
    }
}

impl fmt::Display for Lock {
    /// The text of gates.lock: the same for the same tools.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "# The programs that the gates of gates.toml start. `portcullis lock` writes this file; in\n\
             # production, `portcullis run` starts no other. Review a change of it as you review code.\n\
             version = 1\n",
        )?;
        for tool in &self.tools {
            write!(f, "\n[[tool]]\nname = {}\n", quoted(&tool.key.name))?;
            if let Some(folder) = &tool.key.folder {
                writeln!(f, "in = {}", quoted(folder))?;
            }
            if let Some(version) = &tool.version {
                writeln!(f, "version = {}", quoted(version))?;
            }
            writeln!(f, "platform = {}\nsha256 = {}", quoted(&tool.platform), quoted(&tool.sha256))?;
            if !tool.not_covered.is_empty() {
                let all: Vec<String> = tool.not_covered.iter().map(|what| quoted(what)).collect();
                writeln!(f, "not_covered = [{}]", all.join(", "))?;
            }
            if tool.runs.is_empty() {
                continue;
            }
            writeln!(f, "runs = [")?;
            for part in &tool.runs {
                let (what, name, sha256) = (part.what.as_str(), quoted(&part.name), quoted(&part.sha256));
                writeln!(f, "  {{ what = \"{what}\", name = {name}, sha256 = {sha256} }},")?;
            }
            writeln!(f, "]")?;
        }
        Ok(())
    }
}

/// A TOML string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, folder: Option<&str>) -> LockEntry {
        LockEntry {
            key: Key { name: name.to_owned(), folder: folder.map(str::to_owned) },
            platform: platform(),
            version: Some("1.2.3".to_owned()),
            sha256: sha256(name.as_bytes()),
            runs: vec![Part {
                what: LinkKind::SitePackages,
                name: "python3.11/site-packages".to_owned(),
                sha256: sha256(b"x"),
            }],
            not_covered: vec!["what \"$LIB\" has".to_owned()],
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let odd = "a \"quoted\" \\ name\u{7f}\u{1b}[31m é";
        let mut lock =
            Lock { tools: vec![entry("tsc", Some("backend")), entry("tsc", None), entry(odd, None)] };
        lock.tools.sort();
        let text = lock.to_string();
        assert_eq!(Lock::read(&text), Ok(lock));
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn a_broken_lock_is_reported_with_its_line() {
        let good = Lock { tools: vec![entry("trivy", None)] }.to_string();
        for (text, words) in [
            (good.replace("version = 1\n", "version = 2\n"), "version = 1"),
            (good.replace("version = 1\n", ""), "version"),
            (good.replace("sha256 = \"", "sha256 = \"x"), "sha256 of trivy"),
            (good.replace("platform", "platfrom"), "platform"),
            (good.replace("\n[[tool]]", "\n<<<<<<< HEAD\n[[tool]]"), "line 5"),
            (String::new(), "version"),
        ] {
            let error = Lock::read(&text).unwrap_err();
            assert!(error.contains(words), "{error} for\n{text}");
        }
    }
}
