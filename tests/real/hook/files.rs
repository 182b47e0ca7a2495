//! The forms that a manager's file can have: each is changed so that the manager still reads it, or it is not changed.

use super::{MANAGERS, Manager, Repository};

/// The file in other forms. The manager must run the hook afterwards.
fn works_with(manager: &Manager, file: &str, texts: &[&str]) {
    for text in texts {
        let repo = Repository::new(manager);
        repo.project.write(file, text);
        repo.install_manager();
        let ran = repo.portcullis(&["hook", "install"]);
        assert_eq!(ran.code, 0, "{text}: {}", ran.all());
        repo.install_manager();
        let pushed = repo.push(&["main"]);
        assert_eq!(pushed.code, 0, "{text}: {}\n{}", repo.project.read(file), pushed.all());
        assert_eq!(repo.record()["profile"], "pre-push", "{text}: {}", repo.project.read(file));
    }
}

/// Nothing is changed, and the message has the entry.
fn leaves(manager: &Manager, file: &str, texts: &[&str]) {
    for text in texts {
        let repo = Repository::new(manager);
        repo.project.write(file, text);
        let ran = repo.portcullis(&["hook", "install"]);
        assert_eq!(ran.code, 2, "{text}: {}", ran.all());
        assert!(ran.stderr.contains("portcullis hook pre-push"), "{text}: {}", ran.stderr);
        assert_eq!(repo.project.read(file), *text);
    }
}

#[test]
fn lefthook_yaml() {
    works_with(
        &MANAGERS[2],
        "lefthook.yml",
        &[
            "",
            "# nothing yet\n",
            "pre-commit:\n  jobs:\n    - run: 'true'",
            "pre-push:\n  jobs:\n    - name: team\n      run: 'true'\n",
            "pre-push:\n  jobs:\n  - run: 'true'\n",
            "pre-push:\n    # comment\n    commands:\n        team:\n            run: 'true'\n",
            "pre-push:\n  parallel: true\n  scripts:\n    \"check.sh\":\n      skip: true\n",
        ],
    );
    leaves(&MANAGERS[2], "lefthook.yml", &["pre-push: { commands: { team: { run: 'true' } } }\n", "{}\n"]);
}

#[test]
fn pre_commit_yaml() {
    let hook = "repo: local\n    hooks:\n    - {id: team, name: team, entry: 'true', language: system}\n";
    works_with(
        &MANAGERS[3],
        ".pre-commit-config.yaml",
        &[
            "repos: []\n",
            "default_stages: [pre-commit]\nrepos: # the team's\n# first\n\n-   repo: local\n    hooks:\n    -   {id: team, name: team, entry: 'true', language: system}",
            &format!("repos:\n  - {hook}"),
        ],
    );
    leaves(&MANAGERS[3], ".pre-commit-config.yaml", &["repos: [{repo: meta, hooks: [{id: identity}]}]\n"]);
}

/// prek reads pre-commit's file, too.
#[test]
fn prek_with_the_file_of_pre_commit() {
    let prek = Manager { files: MANAGERS[3].files, file: MANAGERS[3].file, ..manager(4) };
    super::lives_beside(&prek);
    leaves(&MANAGERS[4], "prek.toml", &["repos = []\n"]);
}

fn manager(index: usize) -> Manager {
    let Manager { name, files, install, file, copies } = MANAGERS[index];
    Manager { name, files, install, file, copies }
}

#[test]
fn simple_git_hooks_json() {
    works_with(
        &MANAGERS[5],
        "package.json",
        &[
            "{\"name\":\"notes\",\"simple-git-hooks\":{}}",
            "{\n\t\"simple-git-hooks\": {\n\t\t\"pre-commit\": \"true\"\n\t},\n\t\"name\": \"notes\"\n}\n",
            "{ \"simple-git-hooks\": { \"pre-commit\": \"true\", \"pre-push\": \"echo \\\"a\\\" && true\" } }",
        ],
    );
    works_with(&MANAGERS[5], ".simple-git-hooks.json", &["{}", "{ \"pre-push\": \"true\" }\n"]);
    leaves(&MANAGERS[5], ".simple-git-hooks.cjs", &["module.exports = { 'pre-push': 'true' }\n"]);
}

#[test]
fn husky_without_a_hook_of_the_team() {
    for manager in &MANAGERS[..2] {
        let repo = Repository::new(manager);
        repo.project.git(&["rm", "--quiet", "--cached", ".husky/pre-push"]);
        std::fs::remove_file(repo.project.root().join(".husky/pre-push")).unwrap();
        // Before the first `npm install`, and after it.
        let ran = repo.portcullis(&["hook", "install"]);
        assert_eq!(ran.code, 0, "{}: {}", manager.name, ran.all());
        assert!(ran.stdout.contains("Git does not run it yet"), "{}", ran.stdout);
        repo.install_manager();
        let pushed = repo.push(&["main"]);
        assert_eq!(pushed.code, 0, "{}: {}", manager.name, pushed.all());
        assert_eq!(repo.record()["profile"], "pre-push", "{}", manager.name);

        // And it goes again.
        assert_eq!(repo.portcullis(&["hook", "uninstall"]).code, 0);
        assert!(!repo.config().contains("portcullis"), "{}", repo.config());
        assert!(!repo.portcullis(&["doctor"]).stdout.contains("The pre-push hook"));
    }
}

#[test]
fn print_writes_nothing_and_the_flags_are_in_the_entry() {
    for manager in &MANAGERS {
        let repo = Repository::new(manager);
        repo.install_manager();
        repo.project.git(&["branch", "base"]);
        let before = (repo.config(), repo.project.git(&["status", "--porcelain"]));
        let ran = repo.portcullis(&["hook", "install", "--print", "--policy-from", "base"]);
        assert_eq!(ran.code, 0, "{}: {}", manager.name, ran.all());
        assert!(ran.stdout.contains("portcullis hook pre-push --policy-from='base'"), "{}", ran.stdout);
        assert!(ran.stdout.contains(manager.file), "{}: {}", manager.name, ran.stdout);
        assert_eq!(before, (repo.config(), repo.project.git(&["status", "--porcelain"])), "{}", manager.name);

        // The policy of the base counts in a push.
        let ran = repo.portcullis(&["hook", "install", "--policy-from", "base"]);
        assert_eq!(ran.code, 0, "{}: {}", manager.name, ran.all());
        repo.install_manager();
        let pushed = repo.push(&["main"]);
        assert_eq!(pushed.code, 0, "{}: {}", manager.name, pushed.all());
        assert_eq!(repo.record()["policy"]["revision"], "base", "{}", manager.name);
    }
}
