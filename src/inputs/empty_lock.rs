//! Lock files without a package that a scanner would list: of a project without dependencies, or with those of development alone.
//!
//! Trivy leaves out packages of development by itself (trivy.dev, "Coverage", "Language": `--include-dev-deps`), and says
//! nothing of a file without others.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::inputs::files::File;
use crate::inputs::open::{self, Amount};
use crate::model::input::PackageManager as Manager;
use crate::text::bom::without_bom;

/// A longer lock file names packages.
const LONGEST: u64 = 1 << 20;

/// Whether a lock file has no such package. One that can't be read has: it is a gap.
pub(super) fn is_empty(top: &Path, file: &File, manager: Manager) -> bool {
    match open::read(top, file, Amount::Whole(LONGEST)) {
        Ok((bytes, None)) => names_nothing(&bytes, manager),
        Ok((_, Some(_))) | Err(_) => false,
    }
}

fn names_nothing(bytes: &[u8], manager: Manager) -> bool {
    let bytes = without_bom(bytes);
    let text = String::from_utf8_lossy(bytes);
    let has_line = |is: fn(&str) -> bool| text.lines().any(is);
    match manager {
        Manager::Npm => serde_json::from_slice::<Npm>(bytes).is_ok_and(|lock| lock.is_empty()),
        Manager::Pipenv => serde_json::from_slice::<Pipenv>(bytes).is_ok_and(|lock| lock.default.is_empty()),
        Manager::Composer => {
            serde_json::from_slice::<Composer>(bytes).is_ok_and(|lock| lock.packages.is_empty())
        }
        Manager::Swift => serde_json::from_slice::<Swift>(bytes).is_ok_and(|lock| lock.pins.is_empty()),
        Manager::Yarn => is_yarn(&text) && !has_line(is_yarn_package),
        Manager::Cargo | Manager::Uv => {
            text.contains("version = ")
                && !has_line(|line| {
                    line.starts_with("source = ") && !line.contains("editable") && !line.contains("virtual")
                })
        }
        Manager::Poetry => text.contains("[metadata]") && !text.contains("[[package]]"),
        Manager::Go => !has_line(|line| line.contains(" h1:")),
        Manager::Pnpm => text.contains("lockfileVersion") && !has_line(|line| line == "packages:"),
        Manager::Bundler => text.contains("DEPENDENCIES") && !has_line(|line| line.starts_with("    ")),
        Manager::Pub => {
            text.contains("sdks:")
                && !has_line(|line| line.starts_with("  ") && line.trim_end().ends_with(':'))
        }
        Manager::Gradle => !has_line(|line| line.contains(':') && !line.starts_with('#')),
        // They are written when there is a package.
        Manager::Bun | Manager::Pip | Manager::Maven | Manager::NuGet => false,
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
}

impl Npm {
    fn is_empty(&self) -> bool {
        let installed = self.packages.iter().filter(|(path, _)| path.contains("node_modules/"));
        installed.map(|(_, package)| package).chain(self.dependencies.values()).all(|one| one.dev || one.link)
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

#[derive(Deserialize)]
struct Swift {
    pins: Vec<IgnoredAny>,
}

fn is_yarn(text: &str) -> bool {
    text.contains("# yarn lockfile v1") || text.contains("__metadata:")
}

/// `lodash@^4.17.0:`, and not a workspace, which is the project itself.
fn is_yarn_package(line: &str) -> bool {
    line.ends_with(':')
        && line.contains('@')
        && !line.starts_with([' ', '#'])
        && !line.contains("@workspace:")
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (Manager::Go, "", true),
            (Manager::Go, "a v1.0.0 h1:x=\n", false),
            (Manager::Gradle, "# comment\nempty=annotationProcessor\n", true),
            (Manager::Gradle, "a:b:1.0=compileClasspath\nempty=\n", false),
            (Manager::Bun, "", false),
        ] {
            assert_eq!(names_nothing(text.as_bytes(), manager), empty, "{manager:?} {text}");
        }
    }
}
