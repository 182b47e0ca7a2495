//! The advisories in the audit report of npm 6. Yarn and pnpm write the same format.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::formats::json;
use crate::model::finding::{Category, Cvss, Finding, Package};
use crate::model::purl;
use crate::model::severity::Severity;
use crate::text::shared::{SharedTexts, Text};

/// One entry of `advisories`. It is one finding.
#[derive(Debug, Deserialize)]
pub(crate) struct Advisory {
    pub id: AdvisoryId,
    #[serde(rename = "module_name")]
    pub package: String,
    pub title: Option<String>,
    /// pnpm writes null for an unrated advisory.
    pub severity: Option<String>,
    pub url: Option<String>,
    pub github_advisory_id: Option<String>,
    pub overview: Option<String>,
    pub recommendation: Option<String>,
    pub patched_versions: Option<String>,
    /// One string with a link on each line, sometimes in Markdown.
    pub references: Option<String>,
    pub cves: Option<Vec<String>>,
    pub cwe: Option<Words>,
    pub cvss: Option<Score>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    pub findings: Vec<Installed>,
}

/// The totals of a report.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub vulnerabilities: Totals,
    pub total_dependencies: u64,
}

/// How many vulnerable places the report counts, by severity.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Totals(BTreeMap<String, u64>);

/// The sum of the others, which some write beside them.
const TOTAL: &str = "total";

impl Totals {
    pub(crate) fn any(&self) -> bool {
        self.0.values().any(|n| *n > 0)
    }

    /// All of them.
    pub(crate) fn total(&self) -> u64 {
        let sum = || self.0.values().copied().fold(0, u64::saturating_add);
        self.0.get(TOTAL).copied().unwrap_or_else(sum)
    }

    /// The severities that are counted.
    fn counted(&self) -> impl Iterator<Item = (&str, u64)> {
        let of_severity = self.0.iter().filter(|(word, n)| **n > 0 && *word != TOTAL);
        of_severity.map(|(severity, n)| (severity.as_str(), *n))
    }

    /// The counts of severities that no finding has: `2 high, 1 info`. Programs leave out advisories
    /// that they can't rate, and advisories that their configuration ignores.
    pub(crate) fn unlisted(&self, findings: &[Finding]) -> Option<String> {
        let listed =
            |word: &str| findings.iter().any(|finding| finding.severity_raw.as_deref() == Some(word));
        let words: Vec<String> =
            self.counted().filter(|(word, _)| !listed(word)).map(|(word, n)| format!("{n} {word}")).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// Where more is counted than these findings show, each at all of its places: `it counts 4 high, and lists 2`. The older
    /// service of the registry counts places, pnpm 11 advisories, so that less may be counted.
    pub(crate) fn exceed(&self, findings: &[Finding]) -> Option<String> {
        let mut listed: BTreeMap<&str, u64> = BTreeMap::new();
        for finding in findings {
            let package = finding.package.as_deref();
            let versions = package
                .and_then(|package| package.version.as_deref())
                .map_or(0, |all| all.split(", ").count());
            let paths = package.map_or(0, |package| package.paths.len());
            let word = finding.severity_raw.as_deref().unwrap_or_default();
            *listed.entry(word).or_default() += versions.max(paths).max(1) as u64;
        }
        self.more_than(&listed)
    }

    /// The same for places that were counted while they were read.
    pub(crate) fn more_than(&self, listed: &BTreeMap<&str, u64>) -> Option<String> {
        let of = |word: &str| match word {
            TOTAL => listed.values().copied().fold(0, u64::saturating_add),
            word => listed.get(word).copied().unwrap_or_default(),
        };
        let (word, n) = self.0.iter().find(|(word, n)| **n > of(word))?;
        Some(format!("it counts {n} {word}, and lists {}", of(word)))
    }

    /// How many vulnerabilities are counted but not among these findings, severity by severity.
    pub(crate) fn beyond(&self, findings: &[Finding]) -> u64 {
        let mut listed: BTreeMap<&str, u64> = BTreeMap::new();
        for word in findings.iter().filter_map(|finding| finding.severity_raw.as_deref()) {
            *listed.entry(word).or_default() += 1;
        }
        let beyond = |(word, n): (&str, u64)| n.saturating_sub(listed.get(word).copied().unwrap_or(0));
        self.counted().map(beyond).fold(0, u64::saturating_add)
    }
}

/// Where the package is installed.
#[derive(Debug, Deserialize)]
pub(crate) struct Installed {
    pub version: Option<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    pub paths: Vec<String>,
    /// Whether it is only a development dependency, according to the lock file that was sent.
    #[serde(default)]
    pub dev: Option<bool>,
}

/// A number in most registries, a string in some.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(untagged)]
pub(crate) enum AdvisoryId {
    Number(u64),
    Text(String),
}

impl AdvisoryId {
    pub(crate) fn to_text(&self) -> Text {
        match self {
            Self::Number(number) => number.to_string().into(),
            Self::Text(text) => text.as_str().into(),
        }
    }
}

/// A string or a list of strings.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Words {
    One(String),
    Many(Vec<String>),
}

