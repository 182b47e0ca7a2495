//! What the record of a run says of the inputs of a gate.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::Project;

/// How many files of the gate have met each fate.
pub(super) fn counts(project: &Project, gate: &str) -> BTreeMap<String, u64> {
    files_by(project, gate, "state", |_| true)
}

/// How many files each rule leaves out.
pub(super) fn left_out(project: &Project, gate: &str) -> BTreeMap<String, u64> {
    files_by(project, gate, "why", |input| input["state"] == "excluded")
}

fn files_by(project: &Project, gate: &str, key: &str, counts: fn(&Value) -> bool) -> BTreeMap<String, u64> {
    let mut files_by = BTreeMap::new();
    for input in project.gate(gate)["inputs"].as_array().unwrap().iter().filter(|input| counts(input)) {
        let files = input.get("files").map_or(1, |files| files.as_u64().unwrap());
        *files_by.entry(input[key].as_str().unwrap().to_owned()).or_default() += files;
    }
    files_by
}

pub(super) fn expected<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counts.into_iter().map(|(state, n)| (state.to_owned(), n)).collect()
}

/// The paths of a gate's inputs with this state.
pub(super) fn paths(project: &Project, gate: &str, state: &str) -> Vec<String> {
    let inputs = project.gate(gate)["inputs"].clone();
    let of_state = |input: &&Value| input["state"] == state;
    inputs
        .as_array()
        .unwrap()
        .iter()
        .filter(of_state)
        .map(|input| input["path"].as_str().unwrap().to_owned())
        .collect()
}
