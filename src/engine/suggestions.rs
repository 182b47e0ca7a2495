//! The gates that `init` writes: what each tool suggests for a repository, as lines of gates.toml.

mod toml;

use std::collections::BTreeSet;

use crate::config::Config;
use crate::engine::gate_inputs::ThereIs;
use crate::inputs::Inputs;
use crate::keys::mistakes::Problems;
use crate::keys::table::Keys;
use crate::model::input::{InputKind, PackageManager};
use crate::scan::suggestion::{LeftOut, Seen, SuggestedGate, Suggestion};
use crate::scan::tool::ToolSpec;
use crate::system::git::Repo;
use crate::text::human::count;
use crate::tools::TOOLS;

/// What is suggested for a repository.
#[derive(Debug, Default)]
pub(crate) struct Suggestions {
    /// What there is, by kind.
    pub(crate) seen: Vec<(InputKind, usize)>,
    pub(crate) is_git: bool,
    pub(crate) gates: Vec<NewGate>,
    /// Lines in comments.
    examples: Vec<String>,
    pub(crate) left_out: Vec<LeftOut>,
    /// Manifests without a lock file, and who would write one.
    pub(crate) unlocked: Vec<(String, PackageManager)>,
}

/// A gate with its own id.
#[derive(Debug)]
pub(crate) struct NewGate {
    pub(crate) id: String,
    pub(crate) tool: &'static str,
    stage: &'static str,
    gate: SuggestedGate,
}

const NOT_UTF8: &str = "the name is not UTF-8, and gates.toml can't have it: rename it";

impl Suggestions {
    /// Everything that is suggested for a repository.
    pub(crate) fn of(repo: &Repo, inputs: &Inputs) -> Self {
        let seen = Seen::new(repo, inputs);
        Self::new(&seen, TOOLS.iter().map(|spec| (*spec, (spec.init)(&seen))), BTreeSet::new())
    }

    /// Gates for what no gate of a configuration reads.
    pub(crate) fn beside(config: &Config, there_is: &ThereIs) -> Self {
        let without = |is_valid: bool| {
            Seen::new(there_is.repo(), there_is.inputs()).without(there_is.covered(is_valid))
        };
        // Who validates Terraform looks for what nobody validates, even if others read it.
        let (seen, of_validation) = (without(false), without(true));
        let problems = Problems::default();
        let tool = |spec: &ToolSpec| (spec.configure)(&Keys::none(&problems));
        let wanted = TOOLS.iter().filter(|spec| !tool(spec).reads().is_empty());
        let taken = config.gates.iter().map(|gate| gate.id.to_string()).collect();
        let all = wanted.map(|spec| {
            let seen = if tool(spec).validates() { &of_validation } else { &seen };
            (*spec, (spec.init)(seen))
        });
        Self::new(&seen, all, taken)
    }

    fn new(
        seen: &Seen,
        all: impl Iterator<Item = (&'static ToolSpec, Suggestion)>,
        mut taken: BTreeSet<String>,
    ) -> Self {
        let all: Vec<(&ToolSpec, Suggestion)> = all.collect();
        let unlocked = seen.unlocked().into_iter().map(|(path, own)| (path, own.manager));
        let mut suggestions = Self {
            seen: seen.counts(),
            is_git: seen.is_git,
            unlocked: unlocked.collect(),
            ..Self::default()
        };
        let shared = shared_ids(&all);
        for (spec, suggestion) in all {
            for gate in suggestion.gates {
                let wanted = if shared.contains(&gate.id) { spec.name } else { &gate.id };
                let id = free(wanted, &mut taken);
                let (tool, stage) = (gate.tool.unwrap_or(spec.name), gate.stage.unwrap_or(spec.stage));
                suggestions.gates.push(NewGate { id, tool, stage, gate });
            }
            suggestions.examples.extend(suggestion.example);
            suggestions.left_out.extend(suggestion.left_out);
        }
        for (path, n) in seen.unnameable() {
            let what = format!("{path} ({})", count(n, "input"));
            suggestions.left_out.push(LeftOut { what, why: NOT_UTF8.to_owned() });
        }
        suggestions
    }
}

/// The lines that `init --add` would write, for the record; none if they are too many to keep.
pub(crate) fn to_add(config: &Config, there_is: &ThereIs) -> Vec<String> {
    const MOST: usize = 16 << 10;
    let gates = Suggestions::beside(config, there_is).gates();
    if gates.len() > MOST {
        return Vec::new();
    }
    gates.trim_start().lines().map(str::to_owned).collect()
}

/// The ids that several tools suggest: each of these gates takes the name of its tool.
fn shared_ids(all: &[(&ToolSpec, Suggestion)]) -> BTreeSet<String> {
    let (mut once, mut shared) = (BTreeSet::new(), BTreeSet::new());
    for (_, suggestion) in all {
        let own: BTreeSet<&String> = suggestion.gates.iter().map(|gate| &gate.id).collect();
        for id in own {
            if !once.insert(id.clone()) {
                shared.insert(id.clone());
            }
        }
    }
    shared
}

/// The id, with a number if it is taken.
fn free(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let mut id = wanted.to_owned();
    let mut n = 2;
    while !taken.insert(id.clone()) {
        id = format!("{wanted}-{n}");
        n += 1;
    }
    id
}

#[cfg(test)]
mod tests;
