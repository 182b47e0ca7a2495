use super::*;

fn listed(runner: TestRunner, tests: u64, suites: u64) -> Listed {
    Listed {
        runner,
        failures: tests,
        tests,
        suites,
        passed: 2,
        only_the_last_failed: false,
        has_suites: false,
        unlisted: 0,
        errors: 0,
    }
}

/// What a log on standard output says of one failed test, in one suite.
fn of_one(runner: TestRunner, code: i32, log: &str) -> Result<Option<String>, String> {
    let raw = RawReport { stdout: Cow::Borrowed(log.as_bytes()), ..RawReport::default() };
    account(&listed(runner, 1, 1), (&[], code), &raw)
}

fn assert_explained(runner: TestRunner, code: i32, log: &str) {
    let explained = of_one(runner, code, log);
    assert_eq!(
        explained,
        Ok(Some("its log counts the same 1 failure, and no other error".to_owned())),
        "{log}"
    );
}

fn assert_not(runner: TestRunner, code: i32, log: &str, says: &str) {
    let why = of_one(runner, code, log).unwrap_err();
    assert!(why.contains(says), "{log}: {why}");
}

const UNKNOWN: &str = "may have a cause that the report leaves out";

const JEST: &str = "FAIL tests/a.test.js
Test Suites: 1 failed, 1 passed, 2 total
Tests:       1 failed, 1 skipped, 2 passed, 4 total
Snapshots:   0 total
Time:        0.4 s, estimated 1 s
Ran all test suites matching /tests/i.
";

#[test]
fn a_summary_that_counts_the_same_explains_the_code() {
    for (runner, code, log) in [
        (TestRunner::Jest, 1, JEST),
        (
            TestRunner::Vitest,
            1,
            " Test Files  1 failed | 1 passed (2)\n      Tests  1 failed | 2 passed | 1 skipped (4)\n   Start at  12:00:00\n   Duration  300ms (transform 20ms)\n\n",
        ),
        (
            TestRunner::Playwright,
            1,
            "Running 3 tests using 1 worker\n\n  1 failed\n    tests/a.spec.mjs:3:1 › fails ────\n  1 skipped\n  1 passed (1.2s)\n",
        ),
        (
            TestRunner::Bun,
            1,
            " 1 pass\n 1 skip\n 1 fail\n 2 expect() calls\nRan 3 tests across 1 file. [20.00ms]\n",
        ),
        (
            TestRunner::Deno,
            1,
            "\nFAILED | 1 passed (1 step) | 1 failed | 1 ignored (5ms)\n\nerror: Test failed\n",
        ),
        (
            TestRunner::Nextest,
            100,
            "     Summary [   0.010s] 3 tests run: 2 passed, 1 failed, 1 skipped\n        FAIL [   0.004s] app tests::fails\nerror: test run failed\n",
        ),
        (TestRunner::Pytest, 1, "=== 1 failed, 3 passed, 2 warnings in 61.02s (0:01:01) ===\n"),
        (TestRunner::Pytest, 1, "1 error in 0.01s\n"),
        (TestRunner::Pytest, 1, "1 failed, 2 skipped, 1 subtests passed in 0.01s\n"),
    ] {
        assert_explained(runner, code, log);
        // Colours, and the line ends of Windows.
        let coloured: Vec<String> =
            log.lines().map(|line| format!("\x1b[1m\x1b[31m{line}\x1b[0m\r\n")).collect();
        assert_explained(runner, code, &coloured.concat());
        // Another code has another cause.
        assert_not(runner, 3, log, "exit code 3 may have a cause that the report leaves out");
    }
}

