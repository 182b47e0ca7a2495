//! What is suggested for small repositories. Each of the lessons is from a public repository.

mod checkers;
mod locks;
mod names;
mod nothing;
mod types;

use std::fs;
use std::path::Path;

use super::*;

/// What is suggested for a folder. Nobody asks git: it has no files of its own to say.
fn suggested(folder: &Path) -> Suggestions {
    let root = folder.canonicalize().unwrap();
    let git = root.join(".git").exists();
    let repo = Repo { base: root.clone(), root, git, ..Repo::default() };
    Suggestions::of(&repo, &Inputs::outside_git(&repo.root))
}

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The gates, one line each: id, tool and keys. Those of every repository are left out.
fn gates(files: &[(&str, &str)]) -> Vec<String> {
    let suggestions = suggested(tree(files).path());
    let toml = suggestions.gates_toml();
    assert!(Config::read(&toml).is_ok(), "{:?}\n{toml}", Config::read(&toml).err());
    let line = |gate: &NewGate| {
        let keys = gate.gate.keys.split('\n').map(str::trim).filter(|line| !line.is_empty());
        format!("{} {} {}", gate.id, gate.tool, keys.collect::<Vec<_>>().join(" ")).trim_end().to_owned()
    };
    let always = ["secrets", "packages", "sbom"];
    let own = suggestions.gates.iter().filter(|gate| !always.contains(&gate.id.as_str()));
    own.map(line).filter(|line| !line.starts_with("terraform ")).collect()
}

fn left_out(files: &[(&str, &str)]) -> Vec<String> {
    let suggestions = suggested(tree(files).path());
    suggestions.left_out.iter().map(|left| format!("{}: {}", left.what, left.why)).collect()
}

