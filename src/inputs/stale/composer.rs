//! `composer.json` and `composer.lock`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Named;

/// PHP writes an empty table as a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    Of(BTreeMap<String, IgnoredAny>),
    Other(IgnoredAny),
}

impl Default for Names {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl Names {
    /// As Packagist compares them.
    fn lower(self) -> Vec<String> {
        match self {
            Self::Of(names) => names.into_keys().map(|name| name.to_lowercase()).collect(),
            Self::Other(_) => Vec::new(),
        }
    }
}

/// The packages, and what they stand for: `psr/log-implementation` is a package that others provide.
pub(super) fn named(text: &str) -> Option<Named> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Lock {
        packages: Vec<Package>,
        packages_dev: Option<Vec<Package>>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        #[serde(default)]
        replace: Names,
        #[serde(default)]
        provide: Names,
    }
    let lock: Lock = serde_json::from_str(text).ok()?;
    let mut all = BTreeSet::new();
    for package in lock.packages.into_iter().chain(lock.packages_dev.into_iter().flatten()) {
        all.insert(package.name.to_lowercase());
        all.extend(package.replace.lower());
        all.extend(package.provide.lower());
    }
    Some(Named { all, ..Named::default() })
}

/// Only names of others have a `/`: `php` and `ext-json` are the platform.
pub(super) fn asked(text: &str) -> Option<BTreeSet<String>> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "kebab-case", default)]
    struct Manifest {
        require: Names,
        require_dev: Names,
        replace: Names,
        provide: Names,
    }
    let read: Manifest = serde_json::from_str(text).ok()?;
    let own: BTreeSet<String> = read.replace.lower().into_iter().chain(read.provide.lower()).collect();
    let asked = read.require.lower().into_iter().chain(read.require_dev.lower());
    Some(asked.filter(|name| name.contains('/') && !own.contains(name)).collect())
}
