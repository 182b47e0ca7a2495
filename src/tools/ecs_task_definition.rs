//! ECS task definitions: rendered from a template with images by digest, checked for secrets in plain
//! text, then registered. The result is the ARN of a revision.

mod containers;
mod images;
mod plain_text;
mod register;
mod runtime_platform;
mod same;
mod template;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::formats::json;
use crate::keys::table::{Keys, Located};
use crate::model::finding::{Category, Finding, Location};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::scan::declared::Declared;
use crate::scan::from_environment::FromEnvironment;
use crate::scan::gate_outputs::REGISTERS;
use crate::scan::job::Job;
use crate::scan::parsed::{Parsed, ReportError, Unplanned};
use crate::scan::placeholder::Values;
use crate::scan::procedure::read_text;
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::suggestion::Suggestion;
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::system::git::Repo;
use crate::text::human;
use crate::text::paths::normalise;
use crate::tools::aws::{self, Account};
pub(super) use crate::tools::ecs_task_definition::containers::Containers;
use crate::tools::ecs_task_definition::plain_text::PlainText;
use crate::tools::ecs_task_definition::template::{Container, Template, is_family};
use crate::tools::registry::delivered::{by_digest, check_image};
use crate::tools::registry::reference::Reference;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: REGISTERS,
    title: "ECS task definition",
    stage: "Task definition",
    usual_seconds: 5,
    program: aws::PROGRAM,
    version_args: &["--version"],
    version: VersionFrom::Asking,
    docs: "docs/configuration.md#ecs-task-definition",
    install: aws::INSTALL,
    secret_fields: Declared::None("Portcullis writes the report, without secrets"),
    steering: &[],
    looks_for: Declared::None("it acts"),
    config_files: Declared::None("its only input is the template that the gate names"),
    init: Suggestion::nothing,
    configure,
};

const WHAT: &str = "report of a task definition";

/// The output under which later gates find the ARN.
pub(super) const OUTPUT: &str = "task_definition";

/// The output under which later gates find its [`Containers`].
pub(super) const CONTAINERS: &str = "containers";

/// The keys of the gate.
#[derive(Clone, Debug, Serialize)]
struct Settings {
    template: String,
    #[serde(flatten)]
    account: Account,
    family: Option<String>,
    /// Container → name of an image that a gate pushes, or a reference by digest.
    images: BTreeMap<String, String>,
    /// Container → an image that is none of this run's.
    sidecars: BTreeMap<String, String>,
    /// Images that this run pushes, and that this definition does not use.
    leaves_out: Vec<String>,
    values: Values,
    /// A second place to write `imagedefinitions.json`.
    image_definitions: Option<String>,
    /// Variables that look secret but are not.
    allow_environment: Vec<String>,
}

#[derive(Debug, Serialize)]
struct EcsTaskDefinition(Settings);

fn configure(keys: &Keys) -> Box<dyn Tool> {
    let template = keys.required_text("template").map(|template| template.value).unwrap_or_default();
    let family = keys.text("family");
    if let Some(family) = family.as_ref().filter(|family| !is_family(&family.value)) {
        let what = format!("`{}` is not a valid family", family.value);
        keys.problem_with_help(family.at.clone(), what, "letters, digits, `-` and `_`");
    }
    let images = keys.table("images").map(|images| images.text_entries()).unwrap_or_default();
    images.iter().for_each(|(_, image)| check_image(keys, image));
    let sidecars = keys.table("sidecars").map(|sidecars| sidecars.text_entries()).unwrap_or_default();
    for (container, image) in &sidecars {
        check_sidecar(keys, image);
        if images.iter().any(|(other, _)| other == container) {
            let what = format!("`{container}` is in `images`, too");
            keys.problem_with_help(
                image.at.clone(),
                what,
                "a sidecar's image is none of this run's: keep one of them",
            );
        }
    }
    let image_definitions = keys.text("image_definitions");
    if let Some(path) = image_definitions.as_ref().filter(|path| !is_inside(&path.value)) {
        let what = "`image_definitions` must be a path below the folder of gates.toml";
        keys.problem(path.at.clone(), what);
    }
    Box::new(EcsTaskDefinition(Settings {
        template,
        account: Account::read(keys),
        family: family.map(|family| family.value),
        images: images.into_iter().map(|(container, image)| (container, image.value)).collect(),
        sidecars: sidecars.into_iter().map(|(container, image)| (container, image.value)).collect(),
        leaves_out: keys.texts_or("leaves_out", &[]),
        values: Values::read(keys),
        image_definitions: image_definitions.map(|path| path.value),
        allow_environment: keys.texts_or("allow_environment", &[]),
    }))
}