impl Words {
    /// The CWE ids. npm 6 also writes the list as a string: `"[\"CWE-400\"]"`.
    pub(crate) fn cwes(&self) -> SharedTexts {
        let words = match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        };
        words
            .iter()
            .flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-'))
            .filter(|word| word.starts_with("CWE-"))
            .map(Text::from)
            .collect()
    }
}

/// `{"score": 0, "vectorString": null}` means "not scored".
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Score {
    score: Option<f64>,
    vector_string: Option<String>,
}

impl Score {
    pub(crate) fn to_cvss(&self) -> Option<Arc<Cvss>> {
        let score = self.score.filter(|score| *score > 0.0);
        let vector = self.vector_string.as_deref().filter(|vector| !vector.is_empty()).map(Text::from);
        (score.is_some() || vector.is_some()).then(|| Arc::new(Cvss { score, vector, version_2: false }))
    }
}

impl Advisory {
    pub(crate) fn into_finding(self) -> Finding {
        let ghsa = self.github_advisory_id.or_else(|| self.url.as_deref().and_then(ghsa).map(str::to_owned));
        let rule = ghsa.as_deref().map_or_else(|| self.id.to_text(), Text::from);
        let severity = self.severity.as_deref().map_or(Severity::Unknown, Severity::from_word);
        let title = self.title.map_or_else(|| rule.clone(), Text::from);

        let mut finding = Finding::new(rule, Category::Vulnerability, severity, title);
        finding.severity_raw = self.severity.map(Text::from);
        finding.message = self.overview.unwrap_or_default().into();
        finding.fix = self.recommendation.filter(|advice| !advice.trim().is_empty()).map(Text::from);
        let versions = self.findings.iter().filter_map(|installed| installed.version.as_deref());
        let paths = self.findings.iter().flat_map(|installed| &installed.paths);
        let mut package = installed(&self.package, versions, paths.map(|path| Text::from(&**path)).collect());
        // "<0.0.0" means that no version has a fix.
        package.unfixed = self.patched_versions.as_deref() == Some("<0.0.0");
        package.fixed_version = self.patched_versions.filter(|range| range != "<0.0.0").map(Text::from);
        package.dev =
            !self.findings.is_empty() && self.findings.iter().all(|installed| installed.dev == Some(true));
        finding.package = Some(Arc::new(package));
        finding.aliases = ghsa.into_iter().chain(self.cves.unwrap_or_default()).map(Text::from).collect();
        finding.cwe = self.cwe.map(|cwe| cwe.cwes()).unwrap_or_default();
        finding.cvss = self.cvss.and_then(|cvss| cvss.to_cvss());
        let mut references: Vec<Text> = self.url.into_iter().map(Text::from).collect();
        for link in links(&self.references.unwrap_or_default()) {
            if references.iter().all(|known| **known != *link) {
                references.push(link.into());
            }
        }
        finding.references = references.into();
        finding
    }
}

/// A package of npm's registry with its installed versions, each listed once. It has a package URL only
/// if there is exactly one version.
pub(crate) fn installed<'a>(
    name: &str,
    versions: impl Iterator<Item = &'a str>,
    paths: SharedTexts,
) -> Package {
    let mut versions: Vec<&str> = versions.collect();
    versions.sort_unstable();
    versions.dedup();
    let purl = match versions.as_slice() {
        [version] => Some(purl::of_npm(name, version).into()),
        _ => None,
    };
    Package {
        name: name.into(),
        version: (!versions.is_empty()).then(|| versions.join(", ").into()),
        fixed_version: None,
        purl,
        ecosystem: Some("npm".into()),
        paths,
        ..Package::default()
    }
}

/// The GHSA id at the end of an advisory's address.
pub(crate) fn ghsa(url: &str) -> Option<&str> {
    url.rsplit('/').next().filter(|last| last.starts_with("GHSA-"))
}

/// The addresses in a text.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "()[]<>\"".contains(c))
        .filter(|word| word.starts_with("https://") || word.starts_with("http://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_may_be_counted_than_is_listed() {
        let totals = |text: &str| serde_json::from_str::<Totals>(text).unwrap();
        let advisory = |severity: &str, paths: &[&str]| {
            let findings = serde_json::json!([{"version": "1.0.0", "paths": paths}]);
            let advisory =
                serde_json::json!({"id": 1, "module_name": "a", "severity": severity, "findings": findings});
            serde_json::from_value::<Advisory>(advisory).unwrap().into_finding()
        };
        let findings = [advisory("high", &["a", "b>a"]), advisory("high", &[]), advisory("low", &["a"])];
        for (counts, said) in [
            (r#"{"high": 3, "low": 1, "info": 0}"#, None),
            (r#"{"high": 2, "low": 1, "total": 3}"#, None),
            (r#"{"high": 4, "low": 1}"#, Some("it counts 4 high, and lists 3")),
            (r#"{"high": 3, "low": 1, "total": 5}"#, Some("it counts 5 total, and lists 4")),
            (r#"{"critical": 1}"#, Some("it counts 1 critical, and lists 0")),
        ] {
            assert_eq!(totals(counts).exceed(&findings).as_deref(), said, "{counts}");
        }
        assert_eq!(totals(r#"{"high": 2, "total": 2}"#).unlisted(&findings), None);
        assert_eq!(totals(r#"{"high": 3, "total": 3}"#).beyond(&findings), 1);
    }
}
