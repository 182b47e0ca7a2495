//! SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>), the format
//! that most scanners can write.

mod evidence;
mod model;
mod places;
mod rules;

use crate::formats::sarif::model::{Invocation, Log, Message, Notification, Outcome, Run, Suppression};
use crate::formats::sarif::places::Places;
use crate::formats::sarif::rules::{Rules, Signs};
use crate::model::finding::{Category, Finding};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::secret_findings::AboutSecrets;
use crate::text::shared::Text;

use super::{headline, json};

const WHAT: &str = "SARIF log";

/// Reads a SARIF log. Scope: the runs that produced results, and the files, if a run lists them
/// (`artifacts`). A result is one finding, unless it says that it is not a problem (a `kind` such as
/// `pass`, or the `baselineState` `absent`).
///
/// A run without `results` is a gap: it did not produce results, which differs from finding nothing.
/// A run whose `invocations` say that it was not successful is a gap, too.
pub(crate) fn read(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    let log: Log = json::read(bytes, WHAT)?;
    let foreign = |detail: String| ReportError::Foreign { what: WHAT, detail };
    match log.version.as_deref() {
        Some(version) if version.starts_with("2.1.") => {}
        Some(other) => return Err(foreign(format!("its version is {other}, not 2.1.0"))),
        None => return Err(foreign("it has no `version`".to_owned())),
    }
    let mut runs = log.runs.ok_or_else(|| foreign("it has no `runs`".to_owned()))?;

    let mut parsed = Parsed::default();
    let about = AboutSecrets::new();
    let mut secret = Vec::new();
    for run in &mut runs {
        let results = run.results.take();
        secret.push(read_run(run, results, origin, &mut parsed, &about));
    }
    if secret.iter().any(|places| !places.is_empty()) {
        parsed.secrets = evidence::secrets(bytes, &secret)?;
    }
    parsed.tool_version = match runs.as_slice() {
        [run] => run.tool.driver.semantic_version.clone().or_else(|| run.tool.driver.version.clone()),
        _ => None,
    };
    Ok(parsed)
}

/// Reads a run. It takes ownership of the results, so that their memory is freed as findings are made.
/// Returns the places of those that are about secrets.
fn read_run(
    run: &Run,
    results: Option<Vec<Outcome>>,
    origin: &ReportOrigin,
    parsed: &mut Parsed,
    about: &AboutSecrets,
) -> Vec<usize> {
    let tool = run.tool.driver.name.as_deref().unwrap_or("the scanner");
    let invocations = run.invocations.as_deref().unwrap_or_default();
    parsed.gaps.extend(invocations.iter().flat_map(failures).map(|why| format!("{tool} says: {why}")));
    let external = run.external_property_file_references.as_ref();
    if external.and_then(|files| files.results.as_ref()).is_some_and(|files| !files.is_empty()) {
        parsed.gaps.push(format!("{tool} wrote results to other files, which Portcullis does not read"));
    }
    let Some(results) = results else {
        parsed.gaps.push(format!("the run of {tool} has no `results`: it did not produce any"));
        return Vec::new();
    };

    let mut scope = Scope::of(Unit::Runs, 1);
    if let Some(artifacts) = run.artifacts.as_ref().filter(|artifacts| !artifacts.is_empty()) {
        scope.add(Unit::Files, artifacts.len() as u64);
    }
    parsed.scope.merge(&scope);
    match (results.is_empty(), &run.tool.driver.name) {
        (false, _) => {}
        (true, Some(tool)) => parsed.proof.push(format!("{tool} lists no results")),
        // A run with results needs no name: its results count.
        (true, None) => {
            let why = "a run lists no results and does not name its tool, so it proves nothing";
            parsed.gaps.push(why.to_owned());
        }
    }
    let rules = Rules::of(&run.tool);
    let places = Places::of(run, origin);
    let mut secret = Vec::new();
    for (place, outcome) in results.into_iter().enumerate() {
        let Some(finding) = finding(&outcome, &rules, &places) else { continue };
        if about.include(&finding) {
            secret.push(place);
        }
        parsed.findings.push(finding);
    }
    secret
}

