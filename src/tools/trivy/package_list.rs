//! The packages that Trivy lists beside the vulnerabilities, and which of them a vulnerability is in.

use std::collections::HashMap;

use super::document::{PackageEntry, Vulnerability};
use crate::scan::parsed::ListedPackage;
use crate::text::shared::Text;

/// The packages of one result.
pub(super) struct PackageList<'p> {
    by_uid: HashMap<&'p str, &'p PackageEntry>,
    /// Whether only development needs any package of this name and version. Trivy before 0.53 has no identifiers.
    dev: HashMap<(&'p str, &'p str), bool>,
}

impl<'p> PackageList<'p> {
    pub(super) fn new(packages: &'p [PackageEntry]) -> Self {
        let mut listed = Self { by_uid: HashMap::new(), dev: HashMap::new() };
        for package in packages {
            let uid = package.identifier.as_ref().and_then(|known| known.uid.as_deref());
            listed.by_uid.extend(uid.map(|uid| (uid, package)));
            if let (Some(name), Some(version)) = (&package.name, &package.version) {
                *listed.dev.entry((name, version)).or_insert(true) &= package.dev;
            }
        }
        listed
    }

    /// The package that the vulnerability is in, if both have the same identifier.
    pub(super) fn package(&self, of: &Vulnerability) -> Option<&'p PackageEntry> {
        let uid = of.pkg_identifier.as_ref()?.uid.as_deref()?;
        self.by_uid.get(uid).copied()
    }

    /// Whether only development needs the package that the vulnerability is in.
    pub(super) fn is_dev(&self, of: &Vulnerability) -> bool {
        if let Some(package) = self.package(of) {
            return package.dev;
        }
        let version = of.installed_version.as_deref().unwrap_or_default();
        self.dev.get(&(&*of.pkg_name, version)).copied().unwrap_or(false)
    }
}

/// Each package of a result, to be compared with what the file names.
pub(super) fn listed_packages(packages: &[PackageEntry]) -> impl Iterator<Item = ListedPackage> {
    packages.iter().filter_map(|package| {
        let name = Text::from(package.name.as_deref()?);
        Some(ListedPackage { name, version: package.version.as_deref().map(Text::from), dev: package.dev })
    })
}

/// Why no advisory can be about some packages of a `pom.xml`: their versions come from a parent, or from a list of versions, that Trivy could not
/// get. What they depend on is unknown, too (aquasecurity/trivy `pkg/dependency/parser/java/pom`).
pub(super) fn without_versions(kind: &str, packages: &[PackageEntry]) -> Option<String> {
    let is_unknown = |package: &&PackageEntry| package.version.as_deref().is_none_or(str::is_empty);
    let unknown: Vec<&str> = packages
        .iter()
        .filter(|_| kind == "pom")
        .filter(is_unknown)
        .filter_map(|package| package.name.as_deref())
        .collect();
    let first = unknown.first()?;
    let more = if unknown.len() > 1 { format!(" and {} more", unknown.len() - 1) } else { String::new() };
    Some(format!(
        "Trivy does not know the version of {first}{more}: pom.xml gives a range, or it comes from a parent that was not to be had. Scan what Maven has built"
    ))
}

#[cfg(test)]
mod tests {
    use crate::scan::report_origin::ReportOrigin;
    use crate::tools::trivy::report;

    /// As Trivy 0.70 lists a project of Spring Boot whose parent it can't get.
    #[test]
    fn a_package_of_maven_without_a_version_is_not_read() {
        let report = |kind: &str, target: &str| {
            format!(
                r#"{{"SchemaVersion": 2, "Trivy": {{"Version": "0.70.0"}}, "Results": [{{"Target": "{target}", "Class": "lang-pkgs", "Type": "{kind}",
                "Packages": [{{"Name": "a:app", "Version": "1"}}, {{"Name": "org.apache.logging.log4j:log4j-core"}}, {{"Name": "b:b", "Version": ""}}]}}]}}"#
            )
        };
        let origin = ReportOrigin { root: "/repo".into(), cwd: "/repo/app".into(), target: "app".into() };
        let not_read = |report: String| report::read(report.as_bytes(), &origin, true).unwrap().not_read;
        let of_maven = not_read(report("pom", "pom.xml"));
        let [(path, why)] = of_maven.as_slice() else { panic!("{of_maven:?}") };
        assert_eq!(&**path, "app/pom.xml");
        assert!(why.contains("the version of org.apache.logging.log4j:log4j-core and 1 more"), "{why}");
        // A project of npm has no version of its own.
        assert_eq!(not_read(report("npm", "package-lock.json")), []);
    }
}
