//! The names under which Syft looks for lock files.

use crate::model::input::{InputKind, PackageManager as Manager};
use crate::scan::seen::name_of;

/// Whether some version of Syft reads a lock file of this name. It passes over names that people use beside the usual one (1.18: tried with
/// a file of each manager; anchore/syft, `syft/pkg/cataloger/*/cataloger.go`: `**/*requirements*.txt`, `**/Gemfile.lock`).
pub(super) fn finds_lock(kind: InputKind, path: &str) -> bool {
    let name = name_of(path);
    match kind {
        InputKind::Lock(Manager::Npm) => name == "package-lock.json",
        InputKind::Lock(Manager::Gradle) => name == "gradle.lockfile",
        InputKind::Lock(Manager::Bundler) => name == "Gemfile.lock",
        InputKind::Lock(Manager::Bun) => name == "bun.lock",
        // Of Conda it reads only what is installed.
        InputKind::Lock(Manager::Conda) => false,
        InputKind::Lock(Manager::Pip) => name.contains("requirements") || name.starts_with("pylock."),
        _ => true,
    }
}

/// Whether version 1.18 lists the packages of a lock file.
pub(super) fn reads_lock(kind: InputKind, path: &str) -> bool {
    match kind {
        InputKind::Lock(Manager::Bun | Manager::NuGet | Manager::Pdm | Manager::Uv) => false,
        InputKind::Lock(Manager::Pip) if name_of(path).starts_with("pylock.") => false,
        kind => finds_lock(kind, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Syft 1.18.1 lists of a folder with such files.
    #[test]
    fn other_names_than_the_usual_are_passed_over() {
        for (manager, path, finds, reads) in [
            (Manager::Npm, "a/package-lock.json", true, true),
            (Manager::Npm, "npm-shrinkwrap.json", false, false),
            (Manager::Pip, "requirements.txt", true, true),
            (Manager::Pip, "requirements-dev.txt", true, true),
            (Manager::Pip, "dev-requirements.txt", true, true),
            (Manager::Pip, "requirements/requirements.txt", true, true),
            (Manager::Pip, "requirements/base.txt", false, false),
            (Manager::Pip, "pylock.toml", true, false),
            (Manager::Bundler, "Gemfile.lock", true, true),
            (Manager::Bundler, "gems.locked", false, false),
            (Manager::Bun, "bun.lock", true, false),
            (Manager::Bun, "bun.lockb", false, false),
            (Manager::Uv, "uv.lock", true, false),
            (Manager::Pdm, "pdm.lock", true, false),
            (Manager::Conda, "environment.yml", false, false),
            (Manager::Gradle, "app/gradle.lockfile", true, true),
            (Manager::Gradle, "buildscript-gradle.lockfile", false, false),
            (Manager::Poetry, "poetry.lock", true, true),
        ] {
            let kind = InputKind::Lock(manager);
            assert_eq!((finds_lock(kind, path), reads_lock(kind, path)), (finds, reads), "{path}");
        }
    }
}
