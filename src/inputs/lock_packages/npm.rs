//! `package-lock.json` and `npm-shrinkwrap.json`. Trivy takes an alias of version 1 for a package of that name.
//!
//! Source: npm, "package-lock.json"; Arborist's `lib/shrinkwrap.js`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{LockPackage, LockPackages};

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "lockfileVersion")]
    version: u64,
    #[serde(default)]
    packages: BTreeMap<String, Package>,
    #[serde(default)]
    dependencies: BTreeMap<String, Package>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    /// If the folder has another name: of an alias.
    name: Option<String>,
    version: Option<String>,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    dev_optional: bool,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    extraneous: bool,
    /// Version 1 nests packages.
    #[serde(default)]
    dependencies: BTreeMap<String, serde_json::Value>,
}

/// How deep packages of version 1 may lie in each other.
const DEEPEST: usize = 50;

pub(super) fn read(text: &str) -> Option<LockPackages> {
    let lock: Lock = serde_json::from_str(text).ok()?;
    let mut found = LockPackages::default();
    match lock.version {
        1 => nested(lock.dependencies, &mut found, DEEPEST),
        _ => {
            let installed = lock.packages.into_iter().filter_map(|(path, package)| {
                let name = path.rsplit_once("node_modules/")?.1.to_owned();
                Some((package.name.clone().unwrap_or(name), package))
            });
            installed.for_each(|(name, package)| take(name, &package, &mut found));
        }
    }
    Some(found)
}

fn nested(packages: BTreeMap<String, Package>, found: &mut LockPackages, depth: usize) {
    for (name, package) in packages {
        take(name, &package, found);
        let inner = package.dependencies.into_iter();
        let inner = inner.filter_map(|(name, own)| Some((name, serde_json::from_value(own).ok()?)));
        if let Some(depth) = depth.checked_sub(1) {
            nested(inner.collect(), found, depth);
        }
    }
}

/// A package from a registry: what has an address for a version comes from elsewhere.
fn take(name: String, package: &Package, found: &mut LockPackages) {
    let Some(version) = &package.version else { return };
    let (name, version) = match version.strip_prefix("npm:").and_then(|real| real.rsplit_once('@')) {
        Some((name, version)) => (name.to_owned(), version),
        None => (name, version.as_str()),
    };
    let is_version = version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains([':', '/']);
    match package.dev || package.dev_optional {
        _ if !is_version || package.link || package.extraneous => {}
        true => found.develops += 1,
        false => found.shipped.push(LockPackage::new(name, Some(version.to_owned()))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::read;

    #[test]
    fn an_alias_is_the_package_that_it_stands_for() {
        let first = r#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "npm:@s/b@1.0.0", "requires": {"x": "1"},
            "dependencies": {"c": {"version": "2.0.0"}}}, "d": {"version": "1.0.0", "dev": true}, "e": {"version": "git+https://x.test/e"}}}"#;
        let found = read(first).unwrap();
        assert_eq!((names(&found), found.develops), (vec!["@s/b 1.0.0".to_owned(), "c 2.0.0".to_owned()], 1));
        let third = r#"{"lockfileVersion": 3, "packages": {"": {"version": "1.0.0"}, "node_modules/a": {"name": "b", "version": "1.0.0"},
            "node_modules/a/node_modules/@s/c": {"version": "2.0.0"}, "node_modules/own": {"link": true}, "own": {"version": "1.0.0"},
            "node_modules/d": {"version": "1.0.0", "devOptional": true}}}"#;
        let found = read(third).unwrap();
        assert_eq!((names(&found), found.develops), (vec!["@s/c 2.0.0".to_owned(), "b 1.0.0".to_owned()], 1));
        assert_eq!(read("{}"), None);
    }
}
