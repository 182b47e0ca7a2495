//! Tests that were tried again, where only the log says so: the last line of pytest with pytest-retry (1.7),
//! `2 passed, 1 retried in 0.05s`, and Playwright's `  1 flaky` (1.65, without `includeRetries`). Jest, Vitest and Mocha say so
//! nowhere.

use crate::scan::raw_report::RawReport;
use crate::scan::test_runner::TestRunner;
use crate::text::human;

use super::{counted, plain, pytest};

/// What the log says of them, in words.
pub(crate) fn tried_again(runner: TestRunner, raw: &RawReport) -> Option<String> {
    let count: fn(&str) -> Option<u64> = match runner {
        TestRunner::Pytest => pytest::retried,
        TestRunner::Playwright => |line| match counted(line.strip_prefix("  ")?)? {
            (n, "flaky") => Some(n),
            _ => None,
        },
        _ => return None,
    };
    let lines = [&raw.stdout, &raw.stderr].into_iter().flat_map(|stream| stream.split(|byte| *byte == b'\n'));
    let sum = lines.filter_map(|line| count(plain(line).trim_end())).fold(0, u64::saturating_add);
    let tests = human::count(sum, "test");
    (sum > 0).then(|| format!("{tests} tried again, by its log: such a test may be flaky"))
}
