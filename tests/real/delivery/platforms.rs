//! Images for several platforms: each is built, scanned and listed on its own, and one index goes to the registry, if all of them are
//! proved.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::{Value, json};

use super::proxy::{Proxy, Trouble, Whose};
use crate::common::pipeline::{BUILD, OPEN_PUSH, Pipeline, SBOM, SCAN, docker, real_docker};
use crate::common::registry::Registry;

const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

/// A build for two platforms, with further keys of its image.
fn build(more: &str) -> String {
    BUILD.replace("context = 'app' }", &format!("context = 'app', platforms = {PLATFORMS:?}{more} }}"))
}

const FETCH: &str = ", fetch = 'REGISTRY/NAME'";

/// What the registry has of a manifest, by the name of its field.
fn field(pipeline: &Pipeline, digest: &str, path: &str) -> String {
    pipeline.registry.manifest(digest).pointer(path).unwrap().as_str().unwrap().to_owned()
}

/// Platform and digest of each image of the index under the commit's tag.
fn listed(pipeline: &Pipeline) -> Vec<(String, String)> {
    let index = pipeline.registry.manifest(&pipeline.pushed().unwrap());
    let manifests = index["manifests"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    manifests
        .map(|one| {
            let platform = &one["platform"];
            (format!("{}/{}", text(&platform["os"]), text(&platform["architecture"])), text(&one["digest"]))
        })
        .collect()
}

/// Writes a manifest to the registry, as anybody may.
fn put(pipeline: &Pipeline, tag: &str, manifest: &Value) {
    let body = manifest.to_string();
    let mut stream = TcpStream::connect(&pipeline.registry.address).unwrap();
    write!(
        stream,
        "PUT /v2/{}/manifests/{tag} HTTP/1.0\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{body}",
        pipeline.name,
        manifest["mediaType"].as_str().unwrap(),
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 201"), "{answer}");
}

fn works(engine: &str) -> bool {
    Command::new(engine).arg("info").output().is_ok_and(|output| output.status.success())
}

#[test]
fn every_platform_is_scanned_and_one_index_of_them_is_pushed() {
    for engine in ["docker", "podman"].into_iter().filter(|engine| works(engine)) {
        let with = |gate: &str| format!("{gate}engine = '{engine}'\n");
        let push = format!("{}moving_tags = ['latest']\n", with(OPEN_PUSH));
        let pipeline = Pipeline::plain(&[&with(&build("")), SCAN, SBOM, &push]);
        let plan = pipeline.run(&["plan"]);
        for platform in PLATFORMS {
            assert!(plan.stdout.contains(&format!("{} {platform}", pipeline.name)), "{}", plan.stdout);
        }
        let ran = pipeline.run(&["run"]);
        assert_eq!(ran.code, 0, "{engine}: {}", ran.all());

        let built = pipeline.project.gate("images")["targets"].clone();
        for (n, platform) in PLATFORMS.into_iter().enumerate() {
            assert!(built[n]["proof"].to_string().contains(&format!("built for {platform}")), "{}", built[n]);
            for gate in ["scan", "sbom"] {
                let seen = &pipeline.project.gate(gate)["targets"][n];
                assert_eq!(seen["name"], format!("{} {platform}", pipeline.name), "{engine} {gate}");
                assert_eq!(seen["image_id"], built[n]["image_id"], "{engine} {gate}");
            }
        }
        // Each image of the index is the one that was scanned for this platform.
        let index = pipeline.pushed().unwrap();
        let listed = listed(&pipeline);
        assert_eq!(listed.len(), 2);
        for (n, (platform, digest)) in listed.iter().enumerate() {
            assert_eq!(
                (platform.as_str(), &built[n]["image_id"]),
                (PLATFORMS[n], &json!(field(&pipeline, digest, "/config/digest"))),
                "{engine}"
            );
            let tag = format!("{}-{}", pipeline.tag, platform.replace('/', "-"));
            assert_eq!(pipeline.registry.digest(&pipeline.name, &tag).as_ref(), Some(digest));
        }
        let pushed = &pipeline.project.gate("push")["targets"][0];
        assert_eq!(pushed["name"], pipeline.name);
        let image = format!("{}/{}@{index}", pipeline.registry.address, pipeline.name);
        assert_eq!(
            (&pushed["outputs"]["digest"], &pushed["outputs"]["image"]),
            (&json!(index), &json!(image))
        );
        assert_eq!(pipeline.registry.digest(&pipeline.name, "latest"), Some(index.clone()), "{engine}");
        if engine == "docker" {
            // It is whole: the engine finds every platform in it.
            for platform in PLATFORMS {
                docker(&["pull", "--quiet", "--platform", platform, &image]);
                docker(&["image", "rm", "--force", "--no-prune", &image]);
            }
        } else {
            for platform in PLATFORMS {
                let name = format!("{}-{}", pipeline.image(), platform.replace('/', "-"));
                let _ = Command::new("podman").args(["image", "rm", "--force", &name]).output();
            }
        }
    }
}

#[test]
fn a_repeated_run_delivers_the_index_that_is_there() {
    let pipeline = Pipeline::plain(&[&build(FETCH), SCAN, OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let index = pipeline.pushed().unwrap();
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let built = pipeline.project.gate("images")["targets"].clone();
    assert!(built[1]["proof"].to_string().contains("has from this commit"), "{built:#}");
    let pushed = pipeline.project.gate("push")["targets"][0].clone();
    assert!(
        pushed["proof"].to_string().contains(&format!("is the index {index} (already there)")),
        "{pushed:#}"
    );
    assert_eq!((&pushed["outputs"]["digest"], pipeline.pushed()), (&json!(index), Some(index.clone())));

    // For one platform alone, an index with its image is this image: what is passed on is the image, not the index.
    let one =
        BUILD.replace("context = 'app' }", &format!("context = 'app', platform = 'linux/arm64'{FETCH} }}"));
    pipeline.write_gates(&[&one, SCAN, OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let pushed = pipeline.project.gate("push")["targets"][0].clone();
    assert_eq!(pushed["outputs"]["digest"], json!(listed(&pipeline)[1].1), "{pushed:#}");
    assert_eq!(pipeline.pushed(), Some(index));
}

#[test]
fn an_index_with_a_platform_that_nobody_scanned_is_another_image() {
    let pipeline = Pipeline::plain(&[&build(FETCH), SCAN, OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let index = pipeline.pushed().unwrap();
    // Somebody adds an image to the index.
    let other = format!("{}/{}:other", pipeline.registry.address, pipeline.name);
    pipeline.build_another(&other);
    docker(&["push", "--quiet", &other]);
    let digest = pipeline.registry.digest(&pipeline.name, "other").unwrap();
    let mut larger = pipeline.registry.manifest(&index);
    let mut entry = larger["manifests"][0].clone();
    entry["digest"] = json!(digest);
    entry["platform"] = json!({"os": "linux", "architecture": "s390x"});
    larger["manifests"].as_array_mut().unwrap().push(entry);
    put(&pipeline, &pipeline.tag, &larger);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(pipeline.came_of("push").0, "failed");
    let pushed = pipeline.project.gate("push")["targets"][0].clone();
    assert_eq!(pushed["outputs"], Value::Null, "{pushed:#}");

    // A scan of one platform frees no index.
    let some = SCAN.replace(
        "needs = ['images']",
        &format!("needs = ['images']\nimages = ['{}-linux-amd64']", pipeline.image()),
    );
    pipeline.write_gates(&[&build(FETCH), &some, OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = pipeline.came_of("push").1;
    assert!(
        reason.contains(&format!("no gate of this run scans {}-linux-arm64", pipeline.image())),
        "{reason}"
    );
}

#[test]
fn a_platform_that_is_replaced_between_scan_and_push_takes_nothing_with_it() {
    let replaced = "[[gate]]\nid = 'replace'\ntool = 'command'\nneeds = ['scan']\nrun = ['docker', 'tag', 'OTHER', 'IMAGE-linux-arm64']\n";
    let pipeline = Pipeline::plain(&[&build("")]);
    let other = format!("{}:another", pipeline.name);
    pipeline.build_another(&other);
    let replaced = replaced.replace("OTHER", &other).replace("IMAGE", &pipeline.image());
    pipeline.write_gates(&[&build(""), SCAN, &replaced, OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    // What was scanned is pushed, by its id.
    let built = pipeline.project.gate("images")["targets"].clone();
    let scanned: BTreeSet<&str> =
        built.as_array().unwrap().iter().map(|target| target["image_id"].as_str().unwrap()).collect();
    let pushed: Vec<Value> =
        listed(&pipeline).iter().map(|(_, digest)| pipeline.registry.manifest(digest)).collect();
    let pushed: BTreeSet<&str> =
        pushed.iter().map(|manifest| manifest["config"]["digest"].as_str().unwrap()).collect();
    assert_eq!((pushed.len(), &pushed), (2, &scanned));
}

#[test]
fn a_push_that_broke_off_between_two_platforms_is_finished_by_the_next_run() {
    let pipeline = Pipeline::plain(&[&build(FETCH), SCAN, OPEN_PUSH]);
    let script = format!(
        "case \"$*\" in push*linux-arm64*) echo 'denied: no' >&2; exit 1 ;; esac\nexec {} \"$@\"",
        real_docker()
    );
    pipeline.project.program("docker", &script);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let part = |platform: &str| {
        pipeline.registry.digest(&pipeline.name, &format!("{}-linux-{platform}", pipeline.tag))
    };
    let first = part("amd64");
    assert!(first.is_some() && part("arm64").is_none() && pipeline.pushed().is_none());
    std::fs::remove_file(pipeline.project.bin().join("docker")).unwrap();
    // The image that is there already is taken, the other one is built.
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(part("amd64"), first);
    assert_eq!(
        listed(&pipeline).into_iter().map(|(_, digest)| Some(digest)).collect::<Vec<_>>(),
        [first, part("arm64")]
    );
}

/// A pipeline whose registry stands behind a proxy.
fn behind_a_proxy() -> (Pipeline, Proxy) {
    let registry = Registry::open();
    let proxy = Proxy::before(&registry.address);
    let push = OPEN_PUSH.replace("REGISTRY", &proxy.address);
    (Pipeline::at(registry, None, &[&build(""), SCAN, &push]), proxy)
}

/// What Portcullis asks for, in turn: the tag, the tags of the two platforms, each of them after its push, the index (a PUT), the tag.
#[test]
fn an_index_or_a_manifest_that_the_registry_alters_is_never_a_pass() {
    for (after, index) in [(3, false), (4, false), (6, true)] {
        for (trouble, words) in [
            // A letter of `schemaVersion`, which no digest has.
            (Trouble::Altered(b'V', b'W'), "was altered on its way"),
            (
                Trouble::AlteredUnsaid(b'V', b'W'),
                if index { "but the registry holds" } else { "no index was pushed" },
            ),
        ] {
            let (pipeline, proxy) = behind_a_proxy();
            proxy.misbehave(Whose::Portcullis, after, 1, trouble.clone());
            let ran = pipeline.run(&["run"]);
            assert_eq!((ran.code, proxy.met()), (3, 1), "{after}: {}", ran.all());
            let (outcome, reason) = pipeline.came_of("push");
            assert!(outcome == "inconclusive" && reason.contains(words), "{after} {trouble:?}: {reason}");
            assert!(!reason.contains("remove"), "{reason}");
            // Without a whole manifest of each platform there is no index.
            assert_eq!(pipeline.pushed().is_some(), index, "{after}");
            let pushed = pipeline.project.gate("push")["targets"][0].clone();
            assert_eq!(pushed["outputs"], Value::Null, "{pushed:#}");
        }
    }
}

#[test]
fn a_platform_is_fetched_from_the_index_and_not_by_a_tag_that_somebody_moved() {
    let pipeline = Pipeline::plain(&[&build(FETCH), SCAN, OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let (index, images) = (pipeline.pushed().unwrap(), listed(&pipeline));
    // Another image of this commit for this platform, under the platform's own tag.
    let commit = pipeline.project.git(&["rev-parse", "HEAD"]);
    let other = format!("{}/{}:{}-linux-arm64", pipeline.registry.address, pipeline.name, pipeline.tag);
    pipeline.write_image("other", "another build");
    let label = format!("org.opencontainers.image.revision={}", commit.trim());
    let folder = pipeline.project.root().join("other").display().to_string();
    docker(&[
        "build",
        "--quiet",
        "--no-cache",
        "--platform",
        "linux/arm64",
        "--label",
        &label,
        "--tag",
        &other,
        &folder,
    ]);
    docker(&["push", "--quiet", &other]);
    docker(&["image", "rm", "--force", "--no-prune", &other]);
    let moved = pipeline.registry.digest(&pipeline.name, &format!("{}-linux-arm64", pipeline.tag)).unwrap();
    assert_ne!(moved, images[1].1);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let built = pipeline.project.gate("images")["targets"].clone();
    for (n, (_, digest)) in images.iter().enumerate() {
        assert_eq!(built[n]["image_digest"], json!(digest), "{built:#}");
    }
    assert_eq!(pipeline.pushed(), Some(index));
}
