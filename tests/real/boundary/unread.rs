//! What scanners leave out by their own rules is counted.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::common::{Project, run_with_real_tools};

const LOCK: &str = r#"{"name":"a","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"a","version":"1.0.0","dependencies":{"b":"1.0.0"}},"node_modules/b":{"version":"1.0.0"}}}"#;
const MANIFEST: &str = r#"{"name":"a","version":"1.0.0","dependencies":{"b":"1.0.0"}}"#;
const BUCKET: &str = "resource \"aws_s3_bucket\" \"b\" {\n  bucket = \"b\"\n}\n";

fn gate(id: &str, tool: &str, keys: &str) -> String {
    format!("[[gate]]\nid = \"{id}\"\ntool = \"{tool}\"\n{keys}\n")
}

fn unread(project: &Project, id: &str) -> Value {
    project.gate(id)["targets"][0]["unread"].clone()
}

#[test]
fn links_out_of_the_folder_and_folders_that_a_scanner_passes_over_are_counted() {
    let app = "dirs = [\"app\"]";
    let gates = [
        gate("inventory", "syft", app),
        gate("packages", "trivy", &format!("scan = \"fs\"\nscanners = [\"license\"]\noffline = true\n{app}")),
        gate("iac", "checkov", &format!("framework = [\"terraform\"]\n{app}")),
    ];
    let project = Project::with_gates(&format!("version = 1\n{}", gates.concat()));
    project.git(&["init", "--quiet"]);
    for (path, content) in [
        ("app/package.json", MANIFEST),
        ("app/package-lock.json", LOCK),
        ("elsewhere/package-lock.json", LOCK),
        ("app/main.tf", BUCKET),
        ("app/.modules/main.tf", BUCKET),
        ("app/.modules/read.me", "text"),
    ] {
        project.write(path, content);
    }
    let web = project.root().join("app/web");
    std::fs::create_dir(&web).unwrap();
    symlink("../../elsewhere/package-lock.json", web.join("package-lock.json")).unwrap();
    project.commit("a link");
    let ran = run_with_real_tools(&project, &["run"]);
    assert_eq!(unread(&project, "inventory"), json!({"a link": 1}), "{}", ran.all());
    assert_eq!(unread(&project, "packages"), json!({"a link": 1}), "{}", ran.all());
    assert_eq!(unread(&project, "iac"), json!({"in a folder that Checkov passes over": 1}), "{}", ran.all());
    assert!(ran.stdout.contains("1 file not read: a link"), "{}", ran.stdout);

    // The scanners' own reports: nothing in them is from behind the link, or from the folder.
    let mut record = project.record();
    record.as_object_mut().unwrap().remove("inputs");
    // The inputs, and the reason, which names a gap.
    let mut taken = |gate: usize, key: &str| record["gates"][gate][key].take();
    let states: Vec<Value> = (0..3).map(|gate| taken(gate, "inputs")).collect();
    assert!(taken(0, "reason").as_str().unwrap().contains("app/web/package-lock.json"), "{}", ran.all());
    let state = |gate: usize, path: &str| {
        let inputs = states[gate].as_array().unwrap();
        inputs.iter().find(|input| input["path"] == path).map(|input| input["state"].clone())
    };
    assert_eq!(state(0, "app/web/package-lock.json"), Some(json!("gap")), "{}", ran.all());
    // Nobody looks there, and the run says so.
    assert_eq!(state(2, "app/.modules"), None, "{}", ran.all());
    assert!(ran.stdout.contains("Not covered by any gate"), "{}", ran.all());
    let record = record.to_string();
    assert!(!record.contains("web/package-lock.json") && !record.contains(".modules"), "{record}");
}

#[test]
fn files_that_gitleaks_does_not_read_in_a_folder_are_counted() {
    let keys = "scan = \"tree\"\ndirs = [\"app\"]";
    let project = Project::with_gates(&format!("version = 1\n{}", gate("leaks", "gitleaks", keys)));
    project.git(&["init", "--quiet"]);
    project.write("app/a.txt", "text\n");
    let utf16: Vec<u8> = "\u{feff}text\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    project.write("app/a file.txt", utf16);
    // An archive without files, and the beginning of a program.
    project.write("app/a.zip", [&b"PK\x05\x06"[..], &[0; 18]].concat());
    project.write("app/program", [&b"\x7fELF\x02\x01\x01"[..], &[0; 57]].concat());
    let ran = run_with_real_tools(&project, &["run"]);
    assert_eq!(unread(&project, "leaks"), json!({"UTF-16": 1, "archive": 1, "binary": 1}), "{}", ran.all());
}

#[test]
fn an_audit_of_a_lock_file_outside_the_repository_proves_nothing() {
    let project =
        Project::with_gates(&format!("version = 1\n{}", gate("audit", "npm-audit", "dirs = [\"app\"]")));
    project.write("app/package.json", MANIFEST);
    std::fs::write(project.bin().join("package-lock.json"), LOCK).unwrap();
    symlink(project.bin().join("package-lock.json"), project.root().join("app/package-lock.json")).unwrap();
    let ran = run_with_real_tools(&project, &["run"]);
    let gate = project.gate("audit");
    assert_eq!(gate["outcome"], "inconclusive", "{}", ran.all());
    assert!(
        gate["reason"]
            .to_string()
            .contains("app/package-lock.json is a link that leads out of the repository"),
        "{gate}"
    );
}
