//! Portcullis runs a project's whole security gate sequence and gives one verdict that can be
//! trusted.
//!
//! The flow: arguments + gates.toml + repository → [`config::Config`] → [`plan::Plan`] →
//! [`run::carry_out`] → [`proof::weigh`] → [`evidence::GateEvidence`] → [`facts::Facts`] → [`policy::judge`] →
//! [`verdict::Verdict`] → [`report`] → exit code. Each arrow is one function from one type to the
//! next; nothing reaches back.
#![forbid(unsafe_code)]

pub mod aws;
pub mod ban;
pub mod base;
pub mod baseline;
pub mod ci;
pub mod claims;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod encode;
pub mod environment;
pub mod event;
pub mod evidence;
pub mod explain;
pub mod facts;
pub mod finding;
pub mod fingerprint;
pub mod floor;
pub mod format;
pub mod hook;
pub mod http;
pub mod identity;
pub mod init;
pub mod interlock;
pub mod job;
pub mod judge;
pub mod judging;
pub mod known;
pub mod licence;
pub mod lock;
pub mod loosening;
pub mod notice;
pub mod npmrc;
pub mod output;
pub mod overrule;
pub mod place;
pub mod placeholder;
pub mod plan;
pub mod policy;
pub mod pool;
pub mod problem;
pub mod procedure;
pub mod process;
pub mod progress;
pub mod proof;
pub mod purl;
pub mod question;
pub mod raw_report;
pub mod reach;
pub mod record;
pub mod redact;
pub mod remedy;
pub mod repo;
pub mod report;
pub mod retry;
pub mod risk;
pub mod run;
pub mod sanitise;
pub mod sbom;
pub mod scope;
pub mod scratch;
pub mod settings;
pub mod severity;
pub mod start;
pub mod table;
pub mod terminal;
pub mod text;
pub mod texts;
pub mod tool;
pub mod trust;
pub mod upstream;
pub mod verdict;
pub mod vex;
pub mod waiver;
pub mod walk;
pub mod words;
pub mod work;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::cli::{Command, ConfigArgs, KnownArgs, OutputArgs, TrustArgs};
use crate::config::{Config, ConfigError};
use crate::evidence::GateEvidence;
use crate::interlock::Conditions;
use crate::judging::Judging;
use crate::lock::guard::Guard;
use crate::plan::Plan;
use crate::process::Stop;
use crate::record::Run;
use crate::redact::Scrubber;
use crate::repo::Repo;
use crate::report::Written;
use crate::scratch::Scratch;
use crate::settings::{Settings, Wishes};
use crate::trust::Rules;
use crate::verdict::Verdict;
use crate::words::Words;

/// Carries out a command line. The exit code is the verdict's; an error is a usage or
/// configuration error, unless it is an [`Unreported`].
pub fn execute(command: Command) -> Result<u8> {
    // One thread serves all pipes and timers; reading reports goes to threads of its own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the asynchronous runtime can't be started")?;
    let code = runtime.block_on(async {
        match command {
            Command::Run(args) => {
                let wishes = Wishes { verify: args.verify, ..args.selection.wishes() };
                run(args.config, wishes, &args.known, &args.trust, &args.output).await
            }
            Command::Judge(args) => judge::execute(&args).await,
            Command::Report(args) => report::command::execute(&args),
            Command::Plan(args) => plan::show::execute(args).await,
            Command::Lock(args) => lock::command::execute(&args).await,
            Command::Baseline(args) => baseline::command::execute(&args),
            Command::Explain(args) => explain::execute(&args),
            Command::Doctor(args) => doctor::execute(&args.config).await,
            Command::Init(args) => init::execute(&args),
            Command::Hook(args) => hook::execute(args.action).await,
        }
    });
    // A helper that hangs (a version question) must not hold back the exit.
    runtime.shutdown_background();
    code
}

/// A report could not be written, which no verdict outranks.
#[derive(Debug, thiserror::Error)]
#[error("the result could not be written")]
pub struct Unreported;

