//! Python: what an interpreter imports from where a tool is installed.

use std::path::{Path, PathBuf};

use super::chain::{file_name, folders_in};
use super::digest::{Subject, Tree};

/// `python`, `python3`, `python3.11`, `pypy3`.
pub(super) fn is_interpreter(name: &str) -> bool {
    ["python", "pypy"]
        .iter()
        .filter_map(|start| name.strip_prefix(start))
        .any(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// The folders from which `python` (whose real path is `real`) imports packages, each with a name that
/// is the same on every machine. They belong to its virtual environment, or to its installation and to
/// that of `tool`.
pub(super) fn site_packages(python: &Path, real: &Path, tool: Option<&Path>) -> Vec<(String, PathBuf)> {
    let prefix = |program: &Path| program.parent()?.parent().map(Path::to_owned);
    let environment = prefix(python).filter(|prefix| prefix.join("pyvenv.cfg").is_file());
    let shares = environment.as_ref().is_some_and(|prefix| {
        let settings = std::fs::read_to_string(prefix.join("pyvenv.cfg")).unwrap_or_default();
        settings
            .lines()
            .any(|line| line.replace(' ', "").eq_ignore_ascii_case("include-system-site-packages=true"))
    });
    let mut prefixes: Vec<PathBuf> = environment.iter().cloned().collect();
    if environment.is_none() || shares {
        let own = prefix(real);
        if own.as_deref() == Some(Path::new("/usr")) {
            prefixes.push("/usr/local".into());
        }
        prefixes.extend(own);
        prefixes.extend(
            tool.filter(|tool| tool.parent().is_some_and(|folder| folder.ends_with("bin"))).and_then(prefix),
        );
    }
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    for library in prefixes.iter().flat_map(|prefix| folders_in(&prefix.join("lib"))) {
        let version = file_name(&library);
        if !is_interpreter(&version) {
            continue;
        }
        for packages in ["site-packages", "dist-packages"] {
            if let Ok(folder) = library.join(packages).canonicalize()
                && found.iter().all(|(_, known)| *known != folder)
            {
                found.push((format!("{version}/{packages}"), folder));
            }
        }
    }
    found
}

/// What is hashed for such a folder.
pub(super) fn subject(folder: PathBuf) -> Subject {
    Subject::Trees { kind: Tree::Python, roots: vec![(String::new(), folder)] }
}

/// Whether many programs share a folder. What lies there differs from machine to machine.
pub(super) fn is_shared(folder: &Path) -> bool {
    matches!(file_name(folder).as_str(), "bin" | "sbin" | "libexec" | "shims" | ".bin" | "Scripts")
}

/// The modules and packages in a folder, without other files.
pub(super) fn modules(folder: PathBuf) -> Subject {
    Subject::Trees { kind: Tree::Modules, roots: vec![(String::new(), folder)] }
}
