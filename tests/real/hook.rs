//! The pre-push hook beside the hook managers, each for real: the team's own hook runs, ours runs, and what one
//! installs the other does not remove.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "the managers are run as a user would")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{Project, Ran, real_tools};

mod doctor;
mod files;

const GATES: &str = r#"version = 1
mode = "lab"
[[gate]]
id = "secrets"
tool = "gitleaks"
[profile.pre-push]
mode = "production"
only = ["secrets"]
since = "HEAD"
"#;

/// A rule of the test's own, for a word that is no secret.
const RULES: &str = "[[rules]]\nid = \"made-up\"\nregex = '''made-up-[0-9]{8}'''\n";

/// A hook manager: what the team has committed, and how it is installed.
struct Manager {
    name: &'static str,
    /// Files of the team. Its own hook writes the word `team` to `../team`.
    files: &'static [(&'static str, &'static str)],
    /// What each developer runs, by hand or at `npm install`.
    install: &'static [&'static str],
    /// The file that gets the entry.
    file: &'static str,
    /// Whether it copies the command into git's hook, so that it must be installed once more.
    copies: bool,
}

const MANAGERS: [Manager; 6] = [
    Manager {
        name: "husky 8",
        files: &[
            ("package.json", "{ \"devDependencies\": { \"husky\": \"^8.0.3\" } }\n"),
            (
                ".husky/pre-push",
                "#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\n\necho team >>../team; cat >>../list\n",
            ),
        ],
        install: &["husky8", "install"],
        file: ".husky/pre-push",
        copies: false,
    },
    Manager {
        name: "husky 9",
        files: &[
            ("package.json", "{ \"devDependencies\": { \"husky\": \"^9.1.7\" } }\n"),
            (".husky/pre-push", "echo team >>../team; cat >>../list\n"),
        ],
        install: &["husky"],
        file: ".husky/pre-push",
        copies: false,
    },
    Manager {
        name: "lefthook",
        files: &[(
            "lefthook.yml",
            "# the team's\npre-push:\n  parallel: true\n  commands:\n    team:\n      run: echo team >>../team; cat >>../list\n      use_stdin: true\n\npre-commit:\n  commands:\n    lint:\n      run: 'true'\n",
        )],
        install: &["lefthook", "install"],
        file: "lefthook.yml",
        copies: false,
    },
    Manager {
        name: "pre-commit",
        files: &[(
            ".pre-commit-config.yaml",
            "# the team's\nrepos:\n  - repo: local\n    hooks:\n      - id: team\n        name: team\n        entry: sh -c 'echo team >>../team'\n        language: system\n        stages: [pre-push]\n        always_run: true\n        pass_filenames: false\n\nfail_fast: true\n",
        )],
        install: &["pre-commit", "install", "--hook-type", "pre-push"],
        file: ".pre-commit-config.yaml",
        copies: false,
    },
    Manager {
        name: "prek",
        files: &[(
            "prek.toml",
            "# the team's\nfail_fast = true\n\n[[repos]]\nrepo = \"local\"\n\n[[repos.hooks]]\nid = \"team\"\nname = \"team\"\nentry = \"sh -c 'echo team >>../team'\"\nlanguage = \"system\"\nstages = [\"pre-push\"]\nalways_run = true\npass_filenames = false\n",
        )],
        install: &["prek", "install", "--hook-type", "pre-push"],
        file: "prek.toml",
        copies: false,
    },
    Manager {
        name: "simple-git-hooks",
        files: &[(
            "package.json",
            "{\n  \"name\": \"notes\",\n  \"devDependencies\": { \"simple-git-hooks\": \"2.14.0\" },\n  \"simple-git-hooks\": {\n    \"pre-push\": \"echo team >>../team; cat >>../list\"\n  }\n}\n",
        )],
        install: &["simple-git-hooks"],
        file: "package.json",
        copies: true,
    },
];

struct Repository<'m> {
    project: Project,
    manager: &'m Manager,
}

