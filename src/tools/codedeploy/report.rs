//! What was seen of a deployment, and what it proves.

use serde::{Deserialize, Serialize};

use crate::model::finding::{Category, Finding};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::scan::parsed::{Parsed, ReportError};
use crate::text::hash::is_sha256;

use super::SPEC;
use super::answers::{ACTIVE, ErrorInformation, OVER};
use super::api::is_id;

pub(super) const WHAT: &str = "report of a deployment";

/// At most this many steps of progress are kept.
const MOST: usize = 500;

/// The report of a gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Report {
    pub portcullis_version: String,
    pub application: String,
    pub group: String,
    /// SHA-256 of the AppSpec.
    pub sha256: String,
    #[serde(default)]
    pub task_definition: Option<String>,
    /// gates.toml names it, and no gate of the run has registered it.
    #[serde(default)]
    pub by_arn: bool,
    /// Absent until there is a deployment.
    #[serde(default)]
    pub deployment: Option<Seen>,
}

/// The last known state of a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub id: String,
    pub how: How,
    pub status: String,
    #[serde(default)]
    pub events: Vec<Event>,
    /// Percent of the traffic on the new tasks.
    #[serde(default)]
    pub traffic: Option<f64>,
    /// How many new tasks run, and how many are wanted.
    #[serde(default)]
    pub tasks: Option<(u64, u64)>,
    #[serde(default)]
    pub progress: Vec<Progress>,
    #[serde(default)]
    pub error: ErrorInformation,
    /// The alarms that watch it.
    #[serde(default)]
    pub alarms: Vec<String>,
    #[serde(default)]
    pub rollback: Option<Rollback>,
    /// What happened to it if the run could not wait for its end.
    #[serde(default)]
    pub left: Option<String>,
}

/// How the run got this deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum How {
    /// The run started it.
    Started,
    /// A deployment of the same revision was already in progress.
    Joined,
    /// A deployment of the same revision had already succeeded.
    Done,
}

/// A life cycle event that has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Event {
    pub name: String,
    pub status: String,
    #[serde(default)]
    pub message: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub after_ms: u64,
    pub words: String,
}

/// The deployment that rolls another back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rollback {
    pub id: String,
    #[serde(default)]
    pub message: Option<String>,
    /// The last known status.
    #[serde(default)]
    pub status: Option<String>,
}

impl Seen {
    pub(super) fn new(id: &str, how: How, status: &str, alarms: Vec<String>) -> Self {
        Self {
            id: id.to_owned(),
            how,
            status: status.to_owned(),
            events: Vec::new(),
            traffic: None,
            tasks: None,
            progress: Vec::new(),
            error: ErrorInformation::default(),
            alarms,
            rollback: None,
            left: None,
        }
    }

    /// Records progress. Returns true if it is new.
    pub(super) fn note(&mut self, after_ms: u64, words: &str) -> bool {
        if self.progress.last().is_some_and(|last| last.words == words) {
            return false;
        }
        if self.progress.len() < MOST {
            self.progress.push(Progress { after_ms, words: words.to_owned() });
        }
        true
    }

    /// How far it is: `InProgress, AllowTraffic in progress, 2 of 2 new tasks running, 10 % of
    /// the traffic shifted`.
    pub(super) fn words(&self) -> String {
        let with = |status: &str| self.events.iter().rev().find(|event| event.status == status);
        let event = match (with("Failed"), with("InProgress"), with("Succeeded")) {
            (Some(event), _, _) => format!("{} failed", event.name),
            (None, Some(event), _) => format!("{} in progress", event.name),
            (None, None, Some(event)) if self.is_active() => format!("{} done", event.name),
            _ => String::new(),
        };
        let tasks = self.tasks.map(|(running, wanted)| format!("{running} of {wanted} new tasks running"));
        let traffic = self.traffic.map(|percent| format!("{percent} % of the traffic shifted"));
        let words = [Some(self.status.clone()), Some(event), tasks, traffic];
        let words: Vec<String> = words.into_iter().flatten().filter(|words| !words.is_empty()).collect();
        words.join(", ")
    }

    fn is_active(&self) -> bool {
        ACTIVE.contains(&self.status.as_str())
    }

    fn failed_event(&self) -> Option<&Event> {
        self.events.iter().find(|event| event.status == "Failed")
    }

