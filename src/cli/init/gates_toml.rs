//! The text that `portcullis init` writes: a gate for each suggestion of a tool.

use super::Suggestions;
use crate::scan::suggestion::{SuggestedGate, list};
use crate::scan::tool::ToolSpec;

impl Suggestions {
    pub(super) fn gates_toml(&self) -> String {
        let mut toml = String::from(HEAD);
        let mut before_push = Vec::new();
        for (spec, suggestion) in &self.0 {
            for gate in &suggestion.gates {
                let id = if self.is_taken(spec, &gate.id) { spec.name } else { &gate.id };
                toml.push_str(&written(gate, id, spec));
                before_push.extend(gate.before_push.then(|| id.to_owned()));
            }
            toml.push_str(suggestion.example.as_deref().unwrap_or_default());
        }
        toml.push_str(&format!(
            "\n# What `git push` waits for, once `portcullis hook install` has been run.\n[profile.pre-push]\nmode = \"production\"\nonly = {}\n",
            list(&before_push)
        ));
        toml.push_str(TAIL);
        toml
    }

    /// Whether another tool also suggests a gate with this id.
    fn is_taken(&self, spec: &ToolSpec, id: &str) -> bool {
        let others = self.0.iter().filter(|(other, _)| other.name != spec.name);
        others.flat_map(|(_, suggestion)| &suggestion.gates).any(|gate| gate.id == id)
    }
}

fn written(gate: &SuggestedGate, id: &str, spec: &ToolSpec) -> String {
    let comment = gate.comment.replace('\n', "\n# ");
    let stage = gate.stage.unwrap_or(spec.stage);
    format!(
        "\n# {comment}\n[[gate]]\nid = \"{id}\"\nstage = \"{stage}\"\ntool = \"{}\"\n{}",
        spec.name, gate.keys
    )
}

const HEAD: &str = "\
# The gates of this project: what `portcullis run` runs, and what blocks.
version = 1
mode = \"lab\"                 # report only; \"production\" blocks

[defaults]
fail_on = \"high\"             # lowest severity that blocks: critical, high, medium, low, info, never
timeout = \"10m\"              # for each target of each gate
";

const TAIL: &str = "
# A finding that the team accepts, with a reason and a date when this expires.
# [[waiver]]
# rule = \"CKV_AWS_18\"
# path = \"infra/**\"
# reason = \"access logs live in the log account\"
# expires = 2027-03-31
";
