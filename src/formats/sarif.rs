//! SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>), the format
//! that most scanners can write.

mod category;
mod evidence;
mod grype;
mod invocations;
mod model;
mod osv;
mod overrides;
mod packages;
mod places;
mod properties;
mod rules;
mod severity;
mod snyk;
mod suppression;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::formats::sarif::category::Signs;
use crate::formats::sarif::invocations::{Said, inline_elsewhere};
use crate::formats::sarif::model::{Artifact, Head, Log, Message, Outcome, Rule, Run};
use crate::formats::sarif::overrides::Overrides;
use crate::formats::sarif::places::Places;
use crate::formats::sarif::rules::Rules;
use crate::model::finding::{Category, Finding};
use crate::model::scope::{Scope, Unit};
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::secret_findings::AboutSecrets;
use crate::text::human;
use crate::text::shared::Text;

use super::{first_sentence, foreign, headline, json};

pub(super) use snyk::ecosystem as snyk_ecosystem;

const WHAT: &str = "SARIF log";

/// Reads a SARIF log. Scope: the runs that produced results, and the files, if a run lists them
/// (`artifacts`). A result is one finding, unless it says that it is not a problem (a `kind` such as
/// `pass`, or the `baselineState` `absent`).
///
/// A run without `results` is a gap: it did not produce results, which differs from finding nothing.
/// So is a run whose `invocations` say that it was not successful, or did not read a file.
pub(crate) fn read(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    read_log(bytes, origin).map_err(|error| foreign::named(error, bytes, "sarif"))
}

fn read_log(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    let bytes = &*json::decoded(bytes, WHAT)?;
    // Another version may have another shape.
    let log: Log = json::read(bytes, WHAT).map_err(|error| {
        json::read(bytes, WHAT).ok().and_then(|head| wrong_version(&head)).unwrap_or(error)
    })?;
    if let Some(error) = wrong_version(&Head { version: log.version.clone() }) {
        return Err(error);
    }
    let foreign = |detail: &str| ReportError::Foreign { what: WHAT, detail: detail.to_owned() };
    log.version.as_ref().ok_or_else(|| foreign("it has no `version`"))?;
    let mut parsed = Parsed::default();
    parsed.gaps.extend(inline_elsewhere(&log));
    let mut runs = log.runs.ok_or_else(|| foreign("it has no `runs`"))?;

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

/// A version that is not read, in words that say what to do.
fn wrong_version(head: &Head) -> Option<ReportError> {
    let version = head.version.as_deref().filter(|version| !version.starts_with("2.1."))?;
    let detail = format!(
        "its version is {version}, not 2.1.0: let the tool write SARIF 2.1.0, or convert it (`sarif transform`)"
    );
    Some(ReportError::Foreign { what: WHAT, detail })
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
    let counts = |outcome: &Outcome| {
        harmless(outcome).is_none() && outcome.suppressions.as_deref().unwrap_or_default().is_empty()
    };
    let found = results.iter().flatten().any(counts);
    let mut said = Said::of(run, tool, found);
    // The reason of the gate has room for the first one.
    parsed.proof.extend(said.gaps.iter().take(MOST_GAPS).cloned());
    parsed.gaps.append(&mut said.gaps);
    parsed.notes.append(&mut said.warnings);
    if let Some(name) = &run.tool.driver.name {
        parsed.is_written_by(&severity::first_word(name));
    }
    let Some(results) = results else {
        parsed.gaps.push(format!("the run of {tool} has no `results`: it did not produce any"));
        return Vec::new();
    };
    parsed.scope.merge(&scope(run, results.is_empty()));
    let named = run.tool.driver.name.as_deref().filter(|name| !name.trim().is_empty());
    match (results.is_empty(), named) {
        (false, _) => {}
        (true, Some(tool)) => parsed.proof.push(format!("{tool} lists no results")),
        // A run with results needs no name: its results count.
        (true, None) => {
            let why = "a run lists no results and does not name its tool, so it proves nothing";
            parsed.gaps.push(why.to_owned());
        }
    }
    let rules = Rules::of(&run.tool);
    let reading = Reading {
        overrides: Overrides::of(run, &rules),
        places: Places::of(run, origin),
        now: Timestamp::now(),
        run,
        rules,
    };
    let mut secret = Vec::new();
    let mut undecided = 0;
    let mut left_out: BTreeMap<&str, u64> = BTreeMap::new();
    for (place, outcome) in results.into_iter().enumerate() {
        if let Some(kind) = harmless(&outcome) {
            *left_out.entry(kind).or_default() += 1;
            continue;
        }
        undecided += u64::from(is_undecided(&outcome));
        let finding = reading.finding(&outcome);
        if about.include(&finding) {
            secret.push(place);
        }
        parsed.findings.push(finding);
    }
    if undecided > 0 {
        let results = human::count(undecided, "result");
        parsed.notes.push(format!("{tool} could not decide {results}: a person must"));
    }
    for (kind, n) in left_out {
        parsed.proof.push(format!("{tool} lists {} of kind {kind}: no problem", human::count(n, "result")));
    }
    secret
}

/// No advisory has more ids than these.
const MOST_IDS: usize = 32;

/// The most gaps that the record names beside the reason.
const MOST_GAPS: usize = 20;

/// What a run looked at. A run that lists its files, and lists none, looked at nothing.
fn scope(run: &Run, clean: bool) -> Scope {
    /// Roles (3.24.6) that say that a file was scanned, or that it is one of the project. The others are of the tool's
    /// own files, of what it wrote, and of what it met on its way.
    const SCANNED: [&str; 6] =
        ["analysisTarget", "added", "modified", "renamed", "unmodified", "uncontrolled"];
    let scanned = |artifact: &&Artifact| match artifact.roles.as_deref() {
        None | Some([]) => true,
        Some(roles) => roles.iter().any(|role| SCANNED.contains(&role.as_str())),
    };
    let files = run.artifacts.as_ref().map(|artifacts| artifacts.iter().filter(scanned).count() as u64);
    let mut scope = Scope::default();
    if !(clean && files == Some(0)) {
        scope.add(Unit::Runs, 1);
    }
    if let Some(files) = files.filter(|files| *files > 0) {
        scope.add(Unit::Files, files);
    }
    scope
}

/// Why a result is no problem: by its kind (3.27.9), or because it is gone since the baseline. If a tool
/// contradicts itself and gives a level to a `pass`, the level counts.
fn harmless(outcome: &Outcome) -> Option<&'static str> {
    const KINDS: [&str; 3] = ["pass", "notApplicable", "informational"];
    let kind = outcome.kind.as_deref().unwrap_or("fail");
    let kind = KINDS.into_iter().find(|known| *known == kind);
    let rated = outcome.level.as_deref().is_some_and(|level| level != "none");
    match outcome.baseline_state.as_deref() {
        Some("absent") => Some("absent"),
        _ => kind.filter(|_| !rated),
    }
}

