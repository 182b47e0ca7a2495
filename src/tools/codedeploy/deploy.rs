//! The steps: look for deployments, start or join one, wait for its end, and stop it if the run is
//! stopped.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

use crate::scan::procedure::StepContext;
use crate::scan::procedure::{Failure, Procedure, Steps};
use crate::system::private;
use crate::text::human;
use crate::tools::aws::AwsError;

use super::answers::{Deployment, Group, Which};
use super::app_spec::AppSpec;
use super::report::{How, Report, Seen};
use super::{InProgress, OnStop, Settings, is_arn};

/// What `create-deployment` reads, in the job's folder.
pub(super) const INPUT: &str = "deployment.json";
const REPORT: &str = "codedeploy.json";

/// How many times to try to stop a deployment.
const TRIES: usize = 4;

/// How far back to look for a deployment that was requested, but whose id was not received.
const LOST: Duration = Duration::from_secs(60 * 60);

#[derive(Debug)]
pub(super) struct Deploy {
    pub settings: Settings,
    /// The path of [`INPUT`] as arguments name it.
    pub input: String,
    begun: Mutex<Begun>,
}

/// What this run has started. It is kept between tries: the next try must not start another deployment.
#[derive(Clone, Debug, Default, PartialEq)]
enum Begun {
    #[default]
    Nothing,
    /// A deployment was requested, and no answer came. Holds the ids of the earlier deployments of
    /// the same revision.
    Asked(Vec<String>),
    Deployment(String),
}

/// How far the deployment came, for the report and if the run ends early.
#[derive(Debug)]
struct Course {
    report: Report,
    /// A deployment of another revision that it waited for.
    other: Option<String>,
}

impl Procedure for Deploy {
    fn carry_out<'a>(&'a self, context: &'a mut dyn StepContext) -> Steps<'a> {
        Box::pin(async move {
            let report = Report::new(&self.settings.application, &self.settings.group);
            let mut course = Course { report, other: None };
            let mut end = self.deploy(context, &mut course).await;
            if let Err(failure @ (Failure::Stopped | Failure::TimedOut(_))) = end {
                end = Err(self.leave(context, failure, &mut course).await);
            } else if let Err(Failure::Unproven(why)) = &end
                && let Some(seen) = &mut course.report.deployment
            {
                let fate = format!("{why}; the end of deployment {} was not seen", seen.id);
                seen.left = Some(fate.clone());
                end = Err(Failure::Unproven(fate));
            } else if let Err(Failure::Unproven(why)) = &end
                && let Begun::Asked(_) = self.begun()
            {
                let fate =
                    format!("{why}; it is not known whether a deployment was started: check in CodeDeploy");
                end = Err(Failure::Unproven(fate));
            }
            if course.report.deployment.is_some() {
                context.report(REPORT, &course.report)?;
            }
            end
        })
    }
}

impl Deploy {
    pub(super) fn new(settings: Settings, input: String) -> Self {
        Self { settings, input, begun: Mutex::default() }
    }

