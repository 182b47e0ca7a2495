//! Lock files in which every package is for development alone: a scanner of what is shipped does not name them.
//!
//! Tried with Trivy 0.70, with a file of each manager: it passes over such files of pnpm, Bun, Poetry and Gradle, and over one of NuGet that
//! has only projects. It names those of uv, Cargo, Yarn and Pub.

pub(super) mod pnpm;

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::inputs::lock_packages::is_of_development;
use crate::inputs::python_names::of_pyproject;
use crate::model::input::PackageManager as Manager;
use crate::text::jsonc::plain_json;

/// Whether all packages are for development. `beside` gives the text of a file of the same folder.
pub(super) fn is_for_development(
    text: &str,
    manager: Manager,
    beside: impl Fn(&str) -> Option<String>,
) -> bool {
    match manager {
        Manager::Pnpm => pnpm::is_for_development(text),
        Manager::Bun => of_bun(text),
        Manager::Poetry => of_poetry(text, beside),
        Manager::Gradle => of_gradle(text),
        Manager::NuGet if text.trim_start().starts_with('<') => of_packages_config(text),
        Manager::NuGet => of_nuget(text),
        _ => false,
    }
}

fn of_bun(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(rename = "lockfileVersion")]
        _version: u64,
        workspaces: BTreeMap<String, Workspace>,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Workspace {
        dependencies: BTreeMap<String, String>,
        optional_dependencies: BTreeMap<String, String>,
        peer_dependencies: BTreeMap<String, String>,
    }
    // A project of the same workspace is no package of others.
    let ships = |one: &Workspace| {
        let lists = [&one.dependencies, &one.optional_dependencies, &one.peer_dependencies];
        lists.into_iter().flat_map(BTreeMap::values).any(|version| !version.starts_with("workspace:"))
    };
    let lock: Result<Lock, _> = serde_json::from_str(&plain_json(text));
    lock.is_ok_and(|lock| !lock.workspaces.is_empty() && !lock.workspaces.values().any(ships))
}

/// Poetry 2.1 writes the groups of each package, Poetry before 1.5 its category. In between, only pyproject.toml has the groups.
fn of_poetry(text: &str, beside: impl Fn(&str) -> Option<String>) -> bool {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
        #[serde(rename = "metadata")]
        _metadata: IgnoredAny,
    }
    #[derive(Deserialize)]
    struct Package {
        category: Option<String>,
        groups: Option<Vec<String>>,
    }
    let Ok(lock) = toml::from_str::<Lock>(text) else { return false };
    let says = |package: &Package| match (&package.groups, &package.category) {
        (Some(groups), _) => Some(groups.iter().all(|group| is_of_development(group))),
        (None, Some(category)) => Some(category == "dev"),
        (None, None) => None,
    };
    let said: Option<Vec<bool>> = lock.package.iter().map(says).collect();
    match said {
        Some(said) => said.into_iter().all(|develops| develops),
        None => beside("pyproject.toml").is_some_and(|text| ships_nothing(&text)),
    }
}

/// Whether a project of Poetry asks for Python alone, besides groups of development.
fn ships_nothing(text: &str) -> bool {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Manifest {
        tool: BTreeMap<String, IgnoredAny>,
    }
    let manifest: Result<Manifest, _> = toml::from_str(text);
    manifest.is_ok_and(|manifest| manifest.tool.contains_key("poetry"))
        && of_pyproject(text).is_some_and(|names| names.is_empty())
}

/// `junit:junit:4.12=testCompileClasspath,testRuntimeClasspath`.
fn of_gradle(text: &str) -> bool {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut packages = lines.filter(|line| !line.starts_with("empty=")).peekable();
    packages.peek().is_some()
        && packages.all(|line| {
            let configurations = line.split_once('=').map(|(_, names)| names);
            configurations.is_some_and(|names| names.split(',').all(|name| name.starts_with("test")))
        })
}

/// A project of the same solution is no package.
fn of_nuget(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(rename = "version")]
        _version: u64,
        dependencies: BTreeMap<String, BTreeMap<String, Package>>,
    }
    #[derive(Deserialize)]
    struct Package {
        #[serde(rename = "type")]
        kind: String,
    }
    let lock: Result<Lock, _> = serde_json::from_str(text);
    lock.is_ok_and(|lock| {
        lock.dependencies.values().flat_map(BTreeMap::values).all(|package| package.kind == "Project")
    })
}

/// `packages.config`: each `<package id=… version=… />` may have `developmentDependency="true"` (NuGet, "packages.config reference").
fn of_packages_config(text: &str) -> bool {
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut depth, mut is_closed) = (0_u32, false);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) if depth == 0 && tag.name().as_ref() == "packages" => depth = 1,
            Ok(Event::Empty(tag)) if depth == 0 => return tag.name().as_ref() == "packages",
            Ok(Event::Start(tag)) if depth == 1 => {
                if !is_marked(&tag) {
                    return false;
                }
                depth = 2;
            }
            Ok(Event::Empty(tag)) if depth == 1 && is_marked(&tag) => {}
            Ok(Event::End(_)) if depth > 0 => {
                depth -= 1;
                is_closed |= depth == 0;
            }
            Ok(Event::Start(_) | Event::Empty(_) | Event::End(_)) | Err(_) => return false,
            Ok(Event::Eof) => return is_closed,
            Ok(_) => {}
        }
    }
}

