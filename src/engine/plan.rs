//! Config + repository → what will run, each entry with its reason.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::config::settings::Settings;
use crate::config::{Config, Gate};
use crate::engine::interlock;
use crate::engine::report_owners::real;
use crate::engine::repositories::{self, Push};
use crate::inputs::Inputs;
use crate::model::aim::Aim;
use crate::scan::gate_outputs::BUILDER;
use crate::scan::invocation::Invocation;
use crate::scan::job::Job;
use crate::scan::narrowing;
use crate::scan::parsed::Unplanned;
use crate::scan::scene::{BuiltImage, Scene};
use crate::scan::survey::from_top;
use crate::scan::variable::Variable;
use crate::system::git::{Range, Repo};
use crate::text::nearest::nearest;
use crate::text::paths::normalise;
use crate::text::shared::Text;

/// Refuses to plan an action on an image that no gate of the plan scans for vulnerabilities. For other images, says which
/// gates build and look at them, and which of these free them.
pub(crate) fn tie_to_scans(gates: &mut [PlannedGate]) {
    let mut builds: Vec<(String, Text)> = Vec::new();
    let mut scans: Vec<(String, Text)> = Vec::new();
    let mut free: Vec<(String, Text)> = Vec::new();
    for planned in gates.iter().filter(|planned| !planned.gate.tool.acts()) {
        let Fate::Run(jobs) = &planned.fate else { continue };
        let does = if planned.gate.spec.name == BUILDER { &mut builds } else { &mut scans };
        let images: Vec<(String, Text)> =
            jobs.iter().flat_map(Job::images).map(|image| (image.clone(), planned.gate.id.clone())).collect();
        if planned.gate.looks_for.contains(&Aim::ImageVulnerabilities) {
            free.extend_from_slice(&images);
        }
        does.extend(images);
    }
    let who = |does: &[(String, Text)], images: &[String]| -> Vec<String> {
        let mut by: Vec<String> =
            does.iter().filter(|(of, _)| images.contains(of)).map(|(_, by)| by.to_string()).collect();
        by.dedup();
        by
    };
    for planned in gates.iter_mut().filter(|planned| planned.gate.tool.acts()) {
        let Fate::Run(jobs) = &mut planned.fate else { continue };
        let mut unseen = None;
        for job in jobs {
            let images: Vec<String> = job.images().cloned().collect();
            let is_free = |image: &&String| free.iter().any(|(of, _)| of == *image);
            if let Some(held) = images.iter().find(|image| !is_free(image)).filter(|_| !job.unscanned) {
                unseen = Some(held.clone());
            }
            let (built, scanned, free) = (who(&builds, &images), who(&scans, &images), who(&free, &images));
            let did: Vec<String> = [(built, "built"), (scanned, "looked at")]
                .into_iter()
                .filter(|(by, _)| !by.is_empty())
                .map(|(by, did)| format!("{} {did}", by.join(" and ")))
                .collect();
            if !did.is_empty() {
                job.why = format!("{}, if it is the image that {}", job.why, did.join(", and that "));
            }
            if !free.is_empty() && !job.unscanned {
                job.why = format!("{}; {} must prove it", job.why, free.join(" or "));
            }
        }
        if let Some(image) = unseen {
            planned.fate = Fate::Impossible(format!(
                "no gate of this run scans {image} for vulnerabilities: add a gate with tool = \"trivy\" and scan = \"image\", or set `unscanned = true`"
            ));
        }
    }
}

/// Every gate of the configuration, in order, and what will happen to it.
#[derive(Debug)]
pub(crate) struct Plan {
    pub gates: Vec<PlannedGate>,
}

/// One gate and what will happen to it.
#[derive(Debug)]
pub(crate) struct PlannedGate {
    /// The gate with the profile applied.
    pub gate: Gate,
    pub fate: Fate,
    /// Who left it out, if anyone did (`--skip`, `PORTCULLIS_ONLY`, a profile).
    pub left_out: Option<String>,
    /// The commit after which it looks, if `--since` narrows it.
    pub since: Option<String>,
}

/// What will happen to a gate.
#[derive(Debug)]
pub(crate) enum Fate {
    /// These jobs will run, one for each target.
    Run(Vec<Job>),
    /// It is skipped, for this reason.
    Skip(String),
    /// It can't be planned, for this reason, so there will be no proof.
    Impossible(String),
}

impl Fate {
    /// The jobs that will run.
    pub(crate) fn jobs(&self) -> &[Job] {
        match self {
            Self::Run(jobs) => jobs,
            Self::Skip(_) | Self::Impossible(_) => &[],
        }
    }

    /// Takes the jobs out, to start them.
    pub(crate) fn take_jobs(&mut self) -> Vec<Job> {
        match self {
            Self::Run(jobs) => std::mem::take(jobs),
            Self::Skip(_) | Self::Impossible(_) => Vec::new(),
        }
    }
}

