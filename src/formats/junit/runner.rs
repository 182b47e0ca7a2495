//! Test runners, by the marks in their reports. What their exit codes mean is in [`crate::formats::runner_log`].

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

/// Whether a case is a hook after whose failure Mocha leaves tests of the suite out (`lib/runner.js`, 11.8): xunit calls
/// it `"before each" hook for "adds"`, mocha-junit-reporter puts the suite in front. All tests have run before an
/// `"after all" hook`.
pub(super) fn is_hook_of_mocha(case: &Case) -> bool {
    const HOOKS: [&str; 3] = ["\"before all\" hook", "\"before each\" hook", "\"after each\" hook"];
    let names = [&case.name, &case.class].into_iter().flatten();
    names.into_iter().any(|name| HOOKS.iter().any(|hook| name.contains(hook)))
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
