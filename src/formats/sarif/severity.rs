//! How bad a result is. `docs/formats.md` has the rule in words.
//!
//! 1. The tool's own word, of the result, then of its rule.
//! 2. GitHub's `security-severity`, if it is a rating: above 0, at most 10.
//! 3. The level: of the result, of its rule as this run configured it, of its rule; else `warning`
//!    (SARIF 2.1.0, 3.27.10).

use crate::model::finding::Category;
use crate::model::severity::{Severity, rank};

use super::model::{Outcome, Rule};
use super::properties::Properties;

/// What says how bad a result is.
pub(super) struct Signs<'a> {
    pub outcome: &'a Outcome,
    pub rule: Option<&'a Rule>,
    /// The level that this run gave to the rule.
    pub configured: Option<&'a str>,
    pub category: Category,
    /// The tool's name.
    pub tool: &'a str,
    /// The word in the text of the result, if its tool writes one there.
    pub in_text: Option<&'a str>,
}

impl<'a> Signs<'a> {
    /// The severity, and the word or level that it follows from.
    pub(super) fn severity(&self) -> (Severity, &'a str) {
        let of_result = self.outcome.properties.as_deref();
        let of_rule = self.rule.and_then(|rule| rule.properties.as_ref());
        let bags = || [of_result, of_rule].into_iter().flatten();
        let in_text = self.in_text.and_then(|word| Some((read(word)?, word)));
        let own = of_result.and_then(word).or(in_text).or_else(|| of_rule.and_then(word));
        if let Some(own) = own {
            return own;
        }
        let level = self.level();
        let rating = bags().find_map(|bag| bag.security_severity.as_ref()?.number().filter(is_rating));
        match (rating, level) {
            (Some(score), level) => (Severity::from_cvss_score(score), level.unwrap_or("warning")),
            (None, Some(level)) => (self.of_level(level), level),
            // The tool gives no level: it looks for secrets, and rates none.
            (None, None) if self.category == Category::Secret => (Severity::High, ""),
            (None, None) => match self.outcome.kind.as_deref() {
                Some(kind @ ("open" | "review")) => (Severity::Unknown, kind),
                _ => (self.of_level("warning"), "warning"),
            },
        }
    }

    fn level(&self) -> Option<&'a str> {
        let default = self.rule.and_then(|rule| rule.default_configuration.as_ref()?.level.as_deref());
        let own = self.outcome.level.as_deref();
        let undecided = matches!(self.outcome.kind.as_deref(), Some("open" | "review"));
        match undecided {
            // The level of a rule is that of its failures. `none` is what the standard wants here.
            true => own.filter(|level| *level != "none"),
            false => own.or(self.configured).or(default),
        }
    }

    /// A tool with a gate of its own has the severities of that gate.
    fn of_level(&self, level: &str) -> Severity {
        match (first_word(self.tool).as_str(), level) {
            // Without a platform key it rates nothing, and writes `error`.
            ("checkov", _) => Severity::Unknown,
            // It writes `warning` for every vulnerability (google/osv-scanner `internal/output/sarif.go`).
            ("osv-scanner", _) => Severity::Unknown,
            // Without a score this is also what it does not rate.
            ("grype", "note") => Severity::Unknown,
            ("eslint", "warning") => Severity::Low,
            ("cfn-lint", "note") => Severity::Info,
            (_, "error") => Severity::High,
            (_, "warning") => Severity::Medium,
            (_, "note") => Severity::Low,
            (_, "none") => Severity::Info,
            _ => Severity::Unknown,
        }
    }
}

/// The first word of a tool's name in lower case: `Semgrep OSS` is Semgrep.
pub(super) fn first_word(tool: &str) -> String {
    tool.split_whitespace().next().unwrap_or_default().to_ascii_lowercase()
}

/// As GitHub reads it: 0 is no rating.
fn is_rating(score: &f64) -> bool {
    *score > 0.0 && *score <= 10.0
}

/// The worst of the tool's own words; one that says "unknown" counts if there is no other.
fn word(bag: &Properties) -> Option<(Severity, &str)> {
    let properties = bag.severities.iter().filter_map(|word| Some((read(word)?, word.as_str())));
    let tags = bag.tags.iter().flat_map(|tags| tags.texts());
    let tags = tags.filter_map(|tag| Some((read(tag)?, tag)));
    properties.chain(tags).max_by_key(|(severity, _)| match severity {
        Severity::Unknown => 0,
        rated => rank(*rated).saturating_add(1),
    })
}

/// `None`: it is no word for a severity.
fn read(word: &str) -> Option<Severity> {
    let word = word.trim();
    let is = |known: &str| word.eq_ignore_ascii_case(known);
    match Severity::from_word(word) {
        Severity::Unknown if is("important") => Some(Severity::High),
        Severity::Unknown if is("negligible") => Some(Severity::Info),
        Severity::Unknown => {
            ["unknown", "undefined", "unrated"].into_iter().any(is).then_some(Severity::Unknown)
        }
        rated => Some(rated),
    }
}
