//! What `terraform validate -json` prints: diagnostics. Some of them are not findings: they say that
//! something that the check needs is missing.

use serde::Deserialize;

use crate::formats::json;
use crate::model::finding::{Category, Finding, Location};
use crate::model::severity::Severity;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::text::shared::Text;

const WHAT: &str = "report of terraform validate";

#[derive(Deserialize)]
struct Report {
    format_version: String,
    valid: bool,
    error_count: u64,
    warning_count: u64,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    severity: Text,
    summary: Text,
    #[serde(default)]
    detail: Text,
    /// The address of its resource; since 1.3.
    address: Option<Text>,
    range: Option<Range>,
    /// Only its heading is read; the rest is source text and values.
    snippet: Option<Snippet>,
}

#[derive(Deserialize)]
struct Range {
    filename: String,
    start: Position,
    end: Position,
}

#[derive(Deserialize)]
struct Position {
    line: u64,
    column: u64,
}

#[derive(Deserialize)]
struct Snippet {
    /// `resource "aws_instance" "web"`
    context: Option<String>,
}

/// Errors that are not about the configuration: providers or modules are missing or wrong, or it needs
/// another version of the program.
const NOT_SET_UP: [&str; 18] = [
    "Backend initialization required",
    "Could not load plugin",
    "Failed to instantiate provider",
    "Failed to load plugin schemas",
    "Failed to obtain provider schema",
    "Failed to read module directory",
    "Inconsistent dependency lock file",
    "Incompatible provider version",
    "Initialization required",
    "Missing required provider",
    "Module not installed",
    "Module source has changed",
    "Module version requirements have changed",
    "Plugin reinitialization required",
    "Provider requirements cannot be satisfied by locked dependencies",
    "Required plugins are not installed",
    "Unsupported OpenTofu Core version",
    "Unsupported Terraform Core version",
];

impl Diagnostic {
    fn is_error(&self) -> bool {
        &*self.severity == "error"
    }

    /// Whether it is about what is installed. All errors without a place are, except a cycle of
    /// references, which is in many places.
    fn says_not_set_up(&self) -> bool {
        let placeless = self.range.is_none() && !self.summary.starts_with("Cycle");
        self.is_error() && (placeless || NOT_SET_UP.contains(&&*self.summary))
    }

    fn into_finding(self, origin: &ReportOrigin) -> Finding {
        let severity = match &*self.severity {
            "error" => Severity::High,
            "warning" => Severity::Low,
            _ => Severity::Unknown,
        };
        let rule = rule(&self.summary);
        let mut finding = Finding::new(rule, Category::Misconfiguration, severity, title(self.summary));
        finding.severity_raw = Some(self.severity);
        finding.message = self.detail;
        let heading = self.snippet.and_then(|snippet| snippet.context);
        finding.resource = self.address.or_else(|| resource(&heading?).map(Text::from));
        finding.location = self.range.map(|range| {
            Location::file(path(&range.filename, origin))
                .lines(Some(range.start.line), Some(range.end.line))
                .columns(Some(range.start.column), Some(range.end.column))
        });
        finding
    }
}

/// Reads a report, and whether it says that the configuration is valid. Parts that could not be
/// checked become gaps.
pub(super) fn read(bytes: &[u8], origin: &ReportOrigin) -> Result<(Parsed, bool), ReportError> {
    let report = document(bytes)?;
    let mut parsed = Parsed::default();
    let count = |severity: &str| {
        report.diagnostics.iter().filter(|diagnostic| &*diagnostic.severity == severity).count() as u64
    };
    for (what, listed, counted) in
        [("errors", count("error"), report.error_count), ("warnings", count("warning"), report.warning_count)]
    {
        if listed != counted {
            parsed.gaps.push(format!("it counts {counted} {what}, but lists {listed}"));
        }
    }
    if report.valid != (count("error") == 0) {
        parsed.gaps.push(match report.valid {
            true => "it says that the configuration is valid, but lists errors".to_owned(),
            false => "it says that the configuration is not valid, but lists no error".to_owned(),
        });
    }
    for diagnostic in report.diagnostics {
        match diagnostic.says_not_set_up() {
            true => parsed.gaps.push(format!("{}: {}", diagnostic.summary, diagnostic.detail)),
            false => parsed.findings.push(diagnostic.into_finding(origin)),
        }
    }
    Ok((parsed, report.valid))
}

/// Whether `init` may fix what a report lists.
pub(super) fn wants_init(bytes: &[u8]) -> bool {
    document(bytes).is_ok_and(|report| report.diagnostics.iter().any(Diagnostic::says_not_set_up))
}

fn document(bytes: &[u8]) -> Result<Report, ReportError> {
    // Old versions print early errors as text, even with `-json`.
    if let Some(error) = error_in(&String::from_utf8_lossy(bytes)) {
        return Err(ReportError::ToolError(error));
    }
    let report: Report = json::read(bytes, WHAT)?;
    match report.format_version.split_once('.') {
        Some(("1", _)) => Ok(report),
        _ => {
            let detail = format!("its format_version is {}; Portcullis reads 1.x", report.format_version);
            Err(ReportError::Foreign { what: WHAT, detail })
        }
    }
}

/// The first error of a text for people: its heading, and the lines up to an empty one.
pub(super) fn error_in(text: &str) -> Option<String> {
    const LINES: usize = 4;
    let mut lines = text.lines().map(|line| line.trim_start_matches(['│', '╷', '╵', ' ']).trim_end());
    let heading = lines.find_map(|line| line.strip_prefix("Error: "))?;
    let body = lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()).take(LINES);
    let body: Vec<&str> = body.collect();
    Some(if body.is_empty() { heading.to_owned() } else { format!("{heading}: {}", body.join(" ")) })
}

/// Terraform names the members of a cycle in a changing order. A cycle has no place, so its title
/// identifies the finding and must not change.
fn title(summary: Text) -> Text {
    let Some(members) = summary.strip_prefix("Cycle: ") else { return summary };
    let mut members: Vec<&str> = members.split(", ").collect();
    members.sort_unstable();
    Text::from(format!("Cycle: {}", members.join(", ")))
}

/// A rule name for a diagnostic, which has no id: `Unsupported argument` is `unsupported-argument`.
fn rule(summary: &str) -> String {
    const LONGEST: usize = 60;
    let kind = summary.split(':').next().unwrap_or(summary).to_lowercase();
    let words: Vec<&str> =
        kind.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let rule: String = words.join("-").chars().take(LONGEST).collect();
    if rule.is_empty() { "diagnostic".to_owned() } else { rule }
}

/// The address of the block in a heading: `resource "aws_instance" "web"` is `aws_instance.web`.
fn resource(heading: &str) -> Option<String> {
    let mut words = heading.split('"').map(str::trim);
    let block = words.next()?;
    let labels: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    match (block, labels.as_slice()) {
        ("resource", [kind, name]) => Some(format!("{kind}.{name}")),
        ("data" | "module", labels @ ([_] | [_, _])) => Some(format!("{block}.{}", labels.join("."))),
        _ => None,
    }
}

/// Downloaded modules are in the run's own folder. Their paths are shown where `init` puts them by
/// default.
fn path(filename: &str, origin: &ReportOrigin) -> Text {
    let inside = origin.relative(filename);
    match filename.find("/.terraform/modules/") {
        Some(at) if inside.starts_with(['/', '.']) => origin.relative(&filename[at + 1..]),
        _ => inside,
    }
}
