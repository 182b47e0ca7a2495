//! Whether a manifest asks for packages of others: one without any has no lock file, and needs none. A project of the same repository
//! (by its path), or the language itself, is no such package.
//!
//! Sources: Composer, "Platform packages" (only others have a `/` in their names); Swift, `Package.Dependency`; Gradle, "Declaring
//! dependencies"; Mix, `Mix.Tasks.Deps`; CocoaPods, "Podfile Syntax"; Conan, "conanfile.txt" and "conanfile.py"; Pub, "Package
//! dependencies"; Bundler, "gemfile(5)"; Pipenv, "Pipfile"; setuptools, "Configuring setuptools using setup.cfg".

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::inputs::code::{after_each, bodies, without_comments};
use crate::inputs::packages::is_pinned;
use crate::inputs::parse_error::{of_json, of_toml};
use crate::model::input::PackageManager as Manager;
use crate::text::bom::without_bom;
use crate::text::yaml::{Node, documents};

/// Whether a manifest of this name asks for packages; `Some(true)`: its lock file may lie in a folder above.
pub(super) fn required(manager: Manager, name: &str, text: &str) -> Result<Option<bool>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let requires = match manager {
        Manager::Composer => composer(text)?,
        Manager::Pub => pub_dev(text)?,
        Manager::Pipenv => pipenv(text)?,
        Manager::Swift => {
            let code = without_comments(text, "//", true);
            bodies(&code, ".package(", ('(', ')')).any(|one| !one.contains("path:"))
        }
        Manager::Gradle => gradle(text),
        Manager::Hex => hex(text),
        Manager::Bundler if name.ends_with(".gemspec") => {
            let code = without_comments(text, "#", false);
            OF_GEMS.iter().any(|call| has_word(&code, call))
        }
        Manager::Bundler => {
            statements(text, "gem") || has_word(&without_comments(text, "#", false), "gemspec")
        }
        Manager::CocoaPods => {
            statements(text, "pod") || has_word(&without_comments(text, "#", false), "podspec")
        }
        Manager::Conan if name.ends_with(".py") => conan(text),
        Manager::Conan => sections(text).any(|(section, _)| section.ends_with("requires")),
        // Central versions (`PackageVersion`) are no dependencies.
        Manager::NuGet => {
            let text = without_xml_comments(text);
            ["<PackageReference", "<GlobalPackageReference"].iter().any(|element| text.contains(element))
        }
        Manager::Pip if name == "setup.cfg" => setup_cfg(text),
        Manager::Pip if name.ends_with(".py") => {
            let code = without_comments(text, "#", false);
            OF_SETUPTOOLS.iter().any(|key| has_word(&code, key))
        }
        Manager::Pip => is_pinned(text).is_some(),
        _ => true,
    };
    let may_lie_above = match manager {
        Manager::Pub => text.contains("resolution: workspace"),
        // The gems of one repository may share a Gemfile.
        Manager::Bundler => name.ends_with(".gemspec"),
        // The projects of an umbrella.
        Manager::Hex => text.contains("lockfile:"),
        _ => false,
    };
    Ok(requires.then_some(may_lie_above))
}

/// The calls that name gems (RubyGems, "Specification Reference").
const OF_GEMS: [&str; 3] = ["add_dependency", "add_runtime_dependency", "add_development_dependency"];

/// The keys that name packages, of `setup()` and of `[options]`.
const OF_SETUPTOOLS: [&str; 4] = ["install_requires", "extras_require", "setup_requires", "tests_require"];

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    Of(BTreeMap<String, IgnoredAny>),
    /// PHP writes an empty table as a list.
    Other(IgnoredAny),
}

fn composer(text: &str) -> Result<bool, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Manifest {
        require: Option<Names>,
        require_dev: Option<Names>,
    }
    let read: Manifest = serde_json::from_slice(without_bom(text.as_bytes())).map_err(|e| of_json(&e))?;
    let asks = |names: &Option<Names>| match names {
        Some(Names::Of(names)) => names.keys().any(|name| name.contains('/')),
        Some(Names::Other(_)) | None => false,
    };
    Ok(asks(&read.require) || asks(&read.require_dev))
}

fn pub_dev(text: &str) -> Result<bool, String> {
    let all = documents(text)?;
    let Some(manifest) = all.first() else { return Ok(false) };
    let is_own = |value: &Node| value.get("path").is_some() || value.get("sdk").is_some();
    let overrides = manifest.get("dependency_overrides");
    let is_overridden = |name: &str| overrides.and_then(|all| all.get(name)).is_some_and(is_own);
    let lists = ["dependencies", "dev_dependencies"].map(|key| manifest.get(key));
    let mut asked = lists.into_iter().flatten().flat_map(Node::entries);
    Ok(asked.any(|(name, value)| !is_own(value) && !is_overridden(name)))
}

