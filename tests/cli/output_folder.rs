//! The output folder: what a run may remove, and what stops it before it removes anything.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::common::{Project, Ran};

const GATES: &str =
    "version = 1\n[[gate]]\nid = 'a'\ntool = 'command'\nrun = ['sh', '-c', 'echo said; touch ran']\n";

/// A repository with a run behind it, and a file outside it that nobody may touch.
fn with_a_run() -> Project {
    let project = Project::with_gates(GATES);
    project.git(&["init", "--quiet"]);
    project.write("../outside/logs/a/root/stdout.log", "mine");
    project.write("../outside/run.json", "mine");
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    fs::remove_file(project.root().join("ran")).unwrap();
    project
}

/// The run stops before it removes or runs anything, and names the place.
fn refused(project: &Project, ran: &Ran, words: &str) {
    assert_eq!(ran.code, 2, "{words}: {}", ran.all());
    assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    assert!(!project.root().join("ran").exists(), "{words}: a gate was run");
    for file in ["../outside/logs/a/root/stdout.log", "../outside/run.json"] {
        assert_eq!(project.read(file), "mine", "{words}");
    }
}

fn replace_by_link(place: &Path, to: &Path) {
    match place.is_dir() && !place.is_symlink() {
        true => fs::rename(place, place.with_extension("before")).unwrap(),
        false => fs::remove_file(place).unwrap(),
    }
    symlink(to, place).unwrap();
}

#[test]
fn a_link_in_the_folder_stops_the_run() {
    for (place, to) in [
        ("gates-report", "../outside"),
        ("gates-report/logs", "../../outside/logs"),
        ("gates-report/logs/a", "../../../outside/logs/a"),
        ("gates-report/run.json", "../../outside/run.json"),
        ("gates-report/.portcullis-files", "../../outside/run.json"),
        ("gates-report/.gitignore", "../../outside/run.json"),
    ] {
        let project = with_a_run();
        replace_by_link(&project.root().join(place), Path::new(to));
        let ran = project.run(&["run"]);
        refused(&project, &ran, &format!("{} is a link", place.rsplit_once('/').map_or("it", |_| place)));
        assert!(project.root().join(place).is_symlink(), "{place}");
        assert!(project.root().join("gates-report/logs").exists(), "{place}: something was removed");
    }
    // The folder itself lies behind a link that a commit brought along.
    let project = with_a_run();
    symlink("../outside", project.root().join("build")).unwrap();
    let ran = project.run(&["run", "--out", "build/gates"]);
    refused(&project, &ran, "build: it is a link");
    assert!(!project.root().join("../outside/gates").exists());
}

#[test]
fn a_fifo_or_a_socket_in_the_folder_stops_the_run_and_nobody_waits_for_it() {
    for place in
        ["gates-report/logs/a/root/stdout.log", "gates-report/.portcullis-files", "gates-report/mine"]
    {
        let project = with_a_run();
        let path = project.root().join(place);
        let _ = fs::remove_file(&path);
        mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
        refused(&project, &project.run(&["run"]), &format!("{place} is a FIFO"));
        assert!(project.root().join("gates-report/run.json").exists());
    }
    let project = with_a_run();
    let _socket = UnixListener::bind(project.root().join("gates-report/talk")).unwrap();
    refused(&project, &project.run(&["run"]), "gates-report/talk is a socket");
}

#[test]
fn what_git_tracks_in_the_folder_stops_the_run() {
    for place in ["gates-report/run.json", "gates-report/.portcullis-files", "gates-report/notes.md"] {
        let project = with_a_run();
        if place.ends_with("notes.md") {
            project.write(place, "mine");
        }
        project.git(&["add", "--force", place]);
        let before = fs::read(project.root().join(place)).unwrap();
        refused(&project, &project.run(&["run"]), &format!("git tracks {place}"));
        assert_eq!(fs::read(project.root().join(place)).unwrap(), before);
        assert!(project.root().join("gates-report/junit.xml").exists(), "{place}: something was removed");
    }
}

