//! Trivy's template for JUnit (`contrib/junit.tpl`): a case is named `[CRITICAL] CVE-2019-10744`, its class `lodash-4.17.4`, its
//! suite after the target.

use std::sync::Arc;

use crate::model::finding::{Category, Finding, Location, Package};
use crate::model::severity::Severity;
use crate::scan::report_origin::ReportOrigin;
use crate::text::shared::Text;

use super::{Case, Place};

const WORDS: [&str; 5] = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"];

/// The severity and the rule.
fn parts(name: &str) -> Option<(&str, &str)> {
    let (word, rule) = name.strip_prefix('[')?.split_once("] ")?;
    let is_rule = !rule.is_empty() && !rule.contains(char::is_whitespace);
    (WORDS.contains(&word) && is_rule).then_some((word, rule))
}

/// Whether a case is named so. The rule is an id with a number, as a test is seldom called.
pub(super) fn is_name(name: &str) -> bool {
    let is_id = |rule: &str| rule.contains('-') && rule.bytes().any(|byte| byte.is_ascii_digit());
    parts(name).is_some_and(|(_, rule)| is_id(rule))
}

/// Puts rule, severity, package and place where a finding has them.
pub(super) fn refine(finding: &mut Finding, case: &Case, suite: Option<&str>, origin: &ReportOrigin) {
    let Some((word, rule)) = case.name.as_deref().and_then(parts) else { return };
    let class = case.class.as_deref().unwrap_or_default();
    let package = package(class);
    let is_advisory = ["CVE-", "GHSA-"].iter().any(|begin| rule.starts_with(begin));
    finding.category = match rule.bytes().any(|byte| byte.is_ascii_digit()) {
        _ if is_advisory || package.is_some() => Category::Vulnerability,
        true => Category::Misconfiguration,
        false => Category::Secret,
    };
    finding.rule = rule.into();
    (finding.severity, finding.severity_raw) = (Severity::from_word(word), Some(word.into()));
    if finding.category == Category::Vulnerability {
        let whole = || Package { name: class.into(), ..Package::default() };
        finding.package = (!class.is_empty()).then(|| Arc::new(package.unwrap_or_else(whole)));
    }
    // The class is no file, whatever it looks like.
    let file = Place::file_of_case(&Case::default(), suite);
    finding.location = file.map(|file| Location::file(origin.relative(&file)));
}

/// `NAME-VERSION`. With several dashes before a digit (`gcc-10-base-10.2`) nobody knows where the name ends.
fn package(class: &str) -> Option<Package> {
    let mut ends = class
        .match_indices('-')
        .filter(|(at, _)| class.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit) && *at > 0);
    let ((end, _), None) = (ends.next()?, ends.next()) else { return None };
    let (name, version) = (&class[..end], &class[end + 1..]);
    Some(Package { name: name.into(), version: Some(Text::from(version)), ..Package::default() })
}
