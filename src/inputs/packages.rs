//! What manifests say: of npm and its kin, and of Python.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::inputs::parse_error::{of_json, of_toml};
use crate::inputs::python_lists::asks_elsewhere;
use crate::inputs::python_names::asks_for_others;
use crate::text::bom::without_bom;
use crate::text::yaml::{Node, documents};

/// A `package.json`, as npm, Yarn, pnpm and Bun read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NpmPackage {
    /// From the top of the repository.
    pub(crate) path: String,
    pub(crate) scripts: BTreeMap<String, String>,
    /// The names of its dependencies of every kind.
    pub(crate) dependencies: BTreeSet<String>,
    pub(crate) name: Option<String>,
    /// Those that are packages of others, not folders: with the lists of development.
    pub(crate) asked: BTreeSet<String>,
    /// Some of them are packages of others, not folders.
    pub(crate) asks: bool,
    /// Some of those are needed where it runs.
    pub(crate) ships: bool,
    /// The range of ESLint's versions that it asks for: `^9.39.0`.
    pub(crate) eslint: Option<String>,
    /// The patterns of the packages that it installs with itself.
    pub(crate) workspaces: Vec<String>,
    /// The program and version that the project names: `pnpm@9.1.0`.
    pub(crate) package_manager: Option<String>,
    /// The tools that it configures: `eslintConfig`, `prettier`, `jest`, `mocha`, `ava`.
    pub(super) configures: Vec<&'static str>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PackageJson {
    name: Option<Lenient>,
    scripts: Option<BTreeMap<String, Lenient>>,
    dependencies: Option<Names>,
    dev_dependencies: Option<Names>,
    optional_dependencies: Option<Names>,
    peer_dependencies: Option<Names>,
    peer_dependencies_meta: Option<BTreeMap<String, PeerMeta>>,
    workspaces: Option<Workspaces>,
    package_manager: Option<Lenient>,
    eslint_config: Option<IgnoredAny>,
    prettier: Option<IgnoredAny>,
    jest: Option<IgnoredAny>,
    mocha: Option<IgnoredAny>,
    ava: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PeerMeta {
    optional: bool,
}

type Names = BTreeMap<String, Lenient>;

/// Whether some are packages of others. A folder of the same repository, or a member of its workspace, has a manifest of its own.
fn asks(names: &Option<Names>) -> bool {
    asked(names).next().is_some()
}

/// Those that are.
fn asked(names: &Option<Names>) -> impl Iterator<Item = &String> {
    let is_archive = |version: &str| [".tgz", ".tar.gz", ".tar"].iter().any(|end| version.ends_with(end));
    let is_of_others = move |version: &Lenient| match version {
        Lenient::Text(version) if version.starts_with("file:") => is_archive(version),
        Lenient::Text(version) => {
            !["link:", "portal:", "workspace:"].iter().any(|own| version.starts_with(own))
        }
        Lenient::Other(_) => true,
    };
    names.iter().flatten().filter(move |(_, version)| is_of_others(version)).map(|(name, _)| name)
}

/// A text; anything else is passed over.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lenient {
    Text(String),
    Other(IgnoredAny),
}

