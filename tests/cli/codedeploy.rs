//! Deployments with a fake AWS CLI whose answers prove nothing. `tests/real/codedeploy.rs` uses the real
//! one.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use serde_json::{Value, json};

use crate::common::codedeploy::{APP_SPEC, ARN, gates, project, reason};
use crate::common::{Project, Ran, alive, eventually};

/// The answers of CodeDeploy to each call of a deployment that succeeds, recorded from `ci/aws-server`.
fn answers() -> Vec<(&'static str, Value)> {
    let deployment = json!({"applicationName": "notes", "deploymentGroupName": "live", "deploymentId": "d-1",
        "status": "Succeeded", "createTime": 1795268062.5});
    vec![
        ("get-deployment-group", json!({"deploymentGroupInfo": {"computePlatform": "ECS"}})),
        ("list-deployments", json!({"deployments": ["d-0"]})),
        ("batch-get-deployments", json!({"deploymentsInfo": [{"deploymentId": "d-0", "status": "Failed"}]})),
        ("create-deployment", json!({"deploymentId": "d-1"})),
        ("get-deployment", json!({"deploymentInfo": deployment})),
        ("list-deployment-targets", json!({"targetIds": ["cluster:service"]})),
        ("batch-get-deployment-targets", json!({"deploymentTargets": [{"ecsTarget": {}}]})),
        ("stop-deployment", json!({"status": "Pending"})),
    ]
}

/// A run with a fake CLI that gives these answers, except for one call.
fn run_with_fake(call: &str, shell: &str, more: &str) -> (Ran, Project) {
    let project = project(more);
    let mut cases = format!("if [ \"$2\" = '{call}' ]; then\n{shell}\nexit\nfi\ncase \"$*\" in\n");
    // No deployment is in progress.
    cases += "*--include-only-statuses*) echo '{\"deployments\": []}';;\n";
    for (call, answer) in answers() {
        cases += &format!("'deploy {call} '*) echo '{answer}';;\n");
    }
    project.program("aws", &format!("{cases}*) echo aws-cli/9;;\nesac"));
    let ran = project.run(&["run"]);
    (ran, project)
}

#[test]
fn an_invalid_answer_proves_nothing() {
    let (ran, _project) = run_with_fake("", "", "");
    assert_eq!(ran.code, 0, "the fake without a fault: {}", ran.all());

    let refused =
        "echo 'An error occurred (AccessDeniedException) when calling the X operation: no' >&2; exit 254";
    for (call, answer) in answers() {
        let answer = answer.to_string();
        let cut = format!("echo '{}'", &answer[..answer.len() / 2]);
        let crashed = format!("echo '{answer}'; exit 3");
        let killed = format!("echo '{answer}'; kill -KILL $$");
        for shell in
            ["", "echo null", "echo '{}'", "echo '[]'", "echo 'done.'", &cut, &crashed, &killed, refused]
        {
            let (ran, project) = run_with_fake(call, shell, "");
            let outcome = project.gate("deploy")["outcome"].as_str().unwrap().to_owned();
            // Without the traffic, the end is still visible. Nothing is stopped here.
            if call.ends_with("-targets") || call == "stop-deployment" {
                assert_eq!(outcome, "passed", "{call}: {shell}: {}", ran.all());
                continue;
            }
            assert_eq!((ran.code, outcome.as_str()), (3, "inconclusive"), "{call}: {shell}: {}", ran.all());
            let says = match call {
                "create-deployment" if shell != refused => "it is not known whether a deployment was started",
                "get-deployment" => "the end of deployment d-1 was not seen",
                _ => "",
            };
            assert!(reason(&project).contains(says), "{call}: {shell}: {}", reason(&project));
        }
    }
}

#[test]
fn an_answer_about_something_else_proves_nothing() {
    let deployment = |id: &str, application: &str, status: &str| {
        let info = json!({"deploymentId": id, "applicationName": application, "deploymentGroupName": "live", "status": status});
        json!({"deploymentInfo": info})
    };
    for (call, answer, says) in [
        (
            "get-deployment-group",
            json!({"deploymentGroupInfo": {"computePlatform": "Server"}}),
            "which can't be deployed from an AppSpec alone",
        ),
        ("list-deployments", json!({"deployments": ["--help"]}), "can't be the id of a deployment"),
        (
            "list-deployments",
            json!({"deployments": ["d-9"]}),
            "lists deployment d-9, and does not describe it",
        ),
        ("create-deployment", json!({"deploymentId": "$(id)"}), "can't be the id of a deployment"),
        ("get-deployment", deployment("d-2", "notes", "Succeeded"), "CodeDeploy describes d-2 of notes live"),
        ("get-deployment", deployment("d-1", "other", "Succeeded"), "CodeDeploy describes d-1 of other live"),
        ("get-deployment", deployment("d-1", "notes", "SUCCEEDED"), "a status that Portcullis does not know"),
    ] {
        let (ran, project) = run_with_fake(call, &format!("echo '{answer}'"), "");
        assert_eq!(ran.code, 3, "{call}: {}", ran.all());
        assert!(reason(&project).contains(says), "{call}: {}", reason(&project));
    }
}

