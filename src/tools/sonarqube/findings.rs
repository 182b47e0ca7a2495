//! A failed condition, an issue, a hotspot: each as a finding.

use std::collections::HashMap;

use crate::formats::headline;
use crate::model::finding::{Category, Finding, Location};
use crate::model::severity::Severity;
use crate::scan::report_origin::ReportOrigin;
use crate::system::http::query;
use crate::text::shared::{SharedTexts, Text};

use super::answers::{Condition, Hotspot, Impact, Issue, TextRange};

/// What findings need besides the answers.
pub(super) struct Surroundings<'a> {
    pub origin: &'a ReportOrigin,
    /// The paths of files by their keys.
    pub paths: HashMap<&'a str, &'a str>,
    /// The server, for links; absent if it is not known.
    pub server: Option<&'a str>,
    /// `id=KEY&branch=NAME`: which analysis, for links.
    pub subject: Vec<(&'a str, &'a str)>,
}

impl Surroundings<'_> {
    /// A failed condition. Its title does not contain the value, so its id stays the same.
    pub(super) fn condition(&self, condition: &Condition) -> Finding {
        let metric = &condition.metric_key;
        let failed = condition.status == "ERROR";
        let threshold = match failed {
            true => condition.error_threshold.as_deref(),
            false => condition.warning_threshold.as_deref(),
        };
        let wrong = match condition.comparator.as_deref() {
            Some("LT") => "less than",
            Some("GT") => "greater than",
            Some("EQ") => "equal to",
            Some("NE") => "not equal to",
            _ => "not within",
        };
        let is_wrong = threshold.map(|threshold| format!("{wrong} {}", graded(metric, threshold)));
        let title = match &is_wrong {
            Some(is_wrong) => format!("Quality gate: {metric} is {is_wrong}"),
            None => format!("Quality gate: {metric} is not as it should be"),
        };
        let severity = if failed { Severity::High } else { Severity::Medium };
        let mut finding = Finding::new(metric.as_str(), Category::Quality, severity, title);
        finding.severity_raw = Some(condition.status.as_str().into());
        let value = condition.actual_value.as_deref();
        finding.message = format!(
            "metric {metric}, value {}, threshold {}",
            value.map_or_else(|| "unknown".to_owned(), |value| graded(metric, value)),
            is_wrong.as_deref().unwrap_or("unknown"),
        )
        .into();
        finding.fix = value.zip(threshold).and_then(|(value, threshold)| {
            let (value, threshold) = (graded(metric, value), graded(metric, threshold));
            match condition.comparator.as_deref() {
                Some("LT") => Some(format!("raise it from {value} to {threshold} or more").into()),
                Some("GT") => Some(format!("bring it down from {value} to {threshold} or less").into()),
                _ => None,
            }
        });
        finding.references = self.link("dashboard", &[]);
        finding
    }

    pub(super) fn issue(&self, issue: &Issue) -> Finding {
        let (severity, raw) = rated(issue.severity.as_deref(), &issue.impacts);
        let secure = |impact: &Impact| impact.software_quality == "SECURITY";
        let category = match issue.kind.as_deref() {
            Some("VULNERABILITY") => Category::Vulnerability,
            None if issue.impacts.iter().any(secure) => Category::Vulnerability,
            _ => Category::Quality,
        };
        let message = issue.message.as_deref().unwrap_or(&issue.rule);
        let mut finding = Finding::new(issue.rule.as_str(), category, severity, headline(message));
        finding.severity_raw = raw;
        finding.message = message.into();
        finding.location =
            self.location(&issue.component, issue.project.as_deref(), issue.line, issue.text_range.as_ref());
        let closed = |status: &&str| ["FALSE_POSITIVE", "ACCEPTED", "FIXED"].contains(status);
        let resolution = issue.resolution.as_deref().or(issue.issue_status.as_deref().filter(closed));
        finding.suppressed = resolution.map(|how| format!("resolved on the server as {how}").into());
        finding.references = self.link("project/issues", &[("open", &issue.key)]);
        finding
    }

    pub(super) fn hotspot(&self, hotspot: &Hotspot) -> Finding {
        let raw = hotspot.vulnerability_probability.as_deref();
        let severity = raw.map_or(Severity::Unknown, severity_of);
        let category = hotspot.security_category.as_deref().unwrap_or("others");
        let rule = hotspot.rule_key.clone().unwrap_or_else(|| format!("hotspot:{category}"));
        let message = hotspot.message.as_deref().unwrap_or(&rule);
        let title = headline(&format!("Security hotspot ({category}): {message}"));
        let mut finding = Finding::new(rule.as_str(), Category::Vulnerability, severity, title);
        finding.severity_raw = raw.map(Text::from);
        finding.message = message.into();
        finding.location = self.location(
            &hotspot.component,
            hotspot.project.as_deref(),
            hotspot.line,
            hotspot.text_range.as_ref(),
        );
        finding.suppressed =
            hotspot.resolution.as_deref().map(|how| format!("reviewed on the server: {how}").into());
        finding.references = self.link("security_hotspots", &[("hotspots", &hotspot.key)]);
        finding
    }

    /// Where a component is; `None` for the project itself.
    fn location(
        &self,
        component: &str,
        project: Option<&str>,
        line: Option<u64>,
        range: Option<&TextRange>,
    ) -> Option<Location> {
        let below = |project: &str| component.strip_prefix(project).and_then(|rest| rest.strip_prefix(':'));
        let path = match self.paths.get(component) {
            Some(path) => path,
            None if project == Some(component) => return None,
            None => project.and_then(below).unwrap_or(component),
        };
        let range_of = |part: fn(&TextRange) -> Option<u64>| range.and_then(part);
        // SonarQube counts columns from 0.
        let column = |part| range_of(part).map(|offset| offset.saturating_add(1));
        Some(
            Location::file(self.origin.relative(path))
                .lines(range_of(|range| range.start_line).or(line), range_of(|range| range.end_line))
                .columns(column(|range| range.start_offset), column(|range| range.end_offset)),
        )
    }

    fn link(&self, page: &'static str, more: &[(&str, &str)]) -> SharedTexts {
        let Some(server) = self.server else { return SharedTexts::default() };
        let query = query(self.subject.iter().chain(more).copied());
        [Text::from(format!("{server}/{page}{query}"))].into()
    }
}

