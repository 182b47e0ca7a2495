//! `portcullis doctor`: what a run needs, and how to get it.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "the PATH of the tests")]

use serde_json::{Value, json};

use crate::common::Project;

fn gates(rest: &str) -> String {
    format!("version = 1\nmode = \"production\"\n{rest}")
}

/// The name, state and words of each check.
fn checks(project: &Project) -> Vec<(String, String, String)> {
    let ran = project.run(&["doctor", "--json"]);
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    let text = |check: &Value, key: &str| check[key].as_str().unwrap().to_owned();
    let checks = found["checks"].as_array().unwrap().iter();
    checks.map(|check| (text(check, "name"), text(check, "state"), text(check, "words"))).collect()
}

fn check(project: &Project, name: &str) -> Option<(String, String)> {
    checks(project).into_iter().find(|check| check.0 == name).map(|check| (check.1, check.2))
}

#[test]
fn packages_that_are_not_installed_are_one_line_for_each_lock_file() {
    let targets: Vec<String> = (0..8).map(|n| format!("\"packages/p{n}\"")).collect();
    let dirs = targets.join(", ");
    let project = Project::with_gates(&gates(&format!(
        "[[gate]]\nid = \"types\"\ntool = \"tsc\"\ndirs = [{dirs}]\n[[gate]]\nid = \"lint\"\ntool = \"eslint\"\ndirs = [{dirs}, \"web\"]\n"
    )));
    project.git(&["init", "--quiet"]);
    for n in 0..8 {
        project.write(&format!("packages/p{n}/package.json"), "{}");
    }
    project.write("pnpm-lock.yaml", "lockfileVersion: '9.0'\n");
    project.write("web/package-lock.json", "{}");
    let ran = project.run(&["doctor"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let lines: Vec<String> =
        checks(&project).into_iter().filter(|check| check.0 == "node_modules").map(|check| check.2).collect();
    assert_eq!(
        lines,
        [
            "nothing is installed for 8 targets: `pnpm install --frozen-lockfile` in .",
            "nothing is installed for 1 target: `npm ci` in web"
        ]
    );
    assert!(!ran.stdout.contains("npm install --save-dev"), "{}", ran.stdout);
    // Installed, and the program is not among the packages.
    std::fs::create_dir_all(project.root().join("node_modules")).unwrap();
    std::fs::create_dir_all(project.root().join("web/node_modules")).unwrap();
    let ran = project.run(&["doctor"]);
    assert_eq!(check(&project, "node_modules"), None);
    assert_eq!(ran.stdout.matches("npm install --save-dev").count(), 2, "{}", ran.stdout);
    assert!(ran.stdout.contains("packages/p7"), "{}", ran.stdout);
}

#[test]
fn the_database_the_history_the_variables_and_the_lock_are_looked_at() {
    let trivy = "[[gate]]\nid = \"deps\"\ntool = \"trivy\"\noffline = true\ncache_dir = \"cache\"\nmax_db_age = \"48h\"\nenv = { NO_SUCH_VARIABLE_HERE = true }\n";
    let secrets = "[[gate]]\nid = \"secrets\"\ntool = \"gitleaks\"\n";
    let project = Project::with_gates(&gates(&format!("{trivy}{secrets}")));
    project.git(&["init", "--quiet"]);
    project.commit("first");
    project.program("trivy", "echo Version: 0.70.0");
    project.program("gitleaks", "echo 8.30.1");
    let state = |name: &str| check(&project, name).map(|(state, _)| state);
    assert_eq!(state("Trivy's database").as_deref(), Some("no"));
    assert_eq!(project.run(&["doctor"]).code, 3);
    let now = jiff::Timestamp::now();
    project.write("cache/db/metadata.json", json!({ "UpdatedAt": now.to_string() }).to_string());
    assert_eq!(state("Trivy's database").as_deref(), Some("yes"));
    let old = now - jiff::SignedDuration::from_hours(100);
    project.write("cache/db/metadata.json", json!({ "UpdatedAt": old.to_string() }).to_string());
    let (state_of_old, words) = check(&project, "Trivy's database").unwrap();
    assert!(state_of_old == "no" && words.contains("4 days old, but max_db_age is 2 days"), "{words}");
    project.write("cache/db/metadata.json", json!({ "UpdatedAt": now.to_string() }).to_string());

    assert_eq!(state("history").as_deref(), Some("yes"));
    assert_eq!(check(&project, "variables").unwrap().1, "not set here: NO_SUCH_VARIABLE_HERE");
    assert_eq!(state("gates.lock").as_deref(), Some("maybe"));
    let ran = project.run(&["doctor"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains("Everything is here."), "{}", ran.stdout);

    project.commit("second");
    let shallow = project.root().join(".git/shallow");
    std::fs::write(shallow, project.git(&["rev-parse", "HEAD"])).unwrap();
    assert_eq!(check(&project, "history").unwrap().1, "this is a shallow clone: `git fetch --unshallow`");
    assert_eq!(project.run(&["doctor"]).code, 3);
}

#[test]
fn the_daemon_is_asked_if_a_gate_needs_it() {
    let build = "[[gate]]\nid = \"images\"\ntool = \"docker-build\"\nimages = [{ name = \"a\" }]\n";
    let project = Project::with_gates(&gates(build));
    // It lies outside of the repository.
    let bin = tempfile::tempdir().unwrap();
    let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").unwrap_or_default());
    let docker = |answer: &str| {
        let program = bin.path().join("docker");
        std::fs::write(&program, format!("#!/bin/sh\n[ $# = 1 ] && {{ echo 28.2.2; exit; }}\n{answer}\n"))
            .unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let ran = crate::common::Ran::to_end(project.command(&["doctor", "--json"]).env("PATH", &path));
        (ran.code, ran.stdout)
    };
    let (code, all) = docker("echo 28.2.2");
    assert!(all.contains("the daemon answers, version 28.2.2"), "{all}");
    assert_eq!(code, 0, "{all}");
    for down in ["exit 1", "echo; exit 1", "sleep 60"] {
        let (code, all) = docker(down);
        assert!(code == 3 && all.contains("start it, or set DOCKER_HOST"), "{down}: {all}");
    }
}
