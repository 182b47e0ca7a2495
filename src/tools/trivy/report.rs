//! Turns a Trivy report into findings: schema 2, the bare list of the first schema, and the report of
//! `trivy k8s`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::formats::json;
use crate::model::finding::{Category, Cvss, Finding, Location, Package};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::redact::evidence;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::text::bom;
use crate::text::shared::{SharedTexts, Text};

use super::document::{
    License, Lines, MisconfSummary, Misconfiguration, Os, PackageEntry, Report, Resource, Scores, Secret,
    Suppressed, TargetResult, Vulnerability,
};
use super::package_list::{PackageList, listed_packages, without_versions};

const WHAT: &str = "Trivy report";

/// The only schema with a number.
const SCHEMA: u64 = 2;

/// Reads a report of any of the three shapes. `all_listed`: Trivy was asked to list every package, so a result without
/// any looked at nothing.
pub(super) fn read(bytes: &[u8], origin: &ReportOrigin, all_listed: bool) -> Result<Parsed, ReportError> {
    let mut reader = Reader::new(origin);
    reader.all_listed = all_listed;
    match bom::without_bom(bytes).iter().find(|byte| !byte.is_ascii_whitespace()) {
        // The first schema: `null` where nothing was found.
        Some(b'n') => json::read::<()>(bytes, WHAT)?,
        Some(b'[') => reader.results(Some(json::read(bytes, WHAT)?)),
        _ => reader.report(json::read(bytes, WHAT)?)?,
    }
    if reader.parsed.scope.is_empty() && !all_listed {
        reader.parsed.scope = reader.recognised;
    }
    Ok(reader.parsed)
}

struct Reader<'a> {
    origin: &'a ReportOrigin,
    parsed: Parsed,
    /// Paths are in an image or a machine, not in the repository.
    elsewhere: bool,
    /// The report is recent enough to list every package.
    lists_packages: bool,
    /// It was asked to list all packages.
    all_listed: bool,
    /// Results that say only what was looked at: Trivy found nothing there, and without `--list-all-pkgs` older
    /// versions list no package.
    recognised: Scope,
    /// The Kubernetes object whose results are being read.
    object: Option<Text>,
}

impl<'a> Reader<'a> {
    fn new(origin: &'a ReportOrigin) -> Self {
        Reader {
            origin,
            parsed: Parsed::default(),
            elsewhere: false,
            lists_packages: false,
            all_listed: false,
            recognised: Scope::default(),
            object: None,
        }
    }

    fn report(&mut self, report: Report) -> Result<(), ReportError> {
        self.elsewhere = matches!(report.artifact_type.as_deref(), Some("container_image" | "vm"));
        self.lists_packages = report.trivy.is_some();
        self.parsed.package_types = (self.lists_packages && self.all_listed).then(BTreeSet::new);
        self.parsed.tool_version = report.trivy.and_then(|trivy| trivy.version);
        if let Some(metadata) = report.metadata {
            self.parsed.image_id = given(metadata.image_id);
            let names = [metadata.repo_tags, metadata.repo_digests].into_iter().flatten().flatten();
            self.parsed.image_names = names.filter(|name| !name.is_empty()).collect();
            self.end_of_life(metadata.os);
        }
        let objects = [report.resources, report.vulnerabilities, report.misconfigurations];
        match report.schema_version {
            Some(SCHEMA) => self.results(report.results),
            Some(other) => {
                return Err(foreign(format!("SchemaVersion is {other}; Portcullis reads only {SCHEMA}")));
            }
            None if report.cluster_name.is_some() && objects.iter().any(Option::is_some) => {
                self.elsewhere = true;
                objects.into_iter().flatten().flatten().for_each(|object| self.object(object));
            }
            None => return Err(foreign("it has no SchemaVersion".to_owned())),
        }
        Ok(())
    }

    fn end_of_life(&mut self, os: Option<Os>) {
        if let Some(os) = os.filter(|os| os.end_of_life) {
            let name = [os.family, os.name].into_iter().flatten().collect::<Vec<_>>().join(" ");
            self.parsed.notes.push(format!(
                "{name} is at its end of life: it gets few new advisories, so a low number of findings proves little"
            ));
        }
    }

