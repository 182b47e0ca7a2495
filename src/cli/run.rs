//! `portcullis run`: the pipeline from top to bottom.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::cli::args::{ConfigArgs, KnownArgs, OutputArgs, PolicyArgs};
use crate::cli::show::show;
use crate::config::find::{OUT, folder_of};
use crate::config::settings::{RunOptions, Settings};
use crate::engine::active_policy::ActivePolicy;
use crate::engine::evidence::GateEvidence;
use crate::engine::interlock::Conditions;
use crate::engine::lock::guard::Guard;
use crate::engine::plan::Plan;
use crate::engine::policy_inputs::PolicyInputs;
use crate::engine::publish::publish;
use crate::engine::{assemble, new_since, notify, progress, schedule};
use crate::model::clean::Clean;
use crate::model::run::Run;
use crate::report::{self, Written};
use crate::system::git::Repo;
use crate::system::process::Stop;
use crate::system::scratch::Scratch;
use crate::system::unreported::Unreported;
use crate::system::{ci, output_folder, terminal, variables};
use crate::text::paths::shown_path;

/// `portcullis run`: the pipeline from top to bottom.
pub async fn run(
    config: ConfigArgs,
    run_options: RunOptions,
    known: &KnownArgs,
    trust: &PolicyArgs,
    output: &OutputArgs,
) -> Result<u8> {
    let started = Instant::now();
    let mut active = ActivePolicy::find(&config, trust).await?;
    if let Some(revision) = &known.new_since {
        active.config.judge_new_since(revision);
    }
    let mut before = active.known(known.no_baseline).await?;
    let (path, config) = (&active.path, &active.config);
    let mut settings = Settings::new(config, run_options)?;
    let reports = config.report.asked(&output.format);
    report::prepare(&reports)?;
    let lock = active.lock().await?;
    if config.require_lock && lock.is_none() {
        bail!(
            "`require_lock = true`, and there is no gates.lock beside gates.toml; `portcullis lock` writes it"
        );
    }
    active.check_floor(&settings, lock.is_some())?;
    if known.dry_run {
        settings.only_tell();
    }
    let enrichment = active.enrichment().await?;
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
        before = new_since::at(revision, &active, &repo, left, &stop.subscribe()).await?;
    }
    let mut folder = output_folder::OutputFolder::take(&out)?;
    let scratch = Scratch::new()?;
    active.overrule(&mut plan, &repo, scratch.path()).await?;
    let guard = Arc::new(Guard::new(lock, settings.mode, &repo.root, settings.verify));
    let repo = Arc::new(repo);
    let site = schedule::Site {
        repo: repo.clone(),
        guard: guard.clone(),
        settings: &settings,
        scratch: scratch.path(),
        started,
        stop,
        conditions,
    };
    let mut progress = progress::listener(output.quiet);
    let mut secrets = variables::known();
    secrets.learn(notify::secrets(&config.notices));
    let policy_inputs = PolicyInputs {
        config,
        known: &before,
        enrichment: &enrichment,
        root: &repo.root,
        secrets: RefCell::new(secrets),
    };
    let (evidence, pool) = schedule::carry_out(plan, &site, &policy_inputs, progress.as_mut()).await;
    guard.save();

    let circumstances = assemble::Circumstances {
        root: repo.root.clone(),
        mode: settings.mode,
        profile: settings.profile.clone(),
        project: repo.name(),
        commit: repo.head.clone(),
        branch: site.conditions.branch.clone(),
        stop: *site.stop.borrow(),
        started,
        lock: Some(guard.lock_status()),
    };
    let mut secrets = policy_inputs.secrets.take();
    secrets.learn(evidence.iter().flat_map(GateEvidence::secrets).cloned());
    let scrubber = secrets.scrubber();
    let mut run = Run::assemble(&evidence, pool, scrubber, circumstances);
    run.policy = active.record(&enrichment);
    policy_inputs.whole(&mut run);
    if let Err(error) = publish(&mut run, &evidence, scrubber, &reports, &mut folder) {
        // Whoever waited for it sees what came out all the same.
        run.lose();
        run.clean(scrubber);
        show(&run, &Written::nothing(shown_path(&out)), output);
        return Err(error);
    }
    let told = report::tell(&run, &reports);
    show(&run, &Written::all(shown_path(&out), &reports), output);
    // Whoever stopped the run does not want to wait for a chat.
    if run.interrupted.is_none() && !known.dry_run && !config.notices.is_empty() {
        let build = notify::Build::here(&repo, branch(&settings, &repo).await).await;
        terminal::warn(&notify::send(&run, &config.notices, build, scrubber).await);
    }
    told.context(Unreported)?;
    Ok(run.exit_code)
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
