//! `init`, then a run in production mode, on small repositories of `fixtures/init`: a few of each sort. `ci/shapes` runs all of them.

#![allow(clippy::disallowed_methods, reason = "the script that lays them out")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::process::Command;

use crate::common::real_tools;

/// What `init` writes for a healthy repository passes, and in a broken one the gates that look at what is broken do not.
#[test]
fn what_init_writes_works_at_once_and_a_broken_repository_never_passes() {
    real_tools();
    let ran = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/ci/shapes"))
        .args([
            "npm",
            "npm-without-lock",
            "development",
            "pip-names",
            "uv",
            "go",
            "vite",
            "vue",
            "typescript",
            "kubernetes",
        ])
        .env("PORTCULLIS_BINARY", env!("CARGO_BIN_EXE_portcullis"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(said.matches("right ").count(), 10, "{said}");
}
