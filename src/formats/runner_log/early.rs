//! Options with which a runner stops at the first failure, and says nothing of the tests that it did not run.

use crate::scan::test_runner::TestRunner;

/// Such an option in the command. Runners that are not here tell of it in their logs, or need the log anyway.
pub(super) fn option(runner: TestRunner, run: &[String]) -> Option<&str> {
    let known: &[&str] = match runner {
        TestRunner::Pytest => &["-x", "--exitfirst", "--maxfail"],
        TestRunner::Mocha => &["-b", "--bail"],
        TestRunner::Deno => &["--fail-fast"],
        _ => return None,
    };
    let program = run.first().and_then(|program| program.rsplit('/').next()).unwrap_or_default();
    // To a shell, `-x` is another option.
    let own = if ["sh", "bash", "dash", "zsh"].contains(&program) { run.get(2..) } else { run.get(1..) };
    let mut words = own.unwrap_or_default().iter().flat_map(|word| word.split_whitespace());
    words.find(|word| known.contains(&word.split('=').next().unwrap_or_default()))
}