const TYPESCRIPT: (&str, &str) =
    ("package.json", r#"{"devDependencies": {"typescript": "5", "eslint": "9"}}"#);

#[test]
fn what_it_writes_is_a_gates_toml_without_mistakes() {
    let monorepo = tree(&[
        (".git/HEAD", ""),
        (
            "backend/package.json",
            r#"{"scripts": {"test": "node --test"}, "devDependencies": {"typescript": "5", "eslint": "9"}}"#,
        ),
        ("backend/package-lock.json", "{}"),
        ("backend/tsconfig.json", "{}"),
        ("backend/eslint.config.js", ""),
        ("backend/node_modules/x/package-lock.json", "{}"),
        ("backend/Dockerfile", "FROM scratch"),
        ("sonar-project.properties", "sonar.projectKey=a"),
        ("backend/sonar-project.properties", "sonar.projectKey=b"),
        ("my \"odd\" folder/Dockerfile.dev", "FROM scratch"),
        ("infra/main.tf", ""),
        ("infra/modules/a/main.tf", ""),
        ("stacks/app.yaml", "AWSTemplateFormatVersion: 2010-09-09"),
        ("line\nbreak/package.json", r#"{"dependencies": {"a": "1"}}"#),
        (".gitallowed", ""),
    ]);
    for folder in [monorepo, tree(&[]), tree(&[("Dockerfile", ""), ("main.tf", ""), ("infra/x.tf", "")])] {
        let toml = suggested(folder.path()).gates_toml();
        if let Err(problems) = Config::read(&toml) {
            panic!("{problems:?}\n{toml}");
        }
    }
}

#[test]
fn a_lock_file_is_audited_by_the_program_that_wrote_it() {
    for (file, tool) in
        [("package-lock.json", "npm-audit"), ("yarn.lock", "yarn-audit"), ("pnpm-lock.yaml", "pnpm-audit")]
    {
        let found = gates(&[(&format!("api/{file}"), ""), ("api/node_modules/x/yarn.lock", "")]);
        assert_eq!(found, [format!("audit {tool} dirs = [\"api\"]")]);
    }
    let two = gates(&[("a/yarn.lock", ""), ("b/pnpm-lock.yaml", ""), ("c/yarn.lock", "")]);
    assert_eq!(two, ["yarn-audit yarn-audit dirs = [\"a\", \"c\"]", "pnpm-audit pnpm-audit dirs = [\"b\"]"]);
}

/// An empty inventory is no proof, and a program of npm is not there without its package.
#[test]
fn no_gate_is_written_that_can_not_pass() {
    let nothing = suggested(tree(&[("README.md", "")]).path());
    assert_eq!(nothing.gates.iter().map(|gate| gate.id.as_str()).collect::<Vec<_>>(), ["secrets"]);
    let files = [
        ("tsconfig.json", "{}"),
        ("eslint.config.js", ""),
        ("package.json", r#"{"dependencies": {"a": "1"}}"#),
    ];
    assert_eq!(gates(&files), [""; 0]);
    assert_eq!(
        left_out(&files),
        [
            "tsconfig.json: TypeScript is no dependency of a package.json beside it or above it",
            "the ESLint configuration in .: ESLint is no dependency of a package.json beside it or above it",
        ]
    );
    let suggestions = suggested(tree(&files).path());
    assert_eq!(suggestions.unlocked, [("package.json".to_owned(), PackageManager::Npm)]);
    assert!(suggestions.gates_toml().contains("#   \"package.json\" (npm)\n"));
}

#[test]
fn a_root_of_terraform_below_modules_is_a_target_of_its_own() {
    let files = [
        ("infra/modules/net/main.tf", "resource \"aws_s3_bucket\" \"b\" {}"),
        (
            "infra/modules/prod/main.tf",
            "terraform {\n backend \"s3\" {}\n}\nmodule \"n\" {\n source = \"../net\"\n}\n",
        ),
        ("stage/main.tf", "module \"n\" {\n source = \"../infra/modules/net\"\n}\n"),
    ];
    assert_eq!(gates(&files), ["iac checkov dirs = [\".\"] framework = [\"terraform\"]"]);
    let suggestions = suggested(tree(&files).path());
    let all = format!("{:?} {:?}", suggestions.gates, suggestions.left_out);
    // As a gate where Terraform is installed, else as left out.
    for root in ["infra/modules/prod", "stage"] {
        assert!(
            all.contains(&format!("\\\"{root}\\\""))
                || all.contains(&format!("`terraform validate` of {root}")),
            "{all}"
        );
    }
    assert!(
        !all.contains("\\\"infra/modules/net\\\"") && !all.contains("validate` of infra/modules/net"),
        "{all}"
    );
}

/// Terraform calls a folder valid of which it reads nothing.
#[test]
fn files_that_only_opentofu_reads_are_validated_by_it_alone() {
    let files = [("main.tofu", "output \"a\" {\n  value = var.nobody\n}\n"), ("aws/main.tf", "")];
    assert_eq!(
        gates(&files),
        ["iac checkov dirs = [\"aws\"] framework = [\"terraform\"] allow_empty = true"]
    );
    assert!(
        left_out(&files)
            .contains(&"a check of .: Checkov does not read files of OpenTofu (.tofu)".to_owned())
    );
    let suggestions = suggested(tree(&files).path());
    let gate =
        suggestions.gates.iter().find(|gate| gate.gate.keys.contains("dirs = [\".\"]\nengine = \"tofu\""));
    let named = suggestions.left_out.iter().any(|left| left.what == "`terraform validate` of .");
    assert!(gate.is_some() || named, "{suggestions:?}");
}

/// juice-shop: its own script does not look into the frontend. Create React App brings ESLint.
/// traefik/whoami: the program is built before the image.
#[test]
fn an_image_that_needs_another_step_first_is_left_out() {
    let files = [
        ("Dockerfile", "FROM scratch\nCOPY whoami /\n"),
        (
            "api/Dockerfile",
            "FROM scratch\nCOPY [\"src\", \"/src\"]\nADD https://example.test/a $HERE/*.txt /\n",
        ),
        ("api/src/a", ""),
        // alertmanager
        ("ui/Dockerfile", "FROM scratch\nARG OS\nCOPY .build/${OS}-x/ui /ui\nCOPY src/*.js $A/b.js /\n"),
        ("ui/src/a.js", ""),
    ];
    assert_eq!(gates(&files)[0], "images docker-build images = [ { name = \"api\", context = \"api\" }, ]");
    assert_eq!(
        left_out(&files),
        [
            "Dockerfile (copies whoami): what it copies is not there: does another step make it?",
            "ui/Dockerfile (copies ui/.build): what it copies is not there: does another step make it?"
        ]
    );
}

#[test]
fn packages_of_a_folder_with_a_dockerfile_are_scanned_too() {
    let files = [
        ("go.mod", "module a\nrequire b v1.0.0\n"),
        ("go.sum", "b v1.0.0 h1:x=\n"),
        ("Dockerfile", "FROM scratch\n"),
    ];
    let suggestions = suggested(tree(&files).path());
    let ids: Vec<&str> = suggestions.gates.iter().map(|gate| gate.id.as_str()).collect();
    assert_eq!(ids, ["secrets", "images", "packages", "image-scan", "sbom", "sbom-images", "iac"]);
}

/// Syft 1.18 passes over uv.lock: a gate on the whole folder would have a gap.
#[test]
fn an_sbom_is_made_of_folders_that_syft_reads_whole() {
    let sbom = |files: &[(&str, &str)]| {
        let suggestions = suggested(tree(files).path());
        suggestions.gates.iter().find(|gate| gate.id == "sbom").map(|gate| gate.gate.keys.clone())
    };
    let (npm, uv) = (("web/package-lock.json", "{}"), ("api/uv.lock", ""));
    assert_eq!(sbom(&[npm]).as_deref(), Some("dirs = [\".\"]\n"));
    assert_eq!(sbom(&[npm, uv]).as_deref(), Some("dirs = [\"web\"]\n"));
    assert_eq!(sbom(&[("package-lock.json", "{}"), uv]), None);
    assert_eq!(sbom(&[uv]), None);
    assert_eq!(sbom(&[npm, ("npm-shrinkwrap.json", "{}")]).as_deref(), Some("dirs = [\".\"]\n"));
}

#[test]
fn images_are_built_as_the_project_builds_them() {
    let files = [
        (
            "compose.yaml",
            "services:\n  api:\n    build:\n      context: .\n      dockerfile: docker/api.Dockerfile\n      target: dev\n",
        ),
        (
            ".github/workflows/ci.yml",
            "on: push\njobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          file: docker/api.Dockerfile\n          target: run\n",
        ),
        ("docker/api.Dockerfile", "FROM scratch\n"),
        (
            "package/web/Dockerfile",
            "FROM scratch\nCOPY --chown=1:1 package.json web/src ./\nCOPY --from=x /a /b\n",
        ),
        ("package.json", "{}"),
        ("web/src/a.js", ""),
        (".devcontainer/Dockerfile", "FROM scratch\n"),
        (".devcontainer/compose.yaml", "services:\n  a:\n    build: .\n"),
        ("tests/fixtures/Dockerfile", "FROM scratch\n"),
        // cookiecutter-django
        ("{{cookiecutter.slug}}/Dockerfile", "FROM scratch\n"),
        ("{{cookiecutter.slug}}/compose.yaml", "services:\n  a:\n    build: .\n"),
        ("job/Containerfile", "FROM scratch\n"),
    ];
    let found = gates(&files);
    assert_eq!(
        found[0],
        "images docker-build images = [ \
         { name = \"docker-api-run\", context = \".\", file = \"docker/api.Dockerfile\", target = \"run\" }, \
         { name = \"docker-api-dev\", context = \".\", file = \"docker/api.Dockerfile\", target = \"dev\" }, \
         { name = \"job\", context = \"job\", file = \"job/Containerfile\" }, \
         { name = \"package-web\", context = \".\", file = \"package/web/Dockerfile\" }, ]"
    );
    assert_eq!(found[3], "iac checkov dirs = [\".\", \".devcontainer\"] framework = [\"dockerfile\"]");
    let aside =
        "its folder looks like tests, examples, a template or a workplace, and nothing else builds it";
    assert_eq!(
        left_out(&files),
        [
            format!(".devcontainer/Dockerfile: {aside}"),
            format!("tests/fixtures/Dockerfile: {aside}"),
            format!("{{{{cookiecutter.slug}}}}/Dockerfile: {aside}"),
            "a check of job/Containerfile: Checkov takes no file of this name for a Dockerfile".to_owned()
        ]
    );
}

/// The arguments of compose files, CI files and scripts. What only the build knows makes no gate that passes.
#[test]
fn images_get_the_build_arguments_that_the_project_gives_them() {
    let compose = "services:
  a:
    build: {context: a, args: {X: one, N: 3, Y: \"${Y:-two}\", GONE: '1'}}
  b:
    build: {context: b, args: [X]}
  c:
    build: {context: c, args: {X: \"${VERSION}\"}}
  d:
    build: {context: d, args: {API_TOKEN: abc}}
  e:
    build: {context: e, args: {APP: api}}
  f:
    build: {context: e, args: {APP: web}}
";
    let ci = "on: push\njobs:\n  a:\n    steps:\n      - run: docker build --build-arg X=$SHA --build-arg Y=2 c\n      - uses: docker/build-push-action@v6\n        with:\n          context: g\n          build-args: |\n            X=${{ github.sha }}\n            Y=z\n";
    let bake = "target \"h\" {\n  context = \"h\"\n  args = {\n    X = \"1\"\n    Y = VERSION\n  }\n}\n";
    let takes = "FROM scratch\nARG X\nARG Y=1 N\n";
    let files = [
        ("compose.yaml", compose),
        (".github/workflows/ci.yml", ci),
        ("docker-bake.hcl", bake),
        ("a/Dockerfile", takes),
        ("b/Dockerfile", takes),
        ("c/Dockerfile", takes),
        ("d/Dockerfile", "FROM scratch\nARG API_TOKEN\n"),
        ("e/Dockerfile", "FROM scratch\nARG APP\n"),
        ("g/Dockerfile", "ARG X=none\nFROM scratch\nARG X\nARG Y\n"),
        ("h/Dockerfile", takes),
        ("i/Dockerfile", "ARG BASE\nFROM $BASE\n"),
    ];
    assert_eq!(
        gates(&files)[0],
        "images docker-build images = [ \
         { name = \"a\", context = \"a\", build_args = { N = \"3\", X = \"one\", Y = \"two\" } }, \
         { name = \"e\", context = \"e\", build_args = { APP = \"api\" } }, \
         { name = \"e-2\", context = \"e\", build_args = { APP = \"web\" } }, \
         { name = \"g\", context = \"g\", build_args = { Y = \"z\" } }, \
         { name = \"h\", context = \"h\", build_args = { X = \"1\" } }, ]"
    );
    let why = "nothing here gives that a value, or only when it builds: add the image with its `build_args`";
    let expected = ["b/Dockerfile (build argument X)", "c/Dockerfile (build argument X)"]
        .into_iter()
        .chain(["d/Dockerfile (build argument API_TOKEN)", "i/Dockerfile (build argument BASE)"]);
    let expected: Vec<String> = expected.map(|what| format!("{what}: {why}")).collect();
    assert_eq!(left_out(&files), expected);
    // Another file that says all of it is as good.
    let known = compose.replace("${VERSION}", "1.0");
    let files = [("compose.yaml", known.as_str()), (".github/workflows/ci.yml", ci), ("c/Dockerfile", takes)];
    assert_eq!(
        gates(&files)[0],
        "images docker-build images = [ { name = \"c\", context = \"c\", build_args = { X = \"1.0\" } }, ]"
    );
}

#[test]
fn known_findings_are_one_comment_away() {
    let toml = suggested(tree(&[]).path()).gates_toml();
    let switched = toml.replace("# new_only = true ", "new_only = true ");
    assert_ne!(toml, switched);
    assert!(Config::read(&switched).unwrap().gates[0].policy.new_only);
}

#[test]
fn git_secrets_is_a_gate_where_someone_uses_it() {
    let registered = "[core]\n\tbare = false\n[secrets]\n\tpatterns = AKIA[A-Z0-9]{16}\n";
    for (files, used) in [
        (vec![(".git/config", registered)], true),
        (vec![(".git/config", "[core]\n"), (".gitallowed", "docs/\n")], true),
        (vec![(".git/config", "[core]\n")], false),
        (vec![(".gitallowed", "docs/\n")], false),
    ] {
        let toml = suggested(tree(&files).path()).gates_toml();
        assert_eq!(toml.contains("tool = \"git-secrets\""), used, "{files:?}");
    }
}