/// `portcullis run`: the pipeline from top to bottom.
pub async fn run(
    config: ConfigArgs,
    wishes: Wishes,
    known: &KnownArgs,
    trust: &TrustArgs,
    output: &OutputArgs,
) -> Result<u8> {
    let started = Instant::now();
    let mut rules = Rules::find(&config, trust).await?;
    if let Some(revision) = &known.new_since {
        rules.config.judge_new_since(revision);
    }
    let mut before = rules.known(known.no_baseline).await?;
    let (path, config) = (&rules.path, &rules.config);
    let mut settings = Settings::new(config, wishes)?;
    let reports = config.report.asked(&output.format);
    report::prepare(&reports)?;
    let lock = rules.lock().await?;
    if config.require_lock && lock.is_none() {
        bail!(
            "`require_lock = true`, and there is no gates.lock beside gates.toml; `portcullis lock` writes it"
        );
    }
    rules.hold(&settings, lock.is_some())?;
    if known.dry_run {
        settings.only_tell();
    }
    let facts = rules.facts().await?;
    let mut repo = Repo::around(folder_of(path)).await?;
    if config.gates.iter().any(|gate| gate.tool.names_commit()) {
        repo.look_for_changes().await;
    }
    let since = match &settings.since {
        Some(since) => Some(repo.range(since, settings.until.as_deref()).await?),
        None => None,
    };
    let mut plan = Plan::new(config, &repo, &settings, since.as_ref());
    let conditions = Conditions {
        mode: settings.mode,
        deploy_in_lab: settings.deploy_in_lab,
        branch: match config.gates.iter().any(|gate| gate.tool.acts()) {
            true => branch(&settings, &repo).await,
            false => None,
        },
    };

    // From here on there is something to undo.
    let (stop, _) = watch::channel(Stop::No);
    listen_for_signals(stop.clone())?;
    if let Some(deadline) = settings.deadline {
        watch_the_clock(stop.clone(), deadline.saturating_sub(started.elapsed()));
    }
    let out = output.out.clone().unwrap_or_else(|| folder_of(path).join(OUT));
    if let Some(revision) = config.baseline.new_since.as_deref().filter(|_| !known.no_baseline) {
        let left = settings.deadline.map(|deadline| deadline.saturating_sub(started.elapsed()));
        before = known::since::at(revision, &rules, &repo, left, &stop.subscribe()).await?;
    }
    let mut folder = output::OutputFolder::take(&out)?;
    let scratch = Scratch::new()?;
    rules.overrule(&mut plan, &repo, scratch.path()).await?;
    let guard = Arc::new(Guard::new(lock, settings.mode, &repo.root, settings.verify));
    let repo = Arc::new(repo);
    let site = run::Site {
        repo: repo.clone(),
        guard: guard.clone(),
        settings: &settings,
        scratch: scratch.path(),
        started,
        stop,
        conditions,
    };
    let mut progress = progress::listener(output.quiet);
    let mut secrets = environment::known();
    secrets.learn(notice::secrets(&config.notices));
    let judging =
        Judging { config, known: &before, facts: &facts, root: &repo.root, secrets: RefCell::new(secrets) };
    let (evidence, pool) = run::carry_out(plan, &site, &judging, progress.as_mut()).await;
    guard.save();

    let circumstances = record::Circumstances {
        root: repo.root.clone(),
        mode: settings.mode,
        profile: settings.profile.clone(),
        project: repo.name(),
        commit: repo.head.clone(),
        branch: site.conditions.branch.clone(),
        stop: *site.stop.borrow(),
        started,
        lock: Some(guard.standing()),
    };
    let mut secrets = judging.secrets.take();
    secrets.learn(evidence.iter().flat_map(GateEvidence::secrets).cloned());
    let scrubber = secrets.scrubber();
    let mut run = Run::assemble(&evidence, pool, scrubber, circumstances);
    run.policy = rules.record(&facts);
    judging.whole(&mut run);
    if let Err(error) = publish(&mut run, &evidence, scrubber, &reports, &mut folder) {
        // Whoever waited for it sees what came out all the same.
        run.lose();
        run.clean(scrubber);
        terminal::show(&run, &Written::nothing(shown_path(&out)), output);
        return Err(error);
    }
    let told = report::tell(&run, &reports);
    terminal::show(&run, &Written::all(shown_path(&out), &reports), output);
    // Whoever stopped the run does not want to wait for a chat.
    if run.interrupted.is_none() && !known.dry_run && !config.notices.is_empty() {
        let build = notice::Build::here(&repo, branch(&settings, &repo).await).await;
        terminal::warn(&notice::send(&run, &config.notices, build, scrubber).await);
    }
    told.context(Unreported)?;
    Ok(run.exit_code)
}

