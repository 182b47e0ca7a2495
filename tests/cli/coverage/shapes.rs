//! The inputs of the gates, and those that no gate reads, add up to the inputs that were counted by hand.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::json;

use crate::common::Project;
use crate::inputs::shapes::read;

use super::gates;

const GATES: &str = "[[gate]]\nid = \"deps\"\ntool = \"trivy\"\nscanners = [\"vuln\"]\n[[gate]]\nid = \"iac\"\ntool = \"checkov\"\n";

/// Scanners that looked at something else: whatever there is, they do not mention it.
fn scanners(project: &Project) {
    let package = json!({"Name": "a", "Version": "1.0.0", "Identifier": {"UID": "1"}});
    let trivy = json!({"SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "filesystem",
        "Results": [{"Target": "elsewhere.lock", "Class": "lang-pkgs", "Type": "npm", "Packages": [package]}]});
    let checkov = json!({"check_type": "terraform",
        "results": {"passed_checks": [{"file_path": "/elsewhere.tf"}], "failed_checks": [], "skipped_checks": [], "parsing_errors": []},
        "summary": {"passed": 1, "failed": 0, "skipped": 0, "parsing_errors": 0, "resource_count": 1, "checkov_version": "3.3.30"}});
    project.program(
        "trivy",
        &format!("while [ $# -gt 0 ]; do [ \"$1\" = --output ] && out=$2; shift; done; cat > \"$out\" <<'EOF'\n{trivy}\nEOF"),
    );
    project.program(
        "checkov",
        &format!("while [ $# -gt 0 ]; do [ \"$1\" = --output-file-path ] && out=$2; shift; done; mkdir -p \"$out\"; cat > \"$out/results_json.json\" <<'EOF'\n{checkov}\nEOF"),
    );
}

/// The paths that a line of a shape counts as a lock file, or as infrastructure.
fn counted(lines: &[String], is_of: fn(&str) -> bool) -> BTreeSet<String> {
    let pairs =
        lines.iter().filter(|line| !line.ends_with(" ignored")).filter_map(|line| line.split_once(' '));
    pairs.filter(|(kind, _)| is_of(kind)).map(|(_, path)| path.to_owned()).collect()
}

#[test]
fn the_gates_of_each_shape_add_up_to_what_was_counted_by_hand() {
    let is_lock = |kind: &str| kind.starts_with("lock/") || kind == "manifest/maven";
    let is_infrastructure = |kind: &str| {
        ["root", "terraform-root", "cloudformation", "sam", "kubernetes", "helm", "dockerfile"]
            .contains(&kind)
    };
    let (mut wrong, mut shapes) = (Vec::new(), 0);
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/inputs")).unwrap() {
        let path = entry.unwrap().path();
        let (files, expected) = read(&fs::read_to_string(&path).unwrap());
        let project = Project::with_gates(&gates(GATES));
        project.git(&["init", "--quiet"]);
        files.iter().for_each(|(file, text)| drop(project.write(file, text)));
        project.commit("a shape");
        scanners(&project);
        project.run(&["run"]);
        let record = project.record();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let mut found: BTreeSet<(String, String)> = BTreeSet::new();
        for gate in record["gates"].as_array().unwrap() {
            let inputs = gate["inputs"].as_array().into_iter().flatten();
            found.extend(inputs.map(|input| (text(&input["kind"]), text(&input["path"]))));
        }
        for uncovered in record["inputs"]["uncovered"].as_array().into_iter().flatten() {
            let inputs = uncovered["inputs"].as_array().unwrap().iter();
            found.extend(inputs.map(|input| (text(&uncovered["kind"]), text(&input["path"]))));
        }
        for is_of in [is_lock as fn(&str) -> bool, is_infrastructure] {
            let own = found.iter().filter(|(kind, _)| is_of(kind)).map(|(_, path)| path.clone());
            let (own, counted): (BTreeSet<String>, _) = (own.collect(), counted(&expected, is_of));
            if own != counted {
                wrong.push(format!("{}: {own:?}, not {counted:?}", path.display()));
            }
        }
        shapes += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(shapes >= 39, "{shapes}");
}
