//! git-update: digests go into files of another repository by a commit, with real git and a bare repository as remote.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "the tests ask git themselves")]

use std::path::PathBuf;
use std::process::Command;

use crate::common::{CI_SERVICES, Project, Ran};

/// A project, and beside it a bare repository with the files that another system deploys.
struct Site {
    project: Project,
    remote: tempfile::TempDir,
}

const KUSTOMIZATION: &str =
    "# what is deployed\nresources:\n- ../base\nimages:\n- name: backend # the API\n  newTag: v1\n";
const VALUES: &str =
    "# values of the chart\nproxy:\n  image:\n    repository: old/proxy # moved\n    digest: \"\"\n";

fn digest() -> String {
    format!("sha256:{}", "ab".repeat(32))
}

/// Two files, with images by digest. What a push passes on is in `tests/real/delivery`.
fn gate(keys: &str) -> String {
    format!(
        "[[gate]]\nid = 'update'\ntool = 'git-update'\nremote = 'REMOTE'\nbranch = 'production'\nretry_delay = '10ms'\n{keys}\n\
         files = [\n{{ path = 'prod/kustomization.yaml', kind = 'kustomize', images = {{ backend = 'r.example/backend@{digest}' }} }},\n\
         {{ path = 'values.yaml', kind = 'values', images = {{ 'proxy.image' = 'r.example/proxy@{digest}' }} }},\n]\n",
        digest = digest()
    )
}

impl Site {
    fn new(keys: &str) -> Self {
        let site = Self { project: Project::new(), remote: tempfile::tempdir().unwrap() };
        let bare = site.bare();
        site.git(&["init", "--quiet", "--bare", &bare]);
        // Its first commit.
        let seed = Project::new();
        seed.git(&["init", "--quiet"]);
        seed.write("prod/kustomization.yaml", KUSTOMIZATION);
        seed.write("values.yaml", VALUES);
        seed.commit("what is deployed");
        seed.git(&["push", "--quiet", &bare, "HEAD:refs/heads/production"]);
        site.project.git(&["init", "--quiet"]);
        site.project.write(".gitignore", "/gates-report\n/seen\n/gates.toml\n");
        site.project.commit("the code");
        site.write(&gate(keys));
        site
    }

    fn bare(&self) -> String {
        self.remote.path().join("deploy.git").display().to_string()
    }

    fn write(&self, gates: &str) {
        let gates = gates.replace("REMOTE", &self.bare());
        self.project.write("gates.toml", format!("version = 1\nmode = 'production'\n{gates}"));
    }

    fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git").args(args).current_dir(self.remote.path()).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What the remote has.
    fn there(&self, what: &str) -> String {
        self.git(&["--git-dir", &self.bare(), "show", &format!("production:{what}")])
    }

    fn tip(&self) -> String {
        self.git(&["--git-dir", &self.bare(), "rev-parse", "production"]).trim().to_owned()
    }

    fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.project.command(args);
        for name in CI_SERVICES {
            command.env_remove(name);
        }
        Ran::to_end(&mut command)
    }

    /// A script in front of git, for one verb of it.
    fn in_front_of_git(&self, verb: &str, script: &str) {
        let real = Command::new("sh").args(["-c", "command -v git"]).output().unwrap();
        let real = String::from_utf8_lossy(&real.stdout).trim().to_owned();
        self.project
            .program("git", &format!("case \" $* \" in *' {verb} '*) {script} ;; esac\nexec {real} \"$@\""));
    }

    fn reason(&self) -> String {
        self.project.gate("update")["reason"].as_str().unwrap().to_owned()
    }

    fn hook(&self, script: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let hook = PathBuf::from(self.bare()).join("hooks/pre-receive");
        std::fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        hook
    }
}

