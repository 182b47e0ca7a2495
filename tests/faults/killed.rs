//! Portcullis can be killed at any moment: nobody lives on, no file is half written, and no record
//! says pass. `ci/kill-loop` does the same at 200 moments.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Instant;

use crate::common::{Project, eventually};

const MOMENTS: u32 = 20;

/// What the gates do. Each leaves something behind that is hard to find again.
const GATES: [(&str, &str); 6] = [
    ("fails", "touch started; exit 1"),
    ("forks", "sleep 3600 & (sleep 3600 & sleep 3600) & sleep 0.4"),
    ("leaves", "setsid sleep 3600 & setsid sh -c 'sleep 3600 & sleep 3600' & sleep 0.3"),
    ("hides", "env -i setsid sleep 3600 & sleep 0.4"),
    ("stubborn", "trap '' TERM INT HUP; for i in 1 2 3 4 5; do sleep 0.1; done"),
    ("stays", "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & sleep 0.2"),
];

fn project() -> Project {
    let gate = |(id, shell): (&str, &str)| {
        format!("[[gate]]\nid = '{id}'\ntool = 'command'\nrun = ['sh', '-c', '''{shell}''']\n")
    };
    let gates: String = GATES.map(gate).concat();
    let project =
        Project::with_gates(&format!("version = 1\nmode = 'production'\n[defaults]\njobs = 8\n{gates}"));
    fs::create_dir(project.bin().join("tmp")).unwrap();
    project
}

fn start(project: &Project) -> Child {
    let mut command = project.command(&["run", "--quiet"]);
    command.env("TMPDIR", project.bin().join("tmp"));
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
}

/// The processes that work in this folder; the dead do not.
fn living_in(folder: &Path) -> Vec<PathBuf> {
    let pids = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    pids.filter(|pid| fs::read_link(pid.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))).collect()
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

fn is_whole(file: &Path) -> bool {
    let text = fs::read_to_string(file).unwrap();
    let name = file.file_name().unwrap().to_string_lossy();
    match name.rsplit_once('.') {
        Some((_, "json")) => serde_json::from_str::<serde_json::Value>(&text).is_ok(),
        Some((_, "xml")) => text.trim_end().ends_with("</testsuites>"),
        _ => !name.starts_with('.') || name == ".portcullis-files" || name == ".gitignore",
    }
}

#[test]
fn a_run_that_is_killed_leaves_nobody_alive_no_half_file_and_no_pass() {
    let project = project();
    let begun = Instant::now();
    start(&project).wait().unwrap();
    let length = begun.elapsed();
    let out = project.root().join("gates-report");

    for moment in 0..MOMENTS {
        // The record of an earlier run, which passed.
        let _ = fs::remove_dir_all(&out);
        let _ = fs::remove_file(project.root().join("started"));
        project.write("gates-report/run.json", r#"{"verdict": "pass"}"#);
        project.write("gates-report/.portcullis-files", "run.json\n");

        let mut child = start(&project);
        std::thread::sleep(length * moment / MOMENTS);
        child.kill().unwrap();
        child.wait().unwrap();

        let all_gone = eventually(|| living_in(&project.root()).is_empty());
        assert!(all_gone, "moment {moment}: {:?} live on", living_in(&project.root()));
        for file in files_in(&out) {
            assert!(is_whole(&file), "moment {moment}: half of {}", file.display());
        }
        if project.root().join("started").exists()
            && let Ok(record) = fs::read_to_string(out.join("run.json"))
        {
            assert!(!record.contains("\"pass\""), "moment {moment}: {record}");
        }
    }

    // The next run clears away what the killed one left.
    start(&project).wait().unwrap();
    assert_eq!(files_in(&project.bin().join("tmp")), Vec::<PathBuf>::new());
    assert_eq!(fs::read_dir(project.bin().join("tmp")).unwrap().count(), 0);
}

#[test]
fn what_a_gate_leaves_behind_ends_with_it_and_the_gates_beside_it_live() {
    let project = Project::with_gates(
        "version = 1\n\
         [[gate]]\nid = 'leaves'\ntool = 'command'\n\
         run = ['sh', '-c', 'setsid sleep 3600 & echo $! > daemon; sleep 0.1']\n\
         [[gate]]\nid = 'beside'\ntool = 'command'\n\
         run = ['sh', '-c', '''setsid sh -c \"sleep 1; touch done\" & while [ ! -e done ]; do sleep 0.05; done''']\n",
    );
    let ran = project.run(&["run", "--jobs", "2"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(project.gate("leaves")["outcome"], "passed", "{}", ran.all());
    assert_eq!(project.gate("beside")["outcome"], "passed", "{}", ran.all());
    let daemon = project.read("daemon");
    assert!(!Path::new("/proc").join(daemon.trim()).join("fd").join("0").exists());
}

#[test]
fn a_gate_that_kills_the_process_which_starts_programs_changes_nothing_for_the_others() {
    // The parent of a program is its keeper, and the keeper's is the starter.
    let kills = "kill -9 $(cut -d' ' -f4 /proc/$PPID/stat)";
    let gate = |id: &str, needs: &str, shell: &str| {
        format!(
            "[[gate]]\nid = '{id}'\ntool = 'command'\nneeds = [{needs}]\nrun = ['sh', '-c', \"{shell}\"]\n"
        )
    };
    let project = Project::with_gates(&format!(
        "version = 1\n{}{}{}",
        gate("kills", "", kills),
        gate("beside", "", "sleep 0.3; touch beside-done"),
        gate("later", "'kills'", "touch later-done"),
    ));
    let ran = project.run(&["run", "--jobs", "2"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    for gate in ["kills", "beside", "later"] {
        assert_eq!(project.gate(gate)["outcome"], "passed", "{gate}: {}", ran.all());
    }
    assert!(project.root().join("beside-done").exists() && project.root().join("later-done").exists());
    assert!(eventually(|| living_in(&project.root()).is_empty()), "{:?}", living_in(&project.root()));
}

#[test]
fn what_a_gate_started_that_has_killed_its_keeper_ends_too() {
    // The first of them before the keeper can say which group its program leads.
    let kills = ["kill -9 $PPID; ", "setsid sleep 3600 & sleep 0.2; kill -9 $PPID; ", "(kill -9 $PPID) & "];
    let gates = kills.iter().enumerate().map(|(n, kills)| {
        let leaves = "setsid sh -c 'sleep 3600 & sleep 3600' & env -i setsid sleep 3600 & sleep 3600";
        format!("[[gate]]\nid = 'g{n}'\ntool = 'command'\nrun = ['sh', '-c', \"{kills}{leaves}\"]\n")
    });
    let project = Project::with_gates(&format!("version = 1\n{}", gates.collect::<String>()));
    for _ in 0..5 {
        let ran = project.run(&["run", "--mode", "production"]);
        assert_eq!(ran.code, 3, "{}", ran.all());
        for gate in ["g0", "g1", "g2"] {
            assert_eq!(project.gate(gate)["outcome"], "inconclusive", "{gate}: {}", ran.all());
        }
        assert!(eventually(|| living_in(&project.root()).is_empty()), "{:?}", living_in(&project.root()));
    }
}
