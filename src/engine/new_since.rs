//! The findings before a change: the same gates, run on the commit where the change starts.
//!
//! The commit is checked out in a clone beside the run's files, and Portcullis runs there with today's
//! policy. The result is kept in the repository's git folder, so this happens once per commit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::sync::watch;

use crate::config::{Config, branch};
use crate::engine::active_policy::ActivePolicy;
use crate::engine::saved_run;
use crate::model::run::{Completeness, Run};
use crate::policy::known_findings::KnownFindings;
use crate::system::git::{GIT_LIMIT, Repo};
use crate::system::git_command::git;
use crate::system::process::{self, Capture, End, Launch, Stop};
use crate::system::scratch::Scratch;
use crate::system::variables;
use crate::system::whole_file::write_whole;
use crate::text::hash::sha256;

/// Time limit for a clone of the commit.
const CLONE_LIMIT: Duration = Duration::from_secs(300);

/// Time limit for the run on the commit, if no deadline sets one.
const RUN_LIMIT: Duration = Duration::from_secs(3600);

/// Files that say what `node_modules` beside them holds.
const LOCK_FILES: [&str; 4] = ["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"];

/// The findings at the commit that `revision` and the work tree have in common.
///
/// # Errors
/// When there is no such commit, when it can't be checked out, or when the run on it leaves no record.
pub(crate) async fn at(
    revision: &str,
    active: &ActivePolicy,
    repo: &Repo,
    limit: Option<Duration>,
    stop: &watch::Receiver<Stop>,
) -> Result<KnownFindings> {
    let git = Git { top: &repo.root };
    let commit = git
        .ask(&["merge-base", "HEAD", revision], GIT_LIMIT)
        .await
        .filter(|commit| !commit.is_empty())
        .with_context(|| {
            format!(
                "new_since = {revision}: it has no commit in common with what is checked out; is it fetched, and is the clone complete?"
            )
        })?;
    let gates = gates(&active.config);
    let policy = active.text();
    let name = sha256(format!("{policy}\n{}\n{}", gates.join("\n"), env!("CARGO_PKG_VERSION")).as_bytes());
    let folder =
        git.ask(&["rev-parse", "--absolute-git-dir"], GIT_LIMIT).await.context("git has no folder")?;
    let kept = Path::new(&folder).join("portcullis").join(format!("{commit}-{}.json", &name[..16]));
    if let Ok(run) = saved_run::read(&kept) {
        return Ok(KnownFindings::from_run(&run, revision));
    }
    if gates.is_empty() {
        bail!("new_since = {revision}, and no gate has `new_only`");
    }
    let run =
        Base { git, commit: &commit, repo, active, gates: &gates }.run(&policy, limit, stop.clone()).await?;
    let whole = |gate: &crate::model::run::GateRecord| {
        !matches!(gate.evidence, Completeness::Lacking(_) | Completeness::Stale(_) | Completeness::Halted(_))
    };
    if run.interrupted.is_none() && run.gates.iter().all(whole) {
        // Only a cache: if it can't be written, the next run does the same again.
        let _ = fs::create_dir_all(kept.parent().unwrap_or(Path::new(".")));
        let _ = write_whole(&kept, |out| Ok(serde_json::to_writer(out, &run)?));
    }
    Ok(KnownFindings::from_run(&run, revision))
}

/// The gates that judge only new findings, and all gates that they need. No actions.
fn gates(config: &Config) -> Vec<String> {
    let late = branch::late(&config.gates.iter().collect::<Vec<_>>());
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    let mut unseen: Vec<&str> =
        config.gates.iter().filter(|gate| gate.policy.new_only).map(|gate| &*gate.id).collect();
    while let Some(id) = unseen.pop() {
        if wanted.insert(id) {
            let needs = config.gate(id).map(|gate| gate.needs.as_slice()).unwrap_or_default();
            unseen.extend(needs.iter().map(|need| &**need));
        }
    }
    let early = config.gates.iter().zip(late).filter(|(gate, late)| !late && wanted.contains(&*gate.id));
    early.map(|(gate, _)| gate.id.to_string()).collect()
}

struct Git<'a> {
    top: &'a Path,
}

