//! The token is sent only to the server and the scanner, and appears in no output.

use serde_json::json;

use super::lists::issue;
use super::{SPEC, assert_inconclusive, command, gates, outputs, project, run};
use crate::common::sonar::{Api, Sonar, gate_error, gate_ok, token};
use crate::common::{Project, Ran};

#[test]
fn an_expired_token_is_reported_in_one_sentence_and_appears_nowhere() {
    let sonar = Sonar::serve(Api { tokens: vec!["another".to_owned()], ..Api::with_gate(gate_ok()) });
    let project = project(&sonar, "");
    let ran = run(&project);
    assert_inconclusive(&project, &ran, &["SONAR_TOKEN", "expired", "401"]);
    assert_eq!(sonar.asked().len(), 1, "a refusal is not asked again");
    assert_no_token(&project, &ran, &sonar);
}

#[test]
fn a_file_of_the_repository_never_says_where_the_token_goes() {
    let known = Sonar::serve(Api::with_gate(gate_ok()));
    let planted = Sonar::serve(Api::with_gate(gate_ok()));
    // Only the file names a server.
    let gates =
        "version = 1\nmode = 'production'\n[[gate]]\nid = 'quality'\ntool = 'sonarqube'\nscanner = 'none'\n";
    let project = Project::with_gates(gates);
    project.write(".scannerwork/report-task.txt", planted.task_file("T1"));
    let ran = run(&project);
    assert_inconclusive(&project, &ran, &["no server is named", "SONAR_HOST_URL"]);
    // Another server is named.
    for variable in [&known.address, &format!("{}/", known.address.to_uppercase().replace("HTTP", "http"))] {
        let ran = Ran::of(command(&project).env("SONAR_HOST_URL", variable).output().unwrap());
        assert_inconclusive(&project, &ran, &["is for the server", &planted.address, "public_url"]);
    }
    assert!(planted.asked().is_empty() && known.asked().is_empty());
    // The same server is named, even if it calls itself differently.
    project.write("gates.toml", format!("{gates}public_url = '{}'\n", planted.address));
    let ran = Ran::of(command(&project).env("SONAR_HOST_URL", &known.address).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(planted.asked().is_empty() && !known.asked().is_empty());
}

#[test]
fn an_older_server_gets_the_token_as_a_user_name_and_so_does_one_that_asks_for_it() {
    let sonar = Sonar::serve(Api { basic_only: true, ..Api::with_gate(gate_ok()) });
    let project = project(&sonar, "");
    // Version 10 gets a bearer token, which this server does not accept.
    assert_inconclusive(&project, &run(&project), &["401"]);
    project.write("left", sonar.task_file("T1").replace("10.6.0.92116", "9.9.6.92038"));
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(sonar.asked().last().unwrap().authorization.as_ref().unwrap().starts_with("Basic "));
    assert_no_token(&project, &ran, &sonar);
    project.write("left", sonar.task_file("T1"));
    project.write("gates.toml", gates(&sonar.address, "auth = 'basic'"));
    assert_eq!(run(&project).code, 0);
    project.write("gates.toml", gates(&sonar.address, "auth = 'bearer'"));
    assert_inconclusive(&project, &run(&project), &["401"]);
}

#[test]
fn the_token_may_be_in_another_variable_and_must_be_in_one() {
    let sonar = Sonar::serve(Api::with_gate(gate_ok()));
    let project = project(&sonar, "token = 'SONAR_AUTH_TOKEN'");
    let ran = run(&project);
    assert_inconclusive(&project, &ran, &["SONAR_AUTH_TOKEN is not set"]);
    // With a newline at its end, as when it is read from a file.
    let given = format!("{}\n", token());
    let ran =
        Ran::of(command(&project).env_remove("SONAR_TOKEN").env("SONAR_AUTH_TOKEN", given).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_no_token(&project, &ran, &sonar);
}

#[test]
fn nothing_that_a_run_prints_or_writes_contains_the_token() {
    let sonar = Sonar::serve(Api { issues: vec![issue(0, "MAJOR", "BUG")], ..Api::with_gate(gate_error()) });
    let project = project(&sonar, "issues = true\ntoken = 'QUALITY'");
    // A scanner that prints everything, as with -X, and a server that repeats the token.
    project.program(
        "sonar-scanner",
        &format!("echo \"DEBUG sonar.token=$SONAR_TOKEN\"; echo \"curl -u $SONAR_TOKEN:\" >&2\n{SPEC}"),
    );
    sonar.change(|api| api.issues[0]["message"] = json!(format!("Revoke {} now", token())));
    let ran = Ran::of(command(&project).env_remove("SONAR_TOKEN").env("QUALITY", token()).output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_no_token(&project, &ran, &sonar);
    assert!(outputs(&project, &ran).iter().any(|(name, _)| name.contains("steps")), "there is a log");
}

#[track_caller]
fn assert_no_token(project: &Project, ran: &Ran, sonar: &Sonar) {
    let mut spellings = vec![token().trim_start_matches("squ_").to_owned()];
    // As in the header: in base64, if the token was sent as a user name.
    let headers = sonar.asked().into_iter().filter_map(|asked| asked.authorization);
    spellings.extend(headers.filter_map(|header| Some(header.split_once(' ')?.1.to_owned())));
    assert!(spellings.len() > 1, "the server was never shown it");
    for (name, bytes) in outputs(project, ran) {
        let text = String::from_utf8_lossy(&bytes);
        for spelling in &spellings {
            assert!(!text.contains(spelling.as_str()), "the token is in {name}");
        }
    }
}
