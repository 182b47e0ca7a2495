//! The AppSpec of a deployment: a template, with the task definition that was registered.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::IgnoredAny;

use crate::scan::gate_outputs::REGISTERS;
use crate::scan::procedure::StepContext;
use crate::scan::procedure::{Failure, read_text};
use crate::system::git::Repo;
use crate::text::hash::sha256;
use crate::text::yaml::{Node, document};
use crate::tools::ecs_task_definition::{CONTAINERS, Containers, OUTPUT, read_arn};

use super::{Settings, is_arn};

/// AWS's own placeholder for the task definition (CodePipeline user guide, "Amazon ECS and CodeDeploy
/// blue-green").
const TASK_DEFINITION: &str = "<TASK_DEFINITION>";

/// An AppSpec that can be deployed, YAML or JSON. CodeDeploy gets it as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AppSpec {
    pub content: String,
    /// SHA-256 of the content, in hexadecimal. It identifies the revision.
    pub sha256: String,
    /// ARN of the task definition that it names.
    pub task_definition: Option<String>,
}

/// A task definition that is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Registered {
    pub arn: String,
    /// `None`: gates.toml names the ARN alone.
    pub containers: Option<Containers>,
}

impl Settings {
    /// Reads the template and fills in its placeholders.
    pub(super) fn render(&self, context: &dyn StepContext) -> Result<AppSpec, Failure> {
        let registered = self.registered(context)?;
        let text = read_text(&context.repo().base.join(&self.app_spec), &self.app_spec)?;
        let values = self.values.at(context.repo());
        let values = match &registered {
            Some(registered) => values.with(TASK_DEFINITION, &registered.arn),
            None => values,
        };
        let wrong = |why: String| Failure::Unproven(format!("{} {why}", self.app_spec));
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let text = match &registered {
            Some(registered) => text.replace(TASK_DEFINITION, &registered.arn),
            None => text.to_owned(),
        };
        let filled = values.fill(&text, &mut BTreeSet::new());
        if registered.is_none() && filled.text.contains(TASK_DEFINITION) {
            let why =
                "needs a task definition, and no ecs-task-definition gate of this run has registered one";
            return Err(wrong(why.to_owned()));
        }
        if let Some(why) = left_over(filled.left) {
            return Err(wrong(why));
        }
        AppSpec::new(filled.text, registered).map_err(wrong)
    }

    /// The placeholders that are left in the template, if it is there already: another gate may write it. That of the
    /// task definition is filled later.
    pub(super) fn left_over(&self, repo: &Repo) -> Option<String> {
        let text = read_text(&repo.base.join(&self.app_spec), &self.app_spec).ok()?;
        let filled = self.values.at(repo).fill(&text.replace(TASK_DEFINITION, ""), &mut BTreeSet::new());
        Some(format!("{} {}", self.app_spec, left_over(filled.left)?))
    }

    /// The ARN that gates.toml names, or that a gate of this run registered.
    fn registered(&self, context: &dyn StepContext) -> Result<Option<Registered>, Failure> {
        let gates = context.gate_outputs().of_tool(REGISTERS);
        let registered = |outputs: &BTreeMap<String, String>| {
            let containers = outputs.get(CONTAINERS).map(|text| Containers::read(text));
            Some(Registered { arn: outputs.get(OUTPUT)?.clone(), containers })
        };
        let all: BTreeMap<&str, Registered> =
            gates.filter_map(|(gate, target)| Some((&*gate.id, registered(&target.outputs)?))).collect();
        let found = match &self.task_definition {
            Some(arn) if is_arn(arn) => {
                return Ok(Some(Registered { arn: arn.clone(), containers: None }));
            }
            Some(id) => all.get(id.as_str()).ok_or_else(|| {
                Failure::Unproven(format!("there is no gate {id} that has registered a task definition"))
            })?,
            None if all.len() > 1 => {
                let ids: Vec<&str> = all.keys().copied().collect();
                return Err(Failure::Unproven(format!(
                    "several gates have registered a task definition: say in `task_definition` which ({})",
                    ids.join(", ")
                )));
            }
            None => match all.values().next() {
                Some(registered) => registered,
                None => return Ok(None),
            },
        };
        match read_arn(&found.arn) {
            Some(_) => Ok(Some(found.clone())),
            None => Err(Failure::Unproven(format!("{} is not the ARN of a task definition", found.arn))),
        }
    }
}

