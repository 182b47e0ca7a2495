//! The interlock: what acts on the world (a push, a registration, a deployment) starts only when
//! every required gate has passed, on the branches that are named, and for the very image that was
//! scanned.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use globset::GlobMatcher;

use crate::config::{Gate, Mode};
use crate::finding::Text;
use crate::plan::{Fate, PlannedGate};
use crate::upstream::{Done, DoneTarget, Upstream};
use crate::verdict::Outcome;

/// Under which conditions actions start.
#[derive(Clone, Debug)]
pub struct Conditions {
    pub mode: Mode,
    /// Lab mode acts too, whatever the gates have found.
    pub deploy_in_lab: bool,
    /// The branch that is checked out, as far as that can be told.
    pub branch: Option<String>,
}

/// Whether a gate that acts, or comes after one that does, may start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clearance {
    /// It may. What would have kept production from it, if anything.
    Go { overridden: Option<String> },
    /// It is left out, for a reason that says enough.
    Skip(String),
    /// It can't be told that it may: no proof.
    Refuse(String),
}

/// One gate that is done, as the interlock sees it.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    pub gate: &'a Gate,
    pub outcome: Outcome,
    /// The user left it out of this run (`--skip`, `--only`, a profile).
    pub left_out: bool,
    /// It acts, or comes after one that does.
    pub late: bool,
    /// The gate in question names it in `needs`.
    pub needed: bool,
}

/// Decides on a gate that is late, when all that come before it are done. `over`: where they are over the
/// budget of the run.
pub fn clear(gate: &Gate, before: &[Before], over: &[String], conditions: &Conditions) -> Clearance {
    if gate.tool.acts() {
        let lab = conditions.mode == Mode::Lab;
        if lab && !conditions.deploy_in_lab {
            return Clearance::Skip("lab mode only reports: `deploy_in_lab = true` lets it act".to_owned());
        }
        match off_branch(&gate.branches, conditions.branch.as_deref()) {
            None => {}
            Some(stays) => return stays,
        }
    }
    // What acts before it must not have gone wrong; what it needs must have been done.
    let undone = |earlier: &&Before| match earlier.outcome {
        Outcome::Passed => false,
        Outcome::Skipped => earlier.needed,
        Outcome::Failed | Outcome::Inconclusive => true,
    };
    if let Some(earlier) = before.iter().filter(|earlier| earlier.late).find(undone) {
        let why = format!("not started: {} {}", earlier.gate.id, was(earlier.outcome));
        // What is required has its say in the verdict already.
        let told = earlier.gate.required || earlier.outcome == Outcome::Skipped;
        return if told { Clearance::Skip(why) } else { Clearance::Refuse(why) };
    }
    if !gate.tool.acts() && conditions.mode == Mode::Lab {
        // It looks at what has been done: nothing is overridden by that.
        return Clearance::Go { overridden: None };
    }
    let required = before.iter().filter(|earlier| !earlier.late && earlier.gate.required);
    let mut unproven = Vec::new();
    let mut held = Vec::new();
    for earlier in required {
        match earlier.outcome {
            Outcome::Passed => {}
            Outcome::Skipped if earlier.left_out => {
                unproven.push(format!("{} was left out of this run", earlier.gate.id))
            }
            Outcome::Skipped => {}
            outcome => held.push(format!("{} {}", earlier.gate.id, was(outcome))),
        }
    }
    held.extend(over.iter().cloned());
    let all: Vec<&str> = held.iter().chain(&unproven).map(String::as_str).collect();
    if all.is_empty() {
        return Clearance::Go { overridden: None };
    }
    let words = all.join(", ");
    match conditions.mode {
        Mode::Lab => Clearance::Go { overridden: Some(words) },
        Mode::Production if held.is_empty() => Clearance::Refuse(format!("not started: {words}")),
        Mode::Production => Clearance::Skip(format!("not started: {words}")),
    }
}

fn was(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::Inconclusive => "is inconclusive",
        Outcome::Skipped => "was skipped",
    }
}

/// What keeps a gate from this branch; `None` where nothing does.
fn off_branch(patterns: &[Branch], branch: Option<&str>) -> Option<Clearance> {
    if patterns.is_empty() {
        return None;
    }
    let wanted: Vec<&str> = patterns.iter().map(|pattern| &*pattern.text).collect();
    let wanted = wanted.join(", ");
    match branch {
        None => Some(Clearance::Refuse(format!(
            "it acts on {wanted} only, and on which branch this is can't be told: name it with --branch"
        ))),
        Some(branch) if patterns.iter().any(|pattern| pattern.matcher.is_match(branch)) => None,
        Some(branch) => Some(Clearance::Skip(format!("it acts on {wanted} only, and this is {branch}"))),
    }
}

/// A pattern of branch names: `main`, `release/*`.
#[derive(Clone, Debug)]
pub struct Branch {
    pub text: Text,
    pub matcher: GlobMatcher,
}

/// The image that a gate acts on, and who has looked at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Image id: `sha256:…`.
    pub id: Text,
    /// The other digest by which the build says that the image goes, where there is one.
    pub also: Option<Text>,
    /// Gates that have proved that they looked at it.
    pub by: Vec<Text>,
}

