//! Deno's summary (`cli/tools/test/reporters/common.rs`, 2.9):
//!
//! ```text
//! FAILED | 1 passed (1 step) | 2 failed (1 step) | 1 ignored (5ms)
//!
//! error: Test failed
//! ```
//!
//! A module that throws is a failure there, and is not in the report. A step is a case of its own in the report.

use super::{Said, counted};

pub(super) fn read(line: &str) -> Said {
    // Where RUST_BACKTRACE is set, it ends with its own stack.
    if ["error: Test failed", "Stack backtrace:", "   0: <unknown>"].contains(&line) {
        return Said::Summary;
    }
    if line.ends_with(" (uncaught error)") {
        return Said::Other;
    }
    let Some(list) = line.strip_prefix("FAILED | ").or_else(|| line.strip_prefix("ok | ")) else {
        return Said::Nothing;
    };
    match list.split(" | ").filter_map(counted).find_map(failed) {
        Some(n) => Said::Tests(n),
        None => Said::Nothing,
    }
}

/// `2 failed (1 step)`.
fn failed((tests, what): (u64, &str)) -> Option<u64> {
    let rest = what.strip_prefix("failed")?;
    let steps = rest.strip_prefix(" (").and_then(counted).filter(|(_, what)| what.starts_with("step"));
    Some(tests.saturating_add(steps.map_or(0, |(steps, _)| steps)))
}
