//! The quality gate of SonarQube, with a server on loopback that answers like the real one. The scanner is a
//! fake. If SONAR_HOST_URL and SONAR_TOKEN are set, the real one runs, too.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::print_stderr, reason = "that a test did not run is a result")]

mod lists;
mod subject;
mod token;
mod trouble;

use std::collections::VecDeque;
use std::path::Path;
use std::process::Command;

use crate::common::sonar::{Api, PROJECT, Sonar, Trouble, condition, gate_error, gate_ok, task, token};
use crate::common::{Project, Ran};
use serde_json::{Value, json};

/// A production gate with these keys beside its server.
fn gates(server: &str, keys: &str) -> String {
    format!(
        "version = 1\nmode = 'production'\n[[gate]]\nid = 'quality'\ntool = 'sonarqube'\n\
         host = '{server}'\ntimeout = '60s'\n{keys}\n"
    )
}

/// A scanner that writes the task file `left` to the same place as the real one, and records its call.
const SPEC: &str = "mkdir -p .scannerwork\n\
    printf '%s\\n' \"$@\" > arguments\n\
    [ -n \"$SONAR_TOKEN\" ] || { echo 'ERROR Not authorized. Please check the user token' >&2; exit 2; }\n\
    echo \"12:00:00.000 INFO  SonarScanner CLI 6.2.1.4610\"\n\
    cp left .scannerwork/report-task.txt";

/// A project whose scanner hands the task `T1` to the server.
fn project(sonar: &Sonar, keys: &str) -> Project {
    let project = Project::with_gates(&gates(&sonar.address, keys));
    project.write("left", sonar.task_file("T1"));
    project.program("sonar-scanner", SPEC);
    project
}

fn command(project: &Project) -> Command {
    let mut command = project.command(&["run"]);
    command.env("SONAR_TOKEN", token()).env_remove("SONAR_HOST_URL");
    command
}

fn run(project: &Project) -> Ran {
    Ran::of(command(project).output().unwrap())
}

fn gate(project: &Project) -> Value {
    project.gate("quality")
}

fn reason(project: &Project) -> String {
    gate(project)["reason"].as_str().unwrap().to_owned()
}

