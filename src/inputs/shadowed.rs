//! Lock files that their package manager does not read, because it reads another one in their place.
//!
//! Source: npm, "npm-shrinkwrap.json" and "Workspaces"; pnpm, `sharedWorkspaceLockfile`; Yarn 1, "Workspaces". Tried with npm 11.19, pnpm 10
//! and Yarn 1.22.

use std::path::Path;

use crate::inputs::files::{File, Files};
use crate::inputs::lock_packages::whole;
use crate::inputs::workspaces::{Workspaces, above, in_folder};
use crate::model::input::PackageManager as Manager;

/// The lock file that is read in place of this one; `None`: this one is read.
pub(super) fn read_instead(
    top: &Path,
    lock: &File,
    manager: Manager,
    files: &Files,
    workspaces: &Workspaces,
) -> Option<String> {
    let folder = lock.folder();
    let there = |path: String| files.get(&path).is_some().then_some(path);
    match manager {
        Manager::Npm => {
            const NAMES: [&str; 2] = ["npm-shrinkwrap.json", "package-lock.json"];
            let at = |folder: &str| NAMES.iter().find_map(|name| there(in_folder(folder, name)));
            let of_root = workspaces.npm_root(&folder).and_then(at);
            of_root.or_else(|| at(&folder).filter(|path| *path != lock.path()))
        }
        // It looks for the file of the workspace, whether the folder is a member or not.
        Manager::Pnpm => {
            let root =
                above(&folder).find(|above| there(in_folder(above, "pnpm-workspace.yaml")).is_some())?;
            let says = |name: &str, word: &str| {
                let text = files.get(&in_folder(root, name)).and_then(|file| whole(top, &file));
                text.is_some_and(|text| {
                    text.lines().any(|line| line.replace([' ', '\t'], "").starts_with(word))
                })
            };
            let is_apart = says("pnpm-workspace.yaml", "sharedWorkspaceLockfile:false")
                || says(".npmrc", "shared-workspace-lockfile=false");
            there(in_folder(root, "pnpm-lock.yaml")).filter(|_| !is_apart)
        }
        // A folder with a lock file is a project of its own for Yarn 2 and later.
        Manager::Yarn => {
            let root = workspaces.npm_root(&folder)?;
            let is_first = || whole(top, lock).is_some_and(|text| text.contains("# yarn lockfile v1"));
            there(in_folder(root, "yarn.lock")).filter(|_| is_first())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::inputs::Inputs;
    use crate::model::input::{InputKind, PackageManager as Manager};

    const ROOT: &str = r#"{"workspaces": ["packages/*"], "dependencies": {"a": "1"}}"#;
    const WORKSPACE: &str = "packages:\n  - 'packages/*'\n";

    fn instead(files: &[(&str, &str)], lock: &str, manager: Manager) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Inputs::outside_git(folder.path()).read_instead(lock, InputKind::Lock(manager))
    }

    #[test]
    fn a_package_manager_reads_one_lock_file_for_a_folder() {
        let npm = |lock: &str| {
            instead(&[("package-lock.json", "{}"), ("npm-shrinkwrap.json", "{}")], lock, Manager::Npm)
        };
        assert_eq!(npm("package-lock.json").as_deref(), Some("npm-shrinkwrap.json"));
        assert_eq!(npm("npm-shrinkwrap.json"), None);
        for (manager, name, text, of_yarn_1) in [
            (Manager::Npm, "package-lock.json", "{}", true),
            (Manager::Pnpm, "pnpm-lock.yaml", "lockfileVersion: '9.0'\n", true),
            (Manager::Yarn, "yarn.lock", "# yarn lockfile v1\n", true),
            (Manager::Yarn, "yarn.lock", "__metadata:\n", false),
        ] {
            let (own, other) = (format!("packages/a/{name}"), format!("other/{name}"));
            let files = [
                ("package.json", ROOT),
                ("pnpm-workspace.yaml", WORKSPACE),
                ("packages/a/package.json", "{}"),
                ("other/package.json", "{}"),
                (name, text),
                (own.as_str(), text),
                (other.as_str(), text),
            ];
            let expected = of_yarn_1.then(|| name.to_owned());
            assert_eq!(instead(&files, &own, manager), expected, "{manager:?}");
            assert_eq!(instead(&files, name, manager), None, "{manager:?}");
            // pnpm does not ask whether the folder is a member.
            let of_other = (manager == Manager::Pnpm).then(|| name.to_owned());
            assert_eq!(instead(&files, &other, manager), of_other, "{manager:?}");
        }
        let apart = format!("{WORKSPACE}sharedWorkspaceLockfile: false\n");
        let files = [
            ("pnpm-workspace.yaml", apart.as_str()),
            ("pnpm-lock.yaml", "a: 1\n"),
            ("packages/a/pnpm-lock.yaml", "a: 1\n"),
        ];
        assert_eq!(instead(&files, "packages/a/pnpm-lock.yaml", Manager::Pnpm), None);
    }
}