fn pipenv(text: &str) -> Result<bool, String> {
    let read: toml::Table = toml::from_str(text).map_err(|error| of_toml(&error, text))?;
    // Groups of packages may have any name.
    const OTHERS: [&str; 4] = ["source", "requires", "scripts", "pipenv"];
    let groups = read.iter().filter(|(name, _)| !OTHERS.contains(&name.as_str()));
    let mut packages = groups.filter_map(|(_, group)| group.as_table()).flatten();
    Ok(packages.any(|(_, package)| package.get("path").is_none()))
}

/// Gradle's files are programs: each statement in a block `dependencies` that names more than a project or a file.
fn gradle(text: &str) -> bool {
    const OWN: [&str; 9] = [
        "project",
        "projects.",
        "files",
        "fileTree",
        "gradleApi",
        "gradleTestKit",
        "gradleKotlinDsl",
        "localGroovy",
        "sourceSets",
    ];
    let code = without_comments(text, "//", true);
    let blocks = bodies(&code, "dependencies", ('{', '}'));
    let mut lines = blocks.flat_map(|block| block.split(['\n', ';', '{', '}']));
    lines.any(|line| {
        let line = line.trim();
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
        let name = line.find(|c| !is_word(c)).unwrap_or(line.len());
        // `implementation(platform(project(":bom")))`
        let mut named = line[name..].trim_start_matches(['(', ' ', '\t']);
        for around in ["platform", "enforcedPlatform", "testFixtures"] {
            named = named.strip_prefix(around).map_or(named, |inner| inner.trim_start_matches(['(', ' ']));
        }
        let begins = named.starts_with(|c: char| c.is_alphabetic() || c == '"' || c == '\'' || c == '$');
        let is_call = name > 0 && line[name..].starts_with(['(', ' ', '\t']);
        is_call
            && begins
            && !SETTINGS.contains(&&line[..name])
            && !OWN.iter().any(|own| named.starts_with(own))
    })
}

/// What else stands in such a block.
const SETTINGS: [&str; 14] = [
    "apply",
    "because",
    "capabilities",
    "components",
    "constraints",
    "def",
    "else",
    "exclude",
    "if",
    "modules",
    "transitive",
    "val",
    "var",
    "version",
];

/// `{:jason, "~> 1.4"}` in `deps`, and not a project of the same umbrella.
fn hex(text: &str) -> bool {
    let code = without_comments(text, "#", false);
    bodies(deps_of_mix(&code), "{:", ('{', '}'))
        .any(|tuple| tuple.contains(',') && !["path:", "in_umbrella:"].iter().any(|own| tuple.contains(own)))
}

/// The list of the dependencies of a `mix.exs`, to the next function.
pub(super) fn deps_of_mix(code: &str) -> &str {
    let start = ["defp deps", "def deps", "deps:"].iter().find_map(|start| code.find(start));
    let rest = start.map_or("", |start| &code[start..]);
    let end = rest.match_indices("\n  def").map(|(end, _)| end).next().unwrap_or(rest.len());
    &rest[..end]
}

/// Whether Ruby calls this with a name, and not for a folder: `gem "rails"`, `pod('A', '~> 1')`.
fn statements(text: &str, word: &str) -> bool {
    let code = without_comments(text, "#", false);
    code.lines().any(|line| {
        let rest = line.trim_start().strip_prefix(word).unwrap_or_default();
        let is_call = rest.starts_with(['(', ' ', '\t', '"', '\'']);
        is_call && ![":path", "path:"].iter().any(|own| rest.contains(own))
    })
}

/// `requires = "zlib/1.3"`, `self.tool_requires("cmake/3.27")`.
fn conan(text: &str) -> bool {
    let code = without_comments(text, "#", false);
    after_each(&code, "requires").any(|rest| rest.trim_start().starts_with(['=', '(']))
}

fn setup_cfg(text: &str) -> bool {
    let mut key = String::new();
    sections(text).any(|(section, line)| {
        let is_more = line.starts_with([' ', '\t']);
        let mut value = line.trim();
        if !is_more {
            let (name, rest) = line.split_once(['=', ':']).unwrap_or((line, ""));
            (key, value) = (name.trim().replace('-', "_"), rest.trim());
        }
        // The packages of another file are that file's.
        let asks = !value.is_empty() && !value.starts_with("file:");
        let is_list = match section {
            "options" => OF_SETUPTOOLS.contains(&key.as_str()),
            section => section == "options.extras_require",
        };
        asks && is_list
    })
}

