//! The names under which Trivy looks for lock files.

use crate::model::input::{InputKind, PackageManager as Manager};

/// Whether Trivy reads a lock file of this name (0.70: tried with a file of each manager; trivy.dev, "Coverage", "Language"). It passes over what
/// people write beside the usual name, unless `--file-patterns` names it.
pub(super) fn reads_lock(kind: InputKind, name: &str) -> bool {
    match kind {
        InputKind::Lock(Manager::Npm) => name == "package-lock.json",
        InputKind::Lock(Manager::Bun) => name == "bun.lock",
        InputKind::Lock(Manager::Bundler) => name == "Gemfile.lock",
        InputKind::Lock(Manager::Uv) => name == "uv.lock",
        // It lists packages of Conda, and knows no vulnerability of them ("Coverage", "Conda").
        InputKind::Lock(Manager::Pdm | Manager::Conda) => false,
        InputKind::Lock(Manager::Pip) => name == "requirements.txt" || name.starts_with("pylock."),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_than_the_usual_are_passed_over() {
        for (manager, name, reads) in [
            (Manager::Npm, "package-lock.json", true),
            (Manager::Npm, "npm-shrinkwrap.json", false),
            (Manager::Pip, "requirements.txt", true),
            (Manager::Pip, "requirements-dev.txt", false),
            (Manager::Pip, "pylock.toml", true),
            (Manager::Bun, "bun.lockb", false),
            (Manager::Uv, "a.py.lock", false),
            (Manager::Pdm, "pdm.lock", false),
            (Manager::Conda, "environment.yml", false),
            (Manager::Gradle, "buildscript-gradle.lockfile", true),
        ] {
            assert_eq!(reads_lock(InputKind::Lock(manager), name), reads, "{name}");
        }
    }
}
