//! Readers and validators of reports that are not ours. `ci/setup` installs them.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "the outside readers")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::common::{real_tools, test_python};

/// A schema of `fixtures/schemas`.
pub(crate) fn schema(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schemas").join(name)
}

/// What a Python script prints as JSON. Its arguments are files.
pub(crate) fn python(script: &str, files: &[&Path]) -> Value {
    let output = Command::new(test_python()).args(["-c", script]).args(files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Validates a JSON report against a schema, by Python's jsonschema, and gives it. Schemas beside it may be
/// referred to.
pub(crate) fn json_of_schema(report: &Path, schema_name: &str) -> Value {
    const CHECK: &str = r#"
import sys, json, pathlib, jsonschema, referencing
read = lambda path: json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
report, schema = map(read, sys.argv[1:])
beside = [read(path) for path in pathlib.Path(sys.argv[2]).parent.glob("*.json")]
registry = referencing.Registry().with_resources(
    (one["$id"], referencing.Resource.from_contents(one)) for one in beside if "$id" in one)
jsonschema.validators.validator_for(schema)(schema, registry=registry).validate(report)
json.dump(report, sys.stdout)
"#;
    python(CHECK, &[report, &schema(schema_name)])
}

/// What PyPI's junitparser reads: suites with their cases, each with the names of what it ended in.
pub(crate) fn junitparser(report: &Path) -> Value {
    const READ: &str = r#"
import sys, json, junitparser
json.dump([
    {"name": suite.name, "tests": suite.tests, "failures": suite.failures, "errors": suite.errors, "skipped": suite.skipped,
     "properties": {p.name: p.value for p in suite.properties()},
     "cases": [[case.classname, case.name, [type(r).__name__ for r in case.result],
                [[r.message, r.text] for r in case.result], case.system_out] for case in suite]}
    for suite in junitparser.JUnitXml.fromfile(sys.argv[1])], sys.stdout)
"#;
    python(READ, &[report])
}

/// What npm's junit2json reads.
pub(crate) fn junit2json(report: &Path) -> Value {
    let program = readers().join("junit2json");
    let output = Command::new("node").arg(program).arg(report).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What Microsoft's SARIF Multitool has against a file, by its own rules and those of GitHub, each with its
/// rule. Its warnings are wishes for more than a scanner reports (the address of a tool, the end of a region).
pub(crate) fn sarif_complaints(report: &Path) -> Vec<String> {
    let reported = report.with_extension("validation.json");
    // npm's own starter of it would take the `;` for the shell's.
    let program = readers().join("../@microsoft/sarif-multitool-linux/Sarif.Multitool");
    let output = Command::new(program)
        .args(["validate", "--rule-kind", "Sarif;Ghas", "--log", "ForceOverwrite", "--output"])
        .arg(&reported)
        .arg(report)
        .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
        .output()
        .unwrap();
    let log = std::fs::read_to_string(&reported);
    let log: Value = serde_json::from_str(log.as_deref().unwrap_or_else(|error| {
        panic!(
            "{error}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    }))
    .unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let bad = results.iter().filter(|result| result["level"] == "error");
    bad.map(|result| format!("{} {}", result["ruleId"], result["message"])).collect()
}

fn readers() -> PathBuf {
    let folder = real_tools().join("../report-readers/node_modules/.bin");
    assert!(folder.is_dir(), "the readers are not in {}: run ci/setup first", folder.display());
    folder
}