#[test]
fn a_repository_in_the_folder_does_not_hide_what_the_outer_one_tracks() {
    let project = with_a_run();
    project.git(&["add", "--force", "gates-report/run.json"]);
    project.git(&["init", "--quiet", "gates-report"]);
    refused(&project, &project.run(&["run"]), "git tracks gates-report/run.json");

    // This .git is not a repository: git gives no answer.
    let project = with_a_run();
    project.write("gates-report/.git", "nothing");
    refused(&project, &project.run(&["run"]), "git does not say which files of gates-report it tracks");
}

#[test]
fn a_list_of_files_that_a_commit_brings_removes_nothing() {
    let project = Project::with_gates(GATES);
    project.git(&["init", "--quiet"]);
    project.write("../outside/logs/a/root/stdout.log", "mine");
    project.write("../outside/run.json", "mine");
    project.write("gates-report/notes.md", "mine");
    project.write("gates-report/.portcullis-files", "notes.md\n../outside/run.json\n/etc/hostname\n");
    project.commit("with a list");
    refused(&project, &project.run(&["run"]), "git tracks gates-report/");
    assert_eq!(project.read("gates-report/notes.md"), "mine");

    // Untracked, it still names nothing outside.
    project.git(&["rm", "--quiet", "--cached", "-r", "gates-report"]);
    assert_eq!(project.run(&["run"]).code, 0);
    assert_eq!(project.read("../outside/run.json"), "mine");
    assert!(Path::new("/etc/hostname").exists());
}

#[test]
fn a_list_with_a_second_name_elsewhere_or_of_another_user_is_not_trusted() {
    let project = with_a_run();
    let list = project.root().join("gates-report/.portcullis-files");
    fs::remove_file(&list).unwrap();
    fs::hard_link(project.root().join("../outside/run.json"), &list).unwrap();
    refused(&project, &project.run(&["run"]), ".portcullis-files was not written by a run of this user");

    // Only root can give a file away.
    if rustix::process::geteuid().is_root() {
        let project = with_a_run();
        std::os::unix::fs::chown(project.root().join("gates-report/.portcullis-files"), Some(4321), None)
            .unwrap();
        refused(&project, &project.run(&["run"]), ".portcullis-files was not written by a run of this user");
        assert!(project.root().join("gates-report/run.json").exists());
    }
}

#[test]
fn a_report_written_beside_a_saved_run_does_not_replace_what_git_tracks() {
    let project = with_a_run();
    fs::create_dir(project.root().join("saved")).unwrap();
    fs::copy(project.root().join("gates-report/run.json"), project.root().join("saved/run.json")).unwrap();
    project.write("saved/findings.csv", "mine");
    project.git(&["add", "saved"]);
    let ran = project.run(&["report", "--from", "saved/run.json", "--format", "csv"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(
        ran.stderr.contains("saved/findings.csv can't be written") && ran.stderr.contains("git tracks it"),
        "{}",
        ran.stderr
    );
    assert_eq!(project.read("saved/findings.csv"), "mine");
    assert_eq!(project.run(&["report", "--from", "saved/run.json", "--format", "jsonl"]).code, 0);
}

#[test]
fn git_ignores_the_folder_after_every_run() {
    let project = Project::with_gates(GATES);
    project.git(&["init", "--quiet"]);
    project.write(".gitignore", "ran\n");
    project.commit("start");
    // The user empties the folder, or only deletes the file.
    let actions: [&dyn Fn(); 4] = [
        &|| {},
        &|| {},
        &|| fs::remove_file(project.root().join("gates-report/.gitignore")).unwrap(),
        &|| {
            fs::remove_dir_all(project.root().join("gates-report")).unwrap();
            fs::create_dir(project.root().join("gates-report")).unwrap();
        },
    ];
    for (round, action) in actions.iter().enumerate() {
        if round > 0 {
            action();
        }
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 0, "{round}: {}", ran.all());
        assert_eq!(project.read("gates-report/.gitignore"), "*\n", "{round}");
        project.git(&["add", "--all"]);
        assert_eq!(project.git(&["status", "--porcelain"]), "", "{round}");
    }
}
