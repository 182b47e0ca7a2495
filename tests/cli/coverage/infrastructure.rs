//! Infrastructure that a scanner passes over, by its name, its place or its form: nobody looks at it, and the run says so.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use serde_json::json;

use crate::common::{Project, Ran};

use super::gates;

const REQUIRED: &str = "coverage = \"required\"\n";
const CHECKOV: &str = "[[gate]]\nid = \"iac\"\ntool = \"checkov\"\n";
const ALWAYS: &str = "[[gate]]\nid = \"a\"\ntool = \"command\"\nrun = [\"true\"]\n";
const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n";

/// A project with these files, in which Checkov names `k8s/a.yaml`, and `main.tf`.
fn project(gates_toml: &str, files: &[(&str, &str)]) -> Project {
    let project = Project::with_gates(&gates(gates_toml));
    project.git(&["init", "--quiet"]);
    project.write(".gitignore", "/gates-report\n/bin\n");
    files.iter().for_each(|(path, text)| drop(project.write(path, text)));
    let checks = json!([{"file_path": "/k8s/a.yaml"}, {"file_path": "/main.tf"}]);
    let report = json!({"check_type": "kubernetes",
        "results": {"passed_checks": checks, "failed_checks": [], "skipped_checks": [], "parsing_errors": []},
        "summary": {"passed": 2, "failed": 0, "skipped": 0, "parsing_errors": 0, "resource_count": 2, "checkov_version": "3.3.30"}});
    program(&project, &report);
    project.commit("now");
    project
}

/// Checkov with this report.
fn program(project: &Project, report: &serde_json::Value) {
    project.program(
        "checkov",
        &format!("while [ $# -gt 0 ]; do [ \"$1\" = --output-file-path ] && out=$2; shift; done; mkdir -p \"$out\"; cat > \"$out/results_json.json\" <<'EOF'\n{report}\nEOF"),
    );
}

/// Runs such a project with required coverage.
fn required(gate: &str, files: &[(&str, &str)]) -> (Project, Ran) {
    let project = project(&format!("{REQUIRED}{gate}"), files);
    let ran = project.run(&["run"]);
    (project, ran)
}

fn assert_says(ran: &Ran, code: i32, says: &str) {
    assert_eq!(ran.code, code, "{}", ran.all());
    assert!(ran.stdout.contains(says), "{says}: {}", ran.all());
}

#[test]
fn what_lies_in_a_hidden_folder_is_not_covered_unless_a_gate_starts_there_or_a_rule_leaves_it_out() {
    let files = [("k8s/a.yaml", POD), (".deploy/pod.yaml", POD), (".docker/Dockerfile", "FROM a\n")];
    let (_, ran) = required(CHECKOV, &files);
    let says = "Not covered by any gate: 1 Dockerfile (checkov), 1 Kubernetes manifest (checkov)";
    assert_says(&ran, 1, says);
    let (project, ran) = required(&format!("{CHECKOV}dirs = [\".deploy\", \".docker\"]\n"), &files);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(project.gate("iac")["reason"].as_str().unwrap().contains(".deploy/pod.yaml"), "{}", ran.all());
    let rule = [files[0], files[1], (".checkov.yaml", "skip-path:\n  - deploy/\n")];
    let (project, ran) = required(CHECKOV, &rule);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let rows = project.gate("iac")["inputs"].to_string();
    assert!(rows.contains("by `skip-path` of .checkov.yaml"), "{rows}");
}

#[test]
fn a_root_of_opentofu_is_not_covered_by_a_scanner_of_terraform() {
    let bucket = "resource \"aws_s3_bucket\" \"a\" {}\n";
    for name in ["live/main.tofu", "live/main.tofu.json"] {
        let (_, ran) = required(CHECKOV, &[("main.tf", bucket), (name, "{}")]);
        assert_says(&ran, 1, "Not covered by any gate: 1 Terraform root (terraform-validate)");
    }
}

/// Checkov reads all of them: whether a root is valid is another question.
#[test]
fn a_root_that_nobody_validates_is_not_covered_where_others_are_validated() {
    let bucket = "resource \"aws_s3_bucket\" \"a\" {}\n";
    let files = [("main.tf", bucket), ("new/main.tf", "output \"a\" {\n  value = var.nope\n}\n")];
    let valid = "[[gate]]\nid = \"valid\"\ntool = \"command\"\nrun = [\"terraform\", \"validate\"]\n";
    let project = project(&format!("{REQUIRED}{CHECKOV}{valid}"), &files);
    project.program("terraform", "exit 0");
    let ran = project.run(&["run"]);
    assert_says(&ran, 1, "Not covered by any gate: 1 Terraform root (terraform-validate)");
    let record = project.record();
    assert_eq!(record["inputs"]["uncovered"][0]["inputs"][0]["path"], json!("new"), "{record}");
}

