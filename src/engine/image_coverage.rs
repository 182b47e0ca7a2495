//! What a scan for vulnerabilities can't see in an image: an image in which it found nothing to look at, and packages of a
//! system that it does not know.

use std::collections::BTreeSet;

use crate::config::Gate;
use crate::engine::evidence::GateEvidence;
use crate::engine::job_run::TargetEvidence;
use crate::model::aim::Aim;
use crate::model::component::Component;
use crate::model::input::InputKind;
use crate::model::looked_at::{GateInput, InputState};
use crate::scan::proof::Proof;
use crate::text::shared::Text;

/// The types of package URLs for the packages of a system (package-url/purl-spec `types`; `ebuild` is Syft's for Portage).
const SYSTEM_TYPES: [&str; 7] = ["alpm", "apk", "deb", "ebuild", "nix", "portage", "rpm"];

/// Whether a gate looks for vulnerabilities in images.
pub(crate) fn scans_images(gate: &Gate) -> bool {
    gate.looks_for.contains(&Aim::ImageVulnerabilities)
}

/// Whether this target is an image in which the gate looks for vulnerabilities.
pub(crate) fn is_of_image(gate: &Gate, target: &TargetEvidence) -> bool {
    scans_images(gate) && target.record.image.is_some()
}

/// Whether a target was scanned, or somebody accepts by its name that it was not.
pub(crate) fn is_scanned(target: &TargetEvidence, inputs: &[GateInput]) -> bool {
    match row_of(target, inputs) {
        Some(image) => image.state == InputState::Scanned || (image.accepted.is_some() && image.by_name),
        None => matches!(target.proof, Proof::Complete(_)),
    }
}

/// The waiver that accepts with a pattern that a target was not scanned.
pub(crate) fn pattern_for(target: &TargetEvidence, inputs: &[GateInput]) -> Option<Text> {
    row_of(target, inputs).filter(|image| !image.by_name).and_then(|image| image.accepted.clone())
}

fn row_of<'i>(target: &TargetEvidence, inputs: &'i [GateInput]) -> Option<&'i GateInput> {
    inputs.iter().find(|input| input.kind == InputKind::Image && input.path == target.record.name)
}

/// The images of a gate, and what became of them. None if every image was scanned: the gate's targets say so.
pub(crate) fn images_of<'a>(
    evidence: &GateEvidence,
    others: impl Iterator<Item = &'a GateEvidence> + Clone,
) -> Vec<GateInput> {
    if evidence.lack.is_some() {
        return Vec::new();
    }
    let images = evidence.targets.iter().filter(|target| is_of_image(&evidence.gate, target));
    let rows: Vec<GateInput> = images
        .map(|target| {
            let (state, why) = fate(target, others.clone());
            GateInput::new(target.record.name.clone(), InputKind::Image, state, why.map(Text::from))
        })
        .collect();
    match rows.iter().all(|row| row.state == InputState::Scanned) {
        true => Vec::new(),
        false => rows,
    }
}

/// The same for each of these gates.
pub(crate) fn images_of_all(gates: &[Option<&GateEvidence>]) -> Vec<Vec<GateInput>> {
    let done = || gates.iter().copied().flatten();
    gates.iter().map(|gate| gate.map(|gate| images_of(gate, done())).unwrap_or_default()).collect()
}

fn fate<'a>(
    target: &TargetEvidence,
    others: impl Iterator<Item = &'a GateEvidence>,
) -> (InputState, Option<String>) {
    match &target.proof {
        Proof::Complete(parsed) => {
            let Some(read) = &parsed.package_types else { return (InputState::Scanned, None) };
            let targets = others.flat_map(|other| other.targets.iter().map(move |its| (other, its)));
            let same = targets.filter(|(_, its)| {
                its.record.image == target.record.image && its.proof.parsed().image_id == parsed.image_id
            });
            let mut unknown = same.filter_map(|(other, its)| {
                let listed = its.proof.parsed().inventory.as_ref()?;
                let (n, types) = unread(listed, read)?;
                let packages = if n == 1 { "package" } else { "packages" };
                let by = &other.gate.id;
                Some(format!("{by} lists {n} {types} {packages}, of a system that the scan does not know"))
            });
            match unknown.next() {
                Some(why) => (InputState::Gap, Some(why)),
                None => (InputState::Scanned, None),
            }
        }
        Proof::NothingInScope { .. } if target.may_be_empty => {
            (InputState::Empty, Some("nothing in it".to_owned()))
        }
        Proof::NothingInScope { reason, .. } => (InputState::Gap, Some(reason.clone())),
        Proof::Inconclusive { .. } => (InputState::Gap, None),
    }
}

/// How many packages of systems an inventory lists that the scan has not read, and of which types.
fn unread(listed: &[Component], read: &BTreeSet<Text>) -> Option<(usize, String)> {
    let types: Vec<&str> = listed
        .iter()
        .filter_map(|component| component.purl.as_deref()?.strip_prefix("pkg:")?.split('/').next())
        .filter_map(|found| SYSTEM_TYPES.into_iter().find(|known| known.eq_ignore_ascii_case(found)))
        .filter(|found| !read.contains(*found))
        .collect();
    let names: BTreeSet<&str> = types.iter().copied().collect();
    (!types.is_empty()).then(|| (types.len(), names.into_iter().collect::<Vec<_>>().join(" and ")))
}
