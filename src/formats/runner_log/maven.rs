//! What Maven (3.8) prints with Surefire or Failsafe (2.22), for each module:
//!
//! ```text
//! [ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 1, Time elapsed: 0.05 s <<< FAILURE! - in a.AppTest
//! [INFO] Results:
//! [ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 1
//! [ERROR] Failed to execute goal …:maven-surefire-plugin:2.22.3:test (default-test) on project app: There are test failures.
//! ```
//!
//! Each goal that fails is named. Modules that depend on one with failures are not built: their tests did not run.

use super::Said;

pub(super) fn read(line: &str) -> Said {
    let levels = ["[INFO]", "[WARNING]", "[ERROR]"];
    let Some(said) = levels.iter().find_map(|level| line.strip_prefix(level)) else { return Said::Nothing };
    let said = said.trim();
    if said.starts_with("Failed to execute goal ") {
        let of_tests = said.contains(":maven-surefire-plugin:") || said.contains(":maven-failsafe-plugin:");
        let fail = said.contains("There are test failures.") || said.contains("There were test failures.");
        return if of_tests && fail { Said::Summary } else { Said::Other };
    }
    if said.ends_with(" SKIPPED") || said.starts_with("There was a timeout or other error in the fork") {
        return Said::Other;
    }
    match failed(said) {
        Some(n) => Said::Tests(n),
        // Maven's own words about the build.
        None => Said::Summary,
    }
}

/// The line for all classes. Those for one class have a time.
fn failed(said: &str) -> Option<u64> {
    let mut failed: u64 = 0;
    for entry in said.strip_prefix("Tests run: ")?.split(", ").skip(1) {
        let (what, n) = entry.split_once(": ")?;
        let n: u64 = n.parse().ok()?;
        match what {
            "Failures" | "Errors" => failed = failed.saturating_add(n),
            "Skipped" | "Flakes" => {}
            _ => return None,
        }
    }
    Some(failed)
}
