//! The same commit once more on a fresh machine, for real: the image that an earlier run pushed is fetched, scanned and
//! delivered, since a second build is another image.

#![allow(clippy::disallowed_methods, reason = "the engines are asked what they have")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::process::Command;

use crate::common::pipeline::{BUILD, OPEN_PUSH, Pipeline, SBOM, SCAN, docker};

/// The image gets another id each time.
fn build(fetch: &str) -> String {
    BUILD.replace(
        "{ name = 'NAME', context = 'app' }",
        &format!("{{ name = 'NAME', context = 'app', no_cache = true, platform = 'linux/amd64'{fetch} }}"),
    )
}

const FETCH: &str = ", fetch = 'REGISTRY/NAME'";

/// As a machine that never built the image. What other tests build on stays.
pub(crate) fn forget(pipeline: &Pipeline) {
    // With all its names, also by digest.
    let id = docker(&["image", "inspect", "--format", "{{.Id}}", &pipeline.image()]);
    docker(&["image", "rm", "--force", "--no-prune", &id]);
}

#[test]
fn the_same_commit_on_a_fresh_machine_is_delivered_by_the_digest_that_is_there() {
    let pipeline = Pipeline::plain(&[&build(FETCH), SCAN, SBOM, OPEN_PUSH]);
    // There is nothing to fetch yet.
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let first = pipeline.project.gate("images")["targets"][0].clone();
    assert!(first["proof"].to_string().contains("built sha256:"), "{first}");
    let digest = pipeline.pushed().unwrap();
    forget(&pipeline);

    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let second = pipeline.project.gate("images")["targets"][0].clone();
    assert_eq!(second["image_id"], first["image_id"]);
    assert_eq!(second["image_digest"], digest.as_str());
    let proof = second["proof"].to_string();
    assert!(proof.contains("has from this commit") && proof.contains("built for linux/amd64"), "{proof}");
    for gate in ["scan", "sbom"] {
        assert_eq!(pipeline.project.gate(gate)["targets"][0]["image_id"], first["image_id"], "{gate}");
    }
    assert_eq!(pipeline.project.gate("push")["targets"][0]["outputs"]["digest"], digest.as_str());
    assert_eq!(pipeline.pushed().unwrap(), digest);

    // Without it, the commit's tag is taken by another image.
    forget(&pipeline);
    pipeline.project.write("app/node_modules/notes/time", "a step of the build that depends on the day");
    pipeline.project.write(".git/info/exclude", "time\n");
    pipeline.write_gates(&[&build(""), SCAN, OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_ne!(ran.code, 0, "{}", ran.all());
    assert_eq!(pipeline.pushed().unwrap(), digest);
}

#[test]
fn an_image_of_another_commit_under_the_tag_is_not_taken() {
    let pipeline = Pipeline::plain(&[&build(FETCH), SCAN, OPEN_PUSH]);
    let remote = format!("{}/{}:{}", pipeline.registry.address, pipeline.name, pipeline.tag);
    pipeline.build_another(&remote);
    docker(&["push", "--quiet", &remote]);
    docker(&["image", "rm", "--force", "--no-prune", &remote]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let (outcome, reason) = pipeline.came_of("images");
    let why = format!("{remote} has no label of a revision, and this is ");
    assert!(outcome == "inconclusive" && reason.contains(&why), "{reason}");
}

#[test]
fn a_registry_that_does_not_answer_is_not_taken_for_one_without_the_image() {
    let pipeline = Pipeline::plain(&[&build(", fetch = '127.0.0.1:9/NAME'"), SCAN]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let (_, reason) = pipeline.came_of("images");
    assert!(reason.contains("it is not known whether 127.0.0.1:9/"), "{reason}");
}

#[test]
fn a_changed_work_tree_is_built_and_never_fetched() {
    let pipeline = Pipeline::plain(&[&build(FETCH), SCAN, OPEN_PUSH]);
    assert_eq!(pipeline.run(&["run"]).code, 0);
    pipeline.write_app("changed");
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let target = pipeline.project.gate("images")["targets"][0].clone();
    assert!(target["image"].as_str().unwrap().ends_with("-dirty"), "{target}");
    assert!(target["proof"].to_string().contains("built sha256:"), "{target}");
}

/// By Podman and Buildah, which have to be told that the registry is without TLS.
#[test]
fn podman_and_buildah_fetch_what_podman_has_pushed() {
    let has =
        |engine: &str| Command::new(engine).arg("info").output().is_ok_and(|output| output.status.success());
    if !has("podman") || !has("buildah") {
        return;
    }
    for engine in ["podman", "buildah"] {
        let build = build(FETCH).replace("images = [", &format!("engine = '{engine}'\nimages = ["));
        let push = OPEN_PUSH.replace("login = false", "login = false\nengine = 'podman'");
        let pipeline = Pipeline::plain(&[&build, SCAN, SBOM, &push]);
        let forget = || {
            let removed = Command::new(engine).args(["rmi", "--force", &pipeline.image()]).output().unwrap();
            assert!(removed.status.success(), "{}", String::from_utf8_lossy(&removed.stderr));
        };
        let ran = pipeline.run(&["run"]);
        assert_eq!(ran.code, 0, "{engine}: {}", ran.all());
        let first = pipeline.project.gate("images")["targets"][0]["image_id"].clone();
        let digest = pipeline.pushed().unwrap();
        forget();
        let ran = pipeline.run(&["run"]);
        assert_eq!(ran.code, 0, "{engine}: {}", ran.all());
        let target = &pipeline.project.gate("images")["targets"][0];
        assert!(target["proof"].to_string().contains("has from this commit"), "{engine}: {target}");
        assert_eq!(
            (&target["image_id"], &target["image_digest"]),
            (&first, &digest.as_str().into()),
            "{engine}"
        );
        assert_eq!(pipeline.pushed().unwrap(), digest, "{engine}");
        forget();
    }
}
