//! A SonarQube on loopback: it answers as the Web API does (paths, parameters, refusals, pages, a task
//! that takes its time), after the sources of SonarQube's `server/sonar-webserver-webapi`.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test whose server fails has failed")]

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// The project that it has.
pub(crate) const PROJECT: &str = "com.acme:notes";

/// A token as SonarQube makes them; put together here, so that nobody finds one in this file.
pub(crate) fn token() -> String {
    format!("squ_{}", "c0ffee42".repeat(5))
}

/// A running server.
pub(crate) struct Sonar {
    pub address: String,
    api: Arc<Mutex<Api>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub authorization: Option<String>,
}

/// What the server knows, and how it behaves.
#[derive(Default)]
pub(crate) struct Api {
    /// The tokens that it takes; empty: that of [`token`].
    pub tokens: Vec<String>,
    /// It is older than version 10, and takes the token as a user only.
    pub basic_only: bool,
    /// Each with the states that it goes through, one a question.
    pub tasks: BTreeMap<String, VecDeque<Value>>,
    /// `projectStatus` by analysis.
    pub gates: BTreeMap<String, Value>,
    pub issues: Vec<Value>,
    pub hotspots: Vec<Value>,
    pub analyses: Vec<Value>,
    pub pull_requests: Vec<Value>,
    pub branches: Vec<Value>,
    /// The next questions meet these instead.
    pub troubles: VecDeque<Trouble>,
    /// Every question below this path meets this.
    pub broken: Option<(&'static str, Trouble)>,
    /// Every question for this task meets this.
    pub broken_tasks: BTreeMap<String, Trouble>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    /// This status, with no body.
    Status(u16),
    /// This status, and a pause of so many seconds that it asks for.
    Later(u16, u32),
    /// A page of some proxy.
    Html,
    /// A redirect to another host.
    Elsewhere,
    /// The connection ends in the middle of the answer.
    HangsUp,
    /// No answer for a minute.
    Hangs,
    /// What the body would be, cut in the middle.
    Cut,
    Json(&'static str),
}

struct Answer {
    status: u16,
    kind: &'static str,
    body: String,
}

impl Sonar {
    pub(crate) fn serve(api: Api) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (api, asked) = (Arc::new(Mutex::new(api)), Arc::new(Mutex::new(Vec::new())));
        let shared = (api.clone(), asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (api, asked) = shared.clone();
                std::thread::spawn(move || {
                    // The client may be gone.
                    let _ = answer(stream, &api, &asked);
                });
            }
        });
        Self { address, api, asked }
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The requests of a path.
    pub(crate) fn asked_for(&self, path: &str) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.path == path).collect()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Api)) {
        change(&mut self.api.lock().unwrap());
    }

    /// The file that a scanner leaves of the task `id`.
    pub(crate) fn task_file(&self, id: &str) -> String {
        task_file(&self.address, id)
    }
}

pub(crate) fn task_file(server: &str, id: &str) -> String {
    format!(
        "projectKey={PROJECT}\nserverUrl={server}\nserverVersion=10.6.0.92116\n\
         dashboardUrl={server}/dashboard?id=com.acme%3Anotes\nceTaskId={id}\n\
         ceTaskUrl={server}/api/ce/task?id={id}\n"
    )
}

/// A task in a state; of the analysis `analysis-ID`.
pub(crate) fn task(id: &str, status: &str) -> Value {
    let mut task = json!({
        "id": id, "type": "REPORT", "componentId": "AY1", "componentKey": PROJECT, "componentName": "notes",
        "componentQualifier": "TRK", "status": status, "submittedAt": now(), "submitterLogin": "ada",
        "hasScannerContext": true, "warningCount": 0, "warnings": []
    });
    if status == "SUCCESS" {
        task["analysisId"] = json!(format!("analysis-{id}"));
        task["executedAt"] = json!(now());
    }
    task
}

/// As SonarQube writes it: `2026-05-25T10:34:21+0000`.
pub(crate) fn now() -> String {
    before(Duration::ZERO)
}

