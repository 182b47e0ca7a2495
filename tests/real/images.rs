//! `docker-build` with the engines that are really here: Docker (with BuildKit and without), podman
//! and buildah, on images `FROM scratch`. What is not here is inconclusive, and says how to get it.

#![allow(clippy::disallowed_methods, reason = "the engines are asked what they have built")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::process::Command;

use crate::common::Ran;
use crate::common::images::{ENGINES, gates, project, target, which};
use serde_json::Value;

/// Whether the engine can build here.
fn works(engine: &str) -> bool {
    Command::new(engine).arg("info").output().is_ok_and(|output| output.status.success())
}

fn inspected(engine: &str, reference: &str) -> Value {
    let args: &[&str] = match engine {
        "buildah" => &["inspect", "--type", "image"],
        _ => &["image", "inspect"],
    };
    let output = Command::new(engine).args(args).arg(reference).output().unwrap();
    assert!(
        output.status.success(),
        "{engine} has no {reference}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    value.get(0).unwrap_or(&value).clone()
}

/// The image's id and its labels, in the engine's own words.
fn id_and_labels(engine: &str, reference: &str) -> (String, Value) {
    let image = inspected(engine, reference);
    let (id, labels) = match engine {
        "buildah" => (&image["FromImageID"], &image["OCIv1"]["config"]["Labels"]),
        _ => (&image["Id"], &image["Config"]["Labels"]),
    };
    (id.as_str().unwrap().trim_start_matches("sha256:").to_owned(), labels.clone())
}

fn remove(engine: &str, references: &[String]) {
    // Another test may build on the same layers just now: they stay. Podman and Buildah keep theirs apart.
    let keep = (engine == "docker").then_some("--no-prune");
    let _ = Command::new(engine).arg("rmi").args(keep).args(references).output();
}

#[test]
fn each_engine_builds_tags_and_labels_and_reports_the_id() {
    for engine in ENGINES {
        let name = format!("portcullis-test/{engine}");
        let project = project(engine, &name, ", tags = ['1.4.0'], build_args = { SHADE = 'blue' }");
        let ran = project.run(&["run", "--verbose"]);
        let gate = project.gate("images");
        if !works(engine) {
            assert_eq!(ran.code, 3, "{engine}: {}", ran.all());
            continue;
        }
        assert_eq!(ran.code, 0, "{engine}: {}", ran.all());
        let head = project.git(&["rev-parse", "HEAD"]);
        let references = [format!("{name}:{}", &head[..12]), format!("{name}:1.4.0")];
        let (id, labels) = id_and_labels(engine, &references[0]);
        assert_eq!(target(&project)["image_id"], format!("sha256:{id}"), "{engine}");
        assert_eq!(id_and_labels(engine, &references[1]).0, id, "{engine}");
        assert_eq!(target(&project)["image"], references[0].as_str());
        assert_eq!(labels["org.opencontainers.image.revision"], head.as_str(), "{engine}: {labels}");
        assert_eq!((&labels["team"], &labels["shade"]), (&"notes".into(), &"blue".into()), "{engine}");
        assert!(gate["tool_version"].as_str().unwrap().contains('.'), "{engine}");
        remove(engine, &references);
    }
}

#[test]
fn a_file_that_is_not_there_is_reported_by_each_engine() {
    for engine in ENGINES.into_iter().filter(|engine| works(engine)) {
        let project = project(engine, "portcullis-test/broken", "");
        project.write("Dockerfile", "FROM scratch\nCOPY missing /\n");
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 3, "{engine}: {}", ran.all());
        let reason = project.gate("images")["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains("exit code 1") && reason.contains("missing"), "{engine}: {reason}");
    }
}

#[test]
fn a_changed_work_tree_is_not_passed_off_as_its_commit() {
    let Some(engine) = ENGINES.into_iter().find(|engine| works(engine)) else { return };
    let name = "portcullis-test/dirty";
    let project = project(engine, name, "");
    // What git ignores makes no difference to it, nor does what the engine leaves out of the context.
    project.write(".gitignore", "gates-report\nignored\n");
    project.write(".dockerignore", "left-out\n");
    let head = project.commit("what is left out");
    let reference = |end: &str| format!("{name}:{}{end}", &head[..12]);
    project.write("ignored/a", "ignored");
    project.write("left-out/a", "untracked");
    assert_eq!(project.run(&["run"]).code, 0);
    assert_eq!(target(&project)["image"], reference("").as_str());
    assert_eq!(target(&project)["notes"], Value::Null);
    project.write("notes.txt", "untracked");
    assert_eq!(project.run(&["run"]).code, 0);
    assert_eq!(target(&project)["image"], reference("-dirty").as_str());
    let note = target(&project)["notes"][0].as_str().unwrap().to_owned();
    assert!(note.starts_with("notes.txt in its build context: in no commit, so the tag is"), "{note}");
    std::fs::remove_file(project.root().join("notes.txt")).unwrap();

    project.write("hello", "changed\n");
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(target(&project)["image"], reference("-dirty").as_str());
    let note = target(&project)["notes"][0].as_str().unwrap().to_owned();
    assert!(note.contains("the work tree differs from the commit"), "{note}");
    let (id, labels) = id_and_labels(engine, &reference("-dirty"));
    assert_ne!(id, id_and_labels(engine, &reference("")).0);
    assert_eq!(labels["org.opencontainers.image.revision"], format!("{head}-dirty"));
    let plan = project.run(&["plan"]);
    assert!(plan.stdout.contains(&reference("-dirty")), "{}", plan.stdout);
    remove(engine, &[reference(""), reference("-dirty")]);
}

#[test]
fn an_image_of_another_platform_than_the_one_asked_for_is_inconclusive() {
    for engine in ENGINES.into_iter().filter(|engine| works(engine)) {
        let name = format!("portcullis-test/platform-{engine}");
        let project = project(engine, &name, ", platform = 'linux/arm64'");
        // With more steps, the classic builder looks for its own intermediate images under the wrong platform.
        project.write("Dockerfile", "FROM scratch\nCOPY hello /platform\n");
        project.commit("one step");
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 0, "{engine}: {}", ran.all());
        assert!(target(&project)["proof"].to_string().contains("built for linux/arm64"), "{engine}");
        remove(engine, &[target(&project)["image"].as_str().unwrap().to_owned()]);
    }
    if !works("docker") {
        return;
    }
    // The classic builder takes a base image of any platform.
    let base = "portcullis-test/platform-base:1";
    let project = project("docker", "portcullis-test/platform-other", ", platform = 'linux/arm64'");
    let built =
        Command::new("docker").args(["build", "-q", "-t", base, "."]).current_dir(project.root()).output();
    assert!(built.unwrap().status.success());
    project.write("Dockerfile", format!("FROM {base}\nCOPY hello /again\n"));
    project.commit("on a base of another platform");
    let output = project.command(&["run"]).env("DOCKER_BUILDKIT", "0").output().unwrap();
    let ran = Ran::of(output);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = project.gate("images")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("it was built for linux/amd64, and `platform` is linux/arm64"), "{reason}");
    remove("docker", &[target(&project)["image"].as_str().unwrap().to_owned(), base.to_owned()]);
}