impl Plan {
    /// What the gates will do, where nothing else has to know what there is to look at: it is listed only if a tool asks.
    pub(crate) async fn read(
        config: &Config,
        repo: &Repo,
        settings: &Settings,
        since: Option<&Range>,
    ) -> Result<Self> {
        let inputs = match needs_inputs(config, settings) {
            true => Inputs::read(repo).await,
            false => Ok(Inputs::default()),
        };
        Self::with(config, repo, &inputs, settings, since)
    }

    /// What the gates will do in this repository, with what there is to look at.
    ///
    /// # Errors
    /// If a tool has to know what there is, and nobody knows.
    pub(crate) fn with(
        config: &Config,
        repo: &Repo,
        inputs: &Result<Inputs>,
        settings: &Settings,
        since: Option<&Range>,
    ) -> Result<Self> {
        let plan = match inputs {
            Ok(inputs) => Self::new(config, repo, inputs, settings, since),
            Err(error) if needs_inputs(config, settings) => bail!("{error:#}"),
            Err(_) => Self::new(config, repo, &Inputs::default(), settings, since),
        };
        match plan.gates.iter().find_map(|planned| unknown_target(planned, repo)) {
            Some(mistake) => bail!("{mistake}"),
            None => Ok(plan),
        }
    }

    fn new(
        config: &Config,
        repo: &Repo,
        inputs: &Inputs,
        settings: &Settings,
        since: Option<&Range>,
    ) -> Self {
        let mut built: HashMap<Text, Vec<BuiltImage>> = HashMap::new();
        for gate in &config.gates {
            let scene = Scene { repo, gate: &gate.id, since, built: &[], inputs };
            let mut images = gate.tool.builds(&scene);
            let gate = settings.overlaid(gate);
            images.iter_mut().for_each(|image| start_as_the_user_says(&mut image.invocation, &gate, repo));
            built.insert(gate.id.clone(), images);
        }
        let mut gates: Vec<PlannedGate> = config
            .gates
            .iter()
            .map(|gate| plan_gate(gate, config, (repo, inputs), settings, since, &built))
            .collect();
        refuse_shared_files(&mut gates);
        // A gate that is left out of this run has pushed in an earlier one.
        let pushes: Vec<Push> =
            config.gates.iter().flat_map(|gate| pushes_of(gate, config, repo, &built)).collect();
        repositories::part_fetches(&mut gates, &pushes);
        tie_to_scans(&mut gates);
        interlock::tie_deployments(&mut gates);
        interlock::tie_moving_tags(&mut gates);
        Self { gates }
    }
}

/// Whether the tool of a gate has to know what there is to look at.
fn needs_inputs(config: &Config, settings: &Settings) -> bool {
    config.gates.iter().any(|gate| gate.tool.reads_inputs() && settings.leaves_out(&gate.id).is_none())
}

fn plan_gate(
    gate: &Gate,
    config: &Config,
    (repo, inputs): (&Repo, &Inputs),
    settings: &Settings,
    since: Option<&Range>,
    built: &HashMap<Text, Vec<BuiltImage>>,
) -> PlannedGate {
    let gate = settings.overlaid(gate);
    if let Some(by) = settings.leaves_out(&gate.id) {
        let fate = Fate::Skip(format!("left out by {by}"));
        return PlannedGate { gate, fate, left_out: Some(by.to_owned()), since: None };
    }
    let narrowed = since.filter(|_| gate.tool.follows_range());
    let images = images_for(&gate, config, built);
    let scene = Scene { repo, gate: &gate.id, since: narrowed, built: &images, inputs };
    let since = narrowed.map(|range| range.base.clone());
    let fate = match gate.tool.plan(&scene) {
        Ok(jobs) if jobs.is_empty() => Fate::Impossible("it has no target".to_owned()),
        Ok(jobs) => match repeated_target(&jobs) {
            Some(target) => Fate::Impossible(format!("two of its targets are the same: {target}")),
            None => {
                let of = jobs.len();
                Fate::Run(jobs.into_iter().map(|job| with_user_settings(job, of, &gate, repo)).collect())
            }
        },
        Err(Unplanned::NothingToDo(why)) => Fate::Skip(why),
        Err(Unplanned::Impossible(why)) => Fate::Impossible(why),
    };
    PlannedGate { gate, fate, left_out: None, since }
}

/// The images that a gate finds built.
fn images_for(gate: &Gate, config: &Config, built: &HashMap<Text, Vec<BuiltImage>>) -> Vec<BuiltImage> {
    let sources = if gate.tool.acts() { all_needs(gate, config) } else { gate.needs.clone() };
    let images: Vec<BuiltImage> =
        sources.iter().filter_map(|need| built.get(need)).flatten().cloned().collect();
    if !images.is_empty() || !gate.tool.acts() {
        return images;
    }
    // Its `needs` say which actions come first; it comes after all other gates anyway.
    let all = config.gates.iter().filter_map(|other| built.get(&other.id));
    all.flatten().cloned().collect()
}