/// The lines of an INI file, each with its section.
pub(super) fn sections(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut section = "";
    text.lines().filter_map(move |line| {
        let own = line.trim();
        if let Some(name) = own.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim();
            return None;
        }
        (!own.is_empty() && !own.starts_with(['#', ';'])).then_some((section, line))
    })
}

/// Whether this stands in a text as a word.
fn has_word(text: &str, word: &str) -> bool {
    let is_in_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_in_word) && !text[at + word.len()..].starts_with(is_in_word))
}

fn without_xml_comments(text: &str) -> String {
    let mut parts = text.split("<!--");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once("-->").map_or("", |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether each is asked for: a package of others, and what is none.
    fn is(manager: Manager, name: &str, text: &str) -> bool {
        required(manager, name, text).unwrap().is_some()
    }

    #[test]
    fn a_package_of_others_is_asked_for() {
        for (manager, name, text) in [
            (Manager::Composer, "composer.json", r#"{"require": {"php": "8", "a/b": "^1"}}"#),
            (Manager::Composer, "composer.json", r#"{"require-dev": {"a/b": "^1"}, "require": []}"#),
            (
                Manager::Swift,
                "Package.swift",
                ".package(path: \"../a\"),\n.package(\n  url: \"https://x/(b)\",\n  from: \"1.0.0\"),",
            ),
            (Manager::Swift, "Package.swift", ".package(id: \"a.b\", from: \"1.0.0\")"),
            (Manager::Gradle, "build.gradle", "dependencies {\n  testImplementation 'a:b:1'\n}"),
            (Manager::Gradle, "build.gradle", "dependencies {\n  api libs.guava\n}"),
            (Manager::Gradle, "build.gradle.kts", "dependencies{ kapt(libs.room.compiler) }"),
            (Manager::Gradle, "build.gradle.kts", "dependencies {\n  implementation(platform(libs.bom))\n}"),
            (
                Manager::Gradle,
                "build.gradle.kts",
                "dependencies {\n  implementation(project(\":a\"))\n  \"ksp\"(\"a:b:1\")\n}",
            ),
            (
                Manager::Gradle,
                "build.gradle",
                "subprojects {\n  dependencies {\n    compileOnly group: 'a', name: 'b'\n  }\n}",
            ),
            (Manager::Hex, "mix.exs", "defp deps do\n  [{:jason, \"~> 1.4\"}]\nend"),
            (Manager::Hex, "mix.exs", "def project, do: [deps: [{:b, git: \"https://x/b.git\"}]]"),
            (Manager::Bundler, "Gemfile", "source 'x'\n  gem \"rails\" # path: no\n"),
            (Manager::Bundler, "Gemfile", "gemspec\n"),
            (Manager::CocoaPods, "Podfile", "target 'A' do\n  pod 'B', :path => 'b'\n  pod('C')\nend\n"),
            (Manager::Conan, "conanfile.txt", "[generators]\nx\n[requires]\nzlib/1.3\n"),
            (Manager::Conan, "conanfile.txt", "[tool_requires]\ncmake/3.27\n"),
            (Manager::Conan, "conanfile.py", "class A(ConanFile):\n    requires = \"zlib/1.3\"\n"),
            (
                Manager::Conan,
                "conanfile.py",
                "def build_requirements(self):\n    self.tool_requires(\"a/1\")\n",
            ),
            (Manager::Pub, "pubspec.yaml", "dependencies:\n  flutter:\n    sdk: flutter\n  http: ^1.0.0\n"),
            (Manager::Pub, "pubspec.yaml", "dev_dependencies:\n  lints:\n"),
            (Manager::Pipenv, "Pipfile", "[packages]\nflask = \"*\"\n"),
            (Manager::Pipenv, "Pipfile", "[docs]\nsphinx = {version = \"*\"}\n"),
            (Manager::NuGet, "a.csproj", "<Project><PackageReference Include=\"A\"/></Project>"),
            (Manager::Pip, "setup.cfg", "[options]\ninstall_requires =\n    # one\n    requests>=2\n"),
            (Manager::Pip, "setup.cfg", "[options]\ninstall-requires = requests\n"),
            (Manager::Pip, "setup.cfg", "[options.extras_require]\ndocs = sphinx\n"),
            (Manager::Pip, "setup.py", "setup(install_requires=['a'])\n"),
            (Manager::Pip, "requirements.in", "-c x.txt\nflask\n"),
        ] {
            assert!(is(manager, name, text), "{name} {text}");
        }
    }

    #[test]
    fn a_folder_of_the_repository_and_the_language_are_no_packages() {
        for (manager, name, text) in [
            (
                Manager::Composer,
                "composer.json",
                r#"{"require": {"php": ">=8.1", "ext-json": "*", "composer-runtime-api": "^2"}}"#,
            ),
            (
                Manager::Composer,
                "composer.json",
                r#"{"require-dev": {}, "autoload": {"psr-4": {"A\\": "src/"}}}"#,
            ),
            (
                Manager::Swift,
                "Package.swift",
                ".package(name: \"a\", path: \"../a\"), // .package(url: \"x\")\n",
            ),
            (Manager::Gradle, "build.gradle", "plugins { id 'java' }\n// dependencies { api 'a:b:1' }\n"),
            (
                Manager::Gradle,
                "build.gradle",
                "dependencies {\n  implementation project(':a')\n  api files('b.jar')\n  compileOnly gradleApi()\n}\ntasks { x 'y' }\n",
            ),
            (
                Manager::Gradle,
                "build.gradle.kts",
                "dependencies {\n  api(projects.core) {\n    exclude(group = \"a\")\n    because(\"b\")\n  }\n}",
            ),
            (
                Manager::Hex,
                "mix.exs",
                "defp deps do\n  [{:a, in_umbrella: true}, {:b, path: \"../b\"}]\n  # {:c, \"1\"}\nend\n\n  defp x, do: {:ok, 1}\n",
            ),
            (Manager::Hex, "mix.exs", "def application, do: [mod: {:a, []}]"),
            (Manager::Bundler, "Gemfile", "# gem 'rails'\nruby '3.3'\ngem 'a', path: '.'\n"),
            (Manager::CocoaPods, "Podfile", "platform :ios\n# pod 'B'\npod 'A', :path => '../A'\n"),
            (Manager::Conan, "conanfile.txt", "[requires]\n# zlib/1.3\n\n[generators]\nCMakeDeps\n"),
            (
                Manager::Conan,
                "conanfile.py",
                "class A(ConanFile):\n    settings = \"os\" # requires = \"a/1\"\n    def requirements(self): pass\n",
            ),
            (
                Manager::Pub,
                "pubspec.yaml",
                "name: a\nenvironment:\n  sdk: ^3.0.0\ndependencies:\n  b:\n    path: ../b\n",
            ),
            (
                Manager::Pub,
                "pubspec.yaml",
                "dependencies:\n  b: ^1.0.0\ndependency_overrides:\n  b:\n    path: ../b\n",
            ),
            (
                Manager::Pipenv,
                "Pipfile",
                "[[source]]\nurl = \"x\"\n[packages]\na = {path = \".\"}\n[requires]\npython_version = \"3\"\n",
            ),
            (
                Manager::NuGet,
                "a.csproj",
                "<Project><!-- <PackageReference/> --><ProjectReference/></Project>",
            ),
            (
                Manager::Pip,
                "setup.cfg",
                "[metadata]\nname = a\n[options]\ninstall_requires = file: requirements.txt\npackages = find:\n",
            ),
            (Manager::Pip, "setup.cfg", "[tool:pytest]\naddopts = -q\n"),
            (Manager::Pip, "setup.py", "from setuptools import setup\nsetup() # install_requires\n"),
            (Manager::Pip, "requirements.in", "-r other.in\n"),
        ] {
            assert!(!is(manager, name, text), "{name} {text}");
        }
    }

    #[test]
    fn what_can_not_be_parsed_is_an_error_and_some_locks_lie_above() {
        for (manager, name, text) in [
            (Manager::Composer, "composer.json", "{"),
            (Manager::Pub, "pubspec.yaml", "a: [\n"),
            (Manager::Pipenv, "Pipfile", "[packages"),
        ] {
            assert!(required(manager, name, text).is_err(), "{name}");
        }
        let umbrella = "def project, do: [lockfile: \"../../mix.lock\", deps: [{:a, \"1\"}]]";
        assert_eq!(required(Manager::Hex, "mix.exs", umbrella), Ok(Some(true)));
        let member = "resolution: workspace\ndependencies:\n  a: ^1.0.0\n";
        assert_eq!(required(Manager::Pub, "pubspec.yaml", member), Ok(Some(true)));
        assert_eq!(required(Manager::Pub, "pubspec.yaml", &member[22..]), Ok(Some(false)));
    }
}
