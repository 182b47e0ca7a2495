//! The packages of a lock file that the real Trivy does not list: each tree passed once, though nobody had looked at one of them.

use super::*;

const UV: &str = r#"version = 1
revision = 2
requires-python = ">=3.10"

[manifest]
members = ["lib", "root"]

[[package]]
name = "lib"
version = "0.1.0"
source = { virtual = "lib" }
dependencies = [{ name = "pyyaml" }]

[[package]]
name = "pyyaml"
version = "5.3"
source = { registry = "https://example.test/simple" }

[[package]]
name = "root"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "six" }]

[[package]]
name = "six"
version = "1.16.0"
source = { registry = "https://example.test/simple" }
"#;

const POETRY: &str = "[[package]]\nname = \"pyyaml\"\nversion = \"5.3\"\noptional = false\npython-versions = \"*\"\ngroups = [\"worker\"]\nfiles = []\n\n\
    [[package]]\nname = \"six\"\nversion = \"1.16.0\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\n\n\
    [metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.10\"\ncontent-hash = \"x\"\n";

const PYPROJECT: &str = "[tool.poetry]\nname = \"root\"\npackage-mode = false\n[tool.poetry.dependencies]\npython = \">=3.10\"\nsix = \"1.16.0\"\n\
    [tool.poetry.group.worker.dependencies]\npyyaml = \"5.3\"\n";

const PIPENV: &str = r#"{"_meta": {"pipfile-spec": 6}, "default": {"six": {"version": "==1.16.0"}}, "develop": {},
    "worker": {"pyyaml": {"version": "==5.3"}}}"#;

const CARGO_LOCK: &str = "version = 3\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\n \"real\",\n]\n\n\
    [[package]]\nname = \"real\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";

const CARGO: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\n[dependencies]\nother = { package = \"real\", version = \"1\" }\n";

const PNPM: &str = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: ^1\n        version: 1.0.0\n    \
    optionalDependencies:\n      o:\n        specifier: ^1\n        version: 1.0.0\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha512-A}\n  \
    o@1.0.0:\n    resolution: {integrity: sha512-A}\nsnapshots:\n  a@1.0.0: {}\n  o@1.0.0:\n    optional: true\n";

const POM: &str = "<project><modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>a</artifactId><version>1</version>\
    <dependencies><dependency><groupId>b</groupId><artifactId>b</artifactId><version>1</version></dependency></dependencies>\
    <profiles><profile><id>on</id><activation><activeByDefault>true</activeByDefault></activation><dependencies>\
    <dependency><groupId>c</groupId><artifactId>c</artifactId><version>1</version></dependency></dependencies></profile></profiles></project>";