#[test]
fn an_object_that_checkov_drops_is_a_gap_of_its_file() {
    let dropped = format!("{POD}---\napiVersion: v1\nkind: Pod\nmetadata: {{generateName: a-}}\n");
    let (project, ran) = required(CHECKOV, &[("k8s/a.yaml", &dropped)]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = project.gate("iac")["reason"].as_str().unwrap().to_owned();
    let says = "k8s/a.yaml (Checkov passes over a Pod without `metadata.name` and labels;";
    assert!(reason.contains(says), "{reason}");
}

/// Checkov (3.3.30) says nothing of a manifest without any check, and nothing of one that it can't parse.
#[test]
fn a_manifest_without_any_check_is_told_from_one_that_is_not_read() {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
    let nothing = json!({"passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0, "resource_count": 0, "checkov_version": "3.3.30"});
    for (rest, code, state, says) in [
        ("", 0, "empty", "without a resource that Checkov is known to check"),
        ("---\na: [\n", 3, "gap", "it can't be parsed as YAML, and Checkov passes over such a file"),
        (
            "---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n",
            3,
            "gap",
            "Checkov does not mention it",
        ),
    ] {
        let files = [("k8s/ns.yaml", &*format!("{namespace}{rest}"))];
        let project = project(&format!("{REQUIRED}{CHECKOV}allow_empty = true\n{ALWAYS}"), &files);
        program(&project, &nothing);
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, code, "{rest}: {}", ran.all());
        let input = &project.gate("iac")["inputs"][0];
        assert_eq!((&input["path"], &input["state"]), (&json!("k8s/ns.yaml"), &json!(state)), "{rest}");
        assert!(input["why"].as_str().unwrap().contains(says), "{rest}: {input}");
        assert!(!ran.stdout.contains("Not covered by any gate"), "{rest}: {}", ran.all());
    }
}

/// `init` proposes what a run misses, whatever the folder is called.
#[test]
fn a_dockerfile_of_tests_is_checked_as_any_other() {
    let files =
        [("infra/main.tf", "resource \"aws_s3_bucket\" \"a\" {}\n"), ("tests/e2e/Dockerfile", "FROM a\n")];
    let project = project(&format!("{CHECKOV}dirs = [\"infra\"]\n"), &files);
    let ran = project.run(&["run"]);
    let says = "Not covered by any gate: 1 Dockerfile (checkov)";
    assert!(ran.stdout.contains(says), "{}", ran.all());
    let added = project.run(&["init", "--add"]).stdout;
    assert!(added.contains("dirs = [\"tests/e2e\"]\n"), "{added}");
    std::fs::remove_file(project.root().join("gates.toml")).unwrap();
    assert_eq!(project.run(&["init"]).code, 0);
    let gates = project.read("gates.toml");
    assert!(gates.contains("framework = [\"terraform\", \"dockerfile\"]\n"), "{gates}");
    assert!(!gates.contains("a check of tests/e2e/Dockerfile"), "{gates}");
}

#[test]
fn a_kustomization_that_patches_is_not_covered_by_a_scan_of_its_manifests() {
    let base = ("k8s/kustomization.yaml", "resources: [a.yaml]\n");
    let (_, ran) = required(CHECKOV, &[("k8s/a.yaml", POD), base]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let patch = ("prod/kustomization.yaml", "resources: [../k8s]\npatches: [{path: p.yaml}]\n");
    let (_, ran) = required(CHECKOV, &[("k8s/a.yaml", POD), base, patch]);
    assert_says(&ran, 1, "Not covered by any gate: 1 kustomization\n");
    // One that is told to render it must name it.
    let renders = format!("{CHECKOV}framework = [\"kubernetes\", \"kustomize\"]\n");
    let (project, ran) = required(&renders, &[("k8s/a.yaml", POD), base, patch]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(
        project.gate("iac")["reason"].as_str().unwrap().contains("prod/kustomization.yaml"),
        "{}",
        ran.all()
    );
}

#[test]
fn a_manifest_is_one_whatever_its_name_is() {
    for name in [
        "action.yaml",
        "buildspec.yml",
        "compose.yaml",
        "skaffold.yaml",
        "Taskfile.yml",
        "environment.yml",
        "pnpm-lock.yaml",
        "pnpm-workspace.yaml",
        ".github/workflows/a.yml",
        ".eslintrc.yml",
    ] {
        let project = project(ALWAYS, &[(name, POD)]);
        let ran = project.run(&["run"]);
        assert!(ran.stdout.contains("1 Kubernetes manifest"), "{name}: {}", ran.all());
    }
    // What a program has to fill in first is none.
    let template = "apiVersion: v1\nkind: Pod\nspec:\n  {{- range .C }}\n  - name: {{ . }}\n  {{- end }}\n";
    let (_, ran) = required(ALWAYS, &[("pod.template.yaml", template)]);
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[test]
fn a_dockerfile_inside_of_a_compose_or_bake_file_is_named() {
    let inline = "services:\n  web:\n    build:\n      dockerfile_inline: |\n        FROM a\n";
    let bake = "target \"web\" {\n  dockerfile-inline = \"FROM a\"\n}\n";
    let variable = "services:\n  web:\n    build: {context: ., dockerfile: \"${D}\"}\n";
    for (name, text, says) in [
        ("compose.yaml", inline, "it builds `web` from a Dockerfile inside of it"),
        ("docker-bake.hcl", bake, "it builds a target from a Dockerfile inside of it"),
        ("compose.yaml", variable, "it names a Dockerfile by a variable that no file sets (`${D}`)"),
    ] {
        let (_, ran) = required(ALWAYS, &[(name, text)]);
        assert_says(&ran, 3, &format!("Not there to look at: {name} ({says}"));
    }
    let files = [("compose.yaml", variable), (".env", "D=web.build\n"), ("web.build", "FROM a\n")];
    let (_, ran) = required(ALWAYS, &files);
    assert_says(&ran, 1, "Not covered by any gate: 1 Dockerfile");
}

/// Its beginning has nothing that Checkov checks.
#[test]
fn a_broken_manifest_of_more_than_a_mebibyte_is_a_gap() {
    let map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a: \"{}\"}}\n---\n",
        "x".repeat(4000)
    );
    let broken = format!("{}{POD}---\n: : {{[ broken\n", map.repeat(400));
    let (project, ran) = required(CHECKOV, &[("k8s/a.yaml", POD), ("big.yaml", &broken)]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(project.gate("iac")["reason"].as_str().unwrap().contains("not read: big.yaml"), "{}", ran.all());
}

#[test]
fn a_waiver_names_the_top_folder_with_a_dot() {
    let waiver = |gap: &str| {
        format!("{ALWAYS}[[waiver]]\ngap = \"{gap}\"\nreason = \"a test\"\nexpires = 2999-01-01\n")
    };
    let root = ("main.tf", "resource \"aws_s3_bucket\" \"a\" {}\n");
    for (gap, code) in [(".", 0), ("./", 0), ("infra", 1)] {
        let (_, ran) = required(&waiver(gap), &[root]);
        assert_eq!(ran.code, code, "{gap}: {}", ran.all());
    }
}

/// git would know whether `build` is output.
#[test]
fn without_git_a_folder_that_may_be_output_is_named_if_an_input_is_in_it() {
    for (path, code) in [("build/main.tf", 3), ("dist/k8s/pod.yaml", 3), ("build/app.js", 0)] {
        let project = Project::with_gates(&gates(&format!("{REQUIRED}{ALWAYS}")));
        project.write(path, POD);
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, code, "{path}: {}", ran.all());
        let says =
            format!("Not there to look at: {} (it may be output of a build", path.split('/').next().unwrap());
        assert_eq!(ran.stdout.contains(&says), code == 3, "{path}: {}", ran.all());
    }
}

/// An inventory finds no vulnerabilities.
#[test]
fn a_lock_file_that_is_only_listed_is_not_covered() {
    let lock = r#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {"version": "1.0.0"}}}"#;
    let sbom = "[[gate]]\nid = \"sbom\"\ntool = \"syft\"\ndirs = [\".\"]\n";
    let project = project(&format!("{REQUIRED}{sbom}"), &[("package-lock.json", lock)]);
    let plan = project.run(&["plan"]);
    assert!(plan.stdout.contains("1 npm lock file (npm-audit, trivy)"), "{}", plan.all());
}
