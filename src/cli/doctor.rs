//! `portcullis doctor`: which tools are installed, in which version, how to get the rest, and what else a run needs.

mod checks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::cli::args::{ConfigArgs, DoctorArgs};
use crate::cli::hook;
use crate::config::find::{find_config, folder_of, load_config};
use crate::config::settings::{RunOptions, Settings};
use crate::engine::lock::Lock;
use crate::engine::plan::{Fate, Plan};
use crate::engine::program_identity::ask_version;
use crate::engine::progress::counter;
use crate::model::verdict::{Mode, Verdict, exit_code};
use crate::scan::invocation::Program;
use crate::scan::program::find;
use crate::scan::readiness::{Readiness, Ready};
use crate::scan::tool::ToolSpec;
use crate::system::git::Repo;
use crate::system::{terminal, variables};
use crate::text::{human, table};
use crate::tools::TOOLS;

/// Prints a line for each program that gates.toml needs, or for each known tool if there is
/// no gates.toml, and what else a run needs. If something is missing, the exit code is 3, as for a run.
pub(crate) async fn execute(args: &DoctorArgs) -> Result<u8> {
    let here = std::env::current_dir()?;
    let (wanted, checks) = match find_config(args.config.config.as_deref())? {
        Some(_) => needed(&args.config).await?,
        None => (all_known(&here), Vec::new()),
    };
    let root = Repo::around(&here).await?.root;
    let mut tasks = JoinSet::new();
    for (name, (spec, program, cwd)) in wanted {
        let root = root.clone();
        tasks.spawn(async move {
            let version = match &program {
                Some(program) => ask_version(spec, program, &cwd, &root).await,
                None => None,
            };
            (name, Row { spec, program, version })
        });
    }
    let progress = counter(tasks.len());
    let mut rows = BTreeMap::new();
    while let Some(done) = tasks.join_next().await {
        progress.inc(1);
        let (name, row) =
            done.context("a look at a program failed; this is a bug in Portcullis, please report it")?;
        rows.insert(name, row);
    }
    progress.finish_and_clear();
    let found = Found { rows, checks };
    match args.json {
        true => terminal::say(&(serde_json::to_string_pretty(&found.json())? + "\n")),
        false => terminal::say(&found.text()),
    }
    // It does not change the exit code: a machine that never pushes needs no hook.
    if let Some(words) = hook::gone().await.filter(|_| !args.json) {
        terminal::say(&format!("{words}\n"));
    }
    let verdict = if found.missing() == 0 { Verdict::Pass } else { Verdict::Inconclusive };
    Ok(exit_code(Mode::Production, verdict, None))
}

fn all_known(here: &Path) -> Wanted {
    let known = TOOLS.iter().filter(|spec| !spec.program.is_empty());
    known
        .map(|spec| {
            let program =
                Program { name: spec.program.to_owned(), near: vec![here.join("node_modules/.bin")] };
            (spec.title.to_owned(), (*spec, find(&program, here), here.to_owned()))
        })
        .collect()
}

/// What is here.
struct Found {
    rows: BTreeMap<String, Row>,
    checks: Vec<Readiness>,
}

struct Row {
    spec: &'static ToolSpec,
    program: Option<PathBuf>,
    version: Option<String>,
}

