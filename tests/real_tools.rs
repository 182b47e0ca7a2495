//! The real scanners, really run, each on a small project whose faults are known by hand.
//!
//! The advisories that Trivy and npm are given offline are in `fixtures/trivy-db` and
//! `fixtures/npm-advisories`: six on lodash 4.17.4 and minimist 0.0.8, two critical, two high, two
//! medium.

#![allow(clippy::disallowed_methods, reason = "servers and scripts that the scanners need")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

use common::{Advisories, Project, Ran, real_tools};
use serde_json::Value;

fn fixtures() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"))
}

/// Runs the binary with the real scanners on its PATH.
fn run(project: &Project, args: &[&str]) -> Ran {
    let path = std::env::var("PATH").unwrap_or_default();
    let output =
        project.command(args).env("PATH", format!("{}:{path}", real_tools().display())).output().unwrap();
    Ran::of(output)
}

fn counts(gate: &Value) -> String {
    let count = |severity: &str| gate["counts"][severity].as_u64().unwrap();
    ["critical", "high", "medium", "low", "unknown"].map(|severity| count(severity).to_string()).join(" ")
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

/// The notes-app with its history, faults and installed packages, laid out once.
fn notes_app() -> &'static Project {
    static APP: OnceLock<Project> = OnceLock::new();
    APP.get_or_init(|| {
        let project = Project::new();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/lay-out");
        let output = Command::new(script).arg(project.root()).output().unwrap();
        assert!(output.status.success(), "ci/lay-out: {}", String::from_utf8_lossy(&output.stderr));
        project
    })
}

/// Held by a test that builds the notes-app's images: two builds at once would take each other's
/// tags over.
static IMAGES: Mutex<()> = Mutex::new(());

/// The values that `ci/lay-out` plants, as they stand in the history and in the files.
fn planted_in_notes_app(app: &Project) -> BTreeSet<String> {
    let history = app.git(&["log", "-p", "--all"]);
    let quoted = history.lines().filter_map(|line| {
        let value = line.trim_start_matches('+').trim().split_once(": \"")?.1.strip_suffix("\",")?;
        (line.contains("accessKeyId") || line.contains("secretAccessKey")).then(|| value.to_owned())
    });
    let key_lines = app.read("nginx/tls/proxy.key");
    let key_lines = key_lines.lines().filter(|line| line.len() == 64).map(str::to_owned);
    let token = app.read(".env").trim().split_once('=').unwrap().1.to_owned();
    // Both credentials are there twice: added, and removed again.
    let values: BTreeSet<String> = quoted.chain(key_lines).chain([token]).collect();
    assert_eq!(values.len(), 2 + 12 + 1, "{}", values.len());
    values
}

#[test]
fn gitleaks_finds_nothing_in_all_that_a_run_on_the_notes_app_wrote() {
    let app = notes_app();
    let building = IMAGES.lock();
    let ran = run(app, &["run", "--verbose", "--out", "../written"]);
    drop(building);
    let out = app.root().join("../written");
    fs::write(out.join("stdout"), &ran.stdout).unwrap();
    fs::write(out.join("stderr"), &ran.stderr).unwrap();
    let report = app.root().join("../written.json");
    let gitleaks = Command::new(real_tools().join("gitleaks"))
        .args(["dir", "--no-banner", "--redact=100", "--ignore-gitleaks-allow", "--exit-code", "77"])
        .args(["--report-format", "json", "--report-path"])
        .args([&report, &out])
        .output()
        .unwrap();
    let found = fs::read_to_string(&report).unwrap();
    assert_eq!(gitleaks.status.code(), Some(0), "{found}");

    let mut everything = Vec::new();
    gather(&out, &mut everything);
    assert!(everything.len() > 50_000, "the run wrote next to nothing: {}", ran.all());
    let everything = String::from_utf8_lossy(&everything);
    for value in planted_in_notes_app(app) {
        let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        let encode = |before: &str| {
            let mut child = Command::new("base64")
                .arg("-w0")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            std::io::Write::write_all(
                &mut child.stdin.take().unwrap(),
                format!("{before}{value}").as_bytes(),
            )
            .unwrap();
            let encoded = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
            encoded[4..encoded.len() - 4].to_owned()
        };
        for spelling in [value.clone(), hex, encode(""), encode("a"), encode("ab")] {
            assert!(!everything.contains(&spelling), "a planted secret was written");
        }
    }
}

