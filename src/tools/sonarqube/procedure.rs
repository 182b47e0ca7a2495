//! The steps of the gate: scan, wait until the server has finished its part of the analysis, ask for
//! the result.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::scan::procedure::StepContext;
use crate::scan::procedure::{Failure, Procedure, Steps, read_text};

use super::answers::{Answers, Hotspot, Issue, ServerCircumstances, Task};
use super::pages::{Gathered, List};
use super::server::{Auth, CLOUD, Server, error_line, late, normal, same, wait};
use super::task_file::TaskFile;

/// The name of the report.
const REPORT: &str = "sonarqube.json";

/// The variable from which the scanners read the server's address.
const HOST: &str = "SONAR_HOST_URL";

const ISSUES: List<Issue> = List {
    what: "open issues",
    path: "api/issues/search",
    take: |answers| answers.issues.take(),
    cuts: &[
        ("severities", &["BLOCKER", "CRITICAL", "MAJOR", "MINOR", "INFO"]),
        ("types", &["BUG", "VULNERABILITY", "CODE_SMELL"]),
    ],
};

const HOTSPOTS: List<Hotspot> = List {
    what: "security hotspots",
    path: "api/hotspots/search",
    take: |answers| answers.hotspots.take(),
    cuts: &[],
};

/// What the gate analyses or asks for. Texts of the form `$NAME` are variables.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Analysis {
    /// Whether the job's program scans; otherwise the analysis ran elsewhere.
    #[serde(skip)]
    pub scans: bool,
    /// The server. Files of the repository do not decide where the token is sent.
    pub host: Option<String>,
    pub public_url: Option<String>,
    pub project: Option<String>,
    pub organization: Option<String>,
    pub branch: Option<String>,
    pub pull_request: Option<PullRequest>,
    /// Absolute.
    #[serde(skip)]
    pub task_file: PathBuf,
    /// The variable with the token.
    pub token: String,
    pub auth: Option<Auth>,
    pub issues: bool,
    pub hotspots: bool,
    pub max_age: Duration,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct PullRequest {
    pub key: String,
    pub branch: Option<String>,
    pub base: Option<String>,
}

/// The branch or pull request of this run.
#[derive(Debug, Default)]
pub(super) struct Subject {
    branch: Option<String>,
    pull_request: Option<String>,
    /// The same as properties of the scanner.
    pub properties: Vec<String>,
}

impl Procedure for Analysis {
    fn carry_out<'a>(&'a self, context: &'a mut dyn StepContext) -> Steps<'a> {
        Box::pin(async move {
            let token = self.token(context)?;
            let host = self.host(context)?;
            let subject = self.subject(context)?;
            let scanner = match self.scans {
                true => Some(self.scan(context, &host, &subject, &token).await?),
                false => None,
            };
            let file = self.task_file(context, &host)?;
            let version = file.server_version.as_deref();
            let auth = self.auth.unwrap_or_else(|| Auth::of(&host, version));
            let server = Server::new(&host, auth, &self.token, &token);
            let task = self.follow(context, &server, &file.task).await?;
            self.compare(&task, &file, &subject)?;

            let mut run = ServerCircumstances {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                server: self.public_url.clone().unwrap_or(host),
                server_version: file.server_version.clone(),
                scanner,
                ..ServerCircumstances::default()
            };
            let mut answers = Answers::default();
            if task.status == "SUCCESS" {
                if !self.scans {
                    run.elsewhere = Some(self.elsewhere(context, &server, &task, &file.project).await?);
                }
                answers = self.results(context, &server, &task, &file.project, &mut run.gaps).await?;
            }
            answers.task = Some(task);
            answers.portcullis = Some(run);
            context.report(REPORT, &answers)
        })
    }
}

