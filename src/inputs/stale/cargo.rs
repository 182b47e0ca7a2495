//! `Cargo.toml` and `Cargo.lock`, which has the packages of every platform and feature.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Manifest, Named};
use crate::inputs::workspaces::Members;

pub(super) fn named(text: &str) -> Option<Named> {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(default)]
        package: Vec<Package>,
        #[serde(rename = "version")]
        _version: Option<IgnoredAny>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
    }
    let lock: Lock = toml::from_str(text).ok()?;
    Some(Named { all: lock.package.into_iter().map(|package| package.name).collect(), ..Named::default() })
}

type Dependencies = BTreeMap<String, toml::Value>;

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Lists {
    dependencies: Dependencies,
    dev_dependencies: Dependencies,
    build_dependencies: Dependencies,
}

#[derive(Deserialize)]
struct CargoToml {
    package: Option<Name>,
    #[serde(flatten)]
    own: Lists,
    #[serde(default)]
    target: BTreeMap<String, Lists>,
    workspace: Option<Workspace>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Workspace {
    members: Vec<String>,
    dependencies: Dependencies,
}

pub(super) fn asked(manifest: &Manifest<'_>, named: &Named) -> Option<BTreeSet<String>> {
    let own: CargoToml = toml::from_str(manifest.text).ok()?;
    let root: Option<CargoToml> = manifest.root.and_then(|text| toml::from_str(text).ok());
    let is_root = root.is_none();
    let shared = root.and_then(|root| root.workspace).or(own.workspace).unwrap_or_default();
    // A folder below the root that is no member: a template, an example. Cargo adds what a member names by its path.
    let is_known = own.package.as_ref().is_some_and(|package| named.all.contains(&package.name));
    if !is_root && !is_known && !Members::of(&shared.members).has(manifest.below) {
        return None;
    }
    let lists = std::iter::once(own.own).chain(own.target.into_values());
    let asked =
        lists.flat_map(|own| [own.dependencies, own.dev_dependencies, own.build_dependencies]).flatten();
    let names = asked.filter_map(|(key, value)| {
        let value = match value.get("workspace") {
            Some(_) => shared.dependencies.get(&key)?,
            None => &value,
        };
        Some(value.get("package").and_then(toml::Value::as_str).unwrap_or(&key).to_owned())
    });
    Some(names.collect())
}
