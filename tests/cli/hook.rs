//! The pre-push hook, installed in a real repository and run by a real `git push`.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::common::{Project, Ran, gitleaks};

mod range;
mod refs;

/// A gate that writes down the commits it was given, and fails if the file `fail` exists.
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

/// The tests check which commits the hook passes to gitleaks.
const NOTE_RANGE: &str = r#"
if [ "$range" ]; then git log --format=%s $range | sort | paste -s -d ' ' - >>../ranges; else echo all >>../ranges; fi
if [ -e ../fail ]; then found=yes; fi"#;

struct Pushed {
    project: Project,
}

impl Pushed {
    fn new() -> Self {
        let project = Project::with_gates(GATES);
        project.program("gitleaks", &gitleaks::fake(NOTE_RANGE));
        project.git(&["init", "--quiet"]);
        project.git(&["init", "--quiet", "--bare", "../remote.git"]);
        project.git(&["remote", "add", "origin", "../remote.git"]);
        project.commit("first");
        Self { project }
    }

    fn hook(&self, name: &str) -> PathBuf {
        self.project.root().join(".git/hooks").join(name)
    }

    /// The record of the last run of the hook.
    fn record(&self) -> serde_json::Value {
        serde_json::from_str(&self.project.read("gates-report/pre-push/run.json")).unwrap()
    }

    fn push(&self, args: &[&str]) -> Ran {
        self.push_with(args, &[])
    }