    fn object(&mut self, object: Resource) {
        let name = format!("{}/{}", object.kind, object.name);
        let name = match object.namespace.as_deref() {
            None | Some("") => name,
            Some(namespace) => format!("{namespace}/{name}"),
        };
        if let Some(error) = object.error.filter(|error| !error.is_empty()) {
            self.parsed.gaps.push(format!("{name}: {error}"));
        }
        self.object = Some(Text::from(name));
        self.results(object.results);
    }

    fn results(&mut self, results: Option<Vec<TargetResult>>) {
        for result in results.into_iter().flatten() {
            self.result(result);
        }
    }

    fn result(&mut self, result: TargetResult) {
        let packages = result.packages.unwrap_or_default();
        let vulnerabilities = result.vulnerabilities.unwrap_or_default();
        let misconfigurations = result.misconfigurations.unwrap_or_default();
        let suppressed = result.suppressed.unwrap_or_default();
        let failed = misconfigurations.iter().filter(|one| one.status == "FAIL").count();
        if let Some(summary) = &result.misconf_summary {
            self.compare(summary, &result.target, failed.saturating_add(suppressed.len()) as u64);
        }
        let checks = self.scope(&packages, result.misconf_summary, misconfigurations.len());

        let class = result.class.as_deref().unwrap_or_default();
        if class == "os-pkgs" && packages.is_empty() && vulnerabilities.is_empty() && self.lists_packages {
            // Trivy recognised the distribution but did not find its package database: it can't see the
            // packages of the system, and does not report this.
            self.parsed.gaps.push(format!("{} has no readable package database", result.target));
        }
        let kind = result.kind.as_deref().unwrap_or_default();
        let is_file = self.object.is_none() && is_file(class, kind, &result.target);
        let lists_nothing = packages.is_empty() && vulnerabilities.is_empty() && checks == 0;
        if lists_nothing && !class.is_empty() && !kind.is_empty() {
            self.recognised.add(if is_file { Unit::Files } else { Unit::Runs }, 1);
        }
        let file = is_file.then(|| self.path(&result.target));
        if class == "lang-pkgs" {
            self.parsed.read_inputs.extend(file.clone());
            if let Some(file) = file.as_ref().filter(|_| self.all_listed) {
                self.parsed
                    .listed_packages
                    .entry(file.clone())
                    .or_default()
                    .extend(listed_packages(&packages));
            }
            if let (Some(file), Some(why)) = (&file, without_versions(kind, &packages)) {
                self.parsed.not_read.push((file.clone(), why.into()));
            }
        }
        let listed = PackageList::new(&packages);
        for vulnerability in vulnerabilities {
            let finding = self.vulnerability(vulnerability, kind, file.as_ref(), &listed);
            self.parsed.findings.push(finding);
        }
        for misconfiguration in misconfigurations.into_iter().filter(|one| one.status == "FAIL") {
            let finding = self.misconfiguration(misconfiguration, file.as_ref());
            self.parsed.findings.push(finding);
        }
        for secret in result.secrets.into_iter().flatten() {
            let code = secret.code.iter().flat_map(|code| code.lines.iter().flatten());
            let lines = secret.matched.iter().chain(code.filter_map(|line| line.content.as_ref()));
            self.parsed.secrets.extend(lines.flat_map(|line| evidence::in_source(line)));
            let finding = self.secret(secret, file.as_ref());
            self.parsed.findings.push(finding);
        }
        for suppressed in suppressed {
            *self.parsed.ignored.entry(suppressed.mark()).or_default() += 1;
        }
        for license in result.licenses.into_iter().flatten() {
            let finding = self.license(license, file.as_ref());
            self.parsed.findings.push(finding);
        }
    }

    /// A result counts the checks that failed, and lists them. What is suppressed may be listed apart.
    fn compare(&mut self, summary: &MisconfSummary, target: &Text, listed: u64) {
        if summary.failures > listed {
            let counted = summary.failures;
            self.parsed.gaps.push(format!(
                "{target}: the summary counts {counted} failed checks, and the report lists {listed}"
            ));
        }
        if summary.exceptions > 0 {
            *self.parsed.ignored.entry("exceptions of Trivy's policies").or_default() += summary.exceptions;
        }
    }

