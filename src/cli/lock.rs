//! `portcullis lock`: writes gates.lock, or reports how the installed tools differ from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::cli::args::LockArgs;
use crate::config::find::{folder_of, load_config};
use crate::config::settings::{RunOptions, Settings};
use crate::engine::lock::guard::around;
use crate::engine::lock::memo::Memo;
use crate::engine::lock::{FILE_NAME, Key, Lock, LockEntry, Measured, platform};
use crate::engine::plan::{Fate, Plan};
use crate::engine::program_identity::ask_version;
use crate::model::verdict::{Mode, Verdict, exit_code};
use crate::scan::job::Job;
use crate::scan::program::find;
use crate::scan::tool::ToolSpec;
use crate::system::git::Repo;
use crate::system::terminal;
use crate::system::whole_file::write_whole;
use crate::text::human;
use crate::text::paths::shown_path;

/// A program that a gate starts, found or not.
struct Wanted {
    spec: &'static ToolSpec,
    job: Job,
    found: Option<PathBuf>,
}

/// Writes or checks gates.lock. The exit code is 3 if `--check` finds a difference.
pub(crate) async fn execute(args: &LockArgs) -> Result<u8> {
    let (path, config) = load_config(args.config.config.as_deref())?;
    let settings = Settings::new(&config, RunOptions::default())?;
    let repo = Repo::around(folder_of(&path)).await?;
    let plan = Plan::read(&config, &repo, &settings, None).await?;
    let memo = if args.verify { Memo::none() } else { Memo::of_user(&repo.root) };
    let old = match Lock::beside(&path) {
        // A broken file may be replaced.
        Err(_) if !args.check => None,
        old => old?,
    };
    let file = folder_of(&path).join(FILE_NAME);
    let mut page = String::new();
    for planned in &plan.gates {
        if let Fate::Impossible(why) | Fate::Skip(why) = &planned.fate {
            let _ = writeln!(page, "  not looked at: the tool of {}: {why}", planned.gate.id);
        }
    }
    let wanted = wanted(&plan);
    let (here, problems) = measure(&wanted, &repo.root, &memo);
    memo.save();
    let known = old.clone().unwrap_or_default();
    if args.check {
        return Ok(check(old.as_ref(), &here, &problems, page));
    }
    if !problems.is_empty() {
        bail!("nothing was locked:\n  {}", problems.join("\n  "));
    }

    let mut lock = Lock::default();
    for (index, key, measured) in &here {
        let same = known.entries(key, &platform()).find(|entry| entry.sha256 == measured.sha256).cloned();
        let version = match same {
            // The version of an unchanged tool is known.
            Some(entry) => entry.version,
            None => version(&wanted[*index], measured, &repo.root).await,
        };
        let Measured { sha256, runs, not_covered } = measured.clone();
        let (key, platform) = (key.clone(), platform());
        lock.tools.push(LockEntry { key, platform, version, sha256, runs, not_covered });
    }
    let keys: BTreeSet<Key> = lock.tools.iter().map(|tool| tool.key.clone()).collect();
    let foreign = |tool: &&LockEntry| tool.platform != platform() && keys.contains(&tool.key);
    lock.tools.extend(known.tools.iter().filter(foreign).cloned());
    lock.tools.sort();
    lock.tools.dedup();
    write_whole(&file, |out| out.write_all(lock.to_string().as_bytes()))
        .with_context(|| format!("{} can't be written", file.display()))?;

    page.push_str(&changes(&known, &lock));
    let here = lock.tools.iter().filter(|tool| tool.platform == platform()).count();
    let what = if known == lock { "is up to date" } else { "was written" };
    let _ = writeln!(
        page,
        "{} {what}: {} for {}",
        shown_path(&file),
        human::count(here as u64, "tool"),
        platform()
    );
    terminal::say(&page);
    Ok(exit_code(Mode::Production, Verdict::Pass, None))
}

/// The programs of all gates.
fn wanted(plan: &Plan) -> Vec<Wanted> {
    let mut wanted: BTreeMap<(Option<PathBuf>, PathBuf, String), Wanted> = BTreeMap::new();
    for planned in &plan.gates {
        let Fate::Run(jobs) = &planned.fate else { continue };
        for (job, program) in jobs.iter().flat_map(|job| job.programs().map(move |program| (job, program))) {
            let found = find(program, &job.invocation.cwd);
            let spec = planned.gate.spec;
            // The shims of version managers depend on the folder where they start.
            let at = (found.clone(), job.invocation.cwd.clone(), program.name.clone());
            let mut job = job.clone();
            job.invocation.program = program.clone();
            wanted.entry(at).or_insert_with(|| Wanted { spec, job, found });
        }
    }
    wanted.into_values().collect()
}

