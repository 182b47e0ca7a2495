//! One finding for each installed version of a package.
//!
//! npm, Yarn and pnpm name all installed versions in one finding. But another version is another package: what is
//! true of one (it is waived, another tool finds it, it is fixed) is not true of the others.

use std::sync::Arc;

use crate::model::finding::Finding;
use crate::model::purl;

/// The findings, with those of several versions taken apart.
pub(super) fn apart(findings: Vec<Finding>) -> Vec<Finding> {
    if !findings.iter().any(|finding| versions(finding).is_some()) {
        return findings;
    }
    findings.into_iter().flat_map(each).collect()
}

fn versions(finding: &Finding) -> Option<&str> {
    finding.package.as_ref()?.version.as_deref().filter(|versions| versions.contains(", "))
}

fn each(finding: Finding) -> Vec<Finding> {
    let Some(versions) = versions(&finding).map(str::to_owned) else { return vec![finding] };
    let of = |version: &str| {
        let mut finding = finding.clone();
        if let Some(package) = finding.package.as_mut().map(Arc::make_mut) {
            let is_npm = package.ecosystem.as_deref() == Some("npm");
            package.purl = is_npm.then(|| purl::of_npm(&package.name, version).into());
            package.version = Some(version.into());
        }
        finding
    };
    versions.split(", ").map(of).collect()
}

#[cfg(test)]
mod tests {
    use crate::model::finding::{Category, Package};
    use crate::model::severity::Severity;

    use super::*;

    #[test]
    fn each_version_is_a_finding_with_its_own_package_url() {
        let finding = |version: Option<&str>| {
            let mut finding = Finding::new("GHSA-1", Category::Vulnerability, Severity::High, "t");
            let version = version.map(Into::into);
            let package =
                Package { name: "@a/b".into(), version, ecosystem: Some("npm".into()), ..Package::default() };
            finding.package = Some(package.into());
            finding
        };
        let all = apart(vec![finding(Some("1.0.0, 2.0.0")), finding(Some("3.0.0")), finding(None)]);
        let packages: Vec<_> = all.iter().map(|finding| finding.package.as_ref().unwrap()).collect();
        let shown: Vec<_> =
            packages.iter().map(|package| (package.version.as_deref(), package.purl.as_deref())).collect();
        assert_eq!(
            shown,
            [
                (Some("1.0.0"), Some("pkg:npm/%40a/b@1.0.0")),
                (Some("2.0.0"), Some("pkg:npm/%40a/b@2.0.0")),
                (Some("3.0.0"), None),
                (None, None),
            ]
        );
    }
}