    /// Counts what a result looked at. Gives the number of checks.
    fn scope(&mut self, packages: &[PackageEntry], summary: Option<MisconfSummary>, listed: usize) -> u64 {
        if let Some(types) = &mut self.parsed.package_types {
            let purls = packages.iter().filter_map(|package| package.identifier.as_ref()?.purl.as_deref());
            types.extend(purls.filter_map(|purl| ecosystem(Some(purl), "")));
        }
        if !packages.is_empty() {
            self.parsed.scope.add(Unit::Packages, packages.len() as u64);
        }
        let of_summary = |sum: MisconfSummary| {
            [sum.successes, sum.failures, sum.exceptions].into_iter().fold(0, u64::saturating_add)
        };
        let checks = summary.map_or(listed as u64, of_summary);
        if checks > 0 {
            self.parsed.scope.add(Unit::Resources, checks);
        }
        checks
    }

    fn path(&self, raw: &Text) -> Text {
        if self.elsewhere { raw.clone() } else { self.origin.relative(raw) }
    }

    fn finding(&self, rule: Text, category: Category, severity: Option<Text>, title: Text) -> Finding {
        let rated = severity.as_deref().map_or(Severity::Unknown, Severity::from_word);
        let mut finding = Finding::new(rule, category, rated, title);
        finding.severity_raw = given(severity);
        finding.image = self.parsed.image_id.clone();
        finding.resource = self.object.clone();
        finding
    }

    fn vulnerability(
        &self,
        entry: Vulnerability,
        kind: &str,
        file: Option<&Text>,
        listed: &PackageList<'_>,
    ) -> Finding {
        let (package, dev) = (listed.package(&entry), listed.is_dev(&entry));
        let rule = given(entry.id).unwrap_or_else(|| Text::from("unidentified"));
        let title = given(entry.title).unwrap_or_else(|| Text::from(format!("{rule} in {}", entry.pkg_name)));
        let mut finding = self.finding(rule, Category::Vulnerability, entry.severity, title);
        finding.message = entry.description.unwrap_or_default();
        finding.fix = Some(match given(entry.fixed_version.clone()) {
            Some(fixed) => {
                Text::from(format!("upgrade {} to {}", entry.pkg_name, fixed.replace(", ", " or ")))
            }
            None => Text::from(match entry.status.as_deref() {
                None | Some("") => "no fix yet".to_owned(),
                Some(status) => format!("no fix yet ({})", status.replace('_', " ")),
            }),
        });
        let purl = entry.pkg_identifier.and_then(|known| given(known.purl));
        finding.location = match given(entry.pkg_path) {
            Some(path) => Some(Location::file(self.path(&path))),
            None => file.map(|file| {
                let lines = package.and_then(PackageEntry::lines);
                let (start, end) = lines.map_or((None, None), |lines| (lines.start_line, lines.end_line));
                Location::file(file.clone()).lines(start, end)
            }),
        };
        finding.aliases = entry.vendor_ids.unwrap_or_default().into();
        finding.cwe = entry.cwe_ids.unwrap_or_default().into();
        finding.cvss =
            entry.cvss.and_then(|all| best_score(all, entry.severity_source.as_deref())).map(Arc::new);
        finding.references = references(entry.primary_url, entry.references);
        let fixed = given(entry.fixed_version);
        finding.package = Some(Arc::new(Package {
            ecosystem: ecosystem(purl.as_deref(), kind),
            name: entry.pkg_name,
            version: given(entry.installed_version),
            unfixed: fixed.is_none() && entry.status.as_deref() != Some("fixed"),
            fixed_version: fixed,
            dev,
            purl,
            ..Package::default()
        }));
        finding
    }

    fn misconfiguration(&self, entry: Misconfiguration, file: Option<&Text>) -> Finding {
        let title = given(entry.title).unwrap_or_else(|| entry.id.clone());
        let mut finding = self.finding(entry.id, Category::Misconfiguration, entry.severity, title);
        finding.message = entry.message.unwrap_or_default();
        finding.fix = given(entry.resolution);
        finding.references = references(entry.primary_url, entry.references);
        let cause = entry.cause_metadata;
        finding.location = file.map(|file| {
            let (start, end) =
                cause.as_ref().map_or((None, None), |cause| (cause.start_line, cause.end_line));
            Location::file(file.clone()).lines(start, end)
        });
        if let Some(resource) = cause.and_then(|cause| given(cause.resource)) {
            finding.resource = Some(resource);
        }
        finding
    }

