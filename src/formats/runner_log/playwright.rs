//! Playwright's summary (`packages/playwright/src/reporters/base.ts`, 1.65), of the reporters list, line and dot:
//!
//! ```text
//!   1 failed
//!     [chromium] › tests/a.spec.ts:3:1 › fails ────
//!   1 skipped
//!   2 passed (1.2s)
//!   1 error was not a part of any test, see above for details
//! ```

use super::{Said, counted};

pub(super) fn read(line: &str) -> Said {
    let Some(entry) = line.strip_prefix("  ") else { return Said::Nothing };
    if entry.starts_with("  ") && entry.contains(" › ") {
        return Said::Summary;
    }
    if !entry.starts_with(|c: char| c.is_ascii_digit()) {
        return Said::Nothing;
    }
    let Some((n, what)) = counted(entry) else { return Said::Nothing };
    match what {
        "failed" => Said::Tests(n),
        "skipped" => Said::Summary,
        // A flaky test may be set to fail, and the report shows it as passed.
        "flaky" | "interrupted" | "did not run" => Said::Other,
        _ if what.ends_with("not a part of any test, see above for details") => Said::Other,
        _ if what.starts_with("passed (") => Said::Summary,
        _ => Said::Nothing,
    }
}
