//! `Pipfile.lock`: a list for each category of the Pipfile (Pipenv, "Specifying package categories"). Scanners read `default` alone.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::groups::is_of_development;
use super::{LockPackage, LockPackages, Quirk};

#[derive(Deserialize)]
struct Package {
    version: Option<String>,
}

pub(super) fn read(text: &str) -> Option<LockPackages> {
    let lock: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    lock.get("_meta")?;
    let mut found = LockPackages::default();
    for (category, packages) in lock.into_iter().filter(|(category, _)| category != "_meta") {
        let packages: BTreeMap<String, Package> = serde_json::from_value(packages).ok()?;
        // One without a version is a folder, or comes from git.
        let named = packages.into_iter().filter_map(|(name, own)| Some((name, own.version?)));
        let named = named
            .map(|(name, version)| LockPackage::new(name, Some(version.trim_start_matches('=').to_owned())));
        match is_of_development(&category) {
            true => found.develops += named.count(),
            false => {
                let before = found.shipped.len();
                found.shipped.extend(named);
                if category != "default" && found.shipped.len() > before {
                    found.quirk = Some(Quirk::Categories);
                }
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::{Quirk, read};

    #[test]
    fn each_category_counts_but_those_of_development() {
        let lock = r#"{"_meta": {}, "default": {"six": {"version": "==1"}, "own": {"path": "."}},
            "develop": {"pytest": {"version": "==1"}}, "worker": {"pyyaml": {"version": "==5.3"}}}"#;
        let found = read(lock).unwrap();
        assert_eq!((names(&found), found.develops), (vec!["pyyaml 5.3".to_owned(), "six 1".to_owned()], 1));
        assert_eq!(found.quirk, Some(Quirk::Categories));
        assert_eq!(read("{}"), None);
    }
}
