//! Compares what there is in the repository with what a gate read.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Config;
use crate::engine::asked::{Asked, asked};
use crate::engine::evidence::{GateEvidence, Lack};
use crate::engine::gate_reads::GateReads;
use crate::engine::named::Named;
use crate::engine::plan::{Fate, Plan, PlannedGate};
use crate::engine::source_groups;
use crate::engine::unlisted;
use crate::inputs::{Inputs, resources};
use crate::model::input::{InputKind, Standing};
use crate::model::looked_at::{GateInput, InputState};
use crate::scan::invocation::SCRATCH;
use crate::scan::reads::Reach;
use crate::scan::survey::{Judge, Survey, Unnamed};
use crate::system::git::Repo;
use crate::text::paths::forward;
use crate::text::shared::Text;

/// What there is to look at in the repository of a run.
#[derive(Debug)]
pub(crate) struct ThereIs {
    repo: Arc<Repo>,
    pub(super) inputs: Inputs,
    /// Everything that somebody should look at, without sources.
    pub(super) asked: Vec<Asked>,
    /// What the gates of the configuration read.
    pub(super) gates: Vec<GateReads>,
    /// The projects of TypeScript that some gate checks.
    pub(super) checked_projects: Vec<String>,
    /// Those that a gate of this run checks.
    checked_now: Vec<String>,
    /// The required gates that look in this run: what they read, no other gate has to.
    looking: HashSet<Text>,
    /// The scratch folder of the run, which commands name.
    scratch: PathBuf,
}

impl ThereIs {
    pub(crate) fn new(repo: Arc<Repo>, inputs: Inputs, config: &Config) -> Self {
        let gates: Vec<GateReads> =
            config.gates.iter().flat_map(|gate| GateReads::of(gate, &repo, &inputs)).collect();
        let looking = gates.iter().filter(|gate| gate.required).map(|gate| gate.id.clone()).collect();
        let asked = asked(&inputs);
        let checked_projects = checked_projects(&asked, &gates, &looking);
        let checked_now = checked_projects.clone();
        Self { asked, gates, checked_projects, checked_now, looking, inputs, repo, scratch: PathBuf::new() }
    }

    /// For a run of this plan, in this scratch folder.
    pub(crate) fn of_run(self, plan: &Plan, scratch: &Path) -> Self {
        // A gate with nothing to do since a commit has looked at what is older.
        let looks = |planned: &&PlannedGate| {
            let is_skipped = matches!(planned.fate, Fate::Skip(_)) && planned.since.is_none();
            planned.gate.required && planned.left_out.is_none() && !is_skipped
        };
        let looking = plan.gates.iter().filter(looks).map(|planned| planned.gate.id.clone()).collect();
        let checked_now = checked_projects(&self.asked, &self.gates, &looking);
        Self { looking, checked_now, scratch: scratch.to_owned(), ..self }
    }

    pub(crate) fn repo(&self) -> &Repo {
        &self.repo
    }

    pub(crate) fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// What some gate of the configuration reads, by kind and path from the top of the repository. `is_valid`: of the roots of Terraform,
    /// those that some gate validates.
    pub(crate) fn covered(&self, is_valid: bool) -> BTreeSet<(InputKind, String)> {
        let counts = |gate: &GateReads, one: &Asked| {
            let is_enough = !is_valid || one.kind != InputKind::TerraformRoot || gate.validates();
            is_enough && gate.answers(one.kind, &one.path)
        };
        let read = self.asked.iter().filter(|one| self.gates.iter().any(|gate| counts(gate, one)));
        read.map(|one| (one.kind, one.path.clone())).collect()
    }

