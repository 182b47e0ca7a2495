//! One problem, one row: findings of several tools, gates or targets that mean the same thing.
//!
//! No finding is dropped or changed: each gate judges its own. Findings that belong together have the same
//! [`Finding::problem`], and `seen_by` names every tool.
//!
//! The same problem is
//! - a vulnerability with the same CVE ids, or without any and a common id (GHSA, npm's), in one version of one package,
//! - a secret at one place in one commit, or in the work tree; or the same secret in several commits,
//! - a type error of one rule at one place, with the same words, seen through several projects of TypeScript,
//! - a misconfiguration of one resource, if both Trivy and Checkov have a check for it ([`advisories`]).

mod advisories;
mod secrets;

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;

use crate::model::finding::{Category, Finding, Package};
use crate::model::purl::{Purl, comparable_name};
use crate::text::shared::{SharedTexts, Text};

/// Notes on every finding which problem it belongs to. The findings must have their ids.
pub(crate) fn note(findings: &mut [Finding]) {
    let groups = groups(findings);
    for group in groups {
        let name = group.iter().map(|&index| &findings[index].id).min().cloned();
        let mut tools: Vec<Text> = group.iter().map(|&index| findings[index].tool.clone()).collect();
        tools.sort();
        tools.dedup();
        let tools = SharedTexts::from(tools);
        for index in group {
            findings[index].problem = name.clone();
            findings[index].seen_by = tools.clone();
        }
    }
}

/// The findings that are one problem, for problems with more than one; as indices into the list.
pub(crate) fn groups(findings: &[Finding]) -> Vec<Vec<usize>> {
    const MERGED: [Category; 4] =
        [Category::Vulnerability, Category::Secret, Category::Misconfiguration, Category::Type];
    // Findings of linters are never joined. With a million of them this saves a long list.
    if !findings.iter().any(|finding| MERGED.contains(&finding.category)) {
        return Vec::new();
    }
    let mut sets = Sets::new(findings.len());
    join(&mut sets, findings, Category::Vulnerability, advisories(findings));
    join(&mut sets, findings, Category::Secret, secrets::spots(findings));
    join(&mut sets, findings, Category::Secret, secrets::in_several_commits);
    join(&mut sets, findings, Category::Misconfiguration, checks);
    join(&mut sets, findings, Category::Type, type_errors);
    sets.groups()
}

/// Joins the findings of a category that have a key in common.
fn join<'a, K: Hash + Eq, I: IntoIterator<Item = K>>(
    sets: &mut Sets,
    findings: &'a [Finding],
    category: Category,
    keys: impl Fn(usize, &'a Finding) -> I,
) {
    let mut seen: HashMap<K, usize> = HashMap::new();
    for (index, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.category == category) {
        for key in keys(index, finding) {
            let first = *seen.entry(key).or_insert(index);
            sets.join(first, index);
        }
    }
}

/// What is the same for all findings of one vulnerability.
#[derive(PartialEq, Eq, Hash)]
enum Vulnerable<'a> {
    /// All CVE ids of it.
    Cves(String, Where<'a>),
    /// Another id. No CVE id is known for it, or several are.
    Id(&'a str, Where<'a>),
}

/// An ecosystem, a package as its ecosystem compares names, and a version.
type Where<'a> = (&'a str, String, &'a str);

/// The keys of each vulnerability. Two with other CVE ids are two problems, also if they have another id in common: an advisory
/// of a distribution or of npm may be about several. A tool that knows no CVE id finds the problem of the one that
/// others have for its ids.
fn advisories(findings: &[Finding]) -> impl Fn(usize, &Finding) -> Vec<Vulnerable<'_>> {
    let mut cves_of: HashMap<(String, String, String, String), Option<String>> = HashMap::new();
    for finding in findings.iter().filter(|finding| finding.category == Category::Vulnerability) {
        let Some(cves) = cves(finding) else { continue };
        for (kind, name, version) in places(finding) {
            for id in ids(finding) {
                let key = (id.to_string(), kind.to_owned(), name.clone(), version.to_owned());
                let known = cves_of.entry(key).or_insert_with(|| Some(cves.clone()));
                if known.as_ref() != Some(&cves) {
                    *known = None;
                }
            }
        }
    }
    move |_, finding| {
        let own = cves(finding);
        let mut keys = Vec::new();
        for place in places(finding) {
            let of = |id: &Text| {
                cves_of
                    .get(&(id.to_string(), place.0.to_owned(), place.1.clone(), place.2.to_owned()))
                    .cloned()
            };
            let mut others: Vec<Option<String>> = ids(finding).filter_map(of).collect();
            others.sort();
            others.dedup();
            match (&own, others.as_slice()) {
                (Some(cves), _) | (None, [Some(cves)]) => keys.push(Vulnerable::Cves(cves.clone(), place)),
                (None, _) => keys.extend(ids(finding).map(|id| Vulnerable::Id(id, place.clone()))),
            }
        }
        keys
    }
}

fn ids(finding: &Finding) -> impl Iterator<Item = &Text> {
    std::iter::once(&finding.rule).chain(finding.aliases.iter())
}

