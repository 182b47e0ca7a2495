//! What goes wrong with Portcullis' own output: it is never taken for a good end.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "tests start the binary")]

use std::fs;
use std::process::{Command, Stdio};

use crate::common::{Project, Ran};

/// A gate that leaves a file behind when it runs, and fails.
const GATES: &str = "version = 1
mode = 'MODE'
[[gate]]
id = 'check'
tool = 'command'
run = ['sh', '-c', 'touch ran; exit 1']
";

fn project(mode: &str) -> Project {
    Project::with_gates(&GATES.replace("MODE", mode))
}

fn ran_anything(project: &Project) -> bool {
    project.root().join("ran").exists()
}

#[test]
fn with_an_output_folder_that_cannot_be_written_nothing_is_run() {
    for mode in ["lab", "production"] {
        // Below a file there can be no folder, not even for root.
        for out in ["gates.toml", "gates.toml/out", "gates.toml/deeper/out"] {
            let project = project(mode);
            let ran = project.run(&["run", "--out", out]);
            assert_eq!(ran.code, 2, "{mode} {out}: {}", ran.all());
            assert!(
                ran.stderr.contains("output folder") && ran.stderr.contains("gates.toml"),
                "{}",
                ran.all()
            );
            assert!(!ran_anything(&project), "{mode} {out}: a gate was run");
        }
    }
}

#[test]
fn a_record_that_cannot_be_written_is_an_error_in_both_modes() {
    for mode in ["lab", "production"] {
        let project = project(mode);
        // A folder of this name can't be replaced by the record.
        fs::create_dir_all(project.root().join("gates-report/run.json/mine")).unwrap();
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 3, "{mode}: {}", ran.all());
        assert!(ran.stderr.contains("run.json"), "{}", ran.all());
        assert!(project.root().join("gates-report/run.json/mine").is_dir());
    }
}

#[test]
fn a_shared_output_folder_keeps_the_files_of_its_user() {
    let project = project("lab");
    project.write("build/mine.txt", "mine");
    project.write("build/logs/mine.log", "mine");
    project.write("build/reports/check/mine.xml", "mine");
    for _ in 0..2 {
        assert_eq!(project.run(&["run", "--out", "build"]).code, 0);
        for file in ["build/mine.txt", "build/logs/mine.log", "build/reports/check/mine.xml"] {
            assert_eq!(project.read(file), "mine");
        }
        assert!(!project.root().join("build/.gitignore").exists(), "the folder is the user's");
        assert!(project.read("build/run.json").contains("\"blocked\""));
    }
}

#[test]
fn a_record_of_an_earlier_run_does_not_outlive_the_next() {
    let project = project("production");
    assert_eq!(project.run(&["run"]).code, 1);
    project.write("gates.toml", "version = 1\nnonsense = true\n");
    let before = project.read("gates-report/run.json");
    assert_eq!(project.run(&["run"]).code, 2);
    assert_eq!(project.read("gates-report/run.json"), before, "a mistake in gates.toml touches nothing");
    project.write("gates.toml", GATES.replace("MODE", "production").replace("touch ran", "sleep 3600"));
    let mut child = project.start(&["run"]);
    let gone = || !project.root().join("gates-report/run.json").exists();
    assert!(crate::common::eventually(gone), "the old record is still there");
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn the_exit_code_is_that_of_the_verdict_whoever_listens() {
    for redirection in [">&-", "2>&-", ">&- 2>&-", "</dev/null >&- 2>&-", ">/dev/full", ">/dev/full 2>&1"] {
        let project = project("production");
        let script = format!("exec \"$0\" run {redirection}");
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_portcullis")]).current_dir(project.root());
        let ran = Ran::of(command.output().unwrap());
        assert_eq!(ran.code, 1, "{redirection}: {}", ran.all());
        assert_eq!(project.record()["verdict"], "blocked", "{redirection}");
    }
}

#[test]
fn a_reader_who_goes_away_changes_nothing() {
    let project = project("production");
    let mut child = project.command(&["run"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(project.record()["verdict"], "blocked");
}

/// A folder stands where the record should go.
#[test]
fn what_came_out_is_shown_though_it_cannot_be_written_and_never_as_a_pass() {
    for mode in ["lab", "production"] {
        let project = Project::with_gates(
            "version = 1\n[[gate]]\nid = \"fine\"\ntool = \"command\"\nrun = [\"true\"]\n",
        );
        std::fs::create_dir_all(project.root().join("out/run.json")).unwrap();
        let ran = project.run(&["run", "--mode", mode, "--out", "out"]);
        assert_eq!(ran.code, 3, "{}", ran.all());
        assert!(ran.stdout.contains(" ✔ ") && ran.stdout.contains("Reports: none"), "{}", ran.all());
        let verdict = ran.stdout.lines().find(|line| line.starts_with("Verdict: ")).unwrap();
        assert!(verdict.starts_with("Verdict: INCONCLUSIVE") && verdict.contains("exit 3"), "{verdict}");
        assert!(ran.stdout.contains("the result could not be written"), "{}", ran.stdout);
        assert!(ran.stderr.contains("run.json can't be written"), "{}", ran.stderr);
    }
}