#[test]
fn the_files_name_the_digests_and_keep_their_comments() {
    let site = Site::new("message = 'Deploy notes'\nauthor = 'Deployer <deploy@example.test>'");
    let before = site.tip();
    let ran = site.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let digest = digest();
    assert_eq!(
        site.there("prod/kustomization.yaml"),
        format!(
            "# what is deployed\nresources:\n- ../base\nimages:\n- name: backend # the API\n  newName: r.example/backend\n  digest: {digest}\n"
        )
    );
    let values = VALUES.replace("old/proxy", "r.example/proxy").replace("\"\"", &format!("\"{digest}\""));
    assert_eq!(site.there("values.yaml"), values);
    let log = ["--git-dir", &site.bare(), "log", "-1", "--format=%an <%ae>%n%P%n%B", "production"]
        .map(str::to_owned);
    let log = site.git(&log.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(log.starts_with(&format!("Deployer <deploy@example.test>\n{before}\nDeploy notes\n")), "{log}");
    let head = site.project.git(&["rev-parse", "HEAD"]);
    assert!(log.contains(&format!("r.example/backend@{digest}")) && log.contains(&head), "{log}");
    let outputs = &site.project.gate("update")["targets"][0]["outputs"];
    assert_eq!(*outputs, serde_json::json!({"branch": "production", "commit": site.tip()}));

    // The same again: nothing is left to do.
    let tip = site.tip();
    let ran = site.run(&["run"]);
    assert_eq!((ran.code, site.tip()), (0, tip), "{}", ran.all());
    let target = site.project.gate("update")["targets"][0].clone();
    assert!(target["proof"].to_string().contains("names these images already"), "{target}");
    assert!(!target["steps"].to_string().contains("\"push\""), "{target}");
}

#[test]
fn two_gates_commit_to_one_branch_one_after_the_other() {
    let site = Site::new("");
    let before = site.tip();
    let files = |of: &str| {
        let gate = gate("").replace("'update'", &format!("'{of}'"));
        let lines = gate.lines().filter(|line| !line.contains("path = ") || line.contains(of));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    // Each has the file with its name.
    site.write(&(files("kustomization") + &files("values") + "needs = ['kustomization']\n"));
    let ran = site.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let git_dir = site.bare();
    let commits = site.git(&["--git-dir", &git_dir, "rev-list", &format!("{before}..production")]);
    assert_eq!(commits.lines().count(), 2, "{commits}");
    assert!(
        site.there("values.yaml").contains(&digest())
            && site.there("prod/kustomization.yaml").contains(&digest())
    );
}

#[test]
fn it_is_an_action_and_waits_for_the_gates() {
    let site = Site::new("");
    let tip = site.tip();
    let ran = site.run(&["run", "--mode", "lab"]);
    assert_eq!((ran.code, site.project.gate("update")["outcome"].as_str()), (0, Some("skipped")));
    site.write(&format!("[[gate]]\nid = 'tests'\ntool = 'command'\nrun = ['false']\n{}", gate("")));
    assert_eq!(site.run(&["run"]).code, 1);
    assert!(site.reason().contains("not started: tests failed"), "{}", site.reason());
    site.write(&gate("branches = ['release']"));
    site.run(&["run"]);
    assert!(site.reason().contains("it acts on release only"), "{}", site.reason());
    assert_eq!(site.tip(), tip);
}

#[test]
fn the_branch_that_is_scanned_is_left_alone_without_a_word_of_the_user() {
    let site = Site::new("");
    let bare = site.bare();
    // The project is a clone of what it would change.
    site.project.git(&["remote", "add", "origin", &bare]);
    site.project.git(&["fetch", "--quiet", "origin"]);
    site.project.git(&["checkout", "--quiet", "-B", "production", "origin/production"]);
    let tip = site.tip();
    site.project.write(".git/info/exclude", "/gates-report\n/gates.toml\n");
    for remote in ["REMOTE", "REMOTE/", "origin"] {
        site.write(&gate("").replace("REMOTE", remote));
        let ran = site.run(&["run"]);
        assert_eq!(ran.code, 3, "{remote}: {}", ran.all());
        let reason = site.reason();
        assert!(reason.contains("production is the branch that this run scans"), "{remote}: {reason}");
    }
    // By another address it is the same repository.
    site.project.git(&["remote", "remove", "origin"]);
    site.write(&gate("").replace("REMOTE", "file://REMOTE"));
    assert_eq!(site.run(&["run"]).code, 3);
    assert!(site.reason().contains("is the branch that this run scans"), "{}", site.reason());
    site.project.git(&["checkout", "--quiet", "--detach"]);
    assert_eq!(site.run(&["run"]).code, 3);
    assert!(site.reason().contains("which is unknown: name that with --branch"), "{}", site.reason());
    assert_eq!(site.tip(), tip);
    // Another branch of the same repository is one that others deploy from.
    assert_eq!(site.run(&["run", "--branch", "main"]).code, 0, "{}", site.reason());
    assert_ne!(site.tip(), tip);
    site.write(&gate("allow = true"));
    assert_eq!(site.run(&["run"]).code, 0, "{}", site.reason());
}

#[test]
fn a_remote_that_misbehaves_proves_nothing() {
    let site = Site::new("retries = 0\ntimeout = '60s'");
    let tip = site.tip();
    let other = "3".repeat(40);
    let says = |words: &str| {
        let ran = site.run(&["run"]);
        let reason = site.reason();
        assert_eq!(ran.code, 3, "{words}: {}", ran.all());
        assert!(reason.contains(words), "\"{reason}\" does not say \"{words}\"");
        assert!(site.project.gate("update")["targets"][0]["outputs"].is_null());
    };
    let hook = site.hook("echo 'the branch is protected' >&2; exit 1");
    says("git push ended with 1");
    std::fs::remove_file(hook).unwrap();
    for (verb, script, words) in [
        (
            "clone",
            "echo 'fatal: could not read Username' >&2; exit 128",
            "git clone ended with 128: fatal: could not read",
        ),
        ("push", "exit 0", "at the end"),
        ("push", "kill -9 $$", "git was ended by SIGKILL"),
        ("ls-remote", "exit 0", "nothing shows that the branch production has the commit"),
        ("ls-remote", &format!("echo '{other}\trefs/heads/production'; exit 0"), "at the end"),
        ("ls-remote", "echo hello; exit 0", "not the id of a commit"),
        ("commit", "exit 1", "git commit ended with 1"),
    ] {
        // What an earlier case pushed is taken back.
        site.git(&["--git-dir", &site.bare(), "update-ref", "refs/heads/production", &tip]);
        site.in_front_of_git(verb, script);
        says(words);
    }
    site.in_front_of_git("clone", "sleep 3600 & wait");
    site.write(&gate("retries = 0\ntimeout = '5s'"));
    says("git was running");
}

#[test]
fn who_was_faster_is_not_overwritten() {
    let site = Site::new("retries = 1");
    // Between the clone and the push somebody else commits, once.
    let script = format!(
        "if [ ! -e {seen} ]; then touch {seen}; rm -rf {other}; git clone --quiet --branch production {bare} {other} && \
         (cd {other} && echo x >other && git add other && git -c user.name=x -c user.email=x@y.z commit --quiet -m other && \
         git push --quiet origin production) || exit 9; fi",
        seen = site.project.root().join("seen").display(),
        other = site.remote.path().join("other").display(),
        bare = site.bare()
    );
    site.in_front_of_git("push --quiet origin HEAD:refs/heads/production", &script);
    let ran = site.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(site.project.gate("update")["targets"][0]["tries"], 2);
    assert_eq!(site.there("other"), "x\n");
    assert!(site.there("values.yaml").contains(&digest()));
}

#[test]
fn what_can_not_be_changed_is_reported_and_nothing_is_pushed() {
    let site = Site::new("retries = 0");
    let tip = site.tip();
    for (gates, words) in [
        (gate("").replace("values.yaml", "missing.yaml"), "the branch has no file missing.yaml"),
        (gate("").replace("proxy.image", "web.image"), "values.yaml: it has no `web.image`"),
        (gate("").replace("{ backend =", "{ web ="), "no entry with the name web"),
        (
            gate("").replace(&format!("r.example/proxy@{}", digest()), "notes-proxy"),
            "no gate of this run has pushed it",
        ),
        (gate("").replace("'production'", "'nowhere'"), "git clone ended with 128"),
        (gate("").replace("'REMOTE'", "'upstream'"), "this repository has no remote upstream"),
    ] {
        site.write(&gates);
        let ran = site.run(&["run"]);
        assert_eq!(ran.code, 3, "{words}: {}", ran.all());
        assert!(site.reason().contains(words), "\"{}\" does not say \"{words}\"", site.reason());
        assert_eq!(site.tip(), tip);
    }
}

#[test]
fn a_link_of_the_other_repository_leads_nowhere() {
    let site = Site::new("retries = 0");
    let clone = site.remote.path().join("link");
    let clone = clone.display().to_string();
    site.git(&["clone", "--quiet", "--branch", "production", &site.bare(), &clone]);
    let aim = site.project.write("seen/values.yaml", VALUES);
    std::fs::remove_file(format!("{clone}/values.yaml")).unwrap();
    std::os::unix::fs::symlink(&aim, format!("{clone}/values.yaml")).unwrap();
    site.git(&[
        "-C",
        &clone,
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@y.z",
        "commit",
        "--quiet",
        "-am",
        "a link",
    ]);
    site.git(&["-C", &clone, "push", "--quiet", "origin", "production"]);
    assert_eq!(site.run(&["run"]).code, 3);
    assert!(site.reason().contains("values.yaml is a link"), "{}", site.reason());
    assert_eq!(std::fs::read_to_string(aim).unwrap(), VALUES);
}
