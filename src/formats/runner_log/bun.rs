//! Bun's summary (`bun test`, 1.4):
//!
//! ```text
//!  1 pass
//!  1 skip
//!  3 fail
//!  1 error
//!  2 expect() calls
//! Ran 5 tests across 1 file. [20.00ms]
//! ```

use super::{Said, counted};

pub(super) fn read(line: &str) -> Said {
    if line.starts_with("Ran ") && line.contains(" across ") {
        return Said::Summary;
    }
    if line.starts_with("Bailed out after ") || line.starts_with("# Unhandled error") {
        return Said::Other;
    }
    // `bunfig.toml` may want a coverage, and nothing is said if it is too low.
    if line.starts_with("File ") && line.contains("| % Funcs |") {
        return Said::Other;
    }
    let Some(entry) = line.strip_prefix(' ') else { return Said::Nothing };
    let Some((n, what)) = counted(entry) else { return Said::Nothing };
    match what {
        "fail" => Said::Tests(n),
        "error" | "errors" => Said::Other,
        "pass" | "skip" | "todo" | "filtered out" | "expect() calls" => Said::Summary,
        _ if what.starts_with("snapshots") => Said::Summary,
        _ => Said::Nothing,
    }
}