/// The bytes of every file below a folder.
fn gather(folder: &Path, all: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { gather(&path, all) } else { all.extend(fs::read(&path).unwrap()) }
    }
}

#[test]
fn tsc_and_eslint_check_each_folder_of_a_monorepo() {
    let app = notes_app();
    let ran = run(app, &["run", "--only", "types,lint", "--out", "../code"]);
    let record: Value = serde_json::from_str(&app.read("../code/run.json")).unwrap();
    let gate = |id: &str| record["gates"].as_array().unwrap().iter().find(|gate| gate["id"] == id).unwrap();
    assert_eq!(counts(gate("types")), "0 8 0 0 0", "{}", ran.all());
    assert_eq!(counts(gate("lint")), "0 7 0 2 0");
    assert_eq!(gate("types")["tool_version"], "5.9.3");
    let paths: Vec<&str> = record["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["location"]["path"].as_str().unwrap())
        .collect();
    assert!(paths.contains(&"frontend/app/(notes)/page.tsx"), "{paths:?}");
    assert!(paths.iter().all(|path| app.root().join(path).is_file()), "{paths:?}");
}

#[test]
fn images_are_built_scanned_and_listed_or_it_is_said_that_docker_is_not_there() {
    let app = notes_app();
    let building = IMAGES.lock();
    let ran = run(app, &["run", "--only", "images,image-scan,sbom", "--out", "../images"]);
    drop(building);
    let record: Value = serde_json::from_str(&app.read("../images/run.json")).unwrap();
    let gate = |id: &str| record["gates"].as_array().unwrap().iter().find(|gate| gate["id"] == id).unwrap();
    let docker = Command::new("docker").arg("info").output().is_ok_and(|output| output.status.success());
    if !docker {
        assert_eq!(gate("images")["outcome"], "inconclusive", "{}", ran.all());
        assert!(gate("image-scan")["reason"].as_str().unwrap().contains("needs images"), "{}", ran.all());
        return;
    }
    assert_eq!(gate("images")["outcome"], "passed", "{}", ran.all());
    // Build, scan and bill of materials are about one and the same image.
    for (index, name) in ["notes-backend", "notes-frontend", "notes-proxy"].iter().enumerate() {
        let id = |of: &str| gate(of)["targets"][index]["image_id"].clone();
        assert_eq!(gate("image-scan")["targets"][index]["name"], *name);
        assert!(id("images").as_str().unwrap().starts_with("sha256:"));
        assert_eq!((id("image-scan"), id("sbom")), (id("images"), id("images")), "{name}");
    }
    assert_eq!(counts(gate("image-scan")), "2 5 3 0 0");
}

#[test]
fn init_writes_a_gates_toml_that_runs() {
    let app = notes_app();
    let project = Project::new();
    let copy = Command::new("cp")
        .arg("-R")
        .arg(format!("{}/.", app.root().display()))
        .arg(project.root())
        .output()
        .unwrap();
    assert!(copy.status.success());
    fs::remove_file(project.root().join("gates.toml")).unwrap();
    assert_eq!(project.run(&["init"]).code, 0);
    let gates = project.read("gates.toml");
    for tool in ["gitleaks", "tsc", "eslint", "npm-audit", "docker-build", "trivy", "syft", "checkov"] {
        assert!(gates.contains(&format!("tool = \"{tool}\"")), "{tool}: {gates}");
    }
    let ran = run(&project, &["run", "--only", "secrets,types,lint,iac"]);
    let record = project.record();
    let outcomes: Vec<&str> = record["gates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gate| gate["outcome"].as_str().unwrap())
        .filter(|outcome| *outcome != "skipped")
        .collect();
    assert_eq!(outcomes, ["failed"; 4], "{}", ran.all());
}
