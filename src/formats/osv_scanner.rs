//! OSV-Scanner's own JSON (`--format json`; google/osv-scanner `pkg/models/results.go`, 2.5, and docs/output.md): the packages
//! of each source, with the entries of OSV.dev about them. The entries about one vulnerability are a group.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::finding::{Category, Finding, Location, Package};
use crate::model::purl;
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::text::shared::Text;

use super::ratings::{Rated, Rating};
use super::{foreign, headline, json};

const WHAT: &str = "report of OSV-Scanner";

/// Reads a report. Scope: the packages that it lists, with `--all-packages` all of them. Each group of entries is one
/// finding, and so is each licence that is not allowed.
pub(crate) fn read(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    read_report(bytes, origin).map_err(|error| foreign::named(error, bytes, "osv-scanner"))
}

fn read_report(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    let report: Report = json::read(&json::decoded(bytes, WHAT)?, WHAT)?;
    let missing = |key: &str| ReportError::Foreign { what: WHAT, detail: format!("it has no `{key}`") };
    // Other programs have `results`, too.
    report.experimental_config.ok_or_else(|| missing("experimental_config"))?;
    let sources = report.results.ok_or_else(|| missing("results"))?;
    let mut parsed = Parsed { scope_unreported: true, ..Parsed::default() };
    parsed.is_written_by("osv-scanner");
    if report.experimental_generic_findings.is_some_and(|others| !others.is_empty()) {
        let gap = "it has `experimental_generic_findings`, which Portcullis does not read";
        parsed.gaps.push(gap.to_owned());
    }
    let packages: usize = sources.iter().map(|source| source.packages.len()).sum();
    if packages > 0 {
        parsed.scope = Scope::of(Unit::Packages, packages as u64);
    }
    for source in sources {
        let location = source.source.location(origin);
        for listed in source.packages {
            parsed.findings.extend(listed.findings(location.as_ref()));
        }
    }
    Ok(parsed)
}

