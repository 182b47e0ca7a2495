//! Waits for the end of a deployment, and reports its progress.

use std::time::{Duration, Instant};

use crate::scan::procedure::Failure;
use crate::scan::procedure::StepContext;
use crate::text::human::millis;

use super::Settings;
use super::answers::{AlarmConfiguration, Deployment, TargetState};
use super::api::is_id;
use super::report::{Event, Rollback, Seen};

/// The longest pause between two calls while AWS does not answer.
const LONGEST: Duration = Duration::from_secs(60);

/// How many times to look for the rollback of a failed deployment before it counts as missing.
const LOOKS: usize = 3;

impl Settings {
    /// Waits until the deployment is over, and records its state in `seen`.
    pub(super) async fn watch(
        &self,
        context: &mut dyn StepContext,
        seen: &mut Seen,
        rolls_back: bool,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        let mut targets = Vec::new();
        loop {
            let answer = self.look(context, &seen.id).await?;
            seen.take(&answer);
            self.look_at_targets(context, seen, &mut targets).await?;
            let words = seen.words();
            if seen.note(millis(started.elapsed()), &words) {
                context.tell(format!("{}: {words}", seen.id));
            }
            if answer.is_over() {
                break;
            }
            if !answer.is_active() {
                return Err(Failure::Unproven(format!(
                    "deployment {} has a status that Portcullis does not know: {}",
                    seen.id, answer.status
                )));
            }
        }
        if seen.status != "Succeeded" {
            // The deployment has failed, even if its rollback succeeds.
            let _ = self.watch_rollback(context, seen, rolls_back).await;
        }
        Ok(())
    }

    /// Asks for the state of a deployment, after a pause. Tries again, with longer and longer pauses,
    /// while AWS does not answer.
    pub(super) async fn look(&self, context: &mut dyn StepContext, id: &str) -> Result<Deployment, Failure> {
        let mut pause = self.poll;
        loop {
            // A long pause must not take the time for the last call.
            let shortened = if pause < context.time_left() { pause } else { self.poll };
            context.pause(shortened).await?;
            match self.deployment(context, id).await.map_err(Failure::from) {
                Err(Failure::Transient(why)) => {
                    context.tell(format!("{id}: {why}; asking again"));
                    pause = (pause * 2).min(LONGEST.max(self.poll));
                }
                answer => return answer,
            }
        }
    }

    /// The targets report more than the deployment. A role that may not read them still waits.
    async fn look_at_targets(
        &self,
        context: &mut dyn StepContext,
        seen: &mut Seen,
        ids: &mut Vec<String>,
    ) -> Result<(), Failure> {
        if matches!(seen.status.as_str(), "Created" | "Queued") {
            return Ok(());
        }
        match self.targets(context, &seen.id, ids).await.map_err(Failure::from) {
            // An ECS service is the only target of its deployment.
            Ok(targets) => targets.first().into_iter().for_each(|target| seen.take_target(target)),
            Err(Failure::Unproven(_) | Failure::Transient(_) | Failure::Later(..)) => {}
            Err(other) => return Err(other),
        }
        Ok(())
    }

    async fn watch_rollback(
        &self,
        context: &mut dyn StepContext,
        seen: &mut Seen,
        rolls_back: bool,
    ) -> Result<(), Failure> {
        let id = seen.id.clone();
        for _ in 0..if rolls_back { LOOKS } else { 0 } {
            if seen.rollback.is_some() {
                break;
            }
            // CodeDeploy names it some time after the failure.
            let answer = self.look(context, &id).await?;
            seen.take(&answer);
        }
        let Some(rollback) = &mut seen.rollback else { return Ok(()) };
        context.tell(format!("{id} failed; waiting for its rollback, {}", rollback.id));
        loop {
            let answer = self.look(context, &rollback.id).await?;
            rollback.status = Some(answer.status.clone());
            if !answer.is_active() {
                return Ok(());
            }
        }
    }
}

impl Seen {
    /// Records the deployment's state.
    fn take(&mut self, answer: &Deployment) {
        self.status.clone_from(&answer.status);
        self.error = answer.error_information.clone().unwrap_or_default();
        let alarms = answer.override_alarm_configuration.as_ref().map(AlarmConfiguration::names);
        if let Some(alarms) = alarms.filter(|alarms| !alarms.is_empty()) {
            self.alarms = alarms;
        }
        let rollback = answer.rollback_info.as_ref();
        self.rollback = rollback.and_then(|info| {
            let (id, message) = (info.rollback_deployment_id.clone()?, info.rollback_message.clone());
            is_id(&id).then_some(Rollback { id, message, status: None })
        });
    }

    /// Records the state of its target.
    fn take_target(&mut self, target: &TargetState) {
        let begun = target.lifecycle_events.iter().filter_map(|event| {
            let status = event.status.clone().filter(|status| status != "Pending")?;
            let message = event.diagnostics.as_ref().and_then(|it| it.message.clone());
            let message = message.filter(|message| !message.is_empty());
            Some(Event { name: event.lifecycle_event_name.clone(), status, message })
        });
        self.events = begun.collect();
        let new = target.task_sets_info.iter().find(|set| match &set.task_set_label {
            Some(label) => label == "Green",
            None => set.status.as_deref() != Some("PRIMARY"),
        });
        let Some(new) = new else { return };
        self.traffic = new.traffic_weight.or(self.traffic);
        self.tasks = new.running_count.zip(new.desired_count).or(self.tasks);
    }
}
