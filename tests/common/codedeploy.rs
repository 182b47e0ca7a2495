//! A project with one gate that deploys.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use super::Project;

pub(crate) const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/notes:7";

pub(crate) const APP_SPEC: &str = "version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: \"<TASK_DEFINITION>\"
        LoadBalancerInfo:
          ContainerName: ${CONTAINER}
          ContainerPort: 8080
";

/// One gate with these further keys.
pub(crate) fn gates(arn: &str, more: &str) -> String {
    format!(
        "version = 1\nmode = 'production'\n[[gate]]\nid = 'deploy'\ntool = 'codedeploy'\napplication = 'notes'\n\
         group = 'live'\napp_spec = 'deploy/appspec.yaml'\nvalues = {{ CONTAINER = 'backend' }}\npoll = '100ms'\n\
         task_definition = '{arn}'\n{more}\n"
    )
}

pub(crate) fn project(more: &str) -> Project {
    let project = Project::with_gates(&gates(ARN, more));
    project.write("deploy/appspec.yaml", APP_SPEC);
    project
}

pub(crate) fn reason(project: &Project) -> String {
    project.gate("deploy")["reason"].as_str().unwrap().to_owned()
}
