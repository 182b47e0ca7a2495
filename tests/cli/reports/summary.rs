//! The summary as a terminal shows it, and as a program reads it.

use std::process::Command;

use serde_json::{Value, json};

use crate::common::reports::judged;
use crate::common::{Project, Ran};

/// Runs a program in a terminal with this many columns, and prints what it shows.
const TERMINAL: &str = r#"
import fcntl, os, pty, struct, subprocess, sys, termios
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, int(sys.argv[1]), 0, 0))
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.DEVNULL)
os.close(slave)
shown = b""
while True:
    try:
        part = os.read(master, 65536)
    except OSError:
        break
    if not part:
        break
    shown += part
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.exit(child.wait())
"#;

/// What a terminal with this many columns shows of a saved run.
#[allow(clippy::disallowed_methods, reason = "the terminal is not ours")]
fn shown(project: &Project, columns: &str, environment: &[(&str, &str)]) -> String {
    let mut command = Command::new("python3");
    command.args([
        "-c",
        TERMINAL,
        columns,
        env!("CARGO_BIN_EXE_portcullis"),
        "judge",
        "--from",
        "saved.json",
    ]);
    command.current_dir(project.root()).env("TERM", "xterm-256color").env_remove("COLUMNS");
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("PORTCULLIS_"));
    for name in ours.chain(["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"].map(str::to_owned)) {
        command.env_remove(name);
    }
    let ran = Ran::of(command.envs(environment.iter().copied()).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.all());
    ran.stdout
}

/// A project with a saved run that was changed like this.
fn saved(change: impl FnOnce(&mut Value)) -> Project {
    let (project, _) = judged("lab", "json");
    let mut record = project.record();
    change(&mut record);
    project.write("saved.json", record.to_string());
    project
}

/// The words without the colours and the line ends.
fn words(shown: &str) -> String {
    anstream::adapter::strip_str(shown).to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn no_line_is_wider_than_the_terminal_and_every_word_is_shown() {
    let long = "because of a very long reason ".repeat(9);
    let project = saved(|record| {
        record["gates"][5]["evidence"] = json!({ "lacking": long });
        record["findings"][0]["title"] = json!("a title of many words ".repeat(11));
    });
    let piped = project.run(&["judge", "--from", "saved.json"]).stdout;
    let verdict = piped.lines().last().unwrap();
    assert!(
        verdict.starts_with("Verdict: INCONCLUSIVE") && verdict.len() > 100,
        "one line for programs: {verdict}"
    );
    for columns in ["80", "100", "160"] {
        let shown = shown(&project, columns, &[]);
        assert!(shown.contains("\u{1b}["), "colours: {shown}");
        let plain = anstream::adapter::strip_str(&shown).to_string();
        for line in plain.lines() {
            assert!(line.chars().count() <= columns.parse().unwrap(), "{columns}: {line}");
        }
        let words = words(&shown);
        assert!(words.contains(verdict), "{columns}: {words}");
        assert!(words.contains("Reports:"), "{columns}: {words}");
        for (word, times) in [("because", 9), ("title", 11)] {
            assert!(words.matches(word).count() >= times, "{columns}: {word} in {words}");
        }
        // A row of a group with several takes one line.
        let (shown, note) = words.split_once("Text that ends in …").unwrap_or((&words, ""));
        assert_eq!(shown.contains('…'), !note.is_empty(), "{columns}: {words}");
    }
    let plain = shown(&project, "80", &[("NO_COLOR", "1")]);
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    assert_eq!(
        words(&plain),
        words(&shown(&project, "80", &[])),
        "colour says nothing that the words do not"
    );
}

#[test]
fn a_gate_takes_one_line_and_another_where_its_reason_says_more() {
    let project = saved(|_| ());
    for (columns, lines) in [("80", 7), ("160", 6)] {
        let shown = shown(&project, columns, &[("NO_COLOR", "1")]);
        let head: Vec<&str> = shown.lines().next().unwrap().split_whitespace().collect();
        assert_eq!(head.last(), Some(&"lab"), "{shown}");
        let gates: Vec<&str> = shown.lines().skip(2).take_while(|line| !line.is_empty()).collect();
        let row = |gate: &str| {
            words(gates.iter().find(|line| line.split_whitespace().nth(1) == Some(gate)).unwrap())
        };
        assert_eq!(row("secrets"), "✘ secrets gitleaks 1 blocks");
        assert_eq!(row("audit"), "✔ audit npm audit 3 below high");
        assert_eq!(row("lint"), "○ lint ESLint 2 advisory, 1 below high");
        assert_eq!(gates.len(), lines, "{columns}: {shown}");
    }
}

#[test]
fn a_shortened_summary_says_where_the_rest_is() {
    let project = saved(|record| {
        for finding in record["findings"].as_array_mut().unwrap() {
            finding["title"] = json!("x".repeat(2_000));
        }
    });
    let ran = project.run(&["judge", "--from", "saved.json"]);
    assert!(
        ran.stdout.contains("x…") && ran.stdout.contains("Text that ends in … is complete in "),
        "{}",
        ran.stdout
    );
}