    fn push_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut git = git_command();
        git.current_dir(self.project.root()).args(["push", "--quiet"]).args(args);
        // PATH and the rest of the environment as the binary gets it.
        for (name, value) in self.project.command(&[]).get_envs() {
            match value {
                Some(value) => git.env(name, value),
                None => git.env_remove(name),
            };
        }
        git.envs(variables.iter().copied());
        Ran::of(git.output().unwrap())
    }

    /// The subjects of the commits of each scan, in alphabetical order.
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

    // The remote has nothing, so the whole history is new.
    let first = repo.push(&["origin", "main"]);
    assert_eq!(first.code, 0, "{}", first.all());
    assert_eq!(repo.ranges(), ["first"]);
    assert!(!repo.project.root().join("slow-ran").exists());

    repo.project.write("a", "1");
    repo.project.commit("second");
    repo.push(&["origin", "main"]);
    assert_eq!(repo.ranges()[1], "second");

    // A new branch: from its last commit that the remote has.
    repo.project.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.project.write("b", "1");
    repo.project.commit("third");
    repo.push(&["origin", "topic"]);
    assert_eq!(repo.ranges()[2], "third");

    // A new branch at a commit that the remote has: an empty range.
    repo.project.git(&["branch", "same"]);
    repo.push(&["origin", "same"]);
    assert_eq!(repo.ranges()[3], "");

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
fn an_existing_hook_runs_first_and_comes_back_on_uninstall() {
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
fn doctor_says_that_the_hook_is_not_executable() {
    let repo = Pushed::new();
    assert_eq!(repo.project.run(&["hook", "install"]).code, 0);
    let hook = repo.hook("pre-push");
    assert!(!repo.project.run(&["doctor"]).stdout.contains("pre-push hook"));
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = repo.project.run(&["doctor"]).stdout;
    let words = "The pre-push hook does not run: .git/hooks/pre-push is not executable, so git ignores it. `chmod +x .git/hooks/pre-push` changes that.";
    assert!(said.replace('\n', " ").contains(words), "{said}");
}

#[test]
fn uninstall_removes_the_hook_of_git_and_the_entry_of_husky() {
    for (active, manager) in [(false, "husky"), (true, "husky"), (false, "lefthook")] {
        let repo = Pushed::new();
        assert_eq!(repo.project.run(&["hook", "install"]).code, 0);
        let config = if manager == "husky" { ".husky/pre-push" } else { "lefthook.yml" };
        repo.project.write(config, "");
        if active {
            repo.project.write(".husky/_/h", "");
            repo.project.git(&["config", "core.hooksPath", ".husky/_"]);
        }
        assert_eq!(repo.project.run(&["hook", "install"]).code, 0);
        assert!(repo.project.read(config).contains("portcullis hook pre-push"));
        let ran = repo.project.run(&["hook", "uninstall"]);
        let said = ran.all();
        assert!(said.contains("Removed ") && said.contains(".git/hooks/pre-push."), "{said}");
        assert!(!repo.hook("pre-push").exists(), "{said}");
        match manager {
            "husky" => {
                assert!(ran.code == 0 && said.contains("Removed the entry from .husky/pre-push."), "{said}");
                assert!(!repo.project.read(config).contains("portcullis"), "{said}");
            }
            _ => {
                assert_eq!(ran.code, 2, "{said}");
                let words = "lefthook keeps the hook, too: remove the entry `portcullis` from lefthook.yml";
                assert!(said.contains(words) && !said.contains("nothing was changed"), "{said}");
            }
        }
    }
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

/// Pushes `main`, then commits a gates.toml whose hook profile runs nothing that matters.
fn loosened(repo: &Pushed) -> String {
    assert_eq!(repo.push(&["--no-verify", "origin", "main"]).code, 0);
    let loose = GATES.replace("only = [\"secrets\"]", "only = [\"slow\"]");
    repo.project.write("gates.toml", &loose);
    repo.project.commit("let me through");
    std::fs::write(repo.project.root().join("../fail"), "").unwrap();
    loose
}

#[test]
fn a_push_is_judged_by_the_policy_that_the_remote_has() {
    let repo = Pushed::new();
    let loose = loosened(&repo);
    let known = repo.project.git(&["rev-parse", "origin/main"]);
    let ran = repo.project.run(&["hook", "install", "--policy-from", "origin/main"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains("by the policy of origin/main"), "{}", ran.stdout);
    let ran = repo.push(&["origin", "main"]);
    assert_ne!(ran.code, 0, "{}", ran.all());
    let policy = &repo.record()["policy"];
    assert_eq!(policy["from"], known.as_str());
    assert_eq!(policy["loosened"][0]["place"], "profile pre-push");
    assert_eq!(policy["loosened"][0]["what"], "it leaves out secrets");
    // The range is what the remote does not have. Where the policy comes from does not matter.
    assert_eq!(repo.ranges(), ["let me through"]);

    // If the branch with the policy is gone, the policy is unknown and the push stops.
    repo.project.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    let ran = repo.push(&["origin", "main"]);
    assert!(ran.code != 0 && ran.all().contains("there is no commit `origin/main`"), "{}", ran.all());

    // Without the flag, the policy of the change is used.
    repo.project.run(&["hook", "install"]);
    assert_eq!(repo.project.read("gates.toml"), loose);
    assert_eq!(repo.push(&["origin", "main"]).code, 0);
}

#[test]
fn an_installed_hook_follows_the_variables_and_its_flags_go_before_them() {
    let repo = Pushed::new();
    loosened(&repo);
    repo.project.run(&["hook", "install"]);
    assert_ne!(repo.push_with(&["origin", "main"], &[("PORTCULLIS_POLICY_FROM", "origin/main")]).code, 0);
    assert_eq!(repo.push_with(&["origin", "main"], &[("PORTCULLIS_POLICY_FROM", "main")]).code, 0);
    repo.project.git(&["update-ref", "refs/remotes/origin/main", "main~1"]);
    repo.project.git(&["push", "--quiet", "--no-verify", "--force", "origin", "main~1:main"]);
    repo.project.run(&["hook", "install", "--policy-from", "origin/main"]);
    assert_ne!(repo.push_with(&["origin", "main"], &[("PORTCULLIS_POLICY_FROM", "main")]).code, 0);

    // Installing with the variable has the same effect as with the flag.
    let mut install = repo.project.command(&["hook", "install"]);
    let ran = Ran::of(install.env("PORTCULLIS_POLICY_FROM", "origin/main").output().unwrap());
    assert!(ran.stdout.contains("by the policy of origin/main"), "{}", ran.all());
    assert_ne!(repo.push(&["origin", "main"]).code, 0);
}

#[test]
fn a_push_below_the_floor_is_refused_and_so_is_a_hook_that_would_refuse_every_push() {
    let repo = Pushed::new();
    // A name that a shell must not split.
    let name = "the org's $(touch ../pwned) floor.toml";
    let floor = "version = 1\nmode = \"production\"\nsince = false\n[[gate]]\ntool = \"gitleaks\"\nfail_on = \"high\"\n";
    let path = repo.project.write(&format!("../{name}"), floor);
    let ran = repo.project.run(&["hook", "install", "--require", &format!("../{name}")]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains("not below the floor of"), "{}", ran.stdout);
    let pushed = repo.push(&["origin", "main"]);
    assert_eq!(pushed.code, 0, "{}", pushed.all());
    assert_eq!(repo.ranges(), ["first"]);
    assert!(!repo.project.root().join("../pwned").exists());

    repo.project.write(
        "gates.toml",
        GATES.replace("tool = \"gitleaks\"", "tool = \"gitleaks\"\nfail_on = \"never\""),
    );
    repo.project.commit("never");
    let pushed = repo.push(&["origin", "main"]);
    assert_ne!(pushed.code, 0);
    assert!(pushed.all().contains("gate `secrets` has fail_on = never"), "{}", pushed.all());
    assert_eq!(repo.ranges().len(), 1);

    // Its profile leaves out a gate that this floor requires.
    std::fs::write(&path, format!("{floor}[[gate]]\ntool = \"command\"\n")).unwrap();
    repo.project.write("gates.toml", GATES);
    let before = std::fs::read(repo.hook("pre-push")).unwrap();
    for (args, words) in [
        (["--require", path.to_str().unwrap()], "gate `slow` would not run: left out by profile pre-push"),
        (["--require", "no-such-floor.toml"], "no-such-floor.toml can't be read"),
        (["--policy-from", "nowhere"], "there is no commit `nowhere`"),
    ] {
        let ran = repo.project.run(&[&["hook", "install"][..], &args].concat());
        assert_eq!(ran.code, 2, "{}", ran.all());
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    assert_eq!(std::fs::read(repo.hook("pre-push")).unwrap(), before, "the hook that was there stays");
}

#[test]
fn a_revision_with_special_characters_stays_one_word_in_the_hook() {
    let repo = Pushed::new();
    loosened(&repo);
    let branch = "it's-$(touch${IFS}pwned);main";
    repo.project.git(&["branch", branch, "origin/main"]);
    let ran = repo.project.run(&["hook", "install", "--policy-from", branch]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_ne!(repo.push(&["origin", "main"]).code, 0);
    assert_eq!(repo.record()["policy"]["revision"], branch);
    assert!(!repo.project.root().join("pwned").exists());
}