#[test]
fn a_summary_that_names_another_error_or_counts_more_explains_nothing() {
    for (runner, code, log, says) in [
        // A file that can't be loaded.
        (TestRunner::Jest, 1, JEST.replace("1 failed, 1 passed, 2", "2 failed, 2"), "its log counts 2 files that failed, and the report lists 1"),
        (TestRunner::Jest, 1, JEST.replace("1 failed, 1 skipped", "2 failed"), "its log counts 2 tests that failed"),
        (TestRunner::Jest, 1, JEST.replace("1 passed, 2 total", "1 of 2 total"), "another cause, by its log: \"Test Suites: 1 failed, 1 of 2 total\""),
        (TestRunner::Jest, 1, format!("Jest: Coverage for lines (50%) does not meet \"global\" threshold (80%)\n{JEST}"), "does not meet"),
        (TestRunner::Jest, 1, JEST.replace("0 total", "1 obsolete, 1 passed, 1 total"), "1 obsolete"),
        (TestRunner::Jest, 1, format!("{JEST}{JEST}"), "its log counts 2 tests"),
        (TestRunner::Vitest, 1, " Test Files  1 failed (1)\n      Tests  1 failed (1)\n     Errors  1 error\n".to_owned(), "\"Errors 1 error\""),
        // After `--bail`.
        (TestRunner::Vitest, 1, " Test Files  1 failed (3)\n      Tests  1 failed (3)\n".to_owned(), "Test Files 1 failed (3)"),
        (TestRunner::Vitest, 1, " Test Files  2 failed (2)\n      Tests  no tests\n".to_owned(), "2 files"),
        (TestRunner::Vitest, 1, " Test Files  1 failed (1)\n      Tests  1 failed (1)\nERROR: Coverage for lines (50%) does not meet global threshold (80%)\n".to_owned(), "Coverage for lines"),
        (TestRunner::Playwright, 1, "  1 failed\n    a.spec.mjs:3:1 › fails\n  1 error was not a part of any test, see above for details\n".to_owned(), "1 error was not"),
        (TestRunner::Playwright, 1, "  1 failed\n    a.spec.mjs:3:1 › fails\n  4 did not run\n".to_owned(), "4 did not run"),
        (TestRunner::Bun, 1, " 1 pass\n 2 fail\n 1 error\nRan 3 tests across 2 files. [2ms]\n".to_owned(), "\"1 error\""),
        (TestRunner::Bun, 1, " 0 pass\n 1 fail\nBailed out after 1 failure\nRan 1 test across 1 file. [2ms]\n".to_owned(), "Bailed out"),
        (TestRunner::Deno, 1, "./b_test.js (uncaught error)\nFAILED | 0 passed | 2 failed (5ms)\n".to_owned(), "(uncaught error)"),
        (TestRunner::Deno, 1, "FAILED | 0 passed | 1 failed (2 steps) (5ms)\n".to_owned(), "3 tests"),
        (TestRunner::Nextest, 100, "     Summary [   0.010s] 1/3 tests run: 0 passed, 1 failed, 0 skipped\n".to_owned(), "1/3 tests run"),
        (TestRunner::Pytest, 1, "!!!!!!!!!! stopping after 1 failures !!!!!!!!!!\n1 failed in 0.1s\n".to_owned(), "stopping after 1 failures"),
        (TestRunner::Pytest, 1, "FAIL Required test coverage of 80% not reached. Total coverage: 50.00%\n1 failed in 0.1s\n".to_owned(), "Required test coverage"),
        (TestRunner::Pytest, 1, "! stopping after 1 failures !\n1 failed in 0.1s\n".to_owned(), "stopping after 1 failures"),
        (TestRunner::Pytest, 1, "== 1 failed, 1 error in 0.1s ==\n".to_owned(), "2 tests"),
        (TestRunner::Pytest, 1, "1 failed, 1 passed, 2 subtests failed in 0.1s\n".to_owned(), "3 tests"),
    ] {
        assert_not(runner, code, &log, says);
    }
}

/// Subtests that passed are counted, and not listed. pytest counts them only with `-q` or `-v`.
#[test]
fn subtests_that_passed_are_what_a_report_of_pytest_leaves_out() {
    for (log, errors, is_explained) in [
        ("1 failed, 2 passed, 3 subtests passed in 0.1s\n", 0, true),
        ("1 failed, 2 passed in 0.1s\n", 0, true),
        ("1 failed, 2 passed, 2 subtests passed in 0.1s\n", 0, false),
        // A test of one failure and one error counts once in two cases, or twice in one.
        ("1 failed, 1 error, 2 passed, 2 subtests passed in 0.1s\n", 1, true),
        ("2 failed, 2 passed, 3 subtests passed in 0.1s\n", 0, false),
        ("", 0, false),
    ] {
        let raw = RawReport { stdout: Cow::Borrowed(log.as_bytes()), ..RawReport::default() };
        let failures = 1 + errors;
        let listed = Listed { unlisted: 3, errors, ..listed(TestRunner::Pytest, failures, 1) };
        assert_eq!(account(&listed, (&[], 1), &raw).is_ok(), is_explained, "{log}");
    }
}

