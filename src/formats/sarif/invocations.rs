//! What a run says of itself: whether the tool did all of its work.

use std::collections::BTreeMap;

use crate::formats::headline;
use crate::text::file_names::names_a_file;

use super::model::{Invocation, Location, Log, Notification, Run, Tool};
use super::overrides::NotificationLevels;
use super::places::described_at;
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
        let mut said = Self::by(tool, run, &run.tool, run.invocations.iter().flatten(), found);
        // What turned the tool's own report into this log (3.22).
        if let Some(conversion) = &run.conversion {
            let converter = conversion.tool.driver.name.as_deref().unwrap_or("the converter");
            let by_converter =
                Self::by(converter, run, &conversion.tool, conversion.invocation.iter(), found);
            said.gaps.extend(by_converter.gaps);
            said.warnings.extend(by_converter.warnings);
        }
        let external = [&run.external_property_file_references, &run.external_property_files];
        let external = external.into_iter().flatten().flat_map(elsewhere);
        let external = external
            .map(|kind| format!("{tool} wrote {kind} to other files, which Portcullis does not read"));
        said.gaps.extend(external);
        said
    }

    /// What these invocations say. `name`: who says it. `described`: where the kinds of its notifications are.
    fn by<'i>(
        name: &str,
        run: &Run,
        described: &Tool,
        invocations: impl Iterator<Item = &'i Invocation>,
        found: bool,
    ) -> Self {
        let mut said = Self::default();
        let kinds = Rules::of_notifications(described);
        for invocation in invocations {
            let notices = Notices { run, kinds: &kinds, levels: NotificationLevels::of(invocation, &kinds) };
            said.read(invocation, &notices, found);
        }
        for words in said.gaps.iter_mut().chain(&mut said.warnings) {
            *words = format!("{name} says: {words}");
        }
        said
    }

    /// By the standard, a notification of level `error` means that the tool stopped or that its results are
    /// incomplete (3.58.6). A warning that names a file says that the tool did not read all of it.
    fn read(&mut self, invocation: &Invocation, notices: &Notices<'_>, found: bool) {
        let lists = [
            &invocation.tool_execution_notifications,
            &invocation.tool_configuration_notifications,
            &invocation.tool_notifications,
            &invocation.configuration_notifications,
        ];
        let notifications = || lists.into_iter().flatten().flatten();
        let before = self.gaps.len();
        for notification in notifications() {
            let words = notices.words(notification);
            match notices.levels.level(notification) {
                "error" => self.gaps.push(words.unwrap_or_else(|| "an error without a text".to_owned())),
                "warning" if notices.is_about_a_part(notification) => self.gaps.extend(words),
                "warning" if self.warnings.len() < MOST => self.warnings.extend(words),
                _ => {}
            }
        }
        let errors = notifications().any(|one| notices.levels.level(one) == "error");
        let Some(failure) = failure(invocation, found) else { return };
        let reason = invocation.exit_code_description.as_deref().map(headline);
        let reason = reason
            .or_else(|| notifications().find_map(|one| notices.words(one)))
            .filter(|why| !why.is_empty());
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

/// The notifications of an invocation.
struct Notices<'a> {
    run: &'a Run,
    kinds: &'a Rules<'a>,
    levels: NotificationLevels<'a>,
}

impl Notices<'_> {
    /// The first line of one, with what it is about.
    fn words(&self, notification: &Notification) -> Option<String> {
        let text = self.kinds.words(notification).map(|text| headline(&text)).filter(|text| !text.is_empty());
        match (text, self.part(notification)) {
            (Some(text), Some(part)) if !text.contains(part) => Some(format!("{part}: {text}")),
            (None, Some(part)) => Some(part.to_owned()),
            (Some(text), _) => Some(text),
            (None, None) => self.is_about_a_part(notification).then(|| "a warning without a text".to_owned()),
        }
    }

    /// The file that it is about, or the function, class or resource.
    fn part<'n>(&'n self, notification: &'n Notification) -> Option<&'n str> {
        let listed = |index: i64| {
            let artifact = self.run.artifacts.as_ref()?.get(usize::try_from(index).ok()?)?;
            artifact.location.as_ref()?.uri.as_deref()
        };
        let file = |place: &'n Location| {
            let location = place.physical_location.as_ref()?.artifact_location.as_ref()?;
            location.uri.as_deref().or_else(|| listed(location.index?)).filter(|uri| !uri.is_empty())
        };
        let logical = |place: &'n Location| {
            let places = place.logical_locations.iter().flatten();
            places.map(|place| described_at(place, self.run)).find_map(|place| {
                let names = [&place.fully_qualified_name, &place.name].into_iter().flatten();
                names.map(String::as_str).find(|name| !name.is_empty())
            })
        };
        places(notification).find_map(file).or_else(|| places(notification).find_map(logical))
    }

    /// Whether it is about a file, or about a part of the code: by its places, or by its words.
    fn is_about_a_part(&self, notification: &Notification) -> bool {
        let placed = places(notification).any(|place| {
            place.physical_location.is_some()
                || !place.logical_locations.as_deref().unwrap_or_default().is_empty()
        });
        placed || self.kinds.words(notification).is_some_and(|text| names_a_file(&text))
    }
}

fn places(notification: &Notification) -> impl Iterator<Item = &Location> {
    [&notification.locations, &notification.related_locations].into_iter().flatten().flatten()
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
