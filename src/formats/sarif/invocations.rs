//! What a run says of itself: whether the tool did all of its work.

use std::collections::BTreeMap;

use crate::formats::headline;
use crate::text::file_names::names_a_file;

use super::model::{Invocation, Log, Notification, Run};
use super::overrides::NotificationLevels;
use super::plain;
use super::properties::Loose;
use super::rules::Rules;

/// The most warnings that are shown.
const MOST: usize = 20;

/// What keeps a run from proving that it looked at everything, and what else it warns of.
#[derive(Default)]
pub(super) struct Said {
    pub gaps: Vec<String>,
    pub warnings: Vec<String>,
}

impl Said {
    /// Reads the invocations of a run. `found`: it has results that are problems.
    pub(super) fn of(run: &Run, tool: &str, found: bool) -> Self {
        let mut said = Self::default();
        let kinds = Rules::of_notifications(&run.tool);
        for invocation in run.invocations.iter().flatten() {
            said.read(invocation, &NotificationLevels::of(invocation, &kinds), found);
        }
        for words in said.gaps.iter_mut().chain(&mut said.warnings) {
            *words = format!("{tool} says: {words}");
        }
        let external = [&run.external_property_file_references, &run.external_property_files];
        let external = external.into_iter().flatten().flat_map(elsewhere);
        let external = external
            .map(|kind| format!("{tool} wrote {kind} to other files, which Portcullis does not read"));
        said.gaps.extend(external);
        said
    }

    /// By the standard, a notification of level `error` means that the tool stopped or that its results are
    /// incomplete (3.58.6). A warning that names a file says that the tool did not read all of it.
    fn read(&mut self, invocation: &Invocation, levels: &NotificationLevels<'_>, found: bool) {
        let lists = [
            &invocation.tool_execution_notifications,
            &invocation.tool_configuration_notifications,
            &invocation.tool_notifications,
            &invocation.configuration_notifications,
        ];
        let notifications = || lists.into_iter().flatten().flatten();
        let before = self.gaps.len();
        for notification in notifications() {
            match levels.level(notification) {
                "error" => {
                    self.gaps
                        .push(words(notification).unwrap_or_else(|| "an error without a text".to_owned()));
                }
                "warning" if is_about_a_file(notification) => self.gaps.extend(words(notification)),
                "warning" if self.warnings.len() < MOST => self.warnings.extend(words(notification)),
                _ => {}
            }
        }
        let errors = notifications().any(|one| levels.level(one) == "error");
        let Some(failure) = failure(invocation, found) else { return };
        let reason = invocation.exit_code_description.as_deref().map(headline);
        let reason = reason.or_else(|| notifications().find_map(words)).filter(|why| !why.is_empty());
        match reason {
            _ if errors => {}
            Some(why) => self.gaps.insert(before, format!("{failure}: {why}")),
            None => self.gaps.insert(before, failure),
        }
    }
}

/// Why an invocation was not successful. An exit code other than 0 may stand for findings; without
/// findings, or without `executionSuccessful`, it is a failure.
fn failure(invocation: &Invocation, found: bool) -> Option<String> {
    let successful = [invocation.execution_successful, invocation.tool_execution_successful];
    if successful.contains(&Some(false)) {
        return Some("its run was not successful".to_owned());
    }
    if let Some(why) = &invocation.process_start_failure_message {
        return Some(format!("it did not start: {}", headline(why)));
    }
    let signal = invocation.exit_signal_number.filter(|number| *number != 0).map(|number| number.to_string());
    if let Some(signal) = invocation.exit_signal_name.clone().filter(|name| !name.is_empty()).or(signal) {
        return Some(format!("it was ended by signal {}", headline(&signal)));
    }
    let code = invocation.exit_code.filter(|code| *code != 0)?;
    let trusted = successful.contains(&Some(true)) && found;
    // 126 and 127 are a shell's, and 128 more than a signal.
    let is_crash = !(0..126).contains(&code);
    (!trusted || is_crash).then(|| match found {
        true => format!("it ended with exit code {code}"),
        false => format!("it ended with exit code {code}, and lists no problem"),
    })
}

/// Its first line, with the file that it is about.
fn words(notification: &Notification) -> Option<String> {
    let text = notification.message.as_ref().and_then(plain).map(headline);
    let file = file(notification);
    match (text, file) {
        (Some(text), Some(file)) if !text.contains(file) => Some(format!("{file}: {text}")),
        (None, Some(file)) => Some(file.to_owned()),
        (text, _) => text,
    }
}

fn file(notification: &Notification) -> Option<&str> {
    let places = notification.locations.iter().flatten();
    places
        .filter_map(|place| place.physical_location.as_ref()?.artifact_location.as_ref()?.uri.as_deref())
        .find(|uri| !uri.is_empty())
}

fn is_about_a_file(notification: &Notification) -> bool {
    let placed = notification.locations.iter().flatten().any(|place| place.physical_location.is_some());
    placed || notification.message.as_ref().and_then(plain).is_some_and(names_a_file)
}

/// The kinds of properties that are not in the log itself (3.15, 4), and that change what it says.
fn elsewhere(references: &BTreeMap<String, Loose>) -> impl Iterator<Item = &str> {
    const KINDS: [&str; 6] = ["results", "invocations", "artifacts", "driver", "extensions", "policies"];
    let content =
        references.iter().filter(|(key, value)| KINDS.contains(&key.as_str()) && value.has_content());
    content.map(|(key, _)| key.as_str())
}

/// Properties that the log has outside of its runs.
pub(super) fn inline_elsewhere(log: &Log) -> Option<String> {
    let all = log.inline_external_properties.iter().flatten();
    let kinds: Vec<&str> = all.flat_map(elsewhere).take(MOST).collect();
    (!kinds.is_empty()).then(|| {
        format!(
            "the log has {} in `inlineExternalProperties`, which Portcullis does not read",
            kinds.join(", ")
        )
    })
}