#[test]
fn a_placeholder_that_is_left_in_the_app_spec_starts_nothing() {
    let here = gates(ARN, "");
    for (gates, spec, left) in [
        (here.replace("CONTAINER", "OTHER"), APP_SPEC.to_owned(), "${CONTAINER}"),
        (here.clone(), format!("{APP_SPEC}# $STAGE_NAME\n"), "$STAGE_NAME"),
        (here.clone(), format!("{APP_SPEC}# %STAGE%\n"), "%STAGE%"),
        (here.clone(), format!("{APP_SPEC}# __STAGE__\n"), "__STAGE__"),
    ] {
        let project = Project::with_gates(&gates);
        project.write("deploy/appspec.yaml", spec);
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 2, "{left}: {}", ran.all());
        let says = format!("deploy/appspec.yaml has placeholders left over: {left};");
        assert!(ran.stderr.contains(&says), "{}", ran.all());
    }
}

/// Nothing of it is AWS's: it is not asked.
#[test]
fn what_can_not_be_deployed_is_reported_in_a_sentence() {
    let here = gates(ARN, "");
    for (gates, spec, says) in [
        (here.clone(), "version: 0.0\n", "has no service of ECS"),
        (here.clone(), "{\"TaskDefinition\": \"<TASK_DEFINITION>\"", "is not JSON"),
        (here.clone(), "", "is empty"),
        (
            here.replace(&format!("task_definition = '{ARN}'"), ""),
            APP_SPEC,
            "no ecs-task-definition gate of this run",
        ),
        (here.replace(ARN, "task"), APP_SPEC, "there is no gate task that has registered"),
    ] {
        let project = Project::with_gates(&gates);
        project.write("deploy/appspec.yaml", spec);
        let asked = project.bin().join("asked");
        project.program("aws", &format!("[ \"$1\" = --version ] || touch '{}'", asked.display()));
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 3, "{says}: {}", ran.all());
        assert!(reason(&project).contains(says), "{says}: {}", reason(&project));
        assert!(!asked.exists(), "{says}");
    }
}

#[test]
fn an_old_revision_is_not_deployed_beside_a_gate_that_registers_one() {
    let task = "[[gate]]\nid = 'task'\ntool = 'ecs-task-definition'\ntemplate = 'deploy/task.json'\n";
    let project = project("");
    project.write("gates.toml", format!("{}\n{task}", gates(ARN, "")));
    project.write("deploy/task.json", "{\"family\": \"notes\", \"containerDefinitions\": []}");
    let asked = project.bin().join("asked");
    project.program("aws", &format!("[ \"$1\" = --version ] || touch '{}'", asked.display()));
    let says = format!("`task_definition` names {ARN}, and `task` registers what this run has scanned");
    let planned = project.run(&["plan"]);
    assert!(
        planned.all().replace('\n', " ").contains("registers what this run has scanned"),
        "{}",
        planned.all()
    );
    for args in [&["run"][..], &["run", "--skip", "task"]] {
        let ran = project.run(args);
        assert_eq!(ran.code, 3, "{}", ran.all());
        assert!(reason(&project).contains(&says), "{}", reason(&project));
        assert!(!asked.exists(), "{}", ran.all());
    }
}

#[test]
fn a_cli_that_hangs_is_killed_at_the_timeout_of_the_gate() {
    let hangs = "sleep 3600 & sleep 3600";
    // By then even a slow machine has reached the call that hangs. All three wait at the same time.
    let check = |call: &str, says: &str| {
        let mark = format!("codedeploy-{call}");
        let (ran, project) =
            run_with_fake(call, hangs, &format!("env = {{ HANGS = '{mark}' }}\ntimeout = '20s'"));
        assert_eq!(ran.code, 3, "{call}: {}", ran.all());
        assert!(reason(&project).contains(says), "{call}: {}", reason(&project));
        assert!(eventually(|| alive(&format!("HANGS={mark}")).is_empty()), "{call}: processes are left");
    };
    std::thread::scope(|scope| {
        for (call, says) in [
            ("get-deployment", "deployment d-1 (Created) was asked to stop and to roll back"),
            ("create-deployment", "a deployment was asked for, and none was seen in progress"),
            ("get-deployment-group", "nothing was started"),
        ] {
            scope.spawn(move || check(call, says));
        }
    });
}