fn tree(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

/// Why the gate is without proof.
fn reason(project: &Project) -> String {
    project.gate("deps")["reason"].as_str().unwrap().to_owned()
}

#[test]
fn a_package_that_trivy_does_not_list_is_a_gap() {
    let npm = r#"{"name": "a", "lockfileVersion": 3, "packages": {"": {}, "node_modules/minimist": {"version": "1.2.8"}}}"#;
    let needs = r#"{"name": "a", "dependencies": {"lodash": "4.17.4", "minimist": "1.2.8"}}"#;
    let cargo = "version = 3\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n";
    let python = |lines: &str| format!("six==1.16.0\n{lines}\n");
    for (files, says) in [
        (tree(&[("uv.lock", UV)]), "uv.lock (Trivy does not list pyyaml 5.3"),
        (
            tree(&[("poetry.lock", POETRY), ("pyproject.toml", PYPROJECT)]),
            "poetry.lock (Trivy does not list pyyaml 5.3",
        ),
        (tree(&[("Pipfile.lock", PIPENV)]), "Pipfile.lock (Trivy does not list pyyaml 5.3"),
        (
            tree(&[("Cargo.lock", CARGO_LOCK), ("Cargo.toml", CARGO)]),
            "Cargo.lock (Trivy does not list real 1.0.0",
        ),
        (tree(&[("pnpm-lock.yaml", PNPM)]), "pnpm-lock.yaml (Trivy does not list o 1.0.0"),
        (tree(&[("pom.xml", POM)]), "pom.xml (Trivy does not list c:c"),
        (
            tree(&[("requirements.txt", &python("pyyaml @ git+https://example.test/pyyaml@5.3"))]),
            "does not list pyyaml (line 2)",
        ),
        (tree(&[("requirements.txt", &python("pyyaml===5.3"))]), "does not list pyyaml (line 2)"),
        (tree(&[("requirements.txt", &python("pyyaml (==5.3)"))]), "does not list pyyaml (line 2)"),
        (tree(&[("requirements.txt", &python("pyyaml\\\n==5.3"))]), "does not list pyyaml (line 2)"),
        (
            tree(&[("requirements.txt", &python("-r deps.txt")), ("deps.txt", "pyyaml==5.3\n")]),
            "requirements.txt (it includes deps.txt, which Trivy does not read",
        ),
        (
            tree(&[("package-lock.json", npm), ("package.json", needs)]),
            "package-lock.json (it does not name lodash, which package.json asks for",
        ),
        (
            tree(&[("Cargo.lock", cargo), ("Cargo.toml", CARGO)]),
            "Cargo.lock (it does not name real, which Cargo.toml asks for",
        ),
        (
            tree(&[("dev/requirements.txt", "pyyaml==5.3\n"), ("requirements.txt", "six==1.16.0\n")]),
            "dev/requirements.txt (Trivy leaves out a folder `dev` at the top",
        ),
        (
            tree(&[("uv.lock", &UV.replace("virtual = \".\"", "virtual = \"app\""))]),
            "uv.lock (Trivy can't parse it: uv lockfile must contain 1 root package",
        ),
    ] {
        let project = project(&files);
        let ran = run(&project);
        assert_eq!(ran.code, 3, "{says}: {}", ran.all());
        let reason = reason(&project);
        assert!(reason.contains(says), "{says}: {reason}");
    }
}

/// The forms that Trivy reads, and its own option.
#[test]
fn what_trivy_lists_is_scanned() {
    let hashed =
        "six==1.16.0 \\\n    --hash=sha256:ab\nPy_YAML[full]==5.3 ; python_version > \"3\"  # why\n-e .\n";
    let files = tree(&[
        ("a/requirements.txt", hashed),
        ("b/uv.lock", &UV.replace("{ name = \"six\" }", "{ name = \"six\" }, { name = \"lib\" }")),
    ]);
    let scanned = project(&files);
    let ran = run(&scanned);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let all = project(&tree(&[
        ("uv.lock", UV),
        ("p/poetry.lock", POETRY),
        ("p/pyproject.toml", PYPROJECT),
        ("n/pnpm-lock.yaml", PNPM),
    ]));
    let with =
        |rest: &str| all.write("gates.toml", format!("{GATES}args = [\"--include-dev-deps\"]\n{rest}"));
    with("");
    let ran = run(&all);
    assert_eq!(ran.code, 0, "{}", ran.all());
    // It calls them packages of development, in which nothing would block.
    with("scope = \"production\"\n");
    let ran = run(&all);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(reason(&all).contains("for development, and with `scope = \"production\"`"), "{}", reason(&all));
}

/// A database has an advisory under one name: who lists another finds none.
#[test]
fn a_package_under_another_name_is_a_gap() {
    let swift = |pin: &str| {
        format!(
            r#"{{"pins": [{{"identity": "a.b", {pin}, "state": {{"version": "1.19.0"}}}}], "version": 2}}"#
        )
    };
    let npm = r#"{"name": "v", "lockfileVersion": 1, "requires": true, "dependencies": {"foo": {"version": "npm:lodash@4.17.15"}}}"#;
    let bun = r#"{"lockfileVersion": 1, "workspaces": {"": {"name": "v", "dependencies": {"foo": "npm:lodash@4.17.15"}}},
        "packages": {"foo": ["lodash@4.17.15", "", {}, "sha512-A"],}}"#;
    let mix = "%{\n  \"my_phx\": {:hex, :phoenix, \"1.6.0\", \"00\", [:mix], [], \"hexpm\", \"00\"},\n}\n";
    let archive = "packages:\n  foo:\n    dependency: \"direct main\"\n    description:\n      name: archive\n      sha256: \"00\"\n      \
        url: \"https://pub.dev\"\n    source: hosted\n    version: \"3.3.0\"\nsdks:\n  dart: \">=3.0.0 <4.0.0\"\n";
    let pods = "PODS:\n  - AFNetworking/Core (2.5.1)\n\nDEPENDENCIES:\n  - AFNetworking/Core\n\nSPEC CHECKSUMS:\n  AFNetworking: 00\n\nCOCOAPODS: 1.15.2\n";
    let tgz = "https://registry.yarnpkg.com/lodash/-/lodash-4.17.15.tgz";
    let yarn = format!(
        "# yarn lockfile v1\n\n\n\"lodash@{tgz}\":\n  version \"4.17.15\"\n  resolved \"{tgz}#b4\"\n\nms@2.1.3:\n  version \"2.1.3\"\n"
    );
    let package = format!(r#"{{"name": "v", "dependencies": {{"lodash": "{tgz}", "ms": "2.1.3"}}}}"#);
    for (files, says) in [
        (tree(&[("package-lock.json", npm)]), "package-lock.json (Trivy does not list lodash 4.17.15"),
        (tree(&[("bun.lock", bun)]), "bun.lock (Trivy does not list lodash 4.17.15"),
        (tree(&[("mix.lock", mix)]), "mix.lock (Trivy does not list phoenix 1.6.0"),
        (tree(&[("pubspec.lock", archive)]), "pubspec.lock (Trivy does not list archive 3.3.0"),
        (tree(&[("Podfile.lock", pods)]), "Podfile.lock (Trivy does not list AFNetworking 2.5.1"),
        (
            tree(&[("yarn.lock", &yarn), ("package.json", &package)]),
            "yarn.lock (Trivy does not list lodash 4.17.15",
        ),
        (
            tree(&[(
                "Package.resolved",
                &swift(r#""kind": "remoteSourceControl", "location": "git@github.com:a/b.git""#),
            )]),
            "Package.resolved (Trivy does not list github.com/a/b 1.19.0",
        ),
    ] {
        let project = project(&files);
        let ran = run(&project);
        assert_eq!(ran.code, 3, "{says}: {}", ran.all());
        let reason = reason(&project);
        assert!(reason.contains(says), "{says}: {reason}");
    }
    let plain = swift(r#""kind": "remoteSourceControl", "location": "https://github.com/a/b.git""#);
    let third = npm.replace("\"lockfileVersion\": 1", "\"lockfileVersion\": 3").replace(
        "\"dependencies\": {\"foo\": {\"version\": \"npm:lodash@4.17.15\"}}",
        "\"packages\": {\"\": {}, \"node_modules/foo\": {\"name\": \"lodash\", \"version\": \"4.17.15\"}}",
    );
    let scanned = project(&tree(&[
        ("a/Package.resolved", &plain),
        ("b/package-lock.json", &third),
        ("c/mix.lock", &mix.replace("my_phx", "phoenix")),
        ("d/pubspec.lock", &archive.replace("foo:", "archive:")),
        ("e/Podfile.lock", &pods.replace("/Core", "")),
    ]));
    let ran = run(&scanned);
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[test]
fn a_link_is_read_where_its_file_is() {
    let project =
        project(&tree(&[("sub/requirements.txt", "six==1.16.0\n"), ("conf/pinned.list", "pyyaml==5.3\n")]));
    project.write("a/.keep", "");
    std::os::unix::fs::symlink("../sub/requirements.txt", project.root().join("a/requirements.txt")).unwrap();
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    std::os::unix::fs::symlink("conf/pinned.list", project.root().join("requirements.txt")).unwrap();
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(
        reason(&project).contains("requirements.txt (it is a link to conf/pinned.list"),
        "{}",
        reason(&project)
    );
}

/// Trivy takes for development what has only configurations that begin with `test`. Gradle before 7 calls them `compile` and `runtime`.
#[test]
fn a_package_of_gradle_counts_by_its_configurations() {
    let rows = [
        ("compile", "scanned"),
        ("runtime", "scanned"),
        ("compileOnly", "scanned"),
        ("debugCompile,releaseCompile", "scanned"),
        ("testCompile,runtime", "scanned"),
        ("androidTestCompile", "scanned"),
        ("testCompile,testRuntime", "empty"),
        ("testFixturesRuntimeClasspath", "empty"),
    ];
    let path = |configurations: &str| format!("{}/gradle.lockfile", configurations.replace(',', "-"));
    let lock =
        |configurations: &str| format!("# Gradle\na:a:1={configurations}\nempty=archives\n").into_bytes();
    let files = rows.iter().map(|(configurations, _)| (path(configurations), lock(configurations)));
    let project = project(&files.collect());
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let expected = rows.iter().map(|(configurations, state)| (path(configurations), (*state).to_owned()));
    assert_eq!(states(&project), expected.collect());
}
