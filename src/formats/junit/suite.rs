//! A suite: what it counts, and what it shows.

use crate::formats::xml::Element;
use crate::text::shared::Text;

use super::case::Problem;
use super::native::MayFail;
use super::{file, native, runner};

/// How many elements there were so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Shown {
    /// `failure`, `error`, and those of other tries.
    pub failures: u64,
    pub cases: u64,
    pub skipped: u64,
    /// Tests that a suite may count again: for each further problem of a case, and for one beside `skipped`.
    pub again: u64,
    /// `error` elements of cases.
    pub errors: u64,
    /// Hooks that failed, so that tests were not run (Mocha).
    pub hooks: u64,
    /// Tests that were not run, and that nobody chose to skip (behave).
    pub untested: u64,
    /// Words of Bats that a teardown failed.
    pub teardowns: u64,
    /// Cases written as Catch2 and doctest do.
    pub run: u64,
}

impl Shown {
    /// Why it does not show what all tests came to.
    pub(super) fn not_run(self) -> Option<String> {
        let tests = if self.untested == 1 { "test was" } else { "tests were" };
        (self.untested > 0).then(|| format!("{} {tests} not run (untested)", self.untested))
    }
}

pub(super) struct Suite {
    pub name: Option<String>,
    pub host: Option<String>,
    /// Its own file, or the file of the suite around it.
    pub file: Option<Text>,
    pub failures: u64,
    pub errors: u64,
    pub tests: u64,
    /// Tests that a runner may leave out of its report.
    pub skipped: u64,
    /// It, and the suites in it, count subtests once more (node-tap).
    pub counts_subtests: bool,
    /// It is one of Catch2 or doctest, by its attributes.
    pub counts_assertions: bool,
    /// How many warnings and failures it counts, if it does.
    pub warnings: Option<u64>,
    pub stated_failures: Option<u64>,
    /// One of its counts that is no number.
    pub unreadable: Option<&'static str>,
    pub before: Shown,
    pub problems: Vec<Problem>,
    /// A test of it failed, or it did itself.
    pub fails: bool,
    /// A test of it failed that is marked as `todo`.
    pub todo_fails: bool,
    /// Its cases that may fail (Catch2).
    pub may_fail: Vec<MayFail>,
}

impl Suite {
    pub(super) fn of(element: &Element, around: Option<&Self>, before: Shown) -> Self {
        let count = |name| element.number(name).unwrap_or_default();
        let skipped = ["skipped", "skips", "disabled", "ignored"].map(count);
        let mut counts = ["failures", "errors", "tests"].into_iter();
        let is_number = |name: &str| element.attribute(name).is_none_or(|_| element.number(name).is_some());
        Self {
            // `testsuites` has the name of the whole run, which is not part of an id.
            name: element.attribute("name").filter(|_| element.name == "testsuite").map(str::to_owned),
            host: element.attribute("hostname").map(str::to_owned),
            file: file(element).or_else(|| around.and_then(|suite| suite.file.clone())),
            failures: count("failures"),
            errors: count("errors"),
            tests: count("tests"),
            skipped: skipped.into_iter().fold(0, u64::saturating_add),
            counts_subtests: runner::counts_subtests(element),
            counts_assertions: native::counts_assertions(element),
            warnings: element.number("warnings"),
            stated_failures: element.number("failures"),
            unreadable: counts.find(|name| !is_number(name)),
            before,
            problems: Vec::new(),
            fails: false,
            todo_fails: false,
            may_fail: Vec::new(),
        }
    }

    /// Skipped tests that it counts and does not show.
    pub(super) fn unshown_skipped(&self, shown: Shown) -> u64 {
        self.skipped.saturating_sub(shown.skipped - self.before.skipped)
    }

    /// What the suite counts and does not show, but for tests.
    pub(super) fn gap(&self, shown: Shown, counts_twice: bool) -> Option<String> {
        if let Some(name) = self.unreadable {
            return Some(format!("has `{name}` that is no number"));
        }
        let failures = shown.failures - self.before.failures;
        let cases = shown.cases - self.before.cases;
        let counted = self.failures.saturating_add(self.errors);
        // If all cases are there, none is missing. Hadolint does not count its cases.
        let all = self.tests == 0 || cases >= self.tests;
        let twice = counts_twice && all && failures >= self.failures.max(self.errors);
        if counted > failures && !twice {
            return Some(format!("counts {counted} failures and errors, and shows {failures}"));
        }
        None
    }

    /// Tests that it counts and does not show. `around`: skipped tests that the suites around it count and do not
    /// show (mocha-junit-reporter counts them only for the run). Those suites are compared, too.
    pub(super) fn missing_tests(&self, shown: Shown, around: u64, of_pytest: bool) -> Option<String> {
        let cases = shown.cases - self.before.cases;
        // pytest counts a test that passes and then breaks as both.
        let broken = if of_pytest { shown.errors - self.before.errors } else { 0 };
        let skipped = self.unshown_skipped(shown).max(around);
        let others = skipped.saturating_add(broken);
        (self.unlisted(shown) > others).then(|| format!("counts {} tests, and shows {cases}", self.tests))
    }

    /// Tests that it counts and does not show.
    pub(super) fn unlisted(&self, shown: Shown) -> u64 {
        let again = shown.again - self.before.again;
        self.tests.saturating_sub(shown.cases - self.before.cases).saturating_sub(again)
    }

    /// Whether nothing but what passed can be missing: it lists a test, and counts as many failures and skipped tests as it
    /// shows. pytest 9 counts each result, also of subtests, and each result is of a test that it lists
    /// (`_pytest/junitxml.py`: `add_stats`, and `numtests` in `pytest_sessionfinish`).
    pub(super) fn agrees(&self, shown: Shown) -> bool {
        shown.cases > self.before.cases
            && self.failures.saturating_add(self.errors) == shown.failures - self.before.failures
            && self.skipped == shown.skipped - self.before.skipped
    }
}

/// What is said of subtests that are counted and not listed.
pub(super) fn subtests(unlisted: u64) -> Option<String> {
    let results = if unlisted == 1 { "1 result is" } else { &format!("{unlisted} results are") };
    (unlisted > 0)
        .then(|| format!("{results} counted and not listed, and passed: pytest lists no subtest that passes"))
}
