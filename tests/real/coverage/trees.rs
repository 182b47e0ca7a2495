//! Larger trees, each made here with what is to become of every input: what the gates of the real tools say of them is the same.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;

use crate::common::{Project, Ran, real_tools, run_with_real_tools};
use crate::identity::modules;

use super::inputs::{counts, expected, left_out, paths};
use super::{GATES, locks};

/// A repository with these gates.
fn project(gates: &str) -> Project {
    let project = Project::with_gates(&format!("version = 1\nmode = \"production\"\n{gates}"));
    project.git(&["init", "--quiet"]);
    project.write(".gitignore", "node_modules\n/cache\n/gates-report\n");
    project
}

fn run(project: &Project) -> Ran {
    project.commit("a tree");
    run_with_real_tools(project, &["run"])
}

const PACKAGES: usize = 12;

/// Each package has three sources and two tests, and a generated file.
fn monorepo(gates: &str) -> Project {
    let project = project(gates);
    symlink(modules(), project.root().join("node_modules")).unwrap();
    project.write("package.json", r#"{"name": "all", "private": true, "type": "module"}"#);
    project.write(
        "eslint.config.js",
        "export default [{ ignores: [\"**/gen/**\"] }, { rules: { \"no-undef\": \"error\" } }];\n",
    );
    project.write(
        "tsconfig.base.json",
        r#"{"compilerOptions": {"strict": true, "types": [], "skipLibCheck": true}}"#,
    );
    for n in 0..PACKAGES {
        let package = format!("packages/p{n}");
        project.write(
            &format!("{package}/tsconfig.json"),
            r#"{"extends": "../../tsconfig.base.json", "include": ["src", "test/used.ts"]}"#,
        );
        project.write(
            &format!("{package}/tsconfig.build.json"),
            r#"{"extends": "./tsconfig.json", "exclude": ["test"]}"#,
        );
        for (file, text) in [
            ("src/a.ts", "export const a = 1;\n"),
            ("src/deep/b.tsx", "export const b = 1;\n"),
            ("src/plain.js", "export const c = 1;\n"),
            ("test/used.ts", "export const d = 1;\n"),
            ("test/unused.ts", "export const e: number = \"no number\";\n"),
            ("gen/g.js", "g();\n"),
        ] {
            project.write(&format!("{package}/{file}"), text);
        }
    }
    project
}

fn dirs() -> String {
    let dirs: Vec<String> = (0..PACKAGES).map(|n| format!("\"packages/p{n}\"")).collect();
    format!("dirs = [{}]\n", dirs.join(", "))
}

#[test]
fn the_sources_of_twelve_packages_are_scanned_or_left_out_by_a_named_rule() {
    let types = format!("[[gate]]\nid = \"types\"\ntool = \"tsc\"\n{}", dirs());
    let lint = "[[gate]]\nid = \"lint\"\ntool = \"eslint\"\n";
    let project = monorepo(&format!("{types}{lint}"));
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let packages = PACKAGES as u64;
    assert_eq!(counts(&project, "types"), expected([("scanned", 3 * packages), ("excluded", packages)]));
    let why = &project.gate("types")["reason"];
    assert_eq!(why, "no findings; scanned 36 of 48 sources, 12 left out", "{}", ran.all());
    // ESLint reads JavaScript: the sources, and its own configuration.
    assert_eq!(counts(&project, "lint"), expected([("scanned", packages + 1), ("excluded", 5 * packages)]));
    let why = &project.gate("lint")["reason"];
    assert_eq!(why, "no findings; scanned 13 of 73 sources, 60 left out");
    // Of each package a.ts, used.ts, unused.ts, b.tsx, and g.js, which `ignores` names.
    let no_pattern = |ending| {
        format!("because eslint.config.js has no `files` pattern for .{ending}, or ignores all such files")
    };
    let rules = BTreeMap::from([
        (no_pattern("ts"), 3 * packages),
        (no_pattern("tsx"), packages),
        ("by eslint.config.js".to_owned(), packages),
    ]);
    assert_eq!(left_out(&project, "lint"), rules);
    // The project of the build has no source that another does not have.
    assert!(!ran.stdout.contains("Not covered"), "{}", ran.all());
}

#[test]
fn a_component_that_tsc_does_not_check_is_a_gap() {
    let project = monorepo(&format!("[[gate]]\nid = \"types\"\ntool = \"tsc\"\n{}", dirs()));
    project
        .write("packages/p3/src/App.vue", "<script setup lang=\"ts\">\nconst a: number = 'no';\n</script>\n");
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(paths(&project, "types", "gap"), ["packages/p3/src/App.vue"]);
}

/// Copies of the lock files of twelve package managers: 40 of them.
fn many_locks(gates: &str) -> (Project, Vec<String>) {
    let managers = [
        "npm/package-lock.json",
        "yarn/yarn.lock",
        "pnpm/pnpm-lock.yaml",
        "pip/requirements.txt",
        "poetry/poetry.lock",
        "pipenv/Pipfile.lock",
        "cargo/Cargo.lock",
        "composer/composer.lock",
        "bundler/Gemfile.lock",
        "pub/pubspec.lock",
        "swift/Package.resolved",
        "gradle/gradle.lockfile",
    ];
    let (project, files) = (project(gates), locks());
    let mut written = Vec::new();
    for (n, lock) in managers.iter().cycle().take(40).enumerate() {
        let path = format!("services/s{n}/{lock}");
        project.write(&path, &files[*lock]);
        written.push(path);
    }
    written.sort();
    (project, written)
}

#[test]
fn forty_lock_files_are_named_by_trivy_and_by_syft() {
    let sbom = "[[gate]]\nid = \"sbom\"\ntool = \"syft\"\n";
    let (project, written) =
        many_locks(&format!("{}{sbom}", GATES.replace("version = 1\nmode = \"production\"\n", "")));
    super::with_database(&project);
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    for gate in ["deps", "sbom"] {
        assert_eq!(paths(&project, gate, "scanned"), written, "{gate}");
        assert_eq!(counts(&project, gate), expected([("scanned", 40)]), "{gate}");
    }
}

/// What Syft 1.18 has no reader for, and a file that is cut.
#[test]
fn a_lock_file_that_syft_passes_over_is_a_gap() {
    let files = locks();
    let project = project("[[gate]]\nid = \"sbom\"\ntool = \"syft\"\n");
    project.write("yarn.lock", &files["yarn/yarn.lock"]);
    let passed_over = ["bun/bun.lock", "nuget/packages.lock.json", "pylock/pylock.toml", "uv/uv.lock"];
    for path in passed_over {
        project.write(path, &files[path]);
    }
    project.write("cut/composer.lock", &files["composer/composer.lock"][..100]);
    project.write("old/uv/uv.lock", &files["uv/uv.lock"]);
    project.write(".syft.yaml", "exclude:\n  - ./old/**\n");
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let mut gaps = passed_over.to_vec();
    gaps.push("cut/composer.lock");
    gaps.sort_unstable();
    assert_eq!(paths(&project, "sbom", "gap"), gaps);
    assert_eq!(paths(&project, "sbom", "excluded"), ["old/uv/uv.lock"]);
}

#[test]
fn thirty_terraform_roots_are_checked_empty_left_out_or_a_gap() {
    let project = project("[[gate]]\nid = \"iac\"\ntool = \"checkov\"\nfail_on = \"never\"\n");
    let bucket =
        "terraform {\n  backend \"s3\" {}\n}\nresource \"aws_s3_bucket\" \"a\" {\n  bucket = \"a\"\n}\n";
    for n in 0..20 {
        project.write(&format!("infra/r{n:02}/main.tf"), bucket);
        project.write(&format!("infra/r{n:02}/variables.tf"), "variable \"a\" {}\n");
    }
    for n in 20..25 {
        project.write(&format!("infra/r{n}/main.tf"), "resource \"random_pet\" \"a\" {}\n");
    }
    for n in 25..30 {
        project.write(&format!("infra/old/r{n}/main.tf"), bucket);
    }
    project.write(".checkov.yaml", "skip-path:\n  - infra/old\n");
    project.write("k8s/namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n");
    project.write("api/Dockerfile", "FROM scratch\nUSER a\n");
    project.write("web/Containerfile", "FROM scratch\n");
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let fates = [("scanned", 20 + 1), ("empty", 5 + 1), ("excluded", 5)];
    assert_eq!(counts(&project, "iac"), expected(fates), "{}", ran.all());
    assert!(ran.stdout.contains("Not covered by any gate: 1 Dockerfile"), "{}", ran.all());
    // One that does not parse, and one that no scanner reads.
    project.write("infra/r00/main.tf", bucket.replace("resource", "resource {"));
    project.write("infra/r01/main.tf", "");
    project.write("infra/r01/main.tofu", bucket);
    // And one beside a file that Checkov reads.
    project.write("infra/r02/more.tofu", bucket);
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(paths(&project, "iac", "gap"), ["infra/r00/main.tf", "infra/r01", "infra/r02"]);
    // One waiver accepts them.
    let waiver = "[[waiver]]\ngap = \"infra/r0*/**\"\nreason = \"r\"\nexpires = 2999-12-31\n";
    let folders = waiver.replace("/**", "");
    let gates = project.read("gates.toml");
    project.write("gates.toml", format!("{gates}{waiver}{folders}"));
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
}

/// It says nothing of a file without a check, nor of one that it can't parse. Each kind of object with a check is named.
#[test]
fn a_manifest_that_checkov_does_not_name_is_empty_or_a_gap() {
    const NAMED: [&str; 19] = [
        "AdmissionConfiguration",
        "ClusterRole",
        "ClusterRoleBinding",
        "ConfigMap",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Ingress",
        "Job",
        "Pod",
        "PodSecurityPolicy",
        "ReplicaSet",
        "ReplicationController",
        "Role",
        "RoleBinding",
        "Secret",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    ];
    let project = project(
        "[[gate]]\nid = \"iac\"\ntool = \"checkov\"\nframework = [\"kubernetes\"]\nfail_on = \"never\"\n",
    );
    let object = |kind: &str| format!("apiVersion: v1\nkind: {kind}\nmetadata:\n  name: a\n  namespace: n\n");
    for kind in NAMED {
        project.write(&format!("k8s/{kind}.yaml"), object(kind));
    }
    project.write("k8s/namespace.yaml", object("Namespace"));
    project.write("k8s/widget.yaml", object("Widget"));
    project.write("k8s/broken.yaml", object("Namespace") + "---\nmetadata: [\n");
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let named: Vec<String> = NAMED.iter().map(|kind| format!("k8s/{kind}.yaml")).collect();
    assert_eq!(paths(&project, "iac", "scanned"), named);
    assert_eq!(paths(&project, "iac", "empty"), ["k8s/namespace.yaml", "k8s/widget.yaml"]);
    assert_eq!(paths(&project, "iac", "gap"), ["k8s/broken.yaml"]);
}

/// Without `kubectl` and `kustomize`, Checkov builds no overlay, and ends well.
#[test]
fn a_kustomization_that_nobody_can_build_is_a_gap() {
    let project = project(
        "[[gate]]\nid = \"iac\"\ntool = \"checkov\"\nframework = [\"kubernetes\", \"kustomize\"]\nfail_on = \"never\"\n",
    );
    project.write("base/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n");
    project.write("prod/kustomization.yaml", "resources: [../base/pod.yaml]\npatches: [{path: p.yaml}]\n");
    project.commit("an overlay");
    let bin = project.root().join("few");
    std::fs::create_dir(&bin).unwrap();
    for name in ["sh", "git", "uname"] {
        let path = std::env::var("PATH").unwrap();
        let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.exists());
        symlink(found.unwrap(), bin.join(name)).unwrap();
    }
    let path = format!("{}:{}", real_tools().display(), bin.display());
    let ran = Ran::of(project.command(&["run"]).env("PATH", path).output().unwrap());
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(paths(&project, "iac", "scanned"), ["base/pod.yaml"], "{}", ran.all());
    assert_eq!(paths(&project, "iac", "gap"), ["prod/kustomization.yaml"]);
    let says = "it reads kustomizations only if `kubectl` or `kustomize` is installed";
    let inputs = project.gate("iac")["inputs"].to_string();
    assert!(inputs.contains(says), "{inputs}");
}

