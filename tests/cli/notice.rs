//! Notices: what a webhook on loopback receives. A notice that can't be sent is only a warning.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use crate::common::{CI_SERVICES, Project, Ran};
use serde_json::{Value, json};

/// A webhook that answers with this status. The receiver gets the bodies that were sent to it.
fn webhook(status: u16) -> (String, Receiver<Value>) {
    webhook_with(status, "")
}

/// The same with a further header.
fn webhook_with(status: u16, header: &'static str) -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/services/T000/B000/very-secret-word", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let body = body(&mut stream);
            // First on, then the answer: when the run is over, all that it sent is here.
            if sender.send(serde_json::from_str(&body).unwrap()).is_err() {
                return;
            }
            let head = format!("HTTP/1.1 {status} X\r\nLocation: /elsewhere\r\nContent-Length: 2");
            write!(stream, "{head}\r\nConnection: close\r\n{header}\r\nok").unwrap();
        }
    });
    (address, receiver)
}

fn body(stream: &mut TcpStream) -> String {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return body.to_owned();
            }
        }
        let n = stream.read(&mut buffer).unwrap();
        assert!(n > 0, "the request ended too early");
        read.extend_from_slice(&buffer[..n]);
    }
}

const SARIF: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"demo"}},"results":[
    {"ruleId":"eval","level":"error","message":{"text":"<!channel> @channel `eval` & co [x](http://evil.test)"},
     "locations":[{"physicalLocation":{"artifactLocation":{"uri":"src/a.ts"},"region":{"startLine":3}}}]}]}]}"#;

fn project(kind: &str, more: &str) -> Project {
    let project = Project::with_gates(&format!(
        "version = 1\nmode = 'production'\n[[gate]]\nid = 'lint'\ntool = 'command'\nrun = ['lint']\n\
         report = {{ format = 'sarif', path = 'out.sarif' }}\n[[notice]]\nkind = '{kind}'\nurl = '$CHAT'\n{more}\n"
    ));
    project.program("lint", "cp in.sarif out.sarif");
    project.write("in.sarif", SARIF);
    project.git(&["init", "--quiet"]);
    project.commit("first");
    project
}

fn run(project: &Project, address: Option<&str>) -> Ran {
    let mut command = project.command(&["run"]);
    for name in CI_SERVICES {
        command.env_remove(name);
    }
    command.env("JENKINS_URL", "https://ci.example/").env("GIT_BRANCH", "origin/main");
    command.env("BUILD_NUMBER", "7").env("BUILD_URL", "https://ci.example/job/7/");
    match address {
        Some(address) => command.env("CHAT", address),
        None => command.env_remove("CHAT"),
    };
    Ran::of(command.output().unwrap())
}

#[test]
fn a_chat_message_says_what_stopped_the_run_and_notifies_nobody_by_name() {
    let (address, sent) = webhook(200);
    let project = project("slack", "");
    let ran = run(&project, Some(&address));
    assert_eq!(ran.code, 1, "{}", ran.all());
    let payload = sent.try_recv().unwrap();
    let text = |n: usize| payload["blocks"][n]["text"]["text"].as_str().unwrap().to_owned();
    assert!(
        text(0).starts_with("✘ `repo`: *blocked*") && text(0).contains("<https://ci.example/job/7/|build>"),
        "{payload}"
    );
    assert!(text(0).contains("branch `main`") && text(0).contains("by `"), "{payload}");
    assert_eq!(text(1), "• *lint* failed: `1 finding at or above high`");
    // In code spans, no chat turns text into a link or a mention.
    assert_eq!(
        text(2),
        "• high: `&lt;!channel&gt; @channel 'eval' &amp; co [x](http://evil.test)` in `src/a.ts:3 [lint]`"
    );
    // Some chats with the same interface do not support blocks.
    assert_eq!(payload["text"], [text(0), text(1), text(2)].join("\n"));
    // The address is a secret.
    let everything = ran.all() + &project.read("gates-report/run.json");
    assert!(!everything.contains("very-secret-word"), "{everything}");
}

