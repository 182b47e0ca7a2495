//! The workflows that we offer, as zizmor and GitHub's own schema see them.

#![allow(clippy::disallowed_methods, reason = "the linters are started here")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::path::Path;
use std::process::Command;

use crate::common::{Ran, real_tools};

const WORKFLOWS: [&str; 2] =
    ["ci/github-actions.yml", "fixtures/pipelines/serverless-tasks/.github/workflows/gates.yml"];

fn lint(tool: &str, args: &[&str], files: &[&str]) -> Ran {
    let mut command = Command::new(real_tools().join(tool));
    command.args(args).args(files).current_dir(env!("CARGO_MANIFEST_DIR"));
    Ran::to_end(&mut command)
}

#[test]
fn zizmor_finds_nothing_in_the_workflows() {
    let pedantic = ["--offline", "--no-config", "--persona", "pedantic"];
    let ran = lint("zizmor", &pedantic, &WORKFLOWS);
    assert_eq!(ran.code, 0, "{}", ran.all());
    // It sees what it is there for.
    let folder = tempfile::tempdir().unwrap();
    let worse = folder.path().join("worse.yml");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(WORKFLOWS[0])).unwrap();
    std::fs::write(&worse, text.replace("permissions: {}", "permissions: write-all")).unwrap();
    let ran = lint("zizmor", &pedantic, &[worse.to_str().unwrap()]);
    assert_ne!(ran.code, 0, "{}", ran.all());
}

#[test]
fn github_reads_the_workflows() {
    let ran = lint("check-jsonschema", &["--builtin-schema", "vendor.github-workflows"], &WORKFLOWS);
    assert_eq!(ran.code, 0, "{}", ran.all());
}