/// A Dockerfile beside a chart is not the chart: without `helm`, or with templates that it can't fill in, Checkov names none of them.
#[test]
fn a_chart_whose_templates_are_not_named_is_a_gap() {
    let project = project("[[gate]]\nid = \"iac\"\ntool = \"checkov\"\nfail_on = \"never\"\n");
    project.write("app/Dockerfile", "FROM debian:12\n");
    project.write("app/Chart.yaml", "apiVersion: v2\nname: app\nversion: 0.1.0\n");
    project.write("app/templates/pod.yaml", "{{ fail \"nobody can fill this in\" }}\n");
    project.write(
        "main.tf.json",
        r#"{"terraform": {"backend": {"s3": {}}}, "resource": {"aws_s3_bucket": {"a": {}}}}"#,
    );
    assert_eq!(run(&project).code, 3);
    let gaps = paths(&project, "iac", "gap");
    assert!(gaps.contains(&"app/Chart.yaml".to_owned()), "{gaps:?}");
    // With its own framework, a root in JSON is read; the folder that is scanned is no hidden one.
    assert_eq!(paths(&project, "iac", "scanned"), [".", "app/Dockerfile"]);
    assert_eq!(paths(&project, "iac", "excluded"), [""; 0]);
}

#[test]
fn each_template_that_cfn_lint_was_given_is_scanned() {
    let template = "AWSTemplateFormatVersion: \"2010-09-09\"\nResources:\n  A:\n    Type: AWS::SNS::Topic\n";
    let project = project("[[gate]]\nid = \"cfn\"\ntool = \"cfn-lint\"\nfiles = [\"!old/**\"]\n");
    for path in ["a.yaml", "b/c.yaml", "b/d/e.yml", "old/f.yaml"] {
        project.write(path, template);
    }
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(paths(&project, "cfn", "scanned"), ["a.yaml", "b/c.yaml", "b/d/e.yml"]);
    assert_eq!(paths(&project, "cfn", "excluded"), ["old/f.yaml"]);
}

