//! What a run needs besides the scanners: Docker's daemon, installed packages, the whole history, variables, a lock.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::engine::plan::{Fate, Plan};
use crate::scan::invocation::Program;
use crate::scan::job::Job;
use crate::scan::program::{find, lies_in};
use crate::scan::readiness::{Readiness, Ready};
use crate::system::git::{Repo, is_shallow_clone};
use crate::system::process::ask;
use crate::system::variables;
use crate::text::human;
use crate::text::paths::forward;

/// Everything but the programs themselves. Programs of the repository are not started.
pub(super) async fn all(plan: &Plan, repo: &Repo, locked: bool) -> Vec<Readiness> {
    let jobs: Vec<&Job> = jobs(plan).collect();
    let mut checks = Vec::new();
    checks.extend(docker(&jobs, repo).await);
    checks.extend(packages(&jobs, repo));
    checks.extend(plan.gates.iter().filter_map(|planned| planned.gate.tool.readiness(&repo.base)));
    checks.extend(history(&jobs, repo));
    checks.extend(unset(&jobs));
    for planned in &plan.gates {
        if let Fate::Impossible(why) = &planned.fate {
            checks.push(Readiness::new(format!("gate {}", planned.gate.id), Ready::No, why));
        }
    }
    let lock = match locked {
        true => (Ready::Yes, "the tools are pinned; `portcullis lock --check` compares them"),
        false => (Ready::Maybe, "it is not there: `portcullis lock` pins the tools by version and hash"),
    };
    checks.push(Readiness::new("gates.lock", lock.0, lock.1));
    let mut seen = BTreeSet::new();
    checks.retain(|check| seen.insert((check.name.clone(), check.words.clone())));
    checks
}

fn jobs(plan: &Plan) -> impl Iterator<Item = &Job> {
    plan.gates.iter().flat_map(|planned| match &planned.fate {
        Fate::Run(jobs) => jobs.as_slice(),
        Fate::Skip(_) | Fate::Impossible(_) => &[],
    })
}

/// The longest that the daemon may take to answer.
const DAEMON: Duration = Duration::from_millis(1500);

/// Docker's daemon, if a gate builds, scans or pushes images.
async fn docker(jobs: &[&Job], repo: &Repo) -> Option<Readiness> {
    let starts = |job: &&&Job| job.programs().any(|program| program.name == "docker");
    let needed = jobs.iter().any(|job| starts(&job));
    if !needed && jobs.iter().all(|job| job.image.is_none()) {
        return None;
    }
    let program = Program { name: "docker".to_owned(), near: Vec::new() };
    // A program of the repository is not started.
    let program = find(&program, &repo.base).filter(|program| !lies_in(program, &repo.root))?;
    let args = ["version", "--format", "{{.Server.Version}}"];
    let answer = ask(&program, &args, Path::new("/"), DAEMON).await;
    let version = answer
        .map(|text| text.trim().to_owned())
        .filter(|text| text.starts_with(|c: char| c.is_ascii_digit()));
    Some(match version {
        Some(version) => {
            Readiness::new("Docker", Ready::Yes, format!("the daemon answers, version {version}"))
        }
        None => {
            // Images of a registry can be scanned without it.
            let state = if needed { Ready::No } else { Ready::Maybe };
            Readiness::new("Docker", state, "the daemon does not answer: start it, or set DOCKER_HOST")
        }
    })
}

/// Lock files of package managers, and how each installs what they name.
const INSTALL: [(&str, &str); 5] = [
    ("package-lock.json", "npm ci"),
    ("npm-shrinkwrap.json", "npm ci"),
    ("yarn.lock", "yarn install --immutable"),
    ("pnpm-lock.yaml", "pnpm install --frozen-lockfile"),
    ("bun.lock", "bun install --frozen-lockfile"),
];

/// Programs that the project installs, in folders where nothing is installed: one command for each lock file.
fn packages(jobs: &[&Job], repo: &Repo) -> Vec<Readiness> {
    let mut missing: BTreeMap<(PathBuf, &str), BTreeSet<String>> = BTreeMap::new();
    for job in jobs.iter().filter(|job| is_not_installed(job, &repo.root)) {
        if let Some(place) = installs_in(&job.invocation.cwd, &repo.root) {
            missing.entry(place).or_default().insert(job.target.to_string());
        }
    }
    let check = |((folder, command), targets): ((PathBuf, &str), BTreeSet<String>)| {
        let place = forward(folder.strip_prefix(&repo.root).unwrap_or(&folder));
        let n = human::count(targets.len() as u64, "target");
        Readiness::new(
            "node_modules",
            Ready::No,
            format!("nothing is installed for {n}: `{command}` in {place}"),
        )
    };
    missing.into_iter().map(check).collect()
}

/// Whether the job starts a program that its project installs, and nothing is installed.
pub(super) fn is_not_installed(job: &Job, root: &Path) -> bool {
    let program = &job.invocation.program;
    !program.near.is_empty()
        && find(program, &job.invocation.cwd).is_none()
        && installs_in(&job.invocation.cwd, root).is_some()
}

/// The folder with the lock file that holds for this one, and the command that installs it; `None`: there is none, or something is
/// installed.
fn installs_in(folder: &Path, root: &Path) -> Option<(PathBuf, &'static str)> {
    for folder in folder.ancestors().take_while(|folder| folder.starts_with(root)) {
        if folder.join("node_modules").is_dir() {
            return None;
        }
        if let Some((_, command)) = INSTALL.iter().find(|(lock, _)| folder.join(lock).is_file()) {
            return Some((folder.to_owned(), command));
        }
    }
    None
}

fn history(jobs: &[&Job], repo: &Repo) -> Option<Readiness> {
    if !jobs.iter().any(|job| job.planned.whole_history) {
        return None;
    }
    Some(match is_shallow_clone(&repo.root) {
        true => Readiness::new("history", Ready::No, "this is a shallow clone: `git fetch --unshallow`"),
        false => Readiness::new("history", Ready::Yes, "the clone has all of it"),
    })
}

/// Variables that gates pass on, and that are not set.
fn unset(jobs: &[&Job]) -> Option<Readiness> {
    let names = jobs.iter().flat_map(|job| &job.invocation.hands_on);
    let unset: BTreeSet<&str> =
        names.map(String::as_str).filter(|name| variables::get(name).is_none()).collect();
    let words = unset.into_iter().collect::<Vec<_>>().join(", ");
    (!words.is_empty()).then(|| Readiness::new("variables", Ready::Maybe, format!("not set here: {words}")))
}
