//! Task definitions with a fake AWS CLI. `tests/real/ecs_task_definition.rs` uses the real one.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "chmod")]

use std::process::Command;

use serde_json::{Value, json};

use crate::common::ecs_task_definition::{image, project, reason, template};
use crate::common::{Project, Ran, alive, eventually};

/// The answer of ECS to the template, recorded from moto.
fn answer() -> Value {
    json!({"taskDefinition": {
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/notes-live:1",
        "family": "notes-live", "revision": 1, "status": "ACTIVE",
        "containerDefinitions": [
            {"name": "backend", "image": image("notes-backend"), "cpu": 0},
            {"name": "proxy", "image": "public.ecr.aws/nginx/nginx:1.27"},
        ],
    }})
}

/// A run with a fake CLI that has no task definition yet, and registers one with `shell`.
fn run_with_fake(shell: &str, more: &str) -> (Ran, Project) {
    let project = project(&template(), more);
    let unknown = "An error occurred (ClientException) when calling the DescribeTaskDefinition operation: Unable to describe task definition.";
    project.program(
        "aws",
        &format!(
            "case \"$*\" in *describe-task*) echo '{unknown}' >&2; exit 254;; *register-task*) {shell};; *) echo aws-cli/9;; esac"
        ),
    );
    let ran = project.run(&["run"]);
    (ran, project)
}

#[test]
fn an_invalid_answer_proves_nothing() {
    let print = |answer: &Value| format!("echo '{answer}'");
    let (ran, project) = run_with_fake(&print(&answer()), "");
    assert_eq!(ran.code, 0, "the fake without a fault: {}", ran.all());
    assert_eq!(project.gate("task")["outcome"], "passed");

    let edited = |pointer: &str, value: Value| {
        let mut edited = answer();
        *edited.pointer_mut(&format!("/taskDefinition/{pointer}")).unwrap() = value;
        print(&edited)
    };
    let whole = print(&answer());
    for (shell, says) in [
        (String::new(), "register-task-definition has an unexpected form"),
        ("echo null".to_owned(), "has an unexpected form"),
        ("echo '{}'".to_owned(), "taskDefinition"),
        ("echo 'done.'".to_owned(), "has an unexpected form"),
        (whole[..whole.len() / 2].to_owned() + "'", "has an unexpected form"),
        ("echo 'An error occurred (AccessDenied)' >&2".to_owned(), "has an unexpected form"),
        (format!("{whole}; exit 3"), "ended with 3"),
        (format!("{whole}; kill -KILL $$"), "SIGKILL"),
        (
            "echo 'An error occurred (AccessDeniedException) when calling the RegisterTaskDefinition operation: no' >&2; exit 254"
                .to_owned(),
            "AccessDeniedException: no (the role of this job may not do that",
        ),
        (edited("status", json!("INACTIVE")), "its status is INACTIVE"),
        (edited("family", json!("other")), "something else"),
        (edited("revision", json!(2)), "something else"),
        (edited("taskDefinitionArn", json!("arn:aws:ecs")), "something else"),
        (edited("containerDefinitions/0/image", json!("notes:latest")), "the image of backend is not"),
        (edited("containerDefinitions", json!([])), "the image of backend is not"),
        (edited("containerDefinitions/1/image", json!("other:1")), "the image of proxy is not"),
    ] {
        let (ran, project) = run_with_fake(&shell, "");
        assert_eq!(ran.code, 3, "{shell}: {}", ran.all());
        assert_eq!(project.gate("task")["outcome"], "inconclusive", "{shell}");
        assert!(reason(&project).contains(says), "{shell}: {}", reason(&project));
        assert!(!project.root().join("imagedefinitions.json").exists(), "{shell}");
    }
}

#[test]
fn a_cli_that_hangs_is_killed_at_the_timeout_of_the_gate() {
    let (ran, project) =
        run_with_fake("sleep 3600 & sleep 3600", "timeout = '1s'\nenv = { HANGS = 'task-definition-test' }");
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(reason(&project).contains("aws was running"), "{}", reason(&project));
    assert!(eventually(|| alive("HANGS=task-definition-test").is_empty()), "processes are left");
}

#[test]
fn another_program_can_replace_the_cli_and_gets_the_users_arguments() {
    let project = project(&template(), "program = './tools/aws-in-a-box'\nargs = ['--ca-bundle', 'own.pem']");
    project.program("aws", "exit 7");
    let answer = answer();
    let script = project.write(
        "tools/aws-in-a-box",
        format!(
            "#!/bin/sh\ncase \"$*\" in *describe-task*' --ca-bundle own.pem') echo 'An error occurred (ClientException) when calling the X operation: none' >&2; exit 254;;\n\
             *register-task*' --ca-bundle own.pem') echo '{answer}';; *) exit 9;; esac\n"
        ),
    );
    assert!(Command::new("chmod").arg("+x").arg(script).status().unwrap().success());
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let command = project.gate("task")["targets"][0]["command"].to_string();
    assert!(command.ends_with("\"--ca-bundle\",\"own.pem\"]"), "{command}");
}
