//! Jest's summary (`packages/jest-reporters/src/getSummary.ts`, 30.5):
//!
//! ```text
//! Test Suites: 1 failed, 1 passed, 2 total
//! Tests:       1 failed, 2 passed, 3 total
//! Snapshots:   0 total
//! Time:        0.4 s
//! Ran all test suites.
//! ```
//!
//! A file that can't be loaded is a failed suite without a failed test, and jest-junit leaves it out.

use super::{Said, counts, sum};

pub(super) fn read(line: &str) -> Said {
    // What is wrong with a coverage, for example: `Jest: Coverage data for a.js was not found.`
    if line.starts_with("Jest: ") || line == "Test run was interrupted." {
        return Said::Other;
    }
    let of = |label| line.strip_prefix(label).map(str::trim);
    if let Some(list) = of("Test Suites:") {
        // `1 of 3 total`: it stopped after a failure.
        return counts(list, ", ").map_or(Said::Other, |counts| match counts.last() {
            Some((_, "total")) => Said::Suites(sum(&counts, &["failed"])),
            _ => Said::Other,
        });
    }
    if let Some(list) = of("Tests:") {
        return counts(list, ", ").map_or(Said::Other, |counts| Said::Tests(sum(&counts, &["failed"])));
    }
    // With `--ci` it fails for these, too.
    if of("Snapshots:").is_some_and(|list| list.contains(" obsolete")) {
        return Said::Other;
    }
    match PARTS.iter().any(|begin| line.starts_with(begin)) {
        true => Said::Summary,
        false => Said::Nothing,
    }
}

/// Further lines of the summary, and what may follow it whatever the tests did.
const PARTS: [&str; 8] = [
    "Snapshots:",
    "Time:",
    "Seed:",
    "Ran all test suites",
    "Test results written to: ",
    "Force exiting Jest: ",
    "Jest did not exit one second after the test run has completed.",
    "'This usually means that there are asynchronous operations that weren't stopped",
];
