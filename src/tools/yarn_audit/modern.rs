//! Yarn 2 and later: npm 6's report from 2 and 3, the registry's own answer from 4.0, and a line for
//! each finding since 4.1 (yarnpkg/berry `packages/plugin-npm-cli/sources/commands/npm/audit.ts` and
//! `npmAuditUtils.ts`). If it finds nothing, Yarn 4 prints nothing at all.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::formats::npm6::{self, AdvisoryId, Metadata, Score, Words};
use crate::formats::{json, node_trace};
use crate::model::finding::{Category, Finding, Package};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::raw_report::RawReport;
use crate::text::human::without_credentials;
use crate::text::shared::Text;
use crate::text::{bom, sanitise};

use super::generation::Generation;
use super::{LOCK_FILE, WHAT, foreign};

/// The endpoint that Yarn 4 asks.
const ENDPOINT: &str = "/-/npm/v1/security/advisories/bulk";

/// The end of the id that Yarn gives to a deprecated package.
const DEPRECATION: &str = " (deprecation)";

/// Reads a report.
type Reader = fn(&RawReport) -> Result<Parsed, ReportError>;

/// Which Yarn wrote a report, and its reader.
pub(super) fn reader(report: &[u8]) -> Result<(Generation, Reader), ReportError> {
    let (first, _) = json::read_first::<Keys>(report, WHAT)?;
    Ok(match first {
        Keys { value: Some(_), .. } => (Generation::Four, |raw| found(raw, lines(raw)?)),
        Keys { advisories: Some(_), .. } | Keys { metadata: Some(_), .. } => (Generation::Two, npm6),
        Keys { .. } => (Generation::Four, |raw| found(raw, answer(raw)?)),
    })
}

fn found(raw: &RawReport, findings: Vec<Finding>) -> Result<Parsed, ReportError> {
    if findings.is_empty() {
        return nothing(raw);
    }
    code_is_known(raw)?;
    Ok(Parsed { findings, ..scope(raw) })
}

/// A report without a finding. Any program that does nothing would write the same, so it needs a proof.
pub(super) fn nothing(raw: &RawReport) -> Result<Parsed, ReportError> {
    let Some(code) = raw.exit else { return Err(ReportError::Empty { what: WHAT }) };
    code_is_known(raw)?;
    let mut parsed = scope(raw);
    if node_trace::answered(&raw.beside, ENDPOINT) {
        parsed.proof.push("the registry answered the audit request".to_owned());
    } else if code == 0 {
        return Err(ReportError::ToolError(
            "Yarn reported nothing, and nothing shows that it asked the registry".to_owned(),
        ));
    }
    Ok(parsed)
}

fn code_is_known(raw: &RawReport) -> Result<(), ReportError> {
    match raw.exit {
        Some(code) if code > 1 => {
            Err(ReportError::ToolError(format!("exit code {code} is not a code of Yarn 2 and later")))
        }
        _ => Ok(()),
    }
}

/// The report does not say how many packages it is about; the lock file does.
fn scope(raw: &RawReport) -> Parsed {
    let packages = locked(raw);
    let mut parsed = Parsed {
        scope: packages.map(|n| Scope::of(Unit::Packages, n)).unwrap_or_default(),
        scope_unreported: true,
        ..Parsed::default()
    };
    if packages.is_some() {
        parsed.proof.push(
            "its packages are counted in yarn.lock, including those that are only for development".to_owned(),
        );
    }
    parsed
}

/// How many packages from a registry the lock file has.
fn locked(raw: &RawReport) -> Option<u64> {
    let text = String::from_utf8_lossy(raw.beside(LOCK_FILE).next()?).into_owned();
    let resolutions = text.lines().filter_map(|line| line.trim_start().strip_prefix("resolution: "));
    u64::try_from(resolutions.filter(|resolution| resolution.contains("@npm:")).count()).ok()
}

/// Yarn's error message, which it prints instead of the report.
pub(super) fn error_line(report: &[u8]) -> Option<String> {
    const MOST: usize = 1 << 16;
    const LONGEST_LINE: usize = 1000;
    let text = String::from_utf8_lossy(&report[..report.len().min(MOST)]);
    let text = sanitise::lines(&text);
    let mut lines =
        text.lines().map(|line| line.trim().trim_start_matches("➤ ")).filter(|line| !line.is_empty());
    let is_words = |line: &&str| {
        line.len() < LONGEST_LINE
            && line.chars().any(char::is_alphabetic)
            && !line.starts_with(['{', '[', '"'])
            && *line != "null"
    };
    let first = lines.next().filter(is_words)?;
    if first.starts_with("yarn run v1") {
        return Some("`yarn` is Yarn 1, but the folder is for a later one (corepack enable)".to_owned());
    }
    // An answer of the registry that is an error.
    let status =
        lines.find_map(|line| line.strip_prefix("YN0035:").filter(|rest| rest.contains("Response Code")));
    Some(without_credentials(&format!("{first} {}", status.unwrap_or_default())))
}

/// Which kind of report it is, by the keys of its first object.
#[derive(Deserialize)]
struct Keys {
    value: Option<IgnoredAny>,
    advisories: Option<IgnoredAny>,
    metadata: Option<IgnoredAny>,
}

