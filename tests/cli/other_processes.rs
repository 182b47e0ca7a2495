//! What other processes of the same user can learn about a run.

#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "tests start the binary")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::common::Project;

/// Notes who can be asked for its environment: the gate itself, its keeper, and the run.
const ASK: &str = r#"
ask() { tr '\0' '\n' <"/proc/$2/environ" 2>/dev/null | grep -q ^MARK= && echo "$1" >>asked; }
ask gate $$
ask keeper $PPID
ask run "$(cut -d ' ' -f 4 /proc/$PPID/stat)"
test "$(cat /proc/$PPID/comm)" = portcullis
"#;

/// A user without rights.
const NOBODY: u32 = 65534;

#[test]
fn the_environment_of_a_run_is_closed_to_other_processes_of_the_user() {
    let gates =
        format!("version = 1\n[[gate]]\nid = 'ask'\ntool = 'command'\nrun = ['sh', '-c', '''{ASK}''']\n");
    let project = Project::with_gates(&gates);
    let program = project.root().join("portcullis");
    // A file that this process has written can't be started while another thread starts a program: it may have inherited it.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_portcullis")).arg(&program).status().unwrap();
    assert!(copied.success());
    let mut command = Command::new(&program);
    // root may read everything.
    if rustix::process::getuid().is_root() {
        for folder in [project.root().parent().unwrap(), &project.root(), &project.bin()] {
            chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        command.uid(NOBODY).gid(NOBODY);
    }
    let output =
        command.args(["run", "--quiet"]).current_dir(project.root()).env("MARK", "x").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(project.read("asked"), "gate\n");
}
