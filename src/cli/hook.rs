//! `portcullis hook`: a git pre-push hook that runs profile `pre-push` on the pushed commits.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cli::args::{ConfigArgs, HookAction, KnownArgs, OutputArgs, PolicyArgs};
use crate::cli::run;
use crate::config::settings::{RunOptions, Settings};
use crate::engine::active_policy::ActivePolicy;
use crate::system::git::Repo;
use crate::system::process::ask;
use crate::system::terminal;
use crate::system::whole_file::write_whole;

/// The profile that the hook runs.
const PROFILE: &str = "pre-push";

/// A hook with this line is ours.
const OURS: &str = "# Written by `portcullis hook install`; `portcullis hook uninstall` removes it.";

const GIT_LIMIT: Duration = Duration::from_secs(30);

/// Carries out `hook install`, `hook uninstall`, and the hook itself.
pub(crate) async fn execute(action: HookAction) -> Result<u8> {
    match action {
        HookAction::Install { trust } => install(trust).await,
        HookAction::Uninstall => uninstall().await,
        HookAction::PrePush { trust, remote, .. } => pre_push(&trust, &remote).await,
    }
}

async fn install(mut trust: PolicyArgs) -> Result<u8> {
    let (hook, before) = places().await?;
    let active = ActivePolicy::find(trust.source(&ConfigArgs::default())).await?;
    let (path, config) = (&active.path, &active.config);
    if !config.profiles.contains_key(PROFILE) {
        bail!(
            "{} has no profile `{PROFILE}` for the hook to run; add, for example:\n\n[profile.{PROFILE}]\nmode = \"production\"\nonly = [\"{}\"]",
            path.display(),
            config.gates.first().map_or("secrets", |gate| &gate.id)
        );
    }
    // An error that would stop every push is reported now.
    let settings = Settings::new(config, run_options())?;
    active.check_floor(&settings, active.lock().await?.is_some())?;
    if let Some(floor) = &mut trust.require {
        // The hook is started at the top of the work tree.
        *floor = floor.canonicalize().with_context(|| format!("{} can't be opened", floor.display()))?;
    }
    let mut kept = String::new();
    if hook.exists() && !is_ours(&hook) {
        if before.exists() {
            bail!("both {} and {} are there; remove one of them first", hook.display(), before.display());
        }
        fs::rename(&hook, &before).with_context(|| format!("{} can't be moved aside", hook.display()))?;
        kept = format!("\nThe hook that was there is kept as {}, and runs first.", before.display());
    }
    let program = std::env::current_exe().context("the path of portcullis is not known")?;
    let script = script(&program, &trust)?;
    write_whole(&hook, |file| file.write_all(script.as_bytes()))
        .and_then(|()| fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)))
        .with_context(|| format!("{} can't be written", hook.display()))?;
    let policy = trust.policy_from.map(|revision| format!(", by the policy of {revision}"));
    let floor = trust.require.map(|floor| format!(", not below the floor of {}", floor.display()));
    terminal::say(&format!(
        "Installed {}: each push runs profile `{PROFILE}` first{}{}.{kept}\n",
        hook.display(),
        policy.unwrap_or_default(),
        floor.unwrap_or_default()
    ));
    Ok(0)
}

async fn uninstall() -> Result<u8> {
    let (hook, before) = places().await?;
    if !is_ours(&hook) {
        bail!("{} is not a hook of portcullis; nothing was changed", hook.display());
    }
    if before.exists() {
        fs::rename(&before, &hook).with_context(|| format!("{} can't be put back", before.display()))?;
        terminal::say(&format!("Removed the hook, and put {} back.\n", hook.display()));
    } else {
        fs::remove_file(&hook).with_context(|| format!("{} can't be removed", hook.display()))?;
        terminal::say(&format!("Removed {}.\n", hook.display()));
    }
    Ok(0)
}

/// The hook's file, and the one that an existing hook is moved to. Git says where hooks are
/// (`core.hooksPath`, work trees).
async fn places() -> Result<(PathBuf, PathBuf)> {
    let here = std::env::current_dir()?;
    let hooks = ask(Path::new("git"), &["rev-parse", "--git-path", "hooks"], &here, GIT_LIMIT)
        .await
        .context("this is not a git repository (or git is not installed): there is no place for a hook")?;
    let hooks = here.join(hooks.trim_end_matches('\n'));
    fs::create_dir_all(&hooks).with_context(|| format!("{} can't be made", hooks.display()))?;
    Ok((hooks.join("pre-push"), hooks.join("pre-push.before-portcullis")))
}

