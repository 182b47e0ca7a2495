//! The calls of CodeDeploy, and what is read from their answers (AWS CodeDeploy API reference,
//! 2014-10-06).

use jiff::Timestamp;
use serde::Deserialize;

use crate::scan::procedure::Failure;
use crate::scan::procedure::StepContext;
use crate::tools::aws::AwsError;

use super::Settings;
use super::answers::{ACTIVE, Deployment, Group, Target, TargetState, Which};

/// The most deployments that are checked to find one.
const MOST: usize = 1000;
/// The most deployments that one call describes.
const BATCH: usize = 25;

/// Whether this can be the id of a deployment, and so is safe in a command line.
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
        struct Answer {
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
            return Err(unclear(format!("{} deployments are too many to check", ids.len())));
        }
        let mut all = Vec::new();
        for ids in ids.chunks(BATCH) {
            let mut call = vec!["batch-get-deployments", "--deployment-ids"];
            call.extend(ids.iter().map(String::as_str));
            let answer: Answer = self.call(context, &call).await?;
            if let Some(id) =
                ids.iter().find(|id| !answer.deployments_info.iter().any(|it| it.deployment_id == **id))
            {
                return Err(unclear(format!("CodeDeploy lists deployment {id}, and does not describe it")));
            }
            all.extend(answer.deployments_info);
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
        let info = answer.deployment_info;
        let (application, group) = (info.application_name.as_deref(), info.deployment_group_name.as_deref());
        let of_group = application.is_none_or(|name| name == self.application)
            && group.is_none_or(|name| name == self.group);
        match info.deployment_id == id && of_group {
            true => Ok(info),
            false => Err(AwsError::Failed(Failure::unproven(format!(
                "asked about deployment {id}, CodeDeploy describes {} of {} {}",
                info.deployment_id,
                application.unwrap_or_default(),
                group.unwrap_or_default()
            )))),
        }
    }

    /// The targets of a deployment, by their ids. Asks for the ids if they are not known yet.
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
        struct Answer {
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
        let answer: Answer = self.call(context, &call).await?;
        Ok(answer.deployment_targets.into_iter().filter_map(Target::state).collect())
    }

    /// Starts the deployment that the file describes, and returns its id.
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

    /// Asks to stop a deployment and to roll it back.
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
