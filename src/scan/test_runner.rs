//! What the report of a test runner lists, to be held against its exit code and its log.

/// A runner, recognised by the marks that it leaves in its report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestRunner {
    Bun,
    Deno,
    Jest,
    /// Maven's Surefire and Failsafe: a report for each class.
    Maven,
    Mocha,
    Nextest,
    Node,
    Playwright,
    Pytest,
    Vitest,
    Other,
}

/// The failures that a report lists, without those that the runner expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    pub runner: TestRunner,
    /// `failure` and `error` elements.
    pub failures: u64,
    /// Tests with one or more of them.
    pub tests: u64,
    /// Tests that ran and did not fail.
    pub passed: u64,
    /// Suites with a test that failed.
    pub suites: u64,
    /// One test failed, and no test is listed after it.
    pub only_the_last_failed: bool,
    /// It lists tests in suites, not only in files.
    pub has_suites: bool,
    /// Tests that it counts and does not list, and that passed (pytest's subtests).
    pub unlisted: u64,
    /// `error` elements: pytest counts a test of one twice.
    pub errors: u64,
}

impl Listed {
    /// Both reports together. Those of two runners are of no runner that is known.
    pub fn and(self, other: Self) -> Self {
        Self {
            runner: if self.runner == other.runner { self.runner } else { TestRunner::Other },
            failures: self.failures + other.failures,
            tests: self.tests + other.tests,
            passed: self.passed + other.passed,
            suites: self.suites + other.suites,
            only_the_last_failed: self.only_the_last_failed || other.only_the_last_failed,
            has_suites: self.has_suites || other.has_suites,
            unlisted: self.unlisted + other.unlisted,
            errors: self.errors + other.errors,
        }
    }
}
