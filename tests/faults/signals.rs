//! A run that is stopped stops: every process of its gates is gone, what is known is
//! written down, and a run that was cut off is never green.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::path::Path;
use std::process::Child;

use crate::common::{Project, Ran, alive, eventually};
use rustix::process::{Pid, Signal, kill_process};

/// A `command` gate that runs a line of shell.
fn gate(id: &str, more: &str, shell: &str) -> String {
    format!("[[gate]]\nid = '{id}'\ntool = 'command'\n{more}\nrun = ['sh', '-c', '''{shell}''']\n")
}

fn project(gates: &[String]) -> Project {
    Project::with_gates(&format!("version = 1\nmode = 'production'\n{}", gates.concat()))
}

fn start(project: &Project, args: &[&str]) -> Child {
    let mut command = project.command(&["run"]);
    command.args(args).env("STOPPED", project.root()).env("PORTCULLIS_JOBS", "8");
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
}

/// Every process of the run, Portcullis with it.
fn processes(project: &Project) -> Vec<u32> {
    alive(&format!("STOPPED={}", project.root().display()))
}

fn wait_for_files(project: &Project, names: &[&str]) {
    let all = || names.iter().all(|name| project.root().join(name).exists());
    assert!(eventually(all), "the gates did not start: {names:?}");
}

fn end(project: &Project, child: Child, signal: Option<Signal>) -> Ran {
    if let Some(signal) = signal {
        kill_process(Pid::from_child(&child), signal).unwrap();
    }
    let ran = Ran::ended(child);
    assert!(eventually(|| processes(project).is_empty()), "processes are left");
    ran
}

fn exists(project: &Project, name: &str) -> bool {
    Path::new(&project.root()).join(name).exists()
}

#[test]
fn a_signal_ends_every_child_and_grandchild_and_the_record_says_so() {
    for (signal, name, code) in
        [(Signal::INT, "SIGINT", 130), (Signal::TERM, "SIGTERM", 143), (Signal::HUP, "SIGHUP", 129)]
    {
        let project = project(&[
            gate("finished", "", "exit 1"),
            // Its start shows that the first one is over.
            gate("after", "needs = ['finished']", "touch after; sleep 3600"),
            gate("obedient", "", "touch obedient; sleep 3600"),
            gate("grandchildren", "", "sleep 3600 & (sleep 3600 & sleep 3600) & touch grandchildren; wait"),
            gate("waiting", "needs = ['obedient']", "touch waiting"),
        ]);
        let child = start(&project, &[]);
        wait_for_files(&project, &["after", "obedient", "grandchildren"]);
        let ran = end(&project, child, Some(signal));
        assert_eq!(ran.code, code, "{}", ran.all());

        let record = project.record();
        assert_eq!(record["interrupted"], name);
        assert_eq!((&record["verdict"], &record["would_block"]), (&"inconclusive".into(), &true.into()));
        assert_eq!(record["exit_code"], code);
        let finished = project.gate("finished");
        assert_eq!(finished["outcome"], "failed", "{finished:#}");
        assert_eq!(record["findings"].as_array().unwrap().len(), 1, "its finding is kept");
        for id in ["after", "obedient", "grandchildren", "waiting"] {
            let gate = project.gate(id);
            assert_eq!(gate["outcome"], "inconclusive");
            assert!(gate["reason"].as_str().unwrap().contains("interrupted"), "{gate:#}");
        }
        assert!(!exists(&project, "waiting"), "it was started all the same");
    }
}

#[test]
fn a_signal_in_lab_is_no_good_end_either() {
    let project = project(&[gate("long", "", "touch long; sleep 3600")]);
    let child = start(&project, &["--mode", "lab"]);
    wait_for_files(&project, &["long"]);
    assert_eq!(end(&project, child, Some(Signal::INT)).code, 130);
    assert_eq!(project.record()["verdict"], "inconclusive");
}

#[test]
fn a_child_that_ignores_the_signal_is_killed_after_the_grace() {
    let stubborn = "trap '' TERM INT; touch stubborn; while :; do sleep 1; done";
    let project = project(&[gate("stubborn", "", stubborn)]);
    let child = start(&project, &[]);
    wait_for_files(&project, &["stubborn"]);
    assert_eq!(end(&project, child, Some(Signal::TERM)).code, 143);
}

