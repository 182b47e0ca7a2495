//! Checkov's JSON report (bridgecrewio/checkov `common/output/report.py` `get_dict`, `record.py`): an
//! object for one framework, a list for several, and a bare summary if there was nothing to scan.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::formats::json;
use crate::model::finding::{Category, Cvss, Finding, Location, Package};
use crate::model::scope::Unit;
use crate::model::severity::Severity;
use crate::redact::evidence;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::text::bom;
use crate::text::shared::Text;

const WHAT: &str = "Checkov report";

/// A report of one framework, or the bare summary, which has its counts at the top level.
#[derive(Debug, Deserialize)]
struct Report {
    check_type: Option<String>,
    results: Option<Results>,
    summary: Option<Summary>,
    #[serde(flatten)]
    bare: Summary,
}

/// The counts. Some keys had no underscore in 2.1, and the first versions had fewer of them.
#[derive(Debug, Default, Deserialize)]
struct Summary {
    passed: Option<u64>,
    failed: Option<u64>,
    skipped: Option<u64>,
    #[serde(alias = "parsingerrors")]
    parsing_errors: Option<u64>,
    #[serde(alias = "resourcecount")]
    resource_count: Option<u64>,
    checkov_version: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Results {
    failed_checks: Vec<Record>,
    /// Only the names of the files: what was looked at.
    #[serde(default)]
    passed_checks: Vec<Named>,
    #[serde(default)]
    skipped_checks: Vec<Named>,
    /// Absent under `--quiet`.
    #[serde(alias = "parsingerrors")]
    parsing_errors: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Named {
    file_path: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Record {
    check_id: Text,
    check_name: Option<Text>,
    file_path: String,
    file_line_range: Option<Vec<i64>>,
    resource: Option<Text>,
    severity: Option<Text>,
    guideline: Option<Text>,
    description: Option<Text>,
    short_description: Option<Text>,
    vulnerability_details: Option<Details>,
    /// Lines of source text, each with its number; absent in a compact report.
    code_block: Option<Value>,
}

/// What software composition analysis adds: a vulnerability, or a licence.
#[derive(Debug, Deserialize)]
struct Details {
    id: Option<Text>,
    license: Option<Text>,
    package_name: Option<Text>,
    package_version: Option<Text>,
    lowest_fixed_version: Option<Text>,
    package_type: Option<Text>,
    link: Option<Text>,
    cvss: Option<f64>,
    vector: Option<Text>,
}

/// Reads a report of any of the three shapes.
pub(super) fn read(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    let bytes = &*json::decoded(bytes, WHAT)?;
    let is_list = bom::without_bom(bytes).iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let (reports, rest): (Vec<Report>, &[u8]) = match is_list {
        true => json::read_first(bytes, WHAT)?,
        false => json::read_first(bytes, WHAT).map(|(report, rest)| (vec![report], rest))?,
    };
    check_rest(rest)?;
    if reports.is_empty() {
        return Err(foreign("an empty list, which Checkov never writes"));
    }
    let mut parsed = Parsed::default();
    for report in reports {
        add(report, origin, &mut parsed)?;
    }
    Ok(parsed)
}

/// Accepts only what `_print_to_console` (bridgecrewio/checkov `common/runners/runner_registry.py`)
/// prints after a report. Reports in other formats follow its delimiter.
fn check_rest(rest: &[u8]) -> Result<(), ReportError> {
    const OWN: [&str; 3] =
        ["More details: ", "An error occurred uploading results", "Path for uploaded logs"];
    const DELIMITER: &str = "--- OUTPUT DELIMITER ---";
    let text = String::from_utf8_lossy(rest);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match lines
        .take_while(|line| *line != DELIMITER)
        .find(|line| !OWN.iter().any(|own| line.starts_with(own)))
    {
        Some(_) => Err(foreign("something else follows the report")),
        None => Ok(()),
    }
}

fn add(report: Report, origin: &ReportOrigin, parsed: &mut Parsed) -> Result<(), ReportError> {
    let (summary, results) = match (report.results, report.summary) {
        (Some(results), Some(summary)) => (summary, results),
        (Some(_), None) => return Err(foreign("it has no `summary`")),
        // The bare summary says that nothing was scanned.
        (None, None) if report.bare.passed.is_some() && report.bare.checkov_version.is_some() => {
            (report.bare, Results::default())
        }
        (None, _) => return Err(foreign("it has no `results`")),
    };
    let checks = [summary.passed, summary.failed, summary.skipped];
    let checks = checks.into_iter().flatten().fold(0, u64::saturating_add);
    let resources = summary.resource_count.filter(|count| *count > 0).unwrap_or(checks);
    parsed.scope.add(Unit::Resources, resources);

    if let Some(skipped) = summary.skipped.filter(|skipped| *skipped > 0) {
        *parsed.ignored.entry("checkov:skip").or_default() += skipped;
    }
    let of_failed = results.failed_checks.iter().map(|record| record.file_path.as_str());
    let others = results.passed_checks.iter().chain(&results.skipped_checks);
    let named: BTreeSet<&str> = of_failed.chain(others.filter_map(|one| one.file_path.as_deref())).collect();
    let framework = report.check_type.unwrap_or_default();
    parsed.read_inputs.extend(named.into_iter().map(|file| scanned(file, &framework, origin)));
    let listed = results.failed_checks.len() as u64;
    let counted = summary.failed.unwrap_or(listed);
    if counted > listed {
        parsed
            .gaps
            .push(format!("the summary counts {counted} failed checks, and the report lists {listed}"));
    }
    let unread = results.parsing_errors.unwrap_or_default();
    let unnamed = summary.parsing_errors.unwrap_or(0).saturating_sub(unread.len() as u64);
    if unnamed > 0 {
        let files = if unnamed == 1 { "file does" } else { "files do" };
        parsed.gaps.push(format!("{unnamed} {files} not parse (`quiet` leaves their names out)"));
    }
    let not_read = unread.iter().map(|file| (origin.relative(file), "Checkov can't parse it".into()));
    parsed.not_read.extend(not_read);

    if framework == "secrets" {
        // Checkov masks what it found, and no other secret in these lines.
        let blocks = results.failed_checks.iter().filter_map(|record| record.code_block.as_ref());
        parsed.secrets.extend(blocks.flat_map(evidence::in_value));
    }
    parsed
        .findings
        .extend(results.failed_checks.into_iter().map(|record| finding(record, &framework, origin)));
    if parsed.tool_version.is_none() {
        parsed.tool_version = summary.checkov_version;
    }
    Ok(())
}

fn finding(record: Record, framework: &str, origin: &ReportOrigin) -> Finding {
    let details = record.vulnerability_details;
    let category = match &details {
        Some(details) if details.id.is_some() => Category::Vulnerability,
        Some(details) if details.license.is_some() => Category::License,
        _ if framework == "secrets" => Category::Secret,
        _ => Category::Misconfiguration,
    };
    let advisory = details.as_ref().and_then(|details| details.id.clone());
    let rule = advisory.unwrap_or(record.check_id);
    let title = record.short_description.or(record.check_name).unwrap_or_else(|| rule.clone());
    // Without a platform key no check is rated.
    let severity = record.severity.as_deref().map_or(Severity::Unknown, Severity::from_word);
    let mut finding = Finding::new(rule, category, severity, title);
    finding.severity_raw = record.severity;
    finding.message = record.description.unwrap_or_default();
    finding.location =
        Some(location(scanned(&record.file_path, framework, origin), record.file_line_range.as_deref()));
    // The "resource" of a secret is a hash of its value.
    finding.resource = record.resource.filter(|_| category != Category::Secret);
    finding.references = record.guideline.into_iter().collect();
    if let Some(details) = details {
        add_details(&mut finding, details);
    }
    finding
}

fn add_details(finding: &mut Finding, details: Details) {
    if details.cvss.is_some() || details.vector.is_some() {
        finding.cvss = Some(Arc::new(Cvss { score: details.cvss, vector: details.vector, version_2: false }));
    }
    finding.references = finding.references.iter().cloned().chain(details.link).collect();
    if let Some(name) = details.package_name {
        finding.fix = details
            .lowest_fixed_version
            .as_ref()
            .map(|fixed| Text::from(format!("upgrade {name} to {fixed}")));
        finding.package = Some(Arc::new(Package {
            name,
            version: details.package_version,
            fixed_version: details.lowest_fixed_version,
            ecosystem: details.package_type,
            ..Package::default()
        }));
    }
}

/// `file_abs_path` is a path of the machine that scanned.
fn location(file: Text, lines: Option<&[i64]>) -> Location {
    let line = |n: usize| lines.and_then(|lines| lines.get(n)).and_then(|line| u64::try_from(*line).ok());
    Location::file(file).lines(line(0), line(1))
}

/// The path begins with a slash, but is relative to the scanned folder. In what Checkov lets other programs render, its checks of graphs give the
/// whole path (3.3, `kustomize/runner.py`).
fn scanned(file: &str, framework: &str, origin: &ReportOrigin) -> Text {
    let is_rendered = ["kustomize", "helm"].contains(&framework);
    match Path::new(file).strip_prefix(&origin.cwd) {
        Ok(inside) if is_rendered => origin.relative(&inside.to_string_lossy()),
        _ => origin.relative(file.trim_start_matches('/')),
    }
}

fn foreign(detail: &str) -> ReportError {
    ReportError::Foreign { what: WHAT, detail: detail.to_owned() }
}