#[derive(Deserialize)]
struct Report {
    results: Option<Vec<PackageSource>>,
    experimental_config: Option<IgnoredAny>,
    experimental_generic_findings: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct PackageSource {
    source: Source,
    #[serde(deserialize_with = "json::null_as_default")]
    packages: Vec<Listed>,
}

#[derive(Deserialize)]
struct Source {
    path: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Source {
    /// What is in an image has no place in the repository.
    fn location(&self, origin: &ReportOrigin) -> Option<Location> {
        let is_file = ["lockfile", "sbom"].contains(&self.kind.as_deref().unwrap_or_default());
        is_file.then(|| Location::file(origin.relative(&self.path)))
    }
}

#[derive(Deserialize)]
struct Listed {
    package: Info,
    #[serde(default, deserialize_with = "json::null_as_default")]
    dependency_groups: Vec<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    vulnerabilities: Vec<Entry>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    groups: Vec<Group>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    license_violations: Vec<String>,
}

#[derive(Deserialize)]
struct Info {
    name: String,
    version: Option<String>,
    ecosystem: Option<String>,
    /// Of what has no version.
    commit: Option<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    deprecated: bool,
}

#[derive(Deserialize)]
struct Group {
    ids: Vec<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    aliases: Vec<String>,
    /// A CVSS score, or nothing.
    max_severity: Option<String>,
    /// By the id.
    #[serde(rename = "experimental_analysis", alias = "experimentalAnalysis")]
    #[serde(default, deserialize_with = "json::null_as_default")]
    analysis: BTreeMap<String, Analysis>,
}

#[derive(Deserialize)]
struct Analysis {
    called: Option<bool>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    unimportant: bool,
}

/// An entry in the OSV format (<https://ossf.github.io/osv-schema/>).
#[derive(Deserialize)]
struct Entry {
    id: String,
    summary: Option<String>,
    details: Option<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    affected: Vec<Affected>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    references: Vec<Reference>,
    database_specific: Option<Loose>,
}

#[derive(Deserialize)]
struct Reference {
    url: Option<String>,
}

/// Each database writes what it likes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Known {
        severity: Option<String>,
        #[serde(default, deserialize_with = "json::null_as_default")]
        cwe_ids: Vec<String>,
    },
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct Affected {
    package: Option<AffectedPackage>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    ranges: Vec<Range>,
}

#[derive(Deserialize)]
struct AffectedPackage {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Range {
    #[serde(default, deserialize_with = "json::null_as_default")]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    fixed: Option<String>,
}

impl Listed {
    fn findings(self, location: Option<&Location>) -> Vec<Finding> {
        let mut all = Vec::new();
        let by_id: BTreeMap<&str, &Entry> =
            self.vulnerabilities.iter().map(|entry| (entry.id.as_str(), entry)).collect();
        // An entry without a group is one of its own.
        let mut grouped: Vec<&str> =
            self.groups.iter().flat_map(|group| &group.ids).map(String::as_str).collect();
        grouped.sort_unstable();
        let alone =
            self.vulnerabilities.iter().filter(|entry| grouped.binary_search(&entry.id.as_str()).is_err());
        let alone = alone.map(|entry| Group::of(&entry.id));
        let alone: Vec<Group> = alone.collect();
        for group in self.groups.iter().chain(&alone) {
            let entries: Vec<&Entry> =
                group.ids.iter().filter_map(|id| by_id.get(id.as_str()).copied()).collect();
            let package = self.package(&entries);
            all.push(Finding { package: Some(Arc::new(package)), ..group.finding(&entries) });
        }
        let of_package = |rule: &str, category, severity, title: String| Finding {
            package: Some(Arc::new(self.package(&[]))),
            ..Finding::new(rule, category, severity, title)
        };
        for licence in &self.license_violations {
            let title = format!("{} has a licence that is not allowed: {licence}", self.package.name);
            all.push(of_package("licence-denied", Category::License, Severity::High, title));
        }
        if self.package.deprecated {
            let title = format!("{} is deprecated", self.package.name);
            all.push(of_package("deprecated", Category::Quality, Severity::Low, title));
        }
        all.iter_mut().for_each(|finding| finding.location = location.cloned());
        all
    }

    fn package(&self, entries: &[&Entry]) -> Package {
        let Info { name, version, ecosystem, commit, .. } = &self.package;
        let given = |text: &&String| !text.is_empty();
        let version = version.as_ref().filter(given).or(commit.as_ref().filter(given));
        let kind = ecosystem.as_deref().and_then(purl_type);
        let npm = version.filter(|_| kind == Some("npm"));
        let mut fixed: Vec<&str> = entries.iter().flat_map(|entry| entry.fixed(name)).collect();
        fixed.sort_unstable();
        fixed.dedup();
        let is_dev = |group: &String| ["dev", "test", "development"].contains(&group.as_str());
        Package {
            name: name.as_str().into(),
            version: version.map(|version| version.as_str().into()),
            fixed_version: (!fixed.is_empty()).then(|| fixed.join(", ").into()),
            purl: npm.map(|version| purl::of_npm(name, version).into()),
            ecosystem: kind.map(Text::from),
            dev: !self.dependency_groups.is_empty() && self.dependency_groups.iter().all(is_dev),
            ..Package::default()
        }
    }
}

impl Group {
    fn of(id: &str) -> Self {
        let analysis = BTreeMap::new();
        Self { ids: vec![id.to_owned()], aliases: Vec::new(), max_severity: None, analysis }
    }

