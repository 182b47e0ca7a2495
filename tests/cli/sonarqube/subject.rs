//! The analysis must be of this commit, this project, and this branch or pull request.

use std::collections::VecDeque;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::{assert_inconclusive, command, gate, gates, project, proof, run};
use crate::common::sonar::{Api, PROJECT, Sonar, Trouble, before, gate_error, gate_ok, task};
use crate::common::{Project, Ran};

/// The same project, analysed before the run.
fn analysed(sonar: &Sonar, keys: &str) -> Project {
    let project = Project::with_gates(&gates(&sonar.address, &format!("scanner = 'none'\n{keys}")));
    project.write(".scannerwork/report-task.txt", sonar.task_file("T1"));
    project
}

#[test]
fn an_earlier_analysis_is_used() {
    let sonar = Sonar::serve(Api::with_gate(gate_error()));
    let project = analysed(&sonar, "");
    let ran = run(&project);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(gate(&project)["tool_version"], "10.6.0.92116");
    assert!(
        proof(&project).contains("it is unknown whether the analysis is of this commit"),
        "{}",
        proof(&project)
    );
    // The task file is where another scanner writes it.
    std::fs::remove_dir_all(project.root().join(".scannerwork")).unwrap();
    let ran = run(&project);
    assert_inconclusive(&project, &ran, &["there is no .scannerwork/report-task.txt"]);
    project.write("backend/target/sonar/report-task.txt", sonar.task_file("T1"));
    let keys = "scanner = 'none'\ntask_file = 'backend/target/sonar/report-task.txt'";
    project.write("gates.toml", gates(&sonar.address, keys));
    assert_eq!(run(&project).code, 1);
}

#[test]
fn an_analysis_of_another_commit_proves_nothing() {
    let sonar = Sonar::serve(Api::with_gate(gate_ok()));
    let project = analysed(&sonar, "");
    project.git(&["init", "--quiet"]);
    let first = project.commit("one");
    project.write("a.ts", "let a = 1;");
    let head = project.commit("two");
    let analysis = |revision: &str| json!({"key": "analysis-T1", "date": "2026-05-25T10:34:21+0000", "revision": revision});
    sonar.change(|api| api.analyses = vec![analysis(&first)]);
    let ran = run(&project);
    assert_inconclusive(&project, &ran, &[&first, &head, "is checked out"]);
    sonar.change(|api| api.analyses = vec![analysis(&head)]);
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(proof(&project).contains(&format!("of commit {head}, as checked out")));
    // On the merge commit of a pull request, the analysis is of its head.
    project.git(&["checkout", "--quiet", "-b", "feature", &first]);
    project.write("b.ts", "let b = 1;");
    let feature = project.commit("three");
    project.git(&["checkout", "--quiet", &head]);
    project.git(&["merge", "--quiet", "--no-ff", "--message", "merge", "feature"]);
    sonar.change(|api| {
        let mut ended = task("T1", "SUCCESS");
        ended["pullRequest"] = json!("7");
        api.tasks.insert("T1".to_owned(), VecDeque::from([ended]));
        api.pull_requests = vec![json!({"key": "7", "branch": "feature", "commit": {"sha": feature}})];
    });
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(proof(&project).contains(&feature));
}

#[test]
fn an_old_analysis_of_an_unknown_commit_proves_nothing() {
    let mut api = Api::with_gate(gate_ok());
    let mut ended = task("T1", "SUCCESS");
    ended["executedAt"] = json!(before(Duration::from_secs(3 * 3600)));
    api.tasks.insert("T1".to_owned(), VecDeque::from([ended]));
    // Without permission to list analyses, their commits are unknown.
    api.broken = Some(("/api/project_analyses", Trouble::Status(403)));
    let sonar = Sonar::serve(api);
    let project = analysed(&sonar, "");
    let ran = run(&project);
    assert_inconclusive(&project, &ran, &["180 m", "max_age"]);
    project.write("gates.toml", gates(&sonar.address, "scanner = 'none'\nmax_age = '4h'"));
    assert_eq!(run(&project).code, 0);
}

