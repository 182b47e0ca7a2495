//! Lock files without a package that a scanner would list: of a project without dependencies, with those of development alone, or with
//! packages that have no version which an advisory could be about.
//!
//! Trivy leaves out packages of development by itself (trivy.dev, "Coverage", "Language": `--include-dev-deps`), and says
//! nothing of a file without others. The same holds for what is taken from a git repository by Hex, Yarn, Swift (without a version or
//! branch); of the other package managers it names that, too (0.70: tried with a file of each).

mod forms;
mod lines;

use std::path::Path;

use crate::inputs::dev_lock::{is_for_development, pnpm};
use crate::inputs::empty_lock::forms::{Composer, Conan, Npm, Pipenv, Swift, Toml};
use crate::inputs::empty_lock::lines::{
    is_empty_bundler, is_empty_pip, is_empty_pnpm, is_no_hex_package, is_of_registry, is_whole_map, is_yarn,
    yarn_names,
};
use crate::inputs::files::{File, Files};
use crate::inputs::go_mod::GoMod;
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
            && beside("go.mod").is_some_and(|text| !GoMod::read(&text).requires_others());
        is_go_without || names_nothing(&bytes, manager) || is_for_development(&text, manager, beside)
    })
}

/// Whether an audit of a lock file of npm, Yarn or pnpm asks nobody: it names no package besides those of the kinds that are left out
/// (`dev`, `optional`, `peer`).
pub(super) fn installs_nothing(top: &Path, file: &File, manager: Manager, left_out: &[&str]) -> bool {
    whole(top, file).is_some_and(|bytes| asks_nobody(&bytes, manager, left_out))
}

