//! Configuration files below the folder that ESLint lints.
//!
//! Source: ESLint's documentation, "Configuration Files": ESLint 10 takes the `eslint.config.*` nearest to each file; ESLint 8 without one
//! adds every `.eslintrc*` from the file up to the root.

use std::fs;
use std::path::{Path, PathBuf};

use crate::inputs::third_party::is_passed_over;

/// The most folders that are looked into. A larger project is no reason to wait.
const MOST: usize = 20_000;

/// The files below a folder whose names begin like this, in order. Links, third-party code and build output are left out, as ESLint does.
pub(super) fn below(top: &Path, begins: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![top.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        seen += 1;
        if seen > MOST {
            break;
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (name, Ok(kind)) = (entry.file_name(), entry.file_type()) else { continue };
            if kind.is_dir() && !is_passed_over(&name) {
                folders.push(entry.path());
            } else if kind.is_file() && folder != top && name.to_string_lossy().starts_with(begins) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_folders_below_are_found_and_those_of_packages_are_not() {
        let top = tempfile::tempdir().unwrap();
        for name in [
            "eslint.config.js",
            "a/b/eslint.config.mjs",
            "a/eslint.config.ts",
            "node_modules/c/eslint.config.js",
        ] {
            let path = top.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = below(top.path(), "eslint.config.");
        let found: Vec<_> =
            found.iter().map(|path| path.strip_prefix(top.path()).unwrap().to_str().unwrap()).collect();
        assert_eq!(found, ["a/b/eslint.config.mjs", "a/eslint.config.ts"]);
    }
}
