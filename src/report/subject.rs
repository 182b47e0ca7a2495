//! What a finding is about, as several reports show it.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::model::aim::Aim;
use crate::model::finding::{Category, Decision, Finding, Package};
use crate::model::run::GateRecord;
use crate::model::run::Run;
use crate::model::severity::Counts;
use crate::model::severity::Severity;
use crate::text::shared::Text;
use crate::tools;

/// The file of the finding. A dependency without a file is declared in the `package.json` of the scanned
/// folder.
pub(crate) fn known_file(finding: &Finding) -> Option<Cow<'_, str>> {
    match (&finding.location, &*finding.tool) {
        (Some(location), _) => Some(Cow::Borrowed(&*location.path)),
        (None, "npm-audit" | "yarn-audit" | "pnpm-audit") => Some(match &*finding.target {
            "." | "" => Cow::Borrowed("package.json"),
            // The report was judged without a run: the target is the report.
            report if report.ends_with(".json") => return None,
            dir => Cow::Owned(format!("{dir}/package.json")),
        }),
        (None, _) => None,
    }
}

/// The same for reports that require a file: if none is known, it is the target.
pub(crate) fn file(finding: &Finding) -> Cow<'_, str> {
    let target = if finding.target.is_empty() { "." } else { &finding.target };
    known_file(finding).unwrap_or(Cow::Borrowed(target))
}

/// The line of the finding, if one is known.
pub(crate) fn line(finding: &Finding) -> Option<u32> {
    finding.location.as_ref()?.start_line.map(|line| line.get())
}

/// Its file with the line: `src/a.ts:3`.
pub(crate) fn place(finding: &Finding) -> String {
    let file = file(finding);
    match line(finding) {
        Some(line) => format!("{file}:{line}"),
        None => file.into_owned(),
    }
}

/// A package with its version: `lodash 4.17.4`.
pub(crate) fn package(package: &Package) -> String {
    match &package.version {
        Some(version) => format!("{} {version}", package.name),
        None => package.name.to_string(),
    }
}

/// `2 critical` for each severity with findings; `none` without findings.
pub(crate) fn counts(counts: &Counts) -> Vec<String> {
    let some = Severity::ALL.into_iter().filter(|severity| counts.get(*severity) > 0);
    let words: Vec<String> = some.map(|severity| format!("{} {severity}", counts.get(severity))).collect();
    if words.is_empty() { vec!["none".to_owned()] } else { words }
}

/// Its title, or its rule if the title is empty.
pub(crate) fn title(finding: &Finding) -> &str {
    if finding.title.trim().is_empty() { rule(finding) } else { &finding.title }
}

/// Its rule, or the tool if the rule has no name.
pub(crate) fn rule(finding: &Finding) -> &str {
    if finding.rule.trim().is_empty() { &finding.tool } else { &finding.rule }
}

/// What a person must know about it, in a few lines: the title, the tool's own message, and the fix. A title that
/// is the first sentence of one line is not said twice.
pub(crate) fn words(finding: &Finding) -> String {
    let title = title(finding);
    let one_line = finding.package.is_none() && !finding.message.contains('\n');
    let is_in_message = one_line && finding.message.starts_with(title);
    let mut words = if is_in_message { String::new() } else { title.to_owned() };
    if let Some(one) = &finding.package {
        words.push_str(&format!("\n{} in {}", package(one), finding.target));
    }
    if !finding.message.is_empty() && finding.message != finding.title || is_in_message {
        let end = if words.is_empty() { "" } else { "\n" };
        words.push_str(&format!("{end}{}", finding.message));
    }
    if let Some(resource) = &finding.resource {
        words.push_str(&format!("\nResource: {resource}"));
    }
    if let Some(fix) = &finding.fix {
        words.push_str(&format!("\nFix: {fix}"));
    }
    words
}

/// No more than `most` characters: a longer text ends in `…`.
pub(crate) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.chars().take(most.saturating_sub(1)).chain(['…']).collect()),
    }
}

/// Whether it is about security: code scanning services separate that from quality.
pub(crate) fn is_security(category: Category) -> bool {
    use Category::{Misconfiguration, Sast, Secret, Vulnerability};
    matches!(category, Secret | Vulnerability | Misconfiguration | Sast)
}

/// A CVSS score (0.0 to 10.0) for it: its own if that is in the band of its severity, otherwise the middle of
/// the band. `None` if it is unrated.
pub(crate) fn score(finding: &Finding) -> Option<f64> {
    let own = finding.cvss.as_ref().and_then(|cvss| cvss.score).filter(|score| (0.0..=10.0).contains(score));
    match own {
        Some(score) if Severity::from_cvss_score(score) == finding.severity => Some(score),
        _ => match finding.severity {
            Severity::Critical => Some(9.5),
            Severity::High => Some(8.0),
            Severity::Medium => Some(5.5),
            Severity::Low => Some(2.0),
            Severity::Info => Some(0.0),
            Severity::Unknown => None,
        },
    }
}

