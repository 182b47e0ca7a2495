//! Compares what there is in the repository with what the gates read: the inputs of each gate, and those that no gate reads.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, Gate};
use crate::engine::evidence::{GateEvidence, Lack};
use crate::inputs::{File, Inputs, NpmPackage, TerraformFolder};
use crate::keys::mistakes::Problems;
use crate::keys::table::Keys;
use crate::model::input::{InputKind, PackageManager, Standing};
use crate::model::looked_at::{GateInput, InputState, Uncovered, UncoveredInput};
use crate::scan::reads::{Reach, Reads};
use crate::scan::tool::{Tool, ToolSpec};
use crate::system::git::Repo;
use crate::text::paths::{forward, normalise};
use crate::text::shared::Text;
use crate::tools::TOOLS;
use crate::tools::command::command_reads;

/// What there is to look at in the repository of a run.
#[derive(Debug)]
pub(crate) struct ThereIs {
    repo: Arc<Repo>,
    inputs: Inputs,
    /// Everything that somebody should look at.
    asked: Vec<Asked>,
}

/// One of these.
#[derive(Debug)]
struct Asked {
    kind: InputKind,
    path: String,
    /// In a submodule, or in another repository inside this one.
    nested: bool,
}

impl ThereIs {
    pub(crate) fn new(repo: Arc<Repo>, inputs: Inputs) -> Self {
        Self { asked: asked(&inputs), inputs, repo }
    }

    /// The inputs of a gate, and what became of them. A gate that did not look has none: its own reason says why.
    pub(crate) fn of_gate(&self, evidence: &GateEvidence) -> Vec<GateInput> {
        let idle = matches!(evidence.lack, Some(Lack::Nothing(_) | Lack::Halted(_)));
        if idle || evidence.targets.is_empty() {
            return Vec::new();
        }
        let read = evidence.targets.iter().flat_map(|target| &target.proof.parsed().read_inputs);
        let read: HashSet<&str> = read.map(|path| &**path).collect();
        let title = evidence.gate.spec.title;
        let mut found = Vec::new();
        for gate in self.reads_of(&evidence.gate) {
            for Asked { kind, path, .. } in self.asked.iter().filter(|one| gate.covers(one.kind, &one.path)) {
                let state = match gate.reads.reach {
                    Reach::Here if evidence.lack.is_none() => InputState::Scanned,
                    Reach::BelowNamed if self.names(path).any(|name| read.contains(&*name)) => {
                        InputState::Scanned
                    }
                    Reach::BelowNamed if self.inputs.is_empty_lock(&self.repo.root, path, *kind) => {
                        InputState::Empty
                    }
                    Reach::BelowNamed => InputState::Gap,
                    // Its report does not say.
                    Reach::Here | Reach::Below | Reach::Around | Reach::Exactly => continue,
                };
                let why = (state == InputState::Gap).then(|| Text::from(not_mentioned(title)));
                found.push(GateInput { path: path.as_str().into(), kind: *kind, state, why, accepted: None });
            }
        }
        found
    }

    /// The inputs that no gate of the configuration reads, by kind; not those of submodules. Manifests without a lock file are of them:
    /// nothing can be read there. `evidence` is that of the gates that ran: an advisory gate reads nothing that it did not prove.
    pub(crate) fn uncovered(&self, config: &Config, evidence: &[GateEvidence]) -> Vec<Uncovered> {
        let gates: Vec<GateReads> = config.gates.iter().flat_map(|gate| self.reads_of(gate)).collect();
        let advisory = evidence.iter().filter(|one| !one.gate.required);
        let unproved: HashMap<&Text, &GateEvidence> = advisory.map(|one| (&one.gate.id, one)).collect();
        let is_proved = |gate: &GateReads, path: &str| {
            unproved.get(&gate.id).is_none_or(|evidence| {
                let is_gap = |input: &GateInput| *input.path == *path && input.state == InputState::Gap;
                !matches!(evidence.lack, Some(Lack::Proof(_) | Lack::Halted(_)))
                    && !evidence.inputs.iter().any(is_gap)
            })
        };
        let is_read = |kind: InputKind, path: &str| {
            gates.iter().any(|gate| gate.covers(kind, path) && is_proved(gate, path))
        };
        let mut found: BTreeMap<InputKind, Vec<UncoveredInput>> = BTreeMap::new();
        let mut add = |kind, path: &str| {
            found.entry(kind).or_default().push(UncoveredInput { path: path.into(), accepted: None });
        };
        for one in self.asked.iter().filter(|one| !one.nested && !is_read(one.kind, &one.path)) {
            add(one.kind, &one.path);
        }
        for one in self.inputs.unlocked() {
            add(InputKind::Manifest(one.manager), &one.manifest);
        }
        let of = |(kind, inputs): (InputKind, Vec<UncoveredInput>)| Uncovered {
            kind,
            tools: tools_for(kind, &inputs),
            inputs,
        };
        found.into_iter().map(of).collect()
    }

