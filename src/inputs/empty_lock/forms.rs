//! The lock files that are JSON or TOML, as far as it matters whether there is a package in them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::inputs::lock_packages::is_of_development;
use crate::model::input::PackageManager as Manager;

/// The lock files of Cargo, uv, Poetry and PDM.
#[derive(Deserialize)]
pub(super) struct Toml {
    #[serde(default)]
    package: Vec<TomlPackage>,
    version: Option<IgnoredAny>,
    metadata: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct TomlPackage {
    source: Option<toml::Value>,
}

impl Toml {
    pub(super) fn is_empty(&self, manager: Manager) -> bool {
        let is_own = |package: &TomlPackage| match &package.source {
            None => manager == Manager::Cargo,
            // Poetry writes the type of a source.
            Some(toml::Value::Table(source)) => {
                ["virtual", "editable", "directory"].iter().any(|key| source.contains_key(*key))
                    || source.get("type").and_then(toml::Value::as_str) == Some("directory")
            }
            Some(_) => false,
        };
        (self.version.is_some() || self.metadata.is_some()) && self.package.iter().all(is_own)
    }
}

#[derive(Deserialize)]
pub(super) struct Npm {
    #[serde(default)]
    packages: BTreeMap<String, NpmPackage>,
    /// Version 1.
    #[serde(default)]
    dependencies: BTreeMap<String, NpmPackage>,
    #[serde(rename = "lockfileVersion")]
    _version: u64,
}

#[derive(Deserialize)]
struct NpmPackage {
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    optional: bool,
    /// For development, or of an optional package: it stays unless both are left out.
    #[serde(default, rename = "devOptional")]
    dev_optional: bool,
    #[serde(default)]
    peer: bool,
    #[serde(default)]
    link: bool,
    /// Version 1 nests packages.
    #[serde(default)]
    dependencies: BTreeMap<String, IgnoredAny>,
}

impl NpmPackage {
    /// Whether it is of a kind that is left out.
    fn is_only(&self, left_out: &[&str]) -> bool {
        let out = |kind| left_out.contains(&kind);
        (self.dev && out("dev"))
            || (self.optional && out("optional"))
            || (self.dev_optional && out("dev") && out("optional"))
            || (self.peer && out("peer"))
    }
}

impl Npm {
    pub(super) fn installs_nothing(&self, left_out: &[&str]) -> bool {
        let of = |(path, package): (&String, &NpmPackage)| {
            path.contains("node_modules/") && !package.link && !package.is_only(left_out)
        };
        let is_left = |one: &NpmPackage| one.dependencies.is_empty() && one.is_only(left_out);
        self.dependencies.values().all(is_left) && !self.packages.iter().any(of)
    }

    pub(super) fn is_empty(&self) -> bool {
        let installed = self.packages.iter().filter(|(path, _)| path.contains("node_modules/"));
        let nests = self.dependencies.values().any(|package| !package.dependencies.is_empty());
        !nests
            && installed
                .map(|(_, package)| package)
                .chain(self.dependencies.values())
                .all(|one| one.dev || one.link)
    }
}

/// A list for each category of packages, which a project may call as it likes.
#[derive(Deserialize)]
pub(super) struct Pipenv {
    #[serde(rename = "_meta")]
    _meta: Option<IgnoredAny>,
    default: BTreeMap<String, IgnoredAny>,
    #[serde(flatten)]
    others: BTreeMap<String, BTreeMap<String, IgnoredAny>>,
}

impl Pipenv {
    pub(super) fn is_empty(&self) -> bool {
        let others = self.others.iter().filter(|(category, _)| !is_of_development(category));
        self.default.is_empty() && others.map(|(_, packages)| packages).all(BTreeMap::is_empty)
    }
}

#[derive(Deserialize)]
pub(super) struct Composer {
    pub(super) packages: Vec<IgnoredAny>,
}

/// Since Conan 2, or with a graph before. What is needed to build alone is not shipped.
#[derive(Deserialize)]
pub(super) struct Conan {
    #[serde(rename = "version")]
    _version: IgnoredAny,
    requires: Option<Vec<IgnoredAny>>,
    graph_lock: Option<ConanGraph>,
}

#[derive(Deserialize)]
struct ConanGraph {
    nodes: BTreeMap<String, ConanNode>,
}

#[derive(Deserialize)]
struct ConanNode {
    /// The project itself has a path in its place.
    #[serde(rename = "ref")]
    reference: Option<IgnoredAny>,
    path: Option<IgnoredAny>,
}

impl Conan {
    pub(super) fn is_empty(&self) -> bool {
        let is_own = |node: &ConanNode| node.reference.is_none() && node.path.is_some();
        match (&self.requires, &self.graph_lock) {
            (Some(requires), None) => requires.is_empty(),
            (None, Some(graph)) => !graph.nodes.is_empty() && graph.nodes.values().all(is_own),
            _ => false,
        }
    }
}

/// Version 1 has its pins in `object`.
#[derive(Deserialize)]
pub(super) struct Swift {
    #[serde(rename = "version")]
    _version: IgnoredAny,
    pins: Option<Vec<SwiftPin>>,
    object: Option<SwiftObject>,
}

#[derive(Deserialize)]
struct SwiftObject {
    pins: Vec<SwiftPin>,
}

#[derive(Deserialize)]
struct SwiftPin {
    state: SwiftState,
}

#[derive(Deserialize)]
struct SwiftState {
    version: Option<String>,
    branch: Option<String>,
}

impl Swift {
    pub(super) fn is_empty(&self) -> bool {
        let pins = self.pins.as_ref().or(self.object.as_ref().map(|object| &object.pins));
        pins.is_some_and(|pins| {
            pins.iter().all(|SwiftPin { state }| state.version.is_none() && state.branch.is_none())
        })
    }
}