/// Each has one package, for development: Trivy passes over them.
#[test]
fn a_lock_file_for_development_alone_is_no_gap() {
    let pnpm = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    devDependencies:\n      lodash:\n        specifier: ^4.17.4\n        \
                version: 4.17.4\n\npackages:\n\n  lodash@4.17.4:\n    resolution: {integrity: sha512-x}\n\nsnapshots:\n\n  lodash@4.17.4: {}\n";
    let bun = r#"{"lockfileVersion": 1, "workspaces": {"": {"name": "a", "devDependencies": {"lodash": "4.17.4"}}},
        "packages": {"lodash": ["lodash@4.17.4", "", {}, "sha512-x"]}}"#;
    let poetry = "[[package]]\nname = \"requests\"\nversion = \"2.31.0\"\noptional = false\npython-versions = \"*\"\nfiles = []\n\n\
                  [metadata]\nlock-version = \"2.0\"\npython-versions = \"^3.11\"\ncontent-hash = \"x\"\n";
    let pyproject = "[tool.poetry]\nname = \"a\"\n[tool.poetry.dependencies]\npython = \"^3.11\"\n\
                     [tool.poetry.group.dev.dependencies]\nrequests = \"^2\"\n";
    let gradle = "junit:junit:4.12=testCompileClasspath,testRuntimeClasspath\nempty=annotationProcessor\n";
    let nuget = r#"{"version": 1, "dependencies": {"net8.0": {"a": {"type": "Project"}}}}"#;
    let project = project(&GATES.replace("version = 1\nmode = \"production\"\n", ""));
    super::with_database(&project);
    for (path, text) in [
        ("bun/bun.lock", bun),
        ("gradle/gradle.lockfile", gradle),
        ("nuget/packages.lock.json", nuget),
        ("pnpm/pnpm-lock.yaml", pnpm),
        ("poetry/poetry.lock", poetry),
        ("poetry/pyproject.toml", pyproject),
    ] {
        project.write(path, text);
    }
    project.write("yarn.lock", &locks()["yarn/yarn.lock"]);
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(counts(&project, "deps"), expected([("scanned", 1), ("empty", 5)]));
    // The forms of pnpm and Poetry that Trivy passes over, too, and of NuGet, CocoaPods and Conan.
    let workspace = "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n\nimporters:\n\n  .: {}\n\n  a:\n    dependencies:\n      \
                     b:\n        specifier: workspace:*\n        version: link:../b\n\n  b: {}\n";
    let patched = pnpm
        .replace("importers:", "catalogs:\n  default:\n    lodash:\n      specifier: ^4.17.4\n      version: 4.17.4\n\noverrides:\n  a: ^1\n\n\
                  patchedDependencies:\n  lodash@4.17.4:\n    hash: x\n    path: patches/lodash.patch\n\nimporters:");
    let docs = pyproject.replace("group.dev", "group.docs");
    let config = "<?xml version=\"1.0\"?>\n<packages>\n  <package id=\"a\" version=\"1.0\" developmentDependency=\"true\" />\n</packages>\n";
    for (path, text) in [
        ("linked/pnpm-lock.yaml", workspace),
        ("patched/pnpm-lock.yaml", &patched),
        ("docs/poetry.lock", poetry),
        ("docs/pyproject.toml", &docs),
        ("config/packages.config", config),
        ("ios/Podfile.lock", "PODFILE CHECKSUM: x\n\nCOCOAPODS: 1.15.2\n"),
        ("cpp/conan.lock", r#"{"version": "0.5", "requires": [], "build_requires": ["cmake/3.27.0#x%1"]}"#),
    ] {
        project.write(path, text);
    }
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(counts(&project, "deps"), expected([("scanned", 1), ("empty", 11)]));
    // The same with a package of production: whoever does not name it has a gap.
    project.write(
        "pnpm/pnpm-lock.yaml",
        pnpm.replace("devDependencies", "dependencies").replace("packages:", "packages: ["),
    );
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(paths(&project, "deps", "gap"), ["pnpm/pnpm-lock.yaml"]);
}
