//! The secrets in results that are about secrets: in snippets, properties, fixes, whatever a tool puts there.
//!
//! Only these few results are read as a whole, in a second pass, so that a log of a million results stays small.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::formats::json;
use crate::redact::{Secret, evidence};
use crate::scan::parsed::ReportError;

use super::WHAT;

#[derive(Deserialize)]
struct Log<'b> {
    #[serde(borrow)]
    runs: Vec<Run<'b>>,
}

#[derive(Deserialize)]
struct Run<'b> {
    #[serde(borrow, default)]
    results: Option<Vec<&'b RawValue>>,
}

/// The secrets in the results at these places of each run.
pub(super) fn secrets(bytes: &[u8], places: &[Vec<usize>]) -> Result<Vec<Secret>, ReportError> {
    let log: Log = json::read(bytes, WHAT)?;
    let mut found = Vec::new();
    for (run, places) in log.runs.iter().zip(places) {
        let results = run.results.as_deref().unwrap_or_default();
        for result in places.iter().filter_map(|place| results.get(*place)) {
            let value: Value = json::read(result.get().as_bytes(), WHAT)?;
            // Tools quote commands with the rule and the file in them (Kingfisher).
            let own = names(&value);
            found.extend(
                evidence::in_value(&value)
                    .into_iter()
                    .filter(|secret| !own.iter().any(|name| secret.is_in(name))),
            );
        }
    }
    Ok(found)
}

/// The ids of its rule, and the files in which it was found.
fn names(result: &Value) -> Vec<&str> {
    let locations = result.get("locations").and_then(Value::as_array).into_iter().flatten();
    let files = locations.filter_map(|location| location.pointer("/physicalLocation/artifactLocation/uri"));
    let rule = [result.get("ruleId"), result.pointer("/rule/id")];
    rule.into_iter().flatten().chain(files).filter_map(Value::as_str).collect()
}
