//! What a `Cargo.toml` says.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::inputs::parse_error::of_toml;

/// What a `Cargo.toml` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CargoManifest {
    pub(super) has_dependencies: bool,
    /// It is the root of a workspace, which leaves these folders out.
    pub(super) workspace: Option<Vec<String>>,
    /// The folder of its workspace, if it names it.
    pub(super) workspace_at: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct CargoToml {
    package: Option<CargoPackage>,
    workspace: Option<CargoWorkspace>,
    dependencies: Option<BTreeMap<String, toml::Value>>,
    dev_dependencies: Option<BTreeMap<String, toml::Value>>,
    build_dependencies: Option<BTreeMap<String, toml::Value>>,
    target: Option<toml::Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CargoPackage {
    workspace: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CargoWorkspace {
    exclude: Vec<String>,
}

/// Reads a `Cargo.toml`.
pub(super) fn cargo(text: &str) -> Result<CargoManifest, String> {
    let read: CargoToml = toml::from_str(text).map_err(|error| of_toml(&error, text))?;
    let tables = [&read.dependencies, &read.dev_dependencies, &read.build_dependencies];
    // A folder has a manifest of its own; with a version beside it, that is where it is published.
    let is_folder = |package: &toml::Value| package.get("path").is_some();
    let asks = |table: &&Option<BTreeMap<String, toml::Value>>| {
        table.as_ref().is_some_and(|table| table.values().any(|package| !is_folder(package)))
    };
    Ok(CargoManifest {
        has_dependencies: read.target.is_some() || read.workspace.is_some() || tables.iter().any(asks),
        workspace: read.workspace.map(|workspace| workspace.exclude),
        workspace_at: read.package.and_then(|package| package.workspace),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cargo_workspace_is_read() {
        let root = cargo("[workspace]\nmembers = ['a']\nexclude = ['fuzz']\n").unwrap();
        assert_eq!(root.workspace, Some(vec!["fuzz".to_owned()]));
        assert!(!cargo("[package]\nname = 'a'\n").unwrap().has_dependencies);
        assert!(cargo("[dependencies]\nserde.workspace = true\n").unwrap().has_dependencies);
        assert!(!cargo("[dependencies]\na = { path = '../a', version = '1' }\n").unwrap().has_dependencies);
    }
}
