//! `portcullis judge`: reports of other steps, or a saved run, judged without running anything.

mod what_if;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io};

use anyhow::{Context, Result, bail};

use crate::cli::args::JudgeArgs;
use crate::cli::show;
use crate::cli::show::show;
use crate::config::find::{OUT, find_config, folder_of};
use crate::config::settings::{RunOptions, Settings};
use crate::config::{Config, Defaults, Gate, branch};
use crate::engine::active_policy::{ActivePolicy, BaseSource};
use crate::engine::assemble::{Circumstances, assemble};
use crate::engine::evidence::{GateEvidence, Lack};
use crate::engine::job_run::{Kept, KeptKind, TargetEvidence};
use crate::engine::pool::Pool;
use crate::engine::publish::publish;
use crate::engine::saved_run;
use crate::formats::looks_like;
use crate::keys::mistakes::Problems;
use crate::keys::table::Keys;
use crate::model::clean::Clean;
use crate::model::run::{Completeness, Run, TargetRecord};
use crate::model::verdict::Mode;
use crate::policy::apply::PolicyInputs;
use crate::policy::apply::apply;
use crate::policy::apply::sort_findings;
use crate::policy::enrichment::Enrichment;
use crate::policy::judge::Waivers;
use crate::policy::known_findings::KnownFindings;
use crate::redact::{Scrubber, is_maskable, mask_fields};
use crate::report::{self, Written};
use crate::scan::proof::{Proof, assess};
use crate::scan::raw_report::{Document, RawReport};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::tool::ToolSpec;
use crate::system::clock::today;
use crate::system::git::Repo;
use crate::system::output_folder::OutputFolder;
use crate::system::private;
use crate::system::process::Stop;
use crate::system::scratch::Scratch;
use crate::system::unreported::Unreported;
use crate::system::variables;
use crate::text::paths::shown_path;
use crate::text::shared::Text;
use crate::tools::{self, TOOLS, foreign};

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
    let nothing = Enrichment::default();
    match &by {
        Some(By { active, known, enrichment, .. }) => apply(&mut run, &active.inputs(known, enrichment)),
        None => {
            let inputs = PolicyInputs {
                waivers: Waivers::Of(&[]),
                max: None,
                known: None,
                enrichment: Some(&nothing),
                today: today(),
            };
            apply(&mut run, &inputs);
        }
    }
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
        if let Some(rules) = gate.tool.inventory_rules().filter(|_| *record.tool == *gate.spec.name) {
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

/// Reads every `TOOL=PATH` and assesses it. A missing report means that a step did not do its work: that is
/// inconclusive, not a usage error.
///
/// # Errors
/// When a word is not of the form `TOOL=PATH`, or does not name a tool, format or gate.
fn assess_reports(
    words: &[String],
    by: Option<&By>,
    repo: &Repo,
    scratch: &Path,
) -> Result<Vec<GateEvidence>> {
    let mut gates: Vec<(Gate, Vec<TargetEvidence>)> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let Some((name, path)) = word.split_once('=') else {
            bail!("`--report {word}` is not of the form TOOL=PATH");
        };
        // Nobody knows by which options the report was made.
        let gate = Gate { looks_for: Vec::new(), ..gate_for(name, by)? };
        let target = assess_report(&gate, Path::new(path), repo, &scratch.join(index.to_string()));
        match gates.iter_mut().find(|(known, _)| known.id == gate.id) {
            Some((_, targets)) => targets.push(target),
            None => gates.push((gate, vec![target])),
        }
    }
    Ok(gates
        .into_iter()
        .map(|(gate, targets)| GateEvidence::new(&gate, targets, None, Duration::ZERO, Stop::No))
        .collect())
}

