//! Lock files without a package that a scanner would list: of a project without dependencies, or with those of development alone.
//!
//! Trivy leaves out packages of development by itself (trivy.dev, "Coverage", "Language": `--include-dev-deps`), and says
//! nothing of a file without others.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::inputs::dev_lock::is_for_development;
use crate::inputs::files::{File, Files};
use crate::inputs::go_mod::go_requires;
use crate::inputs::open::{self, Amount};
use crate::model::input::PackageManager as Manager;
use crate::text::bom::without_bom;

/// A longer lock file is not read: it names packages.
const LONGEST: u64 = 16 << 20;

/// Whether a lock file has no such package. One that can't be read has: it is a gap.
pub(super) fn is_empty(top: &Path, file: &File, manager: Manager, files: &Files) -> bool {
    let beside = |name: &str| {
        let folder = file.folder();
        let path = if folder == "." { name.to_owned() } else { format!("{folder}/{name}") };
        Some(String::from_utf8_lossy(&whole(top, &files.get(&path)?)?).into_owned())
    };
    whole(top, file).is_some_and(|bytes| {
        let text = String::from_utf8_lossy(without_bom(&bytes));
        // A module that requires none has an empty `go.sum`, if it has one.
        let is_go_without = manager == Manager::Go
            && text.trim().is_empty()
            && beside("go.mod").is_some_and(|text| !go_requires(&text));
        is_go_without || names_nothing(&bytes, manager) || is_for_development(&text, manager, beside)
    })
}

/// Whether a lock file of npm, Yarn or pnpm names no package at all: an audit of it asks nobody.
pub(super) fn installs_nothing(top: &Path, file: &File, manager: Manager) -> bool {
    whole(top, file).is_some_and(|bytes| match manager {
        Manager::Npm => {
            let lock: Result<Npm, _> = serde_json::from_slice(without_bom(&bytes));
            lock.is_ok_and(|lock| lock.installs_nothing())
        }
        Manager::Yarn | Manager::Pnpm => names_nothing(&bytes, manager),
        _ => false,
    })
}

fn whole(top: &Path, file: &File) -> Option<Vec<u8>> {
    match open::read(top, file, Amount::Whole(LONGEST)) {
        Ok((bytes, None)) => Some(bytes),
        Ok((_, Some(_))) | Err(_) => None,
    }
}

fn names_nothing(bytes: &[u8], manager: Manager) -> bool {
    let bytes = without_bom(bytes);
    let text = String::from_utf8_lossy(bytes);
    let is_all = |is: fn(&str) -> bool| text.lines().all(is);
    match manager {
        Manager::Npm => serde_json::from_slice::<Npm>(bytes).is_ok_and(|lock| lock.is_empty()),
        Manager::Pipenv => serde_json::from_slice::<Pipenv>(bytes).is_ok_and(|lock| lock.default.is_empty()),
        Manager::Composer => {
            serde_json::from_slice::<Composer>(bytes).is_ok_and(|lock| lock.packages.is_empty())
        }
        Manager::Swift => serde_json::from_slice::<Swift>(bytes).is_ok_and(|lock| lock.pins.is_empty()),
        Manager::Cargo | Manager::Uv | Manager::Poetry | Manager::Pdm => {
            toml::from_str::<Toml>(&text).is_ok_and(|lock| lock.is_empty(manager))
        }
        Manager::Yarn => is_yarn(&text) && is_all(|line| !is_yarn_package(line)),
        // The forms that they write; any other is not understood.
        Manager::Pnpm => text.contains("lockfileVersion") && is_all(is_empty_pnpm),
        Manager::Bundler => text.contains("\nDEPENDENCIES\n") && is_all(|line| !line.starts_with("    ")),
        Manager::Pub => text.contains("packages: {}\n"),
        Manager::Hex => text.split_whitespace().eq(["%{", "}"]),
        Manager::Gradle => {
            text.lines().any(|line| line.starts_with("empty="))
                && is_all(|line| line.is_empty() || line.starts_with('#') || line.starts_with("empty="))
        }
        Manager::CocoaPods => {
            text.contains("\nCOCOAPODS: ") && is_all(|line| !["PODS:", "DEPENDENCIES:"].contains(&line))
        }
        Manager::Conan => serde_json::from_slice::<Conan>(bytes).is_ok_and(|lock| lock.requires.is_empty()),
        // They are written when there is a package.
        Manager::Bun | Manager::Pip | Manager::Maven | Manager::NuGet | Manager::Go | Manager::Conda => false,
    }
}

