//! Expected values: what each package manager's check of its lock file says (see the sources of the parent module).

use std::collections::BTreeMap;

use crate::inputs::Inputs;
use crate::model::input::{InputKind, PackageManager as Manager};

/// What is missing in a lock file, in a folder with these files.
fn missing(files: &[(&str, &str)], lock: &str, manager: Manager) -> Option<(String, Vec<String>)> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    Inputs::outside_git(folder.path()).missing_in_lock(lock, InputKind::Lock(manager))
}

/// Whether a lock file is complete; without `gone`, it lacks that.
fn lacks(manager: Manager, manifest: (&str, &str), (lock, text): (&str, &str), gone: &str) {
    assert_eq!(missing(&[manifest, (lock, text)], lock, manager), None, "{lock} {manifest:?}");
    let less = text.replace(gone, "unrelated");
    assert_ne!(less, text);
    let expected = Some((manifest.0.to_owned(), vec![gone.to_owned()]));
    assert_eq!(missing(&[manifest, (lock, &less)], lock, manager), expected, "{lock}");
    assert_eq!(missing(&[manifest, (lock, "[")], lock, manager), None, "{lock}");
}

#[test]
fn each_lock_file_of_javascript_names_what_its_project_asks_for() {
    let package = r#"{"name": "own", "dependencies": {"a": "^1", "@s/b": "^1", "own": "1"}, "peerDependencies": {"p": "1"},
        "devDependencies": {"c": "npm:d@1", "e": "workspace:*"}}"#;
    for (manager, lock, text) in [
        (
            Manager::Npm,
            "package-lock.json",
            r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"a": "^1"}}, "node_modules/@s/b": {}, "node_modules/c": {}}}"#,
        ),
        (
            Manager::Yarn,
            "yarn.lock",
            "# yarn lockfile v1\n\na@^1, a@^1.2:\n  version \"1\"\n\"@s/b@^1\":\n  version \"1\"\n\"c@npm:d@1\":\n  version \"1\"\n",
        ),
        (
            Manager::Yarn,
            "yarn.lock",
            "__metadata:\n  version: 8\n\n\"a@npm:^1\":\n  version: 1\n\"@s/b@npm:^1\":\n  version: 1\n\"c@npm:d@1\":\n  version: 1\n",
        ),
        (
            Manager::Pnpm,
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        version: 1\n      '@s/b':\n        version: 1\n    devDependencies:\n      c:\n        version: d@1\n",
        ),
        (
            Manager::Bun,
            "bun.lock",
            r#"{"lockfileVersion": 1, "workspaces": {"": {"dependencies": {"a": "^1"}}}, "packages": {"@s/b": ["@s/b@1.0.0"], "c": ["d@1.0.0"],}}"#,
        ),
    ] {
        lacks(manager, ("package.json", package), (lock, text), "@s/b");
    }
}

#[test]
fn a_cargo_lock_names_what_its_package_asks_for() {
    let manifest = "[package]\nname = 'a'\n[dependencies]\nb = '1'\nc = { package = 'real', version = '1' }\nd.workspace = true\n\
        [target.'cfg(unix)'.dependencies]\nlibc = '0.2'\n[workspace.dependencies]\nd = { package = 'inherited', version = '1' }\n";
    let lock = "version = 4\n[[package]]\nname = 'a'\n[[package]]\nname = 'b'\n[[package]]\nname = 'real'\n[[package]]\nname = 'libc'\n\
        [[package]]\nname = 'inherited'\n";
    for gone in ["libc", "real", "inherited"] {
        lacks(Manager::Cargo, ("Cargo.toml", manifest), ("Cargo.lock", lock), gone);
    }
}

/// The lock file and its text, the other files, and the manifest that asks for more.
type Case<'t> = (Manager, &'t str, &'t str, &'t [(&'t str, &'t str)], &'t str);

