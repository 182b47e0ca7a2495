//! A server in trouble: it is asked again, as often as the gate tries again, and never past its time.

use super::{SPEC, assert_inconclusive, gate, gates, project, run};
use crate::common::Project;
use crate::common::sonar::{Api, Sonar, Trouble, gate_ok, task_file};

#[test]
fn a_server_with_a_transient_error_is_asked_again() {
    let troubles = [Trouble::Status(503), Trouble::HangsUp, Trouble::Status(429)].into();
    let sonar = Sonar::serve(Api { troubles, ..Api::with_gate(gate_ok()) });
    let project = project(&sonar, "retries = 3\nretry_delay = '10ms'");
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(sonar.asked_for("/api/ce/task").len(), 4);
    // The scanner ran only once: its analysis is not lost.
    assert_eq!(gate(&project)["targets"][0]["tries"], 1);
}

#[test]
fn a_server_that_stays_down_is_asked_as_often_as_the_gate_tries_again() {
    let scanned = "echo x >>scans\n";
    for (trouble, words) in [
        (Trouble::Status(429), "answers 429, asked 3 times"),
        (Trouble::Status(500), "answers 500, asked 3 times"),
        (Trouble::Status(503), "answers 503, asked 3 times"),
        (Trouble::HangsUp, "broke off"),
    ] {
        let sonar = Sonar::serve(Api { broken: Some(("/", trouble)), ..Api::with_gate(gate_ok()) });
        let project = project(&sonar, "retries = 2\nretry_delay = '10ms'");
        project.program("sonar-scanner", &format!("{scanned}{SPEC}"));
        assert_inconclusive(&project, &run(&project), &[words]);
        assert_eq!(sonar.asked().len(), 3, "{trouble:?}");
        // The analysis is on the server: it is not sent again.
        assert_eq!(project.read("scans"), "x\n");
    }
    // No server at all.
    let project = Project::with_gates(&gates("http://127.0.0.1:9", "retries = 0"));
    project.write("left", task_file("http://127.0.0.1:9", "T1"));
    project.program("sonar-scanner", SPEC);
    assert_inconclusive(&project, &run(&project), &["127.0.0.1:9 can't be reached", "asked 1 time"]);
}

#[test]
fn a_server_that_never_answers_takes_no_longer_than_the_gate_has() {
    let sonar = Sonar::serve(Api { broken: Some(("/", Trouble::Hangs)), ..Api::with_gate(gate_ok()) });
    let project = project(&sonar, "");
    let text = project.read("gates.toml").replace("'60s'", "'10s'");
    project.write("gates.toml", text);
    assert_inconclusive(&project, &run(&project), &["did not answer within"]);
}

#[test]
fn the_pause_that_a_server_asks_for_is_kept_within_the_time_of_the_gate() {
    let keys = "retry_delay = '10ms'";
    let troubles = [Trouble::Later(429, 1)].into();
    let sonar = Sonar::serve(Api { troubles, ..Api::with_gate(gate_ok()) });
    let waiting = project(&sonar, keys);
    let ran = run(&waiting);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(gate(&waiting)["targets"][0]["duration_ms"].as_u64().unwrap() >= 1000);
    // There is no time for a longer one.
    let troubles = [Trouble::Later(503, 3600)].into();
    let sonar = Sonar::serve(Api { troubles, ..Api::with_gate(gate_ok()) });
    let project = project(&sonar, keys);
    assert_inconclusive(&project, &run(&project), &["answers 503 and asks to wait 60 m 00 s", "`timeout`"]);
    assert_eq!(sonar.asked().len(), 1);
}
