//! Yarn 1: each message is a line of JSON (yarnpkg/yarn `src/reporters/json-reporter.js`). There is an
//! `auditAdvisory` for each path to a vulnerable package, and an `auditSummary` at the end.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;

use crate::formats::json;
use crate::formats::npm6::{Advisory, AdvisoryId, Installed, Metadata};
use crate::model::finding::Finding;
use crate::model::scope::{Scope, Unit};
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::raw_report::RawReport;
use crate::text::bom;

use super::{WHAT, foreign};

/// The exit code is the sum of these numbers, one for each severity found.
const CODES: [(&str, i32); 5] = [("info", 1), ("low", 2), ("moderate", 4), ("high", 8), ("critical", 16)];

/// Whether the first line is from Yarn 1.
pub(super) fn is_line(report: &[u8]) -> bool {
    json::read_first::<Line>(report, WHAT).is_ok()
}

pub(super) fn read(raw: &RawReport) -> Result<Parsed, ReportError> {
    let mut advisories = Advisories::default();
    let (mut summary, mut parsed) = (None, Parsed::default());
    let lines = bom::without_bom(raw.report()).split(|byte| *byte == b'\n');
    for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
        match json::read::<Line>(line, WHAT)?.kind.as_str() {
            "auditAdvisory" => advisories.add(line)?,
            "auditSummary" if summary.is_some() => return Err(foreign("it has two summaries")),
            "auditSummary" => summary = Some(json::read::<Event<Metadata>>(line, WHAT)?.data),
            "error" => return Err(ReportError::ToolError(error(line).unwrap_or_default())),
            // Yarn continues, but audits nothing.
            "info" if text(line).is_some_and(|words| words.starts_with("No lockfile found")) => {
                parsed.gaps.push("there is no yarn.lock".to_owned());
            }
            _ => {}
        }
    }
    let Some(summary) = summary else {
        if let Some(gap) = parsed.gaps.pop() {
            return Err(ReportError::ToolError(gap));
        }
        return Err(ReportError::Cut {
            what: WHAT,
            detail: "it has no `auditSummary`, which ends it".to_owned(),
        });
    };
    parsed.unexplained = summary.vulnerabilities.more_than(&advisories.places());
    parsed.findings = advisories.into_findings();
    if let Some(words) = summary.vulnerabilities.unlisted(&parsed.findings) {
        let detail = format!("it counts {words}, and lists none of that severity");
        return Err(ReportError::Cut { what: WHAT, detail });
    }
    agrees(raw.exit, &parsed.findings)?;
    parsed.scope = Scope::of(Unit::Packages, summary.total_dependencies);
    parsed.proof.push("the registry answered the audit request: it ends with its summary".to_owned());
    Ok(parsed)
}

/// Whether the exit code agrees with the severities that were found. A code without findings, or
/// findings without a code, is checked for all tools in one place.
fn agrees(exit: Option<i32>, findings: &[Finding]) -> Result<(), ReportError> {
    let Some(exit) = exit.filter(|code| *code != 0 && !findings.is_empty()) else { return Ok(()) };
    let found = |word: &str| findings.iter().any(|finding| finding.severity_raw.as_deref() == Some(word));
    let code: i32 = CODES.iter().filter(|(word, _)| found(word)).map(|(_, code)| code).sum();
    if code == exit {
        return Ok(());
    }
    Err(ReportError::ToolError(format!(
        "exit code {exit} does not match the severities that it lists, which give {code}"
    )))
}

/// The message of the last line of type `error`.
pub(super) fn error_in(output: &[u8]) -> Option<String> {
    output.split(|byte| *byte == b'\n').rev().find_map(error)
}

fn error(line: &[u8]) -> Option<String> {
    // A log may have a million other lines.
    if line.first() != Some(&b'{') {
        return None;
    }
    let read: Line = serde_json::from_slice(line).ok()?;
    (read.kind == "error").then(|| text(line)).flatten()
}

/// The first line of a message.
fn text(line: &[u8]) -> Option<String> {
    let message: Event<String> = serde_json::from_slice(line).ok()?;
    message.data.lines().next().map(crate::text::human::without_credentials)
}

/// The advisories, each once, with all paths to its package.
#[derive(Default)]
struct Advisories {
    known: HashMap<(AdvisoryId, String), usize>,
    listed: Vec<(Advisory, BTreeSet<String>)>,
    /// The lines of each.
    lines: Vec<u64>,
}

impl Advisories {
    /// How many lines there are, or places, by severity: the summary counts places.
    fn places(&self) -> BTreeMap<&str, u64> {
        let mut places = BTreeMap::new();
        for ((advisory, _), lines) in self.listed.iter().zip(&self.lines) {
            let paths: usize = advisory.findings.iter().map(|installed| installed.paths.len()).sum();
            let word = advisory.severity.as_deref().unwrap_or_default();
            *places.entry(word).or_default() += (*lines).max(paths as u64);
        }
        places
    }

    fn add(&mut self, line: &[u8]) -> Result<(), ReportError> {
        // A large project has the same one thousands of times.
        let brief: Event<Found<Brief>> = json::read(line, WHAT)?;
        let Found { resolution, advisory: Brief { id, package } } = brief.data;
        let index = match self.known.get(&(id.clone(), package.clone())) {
            Some(index) => *index,
            None => {
                let whole: Event<Found<Advisory>> = json::read(line, WHAT)?;
                self.listed.push((whole.data.advisory, BTreeSet::new()));
                self.lines.push(0);
                self.known.insert((id, package), self.listed.len() - 1);
                self.listed.len() - 1
            }
        };
        if let Some(lines) = self.lines.get_mut(index) {
            *lines += 1;
        }
        if let Some((_, paths)) = self.listed.get_mut(index) {
            paths.extend(resolution.and_then(|resolution| resolution.path));
        }
        Ok(())
    }

    fn into_findings(self) -> Vec<Finding> {
        let finding = |(mut advisory, mut paths): (Advisory, BTreeSet<String>)| {
            for path in advisory.findings.iter().flat_map(|installed| &installed.paths) {
                paths.remove(path);
            }
            if !paths.is_empty() {
                advisory.findings.push(Installed {
                    version: None,
                    paths: paths.into_iter().collect(),
                    dev: None,
                });
            }
            advisory.into_finding()
        };
        self.listed.into_iter().map(finding).collect()
    }
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Event<T> {
    data: T,
}

#[derive(Deserialize)]
struct Found<A> {
    resolution: Option<Resolution>,
    advisory: A,
}

#[derive(Deserialize)]
struct Resolution {
    path: Option<String>,
}

#[derive(Deserialize)]
struct Brief {
    id: AdvisoryId,
    #[serde(rename = "module_name")]
    package: String,
}