fn asks_nobody(bytes: &[u8], manager: Manager, left_out: &[&str]) -> bool {
    let text = String::from_utf8_lossy(without_bom(bytes));
    match manager {
        Manager::Npm => {
            let lock: Result<Npm, _> = serde_json::from_slice(without_bom(bytes));
            lock.is_ok_and(|lock| lock.installs_nothing(left_out))
        }
        // Yarn 2 and later ask about what comes from a registry. Its lock file does not say what is for development.
        Manager::Yarn if text.contains("__metadata:") => {
            !text.lines().any(|line| line.trim_start().starts_with("resolution: ") && line.contains("@npm:"))
        }
        Manager::Yarn => is_yarn(&text) && text.lines().all(|line| yarn_names(line).next().is_none()),
        Manager::Pnpm => {
            names_nothing(bytes, manager)
                || pnpm::names_no_package(&text)
                || (left_out.contains(&"dev") && pnpm::is_for_development(&text))
        }
        _ => false,
    }
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
        Manager::Pipenv => serde_json::from_slice::<Pipenv>(bytes).is_ok_and(|lock| lock.is_empty()),
        Manager::Composer => {
            serde_json::from_slice::<Composer>(bytes).is_ok_and(|lock| lock.packages.is_empty())
        }
        Manager::Swift => serde_json::from_slice::<Swift>(bytes).is_ok_and(|lock| lock.is_empty()),
        Manager::Cargo | Manager::Uv | Manager::Poetry | Manager::Pdm => {
            toml::from_str::<Toml>(&text).is_ok_and(|lock| lock.is_empty(manager))
        }
        Manager::Yarn => is_yarn(&text) && is_all(|line| !yarn_names(line).any(is_of_registry)),
        // The forms that they write; any other is not understood.
        Manager::Pnpm => text.contains("lockfileVersion") && is_all(is_empty_pnpm),
        Manager::Bundler => is_empty_bundler(&text),
        Manager::Pub => text.contains("packages: {}\n"),
        Manager::Hex => is_whole_map(&text) && is_all(is_no_hex_package),
        Manager::Gradle => {
            text.lines().any(|line| line.starts_with("empty="))
                && is_all(|line| line.is_empty() || line.starts_with('#') || line.starts_with("empty="))
        }
        Manager::CocoaPods => {
            // Each of its lists has lines with an indent.
            text.contains("\nCOCOAPODS: ") && is_all(|line| !line.starts_with(' '))
        }
        Manager::Conan => serde_json::from_slice::<Conan>(bytes).is_ok_and(|lock| lock.is_empty()),
        Manager::Pip => is_empty_pip(&text),
        // They are written when there is a package.
        Manager::Bun | Manager::Maven | Manager::NuGet | Manager::Go | Manager::Conda => false,
    }
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
    fn an_audit_asks_nobody_where_a_registry_has_nothing() {
        let npm = |flags: &str| {
            format!(r#"{{"lockfileVersion": 3, "packages": {{"": {{}}, "node_modules/a": {{{flags}}}}}}}"#)
        };
        let pnpm = "lockfileVersion: '9.0'\n\nimporters:\n\n  a:\n    dependencies:\n      b:\n        specifier: workspace:*\n        version: link:../b\n\n  b: {}\n";
        let berry = |resolution: &str| format!("__metadata:\n\n\"a@x\":\n  resolution: \"{resolution}\"\n");
        for (manager, text, left_out, nobody) in [
            (Manager::Npm, npm(""), &["dev"][..], false),
            (Manager::Npm, npm("\"link\": true"), &[], true),
            (Manager::Npm, npm("\"dev\": true"), &[], false),
            (Manager::Npm, npm("\"dev\": true"), &["dev"], true),
            (Manager::Npm, npm("\"devOptional\": true"), &["dev"], false),
            (Manager::Npm, npm("\"devOptional\": true"), &["dev", "optional"], true),
            (Manager::Npm, npm("\"peer\": true"), &["peer"], true),
            (Manager::Pnpm, pnpm.to_owned(), &[], true),
            (Manager::Pnpm, format!("{pnpm}\npackages:\n\n  c@1.0.0: {{}}\n"), &[], false),
            (Manager::Pnpm, format!("{pnpm}\npackages: {{c@1.0.0: {{}}}}\n"), &[], false),
            (Manager::Yarn, berry("a@npm:1"), &[], false),
            (Manager::Yarn, berry("a@https://x/a.git#commit=0"), &[], true),
            // Yarn 1 asks about these, too.
            (Manager::Yarn, "# yarn lockfile v1\n\n\"b@git+https://x/b.git\":\n".to_owned(), &[], false),
        ] {
            assert_eq!(asks_nobody(text.as_bytes(), manager, left_out), nobody, "{left_out:?} {text}");
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
            (Manager::Bundler, "PLATFORMS\n  ruby\n\nDEPENDENCIES\n\nBUNDLED WITH\n   2.5\n", true),
            // What is left of one that lost its beginning.
            (Manager::Bundler, "PLATFORMS\n  ruby\n\nDEPENDENCIES\n  rack\n\nBUNDLED WITH\n   2.5\n", false),
            (Manager::CocoaPods, "SPEC CHECKSUMS:\n  A: 0\n\nCOCOAPODS: 1.15.2\n", false),
            // Its ends of lines are those of old Macs.
            (Manager::Yarn, "# yarn lockfile v1\r\ra@^1.0.0:\r  version \"1.0.0\"\r", false),
            (
                Manager::Poetry,
                "[[package]]\nname = \"a\"\n[package.source]\ntype = \"directory\"\nurl = \"a\"\n[metadata]\nlock-version = \"2.1\"\n",
                true,
            ),
            (
                Manager::Poetry,
                "[[package]]\nname = \"a\"\n[package.source]\ntype = \"file\"\nurl = \"a.whl\"\n[metadata]\nlock-version = \"2.1\"\n",
                false,
            ),
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
            (
                Manager::Conan,
                r#"{"graph_lock": {"nodes": {"0": {"path": "conanfile.txt"}}}, "version": "0.4"}"#,
                true,
            ),
            (Manager::Conan, r#"{"graph_lock": {"nodes": {"1": {"ref": "a/1"}}}, "version": "0.4"}"#, false),
            (Manager::Swift, r#"{"object": {"pins": []}, "version": 1}"#, true),
            (Manager::Swift, r#"{"pins": [], "version": 2}"#, true),
            (Manager::Swift, r#"{"object": {"pins": [{"state": {"version": "1"}}]}, "version": 1}"#, false),
            (Manager::Swift, r#"{"pins": [{"state": {"revision": "x"}}], "version": 2}"#, true),
            (
                Manager::Swift,
                r#"{"pins": [{"state": {"branch": "main", "revision": "x"}}], "version": 2}"#,
                false,
            ),
            (Manager::Swift, r#"{"version": 2}"#, false),
            (Manager::Hex, "%{}\n", true),
            (Manager::Hex, "%{\n  \"b\": {:git, \"https://x/b.git\", \"0\", []},\n}\n", true),
            (Manager::Hex, "%{\n  \"b\": {:git, \"https://x/b.git\", \"0\", []},\n", false),
            (Manager::Hex, "%{\n  \"a\": {:hex, :a, \"1\"},\n  \"b\": {:git, \"x\"},\n}\n", false),
            (Manager::Hex, "", false),
            (Manager::Pip, "b @ git+https://x/b.git@0 # ==\n", false),
            (Manager::Pip, "a==1\nb @ git+https://x/b.git@0\n", false),
            (Manager::Pip, "lock-version = \"1.0\"\npackages = []\n", true),
            (Manager::Pip, "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\n", false),
            (Manager::Pip, "", false),
            (Manager::Yarn, "# yarn lockfile v1\n\n\"b@git+https://x/b.git\":\n  version \"1\"\n", true),
            (Manager::Yarn, "# yarn lockfile v1\n\n\"@a/b@^1\", \"b@npm:c@1\":\n  version \"1\"\n", false),
            (
                Manager::Yarn,
                "__metadata:\n\n\"b@link:../b::locator=a%40workspace%3A.\":\n  version: 0\n",
                true,
            ),
            (Manager::Pdm, "[metadata]\nlock_version = \"4.5.0\"\n", true),
            (Manager::Pdm, "[metadata]\nlock_version = \"4.5.0\"\n[[package]]\nname = \"a\"\n", false),
            (Manager::Uv, "version = 1\n[[package]]\nname = \"a\"\nsource = { directory = \"a\" }\n", true),
        ] {
            assert_eq!(names_nothing(text.as_bytes(), manager), empty, "{manager:?} {text}");
        }
    }
}
