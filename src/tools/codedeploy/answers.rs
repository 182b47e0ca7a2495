//! The parts of CodeDeploy's answers that are read (CodeDeploy API reference, 2014-10-06).

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The states of a deployment that is not over.
pub(super) const ACTIVE: &[&str] = &["Created", "Queued", "InProgress", "Baking", "Ready"];
/// The states of a deployment that is over.
pub(super) const OVER: &[&str] = &["Succeeded", "Failed", "Stopped"];

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

/// CodeDeploy returns only the SHA-256, never the content.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct AppSpecContent {
    pub sha256: Option<String>,
}

/// Seconds since 1970, or ISO 8601, depending on the CLI's settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Time {
    Seconds(f64),
    Text(String),
}

/// Why a deployment did not succeed. Absent and empty mean the same.
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

/// A target of a deployment. Only an ECS service reports its traffic.
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
    /// `PRIMARY` is the task set that serves until now.
    pub status: Option<String>,
    /// `Blue` is the old task set, `Green` the new one.
    pub task_set_label: Option<String>,
    /// Percent.
    pub traffic_weight: Option<f64>,
    pub desired_count: Option<u64>,
    pub running_count: Option<u64>,
}

/// Which deployments of the group to list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    Active,
    /// Those created within this time, in any state.
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
        self.sha256().is_some_and(|own| own.eq_ignore_ascii_case(sha256))
    }

    /// The SHA-256 of its AppSpec, if CodeDeploy gives it.
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
    /// How long the old tasks are kept after all traffic is on the new ones. The deployment is not
    /// over before that.
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