type Wanted = BTreeMap<String, (&'static ToolSpec, Option<PathBuf>, PathBuf)>;

/// The programs that the gates of gates.toml start, found or not, by the name to print.
async fn needed(args: &ConfigArgs) -> Result<(Wanted, Vec<Readiness>)> {
    let (path, config) = load_config(args.config.as_deref())?;
    let lab = RunOptions { mode: Some(Mode::Lab), ..RunOptions::default() };
    let settings = Settings::new(&config, lab)?;
    let repo = Repo::around(folder_of(&path)).await?;
    let plan = Plan::read(&config, &repo, &settings, None).await?;
    let mut wanted = BTreeMap::new();
    for planned in &plan.gates {
        let Fate::Run(jobs) = &planned.fate else { continue };
        // One line for each lock file says what is not installed.
        let jobs = jobs.iter().filter(|job| !checks::is_not_installed(job, &repo.root));
        for (job, program) in jobs.flat_map(|job| job.programs().map(move |program| (job, program))) {
            let found = find(program, &job.invocation.cwd);
            // One tool in several folders of a monorepo may be several programs.
            let name = match program.near.is_empty() {
                true => program.name.clone(),
                false => format!("{} ({})", program.name, job.target),
            };
            let own = *program == job.invocation.program;
            let is_of = |spec: &&&'static ToolSpec| !own && spec.program == program.name;
            let spec = TOOLS.iter().find(is_of).map_or(planned.gate.spec, |spec| spec);
            wanted.insert(name, (spec, found, job.invocation.cwd.clone()));
        }
    }
    let locked = Lock::beside(&path)?.is_some();
    Ok((wanted, checks::all(&plan, &repo, locked).await))
}

impl Found {
    /// How many tools and other things are missing.
    fn missing(&self) -> usize {
        self.missing_tools().len() + self.checks.iter().filter(|check| check.state == Ready::No).count()
    }

    /// The missing tools, each once: `tsc (api, web)`.
    fn missing_tools(&self) -> Vec<(String, &'static ToolSpec)> {
        let mut all: Vec<(String, &'static ToolSpec)> = Vec::new();
        for (name, row) in self.rows.iter().filter(|(_, row)| row.program.is_none()) {
            let same = all.iter_mut().find(|(names, spec)| {
                spec.name == row.spec.name && names.split(' ').next() == name.split(' ').next()
            });
            match (same, name.rsplit_once('(')) {
                (Some((names, _)), Some((_, target))) => {
                    names.pop();
                    names.push_str(&format!(", {target}"));
                }
                _ => all.push((name.clone(), row.spec)),
            }
        }
        all
    }

    fn text(&self) -> String {
        let known = variables::known_secrets();
        let clean = |words: &str| known.scrubber().one_line(words).into_owned();
        let mut lines = table::plain(terminal::look().width);
        lines.set_header(["Tool", "Version", "Where, or how to get it"]);
        for (name, row) in &self.rows {
            let Some(program) = &row.program else { continue };
            let version = row.version.as_deref().unwrap_or("found");
            // The table may break a long word.
            lines.add_row([name, version, &program.display().to_string()].map(&clean));
        }
        for (names, spec) in self.missing_tools() {
            lines.add_row([&names, "missing", spec.install].map(&clean));
        }
        let mut page = if lines.is_empty() { String::new() } else { format!("{}\n", table::text(&lines)) };
        if !self.checks.is_empty() {
            let mut lines = table::plain(terminal::look().width);
            lines.set_header(["A run needs", "", ""]);
            for check in &self.checks {
                let word = match check.state {
                    Ready::Yes => "ready",
                    Ready::Maybe => "note",
                    Ready::No => "missing",
                };
                lines.add_row([&check.name, word, &check.words].map(&clean));
            }
            page.push_str(&format!("\n{}\n", table::text(&lines)));
        }
        let verdict = match self.missing() {
            0 => "Everything is here.".to_owned(),
            n => format!("{} missing: without it, a gate is inconclusive.", human::count(n as u64, "thing")),
        };
        format!("{page}\n{verdict}\n")
    }

    fn json(&self) -> Value {
        let known = variables::known_secrets();
        let clean = |words: &str| known.scrubber().one_line(words).into_owned();
        let tools = self.rows.iter().map(|(name, row)| {
            json!({
                "name": clean(name),
                "version": row.version.as_deref().map(clean),
                "path": row.program.as_ref().map(|path| clean(&path.display().to_string())),
                "install": row.spec.install,
            })
        });
        let checks = self.checks.iter().map(
            |check| json!({ "name": clean(&check.name), "state": check.state, "words": clean(&check.words) }),
        );
        json!({
            "tools": tools.collect::<Vec<_>>(),
            "checks": checks.collect::<Vec<_>>(),
            "missing": self.missing(),
        })
    }
}
