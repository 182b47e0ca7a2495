//! The calls of CodeDeploy, and what is read from their answers (AWS CodeDeploy API reference,
//! 2014-10-06).

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::scan::procedure::Failure;
use crate::scan::procedure::StepContext;
use crate::tools::aws::AwsError;

use super::Settings;

/// The states of a deployment that is not over.
pub(super) const ACTIVE: &[&str] = &["Created", "Queued", "InProgress", "Baking", "Ready"];
/// Those of one that is.
pub(super) const OVER: &[&str] = &["Succeeded", "Failed", "Stopped"];

/// The most deployments that one call tells of.
const BATCH: usize = 25;
/// The most that are looked at to find out what is there.
const MOST: usize = 1000;

/// One deployment.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deployment {
    pub deployment_id: String,
    pub status: String,
    pub application_name: Option<String>,
    pub deployment_group_name: Option<String>,
    pub revision: Option<Revision>,
    create_time: Option<Time>,
    pub error_information: Option<ErrorInformation>,
    pub rollback_info: Option<RollbackInfo>,
    pub override_alarm_configuration: Option<AlarmConfiguration>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Revision {
    pub app_spec_content: Option<AppSpecContent>,
}

/// The content is never told; its SHA-256 is.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct AppSpecContent {
    pub sha256: Option<String>,
}

/// Seconds since 1970, or ISO 8601: as the CLI is set.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Time {
    Seconds(f64),
    Text(String),
}

/// Why a deployment did not succeed. Absent and empty are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ErrorInformation {
    pub code: Option<String>,
    pub message: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RollbackInfo {
    /// The deployment that rolls this one back.
    pub rollback_deployment_id: Option<String>,
    pub rollback_message: Option<String>,
}