/// The output folder where none is named.
const OUT: &str = "gates-report";

/// Writes what the run leaves: kept files first, so that the record names only what is there. At
/// last everything is searched once more for secrets.
fn publish(
    run: &mut Run,
    evidence: &[GateEvidence],
    scrubber: &Scrubber,
    reports: &report::Options,
    folder: &mut output::OutputFolder,
) -> Result<()> {
    record::keep_files(run, evidence, scrubber, folder)
        .and_then(|()| {
            run.clean(scrubber);
            report::write_all(run, reports, folder)
        })
        .and_then(|()| folder.search(scrubber))
        // What was not written or not searched to its end may not say that all is well.
        .inspect_err(|_| {
            if run.verdict == Verdict::Pass {
                folder.withdraw(|_| true)
            }
        })
        .context(Unreported)
}

/// The path of gates.toml and what it says.
pub fn load_config(args: &ConfigArgs) -> Result<(PathBuf, Config)> {
    let path = find_config(args)?.context(
        "there is no gates.toml here or in a folder above; `portcullis init` writes one, `--config FILE` names another",
    )?;
    let config = Config::load(&path)?;
    Ok((path, config))
}

/// The file that is named, or the nearest gates.toml from here up to the top of the repository.
fn find_config(args: &ConfigArgs) -> Result<Option<PathBuf>> {
    if let Some(path) = &args.config {
        return Ok(Some(path.clone()));
    }
    let here = std::env::current_dir().context("the current folder is not there any more")?;
    for folder in here.ancestors() {
        let candidate = folder.join(config::FILE_NAME);
        if candidate.is_file() {
            let shown = candidate.strip_prefix(&here).unwrap_or(&candidate).to_owned();
            return Ok(Some(shown));
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    Ok(None)
}

/// The folder that a configuration file's paths count from.
pub fn folder_of(config: &Path) -> &Path {
    config.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A path as people want to read it: relative to the current folder where it is below it.
fn shown_path(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = place::normalise(path);
    path.strip_prefix(&here).unwrap_or(&path).display().to_string()
}

/// The branch that this is: as the user says, as the CI service says, which knows a pull request from
/// its target, or as git has it.
async fn branch(settings: &Settings, repo: &Repo) -> Option<String> {
    let variable = |name: &str| std::env::var(name).ok();
    match &settings.branch {
        Some(branch) => Some(branch.clone()),
        None if ci::runs_here(variable) => ci::branch(variable),
        None => repo.branch().await,
    }
}

/// SIGINT, SIGTERM and SIGHUP stop the run: the scanners are ended, and the record is written.
fn listen_for_signals(stop: watch::Sender<Stop>) -> Result<()> {
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let mut stream = signal(kind).context("signals can't be listened for")?;
        let stop = stop.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                stop.send_replace(Stop::Signal(kind.as_raw_value()));
            }
        });
    }
    Ok(())
}

/// Stops the run when its time is up.
fn watch_the_clock(stop: watch::Sender<Stop>, left: Duration) {
    tokio::spawn(async move {
        tokio::time::sleep(left).await;
        stop.send_if_modified(|stop| {
            let first = *stop == Stop::No;
            if first {
                *stop = Stop::Deadline;
            }
            first
        });
    });
}

/// The mistakes of a gates.toml, drawn; `None` when the error is another one.
pub fn drawn_mistakes(error: &anyhow::Error, colour: bool) -> Option<String> {
    match error.downcast_ref::<ConfigError>() {
        Some(ConfigError::Mistakes { path, source_text, problems }) => {
            Some(config::draw(problems, source_text, &shown_path(path), colour))
        }
        Some(ConfigError::BelowFloor { path, source_text, problems, elsewhere, .. }) => {
            let mut drawn = config::draw(problems, source_text, &shown_path(path), colour);
            drawn.extend(elsewhere.iter().map(|(what, help)| config::draw_unplaced(what, help, colour)));
            Some(drawn)
        }
        _ => None,
    }
}
