//! The five pipelines of `fixtures/pipelines`, each run on the notes-app with the real tools: Docker, a
//! registry, the scanners, npm, the AWS CLI. AWS is moto and SonarQube a server that answers as it does,
//! both on loopback, and a script stands for SonarQube's scanner.

#![allow(clippy::disallowed_methods, reason = "the tests lay projects out and talk to Docker")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::print_stdout, reason = "the summaries are what ci/deploy-demo shows")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::aws::{ACCOUNT, Moto};
use crate::common::registry::Registry;
use crate::common::sonar::{Api, Sonar, gate_error, gate_ok, token};
use crate::common::{Advisories, CI_SERVICES, Ran, real_tools};
use serde_json::{Value, json};

/// The notes-app with one of the pipelines, as a git repository of its own.
struct App {
    folder: tempfile::TempDir,
    advisories: Advisories,
    environment: Vec<(String, String)>,
}

impl App {
    /// `edits` are made in gates.toml and committed: what is this machine's own.
    fn lay_out(pipeline: &str, options: &[&str], edits: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("notes-app");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/lay-out");
        let output =
            Command::new(script).args(options).args(["--pipeline", pipeline]).arg(&root).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::create_dir(folder.path().join("bin")).unwrap();
        let app = Self { folder, advisories: Advisories::serve(), environment: Vec::new() };
        let file = app.root().join("gates.toml");
        let mut gates = fs::read_to_string(&file).unwrap();
        for (from, to) in edits {
            assert!(gates.contains(from), "{from} is not in the gates.toml of {pipeline}");
            gates = gates.replace(from, to);
        }
        fs::write(&file, gates).unwrap();
        if !edits.is_empty() {
            app.git(&["commit", "--quiet", "--all", "--message", "This machine's own"]);
        }
        app
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("notes-app")
    }

    fn git(&self, args: &[&str]) -> String {
        let identity = ["-c", "user.name=Tess Ter", "-c", "user.email=tess@example.test"];
        let mut git = Command::new("git");
        git.args(identity).args(args).current_dir(self.root()).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = git.output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A scanner that hands the task `T1` to this server.
    fn with_sonar(&mut self, sonar: &Sonar) {
        let left = self.folder.path().join("task");
        fs::write(&left, sonar.task_file("T1")).unwrap();
        let script = format!(
            "#!/bin/sh\nmkdir -p .scannerwork && cp '{}' .scannerwork/report-task.txt\n",
            left.display()
        );
        let program = self.folder.path().join("bin/sonar-scanner");
        fs::write(&program, script).unwrap();
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        self.environment.push(("SONAR_HOST_URL".to_owned(), sonar.address.clone()));
        self.environment.push(("SONAR_TOKEN".to_owned(), token()));
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        let path = std::env::var("PATH").unwrap_or_default();
        let bin = self.folder.path().join("bin");
        command
            .args(args)
            .current_dir(self.root())
            .env("PATH", format!("{}:{}:{path}", bin.display(), real_tools().display()))
            .env("npm_config_registry", &self.advisories.address)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null());
        // The machine that tests may be a CI itself.
        for name in CI_SERVICES {
            command.env_remove(name);
        }
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PORTCULLIS_")) {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        let ran = Ran::of(self.command(args).output().unwrap());
        println!("$ portcullis {}\n{}", args.join(" "), ran.stdout);
        ran
    }

    fn record(&self) -> Value {
        serde_json::from_slice(&fs::read(self.root().join("gates-report/run.json")).unwrap()).unwrap()
    }

    /// `id outcome` of every gate, in order.
    fn outcomes(&self) -> Vec<String> {
        let record = self.record();
        let gates = record["gates"].as_array().unwrap().iter();
        gates.map(|gate| format!("{} {}", text(&gate["id"]), text(&gate["outcome"]))).collect()
    }

    fn gate(&self, id: &str) -> Value {
        let record = self.record();
        record["gates"].as_array().unwrap().iter().find(|gate| gate["id"] == id).unwrap().clone()
    }