    pub(crate) fn repo(&self) -> &Repo {
        &self.repo
    }

    pub(crate) fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// What the gates of a configuration read, by kind and path from the top of the repository.
    pub(crate) fn covered(&self, config: &Config) -> BTreeSet<(InputKind, String)> {
        let gates: Vec<GateReads> = config.gates.iter().flat_map(|gate| self.reads_of(gate)).collect();
        let read = self.asked.iter().filter(|one| gates.iter().any(|gate| gate.covers(one.kind, &one.path)));
        read.map(|one| (one.kind, one.path.clone())).collect()
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

    /// What the programs read that a gate starts by a script of a `package.json`.
    fn script_reads(&self, gate: &Gate) -> Vec<Reads> {
        let Some((dir, script)) = gate.tool.script() else { return Vec::new() };
        let folder = normalise(&self.repo.base.join(dir));
        let is_it = |package: &&NpmPackage| normalise(&self.repo.root.join(package.folder())) == folder;
        let commands = self.inputs.packages().iter().find(is_it).map(|package| package.commands(script));
        commands.into_iter().flatten().flat_map(|words| command_reads(&words, dir)).collect()
    }

    /// What a gate reads, with its folders from the top of the repository.
    fn reads_of(&self, gate: &Gate) -> Vec<GateReads> {
        let from_top = |folder: &String| {
            let full = normalise(&self.repo.base.join(folder));
            match full.strip_prefix(&self.repo.root) {
                Ok(path) if path == Path::new("") => ".".to_owned(),
                Ok(path) => forward(path).to_string(),
                // Outside of the repository.
                Err(_) => full.display().to_string(),
            }
        };
        let all = gate.tool.reads().into_iter().chain(self.script_reads(gate));
        let of = |reads: Reads| GateReads {
            id: gate.id.clone(),
            tool: gate.tool.clone(),
            folders: reads.folders.iter().map(from_top).collect(),
            reads,
        };
        all.map(of).collect()
    }
}

#[derive(Debug)]
struct GateReads {
    id: Text,
    tool: Arc<dyn Tool>,
    reads: Reads,
    folders: Vec<String>,
}

impl GateReads {
    fn covers(&self, kind: InputKind, path: &str) -> bool {
        self.reads.covers(kind, path, &self.folders) && self.tool.reads_name(kind, name_of(path))
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn not_mentioned(title: &str) -> String {
    format!(
        "{title} does not mention it: is it broken, or left out by {title}'s own settings? `[[waiver]]` with `gap` accepts it"
    )
}

/// The kinds that somebody should look at. Others only help to find these.
fn is_asked(kind: InputKind) -> bool {
    use InputKind as Kind;
    matches!(
        kind,
        Kind::Lock(_)
            | Kind::Manifest(PackageManager::Maven)
            | Kind::Dockerfile
            | Kind::TerraformRoot
            | Kind::CloudFormation
            | Kind::Sam
            | Kind::Kubernetes
            | Kind::Helm
            | Kind::TsConfig
            | Kind::Eslint
    )
}

fn asked(inputs: &Inputs) -> Vec<Asked> {
    // A base of others, and a list of references, are no projects.
    let projects = inputs.typescript().iter().filter(|project| !project.is_base() && !project.is_solution());
    let projects: HashSet<&str> = projects.map(|project| project.path.as_str()).collect();
    let own = |file: &File| file.standing() != Standing::Ignored;
    let of_file = inputs.files().iter().filter(own).flat_map(|file| {
        let kinds: Vec<InputKind> = file.kinds().iter().filter(|kind| is_asked(*kind)).collect();
        let (path, nested) = (file.path().into_owned(), file.is_nested());
        kinds.into_iter().map(move |kind| Asked { kind, path: path.clone(), nested })
    });
    let is_own = |one: &Asked| one.kind != InputKind::TsConfig || projects.contains(one.path.as_str());
    let roots = inputs.terraform().iter().filter(|folder| folder.is_root());
    let root = |folder: &TerraformFolder| Asked {
        kind: InputKind::TerraformRoot,
        path: folder.folder.clone(),
        nested: false,
    };
    of_file.filter(is_own).chain(roots.map(root)).collect()
}

/// The tools whose gates read some of these, without any keys.
fn tools_for(kind: InputKind, inputs: &[UncoveredInput]) -> Vec<Text> {
    let problems = Problems::default();
    let reads = |spec: &&ToolSpec| {
        let tool = (spec.configure)(&Keys::none(&problems));
        tool.reads().iter().any(|reads| reads.kinds.contains(&kind))
            && inputs.iter().any(|input| tool.reads_name(kind, name_of(&input.path)))
    };
    TOOLS.iter().copied().filter(reads).map(|spec| Text::from(spec.name)).collect()
}
