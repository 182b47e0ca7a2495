//! The AppSpec of a deployment: a template, with the task definition that was registered.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::IgnoredAny;

use crate::scan::procedure::StepContext;
use crate::scan::procedure::{Failure, read_text};
use crate::system::git::Repo;
use crate::text::hash::sha256;
use crate::tools::ecs_task_definition::{OUTPUT, SPEC as REGISTERS, read_arn};

use super::Settings;

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

impl Settings {
    /// Reads the template and fills in its placeholders.
    pub(super) fn render(&self, context: &dyn StepContext) -> Result<AppSpec, Failure> {
        let task_definition = self.registered(context)?;
        let text = read_text(&context.repo().base.join(&self.app_spec), &self.app_spec)?;
        let values = self.values.at(context.repo());
        let wrong = |why: String| Failure::Unproven(format!("{} {why}", self.app_spec));
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let text = match &task_definition {
            Some(arn) => text.replace(TASK_DEFINITION, arn),
            None => text.to_owned(),
        };
        let filled = values.fill(&text, &mut BTreeSet::new());
        if filled.left.iter().any(|left| left == TASK_DEFINITION) {
            let why =
                "needs a task definition, and no ecs-task-definition gate of this run has registered one";
            return Err(wrong(why.to_owned()));
        }
        if let Some(why) = left_over(filled.left) {
            return Err(wrong(why));
        }
        AppSpec::new(filled.text, task_definition).map_err(wrong)
    }

    /// The placeholders that are left in the template, if it is there already: another gate may write it. That of the
    /// task definition is filled later.
    pub(super) fn left_over(&self, repo: &Repo) -> Option<String> {
        let text = read_text(&repo.base.join(&self.app_spec), &self.app_spec).ok()?;
        let filled = self.values.at(repo).fill(&text.replace(TASK_DEFINITION, ""), &mut BTreeSet::new());
        Some(format!("{} {}", self.app_spec, left_over(filled.left)?))
    }

    /// The ARN that gates.toml names, or that a gate of this run registered.
    fn registered(&self, context: &dyn StepContext) -> Result<Option<String>, Failure> {
        let gates = context.gate_outputs().of_tool(REGISTERS.name);
        let all: BTreeMap<&str, &String> =
            gates.filter_map(|(gate, target)| Some((&*gate.id, target.outputs.get(OUTPUT)?))).collect();
        let found = match &self.task_definition {
            Some(arn) if arn.starts_with("arn:") => return Ok(Some(arn.clone())),
            Some(id) => all.get(id.as_str()).copied().ok_or_else(|| {
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
                Some(arn) => arn,
                None => return Ok(None),
            },
        };
        match read_arn(found) {
            Some(_) => Ok(Some(found.clone())),
            None => Err(Failure::Unproven(format!("{found} is not the ARN of a task definition"))),
        }
    }
}

fn left_over(left: Vec<String>) -> Option<String> {
    let left: BTreeSet<String> = left.into_iter().collect();
    let named = left.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    (!left.is_empty())
        .then(|| format!("has placeholders left over: {named}; name them in `values`, as ${{NAME}}"))
}

impl AppSpec {
    pub(super) fn new(content: String, task_definition: Option<String>) -> Result<Self, String> {
        if content.trim().is_empty() {
            return Err("is empty".to_owned());
        }
        if content.trim_start().starts_with('{') {
            serde_json::from_str::<IgnoredAny>(&content).map_err(|error| format!("is not JSON: {error}"))?;
        }
        if let Some(arn) = task_definition.as_deref().filter(|arn| !names(&content, arn)) {
            return Err(format!("does not name {arn}: write {TASK_DEFINITION} where it belongs"));
        }
        let sha256 = sha256(content.as_bytes());
        Ok(Self { content, sha256, task_definition })
    }
}

/// Whether the text contains the ARN, and not only as the beginning of a later revision's ARN.
fn names(text: &str, arn: &str) -> bool {
    text.match_indices(arn).any(|(at, _)| !text[at + arn.len()..].starts_with(|c: char| c.is_ascii_digit()))
}
