//! Portcullis runs a project's whole security gate sequence and gives one verdict that can be
//! trusted.
//!
//! The flow: arguments + gates.toml + repository → [`config::Config`] → [`plan::Plan`] →
//! [`run::carry_out`] → [`proof::weigh`] → [`evidence::GateEvidence`] → [`policy::judge`] →
//! [`verdict::Verdict`] → [`report`] → exit code. Each arrow is one function from one type to the
//! next; nothing reaches back.
#![forbid(unsafe_code)]

pub mod aws;
pub mod base;
pub mod claims;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod encode;
pub mod environment;
pub mod event;
pub mod evidence;
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
pub mod lock;
pub mod loosening;
pub mod npmrc;
pub mod output;
pub mod overrule;
pub mod place;
pub mod placeholder;
pub mod plan;
pub mod policy;
pub mod pool;
pub mod procedure;
pub mod process;
pub mod progress;
pub mod proof;
pub mod question;
pub mod record;
pub mod redact;
pub mod repo;
pub mod report;
pub mod retry;
pub mod run;
pub mod sanitise;
pub mod scope;
pub mod scratch;
pub mod settings;
pub mod severity;
pub mod start;
pub mod table;
pub mod terminal;
pub mod text;
pub mod tool;
pub mod upstream;
pub mod verdict;
pub mod waiver;
pub mod words;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::base::{Base, PolicyRecord};
use crate::cli::{Command, ConfigArgs, JudgeArgs, OutputArgs, TrustArgs};
use crate::config::{Config, ConfigError};
use crate::evidence::GateEvidence;
use crate::interlock::Conditions;
use crate::lock::{Lock, guard::Guard};
use crate::plan::Plan;
use crate::policy::Waivers;
use crate::pool::Pool;
use crate::process::Stop;
use crate::record::Run;
use crate::redact::Scrubber;
use crate::repo::Repo;
use crate::scratch::Scratch;
use crate::settings::{Settings, Wishes};
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
                run(args.config, wishes, &args.trust, &args.output).await
            }
            Command::Judge(args) => judge(args).await,
            Command::Plan(args) => plan::show::execute(args).await,
            Command::Lock(args) => lock::command::execute(&args).await,
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
#[error("the run is over, and its result could not be written")]
pub struct Unreported;

/// `portcullis run`: the pipeline from top to bottom.
pub async fn run(config: ConfigArgs, wishes: Wishes, trust: &TrustArgs, output: &OutputArgs) -> Result<u8> {
    let started = Instant::now();
    let (path, config, trusted) = policy(&config, trust).await?;
    let settings = Settings::new(&config, wishes)?;
    let lock = match &trusted {
        Some(trusted) => trusted.base.lock(&path).await?,
        None => Lock::beside(&path)?,
    };
    if config.require_lock && lock.is_none() {
        bail!(
            "`require_lock = true`, and there is no gates.lock beside gates.toml; `portcullis lock` writes it"
        );
    }
    if let Some(floor) = &trust.require {
        let text = match &trusted {
            Some(trusted) => trusted.text.clone(),
            None => std::fs::read_to_string(&path).unwrap_or_default(),
        };
        floor::enforce(floor, &config, &settings, (&path, &text), lock.is_some())?;
    }
    let repo = Repo::around(folder_of(&path)).await?;
    let since = match &settings.since {
        Some(since) => Some(repo.range(since, settings.until.as_deref()).await?),
        None => None,
    };
    let mut plan = Plan::new(&config, &repo, &settings, since.as_ref());
    let conditions = Conditions {
        mode: settings.mode,
        deploy_in_lab: settings.deploy_in_lab,
        branch: match config.gates.iter().any(|gate| gate.tool.acts()) {
            true => settings.branch.clone().or(repo.branch().await),
            false => None,
        },
    };

    // From here on there is something to undo.
    let (stop, _) = watch::channel(Stop::No);
    listen_for_signals(stop.clone())?;
    if let Some(deadline) = settings.deadline {
        watch_the_clock(stop.clone(), deadline.saturating_sub(started.elapsed()));
    }
    let out = output.out.clone().unwrap_or_else(|| folder_of(&path).join(OUT));
    let mut folder = output::OutputFolder::take(&out)?;
    let scratch = Scratch::new()?;
    match &trusted {
        Some(trusted) => overrule::take_from(&trusted.base, &mut plan, &repo, scratch.path()).await?,
        None => overrule::tell(&mut plan, &repo),
    }
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
    let known = RefCell::new(environment::known());
    let judge_one = |evidence: &mut GateEvidence| {
        known.borrow_mut().learn(evidence.secrets().cloned());
        record::judge_one(evidence, known.borrow().scrubber(), &config.waivers)
    };
    let (evidence, pool) = run::carry_out(plan, &site, &judge_one, progress.as_mut()).await;
    guard.save();

    let circumstances = record::Circumstances {
        mode: settings.mode,
        profile: settings.profile.clone(),
        commit: repo.head.clone(),
        branch: site.conditions.branch.clone(),
        stop: *site.stop.borrow(),
        started,
        lock: Some(guard.standing()),
    };
    let mut known = known.into_inner();
    known.learn(evidence.iter().flat_map(GateEvidence::secrets).cloned());
    let scrubber = known.scrubber();
    let mut run = Run::assemble(&evidence, pool, scrubber, circumstances);
    run.policy = trusted.map(|trusted| trusted.record);
    run.judge(Waivers::Of(&config.waivers));
    publish(&mut run, &evidence, scrubber, &mut folder)?;
    terminal::show(&run, &shown_path(&out), output);
    Ok(run.exit_code)
}

