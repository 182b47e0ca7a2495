//! Services of a compose file as images, for real: each engine builds what the file says, and the images are scanned and
//! pushed as others are.

#![allow(clippy::disallowed_methods, reason = "the engines are asked what they have built")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::process::Command;

use serde_json::Value;

use crate::common::images::ENGINES;
use crate::common::pipeline::{OPEN_PUSH, Pipeline, SBOM, SCAN};

const COMPOSE: &str = "
name: NAME
services:
  api:
    image: NAME-api:local
    build:
      context: app
      dockerfile: build/Dockerfile
      target: runtime
      args: { SHADE: '${SHADE:-grey}', DEPTH: $DEPTH }
      labels: { team: notes }
  web: { build: ./web }
  db: { image: 'postgres:16' }
";

const GATE: &str = "
[[gate]]
id = 'images'
tool = 'docker-build'
engine = 'ENGINE'
compose = 'deploy/compose.yaml'
";

/// A committed project with this compose file, and gates that build what it says.
fn pipeline(engine: &str, further: &[&str]) -> Pipeline {
    let gate = GATE.replace("ENGINE", engine);
    let gates: Vec<&str> = [gate.as_str()].into_iter().chain(further.iter().copied()).collect();
    let mut pipeline = Pipeline::plain(&gates);
    for folder in ["deploy/app", "deploy/web"] {
        pipeline.write_image(folder, folder);
    }
    let dockerfile = "FROM scratch AS runtime\nARG SHADE\nARG DEPTH\nCOPY node_modules/ /app/node_modules/\n\
        LABEL shade=$SHADE depth=$DEPTH\nFROM runtime AS tests\nLABEL stage=tests\n";
    pipeline.project.write("deploy/app/build/Dockerfile", dockerfile);
    pipeline.project.write("deploy/compose.yaml", COMPOSE.replace("NAME", &pipeline.name));
    pipeline.project.write("deploy/.env", "DEPTH=3\n");
    pipeline.commit("a compose file");
    pipeline
}

/// The id and the labels of an image, in the words of its engine.
fn inspected(engine: &str, reference: &str) -> (String, Value) {
    let args: &[&str] = match engine {
        "buildah" => &["inspect", "--type", "image"],
        _ => &["image", "inspect"],
    };
    let output = Command::new(engine).args(args).arg(reference).output().unwrap();
    assert!(output.status.success(), "{engine} has no {reference}");
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let value = value.get(0).unwrap_or(&value).clone();
    let (id, labels) = match engine {
        "buildah" => (&value["FromImageID"], &value["OCIv1"]["config"]["Labels"]),
        _ => (&value["Id"], &value["Config"]["Labels"]),
    };
    (id.as_str().unwrap().trim_start_matches("sha256:").to_owned(), labels.clone())
}

#[test]
fn each_engine_builds_the_services_as_their_file_says() {
    for engine in ENGINES {
        if !Command::new(engine).arg("info").output().is_ok_and(|output| output.status.success()) {
            continue;
        }
        let pipeline = pipeline(engine, &[]);
        let ran = pipeline.run(&["run"]);
        assert_eq!(ran.code, 0, "{engine}: {}", ran.all());
        let targets = pipeline.project.gate("images")["targets"].clone();
        let name = &pipeline.name;
        let names = [format!("{name}-api"), format!("{name}-web")];
        let further = [format!("{name}-api:local"), format!("{name}-web:latest")];
        for (at, (name, further)) in names.iter().zip(&further).enumerate() {
            assert_eq!(targets[at]["name"], name.as_str(), "{engine}");
            let (id, labels) = inspected(engine, &format!("{name}:{}", pipeline.tag));
            assert_eq!(targets[at]["image_id"], format!("sha256:{id}"), "{engine}");
            // Compose runs the very same image.
            assert_eq!(&inspected(engine, further).0, &id, "{engine}");
            if at == 0 {
                let of = |key: &str| labels[key].as_str().map(str::to_owned);
                let said = ["shade", "depth", "team", "stage"].map(of);
                let wanted =
                    [Some("grey"), Some("3"), Some("notes"), None].map(|text| text.map(str::to_owned));
                assert_eq!(said, wanted, "{engine}");
            }
        }
        assert_eq!(targets.as_array().unwrap().len(), 2, "{engine}");
        if engine != "docker" {
            let tagged = names.iter().map(|name| format!("{name}:{}", pipeline.tag));
            let _ = Command::new(engine).arg("rmi").args(tagged.chain(further)).output();
        }
    }
}