/// The lock file at the root of a workspace is that of each member.
#[test]
fn a_lock_file_names_what_the_members_of_its_workspace_ask_for() {
    let root = r#"{"workspaces": ["packages/*"], "dependencies": {"ms": "2"}}"#;
    let member = r#"{"name": "a", "dependencies": {"lodash": "4", "own": "1"}}"#;
    let sibling = r#"{"name": "own"}"#;
    let pnpm = |own: &str| {
        format!(
            "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      ms:\n        version: 2.0.0\n{own}"
        )
    };
    let rush = pnpm("  ../../apps/a:\n    dependencies:\n      ms:\n        version: 1\n");
    let cargo = "[package]\nname = 'm'\n[dependencies]\nlodash = '1'\nms.workspace = true\n";
    let uv = "[project]\nname = 'a'\ndependencies = ['lodash']\n";
    let own_uv = "version = 1\n[[package]]\nname = 'ms'\n[[package]]\nname = 'a'\nsource = { editable = 'packages/a' }\n";
    let own_pub = "packages:\n  ms:\n    source: hosted\n";
    let cases: [Case<'_>; 8] = [
        (
            Manager::Npm,
            "package-lock.json",
            r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"ms": "2"}}, "node_modules/ms": {}, "packages/a": {"version": "1.0.0"}}}"#,
            &[
                ("package.json", root),
                ("packages/a/package.json", member),
                ("packages/own/package.json", sibling),
            ],
            "packages/a/package.json",
        ),
        (
            Manager::Yarn,
            "yarn.lock",
            "# yarn lockfile v1\n\nms@2:\n  version \"2.0.0\"\n",
            &[
                ("package.json", root),
                ("packages/a/package.json", member),
                ("packages/own/package.json", sibling),
            ],
            "packages/a/package.json",
        ),
        (
            Manager::Bun,
            "bun.lock",
            r#"{"lockfileVersion": 1, "workspaces": {"": {}, "packages/a": {"dependencies": {}}}, "packages": {"ms": ["ms@2.0.0"]}}"#,
            &[
                ("package.json", root),
                ("packages/a/package.json", member),
                ("packages/own/package.json", sibling),
            ],
            "packages/a/package.json",
        ),
        (
            Manager::Pnpm,
            "pnpm-lock.yaml",
            &pnpm("  packages/a: {}\n"),
            &[
                ("package.json", r#"{"dependencies": {"ms": "2"}}"#),
                ("pnpm-workspace.yaml", "packages: ['packages/*']\n"),
                ("packages/a/package.json", member),
                ("packages/own/package.json", sibling),
            ],
            "packages/a/package.json",
        ),
        (
            Manager::Pnpm,
            "common/config/rush/pnpm-lock.yaml",
            &rush,
            &[
                (
                    "rush.json",
                    "{\n  // why\n  \"projects\": [{\"packageName\": \"a\", \"projectFolder\": \"apps/a\"}]\n}",
                ),
                ("apps/a/package.json", member),
                ("apps/own/package.json", sibling),
            ],
            "apps/a/package.json",
        ),
        (
            Manager::Cargo,
            "Cargo.lock",
            "version = 4\n[[package]]\nname = 'm'\n[[package]]\nname = 'ms'\n",
            &[
                ("Cargo.toml", "[workspace]\nmembers = ['m']\n[workspace.dependencies]\nms = '1'\n"),
                ("m/Cargo.toml", cargo),
                ("template/Cargo.toml", "[package]\nname = 't'\n[dependencies]\nother = '1'\n"),
            ],
            "m/Cargo.toml",
        ),
        (
            Manager::Uv,
            "uv.lock",
            own_uv,
            &[
                (
                    "pyproject.toml",
                    "[project]\nname = 'r'\ndependencies = ['ms']\n[tool.uv.workspace]\nmembers = ['packages/*']\n",
                ),
                ("packages/a/pyproject.toml", uv),
            ],
            "packages/a/pyproject.toml",
        ),
        (
            Manager::Pub,
            "pubspec.lock",
            own_pub,
            &[
                ("pubspec.yaml", "name: r\nworkspace: [a, b]\ndependencies:\n  ms: ^1.0.0\n"),
                (
                    "a/pubspec.yaml",
                    "name: a\nresolution: workspace\ndependencies:\n  b: ^1.0.0\n  lodash: ^1.0.0\n",
                ),
                ("b/pubspec.yaml", "name: b\nresolution: workspace\ndependencies:\n  ms: ^1.0.0\n"),
            ],
            "a/pubspec.yaml",
        ),
    ];
    for (manager, lock, text, files, manifest) in cases {
        let mut all: BTreeMap<&str, &str> = files.iter().copied().collect();
        all.insert(lock, text);
        let stale: Vec<_> = all.clone().into_iter().collect();
        let expected = Some((manifest.to_owned(), vec!["lodash".to_owned()]));
        assert_eq!(missing(&stale, lock, manager), expected, "{lock}");
        let own = all[manifest].replace("lodash", "ms");
        all.insert(manifest, &own);
        let text = text.replace(
            "  packages/a: {}\n",
            "  packages/a:\n    dependencies:\n      ms:\n        version: 1\n",
        );
        all.insert(lock, &text);
        let fits: Vec<_> = all.into_iter().collect();
        assert_eq!(missing(&fits, lock, manager), None, "{lock}");
    }
}

