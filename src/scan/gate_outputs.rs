//! What finished gates pass on to later actions: images, digests, ARNs.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::verdict::Outcome;
use crate::text::shared::Text;

/// The image that a gate acts on, and the gates that scanned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneImage {
    /// Image id: `sha256:…`.
    pub id: Text,
    /// The other digest of the image, if the build names one.
    pub also: Option<Text>,
    /// Gates with proof that they scanned it for vulnerabilities. Others, such as an SBOM, free no image.
    pub by: Vec<Text>,
    /// The waiver that accepts with a pattern that a gate did not scan it. It frees no image.
    pub pattern: Option<Text>,
}

/// The image of this name, if the gate that built it and every gate that scanned it mean the same one.
/// The error says which gates differ.
pub(crate) fn one_image(gate_outputs: &GateOutputs, name: &str) -> Result<OneImage, String> {
    let looked: Vec<(&FinishedGate, &FinishedTarget)> = gate_outputs
        .gates
        .iter()
        .filter(|gate| !gate.acts)
        .flat_map(|gate| gate.targets.iter().map(move |target| (gate, target)))
        .filter(|(_, target)| target.image.as_deref() == Some(name) && target.image_id.is_some())
        .collect();
    let id_of = |target: &FinishedTarget| target.image_id.clone().unwrap_or_default();
    // The build knows more names of the image than the gates that scan it later.
    let build = looked.iter().find(|(gate, _)| gate.tool == BUILDER);
    let Some((first, built)) = build.or(looked.first()) else {
        return Err(format!("no gate of this run has built {name}, or looked at it"));
    };
    let id = id_of(built);
    // With containerd's image store the engine names an image by its manifest, and others name it by
    // its configuration. The build reports both.
    let also = built.outputs.get(CONFIG_DIGEST).map(|digest| Text::from(digest.as_str()));
    for (gate, target) in &looked {
        let its = id_of(target);
        if its != id && Some(&its) != also.as_ref() && target.read_of.as_ref() != Some(&id) {
            return Err(format!(
                "{name} changed on the way: {} had {id}, {} looked at {its}",
                first.id, gate.id
            ));
        }
    }
    let proved = |gate: &FinishedGate| matches!(gate.outcome, Outcome::Passed | Outcome::Failed);
    let scans = looked.iter().filter(|(gate, target)| gate.scans_images && target.scanned && proved(gate));
    let pattern = looked.iter().find_map(|(_, target)| target.pattern.clone());
    Ok(OneImage { id, also, by: scans.map(|(gate, _)| gate.id.clone()).collect(), pattern })
}

/// Why a scan of the image of this name looked at another one than the run has built; `None`: it did not, or nobody built it.
pub(crate) fn another_image(gate_outputs: &GateOutputs, name: &str, scan: &FinishedTarget) -> Option<String> {
    let built = gate_outputs.of_tool(BUILDER).find(|(_, target)| target.image.as_deref() == Some(name));
    let (gate, target) = built?;
    let id = target.image_id.as_deref()?;
    let Some(scanned) = scan.image_id.as_deref() else {
        return Some(format!(
            "its report does not say which image it looked at, and {} has built {id}",
            gate.id
        ));
    };
    let also = target.outputs.get(CONFIG_DIGEST).map(String::as_str);
    (scanned != id && Some(scanned) != also && scan.read_of.as_deref() != Some(id)).then(|| {
        format!(
            "{name} is not what {} has built: that was {id}, and it looked at {scanned}; was the tag moved?",
            gate.id
        )
    })
}

