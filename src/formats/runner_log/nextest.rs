//! The summary of cargo-nextest (0.9.143):
//!
//! ```text
//!      Summary [   0.010s] 3 tests run: 1 passed, 2 failed, 1 skipped
//!         FAIL [   0.004s] app tests::fails
//! error: test run failed
//! ```

use super::{Said, counted};

/// `NextestExitCode::TEST_RUN_FAILED`.
pub(super) const FAILED: i32 = 100;

pub(super) fn read(line: &str) -> Said {
    let line = line.trim_start();
    if line == "error: test run failed" || is_test(line) {
        return Said::Summary;
    }
    let Some((_, said)) = line.strip_prefix("Summary [").and_then(|rest| rest.split_once("] ")) else {
        return Said::Nothing;
    };
    // `1/3 tests run`: it stopped after a failure.
    let Some((_, list)) = said.split_once(" run: ").filter(|(run, _)| !run.contains('/')) else {
        return Said::Other;
    };
    // `2 passed (1 flaky, 1 slow)`
    let counts: Option<Vec<(u64, &str)>> = list.split(", ").map(counted).collect();
    match counts {
        Some(counts) => {
            let is_failure = |what: &str| FAILURES.iter().any(|words| what.starts_with(words));
            let failed = counts.iter().filter(|(_, what)| is_failure(what)).map(|(n, _)| *n);
            Said::Tests(failed.fold(0, u64::saturating_add))
        }
        None => Said::Other,
    }
}

const FAILURES: [&str; 3] = ["failed", "timed out", "exec failed"];

/// `TRY 2 FAIL [   0.004s] (3/3) app tests::fails`. Those that failed are listed once more below the summary.
fn is_test(line: &str) -> bool {
    let Some((what, rest)) = line.split_once(" [") else { return false };
    let is_status =
        what.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ');
    is_status && rest.contains("s] ")
}
