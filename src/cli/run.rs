//! `portcullis run`: the pipeline from top to bottom.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::cli::args::{ConfigArgs, KnownArgs, OutputArgs, PolicyArgs};
use crate::cli::show::show;
use crate::config::find::{OUT, OUT_OF_HOOK, folder_of, other_name};
use crate::config::settings::{RunOptions, Settings};
use crate::engine::active_policy::ActivePolicy;
use crate::engine::assemble::{Circumstances, assemble};
use crate::engine::evidence::GateEvidence;
use crate::engine::gate_inputs::ThereIs;
use crate::engine::interlock::ActionConditions;
use crate::engine::lock::Lock;
use crate::engine::lock::guard::Guard;
use crate::engine::plan::Plan;
use crate::engine::preview::Preview;
use crate::engine::publish::publish;
use crate::engine::schedule::Site;
use crate::engine::suggestions;
use crate::engine::usual_times::UsualTimes;
use crate::engine::{new_since, notify, progress, schedule, unresolved};
use crate::inputs::Inputs;
use crate::model::clean::Clean;
use crate::model::run::Run;
use crate::policy::apply::apply;
use crate::policy::enrichment::Enrichment;
use crate::policy::known_findings::KnownFindings;
use crate::redact::SecretSet;
use crate::report::{self, Written};
use crate::system::git::Repo;
use crate::system::output_folder::OutputFolder;
use crate::system::process::Stop;
use crate::system::scratch::Scratch;
use crate::system::unreported::Unreported;
use crate::system::{ci, terminal, variables};
use crate::text::paths::shown_path;

/// `portcullis run`: the pipeline from top to bottom.
pub(crate) async fn run(
    config: ConfigArgs,
    run_options: RunOptions,
    known: &KnownArgs,
    policy: &PolicyArgs,
    output: &OutputArgs,
) -> Result<u8> {
    let started = Instant::now();
    let mut ready = prepare(&config, run_options, known, policy, output).await?;

    // From here on, a stopped run has to clean up.
    let (stop, _) = watch::channel(Stop::No);
    listen_for_signals(stop.clone())?;
    let left = ready.settings.deadline.map(|deadline| deadline.saturating_sub(started.elapsed()));
    if let Some(left) = left {
        watch_the_clock(stop.clone(), left);
    }
    let new_since = ready.active.config.baseline.new_since.clone().filter(|_| !known.no_baseline);
    if let Some(revision) = new_since {
        ready.before = new_since::at(&revision, &ready.active, &ready.repo, left, &stop.subscribe()).await?;
    }
    let below = if ready.settings.push.is_some() { OUT_OF_HOOK } else { "" };
    let usual = || folder_of(&ready.active.path).join(OUT).join(below);
    let out = output.out.clone().unwrap_or_else(usual);
    let mut folder = OutputFolder::take(&out, &ready.reports.names()).await?;
    let scratch = Scratch::new()?;
    ready.active.override_scanner_config(&mut ready.plan, &ready.repo, scratch.path()).await?;
    let done = carry_out(ready, scratch.path(), started, stop, output).await;
    finish(done, &mut folder, &out, known, output).await
}

/// Everything that is known before anything starts.
struct Ready {
    active: ActivePolicy,
    settings: Settings,
    reports: report::Options,
    lock: Option<Lock>,
    /// The known findings.
    before: KnownFindings,
    enrichment: Enrichment,
    repo: Repo,
    /// What there is to look at.
    there_is: Result<Inputs>,
    plan: Plan,
    conditions: ActionConditions,
}

async fn prepare(
    config: &ConfigArgs,
    run_options: RunOptions,
    known: &KnownArgs,
    policy: &PolicyArgs,
    output: &OutputArgs,
) -> Result<Ready> {
    let mut active = ActivePolicy::find(policy.source(config)).await?;
    if let Some(revision) = &known.new_since {
        active.config.judge_new_since(revision);
    }
    let before = active.known(known.no_baseline).await?;
    let config = &active.config;
    let mut settings = Settings::new(config, run_options)?;
    settings.can_block(config)?;
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
    let mut repo = Repo::around(folder_of(&active.path)).await?;
    if config.gates.iter().any(|gate| gate.tool.names_commit()) {
        repo.look_for_changes().await;
    }
    let since = match (&settings.push, &settings.since) {
        (Some(push), _) => Some(repo.range_of_push(push).await?),
        (None, Some(since)) => Some(repo.range(since).await?),
        (None, None) => None,
    };
    let there_is = Inputs::read(&repo).await;
    let plan = Plan::with(config, &repo, &there_is, &settings, since.as_ref())?;
    let conditions = ActionConditions {
        mode: settings.mode,
        deploy_in_lab: settings.deploy_in_lab,
        branch: branch(&settings, &repo).await,
    };
    unresolved::refuse(&plan, &conditions)?;
    Ok(Ready { active, settings, reports, lock, before, enrichment, repo, there_is, plan, conditions })
}

