//! The packages that Trivy lists beside the vulnerabilities, and which of them a vulnerability is in.

use std::collections::HashMap;

use super::document::{PackageEntry, Vulnerability};

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