/// The installed tools, each once, with its index in the list of wanted programs.
type Here = Vec<(usize, Key, Measured)>;

/// Hashes all installed tools at once, and lists the missing ones and those that can't be hashed.
fn measure(wanted: &[Wanted], root: &Path, memo: &Memo) -> (Here, Vec<String>) {
    let one = |tool: &Wanted| -> Result<(Key, Measured), String> {
        let program = &tool.job.invocation.program;
        let Some(found) = &tool.found else {
            return Err(format!("{} is missing: {}", program.name, tool.spec.install));
        };
        let measured = Measured::of(found, &around(&tool.job.invocation.cwd, &tool.job.invocation.env), memo)
            .map_err(|why| format!("{}: {why}", program.name))?;
        Ok((Key::of(program, found, root), measured))
    };
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = wanted.iter().map(|tool| scope.spawn(move || one(tool))).collect();
        let lost =
            |_| Err("a tool could not be hashed; this is a bug in Portcullis, please report it".to_owned());
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(lost)).collect()
    });
    let (mut here, mut problems): (Here, Vec<String>) = (Vec::new(), Vec::new());
    for (index, result) in results.into_iter().enumerate() {
        match result {
            Ok((key, measured)) => {
                if !here.iter().any(|(_, known, same)| *known == key && *same == measured) {
                    here.push((index, key, measured));
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    problems.sort();
    problems.dedup();
    (here, problems)
}

/// The version of a tool. If no file has it, the tool is asked.
async fn version(tool: &Wanted, measured: &Measured, root: &Path) -> Option<String> {
    if let Some(version) = measured.package_version() {
        return Some(version);
    }
    ask_version(tool.spec, tool.found.as_deref()?, &tool.job.invocation.cwd, root).await
}

/// Says how the installed tools differ from the lock, and returns the exit code.
fn check(lock: Option<&Lock>, here: &Here, problems: &[String], mut page: String) -> u8 {
    let Some(lock) = lock else {
        terminal::say("There is no gates.lock: `portcullis lock` writes it.\n");
        return exit_code(Mode::Production, Verdict::Inconclusive, None);
    };
    let platform = platform();
    let mut differs = 0;
    for (_, key, measured) in here {
        let mut entries = lock.entries(key, &platform).peekable();
        let first = entries.peek().copied();
        if entries.any(|entry| entry.sha256 == measured.sha256) {
            continue;
        }
        differs += 1;
        let _ = match first {
            None => {
                writeln!(
                    page,
                    "  {key} is not in gates.lock for {platform}; here is SHA-256 {}",
                    measured.sha256
                )
            }
            Some(entry) => {
                writeln!(
                    page,
                    "  {key} differs: locked is SHA-256 {}, here is {}",
                    entry.sha256, measured.sha256
                )
            }
        };
    }
    let needed =
        |tool: &LockEntry| tool.platform != platform || here.iter().any(|(_, key, _)| *key == tool.key);
    // An entry may belong to a tool that could not be checked.
    for tool in lock.tools.iter().filter(|tool| problems.is_empty() && !needed(tool)) {
        differs += 1;
        let _ = writeln!(page, "  {} is in gates.lock, and no gate starts it", tool.key);
    }
    for problem in problems {
        let _ = writeln!(page, "  {problem}");
    }
    let all = differs + problems.len();
    let _ = match all {
        0 => writeln!(page, "gates.lock agrees: {}", human::count(here.len() as u64, "tool")),
        n => writeln!(page, "gates.lock does not agree with {}", human::count(n as u64, "tool")),
    };
    terminal::say(&page);
    let verdict = if all == 0 { Verdict::Pass } else { Verdict::Inconclusive };
    exit_code(Mode::Production, verdict, None)
}

/// A line for each tool that is new, gone or different.
fn changes(old: &Lock, new: &Lock) -> String {
    let mut page = String::new();
    let short = |entry: &LockEntry| {
        let version = entry.version.as_deref().unwrap_or("version unknown");
        format!("{version} ({})", &entry.sha256[..12])
    };
    for tool in new.tools.iter().filter(|tool| !old.tools.contains(tool)) {
        let before = old.entries(&tool.key, &tool.platform).next();
        let _ = match before {
            Some(before) => writeln!(page, "  ~ {}: {} → {}", tool.key, short(before), short(tool)),
            None => writeln!(page, "  + {}: {}", tool.key, short(tool)),
        };
        for what in &tool.not_covered {
            let _ = writeln!(page, "      not pinned: {what}");
        }
    }
    let gone = |tool: &&LockEntry| new.entries(&tool.key, &tool.platform).next().is_none();
    for tool in old.tools.iter().filter(gone) {
        let _ = writeln!(page, "  - {}: {}", tool.key, short(tool));
    }
    page
}