/// The folder with the npm packages of the managers, or that of the Python ones.
fn tools(name: &str) -> PathBuf {
    let folder = real_tools().join("..").join(name);
    assert!(folder.is_dir(), "the hook managers are not in {}: run ci/setup first", folder.display());
    folder.canonicalize().unwrap()
}

impl<'m> Repository<'m> {
    /// A repository with the manager's files, committed, and an empty remote.
    fn new(manager: &'m Manager) -> Self {
        let project = Project::with_gates(GATES);
        project.git(&["init", "--quiet"]);
        project.git(&["init", "--quiet", "--bare", "../remote.git"]);
        project.git(&["remote", "add", "origin", "../remote.git"]);
        project.write(".gitleaks.toml", RULES);
        for (name, text) in manager.files {
            project.write(name, text);
            if text.starts_with("#!") {
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                fs::set_permissions(project.root().join(name), mode).unwrap();
            }
        }
        // husky 8 and 9 have the same name.
        let husky8 = tools("hook-managers").join("node_modules/husky8/lib/bin.js");
        project.program("husky8", &format!("exec node '{}' \"$@\"", husky8.display()));
        project.commit("first");
        Self { project, manager }
    }

    /// A program as a developer starts it: scanners, managers and portcullis are on PATH.
    fn command(&self, program: &str, args: &[&str]) -> Command {
        let own = Path::new(env!("CARGO_BIN_EXE_portcullis")).parent().unwrap().to_owned();
        let modules = tools("hook-managers").join("node_modules/.bin");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut all = vec![self.project.bin(), own, real_tools(), modules, tools("hooks").join("bin")];
        all.extend(std::env::split_paths(&path));
        let mut command = Command::new(program);
        command.args(args).current_dir(self.project.root());
        for (name, value) in self.project.command(&[]).get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let home = self.project.bin().join("home");
        fs::create_dir_all(&home).unwrap();
        for variable in ["HOME", "PRE_COMMIT_HOME", "PREK_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"] {
            command.env(variable, &home);
        }
        command.env("PATH", std::env::join_paths(all).unwrap()).env_remove("CI").env_remove("INIT_CWD");
        command.stdin(std::process::Stdio::null());
        command
    }

    fn run(&self, program: &str, args: &[&str]) -> Ran {
        Ran::to_end(&mut self.command(program, args))
    }

    /// What each developer runs once, and `npm install` again and again.
    fn install_manager(&self) {
        let (program, args) = self.manager.install.split_first().unwrap();
        let ran = self.run(program, args);
        assert_eq!(ran.code, 0, "{}: {}", self.manager.name, ran.all());
    }

    fn portcullis(&self, args: &[&str]) -> Ran {
        self.run(env!("CARGO_BIN_EXE_portcullis"), args)
    }

    fn push(&self, refs: &[&str]) -> Ran {
        self.run("git", &[&["push", "origin"], refs].concat())
    }

    fn commit(&self, name: &str, text: &str) -> String {
        self.project.write(name, text);
        self.project.commit(name)
    }

    fn record(&self) -> serde_json::Value {
        serde_json::from_str(&self.project.read("gates-report/pre-push/run.json")).unwrap()
    }

    fn on_remote(&self) -> String {
        self.project.git(&["ls-remote", "origin", "refs/heads/main"])
    }

    /// How often the team's own hook has run.
    fn team(&self) -> usize {
        fs::read_to_string(self.project.root().join("../team")).unwrap_or_default().lines().count()
    }

    fn config(&self) -> String {
        self.project.read(self.manager.file)
    }
}

