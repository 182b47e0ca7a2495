//! The real scanners, really run, each on a small project whose faults are known by hand.
//!
//! The advisories that Trivy and npm are given offline are in `fixtures/trivy-db` and
//! `fixtures/npm-advisories`: six on lodash 4.17.4 and minimist 0.0.8, two critical, two high, two
//! medium.

#![allow(clippy::disallowed_methods, reason = "servers and scripts that the scanners need")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::outputs::outputs;
use crate::common::{Advisories, Project, counts, run_with_real_tools as run};
use serde_json::Value;

fn fixtures() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"))
}

/// A key that gitleaks' default rules find; put together here, so that the repository is clean.
fn planted_key() -> String {
    ["AKIA", "Q3EGVNU4", "X2MPLE7T"].concat()
}

/// A package that needs lodash 4.17.4 and minimist 0.0.8, by its lock file.
fn vulnerable_package(project: &Project, dir: &str) {
    project.write(
        &format!("{dir}/package.json"),
        r#"{"name":"app","version":"1.0.0","dependencies":{"lodash":"4.17.4","minimist":"0.0.8"}}"#,
    );
    project.write(
        &format!("{dir}/package-lock.json"),
        r#"{"name":"app","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
            "":{"name":"app","version":"1.0.0","dependencies":{"lodash":"4.17.4","minimist":"0.0.8"}},
            "node_modules/lodash":{"version":"4.17.4"},
            "node_modules/minimist":{"version":"0.0.8"}}}"#,
    );
}

/// The advisory database in a place that Trivy may write to.
fn trivy_cache(project: &Project) {
    for file in ["metadata.json", "trivy.db"] {
        project
            .write(&format!("cache/db/{file}"), fs::read(fixtures().join("trivy-db/db").join(file)).unwrap());
    }
}

#[test]
fn gitleaks_finds_a_secret_that_was_removed_again_and_shows_it_nowhere() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = \"history\"\ntool = \"gitleaks\"\n[[gate]]\nid = \"tree\"\ntool = \"gitleaks\"\nscan = \"tree\"\n",
    );
    project.git(&["init", "--quiet"]);
    let key = planted_key();
    project.write("src/keys.ts", format!("export const id = \"{key}\";\n"));
    let leaked = project.commit("add a key");
    project.write("src/keys.ts", "export const id = process.env.ID;\n");
    let removed = project.commit("remove it");

    let ran = run(&project, &["run", "--verbose"]);
    let history = project.gate("history");
    assert_eq!(
        (counts(&history).as_str(), &history["scope"]["commits"]),
        ("0 1 0 0 0", &2.into()),
        "{}",
        ran.all()
    );
    assert_eq!(
        (&project.gate("tree")["outcome"], counts(&project.gate("tree"))),
        (&"passed".into(), "0 0 0 0 0".into())
    );
    let finding = &project.record()["findings"][0];
    assert_eq!(finding["location"]["path"], "src/keys.ts");
    assert_eq!(finding["commit"], leaked.as_str());
    assert_eq!(history["tool_version"], "8.30.1");
    assert_eq!(history["tool_sha256"].as_str().unwrap().len(), 64);
    let written =
        Command::new("grep").args(["-r", &key, "gates-report"]).current_dir(project.root()).output().unwrap();
    assert!(written.stdout.is_empty() && !ran.all().contains(&key), "{}", ran.all());

    // Only the last commit: nothing is added there.
    run(&project, &["run", "--since", &leaked]);
    assert_eq!(
        (&project.gate("history")["outcome"], counts(&project.gate("history"))),
        (&"passed".into(), "0 0 0 0 0".into())
    );
    // A range without a commit.
    run(&project, &["run", "--since", &removed]);
    assert_eq!(project.gate("history")["outcome"], "skipped");
}

#[test]
fn gitleaks_outside_a_repository_proves_nothing() {
    let project = Project::with_gates(
        "version = 1\nmode = \"production\"\n[[gate]]\nid = \"secrets\"\ntool = \"gitleaks\"\n",
    );
    let ran = run(&project, &["run"]);
    assert_eq!((ran.code, &project.gate("secrets")["outcome"]), (3, &"inconclusive".into()), "{}", ran.all());
}

