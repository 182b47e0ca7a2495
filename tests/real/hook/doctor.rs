//! `portcullis doctor` notices when a push no longer runs the hook.

use std::fs;

use super::{MANAGERS, Repository};

const GONE: &str = "The pre-push hook";

#[test]
fn doctor_notices_that_git_does_not_run_the_manager() {
    for manager in &MANAGERS {
        let repo = Repository::new(manager);
        let name = manager.name;
        repo.install_manager();
        assert!(!repo.portcullis(&["doctor"]).stdout.contains(GONE), "{name}: nobody has installed it");
        assert_eq!(repo.portcullis(&["hook", "install"]).code, 0, "{name}");
        repo.install_manager();
        let ran = repo.portcullis(&["doctor"]);
        assert!(!ran.stdout.contains(GONE), "{name}: {}", ran.stdout);

        // Another clone, or somebody has removed git's file or its setting.
        let _ = fs::remove_file(repo.project.root().join(".git/hooks/pre-push"));
        if name.starts_with("husky") {
            repo.project.git(&["config", "--unset", "core.hooksPath"]);
        }
        let ran = repo.portcullis(&["doctor"]);
        assert!(ran.stdout.contains(GONE) && ran.stdout.contains("does not run"), "{name}: {}", ran.stdout);
        repo.install_manager();
        assert!(!repo.portcullis(&["doctor"]).stdout.contains(GONE), "{name}");

        // The entry is gone from the manager's file.
        for (file, text) in manager.files {
            repo.project.write(file, text);
        }
        repo.install_manager();
        let ran = repo.portcullis(&["doctor"]);
        assert!(ran.stdout.contains(GONE) && ran.stdout.contains("is gone"), "{name}: {}", ran.stdout);
    }
}

/// A team moves to husky: its `npm install` switches off the hook in git's own folder.
#[test]
fn doctor_notices_that_a_manager_has_switched_off_the_hook_of_git() {
    let repo = Repository::new(&MANAGERS[1]);
    fs::remove_dir_all(repo.project.root().join(".husky")).unwrap();
    repo.project.write("package.json", "{}");
    assert_eq!(repo.portcullis(&["hook", "install"]).code, 0);
    assert!(repo.project.root().join(".git/hooks/pre-push").exists());
    repo.install_manager();
    let ran = repo.portcullis(&["doctor"]);
    assert!(ran.stdout.contains(GONE) && ran.stdout.contains("is gone"), "{}", ran.stdout);
}
