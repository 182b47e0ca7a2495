//! The steps: render, look for secrets, compare with the latest revision, register.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::scan::procedure::StepContext;
use crate::scan::procedure::{Failure, Procedure, Steps, read_text};
use crate::system::private;
use crate::system::whole_file::write_whole;
use crate::tools::aws::{Account, AwsError};
use crate::tools::registry::delivered::Pushed;

use super::template::Template;
use super::{Report, Settings, images, plain_text, read_arn, runtime_platform, same};

/// The rendered definition, in the job's folder.
pub(super) const INPUT: &str = "task-definition.json";
pub(super) const REPORT: &str = "ecs-task-definition.json";
/// The file that the ECS action of CodePipeline reads (CodePipeline user guide, "Image definitions file
/// reference").
const IMAGE_DEFINITIONS: &str = "imagedefinitions.json";

#[derive(Clone, Debug)]
pub(super) struct Register {
    pub settings: Settings,
    /// The path of [`INPUT`] in arguments.
    pub input: String,
}

/// One entry of [`IMAGE_DEFINITIONS`]: exactly these two keys.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageDefinition<'c> {
    name: &'c str,
    image_uri: &'c str,
}

/// The answer of `describe-task-definition`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    task_definition: Map<String, Value>,
    #[serde(default)]
    tags: Option<Value>,
}

/// The answer of `register-task-definition`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registered {
    task_definition: Definition,
}

/// The parts of a registered definition that are needed here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    task_definition_arn: String,
    family: String,
    revision: u64,
    status: String,
    container_definitions: Vec<Registeree>,
}

#[derive(Deserialize)]
struct Registeree {
    name: String,
    image: String,
}

impl Procedure for Register {
    fn carry_out<'a>(&'a self, context: &'a mut dyn StepContext) -> Steps<'a> {
        Box::pin(async move {
            let shown = &self.settings.template;
            let wrong = |why: String| Failure::Unproven(format!("{shown} {why}"));
            let text = read_text(&context.repo().base.join(shown), shown)?;
            let values = self.settings.values.at(context.repo());
            let mut template = Template::read(&text, &values).map_err(wrong)?;
            let family = template.family(self.settings.family.as_deref()).map_err(wrong)?;
            let pushed = Pushed::of(context.gate_outputs());
            let images = images::resolve(&self.settings, &pushed, &template.containers())
                .map_err(Failure::Unproven)?;
            template.set_images(&images).map_err(wrong)?;

            let mut report = Report::new(shown, &family);
            for container in template.containers() {
                let by = if pushed.has(&container.image) { "gate" } else { "gates.toml" };
                report.add(container, by);
            }
            report.unused = values.unused(&template.used).into_iter().map(str::to_owned).collect();
            let found = plain_text::find(template.root(), &self.settings.allow_environment);
            if !found.is_empty() {
                found.iter().for_each(|secret| context.learn(secret.value));
                report.refuse(&found);
                return context.report(REPORT, &report);
            }
            let Value::Object(definition) = template.finish().map_err(wrong)? else {
                return Err(wrong("is not a JSON object".to_owned()));
            };
            let platforms = runtime_platform::compare(&definition, &pushed, context.gate_outputs());
            report.notes.extend(platforms.map_err(wrong)?);

            let known = self.known(context, &family, &definition, &mut report).await?;
            report.reused = known.is_some();
            let registered = match known {
                Some(known) => known,
                None => self.register(context, &family, &definition).await?,
            };
            report.settle(&registered.task_definition_arn, registered.revision);
            context.report(REPORT, &report)?;
            confirm(&registered, &report)?;
            self.write_image_definitions(context, &report, &images)
        })
    }
}