#[test]
fn each_other_lock_file_names_what_its_manifest_asks_for() {
    let poetry = "[project]\ndependencies = ['six==1', 'PyYAML==5', 'tomli; python_version < \"3\"']\n[tool.poetry.dependencies]\npython = '^3'\n\
        colorama = { version = '1', markers = 'x' }\nown = { path = '../own' }\n";
    let locked =
        "[[package]]\nname = 'six'\n[[package]]\nname = 'pyyaml'\n[metadata]\nlock-version = '2.1'\n";
    lacks(Manager::Poetry, ("pyproject.toml", poetry), ("poetry.lock", locked), "pyyaml");
    let uv = "version = 1\n[[package]]\nname = 'u'\nsource = { virtual = '.' }\n[package.metadata]\nrequires-dist = [{ name = 'six' }, { name = 'pyyaml' }]\n";
    lacks(
        Manager::Uv,
        ("pyproject.toml", &poetry.replace("[tool.poetry", "[tool.x")),
        ("uv.lock", uv),
        "pyyaml",
    );
    let pipfile = "[[source]]\nurl = 'x'\n[packages]\nsix = '*'\nown = { path = '.' }\nwin = { version = '*', sys_platform = 'x' }\n[worker]\nPyYAML = { version = '==5' }\n";
    let pipenv = r#"{"_meta": {}, "default": {"six": {}}, "develop": {}, "worker": {"pyyaml": {}}}"#;
    lacks(Manager::Pipenv, ("Pipfile", pipfile), ("Pipfile.lock", pipenv), "pyyaml");
    let composer = r#"{"require": {"php": "8", "psr/log": "3", "psr/log-implementation": "1", "GuzzleHttp/guzzle": "7"}, "require-dev": []}"#;
    let composer_lock = r#"{"packages": [{"name": "psr/log", "provide": {"psr/log-implementation": "1"}, "replace": []}], "packages-dev": [{"name": "guzzlehttp/guzzle"}]}"#;
    lacks(
        Manager::Composer,
        ("composer.json", composer),
        ("composer.lock", composer_lock),
        "guzzlehttp/guzzle",
    );
    let gemfile = "source 'x'\ngem 'rake', '13'\ngroup :test do\n  gem \"rack\" # why\nend\nplatforms :jruby do\n  gem 'j'\nend\ngem 'w' if Gem.win_platform?\n\
        gem 'own', path: '.'\nif ENV['A']\n  gem 'b'\nend\n";
    let gems = "GEM\n  remote: x\n  specs:\n    rake (13.0.6)\n\nDEPENDENCIES\n  rack (= 2)\n  rake\n";
    lacks(Manager::Bundler, ("Gemfile", gemfile), ("Gemfile.lock", gems), "rack");
    let pubspec = "name: p\ndependencies:\n  path: ^1.0.0\n  flutter:\n    sdk: flutter\n  own:\n    path: own\ndev_dependencies:\n  archive: ^3.0.0\n";
    let pub_lock = "packages:\n  path:\n    source: hosted\n  archive:\n    source: hosted\n";
    lacks(Manager::Pub, ("pubspec.yaml", pubspec), ("pubspec.lock", pub_lock), "archive");
    let mix = "defp deps, do: [{:jason, \"1.4.0\"}, {:phoenix, \"1.6.0\", only: [:test]}, {:own, in_umbrella: true}, {:n, \"1\", targets: :rpi}]\n";
    let mix_lock =
        "%{\n  \"jason\": {:hex, :jason, \"1.4.0\"},\n  \"phoenix\": {:hex, :phoenix, \"1.6.0\"},\n}\n";
    lacks(Manager::Hex, ("mix.exs", mix), ("mix.lock", mix_lock), "phoenix");
    let gradle = "plugins { id 'java' }\ndependencies {\n  implementation 'a:b:1'\n  api(group: 'c', name: 'd', version: '1') { transitive = false }\n  \
        testImplementation 't:t:1'\n  implementation project(':x')\n  implementation platform('bom:bom:1')\n  implementation \"g:$name:1\"\n}\n";
    let gradle_lock = "# x\na:b:1=compileClasspath\nc:d:1=runtimeClasspath\nempty=\n";
    lacks(Manager::Gradle, ("build.gradle", gradle), ("gradle.lockfile", gradle_lock), "c:d");
}

#[test]
fn what_a_program_decides_is_not_compared() {
    for (manager, manifest, lock) in [
        (
            Manager::Hex,
            (
                "mix.exs",
                "defp deps do\n  [{:a, \"1\"}] ++ if System.get_env(\"X\"), do: [{:b, \"1\"}], else: []\nend\n",
            ),
            ("mix.lock", "%{\n}\n"),
        ),
        (
            Manager::Bundler,
            (
                "Gemfile",
                "gems.each do |name|\n  gem name\nend\ncase x\nwhen 1\n  gem 'a'\nend\ngem \"b-#{x}\"\n",
            ),
            ("Gemfile.lock", "DEPENDENCIES\n"),
        ),
        (
            Manager::Gradle,
            (
                "build.gradle.kts",
                "subprojects {\n  dependencies {\n    \"implementation\"(\"a:b:1\")\n  }\n}\ndependencies {\n  implementation(libs.a)\n}\n",
            ),
            ("gradle.lockfile", "empty=\n"),
        ),
    ] {
        assert_eq!(missing(&[manifest, lock], lock.0, manager), None, "{manifest:?}");
    }
}