fn proof(project: &Project) -> String {
    let lines = gate(project)["targets"][0]["proof"].clone();
    lines.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn assert_inconclusive(project: &Project, ran: &Ran, words: &[&str]) {
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = reason(project);
    for words in words {
        assert!(reason.contains(words), "\"{reason}\" does not say \"{words}\"");
    }
}

#[test]
fn a_quality_gate_that_is_ok_passes_with_the_proof_of_its_own_analysis() {
    let sonar = Sonar::serve(Api::with_gate(gate_ok()));
    let project = project(&sonar, &format!("project = '{PROJECT}'"));
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let gate = gate(&project);
    assert_eq!(gate["outcome"], "passed");
    assert_eq!(gate["scope"], json!({"conditions": 2}));
    assert_eq!(gate["tool_version"], "6.2.1.4610");
    let proof = proof(&project);
    for words in
        ["task T1 ended with SUCCESS", "analysis-T1", PROJECT, "10.6.0.92116", "looked at 2 conditions"]
    {
        assert!(proof.contains(words), "{proof}");
    }
    // The token is in the environment, not among the arguments; the exit code is not the gate's.
    let arguments = project.read("arguments");
    let wanted = [
        format!("-Dsonar.host.url={}", sonar.address),
        format!("-Dsonar.projectKey={PROJECT}"),
        "-Dsonar.qualitygate.wait=false".to_owned(),
    ];
    assert_eq!(arguments.lines().collect::<Vec<_>>(), wanted);
    // It asked only about this analysis.
    let paths: Vec<String> = sonar.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/api/ce/task", "/api/qualitygates/project_status"]);
    let asked = &sonar.asked()[1];
    assert_eq!(asked.query, [("analysisId".to_owned(), "analysis-T1".to_owned())].into());
    assert_eq!(asked.authorization, Some(format!("Bearer {}", token())));
}

#[test]
fn failed_conditions_are_findings_with_metric_threshold_and_value() {
    let sonar = Sonar::serve(Api::with_gate(gate_error()));
    let project = project(&sonar, "");
    let ran = run(&project);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(gate(&project)["outcome"], "failed");
    let findings = project.record()["findings"].clone();
    assert_eq!(findings.as_array().unwrap().len(), 1);
    let finding = &findings[0];
    assert_eq!(
        [&finding["rule"], &finding["category"], &finding["severity"], &finding["severity_raw"]],
        ["new_coverage", "quality", "high", "ERROR"]
    );
    assert_eq!(finding["message"], "metric new_coverage, value 12.5, threshold less than 80");
    let link = format!("{}/dashboard?id=com.acme%3Anotes", sonar.address);
    assert_eq!(finding["references"], json!([link]));
    assert!(ran.stdout.contains("raise it from 12.5 to 80 or more"), "{}", ran.stdout);
    // The same finding with another value has the same id.
    sonar.change(|api| {
        let worse = condition("ERROR", "new_coverage", "LT", "80", "3");
        api.add_task("T1", json!({"status": "ERROR", "conditions": [worse]}));
    });
    run(&project);
    assert_eq!(project.record()["findings"][0]["id"], finding["id"]);
}

#[test]
fn a_task_is_followed_through_its_states_to_its_end() {
    let mut api = Api::with_gate(gate_ok());
    let states = ["PENDING", "IN_PROGRESS", "SUCCESS"].map(|status| task("T1", status));
    api.tasks.insert("T1".to_owned(), VecDeque::from(states));
    let sonar = Sonar::serve(api);
    let project = project(&sonar, "");
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(sonar.asked_for("/api/ce/task").len(), 3);
    assert_eq!(project.gate("quality")["targets"][0]["tries"], 1);
}

#[test]
fn a_task_that_is_pending_for_ever_is_inconclusive_when_the_time_is_over() {
    for status in ["PENDING", "IN_PROGRESS"] {
        let mut api = Api::with_gate(gate_ok());
        api.tasks.insert("T1".to_owned(), VecDeque::from([task("T1", status)]));
        let sonar = Sonar::serve(api);
        let project = project(&sonar, "");
        let text = project.read("gates.toml").replace("'60s'", "'10s'");
        project.write("gates.toml", text);
        let ran = run(&project);
        assert_inconclusive(
            &project,
            &ran,
            &[&format!("the analysis is {status} on 127.0.0.1"), "`timeout`"],
        );
        // With pauses in between.
        let asked = sonar.asked_for("/api/ce/task").len();
        assert!((1..=5).contains(&asked), "asked {asked} times");
        assert!(sonar.asked_for("/api/qualitygates/project_status").is_empty());
    }
}

#[test]
fn a_pending_task_ends_with_the_deadline_of_the_run() {
    let mut api = Api::with_gate(gate_ok());
    api.tasks.insert("T1".to_owned(), VecDeque::from([task("T1", "PENDING")]));
    let sonar = Sonar::serve(api);
    let project = project(&sonar, "");
    let ran = Ran::of(command(&project).args(["--deadline", "10s"]).output().unwrap());
    assert_inconclusive(&project, &ran, &["deadline"]);
}

#[test]
fn a_task_that_failed_or_was_canceled_is_inconclusive_with_the_servers_words() {
    for (status, words) in [("FAILED", "failed on the server"), ("CANCELED", "canceled on the server")] {
        let mut api = Api::with_gate(gate_ok());
        let mut ended = task("T1", status);
        ended["errorMessage"] = json!("Unrecoverable indexation failures: 1 errors");
        api.tasks.insert("T1".to_owned(), VecDeque::from([ended]));
        let sonar = Sonar::serve(api);
        let project = project(&sonar, "");
        let ran = run(&project);
        assert_inconclusive(&project, &ran, &[words, "Unrecoverable indexation failures"]);
    }
}

#[test]
fn a_quality_gate_that_was_not_computed_or_contradicts_itself_is_inconclusive() {
    let failed = condition("ERROR", "new_bugs", "GT", "0", "1");
    for (answer, words) in [
        (json!({"status": "NONE", "conditions": [], "periods": [], "ignoredConditions": false}), "is NONE"),
        (json!({"status": "OK", "conditions": [failed]}), "disagree"),
        (json!({"status": "ERROR", "conditions": []}), "disagree"),
        (json!({"status": "OK", "conditions": []}), "nothing was in scope"),
        (json!({"status": "OK"}), "conditions"),
    ] {
        let sonar = Sonar::serve(Api::with_gate(answer));
        let project = project(&sonar, "");
        assert_inconclusive(&project, &run(&project), &[words]);
    }
}

#[test]
fn a_refusal_is_reported_in_the_words_of_the_server() {
    for (trouble, words) in [
        (Trouble::Status(403), ["browse", "403"]),
        (Trouble::Status(404), ["does not have", "404"]),
        (Trouble::Status(400), ["refuses", "400"]),
        (Trouble::Html, ["not from SonarQube", "api/ce/task"]),
        (Trouble::Cut, ["not from SonarQube", "EOF"]),
        (Trouble::Elsewhere, ["redirects to login.example.test", "`host`"]),
        (Trouble::Json("{}"), ["api/ce/task", "no task"]),
        (Trouble::Json("null"), ["not from SonarQube", "null"]),
    ] {
        let sonar = Sonar::serve(Api { broken: Some(("/", trouble)), ..Api::with_gate(gate_ok()) });
        let project = project(&sonar, "");
        assert_inconclusive(&project, &run(&project), &words);
    }
    // The words of the server itself.
    let sonar = Sonar::serve(Api::default());
    let project = project(&sonar, "");
    assert_inconclusive(&project, &run(&project), &["No activity found for task 'T1'"]);
}

#[test]
fn a_task_file_that_the_scanner_did_not_write_is_ignored() {
    let sonar = Sonar::serve(Api::with_gate(gate_ok()));
    let project = project(&sonar, "");
    project.write(".scannerwork/report-task.txt", sonar.task_file("T1"));
    project.program("sonar-scanner", "echo 'INFO  SonarScanner analysis skipped'");
    let ran = run(&project);
    assert_inconclusive(&project, &ran, &["left no .scannerwork/report-task.txt", "sonar.scanner.skip"]);
    assert!(sonar.asked().is_empty());
}

#[test]
fn a_scanner_that_failed_is_inconclusive_in_its_own_words_and_tried_again_if_that_may_help() {
    let sonar = Sonar::serve(Api::with_gate(gate_ok()));
    let project = project(&sonar, "retry_delay = '10ms'");
    let failing = |words: &str, code: i32| {
        project.program(
            "sonar-scanner",
            &format!(
                "mkdir -p .scannerwork; cp left .scannerwork/report-task.txt\n\
                 printf '%s\\n' 'ERROR: Error during SonarScanner execution' 'ERROR: {words}' 'ERROR: ' 'ERROR: Re-run SonarScanner using the -X switch to enable full debug logging.'\n\
                 exit {code}"
            ),
        );
    };
    failing("You must define the following mandatory properties: sonar.projectKey", 2);
    let ran = run(&project);
    assert_inconclusive(&project, &ran, &["sonar-scanner ended with exit code 2", "sonar.projectKey"]);
    assert_eq!(gate(&project)["targets"][0]["tries"], 1);
    failing("Failed to query server version: Connection refused", 1);
    let ran = run(&project);
    assert_inconclusive(&project, &ran, &["after 3 tries", "Connection refused"]);
    assert!(sonar.asked().is_empty());
}

/// Everything that a run wrote.
fn outputs(project: &Project, ran: &Ran) -> Vec<(String, Vec<u8>)> {
    fn below(folder: &Path, all: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => below(&path, all),
                false => all.push((path.display().to_string(), std::fs::read(&path).unwrap())),
            }
        }
    }
    let streams = [("stdout", &ran.stdout), ("stderr", &ran.stderr)];
    let mut all: Vec<_> = streams.map(|(name, text)| (name.to_owned(), text.clone().into_bytes())).into();
    below(&project.root().join("gates-report"), &mut all);
    all
}