/// Accepts what the engines take for an image.
fn check_sidecar(keys: &Keys, image: &Located<String>) {
    if let Err(why) = Reference::read(&image.value) {
        let what = format!("`{}` is not a reference to an image: {why}", image.value);
        keys.problem_with_help(image.at.clone(), what, "such as `public.ecr.aws/nginx/nginx:1.27`");
    }
}

fn is_inside(path: &str) -> bool {
    use std::path::{Component, Path};
    Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// The family and revision of `arn:aws:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION`. `None` for
/// any other text.
pub(super) fn read_arn(arn: &str) -> Option<(&str, u64)> {
    let mut parts = arn.splitn(6, ':');
    let (start, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let (family, revision) = resource.strip_prefix("task-definition/")?.split_once(':')?;
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let number = !revision.starts_with('0') && revision.bytes().all(|byte| byte.is_ascii_digit());
    let right = start == "arn"
        && plain(partition)
        && service == "ecs"
        && plain(region)
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && is_family(family)
        && number;
    Some((family, revision.parse().ok().filter(|_| right)?))
}

impl Settings {
    /// The secrets in plain text and the placeholders that are left in the template, if it is there already: another gate may
    /// write it.
    fn refused_now(&self, repo: &Repo) -> Vec<String> {
        let Ok(text) = read_text(&repo.base.join(&self.template), &self.template) else { return Vec::new() };
        let Ok(mut template) = Template::read(&text, &self.values.at(repo)) else { return Vec::new() };
        if self.family.is_some() && template.family(self.family.as_deref()).is_err() {
            return Vec::new();
        }
        let secrets = plain_text::find(template.root(), &self.allow_environment).into_iter().map(|secret| {
            let PlainText { what, why, .. } = secret;
            format!("has a secret in plain text: {what} ({why}); put it into `secrets`, or name the variable in `allow_environment`")
        });
        let all: Vec<String> = secrets.chain(template.left_now()).collect();
        all.into_iter().map(|why| format!("{} {why}", self.template)).collect()
    }
}

impl Tool for EcsTaskDefinition {
    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let mut environment = FromEnvironment::default();
        let mut settings = self.0.clone();
        settings.account = self.0.account.resolved(&mut environment);
        settings.values = self.0.values.resolved(&mut environment);
        let mut job = scene.job(aws::PROGRAM, &settings.template);
        job.unresolved = environment.unresolved;
        job.unresolved.extend(settings.refused_now(scene.repo));
        let input = job.scratch_file(register::INPUT);
        let file = format!("file://{input}");
        job.invocation.args =
            settings.account.args(["ecs", "register-task-definition", "--cli-input-json", &file]);
        job.because("unless the latest revision is the same");
        job.files
            .writes
            .extend(self.0.image_definitions.as_ref().map(|path| normalise(&scene.repo.base.join(path))));
        job.by_steps(register::Register { settings, input });
        Ok(vec![job])
    }

    fn acts(&self) -> bool {
        true
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        let report: Report = json::read(raw.report(), WHAT)?;
        report.parsed(origin)
    }
}

/// The result for a template.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    portcullis_version: String,
    template: String,
    family: String,
    /// Absent if nothing was registered.
    arn: Option<String>,
    revision: Option<u64>,
    /// The latest revision is the same, so it is used again.
    #[serde(default)]
    reused: bool,
    containers: Vec<Reported>,
    /// Secrets in plain text. If there is one, nothing is registered.
    secrets: Vec<Refused>,
    /// Names in `values` that the template does not use.
    #[serde(default)]
    unused: Vec<String>,
    #[serde(default)]
    notes: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Reported {
    name: String,
    image: String,
    /// Where the image comes from: a `gate` of the run that pushed it, or `gates.toml`.
    by: String,
    /// The ports that it opens.
    #[serde(default)]
    ports: Vec<u64>,
}

/// A secret in plain text: its place, never its value.
#[derive(Debug, Serialize, Deserialize)]
struct Refused {
    what: String,
    why: String,
}

impl Report {
    fn new(template: &str, family: &str) -> Self {
        Self {
            portcullis_version: env!("CARGO_PKG_VERSION").to_owned(),
            template: template.to_owned(),
            family: family.to_owned(),
            arn: None,
            revision: None,
            reused: false,
            containers: Vec::new(),
            secrets: Vec::new(),
            unused: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn add(&mut self, container: Container, by: &str) {
        let Container { name, image, ports } = container;
        self.containers.push(Reported { name, image, by: by.to_owned(), ports });
    }

    fn refuse(&mut self, found: &[PlainText]) {
        let refused = |secret: &PlainText| Refused { what: secret.what.clone(), why: secret.why.to_owned() };
        self.secrets = found.iter().map(refused).collect();
        // An image's address may contain a secret.
        self.containers.clear();
    }

    fn settle(&mut self, arn: &str, revision: u64) {
        self.arn = Some(arn.to_owned());
        self.revision = Some(revision);
    }

    fn parsed(self, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        let foreign = |detail: String| Err(ReportError::Foreign { what: WHAT, detail });
        let mut parsed = Parsed { scope: Scope::of(Unit::Resources, 1), ..Parsed::default() };
        for secret in &self.secrets {
            let title = format!("{} is a secret in plain text", secret.what);
            let mut finding = Finding::new("plain-text-secret", Category::Secret, Severity::High, title);
            finding.message = format!("{}; nothing was registered", secret.why).into();
            finding.location = Some(Location::file(origin.relative(&self.template)));
            let fix = "keep it in Secrets Manager or in a parameter, and name that in `secrets`; if it is not a secret, name the variable in `allow_environment`";
            finding.fix = Some(fix.into());
            parsed.findings.push(finding);
        }
        let Some(arn) = self.arn else {
            return match parsed.findings.is_empty() {
                true => foreign("it names no ARN, and no reason why nothing was registered".to_owned()),
                false => Ok(parsed),
            };
        };
        if !parsed.findings.is_empty() {
            return foreign("it names an ARN, and also secrets, which block registering".to_owned());
        }
        match (read_arn(&arn), self.revision) {
            (Some((family, number)), Some(revision)) if family == self.family && number == revision => {}
            _ => return foreign(format!("{arn} is not the ARN of a revision of {}", self.family)),
        }
        if !self.containers.iter().any(|container| by_digest(&container.image)) {
            return foreign("no container has an image by its digest".to_owned());
        }
        for container in &self.containers {
            let by_tag = if by_digest(&container.image) { "" } else { " (not by digest)" };
            parsed.proof.push(format!("{} is {}{by_tag}", container.name, container.image));
        }
        let revision = arn.rsplit('/').next().unwrap_or_default();
        parsed.proof.push(match self.reused {
            true => format!("{revision} is the same already: nothing was registered"),
            false => format!("registered {revision}"),
        });
        if !self.unused.is_empty() {
            let names = human::count(self.unused.len() as u64, "value");
            parsed.proof.push(format!("{names} of `values` not used: {}", self.unused.join(", ")));
        }
        parsed.proof.extend(self.notes);
        let containers = self.containers.into_iter().map(|one| (one.name, one.ports)).collect();
        parsed.outputs.insert(CONTAINERS.to_owned(), Containers(containers).to_string());
        parsed.outputs.insert(OUTPUT.to_owned(), arn);
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests;
