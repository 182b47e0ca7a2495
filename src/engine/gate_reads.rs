//! What the gates of a configuration read, with folders from the top of the repository.

use std::collections::HashSet;
use std::sync::Arc;

use crate::config::Gate;
use crate::engine::gate_inputs::{accepts, folder_of};
use crate::inputs::exit_code::{Command, Fate};
use crate::inputs::{Inputs, TsProject, with_references};
use crate::model::aim::Aim;
use crate::model::input::InputKind;
use crate::model::looked_at::{GateInput, InputState};
use crate::model::policy::DependencyScope;
use crate::scan::reads::{Reach, Reads};
use crate::scan::survey::from_top;
use crate::scan::tool::Tool;
use crate::system::git::Repo;
use crate::text::shared::Text;
use crate::tools::command::command_reads;

/// One thing that a gate reads, with its folders from the top of the repository.
#[derive(Debug)]
pub(super) struct GateReads {
    pub(super) id: Text,
    /// An advisory gate may prove nothing, and excuses no other.
    pub(super) required: bool,
    pub(super) title: &'static str,
    /// `scope = "production"`.
    pub(super) only_shipped: bool,
    tool: Arc<dyn Tool>,
    /// Its gate starts a compiler that reads components: a command does, or another program stands in for the tool's own.
    compiles: bool,
    /// Folders in which there are only files of OpenTofu, if its tool does not read these.
    only_tofu: HashSet<String>,
    pub(super) reads: Reads,
    pub(super) folders: Vec<String>,
    /// Projects of TypeScript that it starts a compiler on, and in which `noCheck` switches the check off.
    unchecked: Vec<String>,
}

impl GateReads {
    pub(super) fn of(gate: &Gate, repo: &Repo, inputs: &Inputs) -> Vec<Self> {
        let name = |program: &String| program.rsplit('/').next() != Some(gate.spec.program);
        let all: Vec<Reads> = gate.tool.reads().into_iter().chain(script_reads(gate, repo, inputs)).collect();
        let compiles = match gate.looks_for.contains(&Aim::Types) {
            true => gate.program.as_ref().is_some_and(name),
            false => all.iter().any(|reads| reads.kinds.contains(&InputKind::TsConfig)),
        };
        let unread = inputs.terraform().iter().filter(|one| one.is_only_tofu() && !gate.tool.reads_tofu());
        let only_tofu: HashSet<String> = unread.map(|folder| folder.folder.clone()).collect();
        let of = |reads: Reads| Self {
            id: gate.id.clone(),
            required: gate.required,
            title: gate.spec.title,
            only_shipped: gate.policy.conditions.scope == DependencyScope::Production,
            tool: gate.tool.clone(),
            compiles,
            only_tofu: only_tofu.clone(),
            folders: places(&reads, repo, inputs),
            unchecked: Vec::new(),
            reads,
        };
        let off = |path: &String| inputs.typescript().iter().any(|one| one.path == *path && one.no_check);
        let with_unchecked = |own: Self| {
            let is_judged = own.reads.checks_projects() && !own.reads.overrules;
            let unchecked = own.folders.iter().filter(|path| is_judged && off(path)).cloned().collect();
            Self { unchecked, ..own }
        };
        all.into_iter().map(of).map(with_unchecked).collect()
    }

    pub(super) fn covers(&self, kind: InputKind, path: &str) -> bool {
        self.holds(kind, path) && !self.passes_over(path)
    }

    /// Whether an input is of its kinds, and lies where it looks.
    fn holds(&self, kind: InputKind, path: &str) -> bool {
        self.reads.covers(kind, path, &self.folders)
            && self.tool.reads_path(kind, path)
            && (self.reads.reach != Reach::BelowNamed
                || self.inside(path).any(|own| self.tool.names(kind, own)))
            && !(kind == InputKind::TerraformRoot && self.only_tofu.contains(path))
    }

    /// Whether its tool passes over something because of its name, or that of a folder around it. A rule of the user may leave it
    /// out, too.
    pub(super) fn holds_hidden(&self, kind: InputKind, path: &str) -> bool {
        self.holds(kind, path) && self.passes_over(path)
    }

    fn passes_over(&self, path: &str) -> bool {
        let is_seen = |inside: &str| !inside.split('/').any(|name| self.tool.passes_over(name));
        let mut inside = self.inside(path);
        // A project of TypeScript is a file, with nothing below it.
        inside.next().is_some_and(|first| !is_seen(first) && !inside.any(is_seen))
    }

