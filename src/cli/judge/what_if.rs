//! What a policy would have decided on saved runs: one row per run.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use globset::GlobBuilder;

use crate::cli::args::JudgeArgs;
use crate::engine::saved_run;
use crate::model::finding::Decision;
use crate::model::run::Run;
use crate::model::verdict::{Mode, Outcome, Verdict};
use crate::system::{terminal, variables};
use crate::text::paths::shown_path;
use crate::text::{human, table};

use super::{By, judged_again};

/// The files to read: a pattern that the shell has not expanded (`'runs/*.json'`) stands for the files that
/// it matches, sorted by name.
///
/// # Errors
/// When a pattern is not valid, or matches nothing.
pub(super) fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for path in named {
        let text = path.to_string_lossy();
        if path.exists() || !text.contains(['*', '?', '[']) {
            all.push(path.clone());
            continue;
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let glob = GlobBuilder::new(&name).literal_separator(true).build();
        let glob = glob.with_context(|| format!("{text} is not a valid pattern"))?.compile_matcher();
        let entries =
            std::fs::read_dir(folder).with_context(|| format!("{} can't be read", folder.display()))?;
        let mut found: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| glob.is_match(entry.file_name()))
            .map(|entry| folder.join(entry.file_name()))
            .collect();
        if found.is_empty() {
            bail!("no file is called {text} (patterns work only in the last part of a path)");
        }
        found.sort();
        all.extend(found);
    }
    Ok(all)
}

/// Shows for each run its verdict and what it would be now. The exit code is 0, unless the caller asks for
/// production: then it is the worst of all runs.
///
/// # Errors
/// When a run can't be read, or the reports of one run are asked for.
pub(super) fn show(files: &[PathBuf], args: &JudgeArgs, by: Option<&By>) -> Result<u8> {
    if args.output.out.is_some() || !args.output.format.is_empty() {
        bail!("--out and --format write the reports of one run, and --from names {}", files.len());
    }
    let known = variables::known_secrets();
    let mut worst: Option<(Verdict, u8)> = None;
    let look = terminal::look();
    let mut rows = table::plain(look.width);
    rows.set_header(["Run", "Was", "Would be", "Because of"]);
    let mut changed = 0;
    for file in files {
        let was = saved_run::read(file)?;
        let before = (was.verdict, blocking(&was));
        let run = judged_again(was, args, by, known.scrubber())?;
        let now = (run.verdict, blocking(&run));
        worst = worst.max(Some((run.verdict, run.exit_code)));
        changed += u64::from(before.0 != now.0);
        let at = run.commit.as_deref().and_then(|commit| commit.get(..12)).unwrap_or("no commit");
        rows.add_row([
            format!("{}\n{at}, {}", shown_path(file), run.started.strftime("%Y-%m-%d")),
            cell(before),
            cell(now),
            causes(&run),
        ]);
    }
    let all = human::count(files.len() as u64, "run");
    let page = format!("{}\n\n{changed} of {all} would end differently\n", table::text(&rows));
    terminal::say(&page);
    // The base's mode counts as asked for: the verdict must be one that the change can't weaken.
    let asked = args.mode.or(by.filter(|by| by.active.base.is_some()).map(|by| by.settings.mode));
    Ok(if asked == Some(Mode::Production) { worst.map_or(0, |(_, code)| code) } else { 0 })
}

fn cell((verdict, blocking): (Verdict, u64)) -> String {
    match blocking {
        0 => verdict.as_str().to_owned(),
        n => format!("{}\n{n} blocking", verdict.as_str()),
    }
}

/// How many findings block.
fn blocking(run: &Run) -> u64 {
    let denied = run.findings.iter().filter(|finding| finding.decision == Decision::Deny);
    denied.filter(|finding| run.gates.iter().any(|gate| gate.required && gate.id == finding.gate)).count()
        as u64
}

fn causes(run: &Run) -> String {
    let stops = |outcome| matches!(outcome, Outcome::Failed | Outcome::Inconclusive);
    let gates = run.gates.iter().filter(|gate| gate.required && stops(gate.outcome));
    let mut causes: Vec<String> = gates.map(|gate| format!("{} {}", gate.id, gate.outcome)).collect();
    causes.extend(run.over.iter().cloned());
    causes.join(", ")
}
