//! `portcullis hook`: a git pre-push hook that runs profile `pre-push` on the pushed commits.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cli::args::{ConfigArgs, HookAction, KnownArgs, OutputArgs, PolicyArgs};
use crate::cli::run;
use crate::config::settings::{RunOptions, Settings};
use crate::engine::active_policy::ActivePolicy;
use crate::system::push::Push;
use crate::system::terminal;
use crate::system::variables;
use crate::system::whole_file::write_whole;

use entry::Command;
use manager::{Manager, Place, State};
use refs::Pushed;

mod entry;
mod manager;
mod refs;

/// The profile that the hook runs.
const PROFILE: &str = "pre-push";

/// A hook with this line is ours.
const OURS: &str = "# Written by `portcullis hook install`; `portcullis hook uninstall` removes it.";

/// Carries out `hook install`, `hook uninstall`, and the hook itself.
pub(crate) async fn execute(action: HookAction) -> Result<u8> {
    match action {
        HookAction::Install { trust, print } => install(trust, print).await,
        HookAction::Uninstall => uninstall().await,
        HookAction::PrePush { trust, refs_from_git, remote, .. } => {
            pre_push(&trust, refs_from_git, remote.as_deref()).await
        }
    }
}

/// Says so if the hook was installed here, or has an entry, and a push does not run it.
pub(crate) async fn gone() -> Option<String> {
    let place = Place::find().await.ok()?;
    let (manager, file) = (place.manager, shown(&place.file));
    match place.state() {
        State::Runs => None,
        State::Absent if !place.note.exists() => None,
        State::Absent => Some(format!(
            "The pre-push hook is gone: {file} has no entry of portcullis. `portcullis hook install` writes it again."
        )),
        State::NotExecutable => Some(format!(
            "The pre-push hook does not run: {0} is not executable, so git ignores it. `chmod +x {0}` changes that.",
            shown(&place.hook)
        )),
        State::Idle => Some(format!(
            "The pre-push hook does not run: {file} has the entry, but git does not run {}. `{}` changes that.",
            manager.name(),
            manager.activate()
        )),
    }
}

async fn install(mut trust: PolicyArgs, print: bool) -> Result<u8> {
    let place = Place::find().await?;
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
    let settings = Settings::new(config, run_options(Push::default()))?;
    settings.can_block(config)?;
    active.check_floor(&settings, active.lock().await?.is_some())?;
    if let Some(floor) = &mut trust.require {
        // The hook is started at the top of the work tree.
        *floor = floor.canonicalize().with_context(|| format!("{} can't be opened", floor.display()))?;
    }
    let policy = trust.policy_from.as_ref().map(|revision| format!(", by the policy of {revision}"));
    let floor = trust.require.as_ref().map(|floor| format!(", not below the floor of {}", floor.display()));
    let what = format!(
        "each push runs profile `{PROFILE}` first{}{}",
        policy.unwrap_or_default(),
        floor.unwrap_or_default()
    );
    match place.manager {
        Manager::Git => into_git(&place, &trust, print, &what),
        _ => into_manager(&place, trust, print, &what),
    }
}

/// Writes a script of our own. A script that is there runs first.
fn into_git(place: &Place, trust: &PolicyArgs, print: bool, what: &str) -> Result<u8> {
    let (hook, before) = (&place.hook, before(&place.hook));
    let program = std::env::current_exe().context("the path of portcullis is not known")?;
    let script = script(&program, trust)?;
    if print {
        terminal::say(&script);
        return Ok(0);
    }
    let mut kept = String::new();
    if hook.exists() && !is_ours(hook) {
        if before.exists() {
            bail!("both {} and {} are there; remove one of them first", hook.display(), before.display());
        }
        fs::rename(hook, &before).with_context(|| format!("{} can't be moved aside", hook.display()))?;
        kept = format!("\nThe hook that was there is kept as {}, and runs first.", before.display());
    }
    write(hook, &script, 0o755)?;
    take_note(place);
    terminal::say(&format!("Installed {}: {what}.{kept}\n", hook.display()));
    Ok(0)
}

/// Writes the entry that the manager keeps. Its own files in git's folder stay as they are.
fn into_manager(place: &Place, mut trust: PolicyArgs, print: bool, what: &str) -> Result<u8> {
    let (manager, file) = (place.manager, &place.file);
    if let Some(floor) = &mut trust.require {
        // Others use this file on their machines.
        let top = place.top.canonicalize().unwrap_or_else(|_| place.top.clone());
        *floor = floor.strip_prefix(top).map_or(floor.clone(), Path::to_owned);
    }
    let flags = flags(&trust)?;
    let command = Command { flags: &flags };
    let entry = command.entry(manager, file);
    if print {
        terminal::say(&format!("# {}, in {}:\n{entry}", manager.name(), shown(file)));
        return Ok(0);
    }
    let meta = fs::symlink_metadata(file).ok();
    let text = match &meta {
        Some(meta) if !meta.is_file() => {
            bail!("{} is not a file; add this where it belongs:\n\n{entry}", shown(file))
        }
        Some(_) => fs::read_to_string(file).with_context(|| format!("{} can't be read", shown(file)))?,
        None => String::new(),
    };
    let replaces = matches!(manager, Manager::Husky8 | Manager::Husky9);
    if text.contains(manager::ENTRY) && !replaces {
        bail!(
            "{} has an entry of portcullis already; remove it first, or change it to this:\n\n{entry}",
            shown(file)
        );
    }
    let Some(new) = command.insert(manager, file, &text) else {
        bail!("{} has a form that portcullis does not change; add this to it:\n\n{entry}", shown(file));
    };
    let script = if replaces { 0o755 } else { 0o644 };
    write(file, &new, meta.map_or(script, |meta| meta.permissions().mode()))?;
    take_note(place);
    let next = match place.state() {
        State::Runs => String::new(),
        State::NotExecutable => {
            format!("\nGit does not run it yet: `chmod +x {}` changes that.", shown(&place.hook))
        }
        _ => format!("\nGit does not run it yet: `{}` changes that.", manager.activate()),
    };
    terminal::say(&format!("Wrote the entry for {} into {}: {what}.{next}\n", manager.name(), shown(file)));
    Ok(0)
}

