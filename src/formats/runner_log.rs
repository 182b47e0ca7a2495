//! Whether the exit code of a test runner has no other cause than the failures in its report.
//!
//! A report has the failures of the tests that it lists. Many runners leave out what went wrong elsewhere: a file
//! that can't be loaded, an error outside of any test, a coverage that is too low. Only the exit code shows it, and
//! the summary that the runner prints. `docs/formats.md` names the versions whose summaries were seen.

mod bun;
mod coverage;
mod deno;
mod early;
mod jest;
mod maven;
mod mocha;
mod nextest;
mod node;
mod playwright;
mod pytest;
#[cfg(test)]
mod tests;
mod tries;
mod vitest;
mod wrapper;

use std::borrow::Cow;

pub(crate) use tries::tried_again;

use crate::scan::raw_report::RawReport;
use crate::scan::test_runner::{Listed, TestRunner};
use crate::text::human;
use crate::text::sanitise;

/// What a line of a log is to a runner.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// How many tests failed.
    Tests(u64),
    /// How many files, or suites, have a failure. Runners that say so say it beside [`Said::Tests`].
    Suites(u64),
    /// How many tests passed. Only where it is held against the report.
    Passed(u64),
    /// A further line of the summary.
    Summary,
    /// Something else went wrong, or was not run.
    Other,
    Nothing,
}

/// Reads the lines of a stream, without colours.
type Read = dyn FnMut(&str) -> Said;

/// How a runner tells what its exit code means.
struct Known {
    /// Its code if tests failed.
    code: i32,
    reader: fn() -> Box<Read>,
    /// Its code alone says that nothing but tests failed: the log can only contradict.
    code_is_enough: bool,
    /// Its report may list more failures than it counts as tests, but not in more suites.
    by_suites: bool,
    /// It counts each failure of a test: pytest those of subtests, too.
    by_failures: bool,
    /// How many tests a line counts that the report leaves out because they passed.
    unlisted: fn(&str) -> Option<u64>,
    /// Its log must count the tests that passed, too. Failures follow its summary, indented.
    by_passed: bool,
}

impl Known {
    fn of(listed: &Listed) -> Option<Self> {
        Some(match listed.runner {
            TestRunner::Bun => Self::by_log(|| Box::new(bun::read)),
            TestRunner::Deno => Self::by_log(|| Box::new(deno::read)),
            TestRunner::Jest => Self { by_suites: true, ..Self::by_log(|| Box::new(jest::read)) },
            TestRunner::Maven => Self::by_log(|| Box::new(maven::read)),
            TestRunner::Nextest => Self { code: nextest::FAILED, ..Self::by_log(|| Box::new(nextest::read)) },
            // Only suites have failures that are not in the report.
            TestRunner::Node => Self { code_is_enough: !listed.has_suites, ..Self::by_log(node::reader) },
            TestRunner::Playwright => Self::by_log(|| Box::new(playwright::read)),
            // The number of failures, at most 255 (`lib/cli/run-helpers.js`, 11.8).
            TestRunner::Mocha => Self {
                code: listed.failures.min(255) as i32,
                by_passed: true,
                ..Self::by_log(|| Box::new(mocha::read))
            },
            // An interrupted session is 2 (`pytest.ExitCode`, 9.2).
            TestRunner::Pytest => Self {
                by_failures: true,
                unlisted: pytest::subtests_passed,
                ..Self::by_log(|| Box::new(pytest::read))
            },
            TestRunner::Vitest => Self { by_suites: true, ..Self::by_log(|| Box::new(vitest::read)) },
            TestRunner::Other => return None,
        })
    }

    fn by_log(reader: fn() -> Box<Read>) -> Self {
        Self {
            code: 1,
            reader,
            code_is_enough: false,
            by_suites: false,
            by_failures: false,
            unlisted: |_| None,
            by_passed: false,
        }
    }
}

