//! `portcullis judge`: reports of other steps, or a saved run, judged without running anything.

mod reports;
mod what_if;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cli::args::JudgeArgs;
use crate::cli::show;
use crate::cli::show::show;
use crate::config::find::{OUT, find_config, folder_of, other_name};
use crate::config::settings::{RunOptions, Settings, require_one};
use crate::config::{Config, branch};
use crate::engine::active_policy::{ActivePolicy, BaseSource};
use crate::engine::assemble::{Circumstances, assemble};
use crate::engine::evidence::{GateEvidence, Lack};
use crate::engine::gate_inputs::ThereIs;
use crate::engine::pool::Pool;
use crate::engine::publish::publish;
use crate::engine::saved_run;
use crate::inputs::Inputs;
use crate::model::clean::Clean;
use crate::model::run::{Completeness, Run};
use crate::model::verdict::Mode;
use crate::policy::apply::PolicyInputs;
use crate::policy::apply::apply;
use crate::policy::apply::sort_findings;
use crate::policy::enrichment::Enrichment;
use crate::policy::judge::Waivers;
use crate::policy::known_findings::KnownFindings;
use crate::redact::Scrubber;
use crate::report::{self, Written};
use crate::system::clock::today;
use crate::system::git::Repo;
use crate::system::output_folder::OutputFolder;
use crate::system::process::Stop;
use crate::system::scratch::Scratch;
use crate::system::unreported::Unreported;
use crate::system::variables;
use crate::text::paths::shown_path;

use reports::assess_reports;

/// The policy to judge by, with the chosen profile and mode.
struct By {
    active: ActivePolicy,
    known: KnownFindings,
    settings: Settings,
    /// There is a gates.lock.
    locked: bool,
    enrichment: Enrichment,
}

/// Judges, and returns the exit code of the verdict.
pub(crate) async fn execute(args: &JudgeArgs) -> Result<u8> {
    let by = by(args).await?;
    match what_if::files(&args.from)?.as_slice() {
        [] => judge_reports(args, by).await,
        [from] => judge_saved_run(from, args, by.as_ref()).await,
        several => what_if::show(several, args, by.as_ref()),
    }
}

/// The policy. `None` if there is no gates.toml, and no option needs one.
async fn by(args: &JudgeArgs) -> Result<Option<By>> {
    if args.trust.policy_from.is_none() && find_config(args.config.config.as_deref())?.is_none() {
        if let Some(profile) = &args.profile {
            bail!("there is no gates.toml, and so no profile `{profile}`");
        }
        if args.trust.require.is_some() {
            bail!("there is no gates.toml to compare with the floor; `--config FILE` names one");
        }
        return Ok(None);
    }
    let mut active = ActivePolicy::find(args.trust.source(&args.config)).await?;
    let known = active.known(false).await?;
    let run_options = RunOptions { mode: args.mode, profile: args.profile.clone(), ..RunOptions::default() };
    let settings = Settings::new(&active.config, run_options)?;
    let locked = active.lock().await?.is_some();
    let enrichment = active.enrichment().await?;
    Ok(Some(By { active, known, settings, locked, enrichment }))
}

/// The reports of the command line, or else of the policy's gates.toml.
fn report_options(args: &JudgeArgs, by: Option<&By>) -> report::Options {
    let configured = by.map(|by| by.active.config.report.clone()).unwrap_or_default();
    configured.asked(&args.output.format)
}

/// Judges a run.json by the current policy, or by the recorded one if there is no gates.toml.
async fn judge_saved_run(from: &Path, args: &JudgeArgs, by: Option<&By>) -> Result<u8> {
    let options = report_options(args, by);
    if args.output.out.is_none() && !args.output.format.is_empty() && options.files().next().is_some() {
        bail!("`judge --from` writes reports only with --out; name a folder there");
    }
    report::prepare(&options)?;
    let known = variables::known_secrets();
    let run = judged_again(saved_run::read(from)?, args, by, known.scrubber())?;
    let ran = run.gates.iter().filter(|gate| gate.left_out.is_none());
    require_one(run.mode, ran.map(|gate| gate.required))?;
    let written = match &args.output.out {
        Some(out) => {
            // In the folder of the run itself, the files of the scanners stay: the record names them.
            let real = |folder: &Path| folder.canonicalize().ok();
            let beside = real(out).is_some_and(|out| real(folder_of(from)) == Some(out));
            let mut folder = match beside {
                true => OutputFolder::of_saved_run(out).await?,
                false => OutputFolder::take(out, &options.names()).await?,
            };
            report::write_all(&run, &options, &mut folder)
                .and_then(|()| folder.search(known.scrubber()))
                .context(Unreported)?;
            let written = Written::all(shown_path(out), &options);
            if beside {
                // Reports of the earlier judgement would contradict this one.
                let stale =
                    report::file_names().filter(|name| !written.files.iter().any(|file| file == name));
                folder.withdraw(stale);
            }
            written
        }
        None => Written::record(&shown_path(from)),
    };
    let handed_over = report::hand_over(&run, &options);
    show::show(&run, &written, &args.output);
    handed_over.context(Unreported)?;
    Ok(run.exit_code)
}

