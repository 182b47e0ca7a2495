//! SonarQube in the matrix: the scanner is a fake, and a server on loopback answers for the analysis
//! that its task file names. Each fault of the server is a task of its own.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::cases::Case;
use super::tools::Tool;
use crate::common::sonar::{Api, Sonar, Trouble, condition, gate_error, gate_ok, task};

static SERVER: LazyLock<Sonar> = LazyLock::new(|| {
    let mut api = Api::with_gate(gate_ok());
    api.add_task("clean", gate_ok());
    api.add_task("found", gate_error());
    for (id, gate, _) in gates() {
        api.add_task(id, gate);
    }
    for (id, task, ..) in tasks() {
        api.tasks.insert(id.to_owned(), [task].into());
        api.gates.insert(format!("analysis-{id}"), gate_ok());
    }
    for (id, trouble, ..) in troubles() {
        api.add_task(id, gate_ok());
        api.broken_tasks.insert(id.to_owned(), trouble);
    }
    Sonar::serve(api)
});

/// The gate's keys.
pub(crate) fn gate() -> &'static str {
    static GATE: LazyLock<String> = LazyLock::new(|| {
        let project = crate::common::sonar::PROJECT;
        let keys = "tool = 'sonarqube'\ntask_file = 'REPORT'";
        format!("{keys}\nhost = '{}'\nproject = '{project}'", SERVER.address)
    });
    &GATE
}

/// What the scanner leaves of the task `id`.
pub(crate) fn task_file(id: &str) -> Vec<u8> {
    SERVER.task_file(id).into_bytes()
}

/// What the server says of the quality gate, by the name of the task.
fn gates() -> Vec<(&'static str, Value, &'static str)> {
    let passed = || condition("OK", "new_coverage", "LT", "80", "91.2");
    let failed = || condition("ERROR", "new_coverage", "LT", "80", "12.5");
    vec![
        ("gate-none", json!({"status": "NONE", "conditions": []}), "is NONE"),
        ("gate-none-with-conditions", json!({"status": "NONE", "conditions": [passed()]}), "is NONE"),
        ("gate-unknown", json!({"status": "GREEN", "conditions": [passed()]}), "GREEN"),
        ("gate-without-status", json!({"conditions": [passed()]}), "`status`"),
        ("gate-without-list", json!({"status": "OK"}), "`conditions`"),
        ("gate-list-null", json!({"status": "OK", "conditions": null}), "`conditions`"),
        ("gate-list-empty", json!({"status": "OK", "conditions": []}), "nothing was in scope"),
        ("gate-ok-failed", json!({"status": "OK", "conditions": [passed(), failed()]}), "disagree"),
        ("gate-error-passed", json!({"status": "ERROR", "conditions": [passed()]}), "disagree"),
        (
            "gate-no-value",
            json!({"status": "OK", "conditions": [{"status": "NO_VALUE", "metricKey": "x"}]}),
            "NO_VALUE",
        ),
        ("gate-without-metric", json!({"status": "OK", "conditions": [{"status": "OK"}]}), "metricKey"),
        ("gate-null", Value::Null, "no quality gate"),
        ("gate-list", json!([]), "not from SonarQube"),
    ]
}

/// A time by which the server has answered at least once, however slow the machine is.
const SOON: &str = "timeout = '10s'";

/// What becomes of the task, and in how many seconds the gate is to end.
fn tasks() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let with = |id, status, key: &str, value: Value| {
        let mut task = task(id, status);
        task[key] = value;
        task
    };
    vec![
        ("task-failed", with("task-failed", "FAILED", "errorMessage", "disk full".into()), "disk full", ""),
        ("task-failed-silently", task("task-failed-silently", "FAILED"), "failed on the server", ""),
        ("task-canceled", task("task-canceled", "CANCELED"), "canceled on the server", ""),
        ("task-pending", task("task-pending", "PENDING"), "is PENDING", SOON),
        ("task-in-progress", task("task-in-progress", "IN_PROGRESS"), "is IN_PROGRESS", SOON),
        ("task-unknown-status", task("task-unknown-status", "DONE"), "DONE", ""),
        ("task-of-another", task("another", "SUCCESS"), "another task", ""),
        (
            "task-of-another-project",
            with("task-of-another-project", "SUCCESS", "componentKey", "com.acme:other".into()),
            "com.acme:other",
            "",
        ),
        (
            "task-without-analysis",
            with("task-without-analysis", "SUCCESS", "analysisId", Value::Null),
            "has no analysis",
            "",
        ),
        (
            "task-with-a-lost-analysis",
            with("task-with-a-lost-analysis", "SUCCESS", "analysisId", "gone".into()),
            "'gone' is not found",
            "",
        ),
        ("task-null", Value::Null, "no task", ""),
    ]
}

/// How the server stumbles.
fn troubles() -> Vec<(&'static str, Trouble, &'static str, &'static str)> {
    vec![
        ("401", Trouble::Status(401), "expired", ""),
        ("403", Trouble::Status(403), "browse", ""),
        ("404", Trouble::Status(404), "does not have", ""),
        ("418", Trouble::Status(418), "418", ""),
        ("429", Trouble::Status(429), "answers 429", SOON),
        ("500", Trouble::Status(500), "answers 500", SOON),
        ("503", Trouble::Status(503), "answers 503", SOON),
        ("login-page", Trouble::Html, "not from SonarQube", ""),
        ("redirect", Trouble::Elsewhere, "login.example.test", ""),
        ("answer-cut", Trouble::Cut, "not from SonarQube", ""),
        ("answer-broken-off", Trouble::HangsUp, "broke off", SOON),
        ("no-answer", Trouble::Hangs, "did not answer", SOON),
        ("empty-object", Trouble::Json("{}"), "no task", ""),
        ("empty-list", Trouble::Json("[]"), "not from SonarQube", ""),
        ("null", Trouble::Json("null"), "not from SonarQube", ""),
    ]
}

pub(crate) fn cases(tool: &Tool) -> Vec<Case<'_>> {
    let case =
        |id: &str, says| Case::new(tool, format!("server: {id}"), tool.writes(task_file(id))).saying(says);
    let file = |fault, text: String, says| Case::new(tool, fault, tool.writes(text)).saying(says);
    let clean = || SERVER.task_file("clean");
    let mut cases: Vec<Case> = gates().into_iter().map(|(id, _, says)| case(id, says)).collect();
    cases.extend(tasks().into_iter().map(|(id, _, says, gate)| Case { gate, ..case(id, says) }));
    cases.extend(troubles().into_iter().map(|(id, _, says, gate)| Case { gate, ..case(id, says) }));
    cases.extend([
        case("no-such-task", "No activity found"),
        file("file of another server", clean().replace("http://127", "http://128"), "public_url"),
        file("file of another project", clean().replace("com.acme:notes", "com.acme:x"), "com.acme:x"),
        file("file without a server", clean().replace("serverUrl", "server"), "no `serverUrl`"),
        file("file with a path for a task", clean().replace("clean", "../../x"), "not the id of a task"),
        file(
            "file of two tasks",
            clean().replace("ceTaskId=clean", "ceTaskId=found"),
            "does not name the task",
        ),
        Case { gate: "branch = 'release'", ..case("clean", "for the branch (none)") },
        Case { gate: "pull_request = { key = '7' }", ..case("found", "for the pull request (none)") },
    ]);
    cases
}