/// `spec`, then `tap`. The failures of suites are not in the report.
#[test]
fn a_report_of_node_with_suites_needs_a_log() {
    let log = |suite: &str| {
        format!(
            "✖ d (0.3ms)\n\n✖ failing tests:\n\ntest at a.mjs:2:1\n✖ fails (0.7ms)\n  Error: no\n\ntest at a.mjs:3:1\n✖ later (1ms) # TODO\n{suite}"
        )
    };
    let tap = |kind: &str| {
        format!(
            "not ok 1 - fails\n  ---\n  failureType: 'testCodeFailure'\nnot ok 2 - later # TODO\n  failureType: 'testCodeFailure'\nnot ok 3 - d\n  failureType: '{kind}'\n# fail 1\n"
        )
    };
    let account = |has_suites, log: &str| {
        let raw = RawReport { stdout: Cow::Borrowed(log.as_bytes()), ..RawReport::default() };
        account(&Listed { has_suites, ..listed(TestRunner::Node, 1, 1) }, (&[], 1), &raw)
    };
    assert_eq!(account(false, ""), Ok(None));
    assert!(account(true, "").unwrap_err().contains(UNKNOWN));
    for log in [log(""), tap("subtestsFailed")] {
        assert!(account(true, &log).is_ok(), "{log}");
    }
    for log in [log("\ntest at a.mjs:4:1\n✖ d (0.3ms)\n  Error: hook\n"), tap("hookFailed")] {
        assert!(account(true, &log).unwrap_err().contains("its log counts 2 tests"), "{log}");
    }
}

#[test]
fn what_comes_after_a_summary_must_be_harmless() {
    for after in [
        "\n",
        "npm error Lifecycle script `test` failed with error:\nnpm error code 1\n",
        "npm ERR! Test failed.  See above for more details.\n",
        " ELIFECYCLE  Test failed. See above for more details.\n",
        "Test results written to: out.json\nJest did not exit one second after the test run has completed.\n\n'This usually means that there are asynchronous operations that weren't stopped in your tests.\n",
        "error Command failed with exit code 1.\ninfo Visit https://yarnpkg.com/en/docs/cli/run for documentation about this command.\n",
    ] {
        assert_explained(TestRunner::Jest, 1, &format!("{JEST}{after}"));
    }
    for after in ["Error: teardown failed\n", "npm error workspace b@1.0.0\n", "2 problems (2 errors)\n"] {
        assert_not(
            TestRunner::Jest,
            1,
            &format!("{JEST}{after}"),
            "after its summary, the log goes on with \"",
        );
    }
}

#[test]
fn without_a_whole_summary_nothing_is_known() {
    for runner in [
        TestRunner::Bun,
        TestRunner::Deno,
        TestRunner::Jest,
        TestRunner::Maven,
        TestRunner::Mocha,
        TestRunner::Nextest,
        TestRunner::Other,
        TestRunner::Playwright,
        TestRunner::Pytest,
        TestRunner::Vitest,
    ] {
        for code in [1, 100] {
            assert_not(runner, code, "", UNKNOWN);
            assert_not(runner, code, "Tests are fun\n1 failed\n", UNKNOWN);
        }
    }
    // Half a summary.
    assert_not(TestRunner::Jest, 1, "Tests:       1 failed, 1 total\n", UNKNOWN);
    assert_not(TestRunner::Vitest, 1, "      Tests  1 failed (1)\n", UNKNOWN);
    // The end of the log is not kept.
    let raw = RawReport { stdout: Cow::Borrowed(JEST.as_bytes()), log_cut: true, ..RawReport::default() };
    assert!(account(&listed(TestRunner::Jest, 1, 1), (&[], 1), &raw).unwrap_err().contains(UNKNOWN));
}

#[test]
fn the_summary_may_be_on_standard_error() {
    let raw = RawReport {
        stdout: Cow::Borrowed(b"> app@1.0.0 test\n> jest\n"),
        stderr: Cow::Borrowed(JEST.as_bytes()),
        ..RawReport::default()
    };
    assert!(account(&listed(TestRunner::Jest, 1, 1), (&[], 1), &raw).is_ok());
    // A report may list a suite's own error beside its tests.
    assert!(account(&listed(TestRunner::Jest, 2, 1), (&[], 1), &raw).is_ok());
}

/// `node --test` runs every file, whatever fails.
#[test]
fn the_code_of_node_without_suites_is_enough() {
    let of = |code, raw: &RawReport| account(&listed(TestRunner::Node, 2, 1), (&[], code), raw);
    assert_eq!(of(1, &RawReport::default()), Ok(None));
    assert!(of(2, &RawReport::default()).is_err());
    // What wraps it says at the end whether the coverage is too low.
    assert!(of(1, &RawReport { log_cut: true, ..RawReport::default() }).unwrap_err().contains(UNKNOWN));
}

const MOCHA: &str = "  a\n    1) bad\n    \u{2714} ok\n\n  2 passing (7ms)\n  1 pending\n  1 failing\n\n  1) a\n       bad:\n     Error: no\n      at Context\n\n";