    /// What ended it, in a few words: the alarm or the event.
    fn cause(&self) -> String {
        let code = self.error.code.as_deref().unwrap_or_default();
        if code == "ALARM_ACTIVE" {
            let message = self.error.message.as_deref().unwrap_or_default();
            let named: Vec<&str> =
                self.alarms.iter().map(String::as_str).filter(|alarm| stands_in(message, alarm)).collect();
            return match (named.as_slice(), self.alarms.as_slice()) {
                ([], []) => "an alarm".to_owned(),
                ([], [alarm]) => format!("alarm {alarm}"),
                ([], alarms) => format!("one of the alarms {}", alarms.join(", ")),
                (named, _) => format!("alarm {}", named.join(", ")),
            };
        }
        match self.failed_event() {
            Some(event) => format!("{} failed", event.name),
            None if code == "MANUAL_STOP" => "somebody has stopped it".to_owned(),
            None if code.is_empty() => "CodeDeploy does not say why".to_owned(),
            None => code.to_owned(),
        }
    }

    fn finding(&self, of: &str) -> Finding {
        let (rule, what) = match (&self.rollback, self.status.as_str()) {
            (Some(_), _) => ("rolled-back", "was rolled back"),
            (None, "Stopped") => ("deployment-stopped", "was stopped"),
            (None, _) => ("deployment-failed", "failed"),
        };
        let title = format!("deployment {} of {of} {what}: {}", self.id, self.cause());
        let mut finding = Finding::new(rule, Category::Test, Severity::Critical, title);
        let event = self.failed_event().map(|event| {
            let why = event.message.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("{} failed{why}", event.name)
        });
        let rollback = self.rollback.as_ref().map(|rollback| {
            let status = rollback.status.as_deref().unwrap_or("its end was not seen");
            let why = rollback.message.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("rolled back by deployment {} ({status}){why}", rollback.id)
        });
        let error = match (&self.error.code, &self.error.message) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (code, message) => code.clone().or_else(|| message.clone()),
        };
        let lines: Vec<String> = [error, event, rollback].into_iter().flatten().collect();
        finding.message = lines.join("\n").into();
        finding.resource = Some(of.into());
        finding
    }
}

/// Whether a text contains a name, and not only as a part of a longer name.
fn stands_in(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            let (before, after) = (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
            // A full stop may also end a sentence.
            let goes_on = after.is_some_and(|c| part(c) && c != '.');
            !before.is_some_and(part) && !goes_on
        })
}

impl Report {
    pub(super) fn new(application: &str, group: &str) -> Self {
        Self {
            portcullis_version: env!("CARGO_PKG_VERSION").to_owned(),
            application: application.to_owned(),
            group: group.to_owned(),
            sha256: String::new(),
            task_definition: None,
            by_arn: false,
            deployment: None,
        }
    }

    pub(super) fn parsed(self) -> Result<Parsed, ReportError> {
        let foreign = |detail: &str| ReportError::Foreign { what: WHAT, detail: detail.to_owned() };
        if !is_sha256(&self.sha256) {
            return Err(foreign("it does not say what was deployed"));
        }
        let seen = self.deployment.ok_or_else(|| foreign("it names no deployment"))?;
        if !is_id(&seen.id) {
            return Err(foreign("its deployment has no id"));
        }
        let mut parsed = Parsed { scope: Scope::of(Unit::Resources, 1), ..Parsed::default() };
        parsed.outputs.insert("deployment".to_owned(), seen.id.clone());
        let id = &seen.id;
        if let Some(left) = &seen.left {
            parsed.gaps.push(left.clone());
            return Ok(parsed);
        }
        let of = format!("{}/{}", self.application, self.group);
        match seen.status.as_str() {
            "Succeeded" if seen.rollback.is_some() => parsed.findings.push(seen.finding(&of)),
            "Succeeded" => match seen.failed_event() {
                None => parsed.proof.push(match seen.how {
                    How::Started => format!("{}: deployment {id} succeeded", SPEC.title),
                    How::Joined => {
                        format!("{}: deployment {id}, which was in progress, succeeded", SPEC.title)
                    }
                    How::Done => format!(
                        "deployment {id} of the same revision has succeeded already: nothing was started"
                    ),
                }),
                Some(event) => {
                    parsed.gaps.push(format!("deployment {id} succeeded, and its {} failed", event.name))
                }
            },
            status if OVER.contains(&status) => parsed.findings.push(seen.finding(&of)),
            status if ACTIVE.contains(&status) => {
                parsed.gaps.push(format!("deployment {id} is not over: {}", seen.words()))
            }
            status => parsed
                .gaps
                .push(format!("deployment {id} has a status that Portcullis does not know: {status}")),
        }
        if let Some(arn) = self.task_definition {
            let by = if self.by_arn { ", which gates.toml names and no gate has registered" } else { "" };
            parsed.proof.push(format!("it deploys {arn}{by}"));
        }
        parsed.proof.push(format!("AppSpec with SHA-256 {}", self.sha256));
        Ok(parsed)
    }
}
