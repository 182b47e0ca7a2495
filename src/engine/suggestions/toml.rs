//! The text of gates.toml.

use crate::engine::suggestions::{NewGate, Suggestions};
use crate::scan::suggestion::{list, quoted};

impl Suggestions {
    /// A whole gates.toml.
    pub(crate) fn gates_toml(&self) -> String {
        let mut toml = String::from(HEAD);
        toml.push_str(&self.gates());
        self.examples.iter().for_each(|example| toml.push_str(example));
        toml.push_str(&self.gaps());
        let before_push: Vec<String> =
            self.gates.iter().filter(|gate| gate.gate.before_push).map(|gate| gate.id.clone()).collect();
        toml.push_str(&format!(
            "\n# What `git push` waits for, once `portcullis hook install` has been run.\n[profile.pre-push]\nmode = \"production\"\nonly = {}\n",
            list(&before_push)
        ));
        toml.push_str(TAIL);
        toml
    }

    /// The gates alone.
    pub(crate) fn gates(&self) -> String {
        self.gates.iter().map(written).collect()
    }

    /// What no gate is written for, as comments.
    fn gaps(&self) -> String {
        let mut text = String::new();
        if !self.unlocked.is_empty() {
            text.push_str(
                "\n# Without a lock file nobody knows what is installed. Commit one for each of these:\n",
            );
            for (manifest, manager) in &self.unlocked {
                text.push_str(&format!("#   {} ({})\n", quoted(manifest), manager.title()));
            }
        }
        if !self.left_out.is_empty() {
            text.push_str("\n# No gate is written for these:\n");
            for left in &self.left_out {
                text.push_str(&format!(
                    "#   {}: {}\n",
                    quoted(&left.what),
                    left.why.replace(char::is_control, " ")
                ));
            }
        }
        text
    }
}

fn written(NewGate { id, tool, stage, gate }: &NewGate) -> String {
    let comment = gate.comment.replace('\n', "\n# ");
    format!("\n# {comment}\n[[gate]]\nid = \"{id}\"\nstage = \"{stage}\"\ntool = \"{tool}\"\n{}", gate.keys)
}

const HEAD: &str = "\
# The gates of this project: what `portcullis run` runs, and what blocks.
version = 1
mode = \"lab\"                 # report only; \"production\" blocks

[defaults]
fail_on = \"high\"             # lowest severity that blocks: critical, high, medium, low, info, never
# new_only = true            # only new findings block; `portcullis baseline` records those of today
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