fn left_over(left: Vec<String>) -> Option<String> {
    let left: BTreeSet<String> = left.into_iter().collect();
    let named = left.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    (!left.is_empty())
        .then(|| format!("has placeholders left over: {named}; give each its value in `values`"))
}

impl AppSpec {
    /// `deploys`: what it must name, if a gate of this run has registered it.
    pub(super) fn new(content: String, deploys: Option<Registered>) -> Result<Self, String> {
        if content.trim().is_empty() {
            return Err("is empty".to_owned());
        }
        if content.trim_start().starts_with('{') {
            serde_json::from_str::<IgnoredAny>(&content).map_err(|error| format!("is not JSON: {error}"))?;
        }
        let document = document(&content).map_err(|why| format!("can't be read: {why}"))?;
        if let Some(registered) = &deploys {
            check(&document, registered)?;
        }
        let sha256 = sha256(content.as_bytes());
        Ok(Self { content, sha256, task_definition: deploys.map(|registered| registered.arn) })
    }
}

/// What it deploys stands at this place ("AppSpec File example for an Amazon ECS deployment", CodeDeploy user guide).
const PLACE: &str = "Resources[].TargetService.Properties.TaskDefinition";

/// Every service of it must be deployed with this task definition, and with a container and a port that it has.
fn check(document: &Node, registered: &Registered) -> Result<(), String> {
    let Registered { arn, containers } = registered;
    let services: Vec<&Node> = key(document, "Resources")
        .into_iter()
        .flat_map(Node::items)
        .flat_map(Node::entries)
        .map(|(_, resource)| resource)
        .filter(|resource| text(resource, "Type") == Some("AWS::ECS::Service"))
        .collect();
    if services.is_empty() {
        return Err(format!(
            "has no service of ECS (Type: AWS::ECS::Service): write {TASK_DEFINITION} at {PLACE}"
        ));
    }
    for service in services {
        let properties = key(service, "Properties");
        match properties.and_then(|properties| text(properties, "TaskDefinition")) {
            Some(its) if its == arn => {}
            Some(its) => {
                return Err(format!("deploys {its}, not {arn}: write {TASK_DEFINITION} at {PLACE}"));
            }
            None => return Err(format!("does not name {arn}: write {TASK_DEFINITION} at {PLACE}")),
        }
        let balancer = properties.and_then(|properties| key(properties, "LoadBalancerInfo"));
        if let (Some(balancer), Some(containers)) = (balancer, containers) {
            check_balancer(balancer, containers)?;
        }
    }
    Ok(())
}

/// The traffic goes to a container of the task definition, at a port that it opens.
fn check_balancer(balancer: &Node, containers: &Containers) -> Result<(), String> {
    let Some(name) = text(balancer, "ContainerName") else { return Ok(()) };
    let Some(ports) = containers.0.get(name) else {
        let names: Vec<&str> = containers.0.keys().map(String::as_str).collect();
        return Err(format!(
            "sends the traffic to the container {name}, and the task definition has {}",
            names.join(", ")
        ));
    };
    match text(balancer, "ContainerPort") {
        Some(port) if !ports.iter().any(|its| its.to_string() == port) => Err(format!(
            "sends the traffic to port {port} of {name}, which the task definition does not open"
        )),
        _ => Ok(()),
    }
}

/// The value of a key. AWS's own examples write some keys with a small letter.
fn key<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    node.get(name).or_else(|| {
        let mut alike = node.entries().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        alike.next().map(|(_, value)| value)
    })
}

fn text<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    key(node, name)?.as_text()
}

#[cfg(test)]
mod tests;