#[test]
fn trivy_finds_vulnerable_packages_and_misconfigurations() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = \"packages\"\ntool = \"trivy\"\nscan = \"fs\"\ndirs = [\"app\"]\nscanners = [\"vuln\"]\noffline = true\ncache_dir = \"cache\"\n\
         [[gate]]\nid = \"docker\"\ntool = \"trivy\"\nscan = \"config\"\ndirs = [\"app\"]\noffline = true\ncache_dir = \"cache\"\n",
    );
    vulnerable_package(&project, "app");
    project.write("app/Dockerfile", "FROM scratch\nCOPY . /\n");
    trivy_cache(&project);
    let ran = run(&project, &["run"]);
    let packages = project.gate("packages");
    assert_eq!(
        (counts(&packages).as_str(), &packages["scope"]["packages"]),
        ("2 2 2 0 0", &2.into()),
        "{}",
        ran.all()
    );
    let record = project.record();
    let findings = record["findings"].as_array().unwrap();
    let lodash = findings.iter().find(|finding| finding["rule"] == "CVE-2019-10744").unwrap();
    assert_eq!(lodash["package"]["fixed_version"], "4.17.12");
    assert_eq!(lodash["location"]["path"], "app/package-lock.json");
    let docker = project.gate("docker");
    assert_eq!(docker["outcome"], "failed", "{docker}");
    assert!(
        findings
            .iter()
            .any(|finding| finding["gate"] == "docker" && finding["location"]["path"] == "app/Dockerfile")
    );
}

/// The same project, of which `.trivyignore` names one vulnerability and one check: `trivy config` leaves its
/// own out without a word.
#[test]
fn what_trivy_has_to_ignore_is_counted_where_its_report_tells() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = \"packages\"\ntool = \"trivy\"\nscan = \"fs\"\ndirs = [\"app\"]\nscanners = [\"vuln\", \"misconfig\"]\noffline = true\ncache_dir = \"cache\"\n\
         [[gate]]\nid = \"docker\"\ntool = \"trivy\"\nscan = \"config\"\ndirs = [\"app\"]\noffline = true\ncache_dir = \"cache\"\n",
    );
    vulnerable_package(&project, "app");
    project.write("app/Dockerfile", "FROM scratch\nCOPY . /\n");
    project.write("app/.trivyignore", "CVE-2019-10744\nDS-0002\n");
    trivy_cache(&project);
    let ran = run(&project, &["run"]);
    let ignored = |gate: &str| project.gate(gate)["targets"][0]["ignored"].clone();
    assert_eq!(ignored("packages"), serde_json::json!({".trivyignore": 2}), "{}", ran.all());
    assert!(ran.stdout.contains("2 findings left out by .trivyignore"), "{}", ran.stdout);
    assert_eq!(ignored("docker"), Value::Null);
    let record = project.record();
    let rules: Vec<&str> = record["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["rule"].as_str())
        .collect();
    assert!(rules.contains(&"CVE-2021-23337") && rules.contains(&"DS-0026"), "{rules:?}");
    assert!(!rules.contains(&"CVE-2019-10744") && !rules.contains(&"DS-0002"), "{rules:?}");
}

#[test]
fn trivy_without_a_database_proves_nothing() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = \"packages\"\ntool = \"trivy\"\ndirs = [\"app\"]\noffline = true\ncache_dir = \"empty\"\n",
    );
    vulnerable_package(&project, "app");
    run(&project, &["run"]);
    let gate = project.gate("packages");
    assert_eq!(gate["outcome"], "inconclusive");
    assert!(
        gate["reason"].as_str().unwrap().contains("--skip-db-update cannot be specified on the first run"),
        "{gate}"
    );
}

#[test]
fn syft_writes_boms_that_agree() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = \"bom\"\ntool = \"syft\"\ndirs = [\"app\", \"empty\"]\n",
    );
    vulnerable_package(&project, "app");
    project.write("empty/readme.txt", "nothing is installed here");
    run(&project, &["run"]);
    let gate = project.gate("bom");
    assert_eq!(gate["outcome"], "inconclusive", "an empty bill of materials is no proof");
    assert!(gate["reason"].as_str().unwrap().starts_with("empty: "), "{}", gate["reason"]);
    // The package itself and what it depends on.
    assert_eq!(gate["targets"][0]["scope"]["packages"], 3, "{gate}");
    let bom: Value = serde_json::from_str(&project.read("gates-report/sbom/bom/app.cdx.json")).unwrap();
    assert_eq!(bom["bomFormat"], "CycloneDX");
    let spdx: Value = serde_json::from_str(&project.read("gates-report/sbom/bom/app.spdx.json")).unwrap();
    assert_eq!(spdx["spdxVersion"], "SPDX-2.3");
}