#[test]
fn another_webhook_gets_the_same_as_json() {
    let (address, sent) = webhook(200);
    let project = project("json", "");
    run(&project, Some(&address));
    let message = sent.try_recv().unwrap();
    assert_eq!(message["schema"], "portcullis/notice/1");
    assert_eq!((&message["verdict"], &message["blocking"]), (&json!("blocked"), &json!(1)));
    assert_eq!(message["stopped_by"][0]["gate"], "lint");
    assert_eq!(message["worst"][0]["place"], "src/a.ts:3");
    assert_eq!(message["problems"], 1);
    assert_eq!(message["build"]["commit"].as_str().unwrap(), project.git(&["rev-parse", "HEAD"]).trim());
}

#[test]
fn a_notice_for_stopped_runs_is_not_sent_for_a_pass() {
    let (address, sent) = webhook(200);
    let project = project("json", "when = 'stopped'");
    project.write(
        "in.sarif",
        r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"demo"}},"results":[]}]}"#,
    );
    assert_eq!(run(&project, Some(&address)).code, 0);
    assert!(sent.try_recv().is_err());
}

#[test]
fn a_notice_that_can_not_be_sent_is_a_warning_and_never_changes_the_verdict() {
    let project = project("slack", "");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (refusing, _sent) = webhook(404);
    for (address, why) in [
        (None, "CHAT is not set"),
        (Some(format!("http://{closed}/very-secret-word")), "can't be reached"),
        (Some(refusing), "answered 404"),
        (Some("nonsense very-secret-word".to_owned()), "was not sent"),
    ] {
        let ran = run(&project, address.as_deref());
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
        assert!(!ran.all().contains("very-secret-word"), "{}", ran.all());
    }
}

#[test]
fn an_address_in_gates_toml_is_a_mistake() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = 'a'\ntool = 'gitleaks'\n[[notice]]\nurl = 'https://hooks.example/T/B/x'\n",
    );
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("must be the name of a variable"), "{}", ran.stderr);
}

#[test]
fn sixty_gates_that_stop_a_run_fit_into_one_message() {
    let (address, sent) = webhook(200);
    let mut gates = "version = 1\nmode = 'production'\n[[notice]]\nurl = '$CHAT'\n".to_owned();
    for n in 0..60 {
        gates.push_str(&format!(
            "[[gate]]\nid = 'gate-{n}'\ntool = 'command'\nrun = ['no-such-program-{n}']\n"
        ));
    }
    let project = Project::with_gates(&gates);
    assert_eq!(run(&project, Some(&address)).code, 3);
    let payload = sent.try_recv().unwrap();
    let stops = payload["blocks"][1]["text"]["text"].as_str().unwrap();
    assert!(stops.chars().count() <= 3_000, "{stops}");
    let listed = stops.lines().filter(|line| line.starts_with("• *gate-")).count();
    assert!(
        stops.ends_with(&format!("… and {} more; all are in run.json", 60 - listed)) && listed > 5,
        "{stops}"
    );
}

#[test]
fn a_webhook_with_a_server_error_is_tried_twice_and_a_redirection_is_not_followed() {
    let project = project("json", "");
    for (status, tries) in [(500, 2), (503, 2), (302, 1), (400, 1)] {
        let (address, sent) = webhook(status);
        let ran = run(&project, Some(&address));
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert!(ran.stderr.contains(&format!("answered {status}")), "{}", ran.stderr);
        assert!(!ran.all().contains("very-secret-word"), "{}", ran.all());
        let asked = sent.try_iter();
        assert_eq!(asked.count(), tries, "{status}");
    }
}

#[test]
fn the_pause_that_a_chat_asks_for_is_kept_if_it_is_short() {
    let project = project("json", "");
    let (address, sent) = webhook_with(429, "Retry-After: 1\r\n");
    let started = std::time::Instant::now();
    let ran = run(&project, Some(&address));
    assert!(ran.stderr.contains("answered 429"), "{}", ran.stderr);
    assert!(started.elapsed().as_secs() >= 1);
    assert_eq!(sent.try_iter().count(), 2);
    let (address, sent) = webhook_with(429, "Retry-After: 3600\r\n");
    let ran = run(&project, Some(&address));
    assert!(ran.stderr.contains("answered 429 and asks to wait 60 m 00 s"), "{}", ran.stderr);
    assert_eq!((ran.code, sent.try_iter().count()), (1, 1));
}