/// What is known of a base whose policy it is.
struct Trusted {
    base: Base,
    /// The base's gates.toml.
    text: String,
    record: PolicyRecord,
}

/// Path and content of the gates.toml that counts: the work tree's, or that of `--policy-from`.
async fn policy(args: &ConfigArgs, trust: &TrustArgs) -> Result<(PathBuf, Config, Option<Trusted>)> {
    match &trust.policy_from {
        None => load_config(args).map(|(path, config)| (path, config, None)),
        Some(revision) => {
            let base::BasePolicy { base, path, text, config, record } = base::policy(args, revision).await?;
            Ok((path, config, Some(Trusted { base, text, record })))
        }
    }
}

/// `portcullis judge`: the second half of the pipeline.
async fn judge(args: JudgeArgs) -> Result<u8> {
    let found = find_config(&args.config)?;
    let mut config = found.as_deref().map(Config::load).transpose()?;
    if let Some(config) = &mut config {
        Settings::new(config, Wishes { profile: args.profile.clone(), ..Wishes::default() })?.apply(config);
    } else if let Some(profile) = &args.profile {
        anyhow::bail!("there is no gates.toml, and so no profile `{profile}`");
    }
    let base = found.as_deref().map_or(Path::new("."), folder_of);
    match &args.from {
        Some(from) => judge_saved_run(from, &args, config.as_ref()),
        None => judge_reports(&args, config.as_ref(), base).await,
    }
}

/// Judges a run.json by the policy that gates.toml has now, or else as it was judged.
fn judge_saved_run(from: &Path, args: &JudgeArgs, config: Option<&Config>) -> Result<u8> {
    let mut run = judge::saved_run(from)?;
    run.mode = args.mode.unwrap_or(run.mode);
    let recorded = run.waivers.clone();
    match config {
        Some(config) => {
            judge::lay_over(&mut run, config);
            run.judge(Waivers::Of(&config.waivers));
        }
        None => run.judge(Waivers::AsRecorded(&recorded)),
    }
    // Whoever wrote the file may have written anything.
    let known = environment::known();
    run.clean(known.scrubber());
    if let Some(out) = &args.output.out {
        let mut folder = output::OutputFolder::take(out)?;
        report::write_all(&run, &mut folder)
            .and_then(|()| folder.search(known.scrubber()))
            .context(Unreported)?;
    }
    let out = args.output.out.as_deref().or(from.parent()).unwrap_or(Path::new("."));
    terminal::show(&run, &shown_path(out), &args.output);
    Ok(run.exit_code)
}

/// Judges reports that other steps wrote.
async fn judge_reports(args: &JudgeArgs, config: Option<&Config>, base: &Path) -> Result<u8> {
    let started = Instant::now();
    let repo = Repo::around(base).await?;
    let scratch = Scratch::new()?;
    let mut evidence = judge::weigh_reports(&args.report, config, &repo, scratch.path())?;
    let pool = Pool::of(&mut evidence);
    let circumstances = record::Circumstances {
        mode: args.mode.or(config.map(|config| config.mode)).unwrap_or(config::Mode::Lab),
        profile: args.profile.clone(),
        commit: repo.head.clone(),
        branch: None,
        stop: Stop::No,
        started,
        lock: None,
    };
    let mut known = environment::known();
    known.learn(evidence.iter().flat_map(GateEvidence::secrets).cloned());
    let scrubber = known.scrubber();
    let mut run = Run::assemble(&evidence, pool, scrubber, circumstances);
    run.judge(Waivers::Of(config.map_or(&[], |config| &config.waivers)));
    let out = args.output.out.clone().unwrap_or_else(|| base.join(OUT));
    let mut folder = output::OutputFolder::take(&out)?;
    publish(&mut run, &evidence, scrubber, &mut folder)?;
    terminal::show(&run, &shown_path(&out), &args.output);
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
    folder: &mut output::OutputFolder,
) -> Result<()> {
    record::keep_files(run, evidence, scrubber, folder)
        .and_then(|()| {
            run.clean(scrubber);
            report::write_all(run, folder)
        })
        .and_then(|()| folder.search(scrubber))
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
