//! Node's counts, which it writes in comments (`lib/internal/test_runner/harness.js`, 20.20 and 26.10):
//!
//! ```text
//! <!-- tests 3 -->
//! <!-- suites 1 -->
//! <!-- fail 1 -->
//! <!-- cancelled 0 -->
//! <!-- todo 1 -->
//! ```
//!
//! A test that was cancelled is listed as a failure. One that fails and is marked as `todo` counts as `todo` alone.

/// The counts of a report. A test may write such a comment, too: the highest count is taken.
#[derive(Default)]
pub(super) struct Counts {
    tests: u64,
    /// `describe`, not tests with subtests.
    suites: u64,
    fail: u64,
    cancelled: u64,
    /// The last one, and whether there is any.
    todo: Option<u64>,
}

impl Counts {
    pub(super) fn read(&mut self, comment: &str) {
        let mut words = comment.split_whitespace();
        let (Some(what), Some(count), None) = (words.next(), words.next(), words.next()) else { return };
        let Ok(count) = count.parse() else { return };
        let counted = match what {
            "tests" => &mut self.tests,
            "suites" => &mut self.suites,
            "fail" => &mut self.fail,
            "cancelled" => &mut self.cancelled,
            "todo" => return self.todo = Some(count),
            _ => return,
        };
        *counted = count.max(*counted);
    }

    /// Whether its failures mark the report as one of Node.
    pub(super) fn has_failures(&self) -> bool {
        self.failures() > 0
    }

    /// Whether so many tests that failed are Node's `todo`. Other programs may write the word with another meaning.
    pub(super) fn has_todo(&self, tests: u64) -> bool {
        self.todo.is_some_and(|todo| tests <= todo)
    }

    /// What it counts and does not show. Tests with subtests are shown as suites.
    pub(super) fn more_than(&self, failures: u64, cases: u64, suites: u64) -> Option<String> {
        let counted = self.failures();
        if counted > failures {
            return Some(format!("the report counts {counted} failures, and shows {failures}"));
        }
        let (counted, shown) = (self.tests.saturating_add(self.suites), cases.saturating_add(suites));
        (counted > shown).then(|| format!("the report counts {counted} tests and suites, and shows {shown}"))
    }

    fn failures(&self) -> u64 {
        self.fail.saturating_add(self.cancelled)
    }
}