    /// Without its package. Its name is the CVE, if it has one, as in OSV-Scanner's SARIF.
    fn finding(&self, entries: &[&Entry]) -> Finding {
        let ids = || self.ids.iter().chain(&self.aliases).map(String::as_str);
        let rule = ids().find(|id| id.starts_with("CVE-")).or(ids().next());
        let rule = rule.unwrap_or("vulnerability without an id");
        let words = entries.iter().filter_map(|entry| entry.word());
        let worded = |word: &str| Rating { severity: Some(word.to_owned()), ..Rating::default() };
        let mut ratings: Vec<Rating> = words.map(worded).collect();
        let score = self.max_severity.as_deref().and_then(|score| score.parse().ok());
        ratings.push(Rating { score, ..Rating::default() });
        let rated = Rated::of(&ratings);
        let text = |of: fn(&Entry) -> Option<&String>| {
            entries.iter().filter_map(|entry| of(entry)).find(|text| !text.trim().is_empty())
        };
        let details = text(|entry| entry.details.as_ref());
        let title =
            text(|entry| entry.summary.as_ref()).or(details).map_or(rule.to_owned(), |text| headline(text));
        let mut finding =
            Finding::new(rule, Category::Vulnerability, rated.severity.unwrap_or(Severity::Unknown), title);
        finding.severity_raw = rated.word;
        finding.cvss = rated.cvss.map(Arc::new);
        finding.message = details.map_or("", String::as_str).into();
        let mut aliases: Vec<&str> = ids().filter(|id| *id != rule).collect();
        aliases.sort_unstable();
        aliases.dedup();
        finding.aliases = aliases.into_iter().map(Text::from).collect();
        let mut weaknesses: Vec<&str> = entries.iter().flat_map(|entry| entry.cwes()).collect();
        weaknesses.sort_unstable();
        weaknesses.dedup();
        finding.cwe = weaknesses.into_iter().map(Text::from).collect();
        let links = entries.iter().flat_map(|entry| &entry.references);
        finding.references = links.filter_map(|link| link.url.as_deref()).map(Text::from).collect();
        let is_idle = |analysis: &Analysis| analysis.called == Some(false) || analysis.unimportant;
        let is_unused =
            !self.ids.is_empty() && self.ids.iter().all(|id| self.analysis.get(id).is_some_and(is_idle));
        finding.suppressed = is_unused.then(|| "by its analysis, no code of it is called".into());
        finding
    }
}

impl Entry {
    fn word(&self) -> Option<&str> {
        match self.database_specific.as_ref()? {
            Loose::Known { severity, .. } => severity.as_deref(),
            Loose::Other(_) => None,
        }
    }

    fn cwes(&self) -> impl Iterator<Item = &str> {
        let listed = match &self.database_specific {
            Some(Loose::Known { cwe_ids, .. }) => cwe_ids.as_slice(),
            _ => &[],
        };
        listed.iter().map(String::as_str).filter(|id| id.starts_with("CWE-"))
    }

    /// The versions that fix the package.
    fn fixed<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let is_it = move |affected: &&Affected| {
            affected.package.as_ref().is_none_or(|package| package.name.as_deref() == Some(name))
        };
        let ranges: Vec<&Range> = self.affected.iter().filter(is_it).flat_map(|one| &one.ranges).collect();
        ranges.into_iter().flat_map(|range| &range.events).filter_map(|event| event.fixed.as_deref())
    }
}

/// The type of package URL of an ecosystem of OSV: `PyPI`, `Debian:12`.
fn purl_type(ecosystem: &str) -> Option<&'static str> {
    const TYPES: [(&str, &str); 16] = [
        ("npm", "npm"),
        ("PyPI", "pypi"),
        ("crates.io", "cargo"),
        ("Go", "golang"),
        ("Maven", "maven"),
        ("RubyGems", "gem"),
        ("Packagist", "composer"),
        ("NuGet", "nuget"),
        ("Hex", "hex"),
        ("Pub", "pub"),
        ("ConanCenter", "conan"),
        ("SwiftURL", "swift"),
        ("Debian", "deb"),
        ("Ubuntu", "deb"),
        ("Alpine", "apk"),
        ("Red Hat", "rpm"),
    ];
    let name = ecosystem.split(':').next().unwrap_or_default();
    TYPES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests;
