//! Rows that lie beside a tool's fixtures, as `faults.json`: for a tool with one report. fixtures/README.md has the keys.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::tools::{Acts, Tool, base, fixture};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    program: String,
    gate: String,
    report: String,
    clean: String,
    findings: String,
    #[serde(default)]
    required: Vec<String>,
    crashes: Vec<i32>,
    found: Option<i32>,
    folder: Option<String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
}

/// What counts of a fixture's `expected.json` here.
#[derive(Deserialize)]
struct Recorded {
    reports: Vec<String>,
    stderr: Option<String>,
    exit: i32,
}

/// The row of each tool that has one beside its fixtures, by name.
pub(crate) fn rows() -> Vec<Tool> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folders = fs::read_dir(fixtures).unwrap().map(|folder| folder.unwrap().path());
    let mut files: Vec<_> =
        folders.map(|folder| folder.join("faults.json")).filter(|file| file.exists()).collect();
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

fn read(file: &Path) -> Tool {
    let row: Row = serde_json::from_slice(&fs::read(file).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let tool = file.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let words: Vec<&'static str> = row.required.into_iter().map(kept).collect();
    Tool {
        name: kept(tool.to_owned()),
        program: kept(row.program),
        gate: kept(format!("tool = '{tool}'\n{}", row.gate).trim_end().to_owned()),
        clean: acts(tool, &row.clean),
        findings: Some(acts(tool, &row.findings)),
        required: Vec::leak(words),
        crashes: Vec::leak(row.crashes),
        found: row.found,
        folder: row.folder.map(kept),
        report_at: Some(kept(row.report)),
        files: row.files.into_iter().collect(),
        ..base()
    }
}

fn acts(tool: &str, case: &str) -> Acts {
    let file = |name: &str| fixture(&format!("{tool}/{case}/{name}"));
    let recorded: Recorded = serde_json::from_slice(&file("expected.json"))
        .unwrap_or_else(|error| panic!("{tool}/{case}: {error}"));
    let acts = Acts::new(recorded.exit, vec![file(&recorded.reports[0])]);
    acts.says(recorded.stderr.map(|name| file(&name)).unwrap_or_default())
}

/// The rows live as long as the tests.
fn kept(text: String) -> &'static str {
    text.leak()
}
