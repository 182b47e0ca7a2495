//! Snyk's own JSON of `snyk test --json` and `snyk container test --json` (snyk/cli 1.1300, and docs.snyk.io, "CLI JSON output"): one project,
//! or a list of them with `--all-projects`. It lists a vulnerability again for each path on which its package is reached.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::finding::{Category, Cvss, Finding, Location, Package};
use crate::model::purl;
use crate::model::scope::Unit;
use crate::model::severity::Severity;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::text::bom::without_bom;
use crate::text::shared::Text;

use super::sarif::snyk_ecosystem;
use super::{foreign, json};

const WHAT: &str = "report of Snyk";

/// Reads a report. Scope: the packages that it counts. A vulnerability of a package in one version is one finding for each
/// project.
pub(crate) fn read(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    read_report(bytes, origin).map_err(|error| foreign::named(error, bytes, "snyk"))
}

fn read_report(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    let bytes = &*json::decoded(bytes, WHAT)?;
    let mut left: Vec<Project> = match without_bom(bytes).trim_ascii_start() {
        [b'[', ..] => json::read(bytes, WHAT)?,
        _ => vec![json::read(bytes, WHAT)?],
    };
    if left.is_empty() {
        return Err(ReportError::Foreign { what: WHAT, detail: "it lists no project".to_owned() });
    }
    let mut parsed = Parsed::default();
    parsed.is_written_by("snyk");
    left.reverse();
    while let Some(project) = left.pop() {
        left.extend(project.read(origin, &mut parsed)?);
    }
    Ok(parsed)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Project {
    ok: Option<bool>,
    vulnerabilities: Option<Vec<Vulnerability>>,
    dependency_count: Option<u64>,
    /// How many ids there are, also of those that Snyk groups.
    unique_count: Option<u64>,
    error: Option<String>,
    display_target_file: Option<String>,
    severity_threshold: Option<String>,
    filtered: Option<Filtered>,
    /// What else is in an image.
    #[serde(default, deserialize_with = "json::null_as_default")]
    applications: Vec<Self>,
}

#[derive(Deserialize)]
struct Filtered {
    #[serde(default, deserialize_with = "json::null_as_default")]
    ignore: Vec<IgnoredAny>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    patch: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vulnerability {
    id: String,
    title: Option<String>,
    description: Option<String>,
    severity: Option<String>,
    /// The real word where `severity` stops at high: reports for readers that know no critical have both.
    severity_with_critical: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    package_name: Option<String>,
    version: Option<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    fixed_in: Vec<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    from: Vec<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    identifiers: Identifiers,
    cvss_score: Option<f64>,
    #[serde(rename = "CVSSv3")]
    vector: Option<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    references: Vec<Reference>,
}

/// Those that are used. Others may have values of any kind: `"NSP": [891]`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Identifiers {
    #[serde(default, deserialize_with = "json::null_as_default")]
    cve: Vec<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    ghsa: Vec<String>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    cwe: Vec<String>,
}

#[derive(Deserialize)]
struct Reference {
    url: Option<String>,
}

impl Project {
    /// Adds what it says, and returns the projects in it.
    fn read(self, origin: &ReportOrigin, parsed: &mut Parsed) -> Result<Vec<Self>, ReportError> {
        let foreign = |detail: &str| ReportError::Foreign { what: WHAT, detail: detail.to_owned() };
        if let Some(error) = self.error {
            return Err(ReportError::ToolError(error));
        }
        // Other commands of Snyk have results of another form.
        let (Some(ok), Some(vulnerabilities)) = (self.ok, self.vulnerabilities) else {
            return Err(foreign("it has no `ok`, or no `vulnerabilities`"));
        };
        let packages = self.dependency_count.ok_or_else(|| foreign("it has no `dependencyCount`"))?;
        parsed.scope.add(Unit::Packages, packages);
        let location = self.display_target_file.filter(|file| !file.is_empty());
        let location = location.map(|file| Location::file(origin.relative(&file)));
        let ids: BTreeSet<&str> = vulnerabilities.iter().map(|one| one.id.as_str()).collect();
        let (listed, counted) = (ids.len() as u64, self.unique_count.unwrap_or_default());
        if counted > listed {
            parsed.unexplained = Some(format!("it counts {counted} vulnerabilities, and lists {listed}"));
        }
        if !ok && vulnerabilities.is_empty() {
            return Err(ReportError::ToolError("it is not `ok`, and lists no vulnerability".to_owned()));
        }
        parsed.findings.extend(findings(vulnerabilities, location.as_ref()));
        if let Some(filtered) = self.filtered {
            let ignored = (filtered.ignore.len() + filtered.patch.len()) as u64;
            if ignored > 0 {
                *parsed.ignored.entry("snyk ignore").or_default() += ignored;
            }
        }
        if let Some(threshold) = self.severity_threshold.filter(|word| word != "low") {
            let note = format!("--severity-threshold={threshold}: it leaves out what is less severe");
            if !parsed.notes.contains(&note) {
                parsed.notes.push(note);
            }
        }
        Ok(self.applications)
    }
}

/// One for each id, package and version, with all paths.
fn findings(vulnerabilities: Vec<Vulnerability>, location: Option<&Location>) -> Vec<Finding> {
    let mut order: Vec<(Vulnerability, Vec<Text>)> = Vec::new();
    let mut known: BTreeMap<(String, String, Option<String>), usize> = BTreeMap::new();
    for mut one in vulnerabilities {
        let path = std::mem::take(&mut one.from).join(" > ");
        let key = (one.id.clone(), one.package().to_owned(), one.version.clone());
        let at = *known.entry(key).or_insert(order.len());
        if at == order.len() {
            order.push((one, Vec::new()));
        }
        if let Some((_, paths)) = order.get_mut(at).filter(|_| !path.is_empty()) {
            paths.push(path.into());
        }
    }
    let findings = order.into_iter().map(|(one, paths)| one.into_finding(paths));
    findings.map(|finding| Finding { location: location.cloned(), ..finding }).collect()
}

impl Vulnerability {
    /// As it is installed: `gcc-10/libgcc-s1` of Debian's source `gcc-10`.
    fn package(&self) -> &str {
        self.name.as_deref().or(self.package_name.as_deref()).unwrap_or_default()
    }

    /// The worse of its two words.
    fn severity(&self) -> (Severity, Option<&str>) {
        let words = [&self.severity, &self.severity_with_critical].into_iter().flatten();
        let rated = words.map(|word| (Severity::from_word(word), Some(word.as_str())));
        let worst = rated.reduce(|one, other| if other.0 > one.0 { other } else { one });
        worst.unwrap_or((Severity::Unknown, None))
    }

    fn into_finding(self, paths: Vec<Text>) -> Finding {
        let is_licence = self.kind.as_deref() == Some("license") || self.id.starts_with("snyk:lic:");
        let category = if is_licence { Category::License } else { Category::Vulnerability };
        let (severity, word) = self.severity();
        let severity_raw = word.map(Text::from);
        let title = self.title.clone().unwrap_or_else(|| self.id.clone());
        let mut finding = Finding::new(self.id.as_str(), category, severity, title);
        let name = self.package().to_owned();
        let Identifiers { cve, ghsa, cwe } = self.identifiers;
        finding.aliases = cve.into_iter().chain(ghsa).map(Text::from).collect();
        finding.cwe = cwe.into_iter().map(Text::from).collect();
        let kind = snyk_ecosystem(&self.id).or(self.id.starts_with("npm:").then_some("npm"));
        let npm = self.version.as_ref().filter(|_| kind == Some("npm"));
        finding.package = Some(Arc::new(Package {
            purl: npm.map(|version| purl::of_npm(&name, version).into()),
            name: name.into(),
            fixed_version: (!self.fixed_in.is_empty()).then(|| self.fixed_in.join(", ").into()),
            unfixed: self.fixed_in.is_empty() && !is_licence,
            version: self.version.map(Text::from),
            ecosystem: kind.map(Text::from),
            paths: paths.into(),
            ..Package::default()
        }));
        finding.severity_raw = severity_raw;
        finding.message = self.description.unwrap_or_default().into();
        let score = self.cvss_score.filter(|score| *score > 0.0);
        let vector = self.vector.filter(|vector| !vector.is_empty()).map(Text::from);
        finding.cvss =
            (score.is_some() || vector.is_some()).then(|| Arc::new(Cvss { score, vector, version_2: false }));
        let links = self.references.into_iter().filter_map(|link| link.url);
        finding.references = links.map(Text::from).collect();
        finding
    }
}

#[cfg(test)]
mod tests;
