//! What pytest prints (9.2) if its exit code 1 has more causes than failed tests:
//!
//! ```text
//! !!!!!!!!!!!! stopping after 1 failures !!!!!!!!!!!!
//! FAIL Required test coverage of 80% not reached. Total coverage: 50.00%
//! ===== 1 failed, 3 passed, 2 errors in 0.10s =====
//! ```

use super::{Said, counts, sum};

pub(super) fn read(line: &str) -> Said {
    let line = line.trim();
    // In a narrow terminal, one mark on each side is left (`TerminalWriter.sep`).
    let shouted =
        line.strip_prefix('!').and_then(|line| line.strip_suffix('!')).map(|line| line.trim_matches('!'));
    let shouts = shouted.is_some_and(|words| words.starts_with(' ') && words.ends_with(' '));
    // pytest-cov
    let coverage = ["FAIL Required test coverage of", "ERROR: Coverage failure:"];
    if shouts || coverage.iter().any(|words| line.starts_with(words)) {
        return Said::Other;
    }
    match summary(line) {
        Some(counts) => Said::Tests(sum(&counts, &["failed", "error", "errors", "subtests failed"])),
        None => Said::Nothing,
    }
}

/// The subtests that passed, which its report counts and does not list. It names them only with `-q` or `-v`.
pub(super) fn subtests_passed(line: &str) -> Option<u64> {
    let words = ["subtests passed", "subtest passed"];
    let counts = summary(line.trim())?;
    counts.iter().any(|(_, word)| words.contains(word)).then(|| sum(&counts, &words))
}

/// The tests that pytest-retry tried again.
pub(super) fn retried(line: &str) -> Option<u64> {
    summary(line.trim()).map(|counts| sum(&counts, &["retried"]))
}

/// The counts of its last line.
fn summary(line: &str) -> Option<Vec<(u64, &str)>> {
    let inner = line.trim_matches('=').trim();
    let (list, time) = inner.rsplit_once(" in ")?;
    let time = time.split(' ').next().unwrap_or_default();
    let number = time.strip_suffix("ms").or_else(|| time.strip_suffix('s'));
    let is_time = number.is_some_and(|number| number.parse::<f64>().is_ok());
    counts(list, ", ").filter(|_| is_time)
}
