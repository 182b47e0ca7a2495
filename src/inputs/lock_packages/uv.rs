//! `uv.lock`: one graph for all projects of a workspace. Trivy follows it from the project at the root alone.
//!
//! Source: uv, "Resolution" and "Workspaces"; files that uv 0.9 wrote.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::groups::is_of_development;
use super::{LockPackage, LockPackages, Quirk};

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "version")]
    _version: IgnoredAny,
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Package {
    name: String,
    version: Option<String>,
    #[serde(default)]
    source: BTreeMap<String, toml::Value>,
    #[serde(default)]
    dependencies: Vec<Edge>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<Edge>>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, Vec<Edge>>,
}

#[derive(Deserialize)]
struct Edge {
    name: String,
    /// If the file has several of the name.
    version: Option<String>,
    #[serde(default, deserialize_with = "one_or_more")]
    extra: Vec<String>,
}

fn one_or_more<'d, D: serde::Deserializer<'d>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Extra {
        One(String),
        More(Vec<String>),
    }
    Ok(match Extra::deserialize(from)? {
        Extra::One(name) => vec![name],
        Extra::More(names) => names,
    })
}

impl Package {
    /// A project of the repository.
    fn is_own(&self) -> bool {
        ["editable", "virtual", "directory"].iter().any(|kind| self.source.contains_key(*kind))
    }
}

pub(super) fn read(text: &str) -> Option<LockPackages> {
    let lock: Lock = toml::from_str(text).ok()?;
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, package) in lock.package.iter().enumerate() {
        by_name.entry(&package.name).or_default().push(place);
    }
    let mut open: Vec<(usize, Option<&str>)> = Vec::new();
    for (place, package) in lock.package.iter().enumerate().filter(|(_, package)| package.is_own()) {
        open.extend(own_starts(&lock, place));
        let groups = package.dev_dependencies.iter().filter(|(group, _)| !is_of_development(group));
        open.extend(groups.flat_map(|(_, edges)| edges).flat_map(|edge| targets(&lock, &by_name, edge)));
    }
    let has_projects = !open.is_empty();
    let root = lock.package.iter().position(|package| {
        let mut at = package.source.values().filter_map(toml::Value::as_str);
        package.is_own() && at.any(|place| place == ".")
    });
    // A script has no project: all that it names is its own.
    if open.is_empty() {
        open.extend((0..lock.package.len()).map(|place| (place, None)));
    }
    let reached = reach(&lock, &by_name, open);
    let others = lock.package.iter().enumerate().filter(|(_, package)| !package.is_own());
    let quirk = match (has_projects, root) {
        (true, None) => Some(Quirk::NoRoot),
        (true, Some(root)) => {
            let of_root = reach(&lock, &by_name, own_starts(&lock, root));
            let is_besides = |place: &usize| !of_root.contains(place) && !lock.package[*place].is_own();
            reached.iter().any(is_besides).then_some(Quirk::Besides)
        }
        (false, _) => None,
    };
    let (shipped, develops): (Vec<_>, Vec<_>) = others.partition(|(place, _)| reached.contains(place));
    Some(LockPackages {
        shipped: shipped
            .into_iter()
            .map(|(_, own)| LockPackage::new(&own.name, own.version.clone()))
            .collect(),
        develops: develops.len(),
        quirk,
    })
}

/// A project, and each of its extras.
fn own_starts(lock: &Lock, place: usize) -> Vec<(usize, Option<&str>)> {
    let extras = lock.package[place].optional_dependencies.keys().map(|extra| (place, Some(extra.as_str())));
    std::iter::once((place, None)).chain(extras).collect()
}

/// The places that these lead to.
fn reach<'l>(
    lock: &'l Lock,
    by_name: &BTreeMap<&str, Vec<usize>>,
    mut open: Vec<(usize, Option<&'l str>)>,
) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    while let Some((place, extra)) = open.pop() {
        if !seen.insert((place, extra)) {
            continue;
        }
        let package = &lock.package[place];
        let edges = match extra {
            None => Some(&package.dependencies),
            Some(extra) => package.optional_dependencies.get(extra),
        };
        open.extend(edges.into_iter().flatten().flat_map(|edge| targets(lock, by_name, edge)));
    }
    seen.into_iter().map(|(place, _)| place).collect()
}

/// The packages that an edge leads to, by themselves and with each extra that it names.
fn targets<'l>(
    lock: &'l Lock,
    by_name: &BTreeMap<&str, Vec<usize>>,
    edge: &'l Edge,
) -> Vec<(usize, Option<&'l str>)> {
    let fits = |place: &usize| edge.version.is_none() || lock.package[*place].version == edge.version;
    let places = by_name.get(edge.name.as_str()).into_iter().flatten().copied().filter(fits);
    let extras = || std::iter::once(None).chain(edge.extra.iter().map(|extra| Some(extra.as_str())));
    places.flat_map(|place| extras().map(move |extra| (place, extra))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::{Quirk, read};

    const LOCK: &str = r#"
version = 1
[[package]]
name = "root"
source = { virtual = "." }
dependencies = [{ name = "six" }, { name = "httpx", extra = ["socks"] }]
[package.optional-dependencies]
s3 = [{ name = "boto" }]
[package.dev-dependencies]
dev = [{ name = "pytest" }]
worker = [{ name = "celery" }]
[[package]]
name = "lib"
source = { editable = "lib" }
dependencies = [{ name = "pyyaml", version = "5.3" }]
[[package]]
name = "six"
version = "1"
[[package]]
name = "httpx"
version = "1"
[package.optional-dependencies]
socks = [{ name = "socksio" }]
http2 = [{ name = "h2" }]
[[package]]
name = "socksio"
version = "1"
[[package]]
name = "h2"
version = "1"
[[package]]
name = "boto"
version = "1"
[[package]]
name = "pytest"
version = "1"
dependencies = [{ name = "six" }]
[[package]]
name = "celery"
version = "1"
[[package]]
name = "pyyaml"
version = "5.3"
[[package]]
name = "pyyaml"
version = "6"
"#;

    #[test]
    fn every_project_ships_what_it_depends_on() {
        let found = read(LOCK).unwrap();
        assert_eq!(names(&found), ["boto 1", "celery 1", "httpx 1", "pyyaml 5.3", "six 1", "socksio 1"]);
        assert_eq!((found.develops, found.quirk), (3, Some(Quirk::Besides)));
        let without = read(&LOCK.replace("virtual = \".\"", "virtual = \"app\"")).unwrap();
        assert_eq!(without.quirk, Some(Quirk::NoRoot));
        assert_eq!(read("[[package]]\nname = 'a'\n"), None);
        let script = read("version = 1\n[[package]]\nname = 'a'\nversion = '1'\n").unwrap();
        assert_eq!(names(&script), ["a 1"]);
    }
}
