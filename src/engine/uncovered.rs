//! The inputs that no gate of the configuration reads.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::engine::asked::Asked;
use crate::engine::evidence::{GateEvidence, Lack};
use crate::engine::gate_inputs::{ThereIs, folder_of, name_of};
use crate::engine::gate_reads::GateReads;
use crate::engine::loose_sources;
use crate::inputs::with_own_sources;
use crate::keys::mistakes::Problems;
use crate::keys::table::Keys;
use crate::model::input::InputKind;
use crate::model::looked_at::{GateInput, InputState, Uncovered, UncoveredInput};
use crate::scan::tool::{Tool, ToolSpec};
use crate::text::shared::Text;
use crate::tools::TOOLS;

impl ThereIs {
    /// The inputs that no gate of the configuration reads, by kind; not those of submodules. Manifests without a lock file are of them:
    /// nothing can be read there. `evidence` is that of the gates that ran: an advisory gate reads nothing that it did not prove.
    pub(crate) fn uncovered(&self, evidence: &[GateEvidence]) -> Vec<Uncovered> {
        let advisory = evidence.iter().filter(|one| !one.gate.required);
        let unproved: HashMap<&Text, &GateEvidence> = advisory.map(|one| (&one.gate.id, one)).collect();
        let is_proved = |gate: &GateReads, path: &str| {
            unproved.get(&gate.id).is_none_or(|evidence| {
                let is_gap = |input: &GateInput| *input.path == *path && input.state == InputState::Gap;
                !matches!(evidence.lack, Some(Lack::Proof(_) | Lack::Halted(_)))
                    && !evidence.inputs.iter().any(is_gap)
            })
        };
        let is_row = |input: &GateInput, path: &str, state| *input.path == *path && input.state == state;
        // A root in which a tool found nothing to check was not looked at.
        let is_empty = |gate: &GateReads, kind: InputKind, path: &str| {
            let mut own = evidence.iter().filter(|one| one.gate.id == gate.id).flat_map(|one| &one.inputs);
            kind == InputKind::TerraformRoot && own.any(|input| is_row(input, path, InputState::Empty))
        };
        let rows = evidence.iter().flat_map(|one| &one.inputs);
        let left_out: HashSet<(InputKind, &str)> = rows
            .filter(|input| input.state == InputState::Excluded)
            .map(|input| (input.kind, &*input.path))
            .collect();
        let is_left_out = |kind: InputKind, path: &str| {
            left_out.contains(&(kind, path)) && self.gates.iter().any(|gate| gate.holds_hidden(kind, path))
        };
        let is_read = |kind: InputKind, path: &str| {
            let reads = |gate: &&GateReads| {
                gate.answers(kind, path) && is_proved(gate, path) && !is_empty(gate, kind, path)
            };
            self.gates.iter().any(|gate| reads(&gate)) || is_left_out(kind, path)
        };
        // Whether a root is valid is a question of its own, where somebody asks it.
        let asks_validity = self.gates.iter().any(GateReads::validates);
        let is_validated = |kind: InputKind, path: &str| {
            let validates = |gate: &GateReads| gate.validates() && gate.covers(kind, path);
            !asks_validity
                || kind != InputKind::TerraformRoot
                || self.gates.iter().any(|gate| validates(gate) && is_proved(gate, path))
        };
        let mut found: BTreeMap<InputKind, Vec<UncoveredInput>> = BTreeMap::new();
        let mut add = |kind, path: &str| {
            found.entry(kind).or_default().push(UncoveredInput {
                path: path.into(),
                files: 1,
                accepted: None,
            });
        };
        let is_done = |one: &Asked| is_read(one.kind, &one.path) && is_validated(one.kind, &one.path);
        let unread = self.asked.iter().filter(|one| !one.nested && !is_done(one));
        for one in self.without_parts(unread.collect()) {
            add(one.kind, &one.path);
        }
        for one in self.inputs.unlocked() {
            add(InputKind::Manifest(one.manager), &one.manifest);
        }
        for kind in loose_sources::KINDS {
            let loose = self.loose_sources(kind, is_read);
            if !loose.is_empty() {
                found.insert(kind, loose);
            }
        }
        let of = |(kind, inputs): (InputKind, Vec<UncoveredInput>)| Uncovered {
            kind,
            tools: self.tools_for(kind, &inputs),
            inputs,
        };
        found.into_iter().map(of).collect()
    }

    /// Without what is only a part of something else: a project of TypeScript whose sources other gates check, or that has only the
    /// settings of other tools; rules of ESLint for a folder below one that is named anyway.
    fn without_parts<'u>(&self, unread: Vec<&'u Asked>) -> Vec<&'u Asked> {
        let of =
            |kind: InputKind| unread.iter().filter(move |one| one.kind == kind).map(|one| one.path.as_str());
        let projects: Vec<&str> = of(InputKind::TsConfig).collect();
        let checked: HashSet<&str> = self.checked_projects.iter().map(String::as_str).collect();
        let left = match projects.is_empty() {
            true => HashSet::new(),
            false => with_own_sources(&self.inputs, &projects, &checked),
        };
        let rules: HashSet<&str> =
            of(InputKind::Eslint).filter(|path| is_old_eslint(path)).map(folder_of).collect();
        let is_below_rules = |path: &str| {
            let mut folder = folder_of(path);
            while folder != "." {
                folder = folder_of(folder);
                if rules.contains(folder) {
                    return true;
                }
            }
            false
        };
        let stays = |one: &&Asked| match one.kind {
            InputKind::TsConfig => left.contains(one.path.as_str()),
            InputKind::Eslint if is_old_eslint(&one.path) => !is_below_rules(&one.path),
            _ => true,
        };
        unread.iter().copied().filter(stays).collect()
    }

    /// The tools whose gates, without any keys, would answer what is asked of some of these.
    fn tools_for(&self, kind: InputKind, inputs: &[UncoveredInput]) -> Vec<Text> {
        let problems = Problems::default();
        let roots = self.inputs.terraform().iter().filter(|folder| folder.is_only_tofu());
        let only_tofu: HashSet<&str> = roots.map(|folder| folder.folder.as_str()).collect();
        let answers = |tool: &dyn Tool, path: &str| match kind {
            InputKind::TerraformRoot => {
                let is_covered = self.gates.iter().any(|gate| gate.covers(kind, path));
                (tool.validates() || !is_covered) && (tool.reads_tofu() || !only_tofu.contains(path))
            }
            InputKind::Lock(_) | InputKind::Manifest(_) => !tool.only_lists(),
            _ => !tool.passes_over(name_of(path)),
        };
        let reads = |spec: &&ToolSpec| {
            let tool = (spec.configure)(&Keys::none(&problems));
            let can =
                |input: &UncoveredInput| tool.reads_path(kind, &input.path) && answers(&*tool, &input.path);
            tool.reads().iter().any(|reads| reads.kinds.contains(&kind)) && inputs.iter().any(can)
        };
        TOOLS.iter().copied().filter(reads).map(|spec| Text::from(spec.name)).collect()
    }
}

/// `.eslintrc.json`: rules for a folder, on top of those of the folders around it.
fn is_old_eslint(path: &str) -> bool {
    name_of(path).starts_with(".eslintrc")
}
