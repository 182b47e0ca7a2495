//! `poetry.lock`. Poetry 2.1 writes the groups of each package, Poetry before 1.5 its category. In between, only pyproject.toml has the groups.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::groups::is_of_development;
use super::{LockPackage, LockPackages, Quirk, python_name};
use crate::inputs::python_names;

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
    #[serde(rename = "metadata")]
    _metadata: IgnoredAny,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Option<String>,
    category: Option<String>,
    groups: Option<Vec<String>>,
    #[serde(default)]
    dependencies: BTreeMap<String, IgnoredAny>,
    source: Option<Source>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Package {
    /// `None`: the lock file does not say.
    fn ships(&self) -> Option<bool> {
        match (&self.groups, &self.category) {
            (Some(groups), _) => Some(groups.iter().any(|group| !is_of_development(group))),
            (None, Some(category)) => Some(category != "dev"),
            (None, None) => None,
        }
    }

    fn is_own(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.kind.as_deref() == Some("directory"))
    }
}

pub(super) fn read(text: &str, beside: impl Fn(&str) -> Option<String>) -> Option<LockPackages> {
    let lock: Lock = toml::from_str(text).ok()?;
    let main = |package: &Package| match (&package.groups, &package.category) {
        (Some(groups), _) => groups.iter().any(|group| group == "main"),
        _ => true,
    };
    let is_besides = lock.package.iter().any(|one| one.ships() == Some(true) && !main(one) && !one.is_own());
    let said: Option<Vec<bool>> = lock.package.iter().map(Package::ships).collect();
    let ships = match said {
        Some(said) => said,
        None => {
            let reached = reached(&lock, python_names::of_pyproject(&beside("pyproject.toml")?)?);
            lock.package.iter().map(|package| reached.contains(&python_name(&package.name))).collect()
        }
    };
    let mut found = LockPackages { quirk: is_besides.then_some(Quirk::Besides), ..LockPackages::default() };
    for (package, ships) in lock.package.into_iter().zip(ships).filter(|(package, _)| !package.is_own()) {
        match ships {
            true => found.shipped.push(LockPackage::new(package.name, package.version)),
            false => found.develops += 1,
        }
    }
    Some(found)
}

/// The names that these lead to.
fn reached(lock: &Lock, from: BTreeSet<String>) -> BTreeSet<String> {
    let mut edges: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in &lock.package {
        let names = package.dependencies.keys().map(|name| python_name(name));
        edges.entry(python_name(&package.name)).or_default().extend(names);
    }
    let mut open: Vec<String> = from.into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if seen.insert(name.clone()) {
            open.extend(edges.get(&name).into_iter().flatten().cloned());
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::read;

    #[test]
    fn a_group_of_development_is_not_shipped_and_another_is() {
        let package =
            |name: &str, rest: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"1\"\n{rest}\n");
        let end = "[metadata]\nlock-version = \"2.1\"\n";
        let lock = [
            package("a", "groups = [\"main\"]"),
            package("b", "groups = [\"worker\"]"),
            package("c", "groups = [\"dev\", \"docs\"]"),
            package("d", "groups = [\"main\"]\n[package.source]\ntype = \"directory\"\nurl = \"d\""),
        ];
        let found = read(&(lock.concat() + end), |_| None).unwrap();
        assert_eq!((names(&found), found.develops), (vec!["a 1".to_owned(), "b 1".to_owned()], 1));
        let old = package("a", "category = \"main\"") + &package("b", "category = \"dev\"") + end;
        assert_eq!(names(&read(&old, |_| None).unwrap()), ["a 1"]);
        // Only the manifest has the groups.
        let between = package("A.b", "[package.dependencies]\nc = \"*\"")
            + &package("c", "")
            + &package("d", "")
            + &package("e", "")
            + end;
        let manifest = "[tool.poetry.dependencies]\npython = '3'\na-b = '*'\n[tool.poetry.group.worker.dependencies]\nd = '*'\n[tool.poetry.group.dev.dependencies]\ne = '*'\n";
        let found = read(&between, |_| Some(manifest.to_owned())).unwrap();
        assert_eq!(
            (names(&found), found.develops),
            (vec!["A.b 1".to_owned(), "c 1".to_owned(), "d 1".to_owned()], 1)
        );
        assert_eq!(read(&between, |_| None), None);
    }
}
