//! Images in files, for real: an archive that an earlier gate writes, and a folder in the OCI image layout.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "tests write images themselves")]

use std::process::Command;

use crate::common::pipeline::{BUILD, Pipeline, SBOM, SCAN};

fn of_file(gate: &str, file: &str) -> String {
    gate.replace("needs = ['images']", &format!("needs = ['save']\ninput = '{file}'"))
}

const SAVE: &str = "
[[gate]]
id = 'save'
tool = 'command'
needs = ['images']
run = ['docker', 'save', '--output', 'other/image.tar', 'IMAGE']
";

#[test]
fn an_archive_that_a_gate_writes_is_scanned_and_listed() {
    let pipeline = Pipeline::plain(&[BUILD]);
    std::fs::create_dir_all(pipeline.project.root().join("other")).unwrap();
    let save = SAVE.replace("IMAGE", &pipeline.image());
    let (scan, sbom) = (of_file(SCAN, "other/image.tar"), of_file(SBOM, "other/image.tar"));
    pipeline.write_gates(&[BUILD, &save, &scan, &sbom]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let id = &pipeline.project.gate("images")["targets"][0]["image_id"];
    for gate in ["scan", "sbom"] {
        let target = pipeline.project.gate(gate)["targets"][0].clone();
        assert_eq!((&target["image_id"], target["name"].as_str()), (id, Some("other/image.tar")), "{gate}");
    }
    // What is no image is no proof.
    std::fs::write(pipeline.project.root().join("other/image.tar"), "no archive").unwrap();
    let alone = |gate: &str| gate.replace("needs = ['save']\n", "");
    pipeline.write_gates(&[&alone(&scan), &alone(&sbom)]);
    assert_eq!(pipeline.run(&["run"]).code, 3);
    for gate in ["scan", "sbom"] {
        assert_eq!(pipeline.came_of(gate).0, "inconclusive", "{gate}");
    }
}

/// Writes an image for each of these platforms to one layout.
fn layout(pipeline: &Pipeline, platforms: &[&str]) {
    let root = pipeline.project.root();
    let buildah = |args: &[&str]| {
        let output = Command::new("buildah").args(args).current_dir(&root).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let list = format!("{}-layout", pipeline.name);
    for platform in platforms {
        buildah(&["build", "-q", "--platform", platform, "--manifest", &list, "app"]);
    }
    let _ = std::fs::remove_dir_all(root.join("other/layout"));
    buildah(&["manifest", "push", "-q", "--all", &list, "oci:other/layout:latest"]);
    buildah(&["manifest", "rm", &list]);
}

#[test]
fn a_layout_of_several_platforms_is_not_taken_for_one_of_them() {
    if !Command::new("buildah").arg("info").output().is_ok_and(|output| output.status.success()) {
        return;
    }
    let pipeline = Pipeline::plain(&[BUILD]);
    std::fs::create_dir_all(pipeline.project.root().join("other")).unwrap();
    layout(&pipeline, &["linux/amd64", "linux/arm64"]);
    let alone = |gate: &str| of_file(gate, "other/layout").replace("needs = ['save']\n", "");
    pipeline.write_gates(&[&alone(SCAN), &alone(SBOM)]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    for gate in ["scan", "sbom"] {
        let (_, reason) = pipeline.came_of(gate);
        assert!(reason.contains("other/layout has 2 images (linux/amd64 "), "{gate}: {reason}");
    }
}