    /// The inputs of a gate, and what became of them. A gate that was stopped, or not started, has none: its own reason says why. One that
    /// found nothing where nothing may be (`allow_empty`) has them: what it passed over is no nothing.
    pub(crate) fn of_gate(&self, evidence: &GateEvidence) -> Vec<GateInput> {
        if matches!(evidence.lack, Some(Lack::Halted(_))) || evidence.targets.is_empty() {
            return Vec::new();
        }
        let read = Named::new(evidence.targets.iter().map(|target| target.proof.parsed()));
        let commands = evidence.targets.iter().flat_map(|target| &target.record.command);
        let scratch = self.scratch.to_string_lossy();
        let args: Vec<String> = commands.map(|word| word.replace(SCRATCH, &scratch)).collect();
        let survey = Survey {
            repo: &self.repo,
            inputs: &self.inputs,
            checked_projects: &self.checked_now,
            args: &args,
        };
        let judge = evidence.gate.tool.unnamed(&survey);
        // A gate that proved nothing, and names nothing, does not say which sources it would have read. One of a range
        // reads what changed.
        let no_sources = evidence.since.is_some() || (evidence.lack.is_some() && read.paths.is_empty());
        let (mut found, mut sources, mut absent) = (Vec::new(), Vec::new(), Vec::new());
        for gate in GateReads::of(&evidence.gate, &self.repo, &self.inputs) {
            if gate.reads.reach == Reach::BelowNamed && !no_sources {
                sources.extend(self.sources(&gate, &read, &judge));
            }
            found.extend(self.asked_of(&gate, &read, &judge, evidence));
            found.extend(self.hidden_of(&gate, &judge));
            found.extend(gate.unchecked());
            absent.extend(self.absent_of(&gate, &judge, no_sources));
        }
        // A report may name a file of which only a part was read, and an audit reads one lock file of several.
        for input in found.iter_mut().filter(|input| input.state == InputState::Scanned) {
            if let Some(why) = evidence.gate.tool.unread_part(&survey, input.kind, &input.path) {
                let other = self.lists(&evidence.gate.id, input.kind, &input.path);
                (input.state, input.why) = match other {
                    Some(other) => {
                        let why = format!("because the gate `{}` checks it", other.id);
                        (InputState::Excluded, Some(why.into()))
                    }
                    None => (InputState::Gap, Some(why)),
                };
            }
        }
        found.extend(source_groups::put_together(sources));
        // Several things that it reads may be in one submodule.
        absent.sort_by(|one: &GateInput, other| one.path.cmp(&other.path));
        absent.dedup_by(|one, other| one.path == other.path);
        found.extend(absent);
        let known: HashSet<Text> = found.iter().map(|input| input.path.clone()).collect();
        let rest = read.not_read.iter().filter(|(path, _)| !known.contains(**path));
        found.extend(rest.map(|(path, why)| self.not_read(path, why)));
        found.sort_by(|one, other| one.path.cmp(&other.path));
        found
    }

    /// Another gate of the run whose report has to name this lock file.
    fn lists(&self, id: &Text, kind: InputKind, path: &str) -> Option<&GateReads> {
        let names = |gate: &&GateReads| gate.reads.reach == Reach::BelowNamed && gate.answers(kind, path);
        let mut others = self.gates.iter().filter(|gate| gate.id != *id && self.looking.contains(&gate.id));
        others.find(|gate| matches!(kind, InputKind::Lock(_)) && names(gate))
    }

    /// What a gate reads besides sources.
    fn asked_of(
        &self,
        gate: &GateReads,
        read: &Named<'_>,
        judge: &Judge<'_>,
        evidence: &GateEvidence,
    ) -> Vec<GateInput> {
        let mut found: Vec<GateInput> = Vec::new();
        let is_proved = evidence.lack.is_none();
        // The targets that may be empty, and in which the tool found nothing.
        let empty: HashSet<&str> = evidence
            .targets
            .iter()
            .filter(|target| target.is_rightly_empty())
            .map(|target| &*target.record.name)
            .collect();
        for Asked { kind, path, .. } in self.asked.iter().filter(|one| gate.covers(one.kind, &one.path)) {
            let holder = if kind.is_folder() { path } else { folder_of(path) };
            let fate = match gate.reads.reach {
                Reach::Here if empty.contains(holder) => self.unnamed(gate, judge, *kind, path),
                Reach::Here if is_proved => Some((InputState::Scanned, None)),
                Reach::BelowNamed => self.fate(gate, read, judge, (*kind, path)),
                // Its report does not say.
                Reach::Here | Reach::Below | Reach::Around | Reach::Exactly => None,
                Reach::Project | Reach::ProjectAndReferences | Reach::Workspace => None,
            };
            let Some((state, why)) = fate else { continue };
            // A template of two kinds is one input; two files of one kind only have names that look alike.
            let is_known = found.last().is_some_and(|last| *last.path == **path && last.kind != *kind);
            if !is_known {
                found.push(GateInput::new(path.as_str(), *kind, state, why));
            }
        }
        found
    }

    /// What a gate's tool would pass over anyway, and a rule of the user leaves out, so that nobody has to look at it.
    fn hidden_of(&self, gate: &GateReads, judge: &Judge<'_>) -> Vec<GateInput> {
        let hidden = self.asked.iter().filter(|one| gate.holds_hidden(one.kind, &one.path));
        let left_out = hidden.filter_map(|one| match judge(one.kind, &one.path) {
            Unnamed::Excluded(why) => {
                Some(GateInput::new(one.path.as_str(), one.kind, InputState::Excluded, Some(why)))
            }
            _ => None,
        });
        left_out.collect()
    }

