//! Lock files that do not fit their manifest: a package that the manifest asks for, and that the lock file does not name, is what nobody
//! looks at. Only what is sure counts: names, of the manifest beside the lock file.
//!
//! Source: `npm ci` ("package.json and package-lock.json are in sync"), Yarn's and pnpm's `--frozen-lockfile`, Cargo's `--locked`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::inputs::packages::NpmPackage;
use crate::model::input::PackageManager as Manager;
use crate::text::yaml::{Node, document};

/// The packages that the `package.json` asks for, and the lock file does not name. `own`: the names of the projects of the repository.
pub(super) fn missing_of_npm(
    manager: Manager,
    lock: &str,
    package: &NpmPackage,
    own: &BTreeSet<&str>,
) -> Vec<String> {
    let Some(named) = (match manager {
        Manager::Npm => of_npm(lock),
        Manager::Yarn => of_yarn(lock),
        Manager::Pnpm => of_pnpm(lock),
        _ => None,
    }) else {
        return Vec::new();
    };
    let asked = package.asked.iter().filter(|name| !own.contains(name.as_str()));
    asked.filter(|name| !named.contains(name.as_str())).cloned().collect()
}

fn of_npm(text: &str) -> Option<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(default)]
        packages: BTreeMap<String, Project>,
        #[serde(default)]
        dependencies: BTreeMap<String, IgnoredAny>,
        #[serde(rename = "lockfileVersion")]
        _version: u64,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Project {
        #[serde(default)]
        dependencies: BTreeMap<String, IgnoredAny>,
        #[serde(default)]
        dev_dependencies: BTreeMap<String, IgnoredAny>,
        #[serde(default)]
        optional_dependencies: BTreeMap<String, IgnoredAny>,
    }
    let mut lock: Lock = serde_json::from_str(text).ok()?;
    let root = lock
        .packages
        .remove("")
        .map(|root| [root.dependencies, root.dev_dependencies, root.optional_dependencies]);
    let of_root = root.into_iter().flatten().flat_map(BTreeMap::into_keys);
    let installed = lock.packages.keys().filter_map(|path| path.strip_prefix("node_modules/"));
    let installed: Vec<String> = installed.map(str::to_owned).collect();
    Some(of_root.chain(installed).chain(lock.dependencies.into_keys()).collect())
}

/// The names at the head of each entry: `"a@^1, b@npm:c@^1":`.
fn of_yarn(text: &str) -> Option<BTreeSet<String>> {
    (text.contains("# yarn lockfile v1") || text.contains("__metadata:")).then_some(())?;
    let heads =
        text.lines().filter(|line| !line.starts_with([' ', '#'])).filter_map(|line| line.strip_suffix(':'));
    let names = heads.flat_map(|head| head.split(", ")).map(|name| name.trim_matches('"'));
    Some(names.filter_map(|name| Some(name[..name.get(1..)?.find('@')? + 1].to_owned())).collect())
}

/// What its project asks for. A file of several documents, or without lists of its own, is not compared.
fn of_pnpm(text: &str) -> Option<BTreeSet<String>> {
    const LISTS: [&str; 4] = ["dependencies", "devDependencies", "optionalDependencies", "specifiers"];
    let lock = document(text).ok()?;
    lock.get("lockfileVersion")?;
    let project = match lock.get("importers") {
        Some(projects) => projects.get(".")?,
        None => &*lock,
    };
    let lists = LISTS.iter().filter_map(|list| project.get(list));
    Some(lists.flat_map(Node::entries).map(|(name, _)| name.to_owned()).collect())
}

/// The packages that a `Cargo.toml` asks for, and its `Cargo.lock` does not name.
pub(super) fn missing_of_cargo(lock: &str, manifest: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(default)]
        package: Vec<Package>,
        #[serde(rename = "version")]
        _version: Option<IgnoredAny>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "kebab-case", default)]
    struct Lists {
        dependencies: BTreeMap<String, toml::Value>,
        dev_dependencies: BTreeMap<String, toml::Value>,
        build_dependencies: BTreeMap<String, toml::Value>,
    }
    #[derive(Deserialize)]
    struct Manifest {
        #[serde(flatten)]
        own: Lists,
        #[serde(default)]
        target: BTreeMap<String, Lists>,
    }
    let (Ok(lock), Ok(manifest)) = (toml::from_str::<Lock>(lock), toml::from_str::<Manifest>(manifest))
    else {
        return Vec::new();
    };
    let named: BTreeSet<&str> = lock.package.iter().map(|package| package.name.as_str()).collect();
    let lists = std::iter::once(manifest.own).chain(manifest.target.into_values());
    let asked =
        lists.flat_map(|own| [own.dependencies, own.dev_dependencies, own.build_dependencies]).flatten();
    // The workspace says what its name is.
    let asked = asked.filter(|(_, own)| own.get("workspace").is_none());
    let names =
        asked.map(|(key, own)| own.get("package").and_then(toml::Value::as_str).unwrap_or(&key).to_owned());
    let missing: BTreeSet<String> = names.filter(|name| !named.contains(name.as_str())).collect();
    missing.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::packages::npm;

    #[test]
    fn each_lock_file_of_javascript_names_what_its_project_asks_for() {
        let text = r#"{"dependencies": {"a": "^1", "@s/b": "^1", "own": "1"}, "devDependencies": {"c": "npm:d@1", "e": "workspace:*"}}"#;
        let package = npm("package.json", text.as_bytes()).unwrap();
        let npm_lock = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"a": "^1"}}, "node_modules/@s/b": {}, "node_modules/c": {}}}"#;
        let yarn = "# yarn lockfile v1\n\na@^1, a@^1.2:\n  version \"1\"\n\"@s/b@^1\":\n  version \"1\"\n\"c@npm:d@1\":\n  version \"1\"\n";
        let berry = "__metadata:\n  version: 8\n\n\"a@npm:^1\":\n  version: 1\n\"@s/b@npm:^1\":\n  version: 1\n\"c@npm:d@1\":\n  version: 1\n";
        let pnpm = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        version: 1\n      '@s/b':\n        version: 1\n    devDependencies:\n      c:\n        version: d@1\n";
        for (manager, lock) in
            [(Manager::Npm, npm_lock), (Manager::Yarn, yarn), (Manager::Yarn, berry), (Manager::Pnpm, pnpm)]
        {
            let own = BTreeSet::from(["own"]);
            assert_eq!(missing_of_npm(manager, lock, &package, &own), [""; 0], "{manager:?}");
            let without = lock.replace("@s/b", "@s/other");
            assert_eq!(missing_of_npm(manager, &without, &package, &own), ["@s/b"], "{manager:?}");
            assert_eq!(missing_of_npm(manager, "", &package, &own), [""; 0]);
        }
    }

    #[test]
    fn a_cargo_lock_names_what_its_package_asks_for() {
        let manifest = "[package]\nname = 'a'\n[dependencies]\nb = '1'\nc = { package = 'real', version = '1' }\nd.workspace = true\n\
            [target.'cfg(unix)'.dependencies]\nlibc = '0.2'\n";
        let lock = "version = 4\n[[package]]\nname = 'a'\n[[package]]\nname = 'b'\n[[package]]\nname = 'real'\n[[package]]\nname = 'libc'\n";
        assert_eq!(missing_of_cargo(lock, manifest), [""; 0]);
        assert_eq!(
            missing_of_cargo(&lock.replace("'b'", "'x'").replace("libc", "y"), manifest),
            ["b", "libc"]
        );
        assert_eq!(missing_of_cargo("[", manifest), [""; 0]);
    }
}