    /// The commit, as far as tags have it.
    fn tag(&self) -> String {
        self.git(&["rev-parse", "HEAD"])[..12].to_owned()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn assert_docker() {
    let engine = Command::new("docker").arg("info").output();
    let answers = engine.is_ok_and(|output| output.status.success());
    assert!(answers, "no Docker engine answers: `source ci/docker-up; docker_up` starts one");
}

/// A service that is up, for the smoke test.
fn service() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/health", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nup");
        }
    });
    address
}

/// AWS with what the deployment of the notes needs.
fn aws_of_notes() -> Moto {
    let moto = Moto::with_deployments();
    for image in ["notes-backend", "notes-frontend", "notes-proxy"] {
        moto.aws(&["ecr", "create-repository", "--repository-name", image]);
    }
    moto.aws(&["deploy", "create-application", "--application-name", "notes", "--compute-platform", "ECS"]);
    let group = json!({
        "applicationName": "notes", "deploymentGroupName": "notes-blue-green",
        "serviceRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/codedeploy"),
    });
    moto.aws(&["deploy", "create-deployment-group", "--cli-input-json", &group.to_string()]);
    moto
}

fn deployments(moto: &Moto) -> Vec<String> {
    let listed = moto.aws(&[
        "deploy",
        "list-deployments",
        "--application-name",
        "notes",
        "--deployment-group-name",
        "notes-blue-green",
    ]);
    listed["deployments"].as_array().unwrap().iter().map(|id| text(id).to_owned()).collect()
}

const LOOKING: [&str; 9] =
    ["secrets", "types", "lint", "audit", "quality", "images", "image-scan", "sbom", "infrastructure"];

/// The containers of the task definition are the images that were scanned and pushed.
fn assert_what_runs_was_scanned(app: &App, moto: &Moto, registry: &Registry) {
    let arn = text(&app.gate("task-definition")["targets"][0]["outputs"]["task_definition"]).to_owned();
    let described = moto.aws(&["ecs", "describe-task-definition", "--task-definition", &arn]);
    let containers = described["taskDefinition"]["containerDefinitions"].as_array().unwrap();
    assert_eq!(containers.len(), 3);
    for container in containers {
        let image = format!("notes-{}", text(&container["name"]));
        let digest = registry.digest(&image, &app.tag()).unwrap();
        assert_eq!(text(&container["image"]), format!("{}/{image}@{digest}", registry.address));
        let scanned = app.gate("image-scan");
        let scanned = scanned["targets"].as_array().unwrap().iter().find(|target| target["name"] == *image);
        assert_eq!(registry.manifest(&digest)["config"]["digest"], scanned.unwrap()["image_id"], "{image}");
    }
}