    /// What became of an input of a gate whose report names what it read. `None`: another gate reads it.
    fn fate(
        &self,
        gate: &GateReads,
        read: &Named<'_>,
        judge: &Judge<'_>,
        (kind, path): (InputKind, &str),
    ) -> Option<(InputState, Option<Text>)> {
        if let Some(why) = read.not_read.get(path) {
            return Some((InputState::Gap, Some(accepts(why))));
        }
        if let Some(why) = self.inputs.broken_lock(path, kind) {
            return Some((InputState::Gap, Some(accepts(why))));
        }
        if let Some(why) = unlisted::stale(&self.inputs, path, kind) {
            return Some((InputState::Gap, Some(accepts(&why))));
        }
        if self.is_named(read, kind, path) {
            let part = read.in_part.get(path).map(|language| InputKind::Source(*language));
            let of_part = part.and_then(|part| self.unnamed(gate, judge, part, path));
            let gap = of_part.filter(|(state, _)| *state == InputState::Gap);
            return gap.or_else(|| Some(self.listed(gate, read, kind, path)));
        }
        // The files that the tool can't parse stand for their folder.
        let holds_such = || read.not_read.keys().any(|file| folder_of(file) == path);
        if kind == InputKind::TerraformRoot && holds_such() {
            return None;
        }
        if self.inputs.is_empty_lock(&self.repo.root, path, kind) {
            return Some((InputState::Empty, None));
        }
        self.unnamed(gate, judge, kind, path)
    }

    /// What became of an input that a report names: the report may lack some of its packages.
    fn listed(
        &self,
        gate: &GateReads,
        read: &Named<'_>,
        kind: InputKind,
        path: &str,
    ) -> (InputState, Option<Text>) {
        let Some(listed) = self.names(path).find_map(|name| read.packages.get(&*name)) else {
            return (InputState::Scanned, None);
        };
        let Some(named) = self.inputs.packages_in(path, kind) else { return (InputState::Scanned, None) };
        let is_read = |file: &str| read.paths.contains(file) || gate.covers(kind, file);
        let mut included = self.inputs.included_in(path, kind).into_iter();
        match included.find(|file| {
            !self.inputs.files().get(file).is_some_and(|own| own.kinds().has(kind)) || !is_read(file)
        }) {
            Some(file) => {
                let why = format!("it includes {file}, which {} does not read as a lock file", gate.title);
                (InputState::Gap, Some(accepts(&why)))
            }
            None => unlisted::compare(&named, listed, gate, kind),
        }
    }

    /// A file that a tool names only to say that it can't parse it.
    fn not_read(&self, path: &str, why: &Text) -> GateInput {
        let kinds = self.inputs.files().get(path).map(|file| file.kinds()).unwrap_or_default();
        let kind = kinds.iter().next().unwrap_or_else(|| Inputs::kind_of_name(path));
        GateInput::new(path, kind, InputState::Gap, Some(accepts(why)))
    }

    /// The sources that a gate reads, each by itself.
    fn sources(&self, gate: &GateReads, read: &Named<'_>, judge: &Judge<'_>) -> Vec<GateInput> {
        let kinds = gate.reads.kinds.iter().filter(|kind| matches!(kind, InputKind::Source(_)));
        let kinds: Vec<InputKind> = kinds.copied().collect();
        if kinds.is_empty() {
            return Vec::new();
        }
        let mut seen = HashSet::new();
        let below = gate.folders.iter().flat_map(|folder| self.inputs.files().below(folder));
        let own = below.filter(|file| file.standing() != Standing::Ignored && !file.is_nested());
        let mut found = Vec::new();
        for file in own {
            let Some(kind) = kinds.iter().copied().find(|kind| file.kinds().has(*kind)) else { continue };
            let path = file.path();
            // Folders may lie in each other.
            if gate.folders.len() > 1 && !seen.insert(file.os_path()) {
                continue;
            }
            let Some((state, why)) = self.fate(gate, read, judge, (kind, &path)) else { continue };
            found.push(GateInput::new(&*path, kind, state, why));
        }
        source_groups::imported_by_none(&mut found, read);
        gate.explain_endings(&mut found);
        found
    }

