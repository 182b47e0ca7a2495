//! Folders with other people's code, or with what a build wrote.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Folders into which a package manager installs. They are never listed: a lock file says what is in them.
const INSTALLED: [&str; 5] = ["node_modules", "bower_components", "jspm_packages", ".venv", ".tox"];

/// Folders with third-party code or build output, where git ignores them, or where there is no git.
const PASSED_OVER: [&str; 10] = [
    "target",
    "dist",
    "build",
    "vendor",
    "venv",
    "gates-report",
    ".terraform",
    ".gradle",
    // Output of AWS CDK and SAM.
    "cdk.out",
    ".aws-sam",
];

/// Whether packages are installed into a folder of this name.
pub(super) fn is_installed(name: &[u8]) -> bool {
    INSTALLED.iter().any(|known| known.as_bytes() == name)
}

/// Whether a folder of this name is not looked into at first.
pub(super) fn is_passed_over(name: &OsStr) -> bool {
    name == ".git"
        || is_installed(name.as_bytes())
        || PASSED_OVER.iter().any(|known| known.as_bytes() == name.as_bytes())
}

/// Whether a folder, by the last part of its path, may hold a project's own files: `build/`, `dist/`.
pub(super) fn may_be_own(folder: &[u8]) -> bool {
    let folder = folder.strip_suffix(b"/").unwrap_or(folder);
    let name = folder.rsplit(|byte| *byte == b'/').next().unwrap_or(folder);
    [&b"build"[..], b"dist", b"target"].contains(&name)
}

/// Whether a path lies in a folder of installed packages. Such files are tracked now and then; they are inputs of
/// nobody's own project.
pub(super) fn is_in_installed(path: &str) -> bool {
    path.split('/').rev().skip(1).any(|folder| is_installed(folder.as_bytes()))
}

/// The folder into which other people's code is copied, if this is the file by which it is known: Go and Composer write a list or a
/// loader into `vendor`, Cargo a checksum beside each package (`go help mod vendor`, Composer's "Autoloading", `cargo vendor`).
pub(super) fn vendored(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    let folder = match name {
        "modules.txt" | "autoload.php" => folder,
        ".cargo-checksum.json" => folder.rsplit_once('/')?.0,
        _ => return None,
    };
    (folder.rsplit('/').next() == Some("vendor")).then_some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_code_is_known_by_what_its_tool_leaves() {
        for (path, folder) in [
            ("vendor/modules.txt", Some("vendor")),
            ("api/vendor/autoload.php", Some("api/vendor")),
            ("vendor/serde/.cargo-checksum.json", Some("vendor")),
            ("vendor/serde/Cargo.toml", None),
            ("src/modules.txt", None),
            ("modules.txt", None),
        ] {
            assert_eq!(vendored(path), folder, "{path}");
        }
    }
}