#[test]
fn a_service_of_several_platforms_is_an_image_for_each() {
    for engine in ["docker", "podman"] {
        if !Command::new(engine).arg("info").output().is_ok_and(|output| output.status.success()) {
            continue;
        }
        let mut pipeline = pipeline(engine, &[SCAN]);
        let build = "services: { api: { image: 'NAME-api:local', platform: linux/arm64, \
            build: { context: web, platforms: [linux/amd64, linux/arm64] } }, later: { build: web, profiles: [later] } }";
        pipeline.project.write("deploy/compose.yaml", build.replace("NAME", &pipeline.name));
        pipeline.commit("two platforms");
        let ran = pipeline.run(&["run"]);
        assert_eq!(ran.code, 0, "{engine}: {}", ran.all());
        let targets = pipeline.project.gate("images")["targets"].clone();
        let notes = targets[0]["notes"].to_string();
        assert!(notes.contains("later (later)"), "{engine}: {notes}");
        let scanned = pipeline.project.gate("scan")["targets"].clone();
        let name = format!("{}-api", pipeline.name);
        for (at, architecture) in ["amd64", "arm64"].into_iter().enumerate() {
            assert_eq!(targets[at]["name"], format!("{name} linux/{architecture}"), "{engine}");
            assert_eq!(targets[at]["outputs"]["platform"], format!("linux/{architecture}"), "{engine}");
            assert_eq!(targets[at]["image_id"], scanned[at]["image_id"], "{engine}");
        }
        // Compose runs the platform that the service names.
        let (id, _) = inspected(engine, &format!("{name}:local"));
        assert_eq!(targets[1]["image_id"], format!("sha256:{id}"), "{engine}");
        let tags = [
            "local".to_owned(),
            format!("{}-linux-amd64", pipeline.tag),
            format!("{}-linux-arm64", pipeline.tag),
        ];
        if engine != "docker" {
            let _ = Command::new(engine).arg("rmi").args(tags.map(|tag| format!("{name}:{tag}"))).output();
        }
    }
}

#[test]
fn services_are_scanned_listed_and_pushed_as_other_images_are() {
    let pipeline = pipeline("docker", &[SCAN, SBOM, OPEN_PUSH]);
    let ran = pipeline.run(&["plan"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    for words in ["services.api", "services.web", "of deploy/compose.yaml says"] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let ids = |gate: &str| {
        let targets = pipeline.project.gate(gate)["targets"].clone();
        targets.as_array().unwrap().iter().map(|target| target["image_id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids("scan"), ids("images"));
    assert_eq!(ids("sbom"), ids("images"));
    for service in ["api", "web"] {
        let repository = format!("{}-{service}", pipeline.name);
        assert!(pipeline.registry.digest(&repository, &pipeline.tag).is_some(), "{service}");
    }
}

#[test]
fn a_compose_file_that_is_not_understood_builds_nothing_and_says_why() {
    let pipeline = pipeline("docker", &[SCAN]);
    pipeline
        .project
        .write("deploy/compose.yaml", "services: { api: { build: { context: app, ssh: [default] } } }");
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let (outcome, reason) = pipeline.came_of("images");
    assert_eq!(outcome, "inconclusive");
    assert!(reason.contains("`services.api.build.ssh` of deploy/compose.yaml"), "{reason}");
    assert_eq!(pipeline.came_of("scan").0, "inconclusive");
}

#[test]
fn a_secret_in_the_file_of_variables_is_in_no_command_and_in_no_record() {
    let pipeline = pipeline("docker", &[]);
    let compose = "services: { api: { build: { context: app, args: { NPM_TOKEN: '${NPM_TOKEN}', AT: 'x:${DB_PASSWORD}' } } } }";
    pipeline.project.write("deploy/compose.yaml", compose);
    // Put together here, so that no scanner takes it for one of ours.
    let secret = |name: &str| format!("{name}-{}", "of-the-team-4711");
    pipeline
        .project
        .write("deploy/.env", format!("NPM_TOKEN={}\nDB_PASSWORD={}\n", secret("npm"), secret("db")));
    let dockerfile = "FROM scratch\nARG NPM_TOKEN\nARG AT\nCOPY node_modules/ /app/node_modules/\nLABEL t=$NPM_TOKEN at=$AT\n";
    pipeline.project.write("deploy/app/Dockerfile", dockerfile);
    let plan = pipeline.run(&["plan", "--verbose"]);
    let ran = pipeline.run(&["run", "--verbose"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let (_, labels) = inspected("docker", &format!("api:{}-dirty", pipeline.tag));
    let _ = Command::new("docker").args(["rmi", &format!("api:{}-dirty", pipeline.tag)]).output();
    assert_eq!((&labels["t"], &labels["at"]), (&secret("npm").into(), &format!("x:{}", secret("db")).into()));
    for name in ["npm", "db"] {
        for text in [plan.all(), ran.all()] {
            assert!(!text.contains(&secret(name)), "{name}: {text}");
        }
        let mut grep = Command::new("grep");
        let grep = grep.args(["-rF", &secret(name)]).arg(pipeline.project.root().join("gates-report"));
        let found = grep.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&found.stdout), "", "{name}");
    }
}
