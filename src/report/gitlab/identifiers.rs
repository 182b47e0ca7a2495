//! The identifiers of a vulnerability: the names that other databases use for it.

use std::borrow::Cow;

use crate::model::finding::Finding;
use crate::report::subject;

use super::model::Identifier;

/// GitLab drops identifiers after the 20th.
const MOST: usize = 20;

/// First the rule, by which GitLab recognises the vulnerability later. Then its other names and its
/// weaknesses.
pub(super) fn of(finding: &Finding) -> Vec<Identifier<'_>> {
    let names =
        std::iter::once(&finding.rule).chain(finding.aliases.iter().filter(|alias| **alias != finding.rule));
    let mut all: Vec<Identifier> =
        names.filter(|name| !name.is_empty()).map(|name| named(name, finding)).collect();
    all.extend(finding.cwe.iter().filter_map(|cwe| weakness(cwe)));
    if all.is_empty() {
        all.push(own("unknown", finding));
    }
    all.truncate(MOST);
    all
}

fn named<'a>(name: &'a str, finding: &'a Finding) -> Identifier<'a> {
    match subject::registry(name) {
        Some(registry) => Identifier {
            kind: Cow::Borrowed(registry.kind),
            name: Cow::Borrowed(name),
            value: Cow::Borrowed(name),
            url: Some(registry.url),
        },
        None => own(name, finding),
    }
}

/// A rule of the tool itself.
fn own<'a>(name: &'a str, finding: &'a Finding) -> Identifier<'a> {
    Identifier {
        kind: Cow::Owned(format!("{}_rule", finding.tool)),
        name: Cow::Borrowed(name),
        value: Cow::Borrowed(name),
        url: None,
    }
}

fn weakness(cwe: &str) -> Option<Identifier<'_>> {
    let number: u32 = cwe.strip_prefix("CWE-")?.parse().ok()?;
    Some(Identifier {
        kind: Cow::Borrowed("cwe"),
        name: Cow::Owned(format!("CWE-{number}")),
        value: Cow::Owned(number.to_string()),
        url: Some(format!("https://cwe.mitre.org/data/definitions/{number}.html")),
    })
}

/// The distribution that a package URL names (`…?distro=debian-12`).
pub(super) fn distribution(finding: &Finding) -> Option<&str> {
    let qualifiers = finding.package.as_ref()?.purl.as_deref()?.split_once('?')?.1;
    let qualifiers = qualifiers.split('#').next().unwrap_or_default();
    let distro = qualifiers.split('&').find_map(|pair| pair.strip_prefix("distro="));
    distro.filter(|distro| !distro.is_empty())
}

/// Whether GitLab's schema accepts the vector: each part is a metric of CVSS 3.0 or 3.1 with one of its
/// values.
pub(super) fn is_cvss_3(vector: &str) -> bool {
    const METRICS: [(&str, &str); 22] = [
        ("AV", "NALP"),
        ("AC", "LH"),
        ("PR", "NLH"),
        ("UI", "NR"),
        ("S", "UC"),
        ("C", "NLH"),
        ("I", "NLH"),
        ("A", "NLH"),
        ("E", "XUPFH"),
        ("RL", "XOTWU"),
        ("RC", "XURC"),
        ("CR", "XLMH"),
        ("IR", "XLMH"),
        ("AR", "XLMH"),
        ("MAV", "XNALP"),
        ("MAC", "XLH"),
        ("MPR", "XNLH"),
        ("MUI", "XNR"),
        ("MS", "XUC"),
        ("MC", "XNLH"),
        ("MI", "XNLH"),
        ("MA", "XNLH"),
    ];
    let body = vector.strip_prefix("CVSS:3.1/").or_else(|| vector.strip_prefix("CVSS:3.0/"));
    let is_metric = |part: &str| {
        let Some((metric, value)) = part.split_once(':') else { return false };
        METRICS.iter().any(|(known, values)| *known == metric && value.len() == 1 && values.contains(value))
    };
    (32..=128).contains(&vector.len()) && body.is_some_and(|body| body.split('/').all(is_metric))
}
