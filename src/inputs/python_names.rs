//! The packages of production that a manifest of Python asks for by name, as PyPI compares them (PEP 503).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::inputs::lock_packages::{is_of_development, names_of_requirements, python_name};

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct Manifest {
    pub(super) project: Project,
    dependency_groups: BTreeMap<String, Vec<toml::Value>>,
    pub(super) tool: Tools,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct Project {
    pub(super) dependencies: Vec<toml::Value>,
    pub(super) optional_dependencies: BTreeMap<String, Vec<toml::Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Tools {
    pub(super) poetry: Poetry,
    uv: Uv,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Poetry {
    pub(super) dependencies: BTreeMap<String, toml::Value>,
    pub(super) group: BTreeMap<String, Group>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Group {
    pub(super) dependencies: BTreeMap<String, toml::Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Uv {
    sources: BTreeMap<String, toml::Value>,
}

/// What a `pyproject.toml` asks for: its own dependencies and extras, and groups that are none of development. `None`: it can't
/// be parsed.
pub(super) fn of_pyproject(text: &str) -> Option<BTreeSet<String>> {
    let manifest: Manifest = toml::from_str(text).ok()?;
    let own = manifest.own();
    let ships = |name: &str| !is_of_development(name);
    let lines: Vec<&str> = manifest.lines(ships).collect();
    let of_lines = names_of_requirements(&lines.join("\n")).into_iter();
    let of_tables = manifest.tables(ships).map(|(name, _)| python_name(name));
    Some(of_lines.chain(of_tables).filter(|name| !own.contains(name)).collect())
}

/// Whether a `pyproject.toml` asks for packages of others, if only for development. `None`: it can't be parsed.
pub(super) fn asks_for_others(text: &str) -> Option<bool> {
    let manifest: Manifest = toml::from_str(text).ok()?;
    let own = manifest.own();
    let of_groups = manifest.dependency_groups.values().flatten().filter_map(toml::Value::as_str);
    let name = |line: &str| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let line = line.trim();
        python_name(&line[..line.find(|c| !is_part(c)).unwrap_or(line.len())])
    };
    let of_tables = manifest.tables(|_| true).map(|(name, _)| python_name(name));
    let mut all = manifest.lines(|_| true).chain(of_groups).map(name).chain(of_tables);
    Some(all.any(|name| !own.contains(&name)))
}

impl Manifest {
    /// What lies in the repository: it is no package of others, whichever list names it.
    fn own(&self) -> BTreeSet<String> {
        let places =
            self.tables(|_| true).chain(self.tool.uv.sources.iter().map(|(name, at)| (name.as_str(), at)));
        places.filter(|(_, place)| is_in_repository(place)).map(|(name, _)| python_name(name)).collect()
    }

    /// The requirements of the project, and of those of its extras that are wanted.
    fn lines(&self, is_wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        let extras = self.project.optional_dependencies.iter().filter(move |(name, _)| is_wanted(name));
        let lines = self.project.dependencies.iter().chain(extras.flat_map(|(_, lines)| lines));
        lines.filter_map(toml::Value::as_str)
    }

    /// The same of Poetry, by name.
    fn tables(&self, is_wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = (&str, &toml::Value)> {
        let Poetry { dependencies, group } = &self.tool.poetry;
        let groups = group.iter().filter(move |(name, _)| is_wanted(name));
        let tables = std::iter::once(dependencies).chain(groups.map(|(_, group)| &group.dependencies));
        tables.flatten().map(|(name, own)| (name.as_str(), own)).filter(|(name, _)| *name != "python")
    }
}

/// `{ path = "../lib" }`, `{ workspace = true }`. There may be several, for different systems.
fn is_in_repository(place: &toml::Value) -> bool {
    let is_true = |key: &str| place.get(key).and_then(toml::Value::as_bool) == Some(true);
    match place {
        toml::Value::Array(places) => !places.is_empty() && places.iter().all(is_in_repository),
        _ => place.get("path").is_some() || is_true("workspace"),
    }
}

#[cfg(test)]
mod tests {
    use super::{asks_for_others, of_pyproject};

    #[test]
    fn what_is_shipped_is_asked_for() {
        let text = "[project]\ndependencies = ['Flask>=3 ; a', 'b_c[x]==1']\n[project.optional-dependencies]\ns3 = ['boto']\ndev = ['pytest']\n\
            [tool.poetry.dependencies]\npython = '3'\nsix = '*'\nown = { path = '.' }\n[tool.poetry.group.worker.dependencies]\ncelery = '*'\n\
            [tool.poetry.group.dev.dependencies]\nblack = '*'\n";
        assert_eq!(
            of_pyproject(text).unwrap().into_iter().collect::<Vec<_>>(),
            ["b-c", "boto", "celery", "flask", "six"]
        );
        assert_eq!(of_pyproject("[project"), None);
    }

    /// uv, "Dependency sources"; Poetry, "Dependency specification" and "The pyproject.toml file".
    #[test]
    fn what_lies_in_the_repository_is_no_package_of_others() {
        for (text, names) in [
            (
                "[project]\ndependencies = ['lib-a', 'lib_b>=1', 'six', 'forked']\n[tool.uv.sources]\nlib_a = { workspace = true }\n\
                 lib-b = { path = '../b', editable = true }\nforked = { git = 'https://x.test/f' }\n",
                &["forked", "six"][..],
            ),
            (
                "[project]\ndependencies = ['a', 'b']\n[tool.uv.sources]\na = [{ path = 'x', marker = 'm' }, { workspace = true }]\n\
                 b = [{ path = 'x', marker = 'm' }, { index = 'i' }]\n",
                &["b"],
            ),
            ("[project]\ndependencies = ['a']\n[tool.uv.sources]\na = { workspace = false }\n", &["a"]),
            (
                "[project]\ndependencies = ['lib', 'six']\n[tool.poetry.dependencies]\nlib = { path = '../lib', develop = true }\n",
                &["six"],
            ),
            (
                "[tool.poetry.group.worker.dependencies]\nlib = { path = 'lib' }\ncelery = '*'\nboth = [{ path = 'a' }, { path = 'b' }]\n",
                &["celery"],
            ),
        ] {
            assert_eq!(of_pyproject(text).unwrap().into_iter().collect::<Vec<_>>(), names, "{text}");
            assert_eq!(asks_for_others(text), Some(true), "{text}");
        }
    }

    #[test]
    fn a_project_that_asks_only_for_its_repository_asks_for_no_other() {
        for (text, asks) in [
            ("[project]\ndependencies = ['lib']\n[tool.uv.sources]\nlib = { workspace = true }\n", false),
            (
                "[project]\ndependencies = ['Lib_A[x]>=1 ; m']\n[tool.uv.sources]\nlib-a = { path = '../a' }\n",
                false,
            ),
            (
                "[dependency-groups]\ndev = ['lib', { include-group = 'lint' }]\nlint = []\n[tool.uv.sources]\nlib = { workspace = true }\n",
                false,
            ),
            ("[dependency-groups]\ndev = ['pytest']\n", true),
            ("[project]\ndependencies = ['a @ git+https://x.test/a']\n", true),
            ("[tool.poetry.group.dev.dependencies]\nlib = { path = '../lib' }\n", false),
            ("[tool.poetry.group.dev.dependencies]\nlib = { path = '../lib' }\npytest = '*'\n", true),
            ("[tool.poetry.group.dev]\noptional = true\n", false),
        ] {
            assert_eq!(asks_for_others(text), Some(asks), "{text}");
        }
    }
}
