//! C++ test frameworks: Catch2 (`src/catch2/reporters/catch_reporter_junit.cpp`, 2 and 3), doctest (`JUnitReporter` in `doctest.h`, 2.4)
//! and CxxTest.

use crate::formats::xml::Element;
use crate::model::finding::Finding;

use super::case::Case;
use super::suite::{Shown, Suite};

/// Whether a suite is one of Catch2 or doctest, which count assertions as `tests`. Catch2 has always the same host.
pub(super) fn counts_assertions(suite: &Element) -> bool {
    suite.attribute("doctest_version").is_some() || suite.attribute("hostname") == Some("tbd")
}

/// Whether a case is written as Catch2 and doctest do. GoogleTest has a `result` beside the status.
pub(super) fn is_run(case: &Element) -> bool {
    case.attribute("status") == Some("run") && case.attribute("result").is_none()
}

/// Why the failures of a case may be expected: the tags `!mayfail` and `!shouldfail` of Catch2. Its suite does not count
/// them.
pub(super) fn may_fail(case: &Case, suite: Option<&Suite>) -> Option<String> {
    const TAGS: [&str; 2] = ["TEST_CASE tagged with !mayfail", "TEST_CASE tagged with !shouldfail"];
    let why = case.skipped.as_deref().filter(|why| case.skips == 1 && TAGS.contains(why))?;
    let is_of_catch2 = suite.is_some_and(|suite| suite.counts_assertions);
    (is_of_catch2 && case.is_run && case.fails()).then(|| format!("expected to fail: {why}"))
}

impl Suite {
    /// Whether its count of tests is one of assertions: each case in it is written so.
    pub(super) fn has_assertions_alone(&self, shown: Shown) -> bool {
        let cases = shown.cases - self.before.cases;
        self.counts_assertions && cases > 0 && shown.run - self.before.run == cases
    }

    /// Whether a `warning` in it is a problem. PHPUnit counts it, under `warnings` or (before 7) under `failures`; that of
    /// CxxTest is a message.
    pub(super) fn counts_warnings(&self) -> bool {
        self.warnings.or(self.stated_failures) != Some(0)
    }

    /// Whether it counts so few failures that those of the cases that may fail are not among them.
    pub(super) fn leaves_out(&self, shown: Shown) -> bool {
        let expected: u64 = self.may_fail.iter().map(|one| one.failures).sum();
        let failures = shown.failures - self.before.failures;
        self.failures.saturating_add(self.errors).saturating_add(expected) <= failures
    }
}

/// A case that may fail.
pub(super) struct MayFail {
    /// Its findings, by their places in the list.
    pub findings: std::ops::Range<usize>,
    /// How many failures it has.
    pub failures: u64,
    pub why: String,
}

impl MayFail {
    pub(super) fn suppress(&self, findings: &mut [Finding]) {
        for finding in findings.get_mut(self.findings.clone()).into_iter().flatten() {
            finding.suppressed = Some(self.why.as_str().into());
        }
    }
}

/// What Bats (1.10) adds to the failure of the last test, if it ran something that is none: a `teardown_file` that failed.
pub(super) fn is_teardown(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("bats warning: Executed "))
        && ["`teardown_file'", "`teardown_suite'"].iter().any(|name| text.contains(name))
}

impl Suite {
    /// Why its counts are higher, in words to add.
    pub(super) fn teardown(&self, shown: Shown) -> &'static str {
        match shown.teardowns > self.before.teardowns {
            true => " (Bats counts a teardown that failed as a test, and has its words in the last failure)",
            false => "",
        }
    }
}
