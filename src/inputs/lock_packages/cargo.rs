//! `Cargo.lock`: one graph for all packages of a workspace, without a word of what is for development. Their manifests say it. Trivy follows
//! no dependency under another name (`package = "…"`).
//!
//! Source: The Cargo Book, "Specifying Dependencies" and "Workspaces".

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{LockPackage, LockPackages};

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "version")]
    _version: IgnoredAny,
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: Option<IgnoredAny>,
    /// `name`, or with the version if the file has several.
    #[serde(default)]
    dependencies: Vec<String>,
}

#[derive(Deserialize)]
struct Manifest {
    package: Option<Name>,
    #[serde(default)]
    dependencies: Dependencies,
    #[serde(default)]
    target: BTreeMap<String, Target>,
    workspace: Option<Workspace>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Target {
    dependencies: Dependencies,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Workspace {
    dependencies: Dependencies,
}

type Dependencies = BTreeMap<String, toml::Value>;

/// `manifests`: the texts of each `Cargo.toml` below the lock file.
pub(super) fn read(text: &str, manifests: &[String]) -> Option<LockPackages> {
    let lock: Lock = toml::from_str(text).ok()?;
    let manifests: Vec<Manifest> = manifests.iter().filter_map(|text| toml::from_str(text).ok()).collect();
    let shared: Dependencies = manifests
        .iter()
        .filter_map(|one| one.workspace.as_ref())
        .flat_map(|all| all.dependencies.clone())
        .collect();
    let mut asked: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for manifest in &manifests {
        let Some(package) = &manifest.package else { continue };
        let lists = std::iter::once(&manifest.dependencies)
            .chain(manifest.target.values().map(|target| &target.dependencies));
        let names = lists.flatten().map(|(key, own)| {
            let own = if own.get("workspace").is_some() { shared.get(key).unwrap_or(own) } else { own };
            own.get("package").and_then(toml::Value::as_str).unwrap_or(key).to_owned()
        });
        asked.entry(&package.name).or_default().extend(names);
    }
    let mut open: Vec<usize> =
        (0..lock.package.len()).filter(|place| lock.package[*place].source.is_none()).collect();
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, package) in lock.package.iter().enumerate() {
        by_name.entry(&package.name).or_default().push(place);
    }
    let mut seen = BTreeSet::new();
    while let Some(place) = open.pop() {
        if !seen.insert(place) {
            continue;
        }
        let package = &lock.package[place];
        let own = asked.get(package.name.as_str()).filter(|_| package.source.is_none());
        for edge in &package.dependencies {
            let mut words = edge.split(' ');
            let (name, version) = (words.next().unwrap_or_default(), words.next());
            let fits =
                |place: &&usize| version.is_none_or(|version| lock.package[**place].version == version);
            if own.is_none_or(|own| own.contains(name)) {
                open.extend(by_name.get(name).into_iter().flatten().filter(fits));
            }
        }
    }
    let others = lock.package.into_iter().enumerate().filter(|(_, package)| package.source.is_some());
    let (shipped, develops): (Vec<_>, Vec<_>) = others.partition(|(place, _)| seen.contains(place));
    let shipped = shipped.into_iter().map(|(_, own)| LockPackage::new(own.name, Some(own.version))).collect();
    Some(LockPackages { shipped, develops: develops.len(), quirk: None })
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::read;

    #[test]
    fn what_each_package_depends_on_is_shipped_under_its_own_name() {
        let package =
            |name: &str, rest: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"1\"\n{rest}\n");
        let registry = "source = \"registry+https://x.test\"";
        let lock = [
            "version = 4\n".to_owned(),
            package("a", "dependencies = [\"inherited\", \"real 1\", \"target\", \"build\", \"dev\"]"),
            package("b", "dependencies = [\"member\"]"),
            package("real", &format!("{registry}\ndependencies = [\"deep\"]")),
        ];
        let others =
            ["inherited", "target", "build", "dev", "member", "deep"].map(|name| package(name, registry));
        let root = "[package]\nname = 'a'\n[workspace.dependencies]\nin = { package = 'inherited', version = '1' }\n[dependencies]\nin.workspace = true\nother = { package = 'real', version = '1' }\n\
            [target.'cfg(unix)'.dependencies]\ntarget = '1'\n[build-dependencies]\nbuild = '1'\n[dev-dependencies]\ndev = '1'\n";
        let member = "[package]\nname = 'b'\n[dependencies]\nmember = '1'\n";
        let found = read(&(lock.concat() + &others.concat()), &[root.to_owned(), member.to_owned()]).unwrap();
        assert_eq!(names(&found), ["deep 1", "inherited 1", "member 1", "real 1", "target 1"]);
        assert_eq!(found.develops, 2);
        assert_eq!(read("[[package]]\n", &[]), None);
    }
}