/// Why a gate found another image in a file of `input` than an earlier gate did; `None`: it did not, or no other gate has read the file.
/// `targets`: those of the gate.
pub(crate) fn another_input(gate_outputs: &GateOutputs, targets: &[FinishedTarget]) -> Option<String> {
    let files: BTreeSet<&Text> = targets.iter().filter_map(|target| target.input.as_ref()).collect();
    files.into_iter().find_map(|file| {
        let shown = targets.iter().find(|target| target.input.as_ref() == Some(file))?;
        let now = images_in(targets, file);
        gate_outputs.gates.iter().filter(|gate| !gate.acts).find_map(|gate| {
            let earlier = images_in(&gate.targets, file)?;
            let Some(now) = &now else {
                let shown = &shown.name;
                return Some(format!("its report does not say which image it looked at in {shown}, and {} has looked at {}", gate.id, listed(&earlier)));
            };
            (earlier != *now).then(|| {
                format!(
                    "{} changed in the run: {} looked at {} in it, and this gate at {}; was the file written again?",
                    shown.name,
                    gate.id,
                    listed(&earlier),
                    listed(now)
                )
            })
        })
    })
}

/// The ids of the images that a gate looked at in a file; `None`: it has not read the file, or does not know the id of each.
fn images_in<'a>(targets: &'a [FinishedTarget], file: &Text) -> Option<BTreeSet<&'a str>> {
    let of_file = targets.iter().filter(|target| target.input.as_ref() == Some(file));
    let ids: BTreeSet<&str> = of_file.map(|target| target.image_id.as_deref()).collect::<Option<_>>()?;
    (!ids.is_empty()).then_some(ids)
}

fn listed(ids: &BTreeSet<&str>) -> String {
    ids.iter().copied().collect::<Vec<_>>().join(" and ")
}

/// The output of a build that names the digest of the image's configuration.
pub(crate) const CONFIG_DIGEST: &str = "config_digest";

/// The output of a build that names its platform, if it is one of several.
pub(crate) const BUILT_FOR: &str = "platform";

/// The tool that builds images.
pub(crate) const BUILDER: &str = "docker-build";

/// The tools that push images.
pub(crate) const PUSHERS: [&str; 2] = ["registry-push", "ecr-push"];

/// The tool that registers task definitions.
pub(crate) const REGISTERS: &str = "ecs-task-definition";

/// Every finished gate, in the order of gates.toml.
#[derive(Clone, Debug, Default)]
pub struct GateOutputs {
    pub gates: Vec<FinishedGate>,
}

/// One finished gate.
#[derive(Clone, Debug)]
pub struct FinishedGate {
    pub id: Text,
    /// The scanner's name in gates.toml.
    pub tool: &'static str,
    pub outcome: Outcome,
    /// Whether it is an action: it pushes, registers or deploys.
    pub acts: bool,
    /// Whether it looks for vulnerabilities in images.
    pub scans_images: bool,
    pub targets: Vec<FinishedTarget>,
}

/// One target of a finished gate.
#[derive(Clone, Debug)]
pub struct FinishedTarget {
    pub name: Text,
    /// What the image is called on this machine: `notes-backend:3f2a91c`.
    pub image: Option<String>,
    /// The id of the image that it really built or scanned.
    pub image_id: Option<Text>,
    /// The engine's id of that image, if it was read in a file that shows both.
    pub read_of: Option<Text>,
    /// The file of `input` in which it looked at an image.
    pub input: Option<Text>,
    /// It is proved, or its gap is accepted by name.
    pub scanned: bool,
    /// The waiver that accepts its gap with a pattern.
    pub pattern: Option<Text>,
    pub outputs: BTreeMap<String, String>,
}

impl GateOutputs {
    /// The targets of every gate with this tool.
    pub fn of_tool<'a>(
        &'a self,
        tool: &'a str,
    ) -> impl Iterator<Item = (&'a FinishedGate, &'a FinishedTarget)> {
        let gates = self.gates.iter().filter(move |gate| gate.tool == tool);
        gates.flat_map(|gate| gate.targets.iter().map(move |target| (gate, target)))
    }

    /// The outputs with this name of all gates of these tools, by target. If two gates have one, the
    /// later gate counts.
    pub fn outputs(&self, tools: &[&str], name: &str) -> BTreeMap<Text, String> {
        let gates = self.gates.iter().filter(|gate| tools.contains(&gate.tool));
        gates
            .flat_map(|gate| &gate.targets)
            .filter_map(|target| Some((target.name.clone(), target.outputs.get(name)?.clone())))
            .collect()
    }
}