fn is_marked(tag: &BytesStart) -> bool {
    let mark = tag.try_get_attribute("developmentDependency").ok().flatten();
    mark.is_some_and(|mark| mark.value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_dev(manager: Manager, text: &str) -> bool {
        is_for_development(text, manager, |_| None)
    }

    #[test]
    fn bun_lists_what_it_is_for() {
        let text = r#"{"lockfileVersion": 1, "workspaces": {"": {"LIST": {"a": "1",},},}, "packages": {},}"#;
        for (list, dev) in [("devDependencies", true), ("dependencies", false), ("peerDependencies", false)] {
            assert_eq!(is_dev(Manager::Bun, &text.replace("LIST", list)), dev, "{list}");
        }
        let linked = text.replace("LIST", "dependencies").replace("\"1\"", "\"workspace:*\"");
        assert!(is_dev(Manager::Bun, &linked));
        for other in [
            "",
            "{}",
            r#"{"lockfileVersion": 1, "workspaces": {}}"#,
            r#"{"lockfileVersion": 1, "workspaces": {"#,
        ] {
            assert!(!is_dev(Manager::Bun, other), "{other}");
        }
    }

    #[test]
    fn poetry_says_it_in_three_ways() {
        let lock =
            |field: &str| format!("[[package]]\nname = \"a\"\n{field}\n[metadata]\nlock-version = \"2.0\"\n");
        for (field, dev) in [
            ("groups = [\"dev\"]", true),
            ("groups = [\"dev\", \"main\"]", false),
            ("category = \"dev\"", true),
            ("category = \"main\"", false),
            ("optional = false", false),
        ] {
            assert_eq!(is_dev(Manager::Poetry, &lock(field)), dev, "{field}");
        }
        let with = |manifest: &str| {
            is_for_development(&lock(""), Manager::Poetry, |name| {
                (name == "pyproject.toml").then(|| manifest.to_owned())
            })
        };
        let dev = "[tool.poetry.dependencies]\npython = \"^3.11\"\n[tool.poetry.group.dev.dependencies]\na = \"1\"\n";
        assert!(with(dev));
        assert!(with(&dev.replace("group.dev", "group.docs")));
        for other in [
            "[tool.poetry.dependencies]\na = \"1\"\n",
            "[project]\ndependencies = [\"a\"]\n[tool.poetry]\n",
            "[project]\n",
            "not TOML",
        ] {
            assert!(!with(other), "{other}");
        }
    }

    #[test]
    fn gradle_and_nuget_name_configurations_and_types() {
        for (manager, text, dev) in [
            (Manager::Gradle, "# x\na:b:1=testCompileClasspath,testRuntimeClasspath\nempty=a\n", true),
            (Manager::Gradle, "a:b:1=testCompileClasspath,runtimeClasspath\n", false),
            // As Gradle before 7 calls its configurations.
            (Manager::Gradle, "a:b:1=testCompile,testRuntime\n", true),
            (Manager::Gradle, "a:b:1=compile\n", false),
            (Manager::Gradle, "a:b:1=testCompile,runtime\n", false),
            (Manager::Gradle, "a:b:1=androidTestCompile\n", false),
            (Manager::Gradle, "a:b:1\n", false),
            (Manager::Gradle, "empty=a\n", false),
            (Manager::NuGet, r#"{"version":1,"dependencies":{"net8.0":{"a":{"type":"Project"}}}}"#, true),
            (Manager::NuGet, r#"{"version":1,"dependencies":{"net8.0":{}}}"#, true),
            (Manager::NuGet, r#"{"version":1,"dependencies":{"net8.0":{"a":{"type":"Direct"}}}}"#, false),
            (Manager::NuGet, r#"{"dependencies":{}}"#, false),
            (Manager::NuGet, "<packages/>", true),
            (Manager::NuGet, "<packages><package id='a' developmentDependency='true' /></packages>", true),
            (
                Manager::NuGet,
                "<packages><package id='a' developmentDependency='true'></package></packages>",
                true,
            ),
            (Manager::NuGet, "<packages><package id='a' developmentDependency='true' />", false),
            (Manager::NuGet, "<packages><package id='a' /></packages>", false),
            (Manager::NuGet, "<packages><package id='a' developmentDependency='false' /></packages>", false),
            (Manager::NuGet, "<html/>", false),
            (Manager::NuGet, "<packages", false),
            (Manager::Cargo, "", false),
        ] {
            assert_eq!(is_dev(manager, text), dev, "{manager:?} {text}");
        }
    }
}