/// A saved run, judged by the current policy, or by the recorded one if there is no gates.toml.
fn judged_again(mut run: Run, args: &JudgeArgs, by: Option<&By>, scrubber: &Scrubber) -> Result<Run> {
    let recorded = run.waivers.clone();
    run.mode = args.mode.unwrap_or(run.mode);
    match by {
        Some(By { active, known, settings, locked, enrichment }) => {
            let mut settings = settings.clone();
            reapply_policy(&mut run, &active.config, &settings);
            if let Some(trusted) = &active.base {
                run.mode = settings.mode;
                require_gates(&mut run, trusted, &active.config, &settings, scrubber);
            }
            settings.mode = run.mode;
            active.check_floor_of_saved(&settings, *locked, &run.gates)?;
            run.policy = active.record(enrichment);
            let mut inputs = active.inputs(known, enrichment);
            // What a run knew by a commit stays known, unless there are known findings here. A baseline counts only
            // while it is there.
            let by_commit = run.known.as_ref().is_some_and(|known| known.written.is_none());
            if by_commit && !known.any() {
                inputs.known = None;
            }
            apply(&mut run, &inputs);
        }
        None => apply(&mut run, &PolicyInputs::as_recorded(&recorded, today())),
    }
    // The file may contain anything.
    run.clean(scrubber);
    Ok(run)
}

/// Judges reports that other steps wrote.
async fn judge_reports(args: &JudgeArgs, by: Option<By>) -> Result<u8> {
    let started = Instant::now();
    let options = report_options(args, by.as_ref());
    report::prepare(&options)?;
    let base = by.as_ref().map_or(Path::new("."), |by| folder_of(&by.active.path));
    let repo = Repo::around(base).await?;
    let scratch = Scratch::new()?;
    let mut evidence = assess_reports(&args.report, by.as_ref(), &repo, scratch.path())?;
    let pool = Pool::of(&mut evidence);
    let circumstances = Circumstances {
        root: repo.root.clone(),
        mode: by.as_ref().map(|by| by.settings.mode).or(args.mode).unwrap_or(Mode::Lab),
        profile: args.profile.clone(),
        project: repo.name(),
        configuration: by.as_ref().and_then(|by| other_name(&by.active.path)),
        commit: repo.head.clone(),
        branch: None,
        stop: Stop::No,
        started,
        lock: None,
    };
    let mut secrets = variables::known_secrets();
    secrets.learn(evidence.iter().flat_map(GateEvidence::secrets).cloned());
    let mut run = assemble(&evidence, pool, &secrets, circumstances);
    if let Some(By { active, settings, locked, enrichment, .. }) = &by {
        active.check_floor_of_saved(settings, *locked, &run.gates)?;
        run.policy = active.record(enrichment);
    }
    if let Some(By { active, .. }) = by.as_ref().filter(|by| by.active.config.coverage_required) {
        let inputs = Inputs::read(&repo).await?;
        let there_is = ThereIs::new(Arc::new(repo), inputs, &active.config);
        run.inputs.uncovered = there_is.uncovered(&evidence);
        run.inputs.absent = there_is.absent();
        run.inputs.unknown = there_is.unknown();
    }
    let nothing = Enrichment::default();
    match &by {
        Some(By { active, known, enrichment, .. }) => apply(&mut run, &active.inputs(known, enrichment)),
        None => {
            let inputs = PolicyInputs {
                waivers: Waivers::Of(&[]),
                max: None,
                coverage_required: None,
                known: None,
                enrichment: Some(&nothing),
                protection: None,
                today: today(),
            };
            apply(&mut run, &inputs);
        }
    }
    require_one(run.mode, run.gates.iter().map(|gate| gate.required))?;
    let out = args.output.out.clone().unwrap_or_else(|| base.join(OUT));
    let mut folder = OutputFolder::take(&out, &options.names()).await?;
    publish(&mut run, &evidence, secrets.scrubber(), &options, &mut folder)?;
    let handed_over = report::hand_over(&run, &options);
    show(&run, &Written::all(shown_path(&out), &options), &args.output);
    handed_over.context(Unreported)?;
    Ok(run.exit_code)
}

/// Replaces the recorded policy with that of a configuration. Gates are matched by id; the others stay as
/// they were recorded.
fn reapply_policy(run: &mut Run, config: &Config, settings: &Settings) {
    let mut checked_again = false;
    for record in &mut run.gates {
        let Some(gate) = config.gate(&record.id) else { continue };
        let gate = settings.overlaid(gate);
        record.policy = gate.policy;
        record.required = gate.required;
        // Also if another tool, or a report without a gate, listed the packages.
        if let Some(rules) = gate.tool.inventory_rules() {
            rules.check_again(record, &mut run.findings);
            checked_again = true;
        }
    }
    if checked_again {
        sort_findings(run);
    }
}

/// Requires every gate of a base's policy in the saved run: a gate that is missing there, has another tool or
/// was left out has no proof. Actions, and gates that come after them, may be missing.
fn require_gates(
    run: &mut Run,
    trusted: &BaseSource,
    config: &Config,
    settings: &Settings,
    scrubber: &Scrubber,
) {
    let revision = &trusted.record.revision;
    let late = branch::late(&config.gates.iter().collect::<Vec<_>>());
    let early = config.gates.iter().zip(late).filter(|(_, late)| !late).map(|(gate, _)| gate);
    for gate in early.filter(|gate| settings.leaves_out(&gate.id).is_none()) {
        let Some(record) = run.gates.iter_mut().find(|record| record.id == gate.id) else {
            let why = format!("it is in the policy of {revision}, and not in the saved run");
            let (gate, lack) = (settings.overlaid(gate), Some(Lack::Proof(why)));
            let absent = GateEvidence::new(&gate, Vec::new(), lack, Duration::ZERO, Stop::No);
            run.gates.push(absent.record(scrubber));
            continue;
        };
        if *record.tool != *gate.spec.name {
            let (was, is) = (gate.spec.name, &record.tool);
            record.evidence = Completeness::Lacking(format!(
                "its tool is {was} in the policy of {revision}, and {is} in the saved run"
            ));
        }
        if let (Completeness::Nothing(why), true) = (&record.evidence, record.targets.is_empty()) {
            record.evidence = Completeness::Lacking(format!("the saved run did not run it: {why}"));
        }
    }
}
