//! One tool, two formats: its own report and its report in a shared format have the same counts by severity and the same
//! proof. The reports are of the same sources (`fixtures/matrix/sources`). `tests/real/pairs.rs` has gitleaks, Trivy and Checkov, run.

#![allow(clippy::unwrap_used, reason = "a test that can't read its fixture has failed")]

use portcullis::model::severity::Counts;
use portcullis::scan::proof::Proof;

use crate::common::fixtures::{Fixture, fixtures};

#[test]
fn a_tool_has_the_same_severities_in_its_own_and_in_each_shared_format() {
    let fixtures: Vec<Fixture> = fixtures().into_iter().flatten().collect();
    let read = |name: &str| {
        let fixture = fixtures.iter().find(|fixture| fixture.name == name)?;
        Some(match fixture.assess() {
            Proof::Complete(parsed) => ("complete", Counts::of(&parsed.findings)),
            other => panic!("{name}: {:?}", other.reason()),
        })
    };
    for (tool, formats) in [
        ("eslint", &["sarif", "junit", "checkstyle"][..]),
        ("cfn-lint", &["sarif", "junit"]),
        ("checkov", &["sarif", "junit"]),
    ] {
        let own = read(&format!("{tool}/recorded-matrix-sources")).unwrap();
        for format in formats {
            assert_eq!(read(&format!("{format}/matrix-{tool}")), Some(own), "{tool} in {format}");
        }
    }
}