/// The whole life: install, push, blocked push, and the manager's next install.
fn lives_beside(manager: &Manager) {
    let repo = Repository::new(manager);
    let name = manager.name;
    repo.install_manager();
    let before = repo.config();
    let ran = repo.portcullis(&["hook", "install"]);
    assert_eq!(ran.code, 0, "{name}: {}", ran.all());
    assert!(ran.stdout.contains(manager.file), "{name}: {}", ran.stdout);
    assert_eq!(ran.stdout.contains("Git does not run it yet"), manager.copies, "{name}: {}", ran.stdout);
    for line in before.lines().filter(|line| !line.contains("\"pre-push\"")) {
        assert!(repo.config().contains(line), "{name}: `{line}` is gone");
    }
    // `npm install` in between.
    repo.install_manager();
    repo.project.commit("with the hook");

    // The first push: the whole history, though the profile has a `since`.
    let pushed = repo.push(&["main"]);
    assert_eq!(pushed.code, 0, "{name}: {}", pushed.all());
    let record = repo.project.root().join("gates-report/pre-push/run.json");
    assert!(record.exists(), "{name}: the hook has not run: {}", pushed.all());
    assert_eq!(repo.record()["verdict"], "pass", "{name}");
    assert_eq!(repo.record()["gates"][0]["scope"]["commits"], 2, "{name}: {}", repo.record());
    assert_eq!(repo.team(), 1, "{name}: the team's hook");

    // A word that the rule finds stops the push.
    let there = repo.on_remote();
    repo.commit("settings", &format!("made-up-{}\n", "12345678"));
    let pushed = repo.push(&["main"]);
    assert_ne!(pushed.code, 0, "{name}: {}", pushed.all());
    assert!(pushed.all().contains("Verdict: BLOCKED"), "{name}: {}", pushed.all());
    assert_eq!(repo.record()["gates"][0]["scope"]["commits"], 1, "{name}");
    assert_eq!(repo.on_remote(), there, "{name}");

    // Nothing was renamed, and nothing is there twice.
    let hooks = fs::read_dir(repo.project.root().join(".git/hooks")).unwrap().flatten();
    let renamed = hooks.filter(|hook| hook.file_name().to_string_lossy().contains("portcullis")).count();
    assert_eq!(renamed, 0, "{name}");
    let again = repo.portcullis(&["hook", "install"]);
    assert!(
        again.code == 0 || again.stderr.contains("has an entry of portcullis already"),
        "{name}: {}",
        again.all()
    );
    assert_eq!(repo.config().matches("portcullis hook pre-push").count(), 1, "{name}");
}

/// The list of refs reaches the team's own hook as well.
fn hands_on_the_list(manager: &Manager) {
    let repo = Repository::new(manager);
    repo.install_manager();
    assert_eq!(repo.portcullis(&["hook", "install"]).code, 0);
    repo.install_manager();
    let head = repo.project.git(&["rev-parse", "HEAD"]);
    let pushed = repo.push(&["main"]);
    assert_eq!(pushed.code, 0, "{}: {}", manager.name, pushed.all());
    let list = repo.project.read("../list");
    assert!(
        list.starts_with(&format!("refs/heads/main {head} refs/heads/main ")),
        "{}: {list}",
        manager.name
    );
    // Nothing to push: git runs the hook with an empty list.
    let ran = repo.run("git", &["push", "origin", "main"]);
    assert_eq!(ran.code, 0, "{}: {}", manager.name, ran.all());
    assert!(ran.all().contains("git has nothing to push"), "{}: {}", manager.name, ran.all());
}

#[test]
fn husky_8() {
    lives_beside(&MANAGERS[0]);
    hands_on_the_list(&MANAGERS[0]);
}

#[test]
fn husky_9() {
    lives_beside(&MANAGERS[1]);
    hands_on_the_list(&MANAGERS[1]);
}

#[test]
fn lefthook() {
    lives_beside(&MANAGERS[2]);
    hands_on_the_list(&MANAGERS[2]);
}

#[test]
fn pre_commit() {
    lives_beside(&MANAGERS[3]);
}

#[test]
fn prek() {
    lives_beside(&MANAGERS[4]);
}

#[test]
fn simple_git_hooks() {
    lives_beside(&MANAGERS[5]);
    hands_on_the_list(&MANAGERS[5]);
}