impl Analysis {
    fn token(&self, context: &mut dyn StepContext) -> Result<String, Failure> {
        let token = context.variable(&self.token).map(|token| token.trim().to_owned());
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            let why = format!("{} is not set: it must hold a token of the server", self.token);
            return Err(Failure::Unproven(why));
        };
        context.learn(&token);
        Ok(token)
    }

    fn host(&self, context: &dyn StepContext) -> Result<String, Failure> {
        let named = self.host.clone().or_else(|| context.variable(HOST));
        let cloud = || self.organization.is_some().then(|| CLOUD.to_owned());
        let Some(host) = named.or_else(cloud) else {
            return Err(Failure::Unproven(format!(
                "no server is named: set `host`, or {HOST}; the token is never sent to an address that only a file of the repository names"
            )));
        };
        match error_line(&host) {
            Some(why) => Err(Failure::Unproven(format!("the address of the server, from {HOST}, {why}"))),
            None => Ok(normal(&host)),
        }
    }

    fn subject(&self, context: &dyn StepContext) -> Result<Subject, Failure> {
        let value = |key: &str, text: &str| match text.strip_prefix('$') {
            None => Ok(text.to_owned()),
            Some(name) => context.variable(name).ok_or_else(|| {
                Failure::Unproven(format!("`{key}` reads the variable {name}, which is not set"))
            }),
        };
        let property = |name: &str, value: &str| format!("-Dsonar.{name}={value}");
        // If the variable is not set, this is not a pull request.
        if let Some(pull_request) = &self.pull_request
            && let Ok(key) = value("key", &pull_request.key)
        {
            let mut properties = vec![property("pullrequest.key", &key)];
            for (name, text) in [("branch", &pull_request.branch), ("base", &pull_request.base)] {
                if let Some(text) = text {
                    let value = value(&format!("pull_request.{name}"), text)?;
                    properties.push(property(&format!("pullrequest.{name}"), &value));
                }
            }
            return Ok(Subject { branch: None, pull_request: Some(key), properties });
        }
        let Some(branch) = &self.branch else { return Ok(Subject::default()) };
        let branch = value("branch", branch)?;
        let properties = vec![property("branch.name", &branch)];
        Ok(Subject { branch: Some(branch), pull_request: None, properties })
    }

    /// The path of the task file in messages.
    pub(super) fn shown(&self, context: &dyn StepContext) -> String {
        let repo = context.repo();
        self.task_file.strip_prefix(&repo.base).unwrap_or(&self.task_file).display().to_string()
    }

    /// Reads the file that the scanner wrote. Refuses one of another server or project.
    fn task_file(&self, context: &dyn StepContext, host: &str) -> Result<TaskFile, Failure> {
        let shown = self.shown(context);
        if !self.scans && !self.task_file.exists() {
            return Err(Failure::Unproven(format!("there is no {shown}: was the analysis run before?")));
        }
        let text = read_text(Path::new(&self.task_file), &shown)?;
        let file = TaskFile::read(&text)
            .map_err(|why| Failure::Unproven(format!("{shown} is not a complete report-task.txt: {why}")))?;
        let known = [Some(host), self.public_url.as_deref()];
        if !known.into_iter().flatten().any(|known| same(known, &file.server)) {
            return Err(Failure::Unproven(format!(
                "{shown} is for the server {}, and this gate is for {host}; if both are the same server, set `public_url` to the first",
                file.server
            )));
        }
        let differs = |wanted: &Option<String>, is: Option<&String>, what: &str| {
            let (wanted, is) = (wanted.as_ref()?, is?);
            (wanted != is).then(|| format!("{shown} is for the {what} {is}, and this gate is for {wanted}"))
        };
        let wrong = differs(&self.project, Some(&file.project), "project")
            .or_else(|| differs(&self.organization, file.organization.as_ref(), "organisation"));
        wrong.map_or(Ok(file), |why| Err(Failure::Unproven(why)))
    }

    /// Asks for the task until it has ended.
    async fn follow(
        &self,
        context: &mut dyn StepContext,
        server: &Server,
        id: &str,
    ) -> Result<Task, Failure> {
        let (mut asked, mut words) = (0, String::new());
        loop {
            let parameters = [("id", id), ("additionalFields", "warnings")];
            let answer = server.get(context, "api/ce/task", &parameters).await;
            let answers: Answers = answer.map_err(|failure| late(failure, &words))?;
            let Some(task) = answers.task else {
                let why = format!("the answer of {} to api/ce/task has no task", server.host());
                return Err(Failure::Unproven(why));
            };
            asked += 1;
            match task.status.as_str() {
                "SUCCESS" | "FAILED" | "CANCELED" => return Ok(task),
                "PENDING" | "IN_PROGRESS" => {}
                other => {
                    let why = format!("the task {id} is {other}, which is not a known status of SonarQube");
                    return Err(Failure::Unproven(why));
                }
            }
            words = format!("the analysis is {} on {}", task.status, server.host());
            context.tell(words.as_str());
            wait(context, asked, &words).await?;
        }
    }

    /// The task must be for the project, branch or pull request of this gate.
    fn compare(&self, task: &Task, file: &TaskFile, subject: &Subject) -> Result<(), Failure> {
        let of = |what: &str, wanted: &str, is: Option<&String>| match is {
            Some(is) if is == wanted => Ok(()),
            is => Err(Failure::Unproven(format!(
                "the analysis is for {what} {}, and this gate is for {wanted}",
                is.map_or("(none)", String::as_str)
            ))),
        };
        if task.id != file.task {
            return Err(Failure::Unproven(format!("the server answers with another task, {}", task.id)));
        }
        if task.component_key.is_some() {
            of("the project", &file.project, task.component_key.as_ref())?;
        }
        if let Some(branch) = &subject.branch {
            of("the branch", branch, task.branch.as_ref())?;
        }
        if let Some(key) = &subject.pull_request {
            of("the pull request", key, task.pull_request.as_ref())?;
        }
        Ok(())
    }

    /// The results of the analysis.
    async fn results(
        &self,
        context: &mut dyn StepContext,
        server: &Server,
        task: &Task,
        project: &str,
        gaps: &mut Vec<String>,
    ) -> Result<Answers, Failure> {
        let Some(analysis) = &task.analysis_id else {
            return Err(Failure::unproven("the task ended with SUCCESS, but has no analysis"));
        };
        let parameters = [("analysisId", analysis.as_str())];
        let mut answers: Answers =
            server.get(context, "api/qualitygates/project_status", &parameters).await?;
        if answers.project_status.is_none() {
            let path = "api/qualitygates/project_status";
            let why = format!("the answer of {} to {path} has no quality gate", server.host());
            return Err(Failure::Unproven(why));
        }
        let mut components = Vec::new();
        let mut keep = |gap: Option<String>, files| {
            components.extend(files);
            gaps.extend(gap);
        };
        if self.issues {
            let mut parameters = vec![("componentKeys", project), ("resolved", "false")];
            parameters.extend(self.organization.as_deref().map(|key| ("organization", key)));
            parameters.extend(subject_of(task));
            let Gathered { items, components, gap } = ISSUES.gather(server, context, &parameters).await?;
            answers.issues = Some(items);
            keep(gap, components);
        }
        if self.hotspots {
            let mut parameters = vec![("projectKey", project), ("status", "TO_REVIEW")];
            parameters.extend(subject_of(task));
            let Gathered { items, components, gap } = HOTSPOTS.gather(server, context, &parameters).await?;
            answers.hotspots = Some(items);
            keep(gap, components);
        }
        answers.components = (!components.is_empty()).then_some(components);
        Ok(answers)
    }
}

/// Branch or pull request of a task, as further questions name them.
pub(super) fn subject_of(task: &Task) -> impl Iterator<Item = (&'static str, &str)> {
    let branch = task.branch.as_deref().map(|name| ("branch", name));
    let pull_request = task.pull_request.as_deref().map(|key| ("pullRequest", key));
    pull_request.or(branch).into_iter()
}