#[test]
fn an_analysis_from_the_future_has_no_age() {
    let mut api = Api::with_gate(gate_ok());
    api.broken = Some(("/api/project_analyses", Trouble::Status(403)));
    let sonar = Sonar::serve(api);
    let project = analysed(&sonar, "max_age = '4h'");
    let ended = |ahead: u64| {
        let time = jiff::Timestamp::now() + Duration::from_secs(ahead);
        let mut ended = task("T1", "SUCCESS");
        ended["executedAt"] = json!(time.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string());
        sonar.change(|api| drop(api.tasks.insert("T1".to_owned(), VecDeque::from([ended]))));
    };
    ended(3 * 3600);
    assert_inconclusive(&project, &run(&project), &["after it was asked for", "a clock is wrong"]);
    // Two clocks are never the same.
    ended(20);
    assert_eq!(run(&project).code, 0);
}

/// What the server says of analyses decides; a server in trouble says nothing.
#[test]
fn an_analysis_whose_commit_the_server_can_not_tell_now_proves_nothing() {
    let mut api = Api::with_gate(gate_ok());
    api.broken = Some(("/api/project_analyses", Trouble::Status(500)));
    let sonar = Sonar::serve(api);
    let project = analysed(&sonar, "retries = 0");
    assert_inconclusive(&project, &run(&project), &["answers 500, asked 1 time"]);
}

#[test]
fn an_analysis_proves_nothing_about_files_that_were_changed_since() {
    let sonar = Sonar::serve(Api::with_gate(gate_ok()));
    let project = analysed(&sonar, "");
    project.write(".gitignore", "/gates-report\n");
    project.write("a.ts", "let a = 1;");
    project.git(&["init", "--quiet"]);
    let head = project.commit("one");
    let analysis = json!({"key": "analysis-T1", "date": "2026-05-25T10:34:21+0000", "revision": head});
    sonar.change(|api| api.analyses = vec![analysis]);
    assert_eq!(run(&project).code, 0);
    project.write("a.ts", "let a = 2;");
    assert_inconclusive(&project, &run(&project), &["tracked files differ from commit", &head]);
    // Also where only the age counts.
    sonar.change(|api| api.analyses = Vec::new());
    assert_inconclusive(&project, &run(&project), &["tracked files differ from commit"]);
    project.git(&["checkout", "--quiet", "a.ts"]);
    project.write("untracked.txt", "x");
    assert_eq!(run(&project).code, 0);
}

#[test]
fn an_earlier_analysis_must_be_of_the_branch_of_this_run() {
    let sonar = Sonar::serve(Api::with_gate(gate_ok()));
    let project = analysed(&sonar, "");
    let on = |branch: &str| Ran::of(command(&project).args(["--branch", branch]).output().unwrap());
    let of_branch = |name: &str| {
        let mut ended = task("T1", "SUCCESS");
        (ended["branch"], ended["branchType"]) = (json!(name), json!("BRANCH"));
        sonar.change(|api| drop(api.tasks.insert("T1".to_owned(), VecDeque::from([ended]))));
    };
    of_branch("release/2");
    assert_inconclusive(&project, &on("main"), &["is of branch release/2, and this run is of main"]);
    assert_eq!(on("release/2").code, 0);
    assert!(proof(&project).contains("of branch release/2, as this run"), "{}", proof(&project));

    // A task without a branch is of the main branch, where the project has several.
    let branch = |name: &str, main: bool| json!({"name": name, "isMain": main, "type": "LONG"});
    sonar.change(|api| {
        api.tasks.insert("T1".to_owned(), VecDeque::from([task("T1", "SUCCESS")]));
        api.branches = vec![branch("release/2", false), branch("trunk", true)];
    });
    assert_inconclusive(&project, &on("release/2"), &["is of branch trunk, and this run is of release/2"]);
    assert_eq!(on("trunk").code, 0);
    // With one branch alone, its name is the server's own.
    sonar.change(|api| api.branches = vec![branch("main", true)]);
    assert_eq!(on("release/2").code, 0);

    // Of a pull request, its own branch counts.
    sonar.change(|api| {
        let mut ended = task("T1", "SUCCESS");
        ended["pullRequest"] = json!("7");
        api.tasks.insert("T1".to_owned(), VecDeque::from([ended]));
        api.pull_requests = vec![json!({"key": "7", "branch": "feature"})];
    });
    assert_inconclusive(&project, &on("release/2"), &["is of branch feature, and this run is of release/2"]);
    assert_eq!(on("feature").code, 0);
}