/// Its CVE ids, sorted; `None`: it has none.
fn cves(finding: &Finding) -> Option<String> {
    let is_cve = |id: &&Text| id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("CVE-"));
    let mut cves: Vec<String> = ids(finding).filter(is_cve).map(|id| id.to_ascii_uppercase()).collect();
    cves.sort();
    cves.dedup();
    (!cves.is_empty()).then(|| cves.join(" "))
}

/// The package in each of its versions, under each of its package URLs.
fn places(finding: &Finding) -> Vec<Where<'_>> {
    let Some(package) = &finding.package else { return Vec::new() };
    let (kind, name) = whose(package);
    let others = package.more_purls.iter().filter_map(|text| {
        let kind = text.strip_prefix("pkg:")?.split('/').next()?;
        Some((kind, comparable_name(kind, &Purl::read(text)?.combined_name())))
    });
    let names = std::iter::once((kind, comparable_name(kind, name))).chain(others);
    let versions = || package.version.as_deref().unwrap_or_default().split(", ");
    names.flat_map(|(kind, name)| versions().map(move |version| (kind, name.clone(), version))).collect()
}

/// The package's ecosystem, from its URL if it has one, and its name: tools use many names for ecosystems.
fn whose(package: &Package) -> (&str, &str) {
    let from_url = package.purl.as_deref().and_then(|purl| {
        let kind = purl.strip_prefix("pkg:")?.split('/').next()?;
        Some((kind, &*package.name))
    });
    from_url.unwrap_or((package.ecosystem.as_deref().unwrap_or_default(), &package.name))
}

/// A rule, a path, a line, a column, and what is said there.
type TypeError<'a> = (&'a str, &'a str, Option<NonZeroU32>, Option<NonZeroU32>, &'a str);

fn type_errors(_: usize, finding: &Finding) -> Option<TypeError<'_>> {
    let at = finding.location.as_ref()?;
    Some((&finding.rule, &at.path, at.start_line, at.start_column, &finding.title))
}

/// The family of a check, with the file and resource that it checked.
fn checks(_: usize, finding: &Finding) -> Option<(&'static str, &str, &str)> {
    let family = advisories::of(&finding.rule)?;
    let path = finding.location.as_ref().map(|at| &*at.path)?;
    let resource = match family.whole_file {
        true => "",
        false => finding.resource.as_deref()?,
    };
    Some((family.name, path, resource))
}

/// Disjoint sets, joined two at a time.
struct Sets(Vec<usize>);

impl Sets {
    fn new(len: usize) -> Self {
        Self((0..len).collect())
    }

    /// The first member of a set. It shortens the path to it.
    fn first(&mut self, mut index: usize) -> usize {
        while self.0[index] != index {
            self.0[index] = self.0[self.0[index]];
            index = self.0[index];
        }
        index
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        self.0[a.max(b)] = a.min(b);
    }