/// What a gate of the file pushes.
fn pushes_of(gate: &Gate, config: &Config, repo: &Repo, built: &HashMap<Text, Vec<BuiltImage>>) -> Vec<Push> {
    let images = images_for(gate, config, built);
    let inputs = Inputs::default();
    let scene = Scene { repo, gate: &gate.id, since: None, built: &images, inputs: &inputs };
    let pushes = gate.tool.pushes(&scene).into_iter();
    pushes.map(|(repository, image)| Push { gate: gate.id.clone(), repository, image }).collect()
}

/// The mistake of a gate that allows a target to be empty which it does not have. In a range, a gate has not all of its targets.
fn unknown_target(planned: &PlannedGate, repo: &Repo) -> Option<String> {
    let PlannedGate { gate, fate: Fate::Run(jobs), since: None, .. } = planned else { return None };
    // A folder in which there is nothing may be no target now.
    let folders = gate.tool.reads().into_iter().flat_map(|reads| reads.folders);
    let targets: Vec<String> = jobs
        .iter()
        .map(|job| job.target.to_string())
        .chain(folders.map(|folder| from_top(repo, &folder)))
        .collect();
    let name = gate.allow_empty.unknown(&targets, repo)?;
    let known: Vec<&str> = targets.iter().map(String::as_str).collect();
    let near = match nearest(name, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("they are {}", known[..jobs.len()].join(", ")),
    };
    Some(format!("gate `{}`: `allow_empty` names `{name}`, which is none of its targets ({near})", gate.id))
}

/// The gates that one gate needs, directly or not, in the order of gates.toml. If it lists none, every
/// other gate: an action comes after all of them.
fn all_needs(gate: &Gate, config: &Config) -> Vec<Text> {
    let mut needs: HashSet<&Text> = gate.needs.iter().collect();
    let mut unseen: Vec<&Text> = gate.needs.iter().collect();
    while let Some(id) = unseen.pop() {
        let further = config.gate(id).map(|gate| gate.needs.as_slice()).unwrap_or_default();
        unseen.extend(further.iter().filter(|need| needs.insert(need)));
    }
    let ids = config.gates.iter().map(|gate| &gate.id);
    ids.filter(|id| needs.is_empty() || needs.contains(id)).cloned().collect()
}

/// If two gates write the same file, one could pass with the other's report: neither runs.
fn refuse_shared_files(gates: &mut [PlannedGate]) {
    let mut writers: HashMap<PathBuf, Vec<usize>> = HashMap::new();
    for (index, planned) in gates.iter().enumerate() {
        let Fate::Run(jobs) = &planned.fate else { continue };
        for path in jobs.iter().flat_map(Job::written) {
            writers.entry(real(path)).or_default().push(index);
        }
    }
    for (path, indices) in writers.into_iter().filter(|(_, indices)| indices.len() > 1) {
        let ids: Vec<String> = indices.iter().map(|index| format!("`{}`", gates[*index].gate.id)).collect();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for index in indices {
            let why = format!("{} write the same file, {file}; give each its own", ids.join(" and "));
            gates[index].fate = Fate::Impossible(why);
        }
    }
}

/// A target that two jobs share: they would write to each other's files.
fn repeated_target(jobs: &[Job]) -> Option<&str> {
    let mut seen = HashSet::new();
    jobs.iter().find(|job| !seen.insert(job.scratch())).map(|job| &*job.target)
}

/// Adds what the user set on the gate: program, arguments, environment.
/// It is one of so many jobs of the gate.
fn with_user_settings(mut job: Job, of: usize, gate: &Gate, repo: &Repo) -> Job {
    start_as_the_user_says(&mut job.invocation, gate, repo);
    job.may_be_empty |= gate.allow_empty.has(&job.target, of, repo);
    let end = job.invocation.options_end.unwrap_or(job.invocation.args.len());
    job.invocation.args.splice(end..end, gate.args.iter().cloned());
    job.notes.extend(narrowing::note(&gate.args, gate.tool.narrowing_options()));
    job
}

/// The program of the gate, and its variables.
fn start_as_the_user_says(start: &mut Invocation, gate: &Gate, repo: &Repo) {
    if let Some(program) = &gate.program {
        // A path is relative to gates.toml, not to the target's folder. A name is looked for where the tool's own is.
        start.program.name = match program.contains('/') {
            true => normalise(&repo.base.join(program)).to_string_lossy().into_owned(),
            false => program.clone(),
        };
    }
    for (name, variable) in &gate.env {
        match variable {
            Variable::Set(value) => drop(start.env.insert(name.clone(), value.clone())),
            Variable::HandedOn => drop(start.hands_on.insert(name.clone())),
        }
    }
}
