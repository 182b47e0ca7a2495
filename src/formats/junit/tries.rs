//! Tests that passed only when they were tried again.

use std::collections::HashMap;

use crate::scan::test_runner::TestRunner;
use crate::text::human;

use super::case::Case;
use super::suite::{Shown, Suite};

/// Surefire and nextest write an element for each try ([`Case::is_flaky`]). With pytest-rerunfailures (16.7) and flaky (3.8),
/// pytest lists each try as a test that passed, and counts the last one alone.
#[derive(Default)]
pub(super) struct Tries {
    flaky: u64,
    /// What the tests of the suite came to that passed so far, by class and name.
    passed: HashMap<(Option<String>, Option<String>), Listed>,
}

/// How often a test is listed as passed, and whether it failed in the end.
#[derive(Default)]
struct Listed {
    times: u64,
    fails: bool,
}

impl Tries {
    pub(super) fn case(&mut self, case: &Case, runner: Option<TestRunner>) {
        self.flaky += u64::from(case.is_flaky());
        if runner != Some(TestRunner::Pytest) || case.skipped.is_some() {
            return;
        }
        let listed = self.passed.entry((case.class.clone(), case.name.clone())).or_default();
        listed.times += 1;
        listed.fails |= case.fails();
    }

    /// At the end of a suite. Two tests may have one name, so the suite must list more than it counts.
    pub(super) fn suite(&mut self, suite: &Suite, shown: Shown) {
        let passed = std::mem::take(&mut self.passed);
        let more = (shown.cases - suite.before.cases).saturating_sub(suite.tests);
        let again = passed.into_values().filter(|listed| listed.times > 1 && !listed.fails).count() as u64;
        self.flaky += if suite.tests > 0 { again.min(more) } else { 0 };
    }

    pub(super) fn note(&self) -> Option<String> {
        let tests = human::count(self.flaky, "flaky test");
        (self.flaky > 0).then(|| format!("{tests}: passed only when tried again"))
    }
}