#[test]
fn an_analysis_of_another_project_or_branch_proves_nothing() {
    let sonar = Sonar::serve(Api::with_gate(gate_ok()));
    let project = project(&sonar, "project = 'com.acme:other'");
    assert_inconclusive(&project, &run(&project), &["for the project com.acme:notes", "com.acme:other"]);
    project.write("gates.toml", gates(&sonar.address, "branch = 'release'"));
    assert_inconclusive(&project, &run(&project), &["for the branch (none)", "release"]);
    project.write("gates.toml", gates(&sonar.address, "pull_request = { key = '7' }"));
    assert_inconclusive(&project, &run(&project), &["for the pull request (none)", "7"]);
    // The task is not the one in the file.
    sonar.change(|api| {
        api.tasks.insert("T1".to_owned(), VecDeque::from([task("T2", "SUCCESS")]));
    });
    project.write("gates.toml", gates(&sonar.address, ""));
    assert_inconclusive(&project, &run(&project), &["another task", "T2"]);
}

#[test]
fn branch_pull_request_and_organisation_are_sent_to_scanner_and_server() {
    let mut api = Api::with_gate(gate_ok());
    let mut ended = task("T1", "SUCCESS");
    ended["pullRequest"] = json!("42");
    api.tasks.insert("T1".to_owned(), VecDeque::from([ended]));
    let sonar = Sonar::serve(api);
    let keys = "organization = 'acme'\nproject = 'com.acme:notes'\nbranch = '$BRANCH_NAME'\nissues = true\nhotspots = true\n\
        pull_request = { key = '$CHANGE_ID', branch = '$CHANGE_BRANCH', base = 'main' }\nargs = ['-Dsonar.sources=src']";
    let project = project(&sonar, keys);
    let pull_request = |command: &mut Command| {
        command.env("CHANGE_ID", "42").env("CHANGE_BRANCH", "feature/a b").env("BRANCH_NAME", "PR-42");
    };
    let mut of_pull_request = command(&project);
    pull_request(&mut of_pull_request);
    let ran = Ran::of(of_pull_request.output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.all());
    let wanted = [
        "-Dsonar.pullrequest.key=42",
        "-Dsonar.pullrequest.branch=feature/a b",
        "-Dsonar.pullrequest.base=main",
        &format!("-Dsonar.host.url={}", sonar.address),
        "-Dsonar.projectKey=com.acme:notes",
        "-Dsonar.organization=acme",
        "-Dsonar.qualitygate.wait=false",
        "-Dsonar.sources=src",
    ];
    assert_eq!(project.read("arguments").lines().collect::<Vec<_>>(), wanted);
    let issues = &sonar.asked_for("/api/issues/search")[0].query;
    assert_eq!(
        [&issues["pullRequest"], &issues["organization"], &issues["componentKeys"]],
        ["42", "acme", PROJECT]
    );
    let hotspots = &sonar.asked_for("/api/hotspots/search")[0].query;
    assert_eq!(
        [&hotspots["pullRequest"], &hotspots["projectKey"], &hotspots["status"]],
        ["42", PROJECT, "TO_REVIEW"]
    );

    // A build of a branch has no such variables.
    sonar.change(|api| {
        let mut ended = task("T1", "SUCCESS");
        (ended["branch"], ended["branchType"]) = (json!("release/2 & 3"), json!("BRANCH"));
        api.tasks.insert("T1".to_owned(), VecDeque::from([ended]));
    });
    let ran = Ran::of(command(&project).env("BRANCH_NAME", "release/2 & 3").output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.all());
    let arguments = project.read("arguments");
    assert!(arguments.contains("-Dsonar.branch.name=release/2 & 3\n") && !arguments.contains("pullrequest"));
    let asked = sonar.asked_for("/api/issues/search");
    assert_eq!(asked.last().unwrap().query["branch"], "release/2 & 3");
    // Without a branch, the server would take it as the main branch.
    let ran = Ran::of(command(&project).output().unwrap());
    assert_inconclusive(&project, &ran, &["`branch`", "BRANCH_NAME", "not set"]);
}