#[test]
fn a_gate_that_waits_for_its_turn_is_not_started_after_the_signal() {
    let project = project(&[
        gate("first", "", "touch first; sleep 3600"),
        gate("second", "", "touch second"),
        gate("third", "", "touch third"),
    ]);
    let child = start(&project, &["--jobs", "1"]);
    wait_for_files(&project, &["first"]);
    assert_eq!(end(&project, child, Some(Signal::INT)).code, 130);
    assert!(!exists(&project, "second") && !exists(&project, "third"), "a gate was started");
    let third = project.gate("third");
    assert_eq!(third["outcome"], "inconclusive");
    assert!(third["reason"].as_str().unwrap().contains("not started"), "{third:#}");
}

#[test]
fn a_version_question_does_not_outlive_the_signal() {
    let project = project(&["[[gate]]\nid = 'secrets'\ntool = 'gitleaks'\n".to_owned()]);
    let hang = "touch \"$1\"; sleep 3600 & sleep 3600";
    project.program("gitleaks", &format!("cd \"$STOPPED\" || exit 1\n{hang}"));
    let child = start(&project, &[]);
    wait_for_files(&project, &["version", "git"]);
    assert_eq!(end(&project, child, Some(Signal::INT)).code, 130);
}

#[test]
fn a_timeout_kills_a_child_that_ignores_sigterm() {
    let stubborn = "trap 'touch asked' TERM; while :; do sleep 1; done";
    let project = project(&[gate("stubborn", "timeout = '1s'", stubborn)]);
    let ran = end(&project, start(&project, &[]), None);
    assert_eq!(ran.code, 3, "{}", ran.all());
    // It was first asked to end, and given the time to do so.
    assert!(exists(&project, "asked"), "it had no grace");
    assert!(project.gate("stubborn")["reason"].as_str().unwrap().contains("longer than 1"));
}

#[test]
fn fail_fast_stops_the_others_and_blocks_as_a_whole_run_would() {
    let project = project(&[
        gate("slow", "", "touch slow; sleep 3600 & sleep 3600"),
        gate("bad", "", "while [ ! -e slow ]; do sleep 0.05; done; exit 1"),
        gate("later", "needs = ['slow']", "touch later"),
    ]);
    let ran = end(&project, start(&project, &["--fail-fast"]), None);
    // The gate that was cut off proves nothing, and does not outrank the failure.
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(project.gate("bad")["outcome"], "failed");
    let slow = project.gate("slow");
    assert_eq!(slow["outcome"], "skipped");
    assert!(slow["reason"].as_str().unwrap().contains("fail-fast"), "{slow:#}");
    assert!(!exists(&project, "later"), "it was started all the same");
    assert!(project.gate("later")["reason"].as_str().unwrap().contains("fail-fast"));
    assert!(project.record()["interrupted"].is_null());
}

#[test]
fn fail_fast_with_nothing_cut_off_is_blocked() {
    let project = project(&[gate("bad", "", "exit 1"), gate("later", "needs = ['bad']", "touch later")]);
    let ran = end(&project, start(&project, &["--fail-fast"]), None);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(!exists(&project, "later"));
}

#[test]
fn a_gate_that_needs_an_inconclusive_one_is_not_started() {
    let project = project(&[
        gate("base", "", "kill -KILL $$"),
        gate("next", "needs = ['base']", "touch next"),
        gate("last", "needs = ['next']", "touch last"),
        gate("free", "", "touch free"),
    ]);
    let ran = end(&project, start(&project, &[]), None);
    assert_eq!(ran.code, 3, "{}", ran.all());
    for (id, needed) in [("next", "base"), ("last", "next")] {
        let gate = project.gate(id);
        assert_eq!(gate["outcome"], "inconclusive");
        assert!(gate["reason"].as_str().unwrap().contains(&format!("it needs {needed}")), "{gate:#}");
        assert!(!exists(&project, id));
    }
    assert_eq!(project.gate("free")["outcome"], "passed");
}
