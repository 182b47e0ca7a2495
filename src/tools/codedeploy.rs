//! CodeDeploy: starts one blue/green deployment of what was registered, and watches it to its end.

mod answers;
mod api;
mod app_spec;
mod deploy;
mod report;
mod watch;

use std::time::Duration;

use serde::Serialize;

use crate::formats::json;
use crate::keys::table::Keys;
use crate::keys::values::read_duration;
use crate::scan::declared::Declared;
use crate::scan::from_environment::FromEnvironment;
use crate::scan::job::Job;
use crate::scan::parsed::{Parsed, ReportError, Unplanned};
use crate::scan::placeholder::Values;
use crate::scan::procedure::StepContext;
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::suggestion::Suggestion;
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::tools::aws::{self, Account};
use crate::tools::ecs_task_definition::read_arn;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "codedeploy",
    title: "CodeDeploy",
    stage: "Deploy",
    usual_seconds: 300,
    program: aws::PROGRAM,
    version_args: &["--version"],
    version: VersionFrom::Asking,
    docs: "docs/configuration.md#codedeploy",
    install: aws::INSTALL,
    secret_fields: Declared::None("Portcullis writes the report, without secrets"),
    steering: &[],
    looks_for: Declared::None("it acts"),
    config_files: Declared::None("the AppSpec is its input, which the gate names"),
    init: Suggestion::nothing,
    configure,
};

/// Variables in which CI services give the address of the build.
const BUILD_URLS: &[&str] = &["BUILD_URL", "CI_JOB_URL", "CI_PIPELINE_URL", "CODEBUILD_BUILD_URL"];

/// The keys of the gate.
#[derive(Clone, Debug, Serialize)]
struct Settings {
    #[serde(flatten)]
    account: Account,
    application: String,
    group: String,
    /// The template of the AppSpec.
    app_spec: String,
    values: Values,
    /// An ARN, or the id of the gate that registered it.
    task_definition: Option<String>,
    /// Deployment configuration. By default, the group's own.
    config: Option<String>,
    description: Option<String>,
    /// How long a deployment of the same revision counts as done.
    window: Duration,
    in_progress: InProgress,
    on_stop: OnStop,
    poll: Duration,
}

/// What to do if a deployment of another revision is in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum InProgress {
    Wait,
    Refuse,
}

/// What to do with the deployment when the run is stopped or the gate times out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum OnStop {
    Stop,
    Leave,
}

#[derive(Debug, Serialize)]
struct CodeDeploy(Settings);

fn configure(keys: &Keys) -> Box<dyn Tool> {
    let required = |key| keys.required_text(key).map(|text| text.value).unwrap_or_default();
    let task_definition = keys.text("task_definition");
    if let Some(arn) = task_definition.as_ref().filter(|it| is_arn(&it.value))
        && read_arn(&arn.value).is_none()
    {
        let help = "arn:aws:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION, or the id of a gate";
        keys.problem_with_help(arn.at.clone(), "this is not the ARN of a task definition", help);
    }
    Box::new(CodeDeploy(Settings {
        account: Account::read(keys),
        application: required("application"),
        group: required("group"),
        app_spec: required("app_spec"),
        values: Values::read(keys),
        task_definition: task_definition.map(|it| it.value),
        config: keys.text("config").map(|config| config.value),
        description: keys.text("description").map(|description| description.value),
        window: read_duration(keys, "window").unwrap_or(Duration::from_secs(60 * 60)),
        in_progress: keys.word_or(
            "in_progress",
            &[("wait", InProgress::Wait), ("refuse", InProgress::Refuse)],
            InProgress::Wait,
        ),
        on_stop: keys.word_or("on_stop", &[("stop", OnStop::Stop), ("leave", OnStop::Leave)], OnStop::Stop),
        poll: read_duration(keys, "poll").unwrap_or(Duration::from_secs(10)),
    }))
}

impl Settings {
    /// The same, with values from the environment.
    fn resolved(&self, environment: &mut FromEnvironment) -> Self {
        let mut settings = self.clone();
        settings.account = self.account.resolved(environment);
        settings.application = environment.value("application", &self.application);
        settings.group = environment.value("group", &self.group);
        settings.config = environment.option("config", &self.config);
        settings.description = environment.option("description", &self.description);
        settings.task_definition = environment.option("task_definition", &self.task_definition);
        settings.values = self.values.resolved(environment);
        settings
    }

    /// The description shown in the console: the commit and the build.
    fn description(&self, context: &dyn StepContext) -> String {
        if let Some(description) = &self.description {
            return description.clone();
        }
        let commit = context.repo().head.as_ref().map(|commit| format!("commit {commit}"));
        let of_github = || {
            let run = context.variable("GITHUB_RUN_ID")?;
            let (server, repository) =
                (context.variable("GITHUB_SERVER_URL")?, context.variable("GITHUB_REPOSITORY")?);
            Some(format!("{server}/{repository}/actions/runs/{run}"))
        };
        let build = BUILD_URLS.iter().find_map(|name| context.variable(name)).or_else(of_github);
        let words: Vec<String> = commit.into_iter().chain(build).collect();
        match words.is_empty() {
            true => "by Portcullis".to_owned(),
            false => format!("by Portcullis: {}", words.join(", ")),
        }
    }
}

/// Whether a task definition is named itself, and not the gate that registers it.
fn is_arn(named: &str) -> bool {
    named.starts_with("arn:")
}

impl Tool for CodeDeploy {
    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let mut environment = FromEnvironment::default();
        let settings = self.0.resolved(&mut environment);
        let Settings { account, application, group, .. } = &settings;
        let mut job = scene.job(aws::PROGRAM, &format!("{application}/{group}"));
        let input = job.scratch_file(deploy::INPUT);
        let file = format!("file://{input}");
        job.invocation.args = account.args(["deploy", "create-deployment", "--cli-input-json", &file]);
        job.unresolved = environment.unresolved;
        job.unresolved.extend(settings.left_over(scene.repo));
        job.deploys = settings.task_definition.clone().filter(|named| is_arn(named));
        let revision = match &job.deploys {
            Some(arn) => format!("deploys {arn}, which gates.toml names, "),
            None => String::new(),
        };
        job.because(format!("{revision}unless the same revision is deployed, or on its way"));
        job.by_steps(deploy::Deploy::new(settings, input));
        Ok(vec![job])
    }

    fn acts(&self) -> bool {
        true
    }

    fn parse(&self, raw: &RawReport, _place: &ReportOrigin) -> Result<Parsed, ReportError> {
        json::read::<report::Report>(raw.report(), report::WHAT)?.parsed()
    }
}

#[cfg(test)]
mod tests;
