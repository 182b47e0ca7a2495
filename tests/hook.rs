//! The pre-push hook, installed in a real repository and run by a real `git push`.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use common::{Project, Ran};

/// A gate that writes down the range that it was given, and fails when `fail` is there.
const GATES: &str = r#"version = 1
mode = "lab"
[[gate]]
id = "secrets"
tool = "gitleaks"
[[gate]]
id = "slow"
tool = "command"
run = ["touch", "slow-ran"]
[profile.pre-push]
mode = "production"
only = ["secrets"]
"#;

/// Stands in for gitleaks: what counts here is which commits the hook asks it about.
const GITLEAKS: &str = r#"
test "$1" = git || { echo 8.30.1; exit; }
while [ $# -gt 0 ]; do
    case $1 in
        --log-opts) range=$2; shift ;;
        --report-path) report=$2; shift ;;
    esac
    shift
done
echo "${range:-all}" >>../ranges
echo '[]' >"$report"
echo '10:00AM INF 1 commits scanned.' >&2
echo '10:00AM INF scanned ~10 bytes (10 bytes) in 1ms' >&2
test ! -e ../fail || { echo '[{"RuleID":"r","Description":"d","File":"a","StartLine":1,"EndLine":1,"StartColumn":1,"EndColumn":2,"Match":"REDACTED","Secret":"REDACTED","Commit":"","Fingerprint":"f"}]' >"$report"; exit 77; }
"#;

struct Pushed {
    project: Project,
}

impl Pushed {
    fn new() -> Pushed {
        let project = Project::with_gates(GATES);
        project.program("gitleaks", GITLEAKS);
        project.git(&["init", "--quiet"]);
        project.git(&["init", "--quiet", "--bare", "../remote.git"]);
        project.git(&["remote", "add", "origin", "../remote.git"]);
        project.commit("first");
        Pushed { project }
    }

    fn hook(&self, name: &str) -> PathBuf {
        self.project.root().join(".git/hooks").join(name)
    }

    fn push(&self, args: &[&str]) -> Ran {
        let mut git = git_command();
        git.current_dir(self.project.root()).args(["push", "--quiet"]).args(args);
        // PATH and all else as the binary would have it.
        for (name, value) in self.project.command(&[]).get_envs() {
            match value {
                Some(value) => git.env(name, value),
                None => git.env_remove(name),
            };
        }
        Ran::of(git.output().unwrap())
    }

    fn ranges(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.project.root().join("../ranges")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

#[allow(clippy::disallowed_methods, reason = "the hook is run by git")]
fn git_command() -> std::process::Command {
    std::process::Command::new("git")
}

#[test]
fn a_push_runs_the_profile_on_the_commits_that_are_pushed() {
    let repo = Pushed::new();
    let installed = repo.project.run(&["hook", "install"]);
    assert_eq!(installed.code, 0, "{}", installed.all());

    // Everything is new to the remote: the whole history.
    let first = repo.push(&["origin", "main"]);
    assert_eq!(first.code, 0, "{}", first.all());
    assert_eq!(repo.ranges(), ["all"]);
    assert!(!repo.project.root().join("slow-ran").exists());

    let known = repo.project.git(&["rev-parse", "HEAD"]);
    repo.project.write("a", "1");
    let second = repo.project.commit("second");
    repo.push(&["origin", "main"]);
    assert_eq!(repo.ranges()[1], format!("{known}..{second}"));

    // A new branch: from the last commit of it that the remote has.
    repo.project.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.project.write("b", "1");
    let third = repo.project.commit("third");
    repo.push(&["origin", "topic"]);
    assert_eq!(repo.ranges()[2], format!("{second}..{third}"));

    // A new branch at a commit that the remote has: a range without a commit.
    repo.project.git(&["branch", "same"]);
    repo.push(&["origin", "same"]);
    assert_eq!(repo.ranges()[3], format!("{third}..{third}"));

    // A deleted branch sends nothing.
    assert_eq!(repo.push(&["origin", ":topic"]).code, 0);
    assert_eq!(repo.ranges().len(), 4);
}

#[test]
fn a_verdict_that_blocks_stops_the_push() {
    let repo = Pushed::new();
    repo.project.run(&["hook", "install"]);
    std::fs::write(repo.project.root().join("../fail"), "").unwrap();
    let pushed = repo.push(&["origin", "main"]);
    assert_ne!(pushed.code, 0);
    assert!(pushed.all().contains("Verdict: BLOCKED"), "{}", pushed.all());
    assert_eq!(repo.project.git(&["ls-remote", "origin"]), "", "nothing has arrived");
}

#[test]
fn a_hook_that_was_there_runs_first_and_comes_back_on_uninstall() {
    let repo = Pushed::new();
    let hook = repo.hook("pre-push");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    let before = "#!/bin/sh\ncat >../refs-seen\ntest ! -e ../refuse\n";
    std::fs::write(&hook, before).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();

    repo.project.run(&["hook", "install"]);
    repo.project.run(&["hook", "install"]);
    repo.push(&["origin", "main"]);
    let seen = std::fs::read_to_string(repo.project.root().join("../refs-seen")).unwrap();
    assert!(seen.starts_with("refs/heads/main "), "{seen}");
    assert_eq!(repo.ranges().len(), 1);

    std::fs::write(repo.project.root().join("../refuse"), "").unwrap();
    repo.project.write("a", "1");
    repo.project.commit("second");
    assert_ne!(repo.push(&["origin", "main"]).code, 0, "the earlier hook still has its say");
    assert_eq!(repo.ranges().len(), 1);

    assert_eq!(repo.project.run(&["hook", "uninstall"]).code, 0);
    assert_eq!(std::fs::read_to_string(&hook).unwrap(), before);
    assert_eq!(repo.project.run(&["hook", "uninstall"]).code, 2, "a stranger's hook stays");
}

#[test]
fn without_its_profile_the_hook_is_not_installed() {
    let repo = Pushed::new();
    repo.project
        .write("gates.toml", "version = 1\n[[gate]]\nid = \"a\"\ntool = \"command\"\nrun = [\"true\"]\n");
    let ran = repo.project.run(&["hook", "install"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("[profile.pre-push]"), "{}", ran.stderr);
    assert!(!repo.hook("pre-push").exists());
}
