//! Images in files of `input`, and images of which a waiver accepts that they were not scanned.

use super::*;

use crate::scan::gate_outputs::another_input;

/// A gate that looked at images in one file.
fn looked(id: &str, file: &str, ids: &[Option<&str>]) -> FinishedGate {
    let mut gate = done(id, "trivy", Outcome::Passed, None);
    let target = gate.targets.remove(0);
    gate.targets = ids
        .iter()
        .map(|id| FinishedTarget { image_id: id.map(Text::from), input: Some(file.into()), ..target.clone() })
        .collect();
    gate
}

#[test]
fn every_gate_finds_the_same_images_in_a_file() {
    let after = |earlier: FinishedGate, now: &FinishedGate| {
        another_input(&GateOutputs { gates: vec![earlier] }, &now.targets)
    };
    let both = [Some(ONE), Some(TWO)];
    let scan = |ids: &[Option<&str>]| looked("scan", "/p/i.tar", ids);
    let sbom = |ids: &[Option<&str>]| looked("sbom", "/p/i.tar", ids);
    let why = after(scan(&[Some(ONE)]), &sbom(&[Some(TWO)])).unwrap();
    assert!(why.contains(&format!("scan looked at {ONE} in it, and this gate at {TWO}")), "{why}");
    // Images of several platforms: in any order, and all of them.
    assert_eq!(after(scan(&both), &sbom(&[Some(TWO), Some(ONE)])), None);
    assert!(after(scan(&both), &sbom(&[Some(ONE)])).is_some());
    assert!(after(scan(&[Some(ONE)]), &sbom(&both)).is_some());
    // One that does not say what it looked at, after one that does.
    let why = after(scan(&both), &sbom(&[Some(ONE), None])).unwrap();
    assert!(why.contains("does not say which image"), "{why}");
    // Other files, and images that are in none.
    assert_eq!(after(looked("scan", "/p/other.tar", &[Some(ONE)]), &sbom(&[Some(TWO)])), None);
    assert_eq!(after(done("images", BUILDER, Outcome::Passed, Some(ONE)), &sbom(&[Some(TWO)])), None);
}

#[test]
fn a_waiver_with_a_pattern_frees_no_image_and_is_named() {
    let mut scan = done("scan", "trivy", Outcome::Passed, Some(ONE));
    (scan.targets[0].scanned, scan.targets[0].pattern) = (false, Some("all of them".into()));
    let build = done("images", BUILDER, Outcome::Passed, Some(ONE));
    let image = seen(&[build, scan]).unwrap();
    assert_eq!((image.by, image.pattern.as_deref()), (Vec::new(), Some("all of them")));
}
