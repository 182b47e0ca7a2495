//! Every scanner and every fixture: Portcullis reads from a report what a person, or a script without
//! Portcullis's code, counted in that report.
//!
//! `fixtures/<tool or format>/<case>/expected.json` lists the files of the case and the expected result.
//! fixtures/README.md explains its keys.

#![allow(clippy::unwrap_used, reason = "a test that can't read its fixture has failed")]

use std::collections::BTreeMap;

use crate::common::fixtures::{Fixture, fixtures};
use portcullis::model::finding::Finding;
use portcullis::model::severity::{Counts, Severity};
use portcullis::scan::proof::Proof;

#[test]
fn every_fixture_reads_as_expected() {
    let cases = fixtures();
    let check = |case: &Result<Fixture, String>| match case {
        Ok(fixture) => check(fixture).map_err(|why| format!("{}: {why}", fixture.name)),
        Err(why) => Err(why.clone()),
    };
    let failures: Vec<String> = cases.iter().filter_map(|case| check(case).err()).collect();
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn check(fixture: &Fixture) -> Result<(), String> {
    let expected = &fixture.expected;
    let (outcome, parsed, reason) = match fixture.assess() {
        Proof::Complete(parsed) => match parsed.not_read.first() {
            Some((path, why)) => {
                let reason = format!("not everything could be looked at: {path} ({why})");
                ("inconclusive", parsed, reason)
            }
            None => ("complete", parsed, String::new()),
        },
        Proof::NothingInScope { parsed, reason } => ("empty", parsed, reason),
        Proof::Inconclusive { parsed, reason } => ("inconclusive", parsed, reason),
    };
    if outcome != expected.outcome {
        return Err(format!("is {outcome} ({reason}), not {}", expected.outcome));
    }
    for words in &expected.says {
        if !reason.contains(words.as_str()) {
            return Err(format!("the reason \"{reason}\" does not say \"{words}\""));
        }
    }
    if expected.explained.is_some_and(|explained| explained != parsed.unexplained.is_none()) {
        return Err(format!("explains its exit code: {:?}", parsed.unexplained));
    }
    let counts = nonzero(&Counts::of(&parsed.findings));
    if counts != expected.counts {
        return Err(format!("counts {counts:?}, not {:?}", expected.counts));
    }
    if let Some(scope) = &expected.scope
        && *scope != parsed.scope
    {
        return Err(format!("scope {}, not {scope}", parsed.scope));
    }
    for wanted in &expected.findings {
        if !parsed.findings.iter().any(|finding| matches(finding, wanted)) {
            return Err(format!("no finding has {wanted:?}"));
        }
    }
    Ok(())
}

fn nonzero(counts: &Counts) -> BTreeMap<String, u64> {
    Severity::ALL
        .iter()
        .map(|severity| (severity.to_string(), counts.get(*severity)))
        .filter(|(_, n)| *n > 0)
        .collect()
}

/// Whether the finding, as in run.json, has every field of `wanted`.
fn matches(finding: &Finding, wanted: &serde_json::Map<String, serde_json::Value>) -> bool {
    fn holds(has: &serde_json::Value, wants: &serde_json::Value) -> bool {
        match (has, wants) {
            (serde_json::Value::Object(has), serde_json::Value::Object(wants)) => {
                wants.iter().all(|(key, value)| has.get(key).is_some_and(|has| holds(has, value)))
            }
            _ => has == wants,
        }
    }
    let finding = serde_json::to_value(finding).unwrap();
    holds(&finding, &serde_json::Value::Object(wanted.clone()))
}