#[test]
fn a_handed_on_argument_reaches_the_build_and_no_record() {
    let token = ["tok", "en-of-a-test-4711"].concat();
    for engine in ENGINES.into_iter().filter(|engine| works(engine)) {
        let name = format!("portcullis-test/argument-{engine}");
        let project = project(engine, &name, ", build_args = { NPM_TOKEN = true }");
        let output = project.command(&["run", "--verbose"]).env("NPM_TOKEN", &token).output().unwrap();
        let ran = Ran::of(output);
        assert_eq!(ran.code, 0, "{engine}: {}", ran.all());
        let reference = target(&project)["image"].as_str().unwrap().to_owned();
        assert_eq!(id_and_labels(engine, &reference).1["token"], token.as_str(), "{engine}");
        remove(engine, &[reference]);
        assert!(!ran.all().contains(&token), "{engine}: {}", ran.all());
        let mut grep = Command::new("grep");
        let written = grep.args(["-r", &token, "gates-report"]).current_dir(project.root()).output().unwrap();
        assert!(written.stdout.is_empty(), "{engine}");
    }
}

#[test]
fn docker_builds_with_buildkit_where_it_has_it() {
    if !works("docker") {
        return;
    }
    // The one on the PATH, and one that the system's package brings, which may be older.
    for program in [which("docker"), "/usr/bin/docker".into()].iter().filter(|program| program.is_file()) {
        let name = "portcullis-test/buildkit";
        let project = project("docker", name, "");
        let gates = gates("docker", name, "")
            .replace("images = [", &format!("program = '{}'\nimages = [", program.display()));
        project.write("gates.toml", gates);
        project.commit("another docker");
        let help =
            Command::new(program).args(["build", "--help"]).env("DOCKER_BUILDKIT", "1").output().unwrap();
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 0, "{}: {}", program.display(), ran.all());
        let log = target(&project)["files"]["stderr.log"]
            .as_str()
            .map(|file| project.read(&format!("gates-report/{file}")));
        let buildkit = log.is_some_and(|log| log.contains("load build definition"));
        assert_eq!(buildkit, help.status.success(), "{}", program.display());
        remove("docker", &[target(&project)["image"].as_str().unwrap().to_owned()]);
    }
}
