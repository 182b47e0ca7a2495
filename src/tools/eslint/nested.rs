//! Configuration files below the folder that ESLint lints.
//!
//! Source: ESLint's documentation, "Configuration Files": ESLint 10 takes the `eslint.config.*` nearest to each file; ESLint 8 without one
//! adds every `.eslintrc*` from the file up to the root.

use std::path::PathBuf;

use crate::scan::scene::Scene;

/// The files in the folders below that of a gate whose names begin like this, in order. Links and installed packages are left out, as
/// ESLint does.
pub(super) fn below(scene: &Scene, dir: &str, begins: &str) -> Vec<PathBuf> {
    let nested = scene
        .files_below(dir)
        .filter(|(path, file)| path.contains('/') && !file.is_link() && file.name().starts_with(begins));
    nested.map(|(_, file)| scene.repo.root.join(file.os_path())).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::inputs::Inputs;
    use crate::system::git::Repo;

    #[test]
    fn files_of_folders_below_are_found_and_those_of_packages_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        for name in [
            "web/eslint.config.js",
            "web/a/b/eslint.config.mjs",
            "web/a/eslint.config.ts",
            "web/node_modules/c/eslint.config.js",
            "api/d/eslint.config.js",
        ] {
            let path = top.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let repo = Repo { root: top.clone(), base: top.clone(), ..Repo::default() };
        let inputs = Inputs::outside_git(&top);
        let scene = Scene { repo: &repo, gate: "lint", since: None, built: &[], inputs: &inputs };
        let found = below(&scene, "web", "eslint.config.");
        let found: Vec<_> =
            found.iter().map(|path| path.strip_prefix(&top).unwrap().to_str().unwrap()).collect();
        assert_eq!(found, ["web/a/b/eslint.config.mjs", "web/a/eslint.config.ts"]);
    }
}