#[test]
fn checkov_reads_one_framework_and_several_and_proves_nothing_of_what_it_can_not_parse() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = \"one\"\ntool = \"checkov\"\ndirs = [\"tf\"]\n\
         [[gate]]\nid = \"two\"\ntool = \"checkov\"\ndirs = [\"both\"]\nframework = [\"terraform\", \"cloudformation\"]\n\
         [[gate]]\nid = \"broken\"\ntool = \"checkov\"\ndirs = [\"broken\"]\nframework = [\"terraform\"]\n\
         [[gate]]\nid = \"gone\"\ntool = \"checkov\"\ndirs = [\"gone\"]\n",
    );
    let bucket = "resource \"aws_s3_bucket\" \"notes\" {\n  bucket = \"notes\"\n}\n";
    project.write("tf/main.tf", bucket);
    project.write("both/main.tf", bucket);
    project.write(
        "both/stack.yaml",
        "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Notes:\n    Type: AWS::S3::Bucket\n",
    );
    project.write("broken/main.tf", "resource \"aws_s3_bucket\" {{{\n");
    let ran = run(&project, &["run", "--jobs", "4"]);
    let record = project.record();
    let of = |gate: &str| -> Vec<&Value> {
        record["findings"].as_array().unwrap().iter().filter(|finding| finding["gate"] == gate).collect()
    };
    assert!(of("one").iter().any(|finding| finding["rule"] == "CKV_AWS_18"), "{}", ran.all());
    assert!(
        of("one")
            .iter()
            .all(|finding| finding["location"]["path"] == "tf/main.tf" && finding["severity"] == "unknown")
    );
    assert!(of("one").iter().all(|finding| finding["resource"] == "aws_s3_bucket.notes"));
    let files: std::collections::BTreeSet<&str> =
        of("two").iter().map(|finding| finding["location"]["path"].as_str().unwrap()).collect();
    assert_eq!(files.into_iter().collect::<Vec<_>>(), ["both/main.tf", "both/stack.yaml"]);
    let broken = project.gate("broken");
    assert_eq!(broken["outcome"], "inconclusive");
    assert!(broken["reason"].as_str().unwrap().contains("broken/main.tf"), "{}", broken["reason"]);
    assert_eq!(project.gate("gone")["outcome"], "inconclusive");
}

/// It prints its report as well, with other white space and source text in it.
#[test]
fn what_checkov_prints_beside_its_report_holds_no_source_text() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = \"iac\"\ntool = \"checkov\"\nframework = [\"cloudformation\"]\n",
    );
    let planted = ["planted", "-Passw0rd-77"].concat();
    project.write(
        "stack.yaml",
        format!(
            "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  DB:\n    Type: AWS::RDS::DBInstance\n    Properties:\n\
             \x20     Engine: postgres\n      MasterUsername: admin\n      MasterUserPassword: {planted}\n"
        ),
    );
    let ran = run(&project, &["run"]);
    assert_eq!(project.gate("iac")["outcome"], "failed", "{}", ran.all());
    for (name, bytes) in outputs(&project, &ran) {
        assert!(!String::from_utf8_lossy(&bytes).contains(&planted), "{name}");
    }
}

#[test]
fn npm_audit_asks_the_registry_whatever_the_project_says() {
    let server = Advisories::serve();
    let gate = |id: &str, registry: &str| {
        format!(
            "[[gate]]\nid = \"{id}\"\ntool = \"npm-audit\"\ndirs = [\"app\"]\nregistry = \"{registry}\"\n"
        )
    };
    let project = Project::with_gates(&format!(
        "version = 1\n{}{}",
        gate("audit", &server.address),
        // Nothing listens on the discard port.
        gate("refused", "http://127.0.0.1:9")
    ));
    vulnerable_package(&project, "app");
    project.write("app/.npmrc", "offline=true\naudit=false\naudit-level=none\nfetch-retries=0\n");
    let ran = run(&project, &["run"]);
    let audit = project.gate("audit");
    assert_eq!(counts(&audit), "2 2 2 0 0", "{}", ran.all());
    let record = project.record();
    let finding =
        record["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "GHSA-jf85-cpcp-j695").unwrap();
    assert_eq!(
        (&finding["package"]["name"], &finding["package"]["version"]),
        (&"lodash".into(), &"4.17.4".into())
    );
    assert_eq!(project.gate("refused")["outcome"], "inconclusive");
}

/// Syft lists the project itself like a package of its lock file.
#[test]
fn the_project_itself_has_no_licence_to_miss_in_the_inventory_of_syft() {
    let rules = "licences = { allow = [\"MIT\"], unknown = \"deny\" }\n";
    let native = format!("[[gate]]\nid = \"sbom\"\ntool = \"syft\"\ndirs = [\"app\"]\n{rules}");
    let project = Project::with_gates(&format!("version = 1\nmode = \"production\"\n{native}"));
    let lock = |bundled: &str| {
        format!(
            r#"{{"name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": {{
            "": {{"name": "app", "version": "1.0.0", "workspaces": ["packages/*"]}},
            "node_modules/part": {{"resolved": "packages/part", "link": true}}, "packages/part": {{"version": "1.0.0"}},
            "node_modules/lodash": {{"version": "4.17.21", "license": "MIT"}}{bundled}}}}}"#
        )
    };
    project.write("app/package-lock.json", lock(""));
    let ran = run(&project, &["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    project.write(
        "app/package-lock.json",
        lock(r#", "node_modules/x": {"version": "2.0.0", "inBundle": true}"#),
    );
    let ran = run(&project, &["run"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let record = project.record();
    let names = record["findings"].as_array().unwrap().iter().map(|finding| &finding["package"]["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["x"]);
}
