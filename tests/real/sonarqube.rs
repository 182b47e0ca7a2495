//! The real scanner of SonarQube and a real server, where SONAR_HOST_URL and SONAR_TOKEN name one.

#![allow(clippy::disallowed_methods, reason = "the PATH of the tests")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::print_stderr, reason = "that a test did not run is a result")]

use crate::common::{Project, Ran};

/// With a server at hand: the real scanner analyses a small project, and the gate follows it.
#[test]
fn the_real_scanner_and_a_real_server_end_in_a_verdict() {
    let variables = ["SONAR_HOST_URL", "SONAR_TOKEN"].map(|name| std::env::var(name).unwrap_or_default());
    if variables.iter().any(String::is_empty) {
        eprintln!("skipped: SONAR_HOST_URL and SONAR_TOKEN name no server");
        return;
    }
    let gates = "version = 1\nmode = 'production'\n[[gate]]\nid = 'quality'\ntool = 'sonarqube'\n\
        project = 'portcullis-test'\nargs = ['-Dsonar.sources=src']\nissues = true\n";
    let project = Project::with_gates(gates);
    project.write("src/a.js", "export function a(x) { if (x = 1) { return x; } }\n");
    let ran = Ran::of(project.command(&["run"]).output().unwrap());
    assert!([0, 1, 3].contains(&ran.code), "{}", ran.all());
    let gate = project.gate("quality");
    // A first analysis may have no quality gate yet; then it is said so.
    assert!(
        gate["outcome"] != "inconclusive" || gate["reason"].as_str().unwrap().contains("NONE"),
        "{gate:#}"
    );
}