/// The errors that an invocation reports. By the standard, a notification of level `error` means that
/// the tool stopped or that its results are incomplete.
fn failures(invocation: &Invocation) -> Vec<String> {
    let lists = [&invocation.tool_execution_notifications, &invocation.tool_configuration_notifications];
    let notifications = || lists.into_iter().flatten().flatten();
    let words = |notification: &Notification| notification.message.as_ref().and_then(plain).map(headline);
    let errors = notifications().filter(|notification| notification.level.as_deref() == Some("error"));
    let mut said: Vec<String> =
        errors.map(|error| words(error).unwrap_or_else(|| "an error without a text".to_owned())).collect();
    if said.is_empty() && invocation.execution_successful == Some(false) {
        let exit = invocation.exit_code_description.as_deref().map(headline);
        let why = exit.or_else(|| notifications().find_map(words)).filter(|why| !why.is_empty());
        said.push(match why {
            Some(why) => format!("its run was not successful: {why}"),
            None => "its run was not successful".to_owned(),
        });
    }
    said
}

fn plain(message: &Message) -> Option<&str> {
    [&message.text, &message.markdown]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .find(|text| !text.trim().is_empty())
}

/// The finding of a result. `None`: the result says that there is no problem.
fn finding<'a>(outcome: &'a Outcome, rules: &Rules<'a>, places: &Places) -> Option<Finding> {
    // `pass`, `open`, `notApplicable` and similar kinds have no level. If a tool contradicts itself and
    // gives one, the level counts.
    let failed = outcome.kind.as_deref().is_none_or(|kind| kind == "fail");
    if !failed && outcome.level.as_deref().is_none_or(|level| level == "none") {
        return None;
    }
    if outcome.baseline_state.as_deref() == Some("absent") {
        return None;
    }

    let found = rules.find(outcome);
    let default = found.and_then(|rule| rule.default_configuration.as_ref()?.level.as_deref());
    let level = outcome.level.as_deref().or(default).unwrap_or("warning");
    let bags = [outcome.properties.as_deref(), found.and_then(|rule| rule.properties.as_ref())];
    let score = bags.iter().flatten().find_map(|bag| bag.security_severity.as_ref()?.number());
    let severity = score.map_or_else(|| severity_of(level), Severity::from_cvss_score);

    let id = rules.id(outcome, found);
    let message = rules.message(outcome, found).unwrap_or_default();
    let descriptions = found.map(|rule| [rule.short_description.as_ref(), rule.full_description.as_ref()]);
    let title = descriptions
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(plain)
        .chain([message.as_str()])
        .map(headline)
        .find(|line| !line.is_empty())
        .unwrap_or_else(|| id.to_owned());

    let signs = Signs::of(outcome, found, rules.tool, id);
    let mut finding = Finding::new(id, signs.category(), severity, title);
    finding.severity_raw = Some(level.into());
    finding.message = message.into();
    finding.fix = outcome
        .fixes
        .iter()
        .flatten()
        .filter_map(|fix| fix.description.as_ref().and_then(plain))
        .map(|fix| Text::from(headline(fix)))
        .next();
    finding.cwe = signs.cwe();
    if finding.category == Category::Vulnerability {
        finding.aliases = signs.advisories().into_iter().filter(|alias| *alias != finding.rule).collect();
    }
    finding.references =
        found.and_then(|rule| rule.help_uri.as_deref()).into_iter().map(Text::from).collect();
    finding.suppressed = suppression(outcome.suppressions.as_deref().unwrap_or_default());
    finding.location = places.location(outcome);
    if finding.location.is_none() {
        finding.resource = places::logical(outcome);
    }
    Some(finding)
}

fn severity_of(level: &str) -> Severity {
    match level {
        "error" => Severity::High,
        "warning" => Severity::Medium,
        "note" => Severity::Low,
        "none" => Severity::Info,
        _ => Severity::Unknown,
    }
}

/// Why a result is suppressed. If one of its suppressions is under review or rejected, it is not.
fn suppression(suppressions: &[Suppression]) -> Option<Text> {
    let open = |suppression: &Suppression| matches!(suppression.status.as_deref(), Some(status) if status != "accepted");
    let first = suppressions.first()?;
    if suppressions.iter().any(open) {
        return None;
    }
    let kind = match first.kind.as_deref() {
        Some("inSource") => "suppressed in the source",
        Some("external") => "suppressed outside the source",
        _ => "suppressed",
    };
    let why = first.justification.as_deref().map(headline).filter(|why| !why.is_empty());
    Some(Text::from(why.map_or_else(|| kind.to_owned(), |why| format!("{kind}: {why}"))))
}

#[cfg(test)]
mod tests;
