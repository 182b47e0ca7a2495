//! Test runners, by the marks in their reports. What their exit codes mean is in [`crate::formats::runner_log`].

use std::collections::HashSet;

use crate::formats::xml::Element;
use crate::scan::test_runner::TestRunner;

use super::case::Case;

/// The runner that writes such a `testsuites` or `testsuite`.
pub(super) fn of_suite(element: &Element) -> Option<TestRunner> {
    const MAVEN: [&str; 2] = ["maven-surefire-plugin", "maven-failsafe-plugin"];
    let schema = element.attribute("noNamespaceSchemaLocation").unwrap_or_default();
    match element.attribute("name") {
        Some("pytest tests" | "pytest") => Some(TestRunner::Pytest),
        Some("Mocha Tests") => Some(TestRunner::Mocha),
        Some("jest tests") => Some(TestRunner::Jest),
        Some("vitest tests") => Some(TestRunner::Vitest),
        Some("bun test") => Some(TestRunner::Bun),
        Some("deno test") => Some(TestRunner::Deno),
        Some("nextest-run") => Some(TestRunner::Nextest),
        // The environment may set both, and hardly anybody does.
        None if element.name == "testsuites" && element.has_blank("id") && element.has_blank("name") => {
            Some(TestRunner::Playwright)
        }
        _ if MAVEN.iter().any(|plug_in| schema.contains(plug_in)) => Some(TestRunner::Maven),
        _ => None,
    }
}

/// Whether a case is a hook after whose failure the runner leaves tests out, without a word. Mocha (`lib/runner.js`,
/// 11.8): xunit calls it `"before each" hook for "adds"`, mocha-junit-reporter puts the suite in front; all tests have
/// run before an `"after all" hook`. Bun (1.4) calls each hook of a suite `(unnamed)`.
pub(super) fn is_hook(runner: Option<TestRunner>, case: &Case) -> bool {
    const HOOKS: [&str; 3] = ["\"before all\" hook", "\"before each\" hook", "\"after each\" hook"];
    let names = [&case.name, &case.class].into_iter().flatten();
    match runner {
        Some(TestRunner::Mocha) => names.into_iter().any(|name| HOOKS.iter().any(|hook| name.contains(hook))),
        Some(TestRunner::Bun) => case.name.as_deref() == Some("(unnamed)"),
        _ => false,
    }
}

/// The suites of Vitest whose tests were skipped. A hook that fails is a case with the name of its suite (4.1), and the
/// tests `suite > test` are skipped for it.
#[derive(Default)]
pub(super) struct SkippedSuites(HashSet<String>);

impl SkippedSuites {
    pub(super) fn skip(&mut self, name: &str) {
        const BETWEEN: &str = " > ";
        // No test is deeper.
        const DEEPEST: usize = 16;
        let ends = name.match_indices(BETWEEN).take(DEEPEST);
        self.0.extend(ends.map(|(end, _)| name[..end].to_owned()));
    }

    /// Whether a case that failed is such a hook. The tests of a suite are listed before it.
    pub(super) fn is_hook(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// Whether a failed test counts under `failures` and under `errors` (testcafe-reporter-xunit 2.2, `src/index.js`).
pub(super) fn counts_twice(suite: Option<&str>) -> bool {
    suite.is_some_and(|name| name.starts_with("TestCafe Tests"))
}

/// Whether a suite is the whole run of node-tap. It counts a subtest once more as a test of the one around it.
pub(super) fn counts_subtests(element: &Element) -> bool {
    element.name == "testsuites" && element.attribute("name") == Some("TAP Tests")
}

/// The name of a suite without the moment of the run, as unittest-xml-reporting writes it: `test_c.C-20261201033907`.
pub(super) fn without_moment(name: &str) -> &str {
    const DIGITS: usize = 14;
    match name.rsplit_once('-') {
        Some((rest, moment))
            if moment.len() == DIGITS
                && moment.starts_with("20")
                && moment.bytes().all(|c| c.is_ascii_digit()) =>
        {
            rest
        }
        _ => name,
    }
}

/// The name of a suite without the version of a tool: `Hadolint 2.15.1`.
pub(super) fn without_version(name: &str) -> &str {
    let is_version = |word: &str| {
        let word = word.strip_prefix('v').unwrap_or(word);
        let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        word.split('.').count() == 3 && word.split('.').all(number)
    };
    match name.rsplit_once(' ') {
        Some((rest, last)) if is_version(last) => rest,
        _ => name,
    }
}
