//! The projects of TypeScript that an Angular workspace builds and tests.
//!
//! Source: "Angular workspace configuration" (angular.dev) and `packages/angular/cli/lib/config/schema.json` (19): `projects`, each with
//! `architect` or `targets`; a path counts from the workspace.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::inputs::parse_error::of_json;
use crate::inputs::typescript::beside;
use crate::text::jsonc::plain_json;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Workspace {
    projects: BTreeMap<String, Project>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Project {
    Whole(Targets),
    /// Of Nx: the folder with a `project.json`.
    Other(IgnoredAny),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Targets {
    architect: BTreeMap<String, Target>,
    targets: BTreeMap<String, Target>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Target {
    options: Options,
    configurations: BTreeMap<String, Options>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    ts_config: Names,
}

#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
    #[default]
    None,
}

/// The projects of TypeScript that an `angular.json` names, from the top of the repository, and whether `ng build` builds each.
pub(super) fn projects(path: &str, text: &str) -> Result<BTreeMap<String, bool>, String> {
    let workspace: Workspace = serde_json::from_str(&plain_json(text)).map_err(|error| of_json(&error))?;
    let projects = workspace.projects.into_values().filter_map(|project| match project {
        Project::Whole(targets) => Some(targets),
        Project::Other(_) => None,
    });
    let mut named = BTreeMap::new();
    for (name, target) in projects.flat_map(|own| own.architect.into_iter().chain(own.targets)) {
        let usual = std::iter::once((true, target.options));
        let others = target.configurations.into_values().map(|options| (false, options));
        for (is_usual, options) in usual.chain(others) {
            let files = match options.ts_config {
                Names::One(name) => vec![name],
                Names::Many(names) => names,
                Names::None => Vec::new(),
            };
            for file in files {
                *named.entry(beside(path, &file)).or_default() |= is_usual && name == "build";
            }
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_names_its_project() {
        let text = r#"{
            // of ng 19
            "projects": {
                "shop": {
                    "architect": {
                        "build": {
                            "options": {"tsConfig": "projects/shop/tsconfig.app.json"},
                            "configurations": {"local": {"tsConfig": "projects/shop/tsconfig.local.json"}}
                        },
                        "test": {"options": {"tsConfig": "projects/shop/tsconfig.spec.json"}},
                        "lint": {"options": {"tsConfig": ["projects/shop/tsconfig.app.json"]}},
                        "serve": {}
                    }
                },
                "ui": {"targets": {"build": {"options": {"tsConfig": "./projects/ui/tsconfig.lib.json"}}}},
                "old": "libs/old"
            }
        }"#;
        let expected = [
            ("shop/tsconfig.app", true),
            ("shop/tsconfig.local", false),
            ("shop/tsconfig.spec", false),
            ("ui/tsconfig.lib", true),
        ];
        let expected: BTreeMap<String, bool> =
            expected.iter().map(|(name, built)| (format!("web/projects/{name}.json"), *built)).collect();
        assert_eq!(projects("web/angular.json", text).unwrap(), expected);
        assert_eq!(projects("angular.json", "{}").unwrap(), BTreeMap::new());
        assert!(projects("angular.json", "[").is_err());
    }
}