/// A run whose gates have ended and are judged, and that is not written yet.
struct Done {
    run: Run,
    evidence: Vec<GateEvidence>,
    secrets: SecretSet,
    repo: Arc<Repo>,
    settings: Settings,
    active: ActivePolicy,
    reports: report::Options,
}

/// Runs the gates and judges what they found.
async fn carry_out(
    ready: Ready,
    scratch: &Path,
    started: Instant,
    stop: watch::Sender<Stop>,
    output: &OutputArgs,
) -> Done {
    let Ready { active, settings, reports, lock, before, enrichment, repo, there_is, plan, conditions } =
        ready;
    let guard = Arc::new(Guard::new(lock, settings.mode, &repo.root, settings.verify));
    let repo = Arc::new(repo);
    let site = Site {
        repo: repo.clone(),
        guard: guard.clone(),
        settings: &settings,
        scratch,
        started,
        usual: UsualTimes::of(&repo.root),
        stop,
        conditions,
    };
    let known = || {
        let mut known = variables::known_secrets();
        known.learn(notify::secrets(&active.config.notices));
        known
    };
    let mut progress = progress::listener(output.quiet, known());
    // Before the first gate is judged: an action must not start behind a gap.
    let there_is =
        there_is.map(|inputs| ThereIs::new(repo.clone(), inputs, &active.config).of_run(&plan, scratch));
    let inputs = active.inputs(&before, &enrichment);
    let preview = Preview {
        inputs,
        root: &repo.root,
        there_is: there_is.as_ref().ok(),
        secrets: RefCell::new(known()),
    };
    let (evidence, pool) = schedule::carry_out(plan, &site, &preview, progress.as_mut()).await;
    guard.save();
    let Site { usual, conditions, stop, .. } = site;
    usual.add(&evidence);

    let circumstances = Circumstances {
        root: repo.root.clone(),
        mode: settings.mode,
        profile: settings.profile.clone(),
        project: repo.name(),
        configuration: other_name(&active.path),
        commit: repo.head.clone(),
        branch: conditions.branch.clone(),
        stop: *stop.borrow(),
        started,
        lock: Some(guard.lock_status()),
    };
    let mut secrets = preview.secrets.take();
    secrets.learn(evidence.iter().flat_map(GateEvidence::secrets).cloned());
    let mut run = assemble(&evidence, pool, &secrets, circumstances);
    run.policy = active.record(&enrichment);
    match &there_is {
        Ok(there_is) => {
            run.inputs.uncovered = there_is.uncovered(&evidence);
            run.inputs.to_add = suggestions::to_add(&active.config, there_is);
            run.inputs.absent = there_is.absent();
            run.inputs.unknown = there_is.unknown();
        }
        Err(error) => run.inputs.unknown = Some(format!("{error:#}")),
    }
    apply(&mut run, &inputs);
    Done { run, evidence, secrets, repo, settings, active, reports }
}

/// Writes, shows and sends the result.
async fn finish(
    done: Done,
    folder: &mut OutputFolder,
    out: &Path,
    known: &KnownArgs,
    output: &OutputArgs,
) -> Result<u8> {
    let Done { mut run, evidence, secrets, repo, settings, active, reports } = done;
    let scrubber = secrets.scrubber();
    if let Err(error) = publish(&mut run, &evidence, scrubber, &reports, folder) {
        // The user still sees the result.
        run.lose();
        run.clean(scrubber);
        show(&run, &Written::nothing(shown_path(out)), output);
        return Err(error);
    }
    let handed_over = report::hand_over(&run, &reports);
    show(&run, &Written::all(shown_path(out), &reports), output);
    let notices = &active.config.notices;
    // A user who stopped the run does not want to wait for notices.
    if run.interrupted.is_none() && !known.dry_run && !notices.is_empty() {
        let build = notify::Build::here(&repo, branch(&settings, &repo).await).await;
        terminal::warn(&notify::send(&run, notices, build, scrubber).await);
    }
    handed_over.context(Unreported)?;
    Ok(run.exit_code)
}

/// The current branch: from the user, or from the CI service, which distinguishes a pull request from
/// its target, or from git.
async fn branch(settings: &Settings, repo: &Repo) -> Option<String> {
    let variable = variables::get;
    match &settings.branch {
        Some(branch) => Some(branch.clone()),
        None if ci::runs_here(variable) => ci::branch(variable),
        None => repo.branch().await,
    }
}

/// SIGINT, SIGTERM and SIGHUP stop the run: the scanners are stopped, and the record is written.
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