#[test]
fn judge_reads_the_report_that_a_run_keeps_as_the_run_did() {
    let sonar =
        Sonar::serve(Api { issues: vec![lists::issue(0, "MAJOR", "BUG")], ..Api::with_gate(gate_error()) });
    let project = project(&sonar, "issues = true");
    run(&project);
    let record = project.record();
    let report = record["gates"][0]["targets"][0]["report"].as_str().unwrap();
    let ran =
        project.run(&["judge", "--report", &format!("quality=gates-report/{report}"), "--out", "again"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let again: Value = serde_json::from_str(&project.read("again/run.json")).unwrap();
    assert_eq!(again["gates"][0]["counts"], record["gates"][0]["counts"]);
    assert_eq!(again["gates"][0]["scope"], record["gates"][0]["scope"]);
}

#[test]
fn mistakes_of_the_gate_are_found_before_anything_runs() {
    let server = "https://sonar.example.test";
    for (keys, words) in [
        (format!("token = '{}'", token()), "must be the name of a variable"),
        ("scanner = 'maven'".to_owned(), "is not a value of `scanner`"),
        ("public_url = 'https://ada:secret@sonar.example.test'".to_owned(), "must not hold a user"),
        ("public_url = 'sonar.example.test'".to_owned(), "does not begin with https://"),
        ("pull_request = { branch = 'x' }".to_owned(), "`key` is missing"),
        ("max_age = '1h'".to_owned(), "is only for `scanner = \"none\"`"),
        ("auth = 'digest'".to_owned(), "is not a value of `auth`"),
    ] {
        let project = Project::with_gates(&gates(server, &keys));
        let ran = project.run(&["plan"]);
        assert_eq!(ran.code, 2, "{keys}: {}", ran.all());
        assert!(ran.stderr.contains(words), "{keys}: {}", ran.stderr);
    }
}

#[test]
fn doctor_asks_for_the_scanner_where_one_is_started() {
    let server = "https://sonar.example.test";
    let project = Project::with_gates(&gates(server, "program = 'no-such-scanner'"));
    let ran = project.run(&["doctor"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stdout.contains("no-such-scanner") && ran.stdout.contains("@sonar/scan"), "{}", ran.stdout);
    project.write("gates.toml", gates(server, "scanner = 'none'"));
    let ran = project.run(&["doctor"]);
    assert_eq!((ran.code, ran.stdout.contains("Everything is here")), (0, true), "{}", ran.all());
}

/// The package `@sonar/scan` is found in node_modules, by the name of each of its versions.
#[test]
fn the_scanner_of_npm_is_found_in_node_modules() {
    for name in ["sonar-scanner-npm", "sonar-scanner"] {
        let sonar = Sonar::serve(Api::with_gate(gate_ok()));
        let project = Project::with_gates(&gates(&sonar.address, "scanner = '@sonar/scan'\ndir = 'app'"));
        project.write("app/left", sonar.task_file("T1"));
        project.program(name, &SPEC.replace("SonarScanner CLI 6.2.1.4610", "Version: 4.3.0"));
        std::fs::create_dir_all(project.root().join("node_modules/.bin")).unwrap();
        std::fs::rename(project.bin().join(name), project.root().join("node_modules/.bin").join(name))
            .unwrap();
        let ran = run(&project);
        assert_eq!(ran.code, 0, "{}", ran.all());
        assert_eq!(gate(&project)["tool_version"], "4.3.0");
    }
}
