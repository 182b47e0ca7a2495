//! Vitest's summary (`packages/vitest/src/node/reporters/base.ts`, 4.1):
//!
//! ```text
//!  Test Files  1 failed | 1 passed (2)
//!       Tests  1 failed | 2 passed (3)
//!      Errors  1 error
//!    Start at  12:00:00
//!    Duration  300ms (transform 20ms, …)
//! ```

use super::{Said, counts, sum};

pub(super) fn read(line: &str) -> Said {
    let line = line.trim_start();
    let of = |label| line.strip_prefix(label).and_then(|rest| rest.strip_prefix("  ")).map(str::trim);
    if let Some(list) = of("Test Files") {
        return failed(list).map_or(Said::Other, Said::Suites);
    }
    if let Some(list) = of("Tests") {
        return failed(list).map_or(Said::Other, Said::Tests);
    }
    if of("Errors").is_some() || of("Type Errors").is_some_and(|errors| errors != "no errors") {
        return Said::Other;
    }
    // `JUNIT report written to …`
    if line.contains(" report written to ") {
        return Said::Summary;
    }
    match ["Snapshots", "Type Errors", "Start at", "Duration"].into_iter().any(|label| of(label).is_some()) {
        true => Said::Summary,
        false => Said::Nothing,
    }
}

/// `1 failed | 2 passed | 1 skipped (4)`, or `no tests`. `None`: not all were run, after `--bail`.
fn failed(list: &str) -> Option<u64> {
    if list == "no tests" {
        return Some(0);
    }
    let (counted, all) = list.strip_suffix(')')?.rsplit_once(" (")?;
    let counts = counts(counted, " | ")?;
    let run = counts.iter().map(|(n, _)| *n).fold(0, u64::saturating_add);
    (all.parse() == Ok(run)).then(|| sum(&counts, &["failed"]))
}
