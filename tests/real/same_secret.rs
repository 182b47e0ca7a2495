//! The same secret in several commits is one problem, with the real gitleaks.

#![allow(clippy::disallowed_methods, reason = "the real tools are found on PATH")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use crate::common::{Project, Ran, real_tools};

fn run(project: &Project) -> Ran {
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", real_tools().display());
    Ran::of(project.command(&["run"]).env("PATH", path).output().unwrap())
}

const GATE: &str = "version = 1\nmode = \"production\"\n[[gate]]\nid = \"secrets\"\ntool = \"gitleaks\"\n";

/// Keys that gitleaks' default rules find; put together here, so that the repository is clean.
fn key(end: &str) -> String {
    ["export const id = \"AKIA", "Q3EGVNU4", end, "\"\n"].concat()
}

#[test]
fn a_secret_in_several_commits_is_one_row_and_one_waiver_covers_it() {
    let (one, other) = (key("X2MPLE7T"), key("X2MPLE6Z"));
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    project.write(".gitignore", "gates-report\n");
    project.write("gates.toml", GATE);
    project.write("src/a.ts", &one);
    project.commit("a key");
    project.write("src/a.ts", one.replace(" id ", " key "));
    project.write("src/b.ts", &one);
    project.commit("its line changes, and it is copied");
    project.write("src/c.ts", &other);
    project.commit("another key");

    let ran = run(&project);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains("Found: 2 problems in 4 findings: 2 high"), "{}", ran.stdout);
    let record = project.record();
    let findings = record["findings"].as_array().unwrap();
    let of = |path: &str| -> Vec<_> {
        let here = findings.iter().filter(|finding| finding["location"]["path"] == path);
        here.map(|finding| finding["problem"].clone()).collect()
    };
    let problem = &findings[0]["problem"];
    assert!(problem.is_string(), "{record:#}");
    assert_eq!([of("src/a.ts"), of("src/b.ts")].concat(), vec![problem.clone(); 3]);
    assert_eq!(of("src/c.ts"), [serde_json::Value::Null]);

    let of_b = findings.iter().find(|finding| finding["location"]["path"] == "src/b.ts").unwrap();
    let waiver = |what: &str| {
        let waiver = format!("[[waiver]]\n{what}\nreason = \"revoked\"\nexpires = 2099-01-01\n");
        project.write("gates.toml", format!("{GATE}{waiver}"));
        project.commit("a waiver");
        run(&project);
        let record = project.record();
        let denied = record["findings"].as_array().unwrap().iter().filter(|one| one["decision"] == "deny");
        denied.map(|one| one["location"]["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(waiver(&format!("id = {}", of_b["id"])), ["src/c.ts"]);
    // One that names a place covers what is there.
    assert_eq!(waiver("path = \"src/b.ts\""), ["src/a.ts", "src/a.ts", "src/c.ts"]);
}
