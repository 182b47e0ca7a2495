//! What a finding is about, in the words that several reports share.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::model::finding::{Category, Decision, Finding, Package};
use crate::model::run::GateRecord;
use crate::model::run::Run;
use crate::model::severity::Counts;
use crate::model::severity::Severity;
use crate::text::shared::Text;
use crate::tools;

/// The file that it is in. A dependency that no file is named for is declared in the `package.json` of the
/// folder that was looked at.
pub(crate) fn known_file(finding: &Finding) -> Option<Cow<'_, str>> {
    match (&finding.location, &*finding.tool) {
        (Some(location), _) => Some(Cow::Borrowed(&*location.path)),
        (None, "npm-audit" | "yarn-audit" | "pnpm-audit") => Some(match &*finding.target {
            "." | "" => Cow::Borrowed("package.json"),
            // Judged without being run: the target is the report.
            report if report.ends_with(".json") => return None,
            dir => Cow::Owned(format!("{dir}/package.json")),
        }),
        (None, _) => None,
    }
}

/// The same for reports that can't do without one: where none is known, the target itself.
pub(crate) fn file(finding: &Finding) -> Cow<'_, str> {
    let target = if finding.target.is_empty() { "." } else { &finding.target };
    known_file(finding).unwrap_or(Cow::Borrowed(target))
}

/// The line to show it at, where one is known.
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

/// `2 critical` for each severity that there is; `none` without any.
pub(crate) fn counts(counts: &Counts) -> Vec<String> {
    let some = Severity::ALL.into_iter().filter(|severity| counts.get(*severity) > 0);
    let words: Vec<String> = some.map(|severity| format!("{} {severity}", counts.get(severity))).collect();
    if words.is_empty() { vec!["none".to_owned()] } else { words }
}

/// Its title; of one without words its rule.
pub(crate) fn title(finding: &Finding) -> &str {
    if finding.title.trim().is_empty() { rule(finding) } else { &finding.title }
}

/// Its rule; of one without a name the tool.
pub(crate) fn rule(finding: &Finding) -> &str {
    if finding.rule.trim().is_empty() { &finding.tool } else { &finding.rule }
}

/// What a person must know of it, in a few lines: the tool's own words behind the title, and the fix.
pub(crate) fn words(finding: &Finding) -> String {
    let mut words = title(finding).to_owned();
    if let Some(one) = &finding.package {
        words.push_str(&format!("\n{} in {}", package(one), finding.target));
    }
    if !finding.message.is_empty() && finding.message != finding.title {
        words.push_str(&format!("\n{}", finding.message));
    }
    if let Some(resource) = &finding.resource {
        words.push_str(&format!("\nResource: {resource}"));
    }
    if let Some(fix) = &finding.fix {
        words.push_str(&format!("\nFix: {fix}"));
    }
    words
}

/// No more than `most` characters; what is longer ends in `…`.
pub(crate) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.chars().take(most.saturating_sub(1)).chain(['…']).collect()),
    }
}

/// Whether it is about security, as code scanning services tell it from quality.
pub(crate) fn is_security(category: Category) -> bool {
    matches!(category, Category::Secret | Category::Vulnerability | Category::Misconfiguration)
}

/// A score that stands for it (CVSS, 0.0 to 10.0): its own, where that is in the band of its severity,
/// else the middle of the band. None where nobody has rated it.
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

/// The name of the gate's tool as its makers write it; a command's is that of its gate.
pub(crate) fn tool_title(gate: &GateRecord) -> &str {
    match tools::spec(&gate.tool) {
        Some(_) if &*gate.tool == "command" => &gate.id,
        Some(spec) => spec.title,
        None => &gate.tool,
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

/// Who gives vulnerabilities names of one kind.
pub(crate) struct Registry {
    /// The beginning of its names, in small letters.
    pub kind: &'static str,
    pub title: &'static str,
    /// The page of this very name.
    pub url: String,
}

/// The registry of a vulnerability's name, where it is one that everybody knows.
pub(crate) fn registry(name: &str) -> Option<Registry> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let (kind, title, at) = match name.split_once('-')?.0 {
        "CVE" => ("cve", "NVD", "https://nvd.nist.gov/vuln/detail/"),
        "GHSA" => ("ghsa", "GitHub Advisory Database", "https://github.com/advisories/"),
        _ => return None,
    };
    plain.then(|| Registry { kind, title, url: format!("{at}{name}") })
}

/// A decision in the words of run.json.
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

    /// By what a waived finding is waived, and why: a waiver and its reason, a VEX document, a mark in the report.
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
    fn a_dependency_without_a_place_is_shown_where_it_is_declared() {
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
    fn a_score_is_in_the_band_of_its_severity() {
        for (severity, own, score_) in [
            (Severity::High, Some(7.4), Some(7.4)),
            // The tool knows better than the score that it quotes.
            (Severity::Low, Some(9.8), Some(2.0)),
            (Severity::Critical, None, Some(9.5)),
            (Severity::Critical, Some(f64::NAN), Some(9.5)),
            (Severity::Unknown, None, None),
        ] {
            let mut finding = Finding::new("a", Category::Vulnerability, severity, "a");
            finding.cvss = Some(crate::model::finding::Cvss { score: own, vector: None }.into());
            assert_eq!(score(&finding), score_, "{severity} {own:?}");
        }
    }
}
