//! Configuration that another file extends or names, and marks in the source.

use std::path::Path;

use crate::common::{Project, run_with_real_tools};

/// The notes-app with its packages; its last commit is the base.
fn notes_app(extended: &str) -> Project {
    let project = Project::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/lay-out");
    #[allow(clippy::disallowed_methods, reason = "a script lays the project out")]
    let laid_out = std::process::Command::new(script).arg(project.root()).output().unwrap();
    assert!(laid_out.status.success(), "ci/lay-out: {}", String::from_utf8_lossy(&laid_out.stderr));
    project.write("tsconfig.shared.json", extended);
    let own = project.read("backend/tsconfig.json");
    let own =
        own.replacen("\"strict\": true,", "", 1).replacen('{', "{ \"extends\": \"../tsconfig.shared\",", 1);
    project.write("backend/tsconfig.json", own);
    project.write("backend/src/nothing.ts", "export const nothing: string = null;\n");
    project.commit("a shared configuration");
    project
}

/// The errors of tsc in a file, and what the run notes about its configuration.
fn errors_in(project: &Project, file: &str, args: &[&str]) -> (usize, String) {
    let ran = run_with_real_tools(project, &[&["run", "--quiet", "--only", "types"], args].concat());
    let gate = project.gate("types");
    assert_eq!(gate["evidence"], "whole", "{}", ran.all());
    let record = project.record();
    let findings = record["findings"].as_array().unwrap();
    let found = findings.iter().filter(|finding| finding["location"]["path"] == file).count();
    (found, gate["targets"][0]["notes"].to_string())
}

#[test]
fn a_configuration_that_another_extends_comes_from_the_base() {
    let file = "backend/src/nothing.ts";
    let project = notes_app("{ // shared\n  \"compilerOptions\": { \"strict\": true, },\n}\n");
    assert_eq!(errors_in(&project, file, &[]).0, 1);
    project.write("tsconfig.shared.json", "{ \"compilerOptions\": { \"strict\": false } }\n");
    let (found, notes) = errors_in(&project, file, &[]);
    assert_eq!(found, 0);
    assert!(notes.contains("reads tsconfig.shared.json (strict: false)"), "{notes}");
    let (found, notes) = errors_in(&project, file, &["--policy-from", "HEAD"]);
    assert_eq!(found, 1, "{notes}");
}

#[test]
fn marks_in_the_source_are_counted() {
    let project = notes_app("{ \"compilerOptions\": { \"strict\": true } }\n");
    project.write("backend/src/nothing.ts", "// @ts-nocheck\nexport const nothing: string = null;\n");
    project.write("backend/src/line.ts", "// @ts-ignore\nexport const line: string = null;\n");
    let (found, notes) = errors_in(&project, "backend/src/nothing.ts", &[]);
    assert_eq!(found, 0);
    assert!(notes.contains("1 line is not checked: @ts-ignore, @ts-expect-error"), "{notes}");
    assert_eq!(
        project.gate("types")["targets"][0]["unread"],
        serde_json::json!({"@ts-nocheck": 1, "skipLibCheck": 1})
    );
}

/// A made-up token, and the rule that finds it.
const TOKEN: &str = "boundary_0123456789abcdef";
const RULE: &str = "[[rules]]\nid = \"made-up\"\nregex = 'boundary_[0-9a-f]{16}'\n";

#[test]
fn a_file_that_a_configuration_names_is_reported_and_leaves_the_gate_without_proof_if_it_differs() {
    let gates = "version = 1\n[[gate]]\nid = \"leaks\"\ntool = \"gitleaks\"\nscan = \"tree\"\ndirs = [\"app\"]\n\
                 [[gate]]\nid = \"iac\"\ntool = \"trivy\"\nscan = \"config\"\noffline = true\ndirs = [\"app\"]\n";
    let project = Project::base_with(&[
        ("gates.toml", gates),
        ("app/a.txt", &format!("{TOKEN}\n")),
        ("app/Dockerfile", "FROM scratch\nUSER root\n"),
        ("app/.gitleaks.toml", "[extend]\npath = \"ci/rules.toml\"\n"),
        ("ci/rules.toml", RULE),
        ("app/trivy.yaml", "ignorefile: ci/ignored\n"),
        ("app/ci/ignored", ""),
    ]);
    let counts = |args: &[&str]| {
        let ran = run_with_real_tools(&project, &[&["run", "--quiet"], args].concat());
        let gates = ["leaks", "iac"].map(|id| project.gate(id));
        (
            gates.clone().map(|gate| {
                gate["counts"]
                    .as_object()
                    .map(|counts| counts.values().filter_map(serde_json::Value::as_u64).sum::<u64>())
            }),
            gates,
            ran.all(),
        )
    };
    let (before, _, all) = counts(&["--policy-from", "base"]);
    assert_eq!(before[0], Some(1), "{all}");
    assert!(before[1] > Some(0), "{all}");

    // The scanners read these files where the table in docs/configuration.md says.
    project.write("ci/rules.toml", format!("{RULE}[[rules.allowlists]]\nregexes = ['boundary']\n"));
    let record = project.record();
    let found = record["findings"].as_array().unwrap().iter().filter(|finding| finding["gate"] == "iac");
    project.write(
        "app/ci/ignored",
        found.map(|finding| format!("{}\n", finding["rule"].as_str().unwrap())).collect::<String>(),
    );
    let (after, gates, all) = counts(&[]);
    assert_eq!(after, [Some(0), Some(0)], "{all}");
    for (gate, path) in gates.iter().zip(["ci/rules.toml", "app/ci/ignored"]) {
        let notes = gate["targets"][0]["notes"].to_string();
        assert!(notes.contains(&format!("reads {path}")), "{notes}");
    }
    let (_, gates, all) = counts(&["--policy-from", "base"]);
    for (gate, path) in gates.iter().zip(["ci/rules.toml", "app/ci/ignored"]) {
        assert_eq!(gate["outcome"], "inconclusive", "{all}");
        assert!(gate["reason"].to_string().contains(&format!("{path} differs from base")), "{gate}");
    }
}
