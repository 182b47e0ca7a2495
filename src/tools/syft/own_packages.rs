//! The project's own packages in an inventory. Syft (1.18) lists every entry of an npm lock file as a package: also the project
//! itself, its workspaces and the links to them. Only the lock file tells them from a bundled package, which has no address
//! either.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::Read;
use std::path::{Component as Part, Path};

use serde::Deserialize;

use crate::formats::{inventory, json};
use crate::model::component::Component;
use crate::scan::report_origin::ReportOrigin;

use super::inventory::WHAT;

/// No lock file is larger.
const LARGEST: u64 = 64 << 20;

/// A name and a version.
type Names = HashSet<(String, Option<String>)>;

/// The components, of which those that the lock files call the project's own are no packages: they have no licence to miss.
pub(super) fn marked(mut components: Vec<Component>, native: &[u8], origin: &ReportOrigin) -> Vec<Component> {
    let own = own(native, origin);
    for component in components.iter_mut().filter(|component| component.licences.is_empty()) {
        if own.contains(&(component.name.clone(), component.version.clone())) {
            component.kind = Some(inventory::ROOT.to_owned());
        }
    }
    components
}

#[derive(Deserialize)]
struct Inventory {
    artifacts: Vec<Artifact>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    name: String,
    version: Option<String>,
    metadata_type: Option<String>,
    #[serde(default)]
    locations: Vec<Place>,
}

#[derive(Deserialize)]
struct Place {
    path: String,
}

/// What is nothing but the project's own: a package with such a name and version that another file lists is none.
fn own(native: &[u8], origin: &ReportOrigin) -> Names {
    const LOCKED: &str = "javascript-npm-package-lock-entry";
    let Ok(Inventory { artifacts }) = json::read(native, WHAT) else { return Names::new() };
    let mut locks: HashMap<String, Names> = HashMap::new();
    let mut all: BTreeMap<(String, Option<String>), bool> = BTreeMap::new();
    for artifact in artifacts {
        let package = (artifact.name, artifact.version.filter(|version| !version.is_empty()));
        let of_lock = artifact.metadata_type.as_deref() == Some(LOCKED);
        let is_own = of_lock
            && !artifact.locations.is_empty()
            && artifact.locations.into_iter().all(|Place { path }| {
                let of = |path: &String| read(path, origin).map(Lock::own).unwrap_or_default();
                let names = locks.entry(path.clone()).or_insert_with(|| of(&path));
                names.contains(&package)
            });
        all.entry(package).and_modify(|known| *known &= is_own).or_insert(is_own);
    }
    all.into_iter().filter(|(_, is_own)| *is_own).map(|(package, _)| package).collect()
}

/// A lock file below the folder that was scanned.
fn read(path: &str, origin: &ReportOrigin) -> Option<Lock> {
    let below = Path::new(path.trim_start_matches('/'));
    if below.components().any(|part| !matches!(part, Part::Normal(_))) {
        return None;
    }
    let mut bytes = Vec::new();
    fs::File::open(origin.cwd.join(below)).ok()?.take(LARGEST).read_to_end(&mut bytes).ok()?;
    json::read(&bytes, "lock file").ok()
}

/// Version 2 or 3 of npm's lock file (`package-lock.json`, "packages"). Installed packages are below `node_modules`.
#[derive(Deserialize)]
struct Lock {
    name: Option<String>,
    #[serde(default)]
    packages: HashMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: Option<String>,
    version: Option<String>,
    #[serde(default)]
    link: bool,
    resolved: Option<String>,
}

impl Lock {
    /// Syft's names for them: a workspace by its folder, unless the lock file names it otherwise; a link without a version.
    fn own(self) -> Names {
        const MODULES: &str = "node_modules/";
        const UNKNOWN: &str = "UNKNOWN";
        let is_own = |key: &str| !format!("/{key}").contains("/node_modules/");
        let mut names = Names::new();
        for (key, entry) in &self.packages {
            if is_own(key) {
                let folder = (!key.is_empty()).then_some(key);
                let name = entry.name.as_ref().or(folder).or(self.name.as_ref());
                names.extend(name.map(|name| (name.clone(), entry.version.clone())));
            } else if entry.link
                && entry.resolved.as_ref().is_some_and(|to| is_own(to) && self.packages.contains_key(to))
            {
                let name = key.rsplit_once(MODULES).map_or(key.as_str(), |(_, name)| name);
                names.insert((name.to_owned(), Some(UNKNOWN.to_owned())));
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As npm 11 writes it, and what Syft 1.18.1 makes of it.
    #[test]
    fn the_project_and_its_workspaces_have_no_licence_to_miss_and_a_bundled_package_has() {
        const LOCK: &str = r#"{"name": "top", "version": "1.0.0", "lockfileVersion": 3, "packages": {
            "": {"name": "top", "version": "1.0.0", "workspaces": ["packages/*"]},
            "node_modules/a": {"resolved": "packages/a", "link": true},
            "node_modules/away": {"resolved": "../away", "link": true},
            "node_modules/lodash": {"version": "4.17.21", "resolved": "https://registry.example/l.tgz", "license": "MIT"},
            "node_modules/x": {"version": "2.0.0", "inBundle": true},
            "packages/a": {"version": "1.0.0"}}}"#;
        let folder = tempfile::tempdir().unwrap();
        let cwd = folder.path().to_owned();
        fs::create_dir(cwd.join("web")).unwrap();
        fs::write(cwd.join("web/package-lock.json"), LOCK).unwrap();
        let origin = ReportOrigin { root: cwd.clone(), cwd, target: ".".into() };
        let artifact = |name: &str, version: &str, path: &str| {
            format!(
                r#"{{"name": "{name}", "version": "{version}", "purl": "", "licenses": [], "metadataType":
                    "javascript-npm-package-lock-entry", "locations": [{{"path": "{path}"}}]}}"#
            )
        };
        let here = "/web/package-lock.json";
        let packages = [
            artifact("top", "1.0.0", here),
            artifact("a", "UNKNOWN", here),
            artifact("packages/a", "1.0.0", here),
            artifact("away", "UNKNOWN", here),
            artifact("x", "2.0.0", here),
            artifact("top", "1.0.0", "/../web/package-lock.json"),
        ];
        let own = |packages: &[String]| {
            let native = format!(r#"{{"artifacts": [{}]}}"#, packages.join(","));
            let components = inventory::components(native.as_bytes()).unwrap();
            let marked = marked(components, native.as_bytes(), &origin).into_iter();
            marked.filter(Component::is_project).map(|component| component.name).collect::<Vec<_>>()
        };
        assert_eq!(own(&packages[..5]), ["a", "packages/a", "top"]);
        // Another file lists a package with the same name and version.
        assert_eq!(own(&packages), ["a", "packages/a"]);
    }
}
