//! cfn-lint's JSON report (aws-cloudformation/cfn-lint `src/cfnlint/formatters/json.py`): a list of
//! matches. Some of them are not findings: they say that cfn-lint could not do its work.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::formats::{headline, json};
use crate::model::finding::{Category, Finding, Location};
use crate::model::severity::Severity;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::text::shared::Text;

const WHAT: &str = "cfn-lint report";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Match {
    /// Null if the match is about no template: a configuration error, an empty standard input.
    filename: Option<String>,
    level: Text,
    location: Span,
    message: String,
    rule: Rule,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Span {
    start: Position,
    end: Option<Position>,
    /// Null, or the names and indices that lead from the top of the template.
    path: Option<Vec<Step>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Position {
    line_number: u64,
    column_number: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    Name(Text),
    Index(#[allow(dead_code, reason = "read, and not used")] i64),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    id: Text,
    description: Option<Text>,
    source: Option<Text>,
}

/// What a report says apart from its findings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The exit code that goes with its levels. Also 0 if it has an unknown level.
    pub exit: i32,
    /// Templates that could not be read, named as in the report.
    pub unread: BTreeSet<String>,
}

/// Reads a report. What cfn-lint could not check becomes a gap.
pub(super) fn read(bytes: &[u8], origin: &ReportOrigin) -> Result<(Parsed, Said), ReportError> {
    let matches: Vec<Match> = json::read(&json::decoded(bytes, WHAT)?, WHAT)?;
    let (mut parsed, mut said) = (Parsed::default(), Said::default());
    let bits = matches.iter().map(|found| bit(&found.level));
    said.exit = bits.reduce(|all, bit| Some(all? | bit?)).flatten().unwrap_or(0);
    for found in matches {
        let fault = match (&found.filename, found.rule.id.as_str()) {
            (None, _) => true,
            // A rule crashed, or a template or a configuration can't be opened.
            (_, "E0002" | "E0003") => true,
            // The file does not parse, or can't be transformed into a template. That is a finding, and
            // also a gap: nothing else in it was checked.
            (Some(file), "E0000" | "E0001") => {
                said.unread.insert(file.clone());
                let why = format!("it can't be linted: {}", found.message);
                parsed.not_read.push((origin.relative(file), why.into()));
                false
            }
            _ => false,
        };
        match fault {
            true => {
                let file =
                    found.filename.map(|file| format!("{}: ", origin.relative(&file))).unwrap_or_default();
                parsed.gaps.push(format!("{file}{} ({})", found.message, found.rule.id));
            }
            false => parsed.findings.push(finding(found, origin)),
        }
    }
    Ok((parsed, said))
}

/// The bit of a level in the exit code (`_exit` in `src/cfnlint/runner/cli.py`).
fn bit(level: &str) -> Option<i32> {
    match level {
        "Error" => Some(2),
        "Warning" => Some(4),
        "Informational" => Some(8),
        _ => None,
    }
}

fn finding(found: Match, origin: &ReportOrigin) -> Finding {
    let severity = match bit(&found.level) {
        Some(2) => Severity::High,
        Some(4) => Severity::Medium,
        Some(_) => Severity::Info,
        None => Severity::Unknown,
    };
    let mut finding =
        Finding::new(found.rule.id, Category::Misconfiguration, severity, headline(&found.message));
    finding.severity_raw = Some(found.level);
    finding.message = found.rule.description.unwrap_or_default();
    finding.references =
        found.rule.source.filter(|source| source.starts_with("https://")).into_iter().collect();
    let Span { start, end, path } = found.location;
    let end_of = |part: fn(&Position) -> Option<u64>| end.as_ref().and_then(part);
    finding.location = found.filename.map(|file| {
        Location::file(origin.relative(&file))
            .lines(Some(start.line_number), end_of(|end| Some(end.line_number)))
            .columns(start.column_number, end_of(|end| end.column_number))
    });
    finding.resource = match path.unwrap_or_default().into_iter().take(2).collect::<Vec<_>>().as_slice() {
        [Step::Name(section), Step::Name(name)] if section == "Resources" => Some(name.clone()),
        _ => None,
    };
    finding
}