pub(crate) fn before(age: Duration) -> String {
    let time = jiff::Timestamp::now() - jiff::SignedDuration::try_from(age).unwrap();
    time.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

pub(crate) fn condition(status: &str, metric: &str, comparator: &str, threshold: &str, value: &str) -> Value {
    json!({"status": status, "metricKey": metric, "comparator": comparator, "errorThreshold": threshold, "actualValue": value})
}

pub(crate) fn gate_ok() -> Value {
    let conditions = [
        condition("OK", "new_coverage", "LT", "80", "91.2"),
        condition("OK", "new_security_rating", "GT", "1", "1"),
    ];
    json!({"status": "OK", "conditions": conditions, "periods": [], "ignoredConditions": false, "caycStatus": "compliant"})
}

pub(crate) fn gate_error() -> Value {
    let conditions = [
        condition("ERROR", "new_coverage", "LT", "80", "12.5"),
        condition("OK", "new_security_rating", "GT", "1", "1"),
    ];
    json!({"status": "ERROR", "conditions": conditions, "periods": [], "ignoredConditions": false, "caycStatus": "compliant"})
}

impl Api {
    /// One task, `T1`, that ends at once, with this quality gate.
    pub(crate) fn with_gate(gate: Value) -> Self {
        let mut api = Self::default();
        api.add_task("T1", gate);
        api
    }

    /// A task that has ended, with the quality gate of its analysis.
    pub(crate) fn add_task(&mut self, id: &str, gate: Value) {
        self.tasks.insert(id.to_owned(), VecDeque::from([task(id, "SUCCESS")]));
        self.gates.insert(format!("analysis-{id}"), gate);
    }

    fn admits(&self, authorization: Option<&str>) -> bool {
        let known = |token: &str| match self.tokens.is_empty() {
            true => token == crate::common::sonar::token(),
            false => self.tokens.iter().any(|known| known == token),
        };
        let Some((scheme, credentials)) = authorization.and_then(|header| header.split_once(' ')) else {
            return false;
        };
        match scheme {
            "Bearer" => !self.basic_only && known(credentials),
            "Basic" => decoded(credentials).strip_suffix(':').is_some_and(known),
            _ => false,
        }
    }

    fn answer(&mut self, asked: &Asked) -> Answer {
        if !self.admits(asked.authorization.as_deref()) {
            return Answer { status: 401, kind: "text/plain", body: String::new() };
        }
        let get = |name: &str| asked.query.get(name).map(String::as_str);
        match asked.path.as_str() {
            "/api/ce/task" => {
                let id = get("id").unwrap_or_default();
                let Some(states) = self.tasks.get_mut(id) else {
                    return refusal(404, &format!("No activity found for task '{id}'"));
                };
                let state = if states.len() > 1 { states.pop_front() } else { states.front().cloned() };
                ok(json!({"task": state}))
            }
            "/api/qualitygates/project_status" => match (get("analysisId"), get("projectKey")) {
                (Some(id), None) => match self.gates.get(id) {
                    Some(gate) => ok(json!({"projectStatus": gate})),
                    None => refusal(404, &format!("Analysis with id '{id}' is not found")),
                },
                _ => refusal(400, "Either 'analysisId', 'projectId' or 'projectKey' must be provided"),
            },
            "/api/issues/search" => {
                // The key of a project that is not there is no error to it.
                let known = get("componentKeys") == Some(PROJECT);
                let mut issues: Vec<&Value> = self.issues.iter().filter(|_| known).collect();
                for (parameter, field) in [("severities", "severity"), ("types", "type")] {
                    if let Some(wanted) = get(parameter) {
                        issues.retain(|issue| wanted.split(',').any(|wanted| issue[field] == wanted));
                    }
                }
                if get("resolved") == Some("false") {
                    issues.retain(|issue| issue["resolution"].is_null());
                }
                page(asked, "issues", &issues)
            }
            "/api/hotspots/search" if get("projectKey") != Some(PROJECT) => refusal(404, "Project not found"),
            "/api/hotspots/search" => {
                let wanted =
                    |hotspot: &&Value| get("status").is_none_or(|status| hotspot["status"] == status);
                let hotspots: Vec<&Value> = self.hotspots.iter().filter(wanted).collect();
                page(asked, "hotspots", &hotspots)
            }
            "/api/project_analyses/search" => {
                let total = self.analyses.len();
                ok(
                    json!({"paging": {"pageIndex": 1, "pageSize": 100, "total": total}, "analyses": self.analyses}),
                )
            }
            "/api/project_branches/list" => ok(json!({"branches": self.branches})),
            "/api/project_pull_requests/list" => ok(json!({"pullRequests": self.pull_requests})),
            other => refusal(404, &format!("Unknown url : {other}")),
        }
    }
}

/// A page of a list, with the limits that the server has.
fn page(asked: &Asked, name: &str, all: &[&Value]) -> Answer {
    let number =
        |name: &str, default: usize| asked.query.get(name).map_or(default, |number| number.parse().unwrap());
    let (p, ps) = (number("p", 1), number("ps", 100));
    if ps > 500 {
        return refusal(400, &format!("'ps' value ({ps}) must be less than 500"));
    }
    if p * ps > 10_000 {
        let words = format!("Can return only the first 10000 results. {}th result asked.", p * ps);
        return refusal(400, &words);
    }
    let items: Vec<&Value> = all.iter().skip((p - 1) * ps).take(ps).copied().collect();
    let file = |item: &&Value| item["component"].as_str().unwrap().to_owned();
    let files: std::collections::BTreeSet<String> = items.iter().map(file).collect();
    let components: Vec<Value> = files
        .into_iter()
        .map(|key| json!({"key": key, "qualifier": "FIL", "path": key.rsplit(':').next().unwrap()}))
        .collect();
    ok(json!({
        "total": all.len(), "p": p, "ps": ps,
        "paging": {"pageIndex": p, "pageSize": ps, "total": all.len()},
        name: items, "components": components
    }))
}

fn ok(body: Value) -> Answer {
    Answer { status: 200, kind: "application/json", body: body.to_string() }
}

fn refusal(status: u16, words: &str) -> Answer {
    Answer { status, kind: "application/json", body: json!({"errors": [{"msg": words}]}).to_string() }
}

fn answer(stream: TcpStream, api: &Mutex<Api>, log: &Mutex<Vec<Asked>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut authorization = None;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => {
                authorization = Some(value.to_owned());
            }
            Some(_) => {}
            None => break,
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(name, value)| (plain(name), plain(value))).collect();
    let asked = Asked { path: path.to_owned(), query, authorization };
    log.lock().unwrap().push(asked.clone());
    let (whole, trouble) = {
        let mut api = api.lock().unwrap();
        let broken =
            api.broken.filter(|(start, _)| asked.path.starts_with(start)).map(|(_, trouble)| trouble);
        let of_task = asked.query.get("id").and_then(|id| api.broken_tasks.get(id)).copied();
        let trouble = api.troubles.pop_front().or(broken).or(of_task);
        (api.answer(&asked), trouble)
    };
    let mut stream = stream;
    let Answer { status, kind, body } = whole;
    let mut send = |status: u16, kind: &str, more: &str, body: &str, length: usize| {
        write!(
            stream,
            "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n{body}"
        )
    };
    match trouble {
        None => send(status, kind, "", &body, body.len()),
        Some(Trouble::Status(status)) => send(status, "text/plain", "", "", 0),
        Some(Trouble::Later(status, seconds)) => {
            send(status, "text/plain", &format!("Retry-After: {seconds}\r\n"), "", 0)
        }
        Some(Trouble::Html) => {
            let page = "<!DOCTYPE html><html><body>Please log in</body></html>";
            send(200, "text/html", "", page, page.len())
        }
        Some(Trouble::Elsewhere) => {
            send(302, "text/plain", "Location: https://login.example.test/\r\n", "", 0)
        }
        Some(Trouble::HangsUp) => send(200, kind, "", &body[..body.len() / 2], body.len()),
        Some(Trouble::Hangs) => {
            std::thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        Some(Trouble::Cut) => send(200, kind, "", &body[..body.len() / 2], body.len() / 2),
        Some(Trouble::Json(body)) => send(200, "application/json", "", body, body.len()),
    }
}

/// Percent-decoded.
fn plain(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Base64-decoded.
fn decoded(text: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut n, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.trim_end_matches('=').chars() {
        let Some(value) = ALPHABET.find(letter) else { return String::new() };
        bits = bits << 6 | u32::try_from(value).unwrap();
        n += 6;
        if n >= 8 {
            n -= 8;
            bytes.push(u8::try_from(bits >> n & 255).unwrap());
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
