//! No false green, for actions: Docker, AWS and the registry misbehave in every way that is known while an image is pushed,
//! and the gate is never `passed`, nothing hangs, and no process is left. What the gates before have seen is never in
//! doubt here; `tests/real/interlock.rs` is about that.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;

use crate::common::{Project, Ran, alive, eventually};
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

struct Case {
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
    Case { name, docker: "", aws: "", registry, outcome: "passed", says: "", unpushed: false }
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

const HANG: &str = "if [ \"$1\" = VERB ]; then sleep 3600 & wait; fi";

fn faults() -> Vec<Case> {
    let with = |status, body: &str| Answer::With(status, body.to_owned());
    vec![
        docker("inspect: nothing", "[ $1 != image ] || exit 0", "does not show the id"),
        docker("inspect: garbage", "[ $1 != image ] || { echo '<none>'; exit 0; }", "does not show the id"),
        docker(
            "inspect: two ids",
            "[ $1 != image ] || { echo ID; echo ID; exit 0; }",
            "does not show the id",
        ),
        docker(
            "inspect: a short id",
            "[ $1 != image ] || { echo sha256:a3a4751e; exit 0; }",
            "does not show the id",
        ),
        docker(
            "inspect: another image",
            "[ $1 != image ] || { echo OTHER; exit 0; }",
            "moved: the gates saw sha256:a3a4",
        ),
        docker(
            "inspect: the id, and exit 1",
            "[ $1 != image ] || { echo ID; exit 1; }",
            "docker image inspect ended with 1",
        ),
        docker(
            "inspect: no such image",
            "[ $1 != image ] || { echo '[]'; echo 'Error: No such image: notes:1' >&2; exit 1; }",
            "there is no image notes:portcullis on this machine",
        ),
        docker(
            "inspect: no engine",
            "[ $1 != image ] || { echo 'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?' >&2; exit 1; }",
            "the Docker engine does not answer",
        ),
        docker("inspect: killed", "[ $1 != image ] || kill -9 $$", "docker was ended by SIGKILL"),
        docker("inspect: hangs", "image", "docker was running"),
        docker(
            "login: refused",
            "[ $1 != login ] || { echo 'denied: no' >&2; exit 1; }",
            "was refused: denied",
        ),
        docker("login: exit 1 without a word", "[ $1 != login ] || exit 1", "no reason given"),
        docker("login: killed", "[ $1 != login ] || kill -9 $$", "docker was ended by SIGKILL"),
        docker("login: hangs", "login", "docker was running"),
        docker(
            "tag: no such image",
            "[ $1 != tag ] || { echo 'No such image' >&2; exit 1; }",
            "docker tag ended with 1",
        ),
        docker("tag: killed", "[ $1 != tag ] || kill -9 $$", "docker was ended by SIGKILL"),
        docker("push: nothing", "[ $1 != push ] || exit 0", "reported no digest"),
        docker(
            "push: exit 0 with an error",
            "[ $1 != push ] || { echo 'denied: no' >&2; exit 0; }",
            "reported no digest",
        ),
        docker(
            "push: the digest of another tag",
            "[ $1 != push ] || { echo '1.5: digest: DIGEST size: 1'; exit 0; }",
            "reported no digest",
        ),
        docker(
            "push: a digest in the error output",
            "[ $1 != push ] || { echo '1.4: digest: DIGEST size: 1' >&2; exit 0; }",
            "reported no digest",
        ),
        docker(
            "push: a short digest",
            "[ $1 != push ] || { echo '1.4: digest: sha256:87e0 size: 1'; exit 0; }",
            "reported no digest",
        ),
        docker(
            "push: another digest",
            "[ $1 != push ] || { echo '1.4: digest: OTHER size: 1'; exit 0; }",
            "reported sha256:2222",
        ),
        docker("push: exit 1", "[ $1 != push ] || exit 1", "ended with 1"),
        docker(
            "push: exit 1 with a digest",
            "[ $1 != push ] || { echo '1.4: digest: DIGEST size: 1'; exit 1; }",
            "ended with 1",
        ),
        docker(
            "push: killed with a digest",
            "[ $1 != push ] || { echo '1.4: digest: DIGEST size: 1'; kill -9 $$; }",
            "docker was ended by SIGKILL",
        ),
        docker(
            "push: no login",
            "[ $1 != push ] || { echo 'no basic auth credentials' >&2; exit 1; }",
            "requires a login",
        ),
        docker(
            "push: no repository",
            "[ $1 != push ] || { echo \"name unknown: The repository with name 'notes' does not exist in the registry with id '1'\" >&2; exit 1; }",
            "there is no such repository",
        ),
        docker(
            "push: denied",
            "[ $1 != push ] || { echo 'denied: not authorized to perform: ecr:PutImage' >&2; exit 1; }",
            "was refused: denied",
        ),
        docker(
            "push: no space",
            "[ $1 != push ] || { echo 'write /x: no space left on device' >&2; exit 1; }",
            "no space left",
        ),
        docker(
            "push: broken off",
            "[ $1 != push ] || { echo 'Put https://x/v2/: EOF' >&2; exit 1; }",
            "broke off",
        ),
        docker("push: hangs", "push", "docker was running"),
        Case {
            outcome: "failed",
            ..docker(
                "push: immutable",
                "[ $1 != push ] || { echo \"tag invalid: The image tag '1.4' already exists in the 'notes' repository and cannot be overwritten because the repository is immutable.\" >&2; exit 1; }",
                "1 finding",
            )
        },
        aws(
            "aws: no credentials",
            "echo 'Unable to locate credentials. You can configure them.' >&2; exit 253",
            "has no credentials",
        ),
        aws(
            "aws: expired",
            "echo 'An error occurred (ExpiredTokenException) when calling the GetAuthorizationToken operation: The security token is expired' >&2; exit 254",
            "the credentials have expired",
        ),
        aws(
            "aws: busy",
            "echo 'An error occurred (ThrottlingException) when calling the GetAuthorizationToken operation: Rate exceeded' >&2; exit 254",
            "ThrottlingException",
        ),
        aws(
            "aws: a traceback",
            "echo 'Traceback (most recent call last):' >&2; echo 'ImportError: x' >&2; exit 1",
            "ImportError",
        ),
        aws("aws: exit 0 and nothing", "exit 0", "did not print one word"),
        aws("aws: exit 0 and a page", "echo '<html> <body>'; exit 0", "did not print one word"),
        aws("aws: two lines", "echo one", "did not print one word"),
        aws("aws: a password, and exit 1", "echo a-Password-of-12345; exit 1", "aws ended with 1"),
        aws("aws: another password", "echo b-Password-of-12345; exit 0", "the login to"),
        aws("aws: killed", "kill -9 $$", "aws was ended by SIGKILL"),
        aws("aws: hangs", "sleep 3600 & wait", "aws was running"),
        before("registry: 401", with(401, "{}"), "does not allow its images to be read"),
        before("registry: 403", with(403, "{}"), "does not allow its images to be read"),
        before("registry: 429", with(429, "{}"), "answered 429"),
        before("registry: 500", with(500, "{}"), "answered 500"),
        before("registry: 302", with(302, ""), "answered 302"),
        before("registry: 204", with(204, ""), "answered 204"),
        before("registry: a page", with(200, "<html></html>"), "not a manifest"),
        before("registry: an empty answer", with(200, ""), "not a manifest"),
        before("registry: an empty object", with(200, "{}"), "names neither"),
        before("registry: no HTTP", Answer::Raw("hello\r\n\r\n"), "127.0.0.1"),
        before("registry: hangs up", Answer::Raw(""), "127.0.0.1"),
        before("registry: hangs", Answer::Never, "127.0.0.1"),
        Case {
            outcome: "failed",
            ..before("registry: the tag is taken", with(200, &MANIFEST.replace(ID, OTHER)), "1 finding")
        },
        after("registry, then: nothing", nothing(), "nothing shows that"),
        after(
            "registry, then: another image",
            with(200, &MANIFEST.replace(ID, OTHER)),
            "another image lies under",
        ),
        after(
            "registry, then: the same image, packed otherwise",
            with(200, &MANIFEST.replace('\n', "")),
            "the registry holds sha256:",
        ),
        after(
            "registry, then: an index of others",
            with(200, &format!("{{\"manifests\": [{{\"digest\": \"{OTHER}\"}}]}}")),
            "another image lies under",
        ),
        after(
            "registry, then: schema 1",
            with(200, "{\"schemaVersion\": 1, \"fsLayers\": []}"),
            "names neither",
        ),
        after("registry, then: a cut manifest", with(200, &MANIFEST[..300]), "not a manifest"),
        after(
            "registry, then: an answer that breaks off",
            Answer::Raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"config\": "),
            "broke off",
        ),
        after(
            "registry, then: more than a manifest",
            with(200, &"x".repeat((4 << 20) + 1)),
            "more than a manifest",
        ),
        after("registry, then: 500", with(500, ""), "answered 500"),
        after("registry, then: 401", with(401, ""), "does not allow its images to be read"),
        after("registry, then: hangs", Answer::Never, "127.0.0.1"),
    ]
}

#[test]
fn no_fault_of_a_push_is_a_false_green() {
    // Without a fault it passes, pushed or found there: else the matrix would prove nothing.
    let there = Case { registry: [manifest(), nothing()], unpushed: true, ..good("already there") };
    for case in [good("no fault"), there] {
        assert_eq!(check(&case), [""; 0], "{}", case.name);
    }
    let faults = faults();
    let total = faults.len();
    let (queue, failures) = (Mutex::new(faults), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = { queue.lock().unwrap().pop() } {
                    let wrong = check(&case).into_iter().map(|what| format!("{}: {what}", case.name));
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
         [[gate]]\nid = 'push'\ntool = 'ecr-push'\nregistry = '{address}'\ntags = ['1.4']\nunscanned = true\ntimeout = '{timeout}'\n"
    ));
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