/// The name of the gate's tool as its makers write it. A command has the name of its gate.
pub(crate) fn tool_title(gate: &GateRecord) -> &str {
    match tools::spec(&gate.tool) {
        Some(_) if &*gate.tool == "command" => &gate.id,
        Some(spec) => spec.title,
        None => &gate.tool,
    }
}

/// What the gate looks for. A record that does not say is older, or of a report that was handed in: then
/// it is what the tool looks for whatever its options, since nobody knows these.
pub(crate) fn looks_for(gate: &GateRecord) -> &[Aim] {
    match gate.looks_for.as_slice() {
        [] => tools::spec(&gate.tool).map_or(&[], |spec| spec.looks_for.list()),
        aims => aims,
    }
}

/// References that are web addresses.
pub(crate) fn links(finding: &Finding) -> impl Iterator<Item = &str> {
    let is_link = |link: &&str| {
        let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
        rest.is_some_and(|rest| !rest.is_empty() && link.chars().all(|c| c.is_ascii_graphic()))
    };
    finding.references.iter().map(|link| &**link).filter(is_link)
}

/// A registry that names vulnerabilities.
pub(crate) struct Registry {
    /// The prefix of its names, in lower case.
    pub kind: &'static str,
    pub title: &'static str,
    /// The page about this name.
    pub url: String,
}

/// The registry of a vulnerability's name, if it is a well-known one.
pub(crate) fn registry(name: &str) -> Option<Registry> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let (kind, title, at) = match name.split_once('-')?.0 {
        "CVE" => ("cve", "NVD", "https://nvd.nist.gov/vuln/detail/"),
        "GHSA" => ("ghsa", "GitHub Advisory Database", "https://github.com/advisories/"),
        _ => return None,
    };
    plain.then(|| Registry { kind, title, url: format!("{at}{name}") })
}

/// A decision as run.json writes it.
pub(crate) fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Deny => "deny",
        Decision::Allow => "allow",
        Decision::Waive => "waive",
    }
}

/// The reasons of waivers, by their names.
pub(crate) struct Covers<'a>(HashMap<&'a Text, &'a Text>);

impl<'a> Covers<'a> {
    pub(crate) fn of(run: &'a Run) -> Self {
        Self(run.waivers.used.iter().map(|note| (&note.name, &note.reason)).collect())
    }

    /// What waives a finding, and why: a waiver and its reason, a VEX document, or a mark in the report.
    pub(crate) fn cover(&self, finding: &Finding) -> (Text, Text) {
        if let Some(reason) = &finding.suppressed {
            return ("suppressed in the report".into(), reason.clone());
        }
        if let Some(waiver) = &finding.waiver {
            return (waiver.clone(), self.0.get(waiver).copied().unwrap_or(&finding.because).clone());
        }
        match finding.assessment() {
            Some(assessment) => ("VEX".into(), assessment.detail().into()),
            None => ("–".into(), finding.because.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Location;

    #[test]
    fn a_dependency_without_a_file_is_shown_where_it_is_declared() {
        for (tool, target, path, shown) in [
            ("npm-audit", "backend", None, "backend/package.json"),
            ("yarn-audit", ".", None, "package.json"),
            ("npm-audit", "audit.json", None, "audit.json"),
            ("trivy", "notes-backend", None, "notes-backend"),
            ("trivy", "", None, "."),
            ("trivy", "notes-backend", Some("app/package.json"), "app/package.json"),
        ] {
            let mut finding = Finding::new("a", Category::Vulnerability, Severity::High, "a");
            (finding.tool, finding.target) = (tool.into(), target.into());
            finding.location = path.map(Location::file);
            assert_eq!(file(&finding), shown, "{tool} {target}");
        }
    }

    #[test]
    fn the_first_sentence_of_a_message_is_not_said_twice() {
        for (title, message, shown) in [
            ("One.", "One. Two.", "One. Two."),
            ("One.", "One.", "One."),
            ("One.", "", "One."),
            ("One.", "Two.", "One.\nTwo."),
            ("One", "One\nTwo", "One\nOne\nTwo"),
        ] {
            let mut finding = Finding::new("a", Category::Sast, Severity::High, title);
            finding.message = message.into();
            assert_eq!(words(&finding), shown);
        }
    }

    #[test]
    fn a_score_is_in_the_band_of_its_severity() {
        for (severity, own, score_) in [
            (Severity::High, Some(7.4), Some(7.4)),
            // The tool's severity counts more than the score that it quotes.
            (Severity::Low, Some(9.8), Some(2.0)),
            (Severity::Critical, None, Some(9.5)),
            (Severity::Critical, Some(f64::NAN), Some(9.5)),
            (Severity::Unknown, None, None),
        ] {
            let mut finding = Finding::new("a", Category::Vulnerability, severity, "a");
            finding.cvss =
                Some(crate::model::finding::Cvss { score: own, vector: None, version_2: false }.into());
            assert_eq!(score(&finding), score_, "{severity} {own:?}");
        }
    }
}
