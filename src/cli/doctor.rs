//! `portcullis doctor`: which tools are installed, in which version, and how to get the rest.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use tokio::task::JoinSet;

use crate::cli::args::ConfigArgs;
use crate::cli::hook;
use crate::config::find::{find_config, folder_of, load_config};
use crate::config::settings::{RunOptions, Settings};
use crate::engine::plan::{Fate, Plan};
use crate::engine::program_identity::ask_version;
use crate::model::verdict::{Mode, Verdict, exit_code};
use crate::scan::invocation::Program;
use crate::scan::program::find;
use crate::scan::tool::ToolSpec;
use crate::system::git::Repo;
use crate::system::{terminal, variables};
use crate::text::{human, table};
use crate::tools::TOOLS;

/// Prints a line for each program that gates.toml needs, or for each known tool if there is
/// no gates.toml. If one is missing, the exit code is 3, as for a run.
pub(crate) async fn execute(args: &ConfigArgs) -> Result<u8> {
    let here = std::env::current_dir()?;
    let wanted = match find_config(args.config.as_deref())? {
        Some(_) => needed(args).await?,
        None => TOOLS
            .iter()
            .filter(|spec| !spec.program.is_empty())
            .map(|spec| {
                let program =
                    Program { name: spec.program.to_owned(), near: vec![here.join("node_modules/.bin")] };
                (spec.title.to_owned(), (*spec, find(&program, &here), here.clone()))
            })
            .collect(),
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
    let rows: BTreeMap<String, Row> = tasks.join_all().await.into_iter().collect();
    let missing = rows.values().filter(|row| row.program.is_none()).count();
    terminal::say(&listing(&rows, missing));
    // It does not change the exit code: a machine that never pushes needs no hook.
    if let Some(words) = hook::gone().await {
        terminal::say(&format!("{words}\n"));
    }
    let verdict = if missing == 0 { Verdict::Pass } else { Verdict::Inconclusive };
    Ok(exit_code(Mode::Production, verdict, None))
}

struct Row {
    spec: &'static ToolSpec,
    program: Option<PathBuf>,
    version: Option<String>,
}

type Wanted = BTreeMap<String, (&'static ToolSpec, Option<PathBuf>, PathBuf)>;

/// The programs that the gates of gates.toml start, found or not, by the name to print.
async fn needed(args: &ConfigArgs) -> Result<Wanted> {
    let (path, config) = load_config(args.config.as_deref())?;
    let settings = Settings::new(&config, RunOptions::default())?;
    let repo = Repo::around(folder_of(&path)).await?;
    let plan = Plan::new(&config, &repo, &settings, None);
    let mut wanted = BTreeMap::new();
    for planned in &plan.gates {
        let Fate::Run(jobs) = &planned.fate else { continue };
        for (job, program) in jobs.iter().flat_map(|job| job.programs().map(move |program| (job, program))) {
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
    Ok(wanted)
}

fn listing(rows: &BTreeMap<String, Row>, missing: usize) -> String {
    let known = variables::known_secrets();
    let clean = |words: &str| known.scrubber().one_line(words).into_owned();
    let mut lines = table::plain(terminal::look().width);
    lines.set_header(["Tool", "Version", "Where, or how to get it"]);
    for (name, row) in rows {
        let (version, place) = match &row.program {
            Some(program) => {
                (row.version.clone().unwrap_or_else(|| "found".to_owned()), program.display().to_string())
            }
            None => ("missing".to_owned(), row.spec.install.to_owned()),
        };
        // The table may break a long word.
        lines.add_row([name, &version, &place].map(|cell| clean(cell)));
    }
    let verdict = match missing {
        0 => "Every tool is here.".to_owned(),
        n => format!("{} missing: without it, a gate is inconclusive.", human::count(n as u64, "tool")),
    };
    format!("{}\n\n{verdict}\n", table::text(&lines))
}
