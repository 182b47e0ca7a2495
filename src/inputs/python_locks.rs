//! Whether the lock files beside a manifest of Python are its own: they name what it asks for. `requirements-dev.txt` locks nothing of the
//! `requirements.txt` beside it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::inputs::files::{File, Files};
use crate::inputs::lock_packages::{self, is_of_development, names_of_requirements, python_name};
use crate::inputs::python_names::of_pyproject;
use crate::inputs::setup_names::{of_setup_cfg, of_setup_py};
use crate::model::input::{InputKind, PackageManager as Manager, Standing};

/// The managers whose lock files are those of the project in the folder.
const OF_PROJECT: [Manager; 3] = [Manager::Poetry, Manager::Uv, Manager::Pdm];

/// Whether some lock file in the folder of a manifest has what it asks for.
pub(super) fn lock(top: &Path, path: &str, files: &Files) -> bool {
    let Some(manifest) = files.get(path) else { return false };
    let folder = manifest.folder();
    let beside: Vec<(File, InputKind)> = files
        .below(&folder)
        .filter(|file| file.folder() == folder && file.standing() != Standing::Ignored)
        .filter_map(|file| {
            let kind = file.kinds().iter().find(|kind| is_lock(*kind))?;
            Some((file, kind))
        })
        .collect();
    let is_project = path.ends_with("pyproject.toml");
    let is_pipfile = path.ends_with("Pipfile");
    let is_own = |kind: &InputKind| match kind {
        InputKind::Lock(Manager::Pipenv) => is_pipfile,
        InputKind::Lock(manager) => is_project && OF_PROJECT.contains(manager),
        _ => false,
    };
    if beside.iter().any(|(_, kind)| is_own(kind)) {
        return true;
    }
    match asked(top, &manifest).filter(|names| !names.is_empty()) {
        Some(asked) => {
            let mut named = BTreeSet::new();
            for (file, kind) in &beside {
                match lock_packages::of_file(top, file, *kind, files) {
                    Some(found) => named.extend(found.shipped.iter().map(|one| python_name(&one.name))),
                    // Nobody here can say what is in it.
                    None => return true,
                }
            }
            asked.is_subset(&named)
        }
        // What it asks for is not known: a file for development is not for that.
        None => beside.iter().any(|(file, _)| {
            let name = file.name();
            !is_of_development(name.rsplit_once('.').map_or(&*name, |(stem, _)| stem))
        }),
    }
}

fn is_lock(kind: InputKind) -> bool {
    let of_python = [Manager::Pip, Manager::Poetry, Manager::Uv, Manager::Pipenv, Manager::Pdm];
    matches!(kind, InputKind::Lock(manager) if of_python.contains(&manager))
}

/// The packages that a manifest asks for; `None`: it is a program, or can't be read.
fn asked(top: &Path, manifest: &File) -> Option<BTreeSet<String>> {
    let name = manifest.name();
    match () {
        () if name == "pyproject.toml" => of_pyproject(&lock_packages::whole(top, manifest)?),
        () if name == "setup.cfg" => Some(of_setup_cfg(&lock_packages::whole(top, manifest)?)),
        () if name == "setup.py" => of_setup_py(&lock_packages::whole(top, manifest)?),
        () if name.ends_with(".txt") || name.ends_with(".in") => {
            Some(names_of_requirements(&lock_packages::whole(top, manifest)?).into_iter().collect())
        }
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::inputs::Inputs;

    /// The manifests without a lock file, in a folder with these files.
    fn unlocked(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Inputs::outside_git(folder.path()).unlocked().iter().map(|one| one.manifest.clone()).collect()
    }

    const PROJECT: &str = "[project]\nname = 'a'\ndependencies = ['PyYAML>=5']\n";

    #[test]
    fn a_lock_file_locks_what_it_names() {
        for files in [
            [("pyproject.toml", PROJECT), ("requirements.txt", "pyyaml==5.3\nsix==1\n")],
            [("requirements.in", "pyyaml\n"), ("requirements.txt", "pyyaml==5.3\n")],
            [("pyproject.toml", PROJECT), ("uv.lock", "version = 1\n")],
            [("setup.py", "setup(install_requires=['a'])"), ("requirements.txt", "a==1\n")],
            [("requirements-dev.in", "pytest\n"), ("requirements-dev.txt", "pytest==8\n")],
        ] {
            assert_eq!(unlocked(&files), [""; 0], "{files:?}");
        }
    }

    #[test]
    fn one_for_something_else_does_not() {
        for (manifest, files) in [
            ("pyproject.toml", [("pyproject.toml", PROJECT), ("requirements-dev.txt", "pytest==8\n")]),
            (
                "requirements.txt",
                [("requirements.txt", "pyyaml>=5\n"), ("requirements-dev.txt", "pytest==8\n")],
            ),
            ("requirements.txt", [("requirements.txt", "pyyaml>=5\n"), ("uv.lock", "version = 1\n")]),
            (
                "setup.py",
                [("setup.py", "setup(install_requires=['a'])"), ("requirements-test.txt", "b==1\n")],
            ),
            (
                "setup.py",
                [("setup.py", "setup(install_requires=['a', 'b'])"), ("requirements.txt", "a==1\n")],
            ),
            (
                "setup.cfg",
                [("setup.cfg", "[options]\ninstall_requires =\n  b\n"), ("requirements.txt", "a==1\n")],
            ),
            ("Pipfile", [("Pipfile", "[packages]\na = '*'\n"), ("test-requirements.txt", "b==1\n")]),
            (
                "a.csproj",
                [
                    ("a.csproj", "<Project><PackageReference Include='A'/></Project>"),
                    ("packages.config", "<packages><package id='B' version='1'/></packages>"),
                ],
            ),
            (
                "build.gradle",
                [
                    ("build.gradle", "dependencies {\n  api 'a:b:1'\n}\n"),
                    ("buildscript-gradle.lockfile", "a:b:1=classpath\nempty=\n"),
                ],
            ),
        ] {
            assert_eq!(unlocked(&files), [manifest], "{files:?}");
        }
        // Without a pattern, the file of each framework is the project's.
        let nuget = [
            ("a.csproj", "<Project><PackageReference Include='A'/></Project>"),
            ("packages.lock.json", "{}"),
        ];
        assert_eq!(unlocked(&nuget), [""; 0]);
    }
}