impl Default for Lenient {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl Lenient {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Other(_) => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Workspaces {
    List(Vec<String>),
    /// The form of Yarn 1.
    Named {
        #[serde(default)]
        packages: Vec<String>,
    },
}

/// Reads a `package.json`.
pub(super) fn npm(path: &str, bytes: &[u8]) -> Result<NpmPackage, String> {
    let read: PackageJson = serde_json::from_slice(without_bom(bytes)).map_err(|error| of_json(&error))?;
    let configures = [
        ("eslintConfig", read.eslint_config.is_some()),
        ("prettier", read.prettier.is_some()),
        ("jest", read.jest.is_some()),
        ("mocha", read.mocha.is_some()),
        ("ava", read.ava.is_some()),
    ];
    let ships = asks(&read.dependencies) || asks(&read.optional_dependencies);
    // npm 7 and later, pnpm 8 and later and Bun install peers that are not optional.
    let is_optional = |name: &String| {
        read.peer_dependencies_meta.as_ref().and_then(|all| all.get(name)).is_some_and(|own| own.optional)
    };
    let needs_peers = asked(&read.peer_dependencies).any(|name| !is_optional(name));
    let asks = ships || needs_peers || asks(&read.dev_dependencies);
    let lists = [&read.dependencies, &read.dev_dependencies, &read.optional_dependencies];
    let asked = lists.into_iter().flat_map(asked).cloned().collect();
    let mut names = [read.dependencies, read.dev_dependencies, read.optional_dependencies];
    let eslint = names.iter_mut().flatten().find_map(|names| names.get_mut("eslint").map(std::mem::take));
    let scripts = read.scripts.into_iter().flatten();
    Ok(NpmPackage {
        path: path.to_owned(),
        scripts: scripts.filter_map(|(name, script)| Some((name, script.text()?))).collect(),
        dependencies: names.into_iter().flatten().flat_map(BTreeMap::into_keys).collect(),
        name: read.name.and_then(Lenient::text),
        asked,
        asks,
        ships,
        eslint: eslint.and_then(Lenient::text),
        workspaces: match read.workspaces {
            Some(Workspaces::List(list) | Workspaces::Named { packages: list }) => list,
            None => Vec::new(),
        },
        package_manager: read.package_manager.and_then(Lenient::text),
        configures: configures.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect(),
    })
}

/// What a `pyproject.toml` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PyProject {
    /// It has `[tool.poetry]`, `[tool.uv]`.
    pub(super) poetry: bool,
    pub(super) uv: bool,
    /// It names packages of others.
    pub(super) has_dependencies: bool,
    /// The members of its uv workspace.
    pub(super) members: Vec<String>,
    /// The options of pytest, if it configures pytest.
    pub(super) pytest: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PyProjectToml {
    project: Option<PythonProject>,
    tool: PythonTools,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PythonProject {
    dynamic: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PythonTools {
    poetry: Option<IgnoredAny>,
    uv: Option<UvSettings>,
    pytest: Option<BTreeMap<String, toml::Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UvSettings {
    workspace: Option<UvWorkspace>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UvWorkspace {
    members: Vec<String>,
    exclude: Vec<String>,
}

impl UvWorkspace {
    /// The patterns of its members; those with `!` in front leave out.
    fn patterns(self) -> Vec<String> {
        let left_out = self.exclude.into_iter().map(|pattern| format!("!{pattern}"));
        self.members.into_iter().chain(left_out).collect()
    }
}

/// Reads a `pyproject.toml`.
pub(super) fn python(text: &str) -> Result<PyProject, String> {
    let read: PyProjectToml = toml::from_str(text).map_err(|error| of_toml(&error, text))?;
    let fields = read.project.unwrap_or_default().dynamic;
    let is_dynamic = fields.iter().any(|field| field.contains("dependencies"));
    let options = |pytest: &BTreeMap<String, toml::Value>| {
        let table = pytest.get("ini_options").and_then(|options| options.get("addopts"));
        table.or_else(|| pytest.get("addopts")).map(|options| match options {
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(list) => {
                list.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(" ")
            }
            _ => String::new(),
        })
    };
    Ok(PyProject {
        poetry: read.tool.poetry.is_some(),
        uv: read.tool.uv.is_some(),
        has_dependencies: is_dynamic || asks_elsewhere(text) || asks_for_others(text).unwrap_or(true),
        members: read.tool.uv.and_then(|uv| uv.workspace).unwrap_or_default().patterns(),
        pytest: read.tool.pytest.map(|pytest| options(&pytest).unwrap_or_default()),
    })
}

/// Whether each line of a requirements file names one exact version, or one archive. Then it is a lock file. `None`: it names no package.
/// Source: pip, "Requirements File Format".
pub(super) fn is_pinned(text: &str) -> Option<bool> {
    let text = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default().trim());
    let mut some = false;
    let pinned = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).all(|line| {
        // `-r other.txt`, `--index-url`: no packages of this file. An editable one (`-e`) has no version.
        let is_option = line.starts_with('-');
        let is_editable = line.starts_with("-e") || line.starts_with("--editable");
        some = some || !is_option || is_editable;
        if is_option {
            return !is_editable;
        }
        let requirement = line.split([';']).next().unwrap_or(line);
        let exact = requirement.contains("==") && !requirement.contains(['*', ',']);
        exact || requirement.contains(" @ ") || requirement.contains("://")
    });
    some.then_some(pinned)
}

/// The packages of a `pnpm-workspace.yaml`, or of another YAML file with such a list.
pub(super) fn pnpm_workspace(text: &str) -> Result<Vec<String>, String> {
    let all = documents(text)?;
    let packages = all.first().and_then(|document| document.get("packages"));
    let texts = packages.into_iter().flat_map(Node::items).filter_map(Node::as_text);
    Ok(texts.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_json_is_read() {
        let text = r#"{"scripts": {"lint": "eslint src", "odd": 1}, "dependencies": {"a": "1"}, "devDependencies": {"typescript": "5"},
            "workspaces": {"packages": ["packages/*"]}, "jest": {}, "packageManager": "pnpm@9.1.0"}"#;
        let package = npm("package.json", text.as_bytes()).unwrap();
        assert_eq!(
            package.scripts.into_iter().collect::<Vec<_>>(),
            [("lint".to_owned(), "eslint src".to_owned())]
        );
        assert!(package.dependencies.iter().eq(["a", "typescript"]));
        assert!(package.asks && package.ships);
        let asks =
            |list: &str| npm("package.json", list.as_bytes()).map(|one| (one.asks, one.ships)).unwrap();
        assert_eq!(
            asks(r#"{"dependencies": {"a": "file:../a", "b": "workspace:*", "c": "link:c"}}"#),
            (false, false)
        );
        assert_eq!(asks(r#"{"dependencies": {"a": "file:a.tgz"}}"#), (true, true));
        assert_eq!(asks(r#"{"devDependencies": {"a": "1"}}"#), (true, false));
        assert_eq!(package.workspaces, ["packages/*"]);
        assert_eq!(package.configures, ["jest"]);
        assert_eq!(package.package_manager.as_deref(), Some("pnpm@9.1.0"));
        assert!(npm("package.json", b"{\"scripts\": [").is_err());
        assert_eq!(npm("package.json", b"{}").unwrap().dependencies.len(), 0);
    }

    #[test]
    fn a_pyproject_says_who_locks_it() {
        let poetry = python("[tool.poetry.dependencies]\npython = '^3.11'\n").unwrap();
        assert!(poetry.poetry && !poetry.has_dependencies);
        let poetry = python("[tool.poetry.dependencies]\npython = '^3.11'\nflask = '*'\n").unwrap();
        assert!(poetry.has_dependencies);
        let uv =
            python("[project]\ndependencies = ['flask']\n[tool.uv.workspace]\nmembers = ['a/*']\n").unwrap();
        assert_eq!((uv.uv, uv.has_dependencies, uv.members), (true, true, vec!["a/*".to_owned()]));
        let uv = python("[tool.uv.workspace]\nmembers = ['a/*']\nexclude = ['a/b']\n").unwrap();
        assert_eq!(uv.members, ["a/*", "!a/b"]);
        let pytest = python("[tool.pytest.ini_options]\naddopts = '--junitxml=out.xml'\n").unwrap();
        assert_eq!(pytest.pytest.as_deref(), Some("--junitxml=out.xml"));
        assert!(python("[tool").is_err());
    }

    #[test]
    fn a_requirements_file_is_a_lock_file_if_it_is_exact() {
        for (text, pinned) in [
            ("flask==3.0.0\nidna==3.7 # via requests\n", Some(true)),
            ("# only\n\n-r base.txt\n", None),
            ("flask==3.0.0 \\\n    --hash=sha256:00\n", Some(true)),
            ("flask>=3\n", Some(false)),
            ("flask==3.*\n", Some(false)),
            ("flask\nidna==3.7\n", Some(false)),
            ("a @ https://example.test/a.whl\n", Some(true)),
            ("-e .\nflask==3.0.0\n", Some(false)),
            ("", None),
        ] {
            assert_eq!(is_pinned(text), pinned, "{text}");
        }
    }
}