async fn uninstall() -> Result<u8> {
    let place = Place::find().await?;
    let (manager, file) = (place.manager, &place.file);
    let own = is_ours(&place.hook);
    let mut any = own;
    if own {
        remove(&place.hook)?;
    }
    // Git no longer runs it since a manager came.
    if is_ours(&place.usual) {
        remove(&place.usual)?;
        any = true;
    }
    let text = fs::read_to_string(file).unwrap_or_default();
    let rest = entry::without(&text);
    match manager {
        Manager::Husky8 | Manager::Husky9 if rest != text => {
            let mode = fs::metadata(file).map_or(0o755, |meta| meta.permissions().mode());
            write(file, &rest, mode)?;
            terminal::say(&format!("Removed the entry from {}.\n", shown(file)));
            any = true;
        }
        // A script of the user that was put back is the user's.
        Manager::Git if own => {}
        _ if text.contains(manager::ENTRY) => {
            let (too, end) = if any { (", too", "") } else { ("", "; nothing was changed") };
            bail!(
                "{} keeps the hook{too}: remove the entry `portcullis` from {}{end}",
                manager.name(),
                shown(file)
            )
        }
        _ => {}
    }
    if !any {
        bail!("{} is not a hook of portcullis; nothing was changed", place.hook.display());
    }
    let _ = fs::remove_file(&place.note);
    Ok(0)
}

/// Removes a script of ours, and puts back the one that was there before.
fn remove(hook: &Path) -> Result<()> {
    let before = before(hook);
    if before.exists() {
        fs::rename(&before, hook).with_context(|| format!("{} can't be put back", before.display()))?;
        terminal::say(&format!("Removed the hook, and put {} back.\n", hook.display()));
    } else {
        fs::remove_file(hook).with_context(|| format!("{} can't be removed", hook.display()))?;
        terminal::say(&format!("Removed {}.\n", hook.display()));
    }
    Ok(())
}

/// The name that an existing hook of git's own folder gets.
fn before(hook: &Path) -> PathBuf {
    hook.with_file_name("pre-push.before-portcullis")
}

/// From now on, `doctor` misses the hook if it is gone. Without the note, it only does not notice.
fn take_note(place: &Place) {
    let _ = write_whole(&place.note, |file| file.write_all(shown(&place.file).as_bytes()));
}

fn write(file: &Path, text: &str, mode: u32) -> Result<()> {
    write_whole(file, |out| out.write_all(text.as_bytes()))
        .and_then(|()| fs::set_permissions(file, fs::Permissions::from_mode(mode & 0o777)))
        .with_context(|| format!("{} can't be written", file.display()))
}

fn shown(file: &Path) -> String {
    crate::text::paths::shown_path(file)
}

fn is_ours(hook: &Path) -> bool {
    fs::read_to_string(hook).is_ok_and(|text| text.contains(OURS))
}

/// The options of every run of the hook.
fn run_options(push: Push) -> RunOptions {
    RunOptions { profile: Some(PROFILE.to_owned()), push: Some(push), ..RunOptions::default() }
}

/// The text quoted as one word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A path quoted as one word for a shell.
fn word(path: &Path) -> Result<String> {
    let text = path.to_str().with_context(|| format!("the path {} is not UTF-8", path.display()))?;
    Ok(quoted(text))
}

fn flags(trust: &PolicyArgs) -> Result<String> {
    let mut flags = String::new();
    if let Some(revision) = &trust.policy_from {
        flags.push_str(&format!(" --policy-from={}", quoted(revision)));
    }
    if let Some(floor) = &trust.require {
        flags.push_str(&format!(" --require={}", word(floor)?));
    }
    Ok(flags)
}

/// The hook as a shell script. The pushed refs come on standard input, and both hooks read them.
fn script(program: &Path, trust: &PolicyArgs) -> Result<String> {
    let (program, flags) = (word(program)?, flags(trust)?);
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
printf '%s\n' "$refs" | exec "$portcullis" hook pre-push{flags} --refs-from-git -- "$@"
"#
    ))
}

/// Runs the profile once, on all commits that are pushed. If the verdict blocks, its exit code stops the push.
async fn pre_push(trust: &PolicyArgs, from_git: bool, remote: Option<&str>) -> Result<u8> {
    match refs::read(&refs::standard_input()?, from_git, remote, variables::get)? {
        Pushed::Nothing(why) => {
            terminal::say(&format!("Nothing to scan: {why}.\n"));
            Ok(0)
        }
        Pushed::Commits(push) => {
            let (known, output) = (KnownArgs::default(), OutputArgs::default());
            run::run(ConfigArgs::default(), run_options(push), &known, trust, &output).await
        }
    }
}
