//! Configuration that another file extends, and marks in the source.

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
    assert_eq!(project.gate("types")["targets"][0]["unread"], serde_json::json!({"@ts-nocheck": 1}));
}