/// The image of this name, if the gate that built it and every gate that looked at it mean the same
/// one. The error says who means which.
pub fn one_image(upstream: &Upstream, name: &str) -> Result<Seen, String> {
    let looked: Vec<(&Done, &DoneTarget)> = upstream
        .gates
        .iter()
        .filter(|gate| !gate.acts)
        .flat_map(|gate| gate.targets.iter().map(move |target| (gate, target)))
        .filter(|(_, target)| target.image.as_deref() == Some(name) && target.image_id.is_some())
        .collect();
    let id_of = |target: &DoneTarget| target.image_id.clone().unwrap_or_default();
    // The build knows the image by more names than who looks at it later.
    let build = looked.iter().find(|(gate, _)| gate.tool == BUILDER);
    let Some((first, built)) = build.or(looked.first()) else {
        return Err(format!("no gate of this run has built {name}, or looked at it"));
    };
    let id = id_of(built);
    // With containerd's image store the engine calls an image by its manifest, and others call it by
    // its configuration: the build tells both.
    let also = built.outputs.get(CONFIG_DIGEST).map(|digest| Text::from(digest.as_str()));
    for (gate, target) in &looked {
        let its = id_of(target);
        if its != id && Some(&its) != also.as_ref() {
            return Err(format!(
                "{name} changed on the way: {} had {id}, {} looked at {its}",
                first.id, gate.id
            ));
        }
    }
    let proved = |gate: &Done| matches!(gate.outcome, Outcome::Passed | Outcome::Failed);
    let scans = looked.iter().filter(|(gate, _)| gate.tool != BUILDER && proved(gate));
    Ok(Seen { id, also, by: scans.map(|(gate, _)| gate.id.clone()).collect() })
}

/// The output of a build that names the digest of the image's configuration.
pub const CONFIG_DIGEST: &str = "config_digest";

/// The tool that builds images.
pub const BUILDER: &str = "docker-build";

/// Which of the gates act, or come after one that does, at any distance.
pub fn late(gates: &[&Gate]) -> Vec<bool> {
    let places: HashMap<&Text, usize> =
        gates.iter().enumerate().map(|(index, gate)| (&gate.id, index)).collect();
    let needs = |index: usize| gates[index].needs.iter().filter_map(|need| places.get(need).copied());
    let mut late: Vec<bool> = gates.iter().map(|gate| gate.tool.acts()).collect();
    while let Some(index) =
        (0..gates.len()).find(|&index| !late[index] && needs(index).any(|need| late[need]))
    {
        late[index] = true;
    }
    late
}

/// The turns of the gates that act and of those that come after one, at any distance: one after
/// another, in the order of gates.toml as far as `needs` allows. `None`: it is none of them.
pub fn turns(gates: &[PlannedGate]) -> Vec<Option<usize>> {
    let places: HashMap<&Text, usize> =
        gates.iter().enumerate().map(|(index, planned)| (&planned.gate.id, index)).collect();
    let needs = |index: usize| gates[index].gate.needs.iter().filter_map(|need| places.get(need).copied());
    let late = late(&gates.iter().map(|planned| &planned.gate).collect::<Vec<_>>());
    let mut turns = vec![None; gates.len()];
    // `needs` has no cycle, so there is always one whose turn it is.
    let ready = |index: usize, turns: &[Option<usize>]| {
        late[index] && turns[index].is_none() && needs(index).all(|need| !late[need] || turns[need].is_some())
    };
    let mut turn = 0;
    while let Some(index) = (0..gates.len()).find(|&index| ready(index, &turns)) {
        turns[index] = Some(turn);
        turn += 1;
    }
    turns
}

/// Refuses to plan an action on an image that no gate of the plan looks at, and says for the others
/// who builds it and who looks.
pub fn tie_to_scans(gates: &mut [PlannedGate]) {
    let mut builds: Vec<(String, Text)> = Vec::new();
    let mut scans: Vec<(String, Text)> = Vec::new();
    for planned in gates.iter().filter(|planned| !planned.gate.tool.acts()) {
        let Fate::Run(jobs) = &planned.fate else { continue };
        let does = if planned.gate.scanner.name == BUILDER { &mut builds } else { &mut scans };
        let images = jobs.iter().filter_map(|job| job.image.clone());
        does.extend(images.map(|image| (image, planned.gate.id.clone())));
    }
    let who = |does: &[(String, Text)], image: &str| -> Vec<String> {
        does.iter().filter(|(of, _)| of == image).map(|(_, by)| by.to_string()).collect()
    };
    for planned in gates.iter_mut().filter(|planned| planned.gate.tool.acts()) {
        let Fate::Run(jobs) = &mut planned.fate else { continue };
        let mut unseen = None;
        for job in jobs {
            let Some(image) = &job.image else { continue };
            let (built, scanned) = (who(&builds, image), who(&scans, image));
            if scanned.is_empty() && !job.unscanned {
                unseen = Some(image.clone());
            }
            let did: Vec<String> = [(built, "built"), (scanned, "looked at")]
                .into_iter()
                .filter(|(by, _)| !by.is_empty())
                .map(|(by, did)| format!("{} {did}", by.join(" and ")))
                .collect();
            if !did.is_empty() {
                job.why = format!("{}, if it is the image that {}", job.why, did.join(", and that "));
            }
        }
        if let Some(image) = unseen {
            planned.fate = Fate::Impossible(format!(
                "no gate of this run looks at {image}: add a gate with tool = \"trivy\" and scan = \"image\", or set `unscanned = true`"
            ));
        }
    }
}