    /// A path as seen from those of its folders that hold it.
    fn inside<'p>(&self, path: &'p str) -> impl Iterator<Item = &'p str> {
        self.folders.iter().filter_map(move |folder| match folder.as_str() {
            "." if path == "." => Some(""),
            "." => Some(path),
            folder if folder == path => Some(""),
            folder => path.strip_prefix(folder)?.strip_prefix('/'),
        })
    }

    /// Whether it answers what is asked of an input: a lock file has to be audited, not only listed.
    pub(super) fn answers(&self, kind: InputKind, path: &str) -> bool {
        self.covers(kind, path)
            && !(self.tool.only_lists() && matches!(kind, InputKind::Lock(_) | InputKind::Manifest(_)))
    }

    pub(super) fn only_lists(&self) -> bool {
        self.tool.only_lists()
    }

    /// The projects of TypeScript that it starts a compiler on, which checks none of their files: gaps.
    pub(super) fn unchecked(&self) -> impl Iterator<Item = GateInput> {
        const WHY: &str = "`noCheck` in it, or in what it extends, switches the check off: take it out, or let tsc check with `--noCheck false`";
        let gap = |path: &String| {
            GateInput::new(path.as_str(), InputKind::TsConfig, InputState::Gap, Some(accepts(WHY)))
        };
        self.unchecked.iter().map(gap)
    }

    /// Says more of sources that were left out, where not one with their ending was read.
    pub(super) fn explain_endings(&self, sources: &mut [GateInput]) {
        let ending = |path: &str| path.rsplit_once('.').map_or("", |(_, ending)| ending).to_owned();
        let scanned = sources.iter().filter(|source| source.state == InputState::Scanned);
        let read: HashSet<String> = scanned.map(|source| ending(&source.path)).collect();
        for source in sources.iter_mut().filter(|source| source.state == InputState::Excluded) {
            let ending = ending(&source.path);
            let of_tool = |why: &Text| self.tool.on_unread_ending(&ending, why);
            if let Some(more) = source.why.as_ref().filter(|_| !read.contains(&ending)).and_then(of_tool) {
                source.why = Some(more);
            }
        }
    }

    /// Whether it proves that roots of Terraform are valid.
    pub(super) fn validates(&self) -> bool {
        self.tool.validates()
    }

    /// Why its report may lack packages of such a file, and what to do about it.
    pub(super) fn on_unlisted(&self, kind: InputKind) -> Option<&'static str> {
        self.tool.on_unlisted(kind)
    }

    /// Whether it checks a component (Vue, Svelte, Astro) that a compiler alone can't read: it says so, or another program stands in for
    /// the compiler.
    pub(super) fn checks(&self, kind: InputKind, path: &str) -> bool {
        matches!(kind, InputKind::Source(_)) && self.compiles && self.covers(kind, path)
    }

    /// Whether it would have read something that is not there. Of a submodule, and of a folder that can't be listed, nobody knows what is
    /// in it.
    pub(super) fn would_read(&self, kind: InputKind, path: &str) -> bool {
        let is_deep = matches!(self.reads.reach, Reach::Below | Reach::BelowNamed);
        let is_source = |kind: &InputKind| matches!(kind, InputKind::Source(_));
        let has = |kind: InputKind| self.reads.kinds.contains(&kind);
        match kind {
            // Sources of another repository are its own.
            InputKind::Submodule => {
                is_deep && !self.reads.kinds.iter().all(is_source) && self.reads.meets(path, &self.folders)
            }
            InputKind::Folder => is_deep && self.reads.meets(path, &self.folders),
            InputKind::File => {
                let reads_templates = has(InputKind::CloudFormation) || has(InputKind::Kubernetes);
                is_deep && reads_templates && self.reads.meets(folder_of(path), &self.folders)
            }
            InputKind::Terraform | InputKind::OpenTofu => {
                self.covers(InputKind::TerraformRoot, folder_of(path))
            }
            _ => self.reads.reach != Reach::Around && self.covers(kind, path),
        }
    }
}

/// The folders from the top of the repository; where references are followed, with the projects that these lead to.
fn places(reads: &Reads, repo: &Repo, inputs: &Inputs) -> Vec<String> {
    let places: Vec<String> = reads.folders.iter().map(|folder| from_top(repo, folder)).collect();
    match reads.reach {
        Reach::ProjectAndReferences => with_references(inputs.typescript(), places),
        Reach::Workspace => {
            let is_built = |project: &&TsProject| places.iter().any(|place| project.built_by.contains(place));
            inputs.typescript().iter().filter(is_built).map(|project| project.path.clone()).collect()
        }
        _ => places,
    }
}

/// What the programs read that a gate starts by a script of a `package.json`.
fn script_reads(gate: &Gate, repo: &Repo, inputs: &Inputs) -> Vec<Reads> {
    let Some((dir, script)) = gate.tool.script() else { return Vec::new() };
    let folder = from_top(repo, dir);
    let package = inputs.packages().iter().find(|package| package.folder() == folder);
    let commands = package.map(|package| package.commands(script)).unwrap_or_default().into_iter();
    // What a failing program says is lost where the script goes on, unless its report says it.
    let counts = |command: &Command| command.fate == Fate::Fails || !gate.tool.judged_by_exit_code();
    let reads = |command: Command| Some(command_reads(&command.words, &command.folder_in(dir)?));
    commands.filter(counts).filter_map(reads).flatten().collect()
}