/// The gate that a report belongs to: the configured gate with this id, or the only one with
/// this tool, or a gate with the defaults.
fn gate_for(name: &str, by: Option<&By>) -> Result<Gate> {
    let config = by.map(|by| &by.active.config);
    if let Some(By { settings, active, .. }) = by {
        if let Some(gate) = active.config.gate(name) {
            return Ok(settings.overlaid(gate));
        }
        let mut same_tool = active.config.gates.iter().filter(|gate| gate.spec.name == name);
        if let (Some(gate), None) = (same_tool.next(), same_tool.next()) {
            return Ok(settings.overlaid(gate));
        }
    }
    let Some(spec) = tools::spec(name).or_else(|| foreign::TOOLS.iter().find(|format| format.name == name))
    else {
        let known: Vec<&str> = TOOLS.iter().copied().chain(&foreign::TOOLS).map(|spec| spec.name).collect();
        bail!("`{name}` is not a tool or a report format; known: {}", known.join(", "));
    };
    Ok(gate_with_defaults(spec, config.map_or_else(Defaults::default, |config| config.defaults.clone())))
}

fn gate_with_defaults(spec: &'static ToolSpec, defaults: Defaults) -> Gate {
    let problems = Problems::default();
    Gate {
        id: Text::from(spec.name),
        stage: Text::from(spec.stage),
        spec,
        looks_for: Vec::new(),
        tool: (spec.configure)(&Keys::none(&problems)).into(),
        needs: Vec::new(),
        required: true,
        policy: defaults.policy,
        timeout: defaults.timeout,
        retry: defaults.retry,
        env: Default::default(),
        args: Vec::new(),
        program: None,
        branches: Vec::new(),
        allow_empty: false,
    }
}

fn assess_report(gate: &Gate, path: &Path, repo: &Repo, scratch: &Path) -> TargetEvidence {
    let name = Text::from(path.to_string_lossy());
    let mut kept = Vec::new();
    let proof = match fs::read(path) {
        Err(error) => Proof::inconclusive(match error.kind() {
            io::ErrorKind::NotFound => "the report is missing; did the step that writes it run?".to_owned(),
            _ => format!("the report can't be read: {error}"),
        }),
        Ok(bytes) => {
            kept.extend(keep(gate, path, &bytes, scratch));
            let file = path.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
            let documents = vec![Document { name: file, bytes: Cow::Owned(bytes) }];
            let raw = RawReport { documents, ..RawReport::default() };
            let place =
                ReportOrigin { root: repo.root.clone(), cwd: repo.base.clone(), target: name.clone() };
            hinted(assess(gate.tool.as_ref(), &raw, &place), gate, raw.report())
        }
    };
    TargetEvidence {
        locked: None,
        record: TargetRecord { name, ..TargetRecord::default() },
        proof,
        program: None,
        stopped: false,
        may_be_empty: gate.allow_empty,
        secrets: Vec::new(),
        kept,
    }
}

/// If the report could not be read, adds to the reason what it looks like.
fn hinted(proof: Proof, gate: &Gate, bytes: &[u8]) -> Proof {
    match (proof, looks_like(bytes)) {
        (Proof::Inconclusive { parsed, reason }, Some(format))
            if format != gate.spec.name && parsed.findings.is_empty() =>
        {
            let reason = format!("{reason}; it looks like {format}: pass it as `--report {format}=PATH`");
            Proof::Inconclusive { parsed, reason }
        }
        (proof, _) => proof,
    }
}

/// A masked copy of the report for the output folder.
fn keep(gate: &Gate, path: &Path, bytes: &[u8], scratch: &Path) -> Option<Kept> {
    if gate.tool.reports_secrets() && !is_maskable(bytes) {
        return None;
    }
    let from: PathBuf = scratch.join("report");
    fs::create_dir_all(scratch).ok()?;
    private::write(&from, mask_fields(bytes, gate.spec.secret_fields.list())).ok()?;
    let number = scratch.file_name()?.to_string_lossy();
    let file = path.file_name()?.to_string_lossy();
    Some(Kept {
        from,
        to: format!("reports/{}/{number}-{file}", gate.id),
        what: KeptKind::Report,
        cut: false,
    })
}
