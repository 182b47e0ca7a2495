//! Scanners read an image of the run as a file, for real: the very image that was built, by its id, exported once for all
//! of them, and as soon as *it* is built.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "tests ask the engines themselves")]

use std::fs;
use std::process::Command;

use crate::common::pipeline::{BUILD, Pipeline, SBOM, SCAN, docker, real_docker};
use crate::common::{Ran, real_tools};

/// A script in front of docker that notes how it was started.
fn note_docker(pipeline: &Pipeline, before: &str) {
    let seen = pipeline.project.root().join("seen");
    fs::create_dir_all(&seen).unwrap();
    let script = format!(
        "echo \"$@\" >>{seen}/docker\n{before}\nexec {real} \"$@\"",
        seen = seen.display(),
        real = real_docker()
    );
    pipeline.project.program("docker", &script);
}

fn noted(pipeline: &Pipeline, command: &str) -> Vec<String> {
    let noted = pipeline.project.read("seen/docker");
    noted.lines().filter(|line| line.starts_with(command)).map(str::to_owned).collect()
}

/// Fails if the run still has a file of an image.
const LOOK: &str = "
[[gate]]
id = 'look'
tool = 'command'
needs = ['scan', 'sbom']
run = ['sh', '-c', 'test -z \"$(find $TMPDIR -name \"*.tar\")\"']
";

#[test]
fn an_image_is_exported_once_by_its_id_and_removed_after_its_last_scan() {
    let pipeline = Pipeline::plain(&[BUILD, SCAN, SBOM, LOOK]);
    note_docker(&pipeline, "");
    let temporary = pipeline.project.root().join("seen/tmp");
    fs::create_dir_all(&temporary).unwrap();
    let ran = Ran::of(pipeline.command(&["run"]).env("TMPDIR", &temporary).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.all());
    let id = docker(&["image", "inspect", "--format", "{{.Id}}", &pipeline.image()]);
    let saved = noted(&pipeline, "save");
    assert!(saved.len() == 1 && saved[0].ends_with(&id), "{saved:?}");
    for gate in ["scan", "sbom"] {
        let target = &pipeline.project.gate(gate)["targets"][0];
        assert_eq!(target["image_id"], id, "{gate}");
        assert_eq!(target["image"], pipeline.image(), "{gate}");
        let proof = target["proof"].to_string();
        assert!(proof.contains(&format!("read as a file that docker wrote of {id}")), "{proof}");
    }
    // The inventory is named after the image, not after the file.
    let sbom = pipeline.project.read(&format!("gates-report/sbom/sbom/{}.cdx.json", pipeline.name));
    let sbom: serde_json::Value = serde_json::from_str(&sbom).unwrap();
    let component = &sbom["metadata"]["component"];
    assert_eq!(
        (&component["name"], &component["version"]),
        (&pipeline.name.as_str().into(), &pipeline.tag.as_str().into())
    );
    assert!(!ran.all().contains(".images/"), "{}", ran.all());
}

#[test]
fn an_image_that_is_gone_before_its_scan_is_inconclusive() {
    let remove = "
[[gate]]
id = 'remove'
tool = 'command'
needs = ['images']
run = ['docker', 'image', 'rm', '--force', '--no-prune', 'IMAGE']
";
    let pipeline = Pipeline::plain(&[BUILD]);
    let scan = SCAN.replace("needs = ['images']", "needs = ['images', 'remove']");
    pipeline.write_gates(&[BUILD, &remove.replace("IMAGE", &pipeline.image()), &scan]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let (outcome, reason) = pipeline.came_of("scan");
    let why = format!("{} can't be read from docker: ", pipeline.image());
    assert!(
        outcome == "inconclusive"
            && reason.contains(&why)
            && reason.contains("was it removed after its build?"),
        "{reason}"
    );
}

/// Two images: the build of the second one waits for what `WAITS` says.
fn two_images() -> (Pipeline, String) {
    let two = BUILD.replace(
        "{ name = 'NAME', context = 'app' }",
        "{ name = 'NAME', context = 'app' }, { name = 'NAME-slow', context = 'app' }",
    );
    (Pipeline::plain(&[&two, SCAN]), two)
}

#[test]
fn a_scan_starts_when_its_image_is_built_and_not_when_all_are() {
    let (pipeline, _) = two_images();
    let seen = pipeline.project.root().join("seen");
    // The slow build ends only after the first scan: a scan that waits for all images would never start.
    let wait = format!(
        "case \"$*\" in build*-slow*) n=0; until [ -e {}/scanned ]; do n=$((n + 1)); [ $n -lt 600 ] || exit 1; sleep 0.2; done;; esac",
        seen.display()
    );
    note_docker(&pipeline, &wait);
    let trivy = format!(
        "{}/trivy \"$@\"; code=$?; case \"$*\" in *--input*) touch {}/scanned;; esac; exit $code",
        real_tools().display(),
        seen.display()
    );
    pipeline.project.program("trivy", &trivy);
    let ran = pipeline.run(&["run", "--jobs", "2"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let scanned = pipeline.project.gate("scan")["targets"].as_array().unwrap().len();
    assert_eq!((scanned, noted(&pipeline, "save").len()), (2, 2));
}

#[test]
fn a_scan_of_images_of_which_one_was_not_built_says_which_and_keeps_what_it_found() {
    let (pipeline, _) = two_images();
    note_docker(&pipeline, "case \"$*\" in build*-slow*) echo 'ERROR: no room' >&2; exit 1;; esac");
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let (outcome, reason) = pipeline.came_of("scan");
    assert_eq!(outcome, "inconclusive");
    assert!(reason.contains("not started: it needs images, which is inconclusive"), "{reason}");
    let targets = pipeline.project.gate("scan")["targets"].as_array().cloned().unwrap_or_default();
    // How far it came depends on which build ended first.
    if let [target] = targets.as_slice() {
        assert_eq!(target["name"], pipeline.name.as_str());
        assert!(reason.starts_with(&format!("{}-slow not started", pipeline.name)), "{reason}");
    }
}

#[test]
fn images_of_podman_and_buildah_are_scanned_as_those_of_docker_are() {
    for engine in ["podman", "buildah"] {
        if !Command::new(engine).arg("info").output().is_ok_and(|output| output.status.success()) {
            continue;
        }
        let build = BUILD.replace("images = [", &format!("engine = '{engine}'\nimages = ["));
        let pipeline = Pipeline::plain(&[&build, SCAN, SBOM]);
        let ran = pipeline.run(&["run"]);
        assert_eq!(ran.code, 0, "{engine}: {}", ran.all());
        let id = &pipeline.project.gate("images")["targets"][0]["image_id"];
        for gate in ["scan", "sbom"] {
            assert_eq!(&pipeline.project.gate(gate)["targets"][0]["image_id"], id, "{engine}: {gate}");
        }
        let _ = Command::new(engine).args(["rmi", &pipeline.image()]).output();
    }
}
