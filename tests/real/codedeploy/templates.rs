//! The templates of a deployment, from the task definition that a gate registers to what CodeDeploy gets.

use crate::common::codedeploy::{APP_SPEC, gates, reason};
use crate::common::{Project, Ran};
use serde_json::json;

use super::{QUICK, aws, deployments, proof, run, statuses, with_cli};

#[test]
fn what_one_gate_registers_the_next_one_deploys() {
    let moto = aws();
    let image = format!("registry.internal/notes@sha256:{}", "0f".repeat(32));
    let project = Project::with_gates(&format!(
        "version = 1\nmode = 'production'\n[[gate]]\nid = 'task'\ntool = 'ecs-task-definition'\ntemplate = 'deploy/task.json'\n\
         images = {{ backend = '{image}' }}\n{}",
        gates("task", QUICK).split_once("mode = 'production'\n").unwrap().1
    ));
    project.write("deploy/appspec.yaml", APP_SPEC);
    project.write(
        "deploy/task.json",
        r#"{"family": "notes", "containerDefinitions": [{"name": "backend", "image": "<IMAGE1_NAME>", "memory": 128,
            "portMappings": [{"containerPort": 8080}]}]}"#,
    );
    let ran = run(&project, &moto);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let arn = project.gate("task")["targets"][0]["outputs"]["task_definition"].as_str().unwrap().to_owned();
    assert!(proof(&project).contains(&format!("it deploys {arn}")), "{}", proof(&project));
    assert_eq!(
        moto.aws(&["ecs", "describe-task-definition", "--task-definition", "notes"])["taskDefinition"]["taskDefinitionArn"],
        arn
    );
    // A second run registers nothing, so it deploys nothing.
    assert_eq!(run(&project, &moto).code, 0);
    assert_eq!(deployments(&moto).len(), 1);
    // Another definition in the AppSpec is not what was registered, also where a comment names that.
    let old = arn.replace(":1", ":9");
    let spec = APP_SPEC.replace("<TASK_DEFINITION>", &old);
    project.write("deploy/appspec.yaml", format!("# <TASK_DEFINITION>\n{spec}"));
    assert_eq!(run(&project, &moto).code, 3);
    assert!(reason(&project).contains(&format!("deploys {old}, not {arn}")), "{}", reason(&project));
    project.write("deploy/appspec.yaml", APP_SPEC);
    assert_eq!(deployments(&moto).len(), 1);
    // A definition that is refused is not deployed.
    project.write("deploy/task.json", "{}");
    assert_eq!(run(&project, &moto).code, 3);
    assert_eq!(project.gate("deploy")["outcome"], "skipped");
    assert_eq!(deployments(&moto).len(), 1);
}

#[test]
fn templates_of_another_pipeline_are_deployed_as_they_are_with_their_placeholders_named_in_values() {
    let moto = aws();
    let image = format!("registry.internal/notes@sha256:{}", "0f".repeat(32));
    let project = Project::with_gates(&format!(
        "version = 1
mode = 'production'
[[gate]]
id = 'task'
tool = 'ecs-task-definition'
template = 'deploy/task.json'
images = {{ backend = '{image}' }}
values = {{ __FAMILY__ = '$FAMILY', __ROLE_ARN__ = '$ROLE_ARN', '<STAGE>' = 'live', '@PORT@' = '8080' }}
[[gate]]
id = 'deploy'
tool = 'codedeploy'
needs = ['task']
application = 'notes'
group = 'live'
app_spec = 'deploy/appspec.yaml'
values = {{ __TASK_DEF_ARN__ = '<TASK_DEFINITION>', __CONTAINER__ = 'backend', '@PORT@' = '8080' }}
poll = '100ms'
{QUICK}
"
    ));
    project.write(
        "deploy/task.json",
        r#"{"family": "__FAMILY__", "executionRoleArn": "__ROLE_ARN__",
            "containerDefinitions": [{"name": "backend", "image": "__IMAGE_URI__", "memory": 128,
            "environment": [{"name": "STAGE", "value": "<STAGE>"}, {"name": "PORT", "value": "@PORT@"}],
            "portMappings": [{"containerPort": 8080}]}]}"#,
    );
    let spec = APP_SPEC.replace("<TASK_DEFINITION>", "__TASK_DEF_ARN__");
    let spec = spec.replace("${CONTAINER}", "__CONTAINER__").replace("8080", "@PORT@");
    project.write("deploy/appspec.yaml", spec);
    let role = "arn:aws:iam::123456789012:role/execution";
    let ran = {
        let mut command = with_cli(&project, &moto);
        Ran::of(command.env("FAMILY", "notes").env("ROLE_ARN", role).output().unwrap())
    };
    assert_eq!(ran.code, 0, "{}", ran.all());
    let registered = moto.aws(&["ecs", "describe-task-definition", "--task-definition", "notes"]);
    let task = &registered["taskDefinition"];
    let container = &task["containerDefinitions"][0];
    assert_eq!((&task["executionRoleArn"], &container["image"]), (&json!(role), &json!(image)));
    assert_eq!(
        container["environment"],
        json!([{"name": "STAGE", "value": "live"}, {"name": "PORT", "value": "8080"}])
    );
    let arn = task["taskDefinitionArn"].as_str().unwrap();
    assert!(proof(&project).contains(&format!("it deploys {arn}")), "{}", proof(&project));
    assert_eq!(statuses(&moto), ["Succeeded"]);
}
