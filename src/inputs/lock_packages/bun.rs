//! `bun.lock`: the aliases in it, for which Trivy lists a package of the alias's name.
//!
//! Source: Bun, "Text-based lockfile"; `src/install/lockfile/bun.lock.zig`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{LockPackage, LockPackages};
use crate::text::jsonc::plain_json;

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "lockfileVersion")]
    _version: u64,
    #[serde(default)]
    workspaces: BTreeMap<String, Needs>,
    #[serde(default)]
    packages: BTreeMap<String, Vec<serde_json::Value>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Needs {
    dependencies: BTreeMap<String, IgnoredAny>,
    optional_dependencies: BTreeMap<String, IgnoredAny>,
}

impl Needs {
    fn names(self) -> impl Iterator<Item = String> {
        self.dependencies.into_keys().chain(self.optional_dependencies.into_keys())
    }
}

pub(super) fn read(text: &str) -> Option<LockPackages> {
    let lock: Lock = serde_json::from_str(&plain_json(text)).ok()?;
    // A package below another (`a/b`) has the name that is asked for at its end.
    let mut by_name: BTreeMap<&str, Vec<&Vec<serde_json::Value>>> = BTreeMap::new();
    for (path, package) in &lock.packages {
        by_name.entry(last(path)).or_default().push(package);
    }
    let mut open: Vec<String> = lock.workspaces.into_values().flat_map(Needs::names).collect();
    let mut seen = BTreeSet::new();
    let mut found = LockPackages::default();
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        for package in by_name.get(name.as_str()).into_iter().flatten() {
            let needs = package.iter().find(|part| part.is_object()).cloned();
            open.extend(
                needs
                    .and_then(|own| serde_json::from_value::<Needs>(own).ok())
                    .into_iter()
                    .flat_map(Needs::names),
            );
            let said = package.first().and_then(serde_json::Value::as_str);
            let Some((real, version)) = said.and_then(|said| said.rsplit_once('@')) else { continue };
            let is_version = version.starts_with(|c: char| c.is_ascii_digit());
            if is_version && real != name && !real.is_empty() {
                found.shipped.push(LockPackage::new(real, Some(version.to_owned())));
            }
        }
    }
    Some(found)
}

/// The name at the end of `a/@s/b`: `@s/b`.
fn last(path: &str) -> &str {
    let before = path.rfind('/').map_or("", |end| &path[..end]);
    let start = before.rfind('/').map_or(0, |end| end + 1);
    match before[start..].starts_with('@') {
        true => &path[start..],
        false => path.rsplit('/').next().unwrap_or(path),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::read;

    #[test]
    fn an_alias_that_is_shipped_counts() {
        let lock = r#"{
            // bun.lock v1
            "lockfileVersion": 1,
            "workspaces": {"": {"name": "v", "dependencies": {"foo": "npm:lodash@1", "a": "1"}, "devDependencies": {"dev": "npm:x@1"}}},
            "packages": {
                "foo": ["lodash@4.17.15", "", {}, "sha512-A"],
                "a": ["a@1.0.0", "", {"dependencies": {"@s/c": "npm:@t/d@1"}}, "sha512-A"],
                "a/@s/c": ["@t/d@1.2.0", "", {}, "sha512-A"],
                "dev": ["x@1.0.0", "", {}, "sha512-A"],
                "own": ["own@workspace:packages/own"],
            },
        }"#;
        assert_eq!(names(&read(lock).unwrap()), ["@t/d 1.2.0", "lodash 4.17.15"]);
        assert_eq!(read("{}"), None);
    }
}
