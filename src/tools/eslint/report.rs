//! ESLint's report (`docs/src/integrate/nodejs-api.md`): a result for each file.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::formats::json;
use crate::model::finding::{Category, Finding, Location};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::text::bom;
use crate::text::shared::Text;

const WHAT: &str = "report of ESLint";

/// Reads a report. A file that ESLint was given and ignores has a result, too, whose only message says so: it was not linted.
pub(super) fn read(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    let mut parsed = Parsed::default();
    let (mut linted, mut ignored) = (0, 0);
    for file in files(bytes)? {
        let path = origin.relative(&file.path);
        if file.messages.iter().any(Message::says_ignored) {
            ignored += 1;
            continue;
        }
        linted += 1;
        parsed.read_inputs.push(path.clone());
        if !file.suppressed.is_empty() {
            *parsed.ignored.entry("eslint-disable").or_default() += file.suppressed.len() as u64;
        }
        parsed.gaps.extend(file.missing().map(|words| format!("{path}: {words}")));
        for message in file.messages {
            if message.fatal {
                let why = format!("ESLint can't parse it: {}", message.title());
                parsed.not_read.push((path.clone(), why.into()));
            }
            parsed.findings.push(message.into_finding(&path));
        }
    }
    if ignored > 0 {
        parsed.unread.insert("ESLint ignores it", ignored);
    }
    parsed.scope = Scope::of(Unit::Files, linted);
    Ok(parsed)
}

/// The files of a report: a plain list, or with `json-with-metadata` a list inside an object.
fn files(bytes: &[u8]) -> Result<Vec<File>, ReportError> {
    #[derive(Deserialize)]
    struct WithMetadata {
        results: Vec<File>,
        #[serde(rename = "metadata")]
        _metadata: IgnoredAny,
    }
    let start = bom::without_bom(bytes).iter().find(|byte| !byte.is_ascii_whitespace());
    match start {
        Some(b'{') => json::read::<WithMetadata>(bytes, WHAT).map(|report| report.results),
        _ => json::read(bytes, WHAT),
    }
}

/// One linted file. `source` and `output` hold its whole text and are not read.
#[derive(Deserialize)]
struct File {
    #[serde(rename = "filePath")]
    path: String,
    messages: Vec<Message>,
    /// Messages that a comment in the file switches off. Since ESLint 8.8.
    #[serde(default, rename = "suppressedMessages")]
    suppressed: Vec<IgnoredAny>,
    /// Some producers leave these out.
    #[serde(rename = "errorCount")]
    errors: Option<u64>,
    #[serde(rename = "warningCount")]
    warnings: Option<u64>,
}

impl File {
    /// What it counts and does not list, in words.
    fn missing(&self) -> Option<String> {
        // A message without a severity may be either.
        let listed =
            |other: u64| self.messages.iter().filter(|one| one.severity != Some(other)).count() as u64;
        let counts = [("errors", self.errors, listed(1)), ("warnings", self.warnings, listed(2))];
        counts.into_iter().find_map(|(what, counted, listed)| {
            let counted = counted.filter(|counted| *counted > listed)?;
            Some(format!("the report counts {counted} {what}, and lists {listed}"))
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    /// Null for messages of ESLint itself: a parse error, an ignored file, an unused directive.
    rule_id: Option<String>,
    /// 1 or 2; some producers leave it out.
    severity: Option<u64>,
    #[serde(default)]
    fatal: bool,
    /// Some producers write null.
    #[serde(rename = "message")]
    text: Option<String>,
    line: Option<u64>,
    column: Option<u64>,
    end_line: Option<u64>,
    end_column: Option<u64>,
    /// Only whether there is one: its content is source text.
    fix: Option<IgnoredAny>,
}

impl Message {
    /// `createIgnoreResult` in ESLint's `lib/eslint/eslint-helpers.js` (8 to 10).
    fn says_ignored(&self) -> bool {
        let text = self.text.as_deref().unwrap_or_default();
        self.rule_id.is_none() && !self.fatal && text.starts_with("File ignored ")
    }

    fn title(&self) -> &str {
        let first = self.text.as_deref().and_then(|text| text.lines().next());
        first.map(str::trim_end).unwrap_or("ESLint gives no reason")
    }

    fn into_finding(self, path: &Text) -> Finding {
        let (severity, word) = match self.severity {
            Some(2) => (Severity::High, Some("error")),
            Some(1) => (Severity::Low, Some("warning")),
            _ => (Severity::Unknown, None),
        };
        let title = self.title().to_owned();
        let rule = self.rule_id.unwrap_or_else(|| if self.fatal { "parse-error" } else { "eslint" }.into());
        let mut finding = Finding::new(rule, Category::Lint, severity, title);
        finding.severity_raw = word.map(Text::from);
        finding.message = self.text.filter(|text| text.lines().nth(1).is_some()).unwrap_or_default().into();
        finding.fix = self.fix.is_some().then(|| Text::from("`eslint --fix` fixes it"));
        finding.location = Some(
            Location::file(path.clone())
                .lines(self.line, self.end_line)
                .columns(self.column, self.end_column),
        );
        finding
    }
}