impl Register {
    /// The latest revision of the family, if it is the same already.
    async fn known(
        &self,
        context: &mut dyn StepContext,
        family: &str,
        definition: &Map<String, Value>,
        report: &mut Report,
    ) -> Result<Option<Definition>, Failure> {
        let mut call = vec!["ecs", "describe-task-definition", "--task-definition", family];
        if definition.contains_key("tags") {
            call.extend(["--include", "TAGS"]);
        }
        let mut described: Described = match self.account(context).call(context, &call).await {
            Ok(described) => described,
            // There is no such family yet.
            Err(error) if error.is("ClientException") => return Ok(None),
            Err(AwsError::Refused { code, .. }) if code.starts_with("AccessDenied") => {
                let note =
                    "the role of this job may not describe task definitions: not compared with the last one";
                report.notes.push(note.to_owned());
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(tags) = described.tags.take() {
            described.task_definition.insert("tags".to_owned(), tags);
        }
        if !same::same(definition, &described.task_definition) {
            return Ok(None);
        }
        let known: Definition = serde_json::from_value(Value::Object(described.task_definition))
            .map_err(|error| Failure::Unproven(format!("the answer of ECS is incomplete: {error}")))?;
        Ok((known.status == "ACTIVE").then_some(known))
    }

    fn account(&self, context: &dyn StepContext) -> Account {
        self.settings.account.clone().with(context.args())
    }

    async fn register(
        &self,
        context: &mut dyn StepContext,
        family: &str,
        definition: &Map<String, Value>,
    ) -> Result<Definition, Failure> {
        context.tell(format!("registering a revision of {family}"));
        let file = context.scratch().join(INPUT);
        let created = private::create(&file);
        created
            .and_then(|out| Ok(serde_json::to_writer(out, definition)?))
            .map_err(|error| Failure::Unproven(format!("{INPUT} can't be written: {error}")))?;
        let input = format!("file://{}", self.input);
        let call = ["ecs", "register-task-definition", "--cli-input-json", &input];
        let answer: Registered = self.account(context).call(context, &call).await?;
        Ok(answer.task_definition)
    }

    /// Writes the file for CodePipeline: into the output folder, and to the path that gates.toml names.
    fn write_image_definitions(
        &self,
        context: &mut dyn StepContext,
        report: &Report,
        images: &BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        // CodePipeline leaves sidecars as they are.
        let sidecars = &self.settings.sidecars;
        let own = |name: &String| images.contains_key(name) && !sidecars.contains_key(name);
        let of_images = report.containers.iter().filter(|container| own(&container.name));
        let list: Vec<ImageDefinition> = of_images
            .map(|container| ImageDefinition { name: &container.name, image_uri: &container.image })
            .collect();
        if list.is_empty() {
            return Ok(());
        }
        let unwritten =
            |why: String| Failure::Unproven(format!("{IMAGE_DEFINITIONS} can't be written: {why}"));
        let bytes = serde_json::to_vec(&list).map_err(|error| unwritten(error.to_string()))?;
        if let Some(path) = &self.settings.image_definitions {
            let path = context.repo().base.join(path);
            write_whole(&path, |out| out.write_all(&bytes)).map_err(|error| unwritten(error.to_string()))?;
        }
        context.hand_over(IMAGE_DEFINITIONS, bytes);
        Ok(())
    }
}

/// Checks that ECS has registered what it was given.
fn confirm(registered: &Definition, report: &Report) -> Result<(), Failure> {
    let wrong = |what: String| Err(Failure::Unproven(format!("ECS has registered something else: {what}")));
    let named = read_arn(&registered.task_definition_arn);
    if named != Some((registered.family.as_str(), registered.revision)) || registered.family != report.family
    {
        let Definition { task_definition_arn, family, revision, .. } = registered;
        return wrong(format!("{family}:{revision}, as {task_definition_arn}"));
    }
    if registered.status != "ACTIVE" {
        return wrong(format!("its status is {}", registered.status));
    }
    for container in &report.containers {
        let of_name = registered.container_definitions.iter().find(|other| other.name == container.name);
        if of_name.map(|other| other.image.as_str()) != Some(&container.image) {
            return wrong(format!("the image of {} is not {}", container.name, container.image));
        }
    }
    match registered.container_definitions.len() == report.containers.len() {
        true => Ok(()),
        false => wrong(format!("it has {} containers", registered.container_definitions.len())),
    }
}