/// A deployment group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    pub compute_platform: Option<String>,
    pub alarm_configuration: Option<AlarmConfiguration>,
    pub auto_rollback_configuration: Option<Switch>,
    blue_green_deployment_configuration: Option<BlueGreen>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct AlarmConfiguration {
    #[serde(default)]
    pub alarms: Vec<Alarm>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Alarm {
    pub name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Switch {
    #[serde(default)]
    pub enabled: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlueGreen {
    terminate_blue_instances_on_deployment_success: Option<Termination>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Termination {
    action: Option<String>,
    termination_wait_time_in_minutes: Option<u32>,
}

/// What is deployed to: of the kinds of targets, ECS services tell their traffic.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Target {
    ecs_target: Option<TargetState>,
    lambda_target: Option<TargetState>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TargetState {
    #[serde(default)]
    pub lifecycle_events: Vec<LifecycleEvent>,
    #[serde(default)]
    pub task_sets_info: Vec<TaskSet>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LifecycleEvent {
    pub lifecycle_event_name: String,
    pub status: Option<String>,
    pub diagnostics: Option<Diagnostics>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Diagnostics {
    pub message: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskSet {
    /// `PRIMARY` is the one that serves so far.
    pub status: Option<String>,
    /// `Blue` is the old one, `Green` the new one.
    pub task_set_label: Option<String>,
    /// Percent.
    pub traffic_weight: Option<f64>,
    pub desired_count: Option<u64>,
    pub running_count: Option<u64>,
}

/// Which deployments of the group are meant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    Active,
    /// Those created within this time, whatever became of them.
    Within(Duration),
}

impl Deployment {
    pub(super) fn is_active(&self) -> bool {
        ACTIVE.contains(&self.status.as_str())
    }

    pub(super) fn is_over(&self) -> bool {
        OVER.contains(&self.status.as_str())
    }

    /// Whether it deploys the AppSpec with this SHA-256.
    pub(super) fn is_of(&self, sha256: &str) -> bool {
        self.sha256().is_some_and(|told| told.eq_ignore_ascii_case(sha256))
    }

    /// The SHA-256 of its AppSpec, where it is told.
    pub(super) fn sha256(&self) -> Option<&str> {
        self.revision.as_ref()?.app_spec_content.as_ref()?.sha256.as_deref()
    }

    /// When it was created, in seconds since 1970.
    pub(super) fn created(&self) -> Option<f64> {
        match self.create_time.as_ref()? {
            Time::Seconds(seconds) => Some(*seconds),
            Time::Text(text) => {
                let time: Timestamp = text.parse().ok()?;
                Some(time.as_duration().as_secs_f64())
            }
        }
    }
}

impl Group {
    /// How long the old tasks are kept when all traffic is on the new ones; the deployment lasts as
    /// long.
    pub(super) fn keeps_the_old(&self) -> Duration {
        let blue_green = self.blue_green_deployment_configuration.as_ref();
        let termination =
            blue_green.and_then(|it| it.terminate_blue_instances_on_deployment_success.as_ref());
        let minutes = match termination {
            Some(it) if it.action.as_deref() != Some("KEEP_ALIVE") => it.termination_wait_time_in_minutes,
            _ => None,
        };
        Duration::from_secs(u64::from(minutes.unwrap_or(0)) * 60)
    }
}

impl AlarmConfiguration {
    pub(super) fn names(&self) -> Vec<String> {
        self.alarms.iter().filter_map(|alarm| alarm.name.clone()).collect()
    }
}

impl Target {
    pub(super) fn state(self) -> Option<TargetState> {
        self.ecs_target.or(self.lambda_target)
    }
}

/// Whether this can be the id of a deployment, so that it may stand in a command line.
pub(super) fn is_id(id: &str) -> bool {
    let begins = id.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins && id.len() <= 64 && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn checked(id: String) -> Result<String, AwsError> {
    match is_id(&id) {
        true => Ok(id),
        false => Err(AwsError::Failed(Failure::unproven(format!("`{id}` can't be the id of a deployment")))),
    }
}

impl Settings {
    async fn call<T: serde::de::DeserializeOwned>(
        &self,
        context: &mut dyn StepContext,
        call: &[&str],
    ) -> Result<T, AwsError> {
        let account = self.account.clone().with(context.args());
        let result = account.call(context, &[&["deploy"], call].concat()).await;
        result.map_err(|error| match error {
            AwsError::Refused { code, .. } if code == "ApplicationDoesNotExistException" => {
                self.not_there(format!("application {}", self.application))
            }
            AwsError::Refused { code, .. } if code == "DeploymentGroupDoesNotExistException" => {
                self.not_there(format!("deployment group {} of {}", self.group, self.application))
            }
            other => other,
        })
    }

    fn not_there(&self, what: String) -> AwsError {
        AwsError::Failed(Failure::unproven(format!(
            "CodeDeploy has no {what} in this account and region: check `application`, `group`, `region` and `profile`"
        )))
    }

    pub(super) async fn the_group(&self, context: &mut dyn StepContext) -> Result<Group, AwsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            deployment_group_info: Group,
        }
        let names = ["--application-name", &self.application, "--deployment-group-name", &self.group];
        let answer: Answer = self.call(context, &[&["get-deployment-group"], &names[..]].concat()).await?;
        Ok(answer.deployment_group_info)
    }

    /// The deployments of the group, in no order.
    pub(super) async fn deployments(
        &self,
        context: &mut dyn StepContext,
        which: Which,
    ) -> Result<Vec<Deployment>, AwsError> {
        #[derive(Deserialize)]
        struct Listed {
            deployments: Vec<String>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Told {
            deployments_info: Vec<Deployment>,
        }
        let names = ["--application-name", &self.application, "--deployment-group-name", &self.group];
        let range;
        let filter: Vec<&str> = match which {
            Which::Active => [&["--include-only-statuses"], ACTIVE].concat(),
            Which::Within(window) => {
                let now = Timestamp::now();
                let start = now.checked_sub(window).unwrap_or(Timestamp::UNIX_EPOCH);
                range = format!("start={}", start.strftime("%Y-%m-%dT%H:%M:%SZ"));
                vec!["--create-time-range", &range]
            }
        };
        let call = [&["list-deployments"], &names[..], &filter].concat();
        let listed: Listed = self.call(context, &call).await?;
        let ids = listed.deployments.into_iter().map(checked).collect::<Result<Vec<String>, AwsError>>()?;
        let unclear = |why: String| AwsError::Failed(Failure::Unproven(why));
        if ids.len() > MOST {
            return Err(unclear(format!("{} deployments are more than can be looked at", ids.len())));
        }
        let mut all = Vec::new();
        for ids in ids.chunks(BATCH) {
            let mut call = vec!["batch-get-deployments", "--deployment-ids"];
            call.extend(ids.iter().map(String::as_str));
            let told: Told = self.call(context, &call).await?;
            if let Some(id) =
                ids.iter().find(|id| !told.deployments_info.iter().any(|it| it.deployment_id == **id))
            {
                return Err(unclear(format!("CodeDeploy lists deployment {id}, and does not tell of it")));
            }
            all.extend(told.deployments_info);
        }
        Ok(all)
    }

    pub(super) async fn deployment(
        &self,
        context: &mut dyn StepContext,
        id: &str,
    ) -> Result<Deployment, AwsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            deployment_info: Deployment,
        }
        let answer: Answer = self.call(context, &["get-deployment", "--deployment-id", id]).await?;
        let told = answer.deployment_info;
        let (application, group) = (told.application_name.as_deref(), told.deployment_group_name.as_deref());
        let of_group = application.is_none_or(|name| name == self.application)
            && group.is_none_or(|name| name == self.group);
        match told.deployment_id == id && of_group {
            true => Ok(told),
            false => Err(AwsError::Failed(Failure::unproven(format!(
                "asked about deployment {id}, CodeDeploy tells of {} of {} {}",
                told.deployment_id,
                application.unwrap_or_default(),
                group.unwrap_or_default()
            )))),
        }
    }

    /// The targets of a deployment, by their ids, which are asked for where they are not known yet.
    pub(super) async fn targets(
        &self,
        context: &mut dyn StepContext,
        id: &str,
        ids: &mut Vec<String>,
    ) -> Result<Vec<TargetState>, AwsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Listed {
            target_ids: Vec<String>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Told {
            deployment_targets: Vec<Target>,
        }
        if ids.is_empty() {
            let listed: Listed =
                self.call(context, &["list-deployment-targets", "--deployment-id", id]).await?;
            ids.extend(listed.target_ids.into_iter().filter(|id| !id.starts_with('-')).take(BATCH));
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut call = vec!["batch-get-deployment-targets", "--deployment-id", id, "--target-ids"];
        call.extend(ids.iter().map(String::as_str));
        let told: Told = self.call(context, &call).await?;
        Ok(told.deployment_targets.into_iter().filter_map(Target::state).collect())
    }

    /// Starts what the file says; gives the id.
    pub(super) async fn create(
        &self,
        context: &mut dyn StepContext,
        input: &str,
    ) -> Result<String, AwsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            deployment_id: String,
        }
        let file = format!("file://{input}");
        let answer: Answer = self.call(context, &["create-deployment", "--cli-input-json", &file]).await?;
        checked(answer.deployment_id)
    }

    /// Asks for its end, and for what was there before.
    pub(super) async fn stop(&self, context: &mut dyn StepContext, id: &str) -> Result<(), AwsError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "status")]
            _status: String,
        }
        let call = ["stop-deployment", "--deployment-id", id, "--auto-rollback-enabled"];
        let _: Answer = self.call(context, &call).await?;
        Ok(())
    }
}