/// A line of `pnpm-lock.yaml` in which no package can be: `importers:`, `  .: {}`.
fn is_empty_pnpm(line: &str) -> bool {
    let line = line.trim();
    line.is_empty()
        || ["---", "importers:", ".: {}", "settings:"].contains(&line)
        || ["lockfileVersion: ", "autoInstallPeers: ", "excludeLinksFromLockfile: "].iter().any(|key| {
            line.strip_prefix(key).is_some_and(|value| {
                value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"'.".contains(&byte))
            })
        })
}

/// The lock files of Cargo, uv, Poetry and PDM.
#[derive(Deserialize)]
struct Toml {
    #[serde(default)]
    package: Vec<TomlPackage>,
    version: Option<IgnoredAny>,
    metadata: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct TomlPackage {
    source: Option<toml::Value>,
}

impl Toml {
    fn is_empty(&self, manager: Manager) -> bool {
        let is_own = |package: &TomlPackage| match &package.source {
            None => manager == Manager::Cargo,
            Some(toml::Value::Table(source)) => {
                ["virtual", "editable", "directory"].iter().any(|key| source.contains_key(*key))
            }
            Some(_) => false,
        };
        (self.version.is_some() || self.metadata.is_some()) && self.package.iter().all(is_own)
    }
}

#[derive(Deserialize)]
struct Npm {
    #[serde(default)]
    packages: BTreeMap<String, NpmPackage>,
    /// Version 1.
    #[serde(default)]
    dependencies: BTreeMap<String, NpmPackage>,
    #[serde(rename = "lockfileVersion")]
    _version: u64,
}

#[derive(Deserialize)]
struct NpmPackage {
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    link: bool,
    /// Version 1 nests packages.
    #[serde(default)]
    dependencies: BTreeMap<String, IgnoredAny>,
}

impl Npm {
    fn installs_nothing(&self) -> bool {
        let of = |(path, package): (&String, &NpmPackage)| path.contains("node_modules/") && !package.link;
        self.dependencies.is_empty() && !self.packages.iter().any(of)
    }

