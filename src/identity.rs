//! Which program it was that ran: found where, which version, which bytes.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use crate::job::Program;
use crate::process::ask;
use crate::tool::{Scanner, VersionFrom};

/// The slowest scanner (a Python program with a cold cache) answers within a few seconds.
const VERSION_LIMIT: Duration = Duration::from_secs(30);

/// Finds a program: a path as it stands, a name in the folders near the target, then on PATH.
pub fn find(program: &Program, cwd: &Path) -> Option<PathBuf> {
    if program.name.contains('/') {
        return which::which_in(&program.name, None::<&str>, cwd).ok();
    }
    program
        .near
        .iter()
        .map(|folder| folder.join(&program.name))
        .find(|candidate| candidate.exists())
        .or_else(|| which::which(&program.name).ok())
}

/// What is known of a program that ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub version: Option<String>,
    /// In hexadecimal.
    pub sha256: Option<String>,
}

/// A file that would be the program if it might be executed.
pub fn not_executable(program: &Program, cwd: &Path) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").filter(|_| !program.name.contains('/')).unwrap_or_else(|| cwd.into());
    std::env::split_paths(&path).map(|folder| folder.join(&program.name)).find(|file| file.is_file())
}

/// Asks for version and hash at once; whoever asks waits no longer than `limit`.
pub async fn identify(
    scanner: &'static Scanner,
    program: PathBuf,
    cwd: PathBuf,
    limit: Duration,
) -> Identity {
    let hashing = {
        let program = program.clone();
        tokio::task::spawn_blocking(move || sha256_file(&program).ok())
    };
    let version = timeout(limit, version(scanner, &program, &cwd)).await.ok().flatten();
    Identity { version, sha256: hashing.await.ok().flatten() }
}

/// The version of a program, where it can be had without the report.
async fn version(scanner: &Scanner, program: &Path, cwd: &Path) -> Option<String> {
    match scanner.version {
        VersionFrom::Report => None,
        VersionFrom::PackageJson => package_version(program),
        VersionFrom::Asking => ask_version(scanner, program, cwd).await,
    }
}

/// Asks the program itself.
pub async fn ask_version(scanner: &Scanner, program: &Path, cwd: &Path) -> Option<String> {
    let answer = ask(program, scanner.version_args, cwd, VERSION_LIMIT).await?;
    version_in(&answer)
}

/// The first word that looks like a version: `Version: 0.70.0`, `v10.15.0`, `8.30.1`.
pub fn version_in(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || c == ',')
        .map(|word| word.strip_prefix('v').unwrap_or(word))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
        .map(str::to_owned)
}

/// The version in the nearest `package.json` above the file that the program really is.
pub fn package_version(program: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Manifest {
        version: String,
    }
    let real = program.canonicalize().ok()?;
    let manifest = real
        .ancestors()
        .skip(1)
        .take(6)
        .map(|folder| folder.join("package.json"))
        .find(|file| file.exists())?;
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(manifest).ok()?).ok()?;
    Some(manifest.version)
}

/// SHA-256 of a file, in hexadecimal, in bounded memory.
pub fn sha256_file(path: &Path) -> io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

/// SHA-256 of some bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_scanners_print() {
        for (text, version) in [
            ("8.30.1\n", Some("8.30.1")),
            ("Version: 0.70.0\nVulnerability DB:\n  Version: 2\n", Some("0.70.0")),
            ("Docker version 28.2.2, build e6534b4\n", Some("28.2.2")),
            ("v10.15.0", Some("10.15.0")),
            ("Version 5.9.3", Some("5.9.3")),
            ("no such thing", None),
        ] {
            assert_eq!(version_in(text).as_deref(), version, "{text}");
        }
    }
}