fn is_ours(hook: &Path) -> bool {
    fs::read_to_string(hook).is_ok_and(|text| text.contains(OURS))
}

/// The options of every run of the hook.
fn run_options() -> RunOptions {
    RunOptions { profile: Some(PROFILE.to_owned()), ..RunOptions::default() }
}

/// The text quoted as one word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The hook as a shell script. The pushed refs come on standard input, and both hooks read them.
fn script(program: &Path, trust: &PolicyArgs) -> Result<String> {
    let word = |path: &Path| -> Result<String> {
        let text = path.to_str().with_context(|| format!("the path {} is not UTF-8", path.display()))?;
        Ok(quoted(text))
    };
    let program = word(program)?;
    let mut flags = String::new();
    if let Some(revision) = &trust.policy_from {
        flags.push_str(&format!(" --policy-from={}", quoted(revision)));
    }
    if let Some(floor) = &trust.require {
        flags.push_str(&format!(" --require={}", word(floor)?));
    }
    Ok(format!(
        r#"#!/bin/sh
{OURS}
refs=$(cat)
before="$(dirname "$0")/pre-push.before-portcullis"
if [ -x "$before" ]; then
    printf '%s\n' "$refs" | "$before" "$@" || exit $?
fi
portcullis={program}
[ -x "$portcullis" ] || portcullis=portcullis
printf '%s\n' "$refs" | exec "$portcullis" hook pre-push{flags} -- "$@"
"#
    ))
}

/// One pushed ref: the commit that is sent, and the one that the remote has.
struct Push {
    local: String,
    remote: String,
}

/// Runs the profile on the pushed commits. If the verdict blocks, its exit code stops the push.
async fn pre_push(trust: &PolicyArgs, remote: &str) -> Result<u8> {
    let mut refs = String::new();
    std::io::stdin().read_to_string(&mut refs).context("git's list of pushed refs can't be read")?;
    let repo = Repo::around(Path::new(".")).await?;
    let mut worst = 0;
    for push in pushes(&refs) {
        let since = known_to_remote(&repo, &push, remote).await;
        let run_options = RunOptions { until: Some(push.local), since, ..run_options() };
        let code = run::run(
            ConfigArgs::default(),
            run_options,
            &KnownArgs::default(),
            trust,
            &OutputArgs::default(),
        )
        .await?;
        worst = worst.max(code);
    }
    Ok(worst)
}

/// The refs that send commits. A deleted ref sends no commit.
fn pushes(refs: &str) -> Vec<Push> {
    let is_zero = |id: &str| id.bytes().all(|digit| digit == b'0');
    refs.lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (_, local, _, remote) = (words.next()?, words.next()?, words.next()?, words.next()?);
            (!is_zero(local)).then(|| Push {
                local: local.to_owned(),
                remote: if is_zero(remote) { String::new() } else { remote.to_owned() },
            })
        })
        .collect()
}

/// The last commit that the remote has: all later ones are new. `None`: the whole history is new, and it is
/// scanned as a whole.
async fn known_to_remote(repo: &Repo, push: &Push, remote: &str) -> Option<String> {
    let git = async |args: &[&str]| ask(Path::new("git"), args, &repo.root, GIT_LIMIT).await;
    // The remote's commit may not be here (a forced push over someone's work).
    if !push.remote.is_empty()
        && git(&["cat-file", "-e", &format!("{}^{{commit}}", push.remote)]).await.is_some()
    {
        return Some(push.remote.clone());
    }
    // A new branch: the last commit before its first new one.
    let first_new =
        git(&["rev-list", "--reverse", "--topo-order", &push.local, "--not", &format!("--remotes={remote}")])
            .await?;
    let Some(first_new) = first_new.lines().next() else {
        // The remote has every commit already: there is nothing to scan.
        return Some(push.local.clone());
    };
    git(&["rev-parse", "--verify", "--quiet", &format!("{first_new}^")]).await.map(|id| id.trim().to_owned())
}
