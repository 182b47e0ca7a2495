//! Task definitions registered with the real AWS CLI at moto, and read back over HTTP.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "other readers than ours")]

use std::process::Command;

use crate::common::aws::Moto;
use crate::common::ecs_task_definition::{gates, image, project, reason, template};
use crate::common::{Project, Ran, real_tools};
use serde_json::{Value, json};

/// A run with the real AWS CLI, which asks moto.
fn run(project: &Project, moto: &Moto) -> Ran {
    Ran::of(with_cli(project, moto).output().unwrap())
}

fn with_cli(project: &Project, moto: &Moto) -> Command {
    let mut command = project.command(&["run"]);
    let path = std::env::var("PATH").unwrap_or_default();
    moto.point(&mut command).env("PATH", format!("{}:{path}", real_tools().display()));
    command
}

/// How many revisions there are of all families.
fn revisions(moto: &Moto) -> usize {
    let list = moto.aws(&["ecs", "list-task-definitions"]);
    list["taskDefinitionArns"].as_array().unwrap().len()
}

#[test]
fn a_template_is_registered_by_digest_and_not_twice() {
    let moto = Moto::start();
    let project = project(&template(), "");
    let ran = run(&project, &moto);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let gate = project.gate("task");
    assert_eq!(gate["outcome"], "passed", "{gate:#}");
    let target = &gate["targets"][0];
    let arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/notes-live:1";
    assert_eq!(target["outputs"]["task_definition"], arn);

    // What is registered, as moto says.
    let described = moto.aws(&["ecs", "describe-task-definition", "--task-definition", "notes-live"]);
    let described = &described["taskDefinition"];
    assert_eq!(described["taskDefinitionArn"], arn);
    assert_eq!((&described["cpu"], &described["memory"]), (&json!("256"), &json!("512")));
    let [backend, proxy] = described["containerDefinitions"].as_array().unwrap().as_slice() else {
        panic!("{described:#}")
    };
    assert_eq!((&backend["name"], &backend["image"]), (&json!("backend"), &json!(image("notes-backend"))));
    assert_eq!(backend["environment"][0], json!({"name": "STAGE", "value": "live"}));
    assert_eq!(backend["secrets"][0]["name"], "DB_PASSWORD");
    assert_eq!(proxy["image"], "public.ecr.aws/nginx/nginx:1.27");
    let proof = target["proof"].to_string();
    assert!(proof.contains("proxy is public.ecr.aws/nginx/nginx:1.27 (not by digest)"), "{proof}");
    assert!(proof.contains("registered notes-live:1"), "{proof}");

    // The definition goes by a file, and nothing of it stands on the command line.
    let commands: Vec<String> =
        target["steps"].as_array().unwrap().iter().map(|step| step["did"].to_string()).collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    assert!(
        commands[1].contains("file://$SCRATCH/task/deploy+task.json/task-definition.json"),
        "{commands:?}"
    );

    // For CodePipeline: the list that its ECS action reads, in both places.
    let kept = target["files"]["imagedefinitions.json"].as_str().unwrap();
    let (kept, wanted) =
        (project.read(&format!("gates-report/{kept}")), project.read("imagedefinitions.json"));
    assert_eq!(kept, wanted);
    let script =
        "import json,sys; d=json.load(open(sys.argv[1])); print(json.dumps([sorted(e.items()) for e in d]))";
    let file = project.root().join("imagedefinitions.json");
    let output = Command::new("python3").args(["-c", script]).arg(file).output().unwrap();
    let expected = format!("[[[\"imageUri\", \"{}\"], [\"name\", \"backend\"]]]\n", image("notes-backend"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);

    // A second run finds that revision, and a changed template makes another.
    assert_eq!(run(&project, &moto).code, 0);
    assert_eq!(project.gate("task")["targets"][0]["outputs"]["task_definition"], arn);
    let proof = project.gate("task")["targets"][0]["proof"].to_string();
    assert!(proof.contains("notes-live:1 is the same already: nothing was registered"), "{proof}");
    assert_eq!(revisions(&moto), 1);
    let mut changed = template();
    changed["containerDefinitions"][0]["environment"][1]["value"] = json!("8081");
    project.write("deploy/task.json", changed.to_string());
    assert_eq!(run(&project, &moto).code, 0);
    let second = &project.gate("task")["targets"][0]["outputs"]["task_definition"];
    assert_eq!(*second, arn.replace("live:1", "live:2"));
    assert_eq!(revisions(&moto), 2);
}

#[test]
fn what_is_wrong_with_a_template_is_reported_and_nothing_is_registered() {
    let moto = Moto::start();
    let edited = |pointer: &str, value: Value| {
        let mut edited = template();
        *edited.pointer_mut(pointer).unwrap() = value;
        edited.to_string()
    };
    for (template, more, says) in [
        (
            edited("/containerDefinitions/1/name", json!("envoy")),
            "",
            "the container envoy has the image public",
        ),
        (
            template().to_string().replacen("{", "{\"containerDefinitions\": [],", 1),
            "",
            "the key `containerDefinitions` is there twice",
        ),
        (
            edited("/containerDefinitions/1", json!({"name": "proxy"})),
            "",
            "no `image` in containerDefinitions[1] (proxy)",
        ),
        (
            edited("/containerDefinitions/0/name", json!("api")),
            "",
            "the container api has the image <IMAGE1_NAME>",
        ),
        // What Portcullis does not know, the CLI and ECS do.
        (edited("/cpu", json!(256)), "", "cpu"),
        (edited("/networkMode", json!("${STAGE}")), "region = 'eu-west-1'\nprofile = 'nobody'", "nobody"),
        ("{\"family\": \"notes\",".to_owned(), "", "deploy/task.json is not JSON"),
        (String::new(), "", "deploy/task.json is not JSON"),
    ] {
        let project = Project::with_gates(&gates(more));
        project.write("deploy/task.json", template);
        let ran = run(&project, &moto);
        assert_eq!(ran.code, 3, "{says}: {}", ran.all());
        assert!(reason(&project).contains(says), "{says}: {}", reason(&project));
        assert!(!project.root().join("imagedefinitions.json").exists());
    }
    // A placeholder is found before anything starts.
    let project = Project::with_gates(&gates(""));
    let left = edited("/containerDefinitions/0/environment/1/value", json!("${PORT}"));
    project.write("deploy/task.json", left);
    let ran = run(&project, &moto);
    let says = "${PORT} at containerDefinitions[0].environment[1].value";
    assert!(ran.code == 2 && ran.stderr.contains(says), "{}", ran.all());

    let project = Project::with_gates(&gates(""));
    assert_eq!(run(&project, &moto).code, 3);
    assert!(reason(&project).contains("deploy/task.json can't be read"), "{}", reason(&project));

    let by_name = gates("").replace(&image("notes-backend"), "notes-backend");
    project.write("gates.toml", by_name);
    project.write("deploy/task.json", template().to_string());
    assert_eq!(run(&project, &moto).code, 3);
    assert!(reason(&project).contains("no gate of this run has pushed it"), "{}", reason(&project));
    assert_eq!(revisions(&moto), 0);
}

#[test]
fn a_secret_in_plain_text_stops_the_run_before_it_begins_and_is_shown_nowhere() {
    let moto = Moto::start();
    let secret = ["hunter2", "correct-horse", "Battery9"].join("-");
    let mut with_secret = template();
    let variables = with_secret["containerDefinitions"][0]["environment"].as_array_mut().unwrap();
    variables.push(json!({"name": "DB_PASSWORD", "value": secret}));
    variables.push(json!({"name": "CACHE", "value": format!("redis://cache:{secret}@cache.internal")}));
    let project = project(&with_secret, "");
    let ran = run(&project, &moto);
    assert_eq!(ran.code, 2, "{}", ran.all());
    for what in [
        "DB_PASSWORD of container backend (its name says so)",
        "CACHE of container backend (it is an address with a password)",
    ] {
        let said = format!("gate task: deploy/task.json has a secret in plain text: {what}");
        assert!(ran.stderr.contains(&said), "{}", ran.all());
    }
    assert_eq!(revisions(&moto), 0);
    assert!(!ran.all().contains(&secret), "{}", ran.all());

    // A template that an earlier gate writes is looked at when it is there.
    let write =
        "\n[[gate]]\nid = 'write'\ntool = 'command'\nrun = ['cp', 'other.json', 'deploy/task.json']\n";
    let writes = gates("needs = ['write']") + write;
    project.write("gates.toml", writes);
    std::fs::rename(project.root().join("deploy/task.json"), project.root().join("other.json")).unwrap();
    let ran = run(&project, &moto);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(project.gate("task")["outcome"], "failed");
    assert_eq!(revisions(&moto), 0);
    let record = project.record();
    let findings = record["findings"].as_array().unwrap();
    let titles: Vec<&str> = findings.iter().map(|finding| finding["title"].as_str().unwrap()).collect();
    assert_eq!(
        titles,
        [
            "CACHE of container backend is a secret in plain text",
            "DB_PASSWORD of container backend is a secret in plain text"
        ]
    );
    assert!(findings.iter().all(|finding| finding["category"] == "secret"
        && finding["rule"] == "plain-text-secret"
        && finding["location"]["path"] == "deploy/task.json"));
    assert!(!ran.all().contains(&secret), "{}", ran.all());
    let reports = project.root().join("gates-report");
    let grep = Command::new("grep").args(["-rlF", &secret]).arg(&reports).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&grep.stdout), "");
    assert!(!project.root().join("imagedefinitions.json").exists());

    // What only looks like one is registered, when somebody says so.
    let more = "allow_environment = ['DB_PASSWORD', 'CACHE']";
    project.write("gates.toml", gates(more));
    assert_eq!(run(&project, &moto).code, 0);
    assert_eq!(revisions(&moto), 1);
}

#[test]
fn without_credentials_or_aws_nothing_is_proved() {
    let moto = Moto::start();
    let project = project(&template(), "retries = 0");
    let mut command = with_cli(&project, &moto);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY").env("HOME", project.root());
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(reason(&project).contains("aws has no credentials"), "{}", reason(&project));

    let mut command = with_cli(&project, &moto);
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("AWS_MAX_ATTEMPTS", "1");
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(reason(&project).contains("Could not connect"), "{}", reason(&project));
    assert_eq!(revisions(&moto), 0);
}