/// It says what it overrode.
fn assert_lab_mode_deploys(lab: &App, moto: &Moto, registry: &Registry) {
    // What its other gates find is the run before.
    let ran = lab.run(&["run", "--skip", "types,lint,audit,quality,sbom,infrastructure"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let overridden = lab.gate("deploy")["overridden"].clone();
    assert!(text(&overridden).contains("secrets failed"), "{overridden}: {}", ran.all());
    let reason = lab.gate("deploy")["reason"].clone();
    assert!(text(&reason).contains("lab mode let it act, production would not: secrets failed"), "{reason}");
    assert_eq!(lab.gate("smoke")["overridden"], Value::Null, "it only looks");
    assert!(registry.digest("notes-backend", &lab.tag()).is_some(), "{}", ran.all());
    assert_eq!(deployments(moto).len(), 1, "{}", ran.all());
}

/// From a git checkout to a deployment that AWS knows of.
#[test]
fn the_observability_stack_deploys_what_passes_and_nothing_else() {
    assert_docker();
    let (moto, registry) = (aws_of_notes(), Registry::with_login());
    let service = service();
    let push = format!("tool = \"ecr-push\"\nregistry = \"{}\"", registry.address);
    let here = [
        ("tool = \"ecr-push\"", push.as_str()),
        ("https://notes.example.com/health", &service),
        ("app_spec =", "poll = \"200ms\"\napp_spec ="),
    ];
    let prepared = |options: &[&str], sonar: &Sonar, edits: &[(&str, &str)]| {
        let mut app = App::lay_out("observability-stack", options, edits);
        app.with_sonar(sonar);
        let mut command = Command::new("true");
        moto.point(&mut command);
        let set = command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
        let words = |word: std::ffi::OsString| word.into_string().unwrap();
        app.environment.extend(set.map(|(name, value)| (words(name), words(value))));
        app
    };
    let bad = Sonar::serve(Api::with_gate(gate_error()));
    let good = Sonar::serve(Api::with_gate(gate_ok()));

    // The planted faults keep production from the push.
    let faulty = prepared(&[], &bad, &here);
    let ran = faulty.run(&["run"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let outcomes = faulty.outcomes();
    for id in ["secrets", "types", "lint", "audit", "quality", "image-scan", "infrastructure"] {
        assert!(outcomes.contains(&format!("{id} failed")), "{outcomes:?}");
    }
    for id in ["push", "task-definition", "deploy", "smoke"] {
        assert!(outcomes.contains(&format!("{id} skipped")), "{outcomes:?}");
    }
    let reason = faulty.gate("push")["reason"].clone();
    assert!(text(&reason).starts_with("not started: secrets failed"), "{reason}");
    assert_eq!((registry.digest("notes-backend", &faulty.tag()), deployments(&moto).len()), (None, 0));

    // Lab mode deploys all the same where it is allowed to, and says what it overrode.
    let lab = [&here[..], &[("mode = \"production\"", "mode = \"lab\"\ndeploy_in_lab = true")]].concat();
    let lab = prepared(&[], &bad, &lab);
    assert_lab_mode_deploys(&lab, &moto, &registry);

    // The repaired tree passes, and what runs is what was scanned.
    let clean = prepared(&["--clean"], &good, &here);
    let plan = clean.run(&["plan"]);
    assert!(
        plan.stdout.contains("acts on main when every required gate before it has passed"),
        "{}",
        plan.all()
    );
    let ran = clean.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let wanted = LOOKING.iter().chain(&["push", "task-definition", "deploy", "smoke"]);
    assert_eq!(clean.outcomes(), wanted.map(|id| format!("{id} passed")).collect::<Vec<_>>());
    assert_what_runs_was_scanned(&clean, &moto, &registry);
    let after = deployments(&moto);
    assert_eq!(after.len(), 2);
    let deployed = moto.aws(&["deploy", "get-deployment", "--deployment-id", &after[0]]);
    let deployed_too = moto.aws(&["deploy", "get-deployment", "--deployment-id", &after[1]]);
    assert_eq!(deployed["deploymentInfo"]["status"], "Succeeded");
    assert_eq!(deployed_too["deploymentInfo"]["status"], "Succeeded");

    // Once more: all is there, and nothing is deployed twice.
    let ran = clean.run(&["run"]);
    assert_eq!((ran.code, deployments(&moto).len()), (0, 2), "{}", ran.all());
    // And on another branch nothing acts.
    clean.git(&["checkout", "--quiet", "-b", "feature/x"]);
    let ran = clean.run(&["run", "--only", "images,image-scan,push,task-definition,deploy"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(deployments(&moto).len(), 2);
    assert!(text(&clean.gate("push")["reason"]).contains("this is feature/x"), "{}", clean.gate("push"));
}

#[test]
fn the_gitops_lab_reports_and_does_not_block() {
    assert_docker();
    let sonar = Sonar::serve(Api::with_gate(gate_error()));
    let mut app = App::lay_out("gitops-lab", &[], &[]);
    app.with_sonar(&sonar);
    let ran = app.run(&["run"]);
    assert_eq!((ran.code, &app.record()["verdict"]), (0, &"blocked".into()), "{}", ran.all());
    let wanted: Vec<String> = LOOKING[..8]
        .iter()
        .map(|id| format!("{id} {}", if ["images", "sbom"].contains(id) { "passed" } else { "failed" }))
        .collect();
    assert_eq!(app.outcomes(), wanted);
    let targets = app.gate("sbom")["targets"].clone();
    for target in targets.as_array().unwrap() {
        let kept: Vec<&str> = target["files"].as_object().unwrap().keys().map(String::as_str).collect();
        let has = |end: &str| kept.iter().any(|file| file.ends_with(end));
        assert!(has(".cdx.json") && has(".spdx.json"), "{kept:?}");
    }
}

#[test]
fn shipguard_stops_the_build_and_names_the_scan() {
    let git_secrets = real_tools().join("git-secrets").exists()
        || Command::new("sh").args(["-c", "command -v git-secrets"]).output().unwrap().status.success();
    let app = App::lay_out("shipguard", &[], &[]);
    let ran = app.run(&["run"]);
    // The planted key was removed again: git-secrets looks at the tree, and passes.
    let secrets = if git_secrets { "passed" } else { "inconclusive" };
    assert_eq!(app.outcomes(), ["audit failed", "file-system failed", &format!("secrets {secrets}")]);
    assert_eq!(ran.code, if git_secrets { 1 } else { 3 }, "{}", ran.all());
    assert!(ran.stdout.contains("failed: audit, file-system"), "{}", ran.all());
    // The notice of buildspec.yml, by its own words.
    let buildspec = fs::read_to_string(app.root().join("buildspec.yml")).unwrap();
    let filter = buildspec.split("jq --raw-output '").nth(1).unwrap().split('\'').next().unwrap();
    let jq = Command::new("jq")
        .args(["--raw-output", filter, "gates-report/run.json"])
        .current_dir(app.root())
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&jq.stdout).starts_with("audit: "), "{jq:?}");

    let clean = App::lay_out("shipguard", &["--clean"], &[]);
    let ran = clean.run(&["run"]);
    assert_eq!(ran.code, if git_secrets { 0 } else { 3 }, "{}", ran.all());
}

/// Terraform is in no package index: where it is not on PATH, its gate says how to get it, and blocks.
#[test]
fn the_serverless_tasks_are_judged_by_three_tools() {
    let terraform = Command::new("terraform").arg("version").output().is_ok();
    for (options, others) in [(&[][..], "failed"), (&["--clean"], "passed")] {
        let app = App::lay_out("serverless-tasks", options, &[]);
        let ran = app.run(&["run"]);
        let outcomes = app.outcomes();
        assert_eq!(
            outcomes[..2],
            [format!("infrastructure {others}"), format!("audit {others}")],
            "{}",
            ran.all()
        );
        if !terraform {
            assert_eq!((outcomes[2].as_str(), ran.code), ("terraform inconclusive", 3), "{}", ran.all());
            assert!(text(&app.gate("terraform")["reason"]).contains("not installed"), "{}", ran.all());
        }
    }
    let workflow = "fixtures/pipelines/serverless-tasks/.github/workflows/gates.yml";
    let workflow = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(workflow)).unwrap();
    assert!(workflow.contains("id-token: write") && workflow.contains("role-to-assume"));
}

#[test]
fn ecs_gitops_tests_in_the_image_and_hands_image_definitions_on() {
    assert_docker();
    let node = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/node-image"))
        .arg("node:20-slim")
        .output()
        .unwrap();
    assert!(node.status.success(), "{}", String::from_utf8_lossy(&node.stderr));
    let (moto, registry) = (aws_of_notes(), Registry::with_login());
    let push = format!("tool = \"ecr-push\"\nregistry = \"{}\"", registry.address);
    let point = |app: &mut App| {
        let mut command = Command::new("true");
        moto.point(&mut command);
        for (name, value) in command.get_envs() {
            let words = |word: &std::ffi::OsStr| word.to_str().unwrap().to_owned();
            app.environment.extend(value.map(|value| (words(name), words(value))));
        }
    };
    let mut clean = App::lay_out("ecs-gitops", &["--clean"], &[("tool = \"ecr-push\"", &push)]);
    point(&mut clean);
    let ran = clean.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let digest = registry.digest("notes-backend", &clean.tag()).unwrap();
    let written = fs::read_to_string(clean.root().join("imagedefinitions.json")).unwrap();
    let expected = json!([{
        "name": "backend", "imageUri": format!("{}/notes-backend@{digest}", registry.address),
    }]);
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), expected);

    // A test that fails in the image: nothing is pushed.
    let mut faulty = App::lay_out("ecs-gitops", &[], &[("tool = \"ecr-push\"", &push)]);
    point(&mut faulty);
    let ran = faulty.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(faulty.outcomes().contains(&"tests inconclusive".to_owned()), "{:?}", faulty.outcomes());
    assert_eq!(registry.digest("notes-backend", &faulty.tag()), None);
}
