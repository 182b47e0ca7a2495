//! A project with one gate that registers a task definition.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use serde_json::{Value, json};

use super::Project;

/// An image by its digest, as a registry gives it.
pub(crate) fn image(name: &str) -> String {
    const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/{name}@sha256:{DIGEST}")
}

/// The template of a service with a sidecar; its keys are as ECS writes them.
pub(crate) fn template() -> Value {
    json!({
        "family": "notes-${STAGE}",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "containerDefinitions": [
            {
                "name": "backend",
                "image": "<IMAGE1_NAME>",
                "essential": true,
                "portMappings": [{"containerPort": 8080}],
                "environment": [{"name": "STAGE", "value": "${STAGE}"}, {"name": "PORT", "value": "8080"}],
                "secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/db"}],
            },
            {"name": "proxy", "image": "public.ecr.aws/nginx/nginx:1.27", "essential": true},
        ],
    })
}

pub(crate) fn gates(more: &str) -> String {
    let image = image("notes-backend");
    format!(
        "version = 1\nmode = 'production'\n[[gate]]\nid = 'task'\ntool = 'ecs-task-definition'\ntemplate = 'deploy/task.json'\n\
         images = {{ backend = '{image}' }}\nsidecars = {{ proxy = 'public.ecr.aws/nginx/nginx:1.27' }}\nvalues = {{ STAGE = 'live' }}\nimage_definitions = 'imagedefinitions.json'\n{more}\n"
    )
}

pub(crate) fn project(template: &Value, more: &str) -> Project {
    let project = Project::with_gates(&gates(more));
    project.write("deploy/task.json", serde_json::to_string_pretty(template).unwrap());
    project
}

pub(crate) fn reason(project: &Project) -> String {
    project.gate("task")["reason"].as_str().unwrap().to_owned()
}