/// Yarn 4.1 and later. The output of a run must end with a line end; otherwise it is cut.
fn lines(raw: &RawReport) -> Result<Vec<Finding>, ReportError> {
    let report = bom::without_bom(raw.report());
    if raw.exit.is_some() && !report.ends_with(b"\n") {
        return Err(ReportError::Cut { what: WHAT, detail: "its last line is not complete".to_owned() });
    }
    let lines = report.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.map(|line| json::read::<Node>(line, WHAT).map(Node::into_finding)).collect()
}

#[derive(Deserialize)]
struct Node {
    value: String,
    children: Children,
}

#[derive(Deserialize)]
struct Children {
    #[serde(rename = "ID")]
    id: AdvisoryId,
    #[serde(rename = "Issue")]
    issue: Option<String>,
    #[serde(rename = "URL")]
    url: Option<String>,
    #[serde(rename = "Severity")]
    severity: Option<String>,
    #[serde(rename = "Vulnerable Versions")]
    range: Option<String>,
    #[serde(rename = "Tree Versions", default)]
    versions: Vec<String>,
    #[serde(rename = "Dependents", default)]
    dependents: Vec<String>,
}

impl Node {
    fn into_finding(self) -> Finding {
        let Children { id, issue, url, severity, range, versions, dependents } = self.children;
        let advisory = Advisory { id, title: issue, url, severity, range, cwe: None, cvss: None };
        let paths = dependents.iter().map(|path| Text::from(&**path)).collect();
        let package = npm6::installed(&self.value, versions.iter().map(String::as_str), paths);
        advisory.into_finding(package)
    }
}

/// Yarn 4.0: the registry's answer, advisories by package.
fn answer(raw: &RawReport) -> Result<Vec<Finding>, ReportError> {
    let answer: Answer = json::read(raw.report(), WHAT)?;
    let findings = answer.0.unwrap_or_default().into_iter().flat_map(|(name, advisories)| {
        let package = npm6::installed(&name, std::iter::empty(), [].into());
        advisories.into_iter().map(move |advisory| advisory.into_finding(package.clone()))
    });
    Ok(findings.collect())
}

#[derive(Deserialize)]
struct Answer(#[serde(deserialize_with = "json::unique_keys")] Option<BTreeMap<String, Vec<Advisory>>>);

#[derive(Deserialize)]
struct Advisory {
    id: AdvisoryId,
    title: Option<String>,
    url: Option<String>,
    severity: Option<String>,
    #[serde(rename = "vulnerable_versions")]
    range: Option<String>,
    cwe: Option<Words>,
    cvss: Option<Score>,
}

impl Advisory {
    fn into_finding(self, package: Package) -> Finding {
        let ghsa = self.url.as_deref().and_then(npm6::ghsa).map(Text::from);
        let deprecated = matches!(&self.id, AdvisoryId::Text(id) if id.ends_with(DEPRECATION));
        let (rule, category) = match (deprecated, &ghsa) {
            (true, _) => (Text::from("deprecated"), Category::Quality),
            (false, Some(ghsa)) => (ghsa.clone(), Category::Vulnerability),
            (false, None) => (self.id.to_text(), Category::Vulnerability),
        };
        let severity = self.severity.as_deref().map_or(Severity::Unknown, Severity::from_word);
        let title = self.title.map_or_else(|| rule.clone(), Text::from);
        let mut finding = Finding::new(rule, category, severity, title);
        finding.severity_raw = self.severity.map(Text::from);
        finding.message = self.range.map(|range| format!("affects {range}").into()).unwrap_or_default();
        finding.package = Some(package.into());
        finding.aliases = ghsa.into_iter().collect();
        finding.cwe = self.cwe.map(|cwe| cwe.cwes()).unwrap_or_default();
        finding.cvss = self.cvss.and_then(|cvss| cvss.to_cvss());
        finding.references = self.url.map(Text::from).into_iter().collect();
        finding
    }
}

/// Yarn 2 and 3.
fn npm6(raw: &RawReport) -> Result<Parsed, ReportError> {
    code_is_known(raw)?;
    let report: Npm6 = json::read(raw.report(), WHAT)?;
    let findings: Vec<Finding> = report
        .advisories
        .ok_or_else(|| foreign("it has no `advisories`"))?
        .into_values()
        .map(npm6::Advisory::into_finding)
        .collect();
    if let Some(words) = report.metadata.vulnerabilities.unlisted(&findings) {
        let detail = format!("it counts {words}, and lists none of that severity");
        return Err(ReportError::Cut { what: WHAT, detail });
    }
    let scope = Scope::of(Unit::Packages, report.metadata.total_dependencies);
    let proof = vec!["the registry answered the audit request: these are its counts".to_owned()];
    let unexplained = report.metadata.vulnerabilities.exceed(&findings);
    Ok(Parsed { findings, scope, proof, unexplained, ..Parsed::default() })
}

#[derive(Deserialize)]
struct Npm6 {
    #[serde(default, deserialize_with = "json::unique_keys")]
    advisories: Option<BTreeMap<String, npm6::Advisory>>,
    metadata: Metadata,
}