/// The proof, in words, that the command ended with the code for no other cause than the failures in the report.
///
/// # Errors
/// What the other cause is, or that there may be one.
pub(crate) fn account(
    listed: &Listed,
    (run, code): (&[String], i32),
    raw: &RawReport,
) -> Result<Option<String>, String> {
    if let Some(option) = early::option(listed.runner, run) {
        return Err(format!("`{option}` stops at a failure, and what was not run is not in the report"));
    }
    let unknown = || Err(format!("exit code {code} {UNEXPLAINED}"));
    let Some(known) = Known::of(listed).filter(|known| known.code == code) else { return unknown() };
    let log = Log::read(raw, &known);
    if let Some(line) = log.other {
        return Err(format!("exit code {code} has another cause, by its log: {line}"));
    }
    // Its configuration may say `bail`, and its log looks the same.
    if listed.runner == TestRunner::Mocha && listed.only_the_last_failed {
        return Err(BAILED.to_owned());
    }
    if raw.log_cut {
        return unknown();
    }
    let whole = !(known.by_suites && log.suites.is_none() || known.by_passed && log.passed.is_none());
    let Some(tests) = log.tests.filter(|_| whole) else {
        return if known.code_is_enough { Ok(None) } else { unknown() };
    };
    if let Some(counted) = log.passed.filter(|counted| *counted != listed.passed) {
        return Err(format!(
            "its log counts {} that passed, and the report lists {}",
            human::count(counted, "test"),
            listed.passed
        ));
    }
    // A test with an error may count twice, or once in two cases.
    let left_out = listed.unlisted;
    if let Some(counted) = log.unlisted.filter(|n| left_out > 0 && n.abs_diff(left_out) > listed.errors) {
        let counted = human::count(counted, "subtest");
        return Err(format!("its log counts {counted} that passed, and the report leaves {left_out} out"));
    }
    let failed = if known.by_failures { listed.failures } else { listed.tests };
    let counts = [(Some(tests), failed, "test"), (log.suites, listed.suites, "file")];
    for (counted, shown, what) in counts {
        let Some(counted) = counted else { continue };
        let more_is_fine = known.code_is_enough || known.by_suites && what == "test";
        if counted > shown || counted < shown && !more_is_fine {
            return Err(format!(
                "its log counts {} that failed, and the report lists {shown}",
                human::count(counted, what)
            ));
        }
    }
    // The list of Node's failures ends with the words of the last one.
    match log.after.filter(|_| !known.code_is_enough && listed.runner != TestRunner::Node) {
        Some(line) => {
            Err(format!("exit code {code} {UNEXPLAINED}: after its summary, the log goes on with {line}"))
        }
        None => Ok(Some(format!(
            "its log counts the same {}, and no other error",
            human::count(tests, "failure")
        ))),
    }
}

/// See `docs/formats.md`, "JUnit".
const UNEXPLAINED: &str =
    "may have a cause that the report leaves out; if it means these failures only, say so with `exit`";

const BAILED: &str = "its only failure is of the last test that is listed: it may have stopped there (`bail`), and what \
                      was not run is not in the report; if that can't be, say what the codes mean with `exit`";

/// What the log of a runner says. The summaries of several runs are added up.
#[derive(Debug, Default)]
struct Log {
    tests: Option<u64>,
    suites: Option<u64>,
    passed: Option<u64>,
    /// Tests that passed, of those that the report leaves out.
    unlisted: Option<u64>,
    /// The first line that names another error.
    other: Option<String>,
    /// The first line after the last summary that is not known to be harmless.
    after: Option<String>,
}

impl Log {
    fn read(raw: &RawReport, known: &Known) -> Self {
        let mut log = Self::default();
        for stream in [&raw.stdout, &raw.stderr] {
            let mut read = (known.reader)();
            let mut summary = false;
            let mut after = None;
            for line in stream.split(|byte| *byte == b'\n') {
                let line = plain(line);
                let line = line.trim_end();
                if let Some(n) = (known.unlisted)(line) {
                    add(&mut log.unlisted, n);
                }
                let said = if coverage::is_too_low(line) { Said::Other } else { read(line) };
                match said {
                    Said::Tests(n) => add(&mut log.tests, n),
                    Said::Suites(n) => add(&mut log.suites, n),
                    Said::Passed(n) => add(&mut log.passed, n),
                    Said::Summary => {}
                    Said::Other => {
                        log.other.get_or_insert_with(|| quoted(line));
                        continue;
                    }
                    Said::Nothing => {
                        let is_failure = known.by_passed && line.starts_with("  ");
                        if summary && after.is_none() && !is_failure && !wrapper::is_harmless(line) {
                            after = Some(quoted(line));
                        }
                        continue;
                    }
                }
                summary = true;
                after = None;
            }
            log.after = log.after.or(after);
        }
        log
    }
}

fn add(sum: &mut Option<u64>, n: u64) {
    *sum = Some(sum.unwrap_or_default().saturating_add(n));
}

/// A line without colours, and without what a carriage return has overwritten.
fn plain(line: &[u8]) -> Cow<'_, str> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.rsplit(|byte| *byte == b'\r').next().unwrap_or_default();
    match String::from_utf8_lossy(line) {
        Cow::Borrowed(line) => sanitise::one_line(line),
        Cow::Owned(line) => Cow::Owned(sanitise::one_line(&line).into_owned()),
    }
}

fn quoted(line: &str) -> String {
    const LONGEST: usize = 120;
    format!("\"{}\"", sanitise::short(line, LONGEST))
}

/// A number and the word after it: `3 failed`. The rest follows.
fn counted(text: &str) -> Option<(u64, &str)> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    Some((text[..end].parse().ok()?, text[end..].strip_prefix(' ')?))
}

/// The counts of a list: `1 failed, 2 passed, 3 total` with `, ` between them. `None` if an entry is none.
fn counts<'a>(text: &'a str, between: &str) -> Option<Vec<(u64, &'a str)>> {
    text.split(between).map(counted).collect()
}

/// The sum of the counts with one of these words.
fn sum(counts: &[(u64, &str)], words: &[&str]) -> u64 {
    let of_words = counts.iter().filter(|(_, word)| words.contains(word));
    of_words.map(|(n, _)| *n).fold(0, u64::saturating_add)
}