    fn secret(&self, entry: Secret, file: Option<&Text>) -> Finding {
        let title = given(entry.title).unwrap_or_else(|| entry.rule_id.clone());
        let mut finding = self.finding(entry.rule_id, Category::Secret, entry.severity, title);
        finding.location =
            file.map(|file| Location::file(file.clone()).lines(entry.start_line, entry.end_line));
        finding
    }

    fn license(&self, entry: License, file: Option<&Text>) -> Finding {
        let package = given(entry.pkg_name);
        let path = given(entry.file_path).map(|path| self.path(&path)).or_else(|| file.cloned());
        let title = match package.as_ref().or(path.as_ref()) {
            Some(owner) => Text::from(format!("{} licence of {owner}", entry.name)),
            None => Text::from(format!("{} licence", entry.name)),
        };
        let mut finding = self.finding(entry.name, Category::License, entry.severity, title);
        finding.message = entry.category.unwrap_or_default();
        finding.location = path.map(Location::file);
        finding.references = given(entry.link).into_iter().collect();
        finding.package = package.map(|name| Arc::new(Package { name, ..Package::default() }));
        finding
    }
}

fn foreign(detail: String) -> ReportError {
    ReportError::Foreign { what: WHAT, detail }
}

/// An empty text counts as absent.
fn given(text: Option<Text>) -> Option<Text> {
    text.filter(|text| !text.is_empty())
}

/// Whether the target of a result is a file. Targets of system packages and of packages that are
/// installed one by one (`Node.js`, `Python`) are headings
/// (aquasecurity/trivy `pkg/scan/langpkg/scan.go`).
fn is_file(class: &str, kind: &str, target: &str) -> bool {
    match class {
        "os-pkgs" | "license" => false,
        "lang-pkgs" => !matches!(
            kind,
            "python-pkg" | "conda-pkg" | "gemspec" | "node-pkg" | "jar" | "kubernetes" | "k8s"
        ),
        // The first schema has no class: `image:tag (alpine 3.7.1)` is a heading.
        "" => !target.ends_with(')'),
        _ => true,
    }
}

impl Suppressed {
    /// What suppressed it.
    fn mark(&self) -> &'static str {
        match (self.status.as_str(), self.source.ends_with(".rego")) {
            ("ignored", false) => ".trivyignore",
            ("ignored", true) => "an ignore policy of Trivy",
            _ => "VEX of Trivy",
        }
    }
}

impl PackageEntry {
    /// Where the lock file names it.
    fn lines(&self) -> Option<&Lines> {
        self.locations.as_ref()?.iter().find(|lines| lines.start_line.is_some())
    }
}

/// The score of the source of the severity; otherwise the NVD's, GitHub's, or any. From that source,
/// the score of the newest standard.
fn best_score(mut all: BTreeMap<String, Scores>, severity_source: Option<&str>) -> Option<Cvss> {
    let preferred = [severity_source, Some("nvd"), Some("ghsa")];
    preferred
        .into_iter()
        .flatten()
        .find_map(|source| all.remove(source).and_then(Scores::newest))
        .or_else(|| all.into_values().find_map(Scores::newest))
}

impl Scores {
    fn newest(self) -> Option<Cvss> {
        let newest = [(self.v40_score, self.v40_vector), (self.v3_score, self.v3_vector)];
        let cvss = |version_2, (score, vector): (Option<f64>, Option<Text>)| {
            (score.is_some() || vector.is_some()).then_some(Cvss { score, vector, version_2 })
        };
        let oldest = cvss(true, (self.v2_score, self.v2_vector));
        newest.into_iter().find_map(|one| cvss(false, one)).or(oldest)
    }
}

/// The type of the package URL (`npm`, `deb`); otherwise Trivy's own word.
fn ecosystem(purl: Option<&str>, kind: &str) -> Option<Text> {
    let of_purl = purl.and_then(|purl| purl.strip_prefix("pkg:")).and_then(|rest| rest.split('/').next());
    of_purl.or(Some(kind)).filter(|word| !word.is_empty()).map(Text::from)
}

fn references(primary: Option<Text>, others: Option<Vec<Text>>) -> SharedTexts {
    let (primary, others) = (given(primary), others.unwrap_or_default().into_iter());
    primary.iter().cloned().chain(others.filter(|other| Some(other) != primary.as_ref())).collect()
}
