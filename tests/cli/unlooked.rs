//! Gates that did not look: left out by the user, or with nothing in the range of the run. The verdict is about
//! the others, and every reader of it is shown these.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::io::Read;
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::common::{Project, Ran};

const FORMATS: &str = "--format=junit,attestation,html,markdown";

/// Four gates in production: three linters that find nothing, and ESLint, which follows a range.
fn project() -> Project {
    let gate = |id: &str| {
        format!(
            "[[gate]]\nid = '{id}'\ntool = 'command'\nrun = ['lint', '{id}']\n\
             report = {{ format = 'sarif', path = '{id}.sarif' }}\n"
        )
    };
    let project = Project::with_gates(&format!(
        "version = 1\nmode = 'production'\n{}{}{}required = false\n\
         [[gate]]\nid = 'js'\ntool = 'eslint'\n[profile.short]\nonly = ['one', 'js']\n",
        gate("one"),
        gate("two"),
        gate("advice")
    ));
    project.program(
        "lint",
        r#"echo '{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"demo"}},"results":[]}]}' >"$1.sarif""#,
    );
    project.git(&["init", "--quiet"]);
    project.write(".gitignore", "gates-report\n*.sarif\n");
    project.commit("first");
    project
}

fn last_line(ran: &Ran) -> &str {
    ran.stdout.trim_end().lines().last().unwrap()
}

#[test]
fn a_pass_names_who_left_gates_out_in_every_report() {
    let project = project();
    let mut command = project.command(&["run", FORMATS, "--since", "HEAD"]);
    let ran = Ran::to_end(command.env("PORTCULLIS_SKIP", "two,advice,js"));
    assert_eq!(ran.code, 0, "{}", ran.all());
    // `advice` is not required, so a pass says nothing about it.
    assert_eq!(
        last_line(&ran),
        "Verdict: PASS (exit 0). 1 gate passed, 2 left out by PORTCULLIS_SKIP",
        "{}",
        ran.all()
    );
    let predicate: Value =
        serde_json::from_str(&project.read("gates-report/attestation.predicate.json")).unwrap();
    assert_eq!(predicate["result"], "WARNED");
    assert_eq!(predicate["passedTests"], json!(["one"]));
    assert_eq!(predicate["warnedTests"], json!(["two", "js"]));
    let junit = project.read("gates-report/junit.xml");
    assert_eq!(junit.matches("<skipped message=\"left out by PORTCULLIS_SKIP\"/>").count(), 3, "{junit}");
    assert_eq!(
        junit.matches("name=\"unlooked\" value=\"left out by PORTCULLIS_SKIP\"").count(),
        3,
        "{junit}"
    );
    assert!(project.read("gates-report/comment.md").contains("2 left out by PORTCULLIS_SKIP"));
    let page = project.read("gates-report/index.html");
    assert!(page.contains("2 left out by PORTCULLIS_SKIP") && !page.contains("Every required gate let"));
    // The record is the source of all of them.
    assert_eq!(project.gate("two")["left_out"], "PORTCULLIS_SKIP");
    let again = project.run(&["judge", "--from", "gates-report/run.json"]);
    assert!(last_line(&again).contains("2 left out by PORTCULLIS_SKIP"), "{}", again.all());
}

#[test]
fn each_way_to_leave_a_gate_out_has_its_name() {
    let project = project();
    for (args, words) in [
        (&["--skip", "two,js"][..], "1 gate passed, 2 left out by --skip"),
        (&["--only", "one"], "1 gate passed, 2 left out by --only"),
        (
            &["--profile", "short", "--skip", "js"],
            "1 gate passed, 1 left out by profile short, 1 left out by --skip",
        ),
    ] {
        let ran = project.run(&[&["run"], args].concat());
        assert!(last_line(&ran).ends_with(words), "{args:?}\n{}", ran.all());
    }
    let ran = project.run(&["run", "--skip", "one,two,js"]);
    assert_eq!(ran.code, 2, "only the advisory gate is left: {}", ran.all());
    let ran = Ran::to_end(project.command(&["run"]).env("PORTCULLIS_ONLY", "one"));
    assert!(last_line(&ran).ends_with("1 gate passed, 2 left out by PORTCULLIS_ONLY"), "{}", ran.all());
    // A run that leaves out nothing says nothing.
    project.program("eslint", "exit 2");
    let ran = project.run(&["run"]);
    assert!(!ran.stdout.contains("left out"), "{}", ran.all());
}

#[test]
fn a_range_that_leaves_nothing_is_in_the_verdict() {
    let project = project();
    let base = &project.git(&["rev-parse", "HEAD"])[..12];
    let ran = project.run(&["run", "--since", "HEAD"]);
    let words = format!("2 gates passed, 1 with nothing to look at since {base}");
    assert!(last_line(&ran).ends_with(&words), "{}", ran.all());
    let ran = project.run(&["run", "--since", "HEAD", "--only", "js"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let words = format!(
        "no required gate had anything to do, 2 left out by --only, 1 with nothing to look at since {base}"
    );
    assert!(last_line(&ran).ends_with(&words), "{}", ran.all());
}

#[test]
fn a_blocked_run_says_it_too() {
    let project = project();
    project.program("lint", "exit 1");
    let ran = project.run(&["run", "--skip", "js"]);
    assert!(ran.code != 0 && last_line(&ran).ends_with("; 1 left out by --skip"), "{}", ran.all());
}

#[test]
fn a_notice_names_the_gates_that_were_left_out() {
    let project = project();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook", listener.local_addr().unwrap());
    let gates = project.read("gates.toml");
    project
        .write("gates.toml", format!("{gates}[[notice]]\nkind = 'slack'\nurl = '$CHAT'\nwhen = 'stopped'\n"));
    let sent = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut read = Vec::new();
        // The answer is not awaited: the connection ends when the payload is here.
        while !String::from_utf8_lossy(&read).contains("left out by") {
            let mut buffer = [0; 4096];
            match stream.read(&mut buffer) {
                Ok(n @ 1..) => read.extend_from_slice(&buffer[..n]),
                _ => break,
            }
        }
        String::from_utf8_lossy(&read).into_owned()
    });
    let ran = Ran::to_end(project.command(&["run", "--skip", "two,js"]).env("CHAT", address));
    assert_eq!(ran.code, 0, "{}", ran.all());
    let sent = sent.join().unwrap();
    assert!(sent.contains("• `2 left out by --skip`: two, js"), "{sent}");
}