/// As Mocha 11.8 prints it. Its code is the number of failures.
#[test]
fn mocha_is_explained_by_a_summary_that_counts_the_same() {
    assert_explained(TestRunner::Mocha, 1, MOCHA);
    let of = |listed: Listed, code, log: &str| {
        let raw = RawReport { stdout: Cow::Borrowed(log.as_bytes()), ..RawReport::default() };
        account(&listed, (&[], code), &raw)
    };
    let many = MOCHA.replace("1 failing", "300 failing");
    assert!(of(listed(TestRunner::Mocha, 300, 1), 255, &many).is_ok());
    for (code, log, says) in [
        (2, MOCHA.to_owned(), UNKNOWN),
        (1, String::new(), UNKNOWN),
        (1, MOCHA.replace("  2 passing (7ms)\n", ""), UNKNOWN),
        (
            1,
            MOCHA.replace("1 failing", "2 failing"),
            "its log counts 2 tests that failed, and the report lists 1",
        ),
        (
            1,
            MOCHA.replace("2 passing", "3 passing"),
            "its log counts 3 tests that passed, and the report lists 2",
        ),
        (1, format!("{MOCHA}/repo/a.js\n  1:1  error  no-undef\n"), "goes on with \"/repo/a.js\""),
    ] {
        assert_not(TestRunner::Mocha, code, &log, says);
    }
    // `bail: true` in `.mocharc.json`: the log is that of a run of fewer tests.
    let last = Listed { only_the_last_failed: true, ..listed(TestRunner::Mocha, 1, 1) };
    assert!(of(last, 1, MOCHA).unwrap_err().contains("it may have stopped there"));
}

/// A program that measures the coverage may wrap every runner.
#[test]
fn a_coverage_that_is_too_low_is_another_cause_for_every_runner() {
    for (runner, code, log) in [
        (TestRunner::Mocha, 1, MOCHA),
        (TestRunner::Node, 1, ""),
        (TestRunner::Pytest, 1, "1 failed in 0.1s\n"),
        (TestRunner::Jest, 1, JEST),
        (TestRunner::Bun, 1, " 1 fail\nRan 1 test across 1 file. [2ms]\n"),
    ] {
        for line in [
            "ERROR: Coverage for lines (75%) does not meet global threshold (90%)",
            "ERROR: Coverage for branches (0%) does not meet threshold (90%) for /repo/a.js",
            "Jest: \"global\" coverage threshold for lines (80%) not met: 50%",
            "ERROR: Coverage for lines (50%) does not meet \"src/**\" threshold (80%)",
            "Error: 50.00% line coverage does not meet threshold of 80%.",
        ] {
            let raw = RawReport {
                stdout: Cow::Borrowed(log.as_bytes()),
                stderr: Cow::Borrowed(line.as_bytes()),
                ..RawReport::default()
            };
            let why = account(&listed(runner, 1, 1), (&[], code), &raw).unwrap_err();
            assert!(why.contains("another cause, by its log"), "{runner:?}, {line}: {why}");
        }
    }
}

#[test]
fn a_runner_that_stops_at_the_first_failure_explains_nothing() {
    for (runner, command, stops) in [
        (TestRunner::Pytest, &["pytest", "-x"][..], true),
        (TestRunner::Pytest, &["uv", "run", "pytest", "--maxfail=3"], true),
        (TestRunner::Pytest, &["sh", "-c", "pytest -q --exitfirst tests"], true),
        (TestRunner::Pytest, &["bash", "-x", "tests.sh"], false),
        (TestRunner::Pytest, &["pytest", "tests/-x.py"], false),
        (TestRunner::Mocha, &["npx", "mocha", "--bail"], true),
        (TestRunner::Mocha, &["mocha", "-b"], true),
        (TestRunner::Mocha, &["mocha", "-x"], false),
    ] {
        let run: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        let explained = account(&listed(runner, 1, 1), (&run, 1), &RawReport::default());
        assert_eq!(explained.unwrap_err().contains("stops at a failure"), stops, "{command:?}");
    }
}

/// Recorded: pytest 9.2 with pytest-retry 1.7, Playwright 1.65.
#[test]
fn a_log_tells_of_tests_that_were_tried_again() {
    for (runner, log, said) in [
        (TestRunner::Pytest, "==== 2 passed, 1 retried in 0.05s ====\n", true),
        (TestRunner::Pytest, "==== 2 passed in 0.05s ====\n1 retried\n", false),
        (
            TestRunner::Playwright,
            "  1 flaky\n    pw/a.spec.js:2:1 › flaky one ───\n  1 passed (1.3s)\n",
            true,
        ),
        (TestRunner::Playwright, "1 flaky\n  1 passed (1.3s)\n", false),
        (TestRunner::Other, "  1 flaky\n", false),
    ] {
        let raw = RawReport { stdout: Cow::Borrowed(log.as_bytes()), ..RawReport::default() };
        let words = "1 test tried again, by its log: such a test may be flaky";
        assert_eq!(tried_again(runner, &raw).as_deref(), said.then_some(words), "{log}");
    }
}
