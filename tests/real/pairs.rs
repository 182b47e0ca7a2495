//! One tool, two formats: its own report and its SARIF have the same findings, with the same severities. The real
//! tools write both.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::{Project, run_with_real_tools as run};

/// A gate that runs a command and judges the SARIF that it writes to `sarif/log.sarif`.
fn by_sarif(command: &[&str]) -> String {
    let report = "report = { format = \"sarif\", path = \"sarif/log.sarif\" }";
    format!("[[gate]]\nid = \"by-sarif\"\ntool = \"command\"\nrun = {command:?}\n{report}\n")
}

/// Both gates have the same counts and the same verdict, and found something.
fn agree(project: &Project, native: &str) -> [Value; 2] {
    let gates = [native, "by-sarif"].map(|id| project.gate(id));
    for key in ["counts", "outcome"] {
        assert_eq!(gates[0][key], gates[1][key], "{:?}", [&gates[0]["reason"], &gates[1]["reason"]]);
    }
    assert_eq!(gates[0]["outcome"], "failed", "{}", gates[0]["reason"]);
    gates
}

/// The values of a field of a gate's findings, in order.
fn each(project: &Project, gate: &str, field: &str) -> Vec<Value> {
    let record = project.record();
    let findings = record["findings"].as_array().unwrap().iter().filter(|finding| finding["gate"] == gate);
    let mut values: Vec<Value> =
        findings.map(|finding| finding.pointer(field).cloned().unwrap_or_default()).collect();
    values.sort_by_key(Value::to_string);
    values
}

#[test]
fn gitleaks_rates_a_secret_high_in_both_formats() {
    let sarif =
        ["gitleaks", "dir", "--no-banner", "--redact=100", "-f", "sarif", "-r", "sarif/log.sarif", "app"];
    let native = "[[gate]]\nid = \"secrets\"\ntool = \"gitleaks\"\nscan = \"tree\"\n";
    let project =
        Project::with_gates(&format!("version = 1\nmode = \"production\"\n{native}{}", by_sarif(&sarif)));
    let key = ["AKIA", "Q3EGVNU4", "X2MPLE7T"].concat();
    project.write("app/src/keys.ts", format!("export const id = \"{key}\";\n"));
    project.write("sarif/.keep", "");
    let ran = run(&project, &["run"]);
    agree(&project, "secrets");
    for field in ["/rule", "/category", "/severity", "/location/path", "/location/start_line"] {
        assert_eq!(
            each(&project, "secrets", field),
            each(&project, "by-sarif", field),
            "{field} {}",
            ran.all()
        );
    }
    let problems = each(&project, "secrets", "/problem");
    assert!(problems[0].is_string() && problems == each(&project, "by-sarif", "/problem"));
}

#[test]
fn trivy_names_the_same_packages_with_the_same_severities_in_both_formats() {
    let options = "offline = true\ncache_dir = \"cache\"\n";
    let native = format!(
        "[[gate]]\nid = \"packages\"\ntool = \"trivy\"\nscan = \"fs\"\ndirs = [\"app\"]\nscanners = [\"vuln\", \"misconfig\"]\n{options}"
    );
    let sarif = [
        "trivy",
        "fs",
        "--scanners",
        "vuln,misconfig",
        "--format",
        "sarif",
        "--output",
        "sarif/log.sarif",
        "--cache-dir",
        "cache",
        "--skip-db-update",
        "--skip-java-db-update",
        "--skip-check-update",
        "--offline-scan",
        "--no-progress",
        "app",
    ];
    let project =
        Project::with_gates(&format!("version = 1\nmode = \"production\"\n{native}{}", by_sarif(&sarif)));
    project.write(
        "app/package-lock.json",
        r#"{"name":"app","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
            "":{"name":"app","version":"1.0.0","dependencies":{"lodash":"4.17.4","minimist":"0.0.8"}},
            "node_modules/lodash":{"version":"4.17.4"}, "node_modules/minimist":{"version":"0.0.8"}}}"#,
    );
    project.write("app/Dockerfile", "FROM scratch\nCOPY . /\n");
    project.write("sarif/.keep", "");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/trivy-db/db");
    for file in ["metadata.json", "trivy.db"] {
        project.write(&format!("cache/db/{file}"), fs::read(fixtures.join(file)).unwrap());
    }
    // Trivy locks its cache.
    let ran = run(&project, &["run", "--jobs", "1"]);
    agree(&project, "packages");
    for field in
        ["/category", "/severity", "/package/name", "/package/version", "/package/ecosystem", "/title"]
    {
        assert_eq!(
            each(&project, "packages", field),
            each(&project, "by-sarif", field),
            "{field} {}",
            ran.all()
        );
    }
    // Six advisories and two checks of the Dockerfile; each is one problem, seen by both.
    let problems = each(&project, "packages", "/problem");
    assert!(problems.len() == 8 && problems.iter().all(Value::is_string), "{problems:?}");
    assert_eq!(problems, each(&project, "by-sarif", "/problem"));
}

#[test]
fn checkov_rates_nothing_in_both_formats() {
    let native =
        "[[gate]]\nid = \"infra\"\ntool = \"checkov\"\ndirs = [\"infra\"]\nframework = [\"terraform\"]\n";
    let sarif = [
        "checkov",
        "-d",
        "infra",
        "--framework",
        "terraform",
        "-o",
        "sarif",
        "--output-file-path",
        "sarif",
        "--skip-download",
        "--compact",
    ];
    let gate = by_sarif(&sarif).replace("sarif/log.sarif", "sarif/results_sarif.sarif");
    let project = Project::with_gates(&format!("version = 1\nmode = \"production\"\n{native}{gate}"));
    project.write(
        "infra/main.tf",
        "resource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"logs\"\n  acl    = \"public-read\"\n}\n",
    );
    let ran = run(&project, &["run"]);
    agree(&project, "infra");
    for field in ["/rule", "/category", "/severity", "/location/path"] {
        assert_eq!(
            each(&project, "infra", field),
            each(&project, "by-sarif", field),
            "{field} {}",
            ran.all()
        );
    }
}

/// The example of docs/configuration.md. zizmor exits with 0 if it writes SARIF, and names files from the top of the
/// repository.
#[test]
fn the_documented_gate_for_zizmor_fails_if_zizmor_finds_something() {
    let documents = include_str!("../../docs/configuration.md");
    let gate = documents.split("[[gate]]\n").find(|gate| gate.contains("run = [\"zizmor\"")).unwrap();
    let gate = gate.split("\n\n").next().unwrap();
    let project = Project::with_gates(&format!("version = 1\nmode = \"production\"\n[[gate]]\n{gate}\n"));
    project.git(&["init", "--quiet"]);
    project.write(
        ".github/workflows/w.yml",
        "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.event.pull_request.title }}\n",
    );
    let ran = run(&project, &["run"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let path = Value::from(".github/workflows/w.yml");
    assert!(each(&project, "workflows", "/location/path").iter().all(|at| *at == path), "{}", ran.all());
    assert!(each(&project, "workflows", "/category").iter().all(|category| category == "sast"));
    assert!(each(&project, "workflows", "/severity").contains(&Value::from("high")), "{}", ran.all());
}
