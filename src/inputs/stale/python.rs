//! Poetry, uv, PDM and Pipenv.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Named;
use crate::inputs::lock_packages::python_name;
use crate::inputs::python_names::{Manifest, of_pyproject};

/// What is installed, and what uv wrote down of the manifest: a package for other versions of Python is in this list alone.
pub(super) fn named(text: &str) -> Option<Named> {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(default)]
        package: Vec<Package>,
        version: Option<IgnoredAny>,
        metadata: Option<IgnoredAny>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        #[serde(default)]
        metadata: Metadata,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "kebab-case", default)]
    struct Metadata {
        requires_dist: Vec<Name>,
        requires_dev: BTreeMap<String, Vec<Name>>,
    }
    #[derive(Deserialize)]
    struct Name {
        name: String,
    }
    let lock: Lock = toml::from_str(text).ok()?;
    (lock.version.is_some() || lock.metadata.is_some()).then_some(())?;
    let mut all = BTreeSet::new();
    for package in lock.package {
        let Metadata { requires_dist, requires_dev } = package.metadata;
        let asked = requires_dist.into_iter().chain(requires_dev.into_values().flatten());
        all.extend(asked.map(|one| python_name(&one.name)));
        all.insert(python_name(&package.name));
    }
    Some(Named { all, ..Named::default() })
}

/// What a `pyproject.toml` asks for in production, whatever the system and the version of Python.
pub(super) fn asked(text: &str) -> Option<BTreeSet<String>> {
    let conditional = conditional(text);
    Some(of_pyproject(text)?.into_iter().filter(|name| !conditional.contains(name)).collect())
}

/// What it asks for under a condition: `tomli>=2; python_version < "3.11"`, `{ version = "2", markers = "…" }`.
fn conditional(text: &str) -> BTreeSet<String> {
    let Manifest { project, tool, .. } = toml::from_str(text).unwrap_or_default();
    let poetry = tool.poetry;
    let lines = project.dependencies.iter().chain(project.optional_dependencies.values().flatten());
    let lines = lines.filter_map(toml::Value::as_str).filter(|line| line.contains(';'));
    let name = |line: &str| {
        let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)));
        python_name(&line[..end.unwrap_or(line.len())])
    };
    let tables =
        std::iter::once(&poetry.dependencies).chain(poetry.group.values().map(|group| &group.dependencies));
    let tables = tables.flatten().filter(|(_, value)| is_conditional(value)).map(|(key, _)| python_name(key));
    lines.map(|line| name(line.trim())).chain(tables).collect()
}

/// Of several, each is for some system.
fn is_conditional(value: &toml::Value) -> bool {
    const MARKERS: [&str; 12] = [
        "markers",
        "marker",
        "python",
        "platform",
        "sys_platform",
        "os_name",
        "platform_machine",
        "platform_system",
        "platform_release",
        "python_version",
        "python_full_version",
        "implementation_name",
    ];
    value.is_array() || MARKERS.iter().any(|key| value.get(key).is_some())
}

pub(super) fn named_by_pipenv(text: &str) -> Option<Named> {
    let lock: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    lock.get("_meta")?;
    let categories = lock.into_iter().filter(|(category, _)| category != "_meta");
    let packages = categories.filter_map(|(_, packages)| match packages {
        serde_json::Value::Object(packages) => Some(packages),
        _ => None,
    });
    let all = packages.flatten().map(|(name, _)| python_name(&name)).collect();
    Some(Named { all, ..Named::default() })
}

/// Every category of a `Pipfile`.
pub(super) fn asked_of_pipenv(text: &str) -> Option<BTreeSet<String>> {
    const OTHERS: [&str; 4] = ["source", "requires", "scripts", "pipenv"];
    let read: toml::Table = toml::from_str(text).ok()?;
    let groups = read.into_iter().filter(|(name, _)| !OTHERS.contains(&name.as_str()));
    let packages = groups.filter_map(|(_, group)| group.as_table().cloned()).flatten();
    // A folder or an archive may have another name in the lock file.
    let plain = packages.filter(|(_, value)| {
        !is_conditional(value) && !["path", "file", "git"].iter().any(|key| value.get(key).is_some())
    });
    Some(plain.map(|(name, _)| python_name(&name)).collect())
}