    fn is_empty(&self) -> bool {
        let installed = self.packages.iter().filter(|(path, _)| path.contains("node_modules/"));
        let nests = self.dependencies.values().any(|package| !package.dependencies.is_empty());
        !nests
            && installed
                .map(|(_, package)| package)
                .chain(self.dependencies.values())
                .all(|one| one.dev || one.link)
    }
}

#[derive(Deserialize)]
struct Pipenv {
    default: BTreeMap<String, IgnoredAny>,
}

#[derive(Deserialize)]
struct Composer {
    packages: Vec<IgnoredAny>,
}

/// Since Conan 2. What is needed to build alone is not shipped.
#[derive(Deserialize)]
struct Conan {
    #[serde(rename = "version")]
    _version: IgnoredAny,
    requires: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Swift {
    pins: Vec<IgnoredAny>,
}

fn is_yarn(text: &str) -> bool {
    text.contains("# yarn lockfile v1") || text.contains("__metadata:")
}

/// `lodash@^4.17.0:`, and not a workspace, which is the project itself.
fn is_yarn_package(line: &str) -> bool {
    let is_own = line.contains("@workspace:") && !line.contains("@npm:");
    line.ends_with(':') && line.contains('@') && !line.starts_with([' ', '#']) && !is_own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_go_sum_is_that_of_a_module_that_requires_none() {
        let folder = tempfile::tempdir().unwrap();
        let requires = "module a\nrequire b v1\n";
        for (module, sum, empty) in [
            (Some("module a\ntool a/cmd\n"), "", true),
            (Some(requires), "", false),
            (Some("module a\n"), "b v1 h1:x=\n", false),
            (None, "", false),
        ] {
            let _ = std::fs::remove_file(folder.path().join("go.mod"));
            for (name, text) in [("go.sum", Some(sum)), ("go.mod", module)] {
                text.iter().for_each(|text| std::fs::write(folder.path().join(name), text).unwrap());
            }
            let inputs = crate::inputs::Inputs::outside_git(folder.path());
            let kind = crate::model::input::InputKind::Lock(Manager::Go);
            assert_eq!(inputs.is_empty_lock(folder.path(), "go.sum", kind), empty, "{module:?} {sum}");
        }
    }

    #[test]
    fn a_lock_file_is_empty_if_no_package_of_production_is_in_it() {
        for (manager, text, empty) in [
            (Manager::Npm, r#"{"lockfileVersion": 3, "packages": {"": {"name": "a"}}}"#, true),
            (
                Manager::Npm,
                r#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {"dev": true}}}"#,
                true,
            ),
            (Manager::Npm, r#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {}}}"#, false),
            (Manager::Npm, r#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "1"}}}"#, false),
            (Manager::Npm, r#"{"lockfileVersion": 3, "packages": {"#, false),
            (Manager::Npm, "{}", false),
            (Manager::Yarn, "# yarn lockfile v1\n\n\n", true),
            (Manager::Yarn, "# yarn lockfile v1\n\na@^1.0.0:\n  version \"1.0.0\"\n", false),
            (Manager::Yarn, "__metadata:\n  version: 8\n\n\"a@workspace:.\":\n  version: 0.0.0\n", true),
            (Manager::Yarn, "", false),
            (Manager::Cargo, "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n", true),
            (
                Manager::Cargo,
                "[[package]]\nname = \"a\"\nversion = \"0.1.0\"\nsource = \"registry+x\"\n",
                false,
            ),
            (Manager::Uv, "version = 1\n[[package]]\nname = \"a\"\nsource = { virtual = \".\" }\n", true),
            (Manager::Uv, "version = 1\n[[package]]\nname = \"a\"\nsource = { registry = \"x\" }\n", false),
            (Manager::Composer, r#"{"packages": [], "packages-dev": [{}]}"#, true),
            (Manager::Composer, r#"{"packages": [{}]}"#, false),
            (Manager::Pipenv, r#"{"default": {}, "develop": {"a": {}}}"#, true),
            (Manager::Pnpm, "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n", true),
            (Manager::Pnpm, "lockfileVersion: '9.0'\n\npackages:\n\n  a@1.0.0:\n", false),
            (Manager::Bundler, "GEM\n  specs:\n\nDEPENDENCIES\n", true),
            (Manager::Bundler, "GEM\n  specs:\n    rack (3.0)\n\nDEPENDENCIES\n  rack\n", false),
            (Manager::Go, "", false),
            (Manager::Gradle, "# comment\nempty=annotationProcessor\n", true),
            (Manager::Gradle, "a:b:1.0=compileClasspath\nempty=\n", false),
            (Manager::Gradle, "<html>\n", false),
            (
                Manager::Cargo,
                "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\n",
                false,
            ),
            (Manager::Pnpm, "lockfileVersion: '9.0'\nimporters: [\n", false),
            (Manager::Pnpm, "lockfileVersion: '9.0'\npackages: {a@1.0.0: {}}\n", false),
            (Manager::Pnpm, "lockfileVersion: '9.0'\n'packages':\n  a@1.0.0: {}\n", false),
            (
                Manager::Npm,
                r#"{"lockfileVersion": 1, "dependencies": {"a": {"dev": true, "dependencies": {"b": {}}}}}"#,
                false,
            ),
            (Manager::Yarn, "__metadata:\n\n\"a@npm:^4, a@workspace:x\":\n  version: 4\n", false),
            (Manager::Poetry, "[metadata]\nlock-version = \"2.0\"\n", true),
            (Manager::Poetry, "[[package]]\nname = \"a\"\n[metadata]\nlock-version = \"2.0\"\n", false),
            (Manager::Pub, "packages: {}\nsdks:\n  dart: x\n", true),
            (Manager::Bun, "", false),
            (Manager::CocoaPods, "PODFILE CHECKSUM: x\n\nCOCOAPODS: 1.15.2\n", true),
            (Manager::CocoaPods, "PODS:\n  - A (1.0)\n\nPODFILE CHECKSUM: x\n\nCOCOAPODS: 1.15.2\n", false),
            (Manager::CocoaPods, "", false),
            (
                Manager::Conan,
                r#"{"version": "0.5", "requires": [], "build_requires": ["cmake/3.27.0"]}"#,
                true,
            ),
            (Manager::Conan, r#"{"version": "0.5", "requires": ["zlib/1.2"]}"#, false),
            (Manager::Conan, r#"{"graph_lock": {"nodes": {}}, "version": "0.4"}"#, false),
            (Manager::Pdm, "[metadata]\nlock_version = \"4.5.0\"\n", true),
            (Manager::Pdm, "[metadata]\nlock_version = \"4.5.0\"\n[[package]]\nname = \"a\"\n", false),
            (Manager::Uv, "version = 1\n[[package]]\nname = \"a\"\nsource = { directory = \"a\" }\n", true),
        ] {
            assert_eq!(names_nothing(text.as_bytes(), manager), empty, "{manager:?} {text}");
        }
    }
}
