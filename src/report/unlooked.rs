//! The required gates that did not look, although nothing is wrong with them: somebody left them out, or the
//! range of the run has nothing for them. A verdict is only about the others, so it names these.

use serde::Serialize;

use crate::model::run::{Completeness, GateRecord, Run};

/// Gates that did not look, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Unlooked {
    /// `left out by PORTCULLIS_SKIP`
    pub why: String,
    pub gates: Vec<String>,
}

impl Unlooked {
    /// `8 left out by PORTCULLIS_SKIP`
    pub(crate) fn words(&self) -> String {
        format!("{} {}", self.gates.len(), self.why)
    }
}

/// Why a gate did not look; `None`: it did, or its outcome says what is wrong.
pub(crate) fn why(gate: &GateRecord) -> Option<String> {
    let nothing = matches!(gate.evidence, Completeness::Nothing(_));
    match (&gate.left_out, &gate.since) {
        (Some(by), _) => Some(format!("left out by {by}")),
        (None, Some(since)) if nothing => {
            Some(format!("with nothing to look at since {}", since.get(..12).unwrap_or(since)))
        }
        _ => None,
    }
}

/// All of them, by reason, in the order of the gates.
pub(crate) fn groups(run: &Run) -> Vec<Unlooked> {
    let mut groups: Vec<Unlooked> = Vec::new();
    for gate in run.gates.iter().filter(|gate| gate.required) {
        let Some(why) = why(gate) else { continue };
        match groups.iter_mut().find(|group| group.why == why) {
            Some(group) => group.gates.push(gate.id.to_string()),
            None => groups.push(Unlooked { why, gates: vec![gate.id.to_string()] }),
        }
    }
    groups
}
