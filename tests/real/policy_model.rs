//! The policy, compared with a model of it that was written from the documents alone (`tests/policy_model`, in Python):
//! a part of what `ci/policy-model` does.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "the model is in Python")]

use std::path::Path;
use std::process::Command;

use crate::common::test_python;

/// Runs a program of the model with a fixed seed, and returns the last line that it prints.
fn last_line(program: &str, options: &[&str]) -> String {
    let scratch = tempfile::tempdir().unwrap();
    let output = Command::new(test_python())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policy_model").join(program))
        .args(["--portcullis", env!("CARGO_BIN_EXE_portcullis"), "--seed", "1", "--jobs", "2", "--out"])
        .arg(scratch.path())
        .args(options)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program}: {said}\n{errors}");
    said.lines().last().unwrap().to_owned()
}

#[test]
fn the_program_and_the_model_agree_on_500_worlds() {
    assert_eq!(
        last_line("compare.py", &["--worlds", "500"]),
        "500 worlds, 812 comparisons, 0 differences, 0 things that never occurred"
    );
}

#[test]
fn what_must_hold_between_two_runs_holds_100_times_each() {
    assert_eq!(
        last_line("metamorphic.py", &["--each", "100"]),
        "1200 metamorphic checks of 12 kinds, 0 failures"
    );
}

#[test]
fn the_comparison_notices_each_planted_mistake() {
    assert_eq!(
        last_line("self_test.py", &["--worlds", "300"]),
        "19 of 19 planted rules noticed in 300 worlds, 0 differences without them"
    );
}
