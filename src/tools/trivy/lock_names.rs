//! The names under which Trivy looks for lock files, and the patterns that add to them.

use crate::keys::table::Keys;
use crate::model::input::{InputKind, PackageManager as Manager};
use crate::scan::seen::name_of;
use crate::tools::python_pattern::Pattern;

/// Whether Trivy reads a lock file of this name by itself (0.70: tried with a file of each manager; trivy.dev, "Coverage", "Language"). It
/// passes over what people write beside the usual name, unless [`FilePatterns`] names it.
pub(super) fn reads_lock(kind: InputKind, path: &str) -> bool {
    let name = name_of(path);
    match kind {
        InputKind::Lock(Manager::Npm) => name == "package-lock.json",
        InputKind::Lock(Manager::Bun) => name == "bun.lock",
        InputKind::Lock(Manager::Bundler) => name == "Gemfile.lock",
        InputKind::Lock(Manager::Uv) => name == "uv.lock",
        // It lists packages of Conda, and knows no vulnerability of them ("Coverage", "Conda").
        InputKind::Lock(Manager::Pdm | Manager::Conda) => false,
        InputKind::Lock(Manager::NuGet) => ["packages.lock.json", "packages.config"].contains(&name),
        InputKind::Lock(Manager::Pip) => name == "requirements.txt" || name.starts_with("pylock."),
        _ => true,
    }
}

/// The pattern by which Trivy reads a lock file that it would pass over; `None`: it can't read the file at all.
pub(super) fn pattern_for(kind: InputKind, path: &str) -> Option<String> {
    let pattern = match (kind, name_of(path)) {
        (InputKind::Lock(Manager::Npm), "npm-shrinkwrap.json") => r"npm:npm-shrinkwrap\.json$",
        (InputKind::Lock(Manager::Bundler), "gems.locked") => r"bundler:gems\.locked$",
        (InputKind::Lock(Manager::NuGet), _) => r"nuget:packages\..*\.lock\.json$",
        (InputKind::Lock(Manager::Pip), _) if is_named_by(OF_REQUIREMENTS, path) => OF_REQUIREMENTS,
        // A requirements file under a name of its own, which another includes.
        (InputKind::Lock(Manager::Pip), name) => return own_pattern(name),
        _ => return None,
    };
    Some(pattern.to_owned())
}

const OF_REQUIREMENTS: &str = r"pip:requirements.*\.txt$";

fn is_named_by(pattern: &str, path: &str) -> bool {
    is_named(&[pattern.to_owned()], InputKind::Lock(Manager::Pip), path)
}

/// `pip:deps\.txt$`; `None`: the name has a character that patterns give a meaning.
fn own_pattern(name: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    name.chars().all(is_plain).then(|| format!("pip:{}$", name.replace('.', r"\.")))
}

/// What Trivy calls the readers of lock files (aquasecurity/trivy `pkg/fanal/analyzer/const.go`).
const READERS: [(&str, Manager); 19] = [
    ("bun", Manager::Bun),
    ("bundler", Manager::Bundler),
    ("cargo", Manager::Cargo),
    ("cocoapods", Manager::CocoaPods),
    ("composer", Manager::Composer),
    ("conan-lock", Manager::Conan),
    ("gomod", Manager::Go),
    ("gradle-lockfile", Manager::Gradle),
    ("mix-lock", Manager::Hex),
    ("npm", Manager::Npm),
    ("nuget", Manager::NuGet),
    ("pip", Manager::Pip),
    ("pipenv", Manager::Pipenv),
    ("pnpm", Manager::Pnpm),
    ("poetry", Manager::Poetry),
    ("pubspec-lock", Manager::Pub),
    ("swift", Manager::Swift),
    ("uv", Manager::Uv),
    ("yarn", Manager::Yarn),
];

/// The key `file_patterns`: `pip:requirements.*\.txt$` is a reader, and a pattern for paths from the folder that is scanned.
pub(super) fn file_patterns(keys: &Keys) -> Vec<String> {
    let patterns = keys.texts("file_patterns").unwrap_or_default();
    for pattern in &patterns {
        let parts = pattern.value.split_once(':');
        if !parts.is_some_and(|(reader, path)| !reader.is_empty() && !path.is_empty()) {
            let what = format!("`{}` is no pattern for files of Trivy", pattern.value);
            keys.problem_with_help(
                pattern.at.clone(),
                what,
                "write the reader and a pattern: \"pip:requirements.*\"",
            );
        }
    }
    patterns.into_iter().map(|pattern| pattern.value).collect()
}

/// Whether one of these patterns makes Trivy read a lock file. A pattern that is not understood fits nothing: what Trivy reads by it is in its
/// report all the same.
pub(super) fn is_named(patterns: &[String], kind: InputKind, path: &str) -> bool {
    let is_reader =
        |reader: &str| READERS.iter().any(|(name, of)| *name == reader && InputKind::Lock(*of) == kind);
    // The path counts from the folder that is scanned.
    let starts = path.match_indices('/').map(|(at, _)| at + 1);
    let paths: Vec<&str> = std::iter::once(0).chain(starts).map(|at| &path[at..]).collect();
    let mut own = patterns.iter().filter_map(|pattern| pattern.split_once(':'));
    own.any(|(reader, pattern)| {
        let pattern = Pattern::new(pattern);
        is_reader(reader) && paths.iter().any(|path| pattern.is_in(path))
    })
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
            (Manager::Pip, "requirements/base.txt", false),
            (Manager::Pip, "requirements/requirements.txt", true),
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

    /// What Trivy 0.70 lists with these patterns.
    #[test]
    fn a_pattern_adds_names() {
        let is = |pattern: &str, manager, path: &str| {
            is_named(&[pattern.to_owned()], InputKind::Lock(manager), path)
        };
        for path in [
            "requirements-dev.txt",
            "requirements/base.txt",
            "a/dev-requirements.txt",
            "requirements-x/prod.txt",
        ] {
            assert!(is(r"pip:requirements.*\.txt$", Manager::Pip, path), "{path}");
            let own = pattern_for(InputKind::Lock(Manager::Pip), path);
            assert_eq!(own.as_deref(), Some(r"pip:requirements.*\.txt$"));
        }
        let own = pattern_for(InputKind::Lock(Manager::Pip), "a/deps.txt").unwrap();
        assert_eq!(own, r"pip:deps\.txt$");
        assert!(is(&own, Manager::Pip, "a/deps.txt"));
        assert_eq!(pattern_for(InputKind::Lock(Manager::Pip), "a+b.txt"), None);
        assert!(is(r"npm:npm-shrinkwrap\.json$", Manager::Npm, "a/npm-shrinkwrap.json"));
        assert!(is(r"bundler:^gems\.locked$", Manager::Bundler, "a/gems.locked"));
        assert!(is("pip:.*base.txt", Manager::Pip, "requirements/base.txt"));
        assert!(!is("npm:requirements", Manager::Pip, "requirements-dev.txt"));
        assert!(!is("pip:constraints", Manager::Pip, "requirements-dev.txt"));
        assert!(!is("requirements", Manager::Pip, "requirements-dev.txt"));
    }
}
