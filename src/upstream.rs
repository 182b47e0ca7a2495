//! What the gates that are done hand on to those that act after them: images, digests, ARNs.

use std::collections::BTreeMap;

use crate::evidence::GateEvidence;
use crate::finding::Text;
use crate::verdict::Outcome;

/// Every gate that is done, in the order of gates.toml.
#[derive(Clone, Debug, Default)]
pub struct Upstream {
    pub gates: Vec<Done>,
}

/// One gate that is done.
#[derive(Clone, Debug)]
pub struct Done {
    pub id: Text,
    /// The scanner's name in gates.toml.
    pub tool: &'static str,
    pub outcome: Outcome,
    /// Whether it changes the world: it pushes, registers or deploys.
    pub acts: bool,
    pub targets: Vec<DoneTarget>,
}

/// One target of it.
#[derive(Clone, Debug)]
pub struct DoneTarget {
    pub name: Text,
    /// What the image is called on this machine: `notes-backend:3f2a91c`.
    pub image: Option<String>,
    /// The id of the image that it really looked at, or built.
    pub image_id: Option<Text>,
    pub outputs: BTreeMap<String, String>,
}

impl Done {
    pub fn new(evidence: &GateEvidence, outcome: Outcome) -> Done {
        let targets = evidence.targets.iter().map(|target| {
            let parsed = target.proof.parsed();
            DoneTarget {
                name: target.record.name.clone(),
                image: target.record.image.clone(),
                image_id: parsed.image_id.clone(),
                outputs: parsed.outputs.clone(),
            }
        });
        Done {
            id: evidence.gate.id.clone(),
            tool: evidence.gate.scanner.name,
            outcome,
            acts: evidence.gate.tool.acts(),
            targets: targets.collect(),
        }
    }
}

impl Upstream {
    /// The targets of every gate with this tool.
    pub fn of_tool<'a>(&'a self, tool: &'a str) -> impl Iterator<Item = (&'a Done, &'a DoneTarget)> {
        let gates = self.gates.iter().filter(move |gate| gate.tool == tool);
        gates.flat_map(|gate| gate.targets.iter().map(move |target| (gate, target)))
    }

    /// What a gate of this tool has put out under a name, by target; of two gates the later counts.
    pub fn outputs(&self, tool: &str, name: &str) -> BTreeMap<Text, String> {
        let targets = self.of_tool(tool);
        targets
            .filter_map(|(_, target)| Some((target.name.clone(), target.outputs.get(name)?.clone())))
            .collect()
    }
}