    fn begun(&self) -> Begun {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, begun: Begun) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = begun;
    }

    async fn deploy(&self, context: &mut dyn StepContext, course: &mut Course) -> Result<(), Failure> {
        let spec = self.settings.render(context)?;
        course.report.sha256.clone_from(&spec.sha256);
        course.report.task_definition.clone_from(&spec.task_definition);
        course.report.by_arn = self.settings.task_definition.as_deref().is_some_and(is_arn);
        let group = self.settings.the_group(context).await?;
        self.check(context, &group, &spec)?;
        let alarms = group.alarm_configuration.as_ref().map(|it| it.names()).unwrap_or_default();
        let (id, how, status) = match self.begun() {
            Begun::Deployment(id) => (id, How::Started, "Created".to_owned()),
            _ => self.find_or_start(context, &spec, course).await?,
        };
        let seen = course.report.deployment.insert(Seen::new(&id, how, &status, alarms));
        match how {
            How::Done => {
                context.tell(format!("{id} has deployed the same revision"));
                return Ok(());
            }
            How::Joined => context.tell(format!("{id} deploys the same revision: joining it")),
            How::Started => context.tell(format!("{id} started")),
        }
        let rolls_back = group.auto_rollback_configuration.as_ref().is_some_and(|it| it.enabled);
        self.settings.watch(context, seen, rolls_back).await
    }

    /// Refuses a deployment that can't succeed.
    fn check(&self, context: &dyn StepContext, group: &Group, spec: &AppSpec) -> Result<(), Failure> {
        let platform = group.compute_platform.as_deref().unwrap_or("ECS");
        if !["ECS", "Lambda"].contains(&platform) {
            let why = format!(
                "{} is for {platform}, which can't be deployed from an AppSpec alone",
                self.settings.application
            );
            return Err(Failure::Unproven(why));
        }
        if platform == "ECS" && spec.task_definition.is_none() {
            let why = "no ecs-task-definition gate of this run has registered a task definition: add one, or set `task_definition`";
            return Err(Failure::unproven(why));
        }
        let (keeps, left) = (group.keeps_the_old(), context.time_left());
        if keeps >= left && self.begun() == Begun::Nothing {
            return Err(Failure::Unproven(format!(
                "a deployment of {} ends {} after its traffic is shifted (the old tasks are kept that long), and the gate has only {} left: raise `timeout`",
                self.settings.group,
                human::duration(keeps),
                human::duration(left)
            )));
        }
        Ok(())
    }

    /// The deployment of this revision: an existing one, or a new one.
    async fn find_or_start(
        &self,
        context: &mut dyn StepContext,
        spec: &AppSpec,
        course: &mut Course,
    ) -> Result<(String, How, String), Failure> {
        let settings = &self.settings;
        loop {
            course.other = None;
            let active = settings.deployments(context, Which::Active).await?;
            if let Some(same) = active.iter().find(|it| it.is_of(&spec.sha256)) {
                return Ok(self.take(same, How::Joined));
            }
            if let Some(other) = active.first() {
                self.wait_for(context, &other.deployment_id, course).await?;
                continue;
            }
            let asked = self.begun() != Begun::Nothing;
            let window = if asked { settings.window.max(LOST) } else { settings.window };
            let recent = settings.deployments(context, Which::Within(window)).await?;
            if let Some(lost) = self.lost(&recent, spec) {
                return Ok(self.take(lost, How::Joined));
            }
            // Only the newest counts: a later deployment may have changed what is deployed.
            let newest = newest(&recent).filter(|it| it.status == "Succeeded" && it.is_of(&spec.sha256));
            if let Some(newest) = newest.filter(|_| !asked) {
                return Ok(self.take(newest, How::Done));
            }
            let same = recent.iter().filter(|it| it.is_of(&spec.sha256));
            let same = same.map(|it| it.deployment_id.clone()).collect();
            match self.start(context, spec, same).await {
                Ok(id) => return Ok((id, How::Started, "Created".to_owned())),
                // Another run started one first.
                Err(error) if error.is("DeploymentLimitExceededException") => {
                    self.set(Begun::Nothing);
                    self.refuse("another deployment")?;
                    context.pause(settings.poll).await?;
                }
                Err(AwsError::Refused { code, message }) => {
                    let failure = Failure::from(AwsError::Refused { code, message });
                    if matches!(failure, Failure::Unproven(_)) {
                        self.set(Begun::Nothing);
                    }
                    return Err(failure);
                }
                Err(AwsError::Failed(failure)) => return Err(failure),
            }
        }
    }

    /// An existing deployment. If this run requested one before, this is that one, and counts as started.
    fn take(&self, found: &Deployment, how: How) -> (String, How, String) {
        let how = match self.begun() {
            Begun::Asked(_) => {
                self.set(Begun::Deployment(found.deployment_id.clone()));
                How::Started
            }
            _ => how,
        };
        (found.deployment_id.clone(), how, found.status.clone())
    }

    /// The deployment that an earlier try requested without receiving the answer.
    fn lost<'d>(&self, recent: &'d [Deployment], spec: &AppSpec) -> Option<&'d Deployment> {
        let Begun::Asked(before) = self.begun() else { return None };
        recent.iter().find(|it| it.is_of(&spec.sha256) && !before.contains(&it.deployment_id))
    }

    async fn start(
        &self,
        context: &mut dyn StepContext,
        spec: &AppSpec,
        before: Vec<String>,
    ) -> Result<String, AwsError> {
        let mut input = json!({
            "applicationName": self.settings.application,
            "deploymentGroupName": self.settings.group,
            "description": self.settings.description(context),
            "revision": {
                "revisionType": "AppSpecContent",
                "appSpecContent": {"content": spec.content, "sha256": spec.sha256},
            },
        });
        if let Some(config) = &self.settings.config {
            input["deploymentConfigName"] = json!(config);
        }
        let file = context.scratch().join(INPUT);
        let created = private::create(&file);
        created.and_then(|out| Ok(serde_json::to_writer(out, &input)?)).map_err(|error| {
            AwsError::Failed(Failure::Unproven(format!("{INPUT} can't be written: {error}")))
        })?;
        self.set(Begun::Asked(before));
        let id = self.settings.create(context, &self.input).await?;
        self.set(Begun::Deployment(id.clone()));
        Ok(id)
    }

    fn refuse(&self, what: &str) -> Result<(), Failure> {
        match self.settings.in_progress {
            InProgress::Wait => Ok(()),
            InProgress::Refuse => Err(Failure::Unproven(format!(
                "{what} is in progress, and `in_progress` is \"refuse\": nothing was started"
            ))),
        }
    }

    /// Waits until a deployment of another revision is over.
    async fn wait_for(
        &self,
        context: &mut dyn StepContext,
        id: &str,
        course: &mut Course,
    ) -> Result<(), Failure> {
        self.refuse(&format!("deployment {id} of another revision"))?;
        course.other = Some(id.to_owned());
        context.tell(format!("waiting for deployment {id} of another revision"));
        loop {
            let answer = self.settings.look(context, id).await?;
            if !answer.is_active() {
                return Ok(());
            }
        }
    }

    /// Called when the run is stopped or times out. Stops or leaves the deployment, and reports which.
    async fn leave(&self, context: &mut dyn StepContext, failure: Failure, course: &mut Course) -> Failure {
        context.start_cleanup();
        let mut begun = self.begun();
        if let Begun::Asked(_) = begun {
            // The deployment may exist although no answer came.
            let active = self.settings.deployments(context, Which::Active).await.unwrap_or_default();
            if let Some(ours) = active.iter().find(|it| it.is_of(&course.report.sha256)) {
                let (id, how, status) = self.take(ours, How::Started);
                course.report.deployment = Some(Seen::new(&id, how, &status, Vec::new()));
                begun = Begun::Deployment(id);
            }
        }
        let seen = course.report.deployment.as_ref();
        let came = seen.map(|seen| format!(" ({})", seen.words())).unwrap_or_default();
        let fate = match (begun, seen, &course.other) {
            (Begun::Deployment(id), ..) => match self.settings.on_stop {
                OnStop::Stop => self.stop(context, &id, &came).await,
                OnStop::Leave => format!("deployment {id}{came} goes on, as `on_stop` says"),
            },
            (_, Some(seen), _) => {
                format!("deployment {}{came} was started by another run, and goes on", seen.id)
            }
            (_, None, Some(other)) => {
                format!("deployment {other} of another revision was in progress; nothing was started")
            }
            (Begun::Asked(_), None, None) => {
                "a deployment was asked for, and none was seen in progress".to_owned()
            }
            (Begun::Nothing, None, None) => "nothing was started".to_owned(),
        };
        if let Some(seen) = &mut course.report.deployment {
            seen.left = Some(fate.clone());
        }
        match failure {
            Failure::TimedOut(_) => Failure::TimedOut(fate),
            _ => Failure::Unproven(fate),
        }
    }

    async fn stop(&self, context: &mut dyn StepContext, id: &str, came: &str) -> String {
        let mut why = String::new();
        for _ in 0..TRIES {
            match self.settings.stop(context, id).await {
                Ok(()) => return format!("deployment {id}{came} was asked to stop and to roll back"),
                Err(error) if error.is("DeploymentAlreadyCompletedException") => {
                    return format!("deployment {id}{came} was over before it could be stopped");
                }
                Err(error) => match Failure::from(error) {
                    Failure::Transient(words) | Failure::Later(words, _) => why = words,
                    Failure::Unproven(words) => {
                        why = words;
                        break;
                    }
                    Failure::TimedOut(_) | Failure::Stopped => break,
                },
            }
            if context.pause(Duration::from_secs(2)).await.is_err() {
                break;
            }
        }
        format!("deployment {id}{came} goes on: it could not be stopped ({why})")
    }
}

/// The deployment that was created last. `None` if a creation time is missing.
fn newest(deployments: &[Deployment]) -> Option<&Deployment> {
    let times: Vec<(f64, &Deployment)> =
        deployments.iter().map(|it| Some((it.created()?, it))).collect::<Option<_>>()?;
    times.into_iter().max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, deployment)| deployment)
}
