//! The smoke test sends requests to real servers on loopback, and fails if an answer is wrong.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::Project;

/// A server that gives these answers one after another, and then always the last. Returns its address and
/// its number of requests.
fn server(answers: &'static [&'static str]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let n = count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(answers[n.min(answers.len() - 1)].as_bytes());
        }
    });
    (address, asked)
}

const UP: &str = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n{\"status\":\"up\"}";
const BUSY: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const MOVED: &str =
    "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

fn project(checks: &str) -> Project {
    Project::with_gates(&format!(
        "version = 1\nmode = 'production'\n[[gate]]\nid = 'smoke'\ntool = 'smoke-test'\nchecks = [{checks}]\n"
    ))
}

#[test]
fn a_service_that_comes_up_late_passes() {
    let (address, asked) = server(&[BUSY, BUSY, UP]);
    let project = project(&format!("{{ url = '{address}/health', body = '\"up\"', delay = '20ms' }}"));
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    assert!(ran.stderr.contains("it answered 503, not 200; asking again"), "{}", ran.stderr);
    let target = &project.gate("smoke")["targets"][0];
    assert_eq!(target["steps"][0]["status"], 503);
    assert_eq!(target["steps"][0]["times"], 2);
    assert_eq!(target["command"], serde_json::json!(["GET", format!("{address}/health")]));
    assert!(project.gate("smoke")["tool_version"].is_string());
}

#[test]
fn a_wrong_answer_and_no_answer_fail_after_the_last_try() {
    let (busy, asked) = server(&[BUSY]);
    let (up, _) = server(&[UP]);
    let (moved, _) = server(&[MOVED]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (check, words) in [
        (format!("url = '{busy}', retries = 2"), "it answered 503, not 200"),
        (format!("url = '{up}', retries = 0, body = 'ready'"), "\"ready\" is not in its answer"),
        (format!("url = '{moved}', retries = 0, status = [200, 204]"), "it answered 302, not 200 or 204"),
        (format!("url = 'http://{closed}/', retries = 1"), "can't be reached"),
    ] {
        let project = project(&format!("{{ {check}, delay = '10ms' }}"));
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 1, "{check}: {}", ran.all());
        let record = project.record();
        let title = record["findings"][0]["title"].as_str().unwrap().to_owned();
        assert!(title.contains(words), "{title}");
        assert_eq!(record["findings"][0]["category"], "test");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    let project = project(&format!("{{ url = '{moved}', status = [302] }}"));
    assert_eq!(project.run(&["run"]).code, 0, "a redirect that is wanted");
}

/// A server whose answer depends on the path: a redirect to where it leads, or 404. Returns its address, and the
/// heads of the requests.
fn redirecting(routes: &[(&'static str, String)]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let (seen, routes) = (heads.clone(), routes.to_vec());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut bytes = [0; 4096];
            let n = stream.read(&mut bytes).unwrap_or(0);
            let head = String::from_utf8_lossy(&bytes[..n]).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let leads = routes.iter().find(|(from, _)| *from == path).map(|(_, to)| to);
            let (status, location) = match leads {
                Some(to) if to == "200" => ("200 OK", String::new()),
                Some(to) => ("302 Found", format!("Location: {to}\r\n")),
                None => ("404 Not Found", String::new()),
            };
            seen.lock().unwrap().push(head);
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\n{location}Content-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
    });
    (address, heads)
}

#[test]
fn a_redirect_that_leads_nowhere_is_a_finding_with_the_host_it_leads_to() {
    let closed = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let (other, _) = redirecting(&[]);
    let step = |n: usize| format!("/step-{}", n + 1);
    let mut routes = vec![
        ("/loop", "/back".to_owned()),
        ("/back", "loop".to_owned()),
        ("/self", "/self".to_owned()),
        ("/missing", "/nothing".to_owned()),
        ("/other", format!("{other}/login?session=1")),
        ("/closed", format!("{closed}/login")),
        ("/mail", "mailto:ada@example.test".to_owned()),
    ];
    let long = ["/step-0", "/step-1", "/step-2", "/step-3", "/step-4", "/step-5", "/step-6"];
    routes.extend(long.iter().enumerate().map(|(n, path)| (*path, step(n))));
    let (address, _) = redirecting(&routes);
    let (closed_host, host) = (closed.trim_start_matches("http://"), address.trim_start_matches("http://"));
    for (path, words) in [
        ("/loop", format!("go in a circle: {address}/back leads back to {address}/loop")),
        ("/self", format!("go in a circle: {address}/self leads back to {address}/self")),
        ("/step-0", format!("redirects more than 5 times, at last to {address}/step-6")),
        ("/missing", format!("it redirects to {address}/nothing, which answered 404, not 200")),
        ("/other", format!("it redirects to {other}/login, which answered 404, not 200")),
        ("/closed", format!("{closed_host} can't be reached")),
        ("/mail", format!("{host} redirects to what is no http:// or https:// address")),
    ] {
        let project =
            project(&format!("{{ url = '{address}{path}', follow_redirects = true, retries = 0 }}"));
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 1, "{path}: {}", ran.all());
        let record = project.record();
        let title = record["findings"][0]["title"].as_str().unwrap();
        assert!(title.starts_with(&format!("{address}{path}: ")) && title.contains(&words), "{title}");
    }
}

#[test]
fn redirects_are_followed_to_their_end_and_headers_stay_with_their_server() {
    let (other, seen_there) = redirecting(&[("/end", "200".to_owned())]);
    let routes = [("/a", "b?x=1".to_owned()), ("/b?x=1", format!("{other}/end"))];
    let (address, seen) = redirecting(&routes);
    let token = format!("tok-{}", "q8Zr2xWv".repeat(3));
    let check = format!("url = '{address}/a', headers = {{ X-Api-Token = '{token}' }}");
    let project = project(&format!("{{ {check}, follow_redirects = true, retries = 0 }}"));
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let seen = seen.lock().unwrap().clone();
    assert!(seen.len() == 2 && seen.iter().all(|head| head.contains(&token)), "{seen:?}");
    let there = seen_there.lock().unwrap().clone();
    assert!(there.len() == 1 && !there[0].contains(&token), "{there:?}");
}

#[test]
fn the_first_question_can_wait_for_a_start_that_takes_its_time() {
    let (up, _) = server(&[UP]);
    let project = project(&format!("{{ url = '{up}', initial_delay = '1s', retries = 0 }}"));
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(project.gate("smoke")["targets"][0]["duration_ms"].as_u64().unwrap() >= 1000);
    let plan = project.run(&["plan"]);
    assert!(plan.stdout.contains("the first time after 1.00 s"), "{}", plan.stdout);
}

/// The timeout of the gate ends the retries. What was found until then counts.
#[test]
fn the_timeout_ends_the_retries() {
    let (busy, _) = server(&[BUSY]);
    let checks = format!("{{ url = '{busy}', retries = 1000, delay = '100ms' }}");
    let project = project(&format!("{checks}]\ntimeout = '5s'\nneeds = ["));
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let title = project.record()["findings"][0]["title"].clone();
    assert!(title.as_str().unwrap().contains("it answered 503"), "{title}");
}

#[test]
fn a_token_in_a_header_is_in_no_output() {
    let (up, _) = server(&[UP]);
    let token = format!("tok-{}", "q8Zr2xWv".repeat(3));
    let project = project(&format!("{{ url = '{up}', headers = {{ X-Api-Token = '{token}' }} }}"));
    let ran = project.run(&["run", "--verbose"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(!ran.all().contains(&token));
    for file in walk(&project.root().join("gates-report")) {
        assert!(!String::from_utf8_lossy(&std::fs::read(&file).unwrap()).contains(&token), "{file:?}");
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn its_mistakes_are_reported_before_anything_runs() {
    for (checks, words) in [
        ("", "`checks` is empty"),
        ("{ name = 'x' }", "`url` is missing"),
        ("{ url = 'ftp://x' }", "must begin with http://"),
        ("{ url = 'http://x', status = [99] }", "99 is not an HTTP status"),
        ("{ url = 'http://x', methud = 'GET' }", "did you mean `method`?"),
        ("{ url = 'http://x' }, { url = 'http://x' }", "two checks are called"),
        ("{ url = 'http://x' }]\nargs = ['-v'", "it starts no program"),
    ] {
        let ran = project(checks).run(&["run"]);
        assert_eq!(ran.code, 2, "{checks}: {}", ran.all());
        assert!(ran.stderr.contains(words), "{checks}: {}", ran.stderr);
    }
}

/// A saved report of the smoke test can be judged later.
#[test]
fn its_report_can_be_judged_again() {
    let (busy, _) = server(&[BUSY]);
    let project = project(&format!("{{ name = 'api', url = '{busy}', retries = 0 }}"));
    assert_eq!(project.run(&["run"]).code, 1);
    let report = project.gate("smoke")["targets"][0]["report"].as_str().unwrap().to_owned();
    let report = format!("smoke-test=gates-report/{report}");
    let ran = project.run(&["judge", "--mode", "production", "--report", &report, "--out", "again"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
}
