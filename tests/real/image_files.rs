//! Images in files, for real: an archive that an earlier gate writes, and a folder in the OCI image layout.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "tests write images themselves")]

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

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
    // The same in the form in which many archives are passed on.
    let root = pipeline.project.root();
    assert!(
        Command::new("gzip").args(["-k", "other/image.tar"]).current_dir(&root).status().unwrap().success()
    );
    let packed = |gate: &str| gate.replace("needs = ['save']\n", "").replace("image.tar", "image.tar.gz");
    pipeline.write_gates(&[&packed(&scan), &packed(&sbom)]);
    let built = id.clone();
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    for gate in ["scan", "sbom"] {
        assert_eq!(pipeline.project.gate(gate)["targets"][0]["image_id"], built, "{gate}");
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

#[test]
fn a_file_that_changes_between_scan_and_sbom_proves_nothing() {
    let pipeline = Pipeline::plain(&[BUILD]);
    let root = pipeline.project.root();
    std::fs::create_dir_all(root.join("other")).unwrap();
    let saved = |name: &str, to: &str| {
        let name = format!("{}-{name}", pipeline.name);
        let id = pipeline.build_another(&name);
        let docker =
            Command::new("docker").args(["save", "--output", to, &id]).current_dir(&root).output().unwrap();
        assert!(docker.status.success(), "{}", String::from_utf8_lossy(&docker.stderr));
        Command::new("docker").args(["rmi", &name]).output().unwrap();
        id
    };
    let (first, second) = (saved("one", "other/a.tar"), saved("two", "other/b.tar"));
    std::fs::copy(root.join("other/a.tar"), root.join("other/image.tar")).unwrap();
    let swap = SAVE
        .replace(
            "'docker', 'save', '--output', 'other/image.tar', 'IMAGE'",
            "'cp', 'other/b.tar', 'other/image.tar'",
        )
        .replace("['images']", "['first']");
    let first_gate =
        of_file(SBOM, "other/image.tar").replace("'sbom'", "'first'").replace("needs = ['save']\n", "");
    let second_gate = of_file(SBOM, "./other/image.tar");
    pipeline.write_gates(&[&first_gate, &swap, &second_gate]);
    assert_eq!(pipeline.run(&["run"]).code, 3);
    let (outcome, reason) = pipeline.came_of("first");
    assert_eq!(outcome, "passed", "{reason}");
    let (outcome, reason) = pipeline.came_of("sbom");
    assert_eq!(outcome, "inconclusive");
    assert!(reason.contains(&first) && reason.contains(&second), "{reason}");
}

/// Writes an image for each of these platforms to one layout, and to one archive.
fn several(pipeline: &Pipeline, platforms: &[&str]) {
    let root = pipeline.project.root();
    std::fs::create_dir_all(root.join("other")).unwrap();
    let buildah = |args: &[&str]| {
        let output = Command::new("buildah").args(args).current_dir(&root).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let list = format!("{}-layout", pipeline.name);
    for platform in platforms {
        buildah(&["build", "-q", "--platform", platform, "--manifest", &list, "app"]);
    }
    let _ = std::fs::remove_dir_all(root.join("other/layout"));
    let _ = std::fs::remove_file(root.join("other/several.tar"));
    buildah(&["manifest", "push", "-q", "--all", &list, "oci:other/layout:latest"]);
    buildah(&["manifest", "push", "-q", "--all", &list, "oci-archive:other/several.tar:latest"]);
    buildah(&["manifest", "rm", &list]);
}

/// The configuration of each image, by its platform, as the layout's own documents tell it.
fn configurations(pipeline: &Pipeline) -> BTreeMap<String, String> {
    let folder = pipeline.project.root().join("other/layout");
    let read =
        |path: &str| -> Value { serde_json::from_slice(&std::fs::read(folder.join(path)).unwrap()).unwrap() };
    let blob = |digest: &Value| read(&digest.as_str().unwrap().replace("sha256:", "blobs/sha256/"));
    let index = blob(&read("index.json")["manifests"][0]["digest"]);
    let of = |entry: &Value| {
        let platform = &entry["platform"];
        let name =
            format!("{}/{}", platform["os"].as_str().unwrap(), platform["architecture"].as_str().unwrap());
        (name, blob(&entry["digest"])["config"]["digest"].as_str().unwrap().to_owned())
    };
    index["manifests"].as_array().unwrap().iter().map(of).collect()
}

fn buildah_works() -> bool {
    Command::new("buildah").arg("info").output().is_ok_and(|output| output.status.success())
}

#[test]
fn each_platform_of_a_layout_or_an_archive_is_scanned_on_its_own() {
    if !buildah_works() {
        return;
    }
    let pipeline = Pipeline::plain(&[BUILD]);
    several(&pipeline, &["linux/amd64", "linux/arm64"]);
    let configurations = configurations(&pipeline);
    for file in ["other/layout", "other/several.tar"] {
        let alone = |gate: &str| of_file(gate, file).replace("needs = ['save']\n", "");
        pipeline.write_gates(&[&alone(SCAN), &alone(SBOM)]);
        let plan = pipeline.run(&["plan"]);
        assert!(plan.stdout.contains(&format!("{file} linux/arm64")), "{}", plan.stdout);
        let ran = pipeline.run(&["run"]);
        assert_eq!(ran.code, 0, "{file}: {}", ran.all());
        for gate in ["scan", "sbom"] {
            let targets = pipeline.project.gate(gate)["targets"].clone();
            let seen: BTreeMap<String, String> = targets
                .as_array()
                .unwrap()
                .iter()
                .map(|target| {
                    let name = target["name"].as_str().unwrap().strip_prefix(&format!("{file} ")).unwrap();
                    (name.to_owned(), target["image_id"].as_str().unwrap().to_owned())
                })
                .collect();
            assert_eq!(seen, configurations, "{file} {gate}");
        }
    }
    // One platform is not whole.
    let arm = configurations["linux/arm64"].replace("sha256:", "other/layout/blobs/sha256/");
    std::fs::remove_file(pipeline.project.root().join(arm)).unwrap();
    let alone = |gate: &str| of_file(gate, "other/layout").replace("needs = ['save']\n", "");
    pipeline.write_gates(&[&alone(SCAN), &alone(SBOM)]);
    assert_eq!(pipeline.run(&["run"]).code, 3);
    for gate in ["scan", "sbom"] {
        let (outcome, reason) = pipeline.came_of(gate);
        let why =
            "other/layout linux/arm64: not started: the image linux/arm64 of other/layout can't be read";
        assert!(outcome == "inconclusive" && reason.contains(why), "{gate}: {reason}");
    }
}

#[test]
fn an_archive_of_several_platforms_that_a_gate_writes_is_never_taken_for_one_image() {
    if !buildah_works() {
        return;
    }
    let pipeline = Pipeline::plain(&[BUILD]);
    several(&pipeline, &["linux/amd64", "linux/arm64"]);
    let root = pipeline.project.root();
    std::fs::rename(root.join("other/several.tar"), root.join("other/made.tar")).unwrap();
    let save =
        "[[gate]]\nid = 'save'\ntool = 'command'\nrun = ['cp', 'other/made.tar', 'other/several.tar']\n";
    let (scan, sbom) = (of_file(SCAN, "other/several.tar"), of_file(SBOM, "other/several.tar"));
    pipeline.write_gates(&[save, &scan, &sbom]);
    assert_eq!(pipeline.run(&["run"]).code, 3);
    for gate in ["scan", "sbom"] {
        let (_, reason) = pipeline.came_of(gate);
        let why = "other/several.tar has 2 images by now (linux/amd64, linux/arm64), and one was planned: name them in `platforms`";
        assert!(reason.contains(why), "{gate}: {reason}");
    }
    std::fs::remove_file(root.join("other/several.tar")).unwrap();
    let named = |gate: &str| format!("{gate}platforms = ['linux/amd64', 'linux/arm64']\n");
    pipeline.write_gates(&[save, &named(&scan), &named(&sbom)]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(pipeline.project.gate("scan")["targets"][1]["name"], "other/several.tar linux/arm64");
}

#[test]
fn an_archive_of_one_image_in_either_format_is_scanned() {
    if !buildah_works() {
        return;
    }
    let pipeline = Pipeline::plain(&[BUILD]);
    let root = pipeline.project.root();
    std::fs::create_dir_all(root.join("other")).unwrap();
    let name = format!("{}-one", pipeline.name);
    for args in [
        vec!["build", "-q", "-t", &name, "app"],
        vec!["push", "-q", &name, "oci-archive:other/oci.tar"],
        vec!["push", "-q", &name, "docker-archive:other/docker.tar"],
        vec!["rmi", &name],
    ] {
        assert!(
            Command::new("buildah").args(&args).current_dir(&root).status().unwrap().success(),
            "{args:?}"
        );
    }
    let files =
        |gate: &str| gate.replace("needs = ['images']", "input = ['other/oci.tar', 'other/docker.tar']");
    pipeline.write_gates(&[&files(SCAN), &files(SBOM)]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    for gate in ["scan", "sbom"] {
        let targets = pipeline.project.gate(gate)["targets"].clone();
        assert_eq!(
            (&targets[0]["name"], &targets[1]["name"]),
            (&"other/oci.tar".into(), &"other/docker.tar".into())
        );
        assert!(targets[0]["image_id"].is_string() && targets[1]["image_id"].is_string(), "{targets:#}");
    }
}
