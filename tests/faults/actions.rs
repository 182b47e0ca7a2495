//! No false green, for actions: Docker, AWS and the registry misbehave in every way that is known while an image is pushed,
//! and the gate is never `passed`, nothing hangs, and no process is left. What the gates before have seen is never in
//! doubt here; `tests/real/interlock.rs` is about that.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod faults;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;

use crate::common::{Project, Ran, alive, eventually};
use faults::{IMMUTABLE, faults};
use serde_json::Value;

/// A manifest as a registry had it, and what Docker and the registry called it.
const MANIFEST: &str = include_str!("../../fixtures/ecr-push/moved/manifest.json");
const DIGEST: &str = "sha256:87e0baaef56552e9399427606c872e2e6ef597855cb5c404c5365d11fc31741f";
const ID: &str = "sha256:a3a4751e40af755645de246ae48de2f1637c0e9b300bd92ef4779917561b9487";
const OTHER: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

/// Docker as it should be; `CASE` is where a fault stands in.
const DOCKER: &str = r##"
echo "$1" >>called
CASE
case "$1" in
    --version) echo "Docker version 28.2.2, build fake" ;;
    build)
        while [ $# -gt 0 ]; do [ "$1" != --iidfile ] || printf %s ID >"$2"; shift; done
        echo "#5 writing image ID done" >&2 ;;
    image) echo ID ;;
    login) read -r password; [ "$password" = a-Password-of-12345 ] && echo Login Succeeded ;;
    tag) [ "$2" = ID ] ;;
    push) echo "d870be5f1bde: Pushed"; echo "1.4: digest: DIGEST size: 524" ;;
esac
"##;

const AWS: &str = "echo aws >>called\nCASE\necho a-Password-of-12345";

/// What the registry answers: before the push, and after it.
type Answers = [Answer; 2];

