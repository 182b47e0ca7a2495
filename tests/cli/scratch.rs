//! The temporary folder of a run: for this user only, and gone after the run.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{Project, Ran, eventually};

/// The second gate lists the mode of the run's folder, and the files in it that others may use.
const GATES: &str = "version = 1
[[gate]]
id = 'scan'
tool = 'trivy'
scan = 'fs'
[[gate]]
id = 'look'
tool = 'command'
run = ['sh', '-c', '''for run in \"$TMPDIR\"/portcullis-*; do stat -c %a \"$run\"; find \"$run\" -type f -perm /077; find \"$run\" -type f -perm 600 -path '*/scan/*' -printf '%f\\n' | sort; done >../seen''']
";

/// A scanner with a umask of its own. What it found does not matter here.
const TRIVY: &str = r#"
umask 000
while [ $# -gt 0 ]; do
    test "$1" = --output && echo '{}' >"$2"
    shift
done
echo said
echo noted >&2
"#;

#[test]
fn other_users_may_read_nothing_of_a_run() {
    let project = Project::with_gates(GATES);
    project.program("trivy", TRIVY);
    let tmp = project.bin().join("tmp");
    fs::create_dir(&tmp).unwrap();
    let ran = Ran::to_end(project.command(&["run", "--jobs", "1"]).env("TMPDIR", &tmp));
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(project.gate("look")["outcome"], "passed", "{}", ran.all());
    let seen = project.read("../seen");
    let lines: Vec<&str> = seen.lines().collect();
    assert_eq!(lines[0], "700");
    for file in ["stderr", "stdout"] {
        assert!(lines.contains(&file), "{seen}");
    }
    assert!(lines.iter().any(|line| line.ends_with(".json")), "{seen}");
    assert!(!lines.iter().any(|line| line.starts_with('/')), "others may use {seen}");
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0, "the folder is still there");
}

#[test]
fn the_next_run_removes_what_a_killed_run_left() {
    let gates = "version = 1\n[[gate]]\nid = 'a'\ntool = 'command'\nrun = ['sh', '-c', 'touch started; exec sleep 3600']\n";
    let project = Project::with_gates(gates);
    let tmp = project.bin().join("tmp");
    fs::create_dir(&tmp).unwrap();
    let mut child = project.command(&["run", "--quiet"]).env("TMPDIR", &tmp).spawn().unwrap();
    assert!(eventually(|| project.root().join("started").exists()));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 1);
    project.write("gates.toml", gates.replace("exec sleep 3600", "true"));
    let ran = Ran::to_end(project.command(&["run"]).env("TMPDIR", &tmp));
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0);
}

/// Syft and Trivy unpack images into folders of their own, which they leave behind if they are killed.
#[test]
fn a_run_that_is_stopped_leaves_no_temporary_file_of_a_scanner_behind() {
    for (tool, options, signal) in
        [("syft", "", Signal::TERM), ("trivy", "scan = 'fs'\n", Signal::INT), ("syft", "", Signal::KILL)]
    {
        let project =
            Project::with_gates(&format!("version = 1\n[[gate]]\nid = 'a'\ntool = '{tool}'\n{options}"));
        let script = "case \"$*\" in *--version*) exit;; esac\nmktemp -d && touch started && exec sleep 3600";
        project.program(tool, script);
        let tmp = project.bin().join("tmp");
        fs::create_dir(&tmp).unwrap();
        let mut child = project.command(&["run", "--quiet"]).env("TMPDIR", &tmp).spawn().unwrap();
        assert!(eventually(|| project.root().join("started").exists()), "{tool}");
        kill_process(Pid::from_child(&child), signal).unwrap();
        child.wait().unwrap();
        if signal == Signal::KILL {
            project.program(tool, "exit 2");
            Ran::to_end(project.command(&["run"]).env("TMPDIR", &tmp));
        }
        assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0, "{tool} {signal:?}");
    }
}