    /// The sets with more than one member, in the order of their first members.
    fn groups(mut self) -> Vec<Vec<usize>> {
        let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
        for index in 0..self.0.len() {
            let first = self.first(index);
            if first != index {
                members.entry(first).or_insert_with(|| vec![first]).push(index);
            }
        }
        let mut groups: Vec<Vec<usize>> = members.into_values().collect();
        groups.sort();
        groups
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::finding::Location;
    use crate::model::severity::Severity;

    fn vulnerability(rule: &str, aliases: &[&str], package: &str, versions: &str, purl: &str) -> Finding {
        let mut finding = Finding::new(rule, Category::Vulnerability, Severity::High, "x");
        finding.aliases = aliases.iter().map(|&alias| Text::from(alias)).collect();
        finding.package = Some(Arc::new(Package {
            name: package.into(),
            version: Some(versions.into()),
            purl: (!purl.is_empty()).then(|| purl.into()),
            ecosystem: Some("npm".into()),
            ..Package::default()
        }));
        finding
    }

    fn check(rule: &str, resource: Option<&str>, path: &str) -> Finding {
        let mut finding = Finding::new(rule, Category::Misconfiguration, Severity::High, "x");
        finding.resource = resource.map(Text::from);
        finding.location = Some(Location::file(path));
        finding
    }

    #[test]
    fn a_vulnerability_is_one_problem_by_any_common_id_in_one_version_of_a_package() {
        let findings = [
            vulnerability("GHSA-1", &[], "lodash", "4.17.4", ""),
            vulnerability("CVE-1", &["GHSA-1"], "lodash", "4.17.4", "pkg:npm/lodash@4.17.4"),
            vulnerability("CVE-1", &[], "lodash", "4.17.4", "pkg:npm/lodash@4.17.4"),
            vulnerability("GHSA-1", &[], "lodash", "4.17.20", ""),
            vulnerability("GHSA-1", &[], "lodash-es", "4.17.4", ""),
            vulnerability("GHSA-2", &[], "lodash", "4.17.4", ""),
            vulnerability("CVE-1", &[], "lodash", "4.17.4", "pkg:gem/lodash@4.17.4"),
        ];
        assert_eq!(groups(&findings), [[0, 1, 2]]);
        let both = [
            vulnerability("GHSA-1", &[], "lodash", "4.17.4, 4.17.20", ""),
            vulnerability("GHSA-1", &[], "lodash", "4.17.20", ""),
        ];
        assert_eq!(groups(&both), [[0, 1]], "installed in two versions, one of them here");
        let spelled = [
            vulnerability("CVE-1", &[], "zope.interface", "5.0.0", "pkg:pypi/zope-interface@5.0.0"),
            vulnerability("CVE-1", &[], "Zope_Interface", "5.0.0", "pkg:pypi/zope.interface@5.0.0"),
            vulnerability("CVE-1", &[], "zope.interface", "5.0.0", "pkg:npm/zope.interface@5.0.0"),
        ];
        assert_eq!(groups(&spelled), [[0, 1]], "PyPI takes both names for one package");
        let mut several = vulnerability("CVE-1", &[], "core", "7.0.0", "pkg:github/babel/babel@7.0.0");
        Arc::make_mut(several.package.as_mut().unwrap()).more_purls =
            ["pkg:npm/%40babel/core@7.0.0".into()].into();
        let others = [
            several,
            vulnerability("CVE-1", &[], "@babel/core", "7.0.0", "pkg:npm/%40babel/core@7.0.0"),
            vulnerability("CVE-1", &[], "core", "7.0.0", "pkg:npm/core@7.0.0"),
        ];
        assert_eq!(groups(&others), [[0, 1]], "by any of its package URLs");
    }

    /// An advisory that is about several CVE ids joins none of them.
    #[test]
    fn another_cve_is_another_problem_whatever_else_they_have_in_common() {
        let of = |rule: &str, aliases: &[&str]| vulnerability(rule, aliases, "openssl", "3.0.9", "");
        assert_eq!(groups(&[of("CVE-1", &["DSA-1"]), of("CVE-2", &["DSA-1"])]), Vec::<Vec<usize>>::new());
        let bridged =
            [of("CVE-1", &[]), of("CVE-2", &[]), of("GHSA-1", &["CVE-1", "CVE-2"]), of("cve-1", &[])];
        assert_eq!(groups(&bridged), [[0, 3]]);
        // It is not clear which of both it is.
        let unclear = [of("CVE-1", &["GHSA-1"]), of("CVE-2", &["GHSA-1"]), of("GHSA-1", &[])];
        assert_eq!(groups(&unclear), Vec::<Vec<usize>>::new());
        let clear = [of("CVE-1", &["GHSA-1"]), of("GHSA-1", &[]), of("GHSA-1", &["npm-1"]), of("npm-1", &[])];
        assert_eq!(groups(&clear), [[0, 1, 2]]);
    }

    #[test]
    fn a_misconfiguration_is_one_problem_if_both_scanners_have_a_check_for_it() {
        let bucket = Some("aws_s3_bucket.logs");
        let findings = [
            check("AVD-AWS-0089", bucket, "infra/s3.tf"),
            check("CKV_AWS_18", bucket, "infra/s3.tf"),
            check("CKV_AWS_18", Some("aws_s3_bucket.other"), "infra/s3.tf"),
            check("CKV_AWS_21", bucket, "infra/s3.tf"),
            check("DS-0002", None, "api/Dockerfile"),
            check("CKV_DOCKER_3", Some("/api/Dockerfile."), "api/Dockerfile"),
            check("CKV_AWS_61", bucket, "infra/s3.tf"),
            check("CKV_AWS_61", bucket, "infra/s3.tf"),
        ];
        assert_eq!(groups(&findings), [[0, 1], [4, 5]]);
    }

    #[test]
    fn a_type_error_is_one_problem_through_all_projects_that_see_it() {
        let error = |target: &str, line: u64, title: &str| {
            let mut finding = Finding::new("TS2304", Category::Type, Severity::High, title);
            finding.target = target.into();
            finding.location =
                Some(Location::file("src/a.ts").lines(Some(line), None).columns(Some(3), None));
            finding
        };
        let findings = [
            error("app", 3, "no a"),
            error("app", 4, "no a"),
            error("lib", 3, "no a"),
            error("lib", 3, "no b"),
        ];
        assert_eq!(groups(&findings), [[0, 2]]);
    }

    #[test]
    fn the_name_of_a_problem_and_its_tools_are_on_every_finding_of_it() {
        let mut findings = [
            vulnerability("GHSA-1", &[], "lodash", "4", ""),
            vulnerability("GHSA-1", &[], "lodash", "4", ""),
        ];
        for (finding, (id, tool)) in findings.iter_mut().zip([("b", "npm-audit"), ("a", "trivy")]) {
            finding.id = id.into();
            finding.tool = tool.into();
        }
        note(&mut findings);
        for finding in &findings {
            assert_eq!(finding.problem.as_deref(), Some("a"));
            assert_eq!(*finding.seen_by, [Text::from("npm-audit"), Text::from("trivy")]);
        }
    }
}
