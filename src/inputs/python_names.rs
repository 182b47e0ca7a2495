//! The packages of production that a manifest of Python asks for by name, as PyPI compares them (PEP 503).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::inputs::lock_packages::{is_of_development, names_of_requirements, python_name};

/// What a `pyproject.toml` asks for: its own dependencies and extras, and groups that are none of development. `None`: it can't
/// be parsed.
pub(super) fn of_pyproject(text: &str) -> Option<BTreeSet<String>> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Manifest {
        project: Project,
        tool: Tools,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "kebab-case", default)]
    struct Project {
        dependencies: Vec<toml::Value>,
        optional_dependencies: BTreeMap<String, Vec<toml::Value>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Tools {
        poetry: Poetry,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Poetry {
        dependencies: BTreeMap<String, toml::Value>,
        group: BTreeMap<String, Group>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Group {
        dependencies: BTreeMap<String, toml::Value>,
    }
    let Manifest { project, tool: Tools { poetry } } = toml::from_str(text).ok()?;
    let extras = project.optional_dependencies.into_iter().filter(|(name, _)| !is_of_development(name));
    let lines = project.dependencies.into_iter().chain(extras.flat_map(|(_, lines)| lines));
    let lines: Vec<String> = lines.filter_map(|line| Some(line.as_str()?.to_owned())).collect();
    let groups = poetry.group.into_iter().filter(|(name, _)| !is_of_development(name));
    let tables = std::iter::once(poetry.dependencies).chain(groups.map(|(_, group)| group.dependencies));
    // A folder of the repository is no package of others.
    let others = tables.flatten().filter(|(name, own)| name != "python" && own.get("path").is_none());
    let named = names_of_requirements(&lines.join("\n")).into_iter();
    Some(named.chain(others.map(|(name, _)| python_name(&name))).collect())
}

#[cfg(test)]
mod tests {
    use super::of_pyproject;

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
}