    /// Whether a report names an input. A root of Terraform is read if one of its files is; a chart, if one of its templates is.
    fn is_named(&self, read: &Named<'_>, kind: InputKind, path: &str) -> bool {
        // Several names may look like this one.
        if path.contains(char::REPLACEMENT_CHARACTER) {
            return false;
        }
        match kind {
            InputKind::TerraformRoot | InputKind::TerraformModule => {
                read.folders.contains(path) && self.unread_part(read, path).is_none()
            }
            // Other files may lie in its folder: a Dockerfile, a script.
            InputKind::Helm => read.around.contains(&*templates_of(path)),
            _ => self.names(path).any(|name| read.paths.contains(&*name)),
        }
    }

    /// A file of a Terraform folder in another form than `.tf`, with resources, that a report does not name: some scanners pass over it.
    fn unread_part(&self, read: &Named<'_>, folder: &str) -> Option<String> {
        let files = self.inputs.files().below(folder).map(|file| file.path().into_owned());
        let mut own = files.filter(|path| folder_of(path) == folder && !read.paths.contains(path.as_str()));
        own.find(|path| {
            let is_other = [".tf.json", ".tofu", ".tofu.json"].iter().any(|ending| path.ends_with(ending));
            is_other && holds_resources(&self.repo.root.join(path))
        })
    }

    /// What became of an input that the report does not name; `None`: it is none of the gate's.
    fn unnamed(
        &self,
        gate: &GateReads,
        judge: &Judge<'_>,
        kind: InputKind,
        path: &str,
    ) -> Option<(InputState, Option<Text>)> {
        match judge(kind, path) {
            Unnamed::Elsewhere => None,
            Unnamed::Empty(why) => Some((InputState::Empty, Some(why))),
            Unnamed::Excluded(why) | Unnamed::Unlisted(why) => Some((InputState::Excluded, Some(why))),
            Unnamed::Gap(why) => {
                let by_other = self.gates.iter().find(|other| {
                    self.looking.contains(&other.id) && other.id != gate.id && other.checks(kind, path)
                });
                if let Some(other) = by_other {
                    let why = format!("because the gate `{}` checks it", other.id);
                    return Some((InputState::Excluded, Some(why.into())));
                }
                let why = why.unwrap_or_else(|| not_mentioned(gate.title).into());
                Some((InputState::Gap, Some(why)))
            }
        }
    }

    /// The names that scanners have for an input. They read `go.mod`, which has the packages of `go.sum`, and the file behind a link.
    fn names<'p>(&self, path: &'p str) -> impl Iterator<Item = Cow<'p, str>> {
        let module = path.strip_suffix("go.sum").map(|folder| Cow::Owned(format!("{folder}go.mod")));
        let is_link = self.inputs.files().get(path).is_some_and(|file| file.is_link());
        let real = || self.repo.root.join(path).canonicalize().ok();
        let behind = is_link
            .then(real)
            .flatten()
            .and_then(|real| Some(Cow::Owned(forward(real.strip_prefix(&self.repo.root).ok()?).to_string())));
        std::iter::once(Cow::Borrowed(path)).chain(module).chain(behind)
    }
}

/// Whether a file has a resource. One that can't be read, or is too long, may have.
fn holds_resources(path: &Path) -> bool {
    const MOST: u64 = 1 << 20;
    let mut text = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut text));
    let name = path.to_string_lossy();
    read.is_err() || resources(&name, &String::from_utf8_lossy(&text)).map_or(true, |found| !found.is_empty())
}

/// The projects of TypeScript that these gates check.
fn checked_projects(asked: &[Asked], gates: &[GateReads], looking: &HashSet<Text>) -> Vec<String> {
    let projects = asked.iter().filter(|one| one.kind == InputKind::TsConfig);
    let is_checked = |one: &&Asked| {
        gates.iter().any(|gate| looking.contains(&gate.id) && gate.covers(one.kind, &one.path))
    };
    projects.filter(is_checked).map(|one| one.path.clone()).collect()
}

/// The templates of the chart with this `Chart.yaml`.
fn templates_of(chart: &str) -> String {
    match folder_of(chart) {
        "." => "templates".to_owned(),
        folder => format!("{folder}/templates"),
    }
}

pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

pub(super) fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn not_mentioned(title: &str) -> String {
    format!(
        "{title} does not mention it: is it broken, or left out by {title}'s own settings? `[[waiver]]` with `gap` accepts it"
    )
}

/// The tool's word, and what to do.
pub(super) fn accepts(why: &str) -> Text {
    format!("{why}; `[[waiver]]` with `gap` accepts it").into()
}