/// The worst of the old severity and the impacts. A setting of the server (its mode) decides which of
/// them counts, and one may say major where the other says high.
fn rated(severity: Option<&str>, impacts: &[Impact]) -> (Severity, Option<Text>) {
    let old = severity.map(|word| (severity_of(word), word.to_owned()));
    let impacts = impacts.iter().map(|impact| {
        let words = format!("{} {}", impact.software_quality, impact.severity);
        (severity_of(&impact.severity), words)
    });
    let all: Vec<(Severity, String)> = old.into_iter().chain(impacts).collect();
    // `Unknown` is lowest in order, but an unknown word may mean the worst.
    let worst = all.iter().map(|(severity, _)| *severity).max().unwrap_or(Severity::Unknown);
    let unknown = worst < Severity::Critical && all.iter().any(|(rated, _)| *rated == Severity::Unknown);
    let words: Vec<&str> = all.iter().map(|(_, words)| words.as_str()).collect();
    let raw = (!words.is_empty()).then(|| Text::from(words.join(", ")));
    (if unknown { Severity::Unknown } else { worst }, raw)
}

fn severity_of(word: &str) -> Severity {
    match word {
        "BLOCKER" => Severity::Critical,
        "CRITICAL" | "HIGH" => Severity::High,
        "MAJOR" | "MEDIUM" => Severity::Medium,
        "MINOR" | "LOW" => Severity::Low,
        "INFO" => Severity::Info,
        _ => Severity::Unknown,
    }
}

/// A value as SonarQube shows it: ratings are the letters A to E.
fn graded(metric: &str, value: &str) -> String {
    let rating = metric.ends_with("_rating").then(|| value.strip_suffix(".0").unwrap_or(value));
    let letter = match rating {
        Some("1") => "A",
        Some("2") => "B",
        Some("3") => "C",
        Some("4") => "D",
        Some("5") => "E",
        _ => return value.to_owned(),
    };
    format!("{value} ({letter})")
}
