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
            found.extend(evidence::in_value(&value));
        }
    }
    Ok(found)
}