impl Git<'_> {
    async fn ask(&self, args: &[&str], limit: Duration) -> Option<String> {
        let answer = git(args, self.top, limit).await?;
        Some(answer.trim_end_matches('\n').to_owned())
    }
}

/// The commit where a change starts.
struct Base<'a> {
    git: Git<'a>,
    commit: &'a str,
    repo: &'a Repo,
    active: &'a ActivePolicy,
    gates: &'a [String],
}

impl Base<'_> {
    async fn run(&self, policy: &str, limit: Option<Duration>, stop: watch::Receiver<Stop>) -> Result<Run> {
        let scratch = Scratch::new()?;
        let tree = scratch.path().join("base");
        self.lay_out(&tree).await?;
        let inside = |path: &Path| {
            let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
            tree.join(path.strip_prefix(&self.repo.root).unwrap_or(Path::new("")))
        };
        let config = inside(crate::config::find::folder_of(&self.active.path)).join(crate::config::FILE_NAME);
        fs::create_dir_all(crate::config::find::folder_of(&config))?;
        fs::write(&config, policy).with_context(|| format!("{} can't be written", config.display()))?;
        self.share_packages(&tree).await;

        let out = scratch.path().join("report");
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let args: Vec<String> = [
            "run",
            "--quiet",
            "--no-baseline",
            "--mode",
            "lab",
            "--config",
            &text(&config),
            "--out",
            &text(&out),
            "--only",
            &self.gates.join(","),
        ]
        .map(str::to_owned)
        .to_vec();
        let ours = |name: &String| name.starts_with("PORTCULLIS_");
        let without = variables::names().filter(ours).collect();
        let program = std::env::current_exe().context("the path of portcullis is not known")?;
        let capture = |name: &str| Capture { path: Some(scratch.path().join(name)), cap: 1 << 20 };
        let launch = Launch {
            program: &program,
            args: &args,
            cwd: crate::config::find::folder_of(&config),
            env: &BTreeMap::new(),
            without: &without,
            timeout: limit.unwrap_or(RUN_LIMIT),
            stdin: None,
            stdout: capture("stdout"),
            stderr: capture("stderr"),
        };
        let ended = process::run(launch, stop).await;
        match ended.end {
            End::Exited(0) => saved_run::read(&out.join("run.json")),
            _ => {
                let said = fs::read(scratch.path().join("stderr")).unwrap_or_default();
                let said = String::from_utf8_lossy(&said);
                let last =
                    said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
                bail!("the gates could not be run on {}: {last}", self.commit)
            }
        }
    }

    /// A clone that shares this repository's objects, so that scanners see the history as it was.
    async fn lay_out(&self, tree: &Path) -> Result<()> {
        let place = tree.to_string_lossy();
        let top = self.repo.root.to_string_lossy();
        let clone = ["clone", "--quiet", "--shared", "--no-checkout", &top, &place];
        let checkout = ["-C", &place, "checkout", "--quiet", "--detach", self.commit];
        let done = match self.git.ask(&clone, CLONE_LIMIT).await {
            Some(_) => self.git.ask(&checkout, CLONE_LIMIT).await,
            None => None,
        };
        done.map(drop).with_context(|| format!("{} can't be checked out in {}", self.commit, tree.display()))
    }

    /// Links the installed packages of the work tree into the clone, where the lock file is the same.
    async fn share_packages(&self, tree: &Path) {
        let patterns: Vec<String> = LOCK_FILES.iter().map(|name| format!(":(glob)**/{name}")).collect();
        let mut args = vec!["ls-files", "-z", "--"];
        args.extend(patterns.iter().map(String::as_str));
        let files = self.git.ask(&args, GIT_LIMIT).await.unwrap_or_default();
        for file in files.split('\0').filter(|file| !file.is_empty()) {
            let (ours, theirs) = (self.repo.root.join(file), tree.join(file));
            let same =
                fs::read(&ours).ok().is_some_and(|text| fs::read(&theirs).is_ok_and(|other| other == text));
            let packages = |lock: &Path| -> PathBuf { lock.with_file_name("node_modules") };
            if same && packages(&ours).is_dir() && !packages(&theirs).exists() {
                // Without them, a gate that needs them proves nothing there, and that is reported.
                let _ = std::os::unix::fs::symlink(packages(&ours), packages(&theirs));
            }
        }
    }
}