#[derive(Clone)]
enum Answer {
    /// Status and body.
    With(u16, String),
    /// These bytes, and the connection ends.
    Raw(&'static str),
    /// Nothing, for ever.
    Never,
}

#[derive(Clone)]
struct Case {
    tool: &'static str,
    name: &'static str,
    docker: &'static str,
    aws: &'static str,
    registry: Answers,
    outcome: &'static str,
    says: &'static str,
    /// The fault comes before anything may have been pushed.
    unpushed: bool,
}

fn manifest() -> Answer {
    Answer::With(200, MANIFEST.to_owned())
}

fn nothing() -> Answer {
    Answer::With(404, "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\"}]}".to_owned())
}

fn good(name: &'static str) -> Case {
    let registry = [nothing(), manifest()];
    let tool = "ecr-push";
    Case { tool, name, docker: "", aws: "", registry, outcome: "passed", says: "", unpushed: false }
}

fn docker(name: &'static str, docker: &'static str, says: &'static str) -> Case {
    let unpushed = !name.starts_with("push");
    Case { docker, says, unpushed, outcome: "inconclusive", ..good(name) }
}

fn aws(name: &'static str, aws: &'static str, says: &'static str) -> Case {
    Case { aws, says, unpushed: true, outcome: "inconclusive", ..good(name) }
}

fn before(name: &'static str, answer: Answer, says: &'static str) -> Case {
    let registry = [answer, manifest()];
    Case { registry, says, unpushed: true, outcome: "inconclusive", ..good(name) }
}

fn after(name: &'static str, answer: Answer, says: &'static str) -> Case {
    Case { registry: [nothing(), answer], says, outcome: "inconclusive", ..good(name) }
}

/// The first question about the image is the build's.
const HANG: &str = "if [ \"$1\" = VERB ] && { [ VERB != image ] || [ \"$(grep -c image called)\" -gt 1 ]; }
then sleep 3600 & wait; fi";

#[test]
fn no_fault_of_a_push_is_a_false_green() {
    // Without a fault it passes, pushed or found there: else the matrix would prove nothing.
    let there = Case { registry: [manifest(), nothing()], unpushed: true, ..good("already there") };
    // Another run has pushed this very image meanwhile.
    let overtaken = Case { docker: IMMUTABLE, ..good("overtaken") };
    for case in [good("no fault"), there, overtaken].iter().flat_map(with_each_tool) {
        assert_eq!(check(&case), [""; 0], "{}", case.name);
    }
    let faults: Vec<Case> = faults().iter().flat_map(with_each_tool).collect();
    let total = faults.len();
    let (queue, failures) = (Mutex::new(faults), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = { queue.lock().unwrap().pop() } {
                    let wrong =
                        check(&case).into_iter().map(|what| format!("{}, {}: {what}", case.tool, case.name));
                    failures.lock().unwrap().extend(wrong.collect::<Vec<_>>());
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    let greens = failures.iter().filter(|failure| failure.contains("FALSE GREEN")).count();
    // Straight to standard error: the harness keeps what a passing test prints.
    writeln!(std::io::stderr(), "{total} faults of a push, {greens} false greens").unwrap();
    assert!(failures.is_empty(), "{} of {total} cases:\n{}", failures.len(), failures.join("\n"));
}

/// The case with each tool that meets it: `registry-push` calls neither `aws` nor `docker login`.
fn with_each_tool(case: &Case) -> Vec<Case> {
    let of_ecr = ["aws", "login"].iter().any(|start| case.name.starts_with(start));
    let any = Case { tool: "registry-push", ..case.clone() };
    std::iter::once(case.clone()).chain((!of_ecr).then_some(any)).collect()
}

/// Runs a case, and says what is wrong.
fn check(case: &Case) -> Vec<String> {
    let registry = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = registry.local_addr().unwrap();
    let answers = case.registry.clone();
    std::thread::spawn(move || serve(&registry, answers));

    // The image of this case is built by the fake as well; whether anybody scans it is another test's.
    let hangs = case.name.ends_with("hangs");
    let timeout = if hangs { "1s" } else { "30s" };
    let project = Project::with_gates(&format!(
        "version = 1\nmode = 'production'\n[defaults]\nretries = 0\n\
         [[gate]]\nid = 'images'\ntool = 'docker-build'\nimages = [{{ name = 'notes' }}]\n\
         [[gate]]\nid = 'push'\ntool = '{}'\nregistry = '{address}'\ntags = ['1.4']\nunscanned = true\ntimeout = '{timeout}'\n",
        case.tool
    ));
    // `docker login` has been here: user `u`, password `p`.
    let logins = format!("{{\"auths\": {{\"{address}\": {{\"auth\": \"dTpw\"}}}}}}");
    let logins = project.write("docker/config.json", logins);
    let stand_in = match case.docker {
        verb @ ("image" | "login" | "push") => HANG.replace("VERB", verb),
        script => script.to_owned(),
    };
    let script = |text: &str| text.replace("DIGEST", DIGEST).replace("OTHER", OTHER).replace("ID", ID);
    project.program("docker", &script(&DOCKER.replace("CASE", &stand_in)));
    project.program("aws", &AWS.replace("CASE", case.aws));
    let mark = format!("FAKES={}", project.root().display());

    let mut command = project.command(&["run", "--quiet"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", project.bin().display())).env("FAKES", project.root());
    command.env("DOCKER_CONFIG", logins.parent().unwrap());
    let ran = Ran::to_end(&mut command);
    let mut wrong = Vec::new();
    if !eventually(|| alive(&mark).is_empty()) {
        wrong.push(format!("processes are left: {:?}", alive(&mark)));
    }
    let gate = project.gate("push");
    wrong.extend(differs(case, &gate, &ran));
    let called = project.read("called");
    if case.unpushed && called.lines().any(|call| call == "push") {
        wrong.push("it pushed".to_owned());
    }
    for text in [ran.all(), gate.to_string()] {
        if text.contains("-Password-of-12345") {
            wrong.push(format!("it shows the password: {text}"));
        }
    }
    wrong
}

fn differs(case: &Case, gate: &Value, ran: &Ran) -> Option<String> {
    let (outcome, reason) = (gate["outcome"].as_str().unwrap(), gate["reason"].as_str().unwrap());
    let code = match case.outcome {
        "passed" => 0,
        "failed" => 1,
        _ => 3,
    };
    let target = &gate["targets"][0];
    if outcome == "passed" && case.outcome != "passed" {
        Some(format!("FALSE GREEN: {reason}"))
    } else if outcome != case.outcome || ran.code != code {
        Some(format!("is {outcome} ({reason}), not {}; {}", case.outcome, ran.all()))
    } else if !reason.contains(case.says) || (reason.len() < 10) {
        Some(format!("the reason \"{reason}\" does not say \"{}\"", case.says))
    } else if (outcome == "passed") != target["outputs"]["digest"].is_string() {
        Some(format!("it puts out {}", target["outputs"]))
    } else {
        None
    }
}

/// Answers each question: the first as before the push, the others as after it.
fn serve(registry: &TcpListener, answers: Answers) {
    let mut held = Vec::new();
    for (n, stream) in registry.incoming().enumerate() {
        let Ok(mut stream) = stream else { return };
        let _ = stream.read(&mut [0; 4096]);
        match &answers[n.min(1)] {
            Answer::With(status, body) => answer(&mut stream, *status, body),
            Answer::Raw(bytes) => drop(stream.write_all(bytes.as_bytes())),
            Answer::Never => held.push(stream),
        }
    }
}

fn answer(stream: &mut TcpStream, status: u16, body: &str) {
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}
