//! `portcullis init`: looks at the repository, asks every tool what it suggests, and writes a commented gates.toml
//! that runs. `--add` does the same for what no gate of an existing gates.toml reads.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};

use crate::cli::args::InitArgs;
use crate::config::{Config, FILE_NAME};
use crate::engine::gate_inputs::ThereIs;
use crate::engine::suggestions::Suggestions;
use crate::inputs::Inputs;
use crate::system::git::Repo;
use crate::system::terminal;
use crate::system::whole_file::write_whole;
use crate::text::human::count;
use crate::text::paths::normalise;
use crate::text::sanitise::one_line;

/// The most names of one kind that are printed.
const MOST: usize = 10;

/// Writes gates.toml, unless the file exists; with `--add`, prints or appends what it lacks.
pub(crate) async fn execute(args: &InitArgs) -> Result<u8> {
    let path = normalise(&args.dir.join(FILE_NAME));
    if args.add {
        return add(args, &path).await;
    }
    if path.exists() && !args.force {
        bail!("{} already exists; --add shows what it lacks, --force replaces it", path.display());
    }
    let repo = Repo::around(&args.dir).await?;
    let suggestions = Suggestions::of(&repo, &Inputs::read(&repo).await?);
    write_text(&path, &suggestions.gates_toml())?;
    terminal::say(&told(&suggestions, &path));
    Ok(0)
}

async fn add(args: &InitArgs, path: &Path) -> Result<u8> {
    let cannot = || format!("{} can't be read", path.display());
    let text = std::fs::read_to_string(path).with_context(cannot)?;
    let config = Config::read(&text).map_err(|problems| {
        let n = problems.len() as u64;
        anyhow!("{} has {}: `portcullis plan` shows them", path.display(), count(n, "mistake"))
    })?;
    let repo = Repo::around(&args.dir).await?;
    let inputs = Inputs::read(&repo).await?;
    let suggestions = Suggestions::beside(&config, &ThereIs::new(Arc::new(repo), inputs, &config));
    let gates = suggestions.gates();
    if gates.is_empty() {
        terminal::say(&format!(
            "{} needs no gate: its gates read all that init knows a gate for.\n{}",
            path.display(),
            left_out(&suggestions)
        ));
        return Ok(0);
    }
    if !args.write {
        terminal::hand_over(|out| out.write_all(gates.trim_start().as_bytes()))?;
        return Ok(0);
    }
    // Text is added at the end: tables of gates may stand anywhere, and what is there keeps its comments.
    let line_end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    write_text(path, &format!("{text}{line_end}{gates}"))?;
    terminal::say(&format!(
        "Added to {}:\n{}{}The profile of `git push` is as it was.\n",
        path.display(),
        gate_lines(&suggestions),
        left_out(&suggestions)
    ));
    Ok(0)
}

fn write_text(path: &Path, text: &str) -> Result<()> {
    write_whole(path, |file| file.write_all(text.as_bytes()))
        .with_context(|| format!("{} can't be written", path.display()))
}

/// What it saw, what it wrote, and what it left out.
fn told(suggestions: &Suggestions, path: &Path) -> String {
    let mut seen: Vec<String> = Vec::new();
    seen.extend(suggestions.is_git.then(|| "a git repository".to_owned()));
    seen.extend(suggestions.seen.iter().map(|(kind, n)| count(*n as u64, &kind.words())));
    let seen = if seen.is_empty() { "nothing that a scanner reads".to_owned() } else { seen.join(", ") };
    format!(
        "Saw {seen}.\n\nWrote {} with {}:\n{}{}\nNext: `portcullis doctor` shows which tools are installed, `portcullis plan` what would run,\n`portcullis run` runs it in lab mode.\n",
        path.display(),
        count(suggestions.gates.len() as u64, "gate"),
        gate_lines(suggestions),
        left_out(suggestions)
    )
}

/// The gates, a line for each tool.
fn gate_lines(suggestions: &Suggestions) -> String {
    let mut tools: Vec<(&str, Vec<&str>)> = Vec::new();
    for gate in &suggestions.gates {
        match tools.iter_mut().find(|(tool, _)| *tool == gate.tool) {
            Some((_, ids)) => ids.push(&gate.id),
            None => tools.push((gate.tool, vec![&gate.id])),
        }
    }
    let width = tools.iter().map(|(tool, _)| tool.len()).max().unwrap_or_default();
    let line = |(tool, ids): &(&str, Vec<&str>)| format!("  {tool:width$}  {}\n", ids.join(", "));
    tools.iter().map(line).collect()
}

/// What no gate is written for, by reason.
fn left_out(suggestions: &Suggestions) -> String {
    let mut groups: BTreeMap<String, Vec<Cow<'_, str>>> = BTreeMap::new();
    for left in &suggestions.left_out {
        groups.entry(one_line(&left.why).into_owned()).or_default().push(one_line(&left.what));
    }
    for (manifest, manager) in &suggestions.unlocked {
        let why = format!("no lock file of {}, so nobody knows what it installs", manager.title());
        groups.entry(why).or_default().push(one_line(manifest));
    }
    let mut text = String::new();
    for (why, what) in groups {
        if text.is_empty() {
            text.push_str("\nLeft out:\n");
        }
        let named: Vec<&str> = what.iter().take(MOST).map(|name| &**name).collect();
        let more = what.len().checked_sub(MOST).filter(|more| *more > 0);
        let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
        let _ = writeln!(text, "  {}{more}: {why}", named.join(", "));
    }
    text
}
