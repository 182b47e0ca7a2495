//! Which program ran: its path, its version, its bytes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::timeout;

use crate::scan::program::{distribution_version, lies_in, package_version, version_in};
use crate::scan::tool::{ToolSpec, VersionFrom};
use crate::system::process::ask;
use crate::text::hash::sha256_file;

/// The slowest scanner (a Python program with a cold cache) answers within a few seconds.
const VERSION_LIMIT: Duration = Duration::from_secs(30);

/// What is known about a program that ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub version: Option<String>,
    /// In hexadecimal.
    pub sha256: Option<String>,
}

/// Asks for version and hash at the same time, and waits no longer than `limit`.
pub(crate) async fn identify(
    spec: &'static ToolSpec,
    program: PathBuf,
    cwd: PathBuf,
    root: PathBuf,
    limit: Duration,
) -> Identity {
    let hashing = {
        let program = program.clone();
        tokio::task::spawn_blocking(move || sha256_file(&program).ok())
    };
    let version = timeout(limit, version(spec, &program, &cwd, &root)).await.ok().flatten();
    Identity { version, sha256: hashing.await.ok().flatten() }
}

/// The version of a program, if it is available without the report.
async fn version(spec: &ToolSpec, program: &Path, cwd: &Path, root: &Path) -> Option<String> {
    match spec.version {
        VersionFrom::Report => None,
        VersionFrom::PackageJson => package_version(program),
        VersionFrom::Asking => ask_version(spec, program, cwd, root).await,
        // The scan starts the same.
        VersionFrom::PackageManager if !lies_in(program, root) => asked(spec, program, cwd).await,
        VersionFrom::PackageManager => None,
    }
}

/// The version of a program that may not run at all. Nothing of the repository at `root` is started: a program that lies in it is not
/// asked, and a package manager is asked elsewhere, because in a project it starts the version and the plug-ins that the project names.
pub(crate) async fn ask_version(spec: &ToolSpec, program: &Path, cwd: &Path, root: &Path) -> Option<String> {
    let of_package = matches!(spec.version, VersionFrom::PackageJson | VersionFrom::PackageManager);
    if of_package && let Some(version) = package_version(program) {
        return Some(version);
    }
    if let Some(version) = distribution_version(program) {
        return Some(version);
    }
    if spec.version_args.is_empty() || lies_in(program, root) {
        return None;
    }
    asked(spec, program, if of_package { Path::new("/") } else { cwd }).await
}

async fn asked(spec: &ToolSpec, program: &Path, folder: &Path) -> Option<String> {
    version_in(&ask(program, spec.version_args, folder, VERSION_LIMIT).await?)
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