fn plain(message: &Message) -> Option<&str> {
    [&message.text, &message.markdown]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .find(|text| !text.trim().is_empty())
}

/// Whether the tool leaves it to a person (3.27.9).
fn is_undecided(outcome: &Outcome) -> bool {
    matches!(outcome.kind.as_deref(), Some("open" | "review"))
}

/// A run whose results are being read.
struct Reading<'a> {
    run: &'a Run,
    rules: Rules<'a>,
    overrides: Overrides<'a>,
    places: Places<'a>,
    now: Timestamp,
}

impl Reading<'_> {
    fn finding(&self, outcome: &Outcome) -> Finding {
        let rule = self.rules.find(outcome);
        let id = self.rules.id(outcome, rule);
        let message = self.rules.message(outcome, rule).unwrap_or_default();
        let signs = Signs::of(outcome, rule, self.rules.tool, id);
        let category = signs.category();
        let said = packages::Message::of(self.rules.tool, &message);
        let (severity, word) = severity::Signs {
            outcome,
            rule,
            configured: self.overrides.level(outcome, rule),
            category,
            tool: self.rules.tool,
            in_text: said.severity(),
        }
        .severity();

        let title = title(outcome, rule, if said.trivy.is_some() { "" } else { &message });
        let mut finding = Finding::new(id, category, severity, title.unwrap_or_else(|| id.to_owned()));
        finding.severity_raw = Some(word).filter(|word| !word.is_empty()).map(Text::from);
        finding.fix = outcome
            .fixes
            .iter()
            .flatten()
            .filter_map(|fix| fix.description.as_ref().and_then(plain))
            .map(|fix| Text::from(headline(fix)))
            .next();
        finding.cwe = signs.cwe();
        finding.references =
            rule.and_then(|rule| rule.help_uri.as_deref()).into_iter().map(Text::from).collect();
        let suppressions = outcome.suppressions.as_deref().unwrap_or_default();
        finding.suppressed = suppression::suppression(suppressions, self.now);
        finding.location = self.places.location(outcome);
        let logical = places::logical_location(outcome, self.run);
        if category == Category::Vulnerability {
            let described = snyk::cves(self.rules.tool, rule);
            let elsewhere = rule.and_then(|rule| rule.deprecated_ids.as_ref()).into_iter().flatten();
            let elsewhere = elsewhere.take(MOST_IDS).flat_map(|id| category::advisories_in(id));
            let mut seen = BTreeSet::from([finding.rule.clone()]);
            let named = signs.advisories().into_iter().chain(described).chain(elsewhere);
            finding.aliases = named.filter(|alias| seen.insert(alias.clone())).collect();
            let path = finding.location.as_ref().map(|location| &*location.path);
            finding.package = packages::package(outcome, rule, logical, &said, path).map(Arc::new);
        }
        if finding.location.is_none() && finding.package.is_none() {
            finding.resource = logical.and_then(places::logical);
        }
        finding.message = message.into();
        finding
    }
}

/// The first sentence of the message; without one, what the rule says of itself. A result that its tool could not
/// decide says so: a person must.
fn title(outcome: &Outcome, rule: Option<&Rule>, message: &str) -> Option<String> {
    let descriptions = rule.map(|rule| [rule.short_description.as_ref(), rule.full_description.as_ref()]);
    let of_rule = descriptions.into_iter().flatten().flatten().filter_map(plain);
    let title = [message].into_iter().chain(of_rule).map(first_sentence).find(|line| !line.is_empty());
    match outcome.kind.as_deref() {
        Some(kind) if is_undecided(outcome) => {
            let title = title.unwrap_or_default();
            Some(format!("{title} ({kind}: the tool could not decide it)").trim_start().to_owned())
        }
        _ => title,
    }
}

#[cfg(test)]
mod tests;
