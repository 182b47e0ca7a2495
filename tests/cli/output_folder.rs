//! The output folder: what a run may remove, and what stops it before it removes anything.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::common::outputs::files;
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

/// Everything below a folder, except git's own.
fn names(project: &Project) -> Vec<String> {
    let all = files(&project.root()).into_iter().map(|path| path.display().to_string());
    let mut all: Vec<String> = all.filter(|path| !path.contains("/.git/")).collect();
    all.sort();
    all
}

#[test]
fn a_file_of_somebody_else_is_not_replaced() {
    for name in ["u/junit.xml", "u/run.json", "u/comment.md"] {
        let project = Project::with_gates(GATES);
        project.write(name, "mine");
        project.write("u/notes.txt", "mine");
        let before = names(&project);
        let ran = project.run(&["run", "--out", "u", "--format", "junit,markdown"]);
        refused_alone(&project, &ran, &format!("{name} is there, and no run of Portcullis wrote it"));
        assert!(ran.stderr.contains("move it away, or name another folder with --out"), "{}", ran.stderr);
        assert_eq!(names(&project), before, "something was left");
        assert_eq!(project.read(name), "mine");

        // Beside other files there is room, and its own files are replaced.
        fs::remove_file(project.root().join(name)).unwrap();
        for _ in 0..2 {
            let ran = project.run(&["run", "--out", "u", "--format", "junit,markdown"]);
            assert_eq!(ran.code, 0, "{}", ran.all());
        }
        assert_eq!(project.read("u/notes.txt"), "mine");
        fs::remove_file(project.root().join("ran")).unwrap();

        // So do the other commands that write.
        project.write("v/junit.xml", "mine");
        project.write("report.sarif", r#"{"version": "2.1.0", "runs": []}"#);
        for args in [
            &["judge", "--report", "sarif=report.sarif", "--out", "v"][..],
            &["judge", "--from", "u/run.json", "--out", "v"],
            &["report", "--from", "u/run.json", "--out", "v"],
        ] {
            let before = names(&project);
            refused_alone(&project, &project.run(args), "v/junit.xml is there");
            assert_eq!(names(&project), before, "{args:?}");
            assert_eq!(project.read("v/junit.xml"), "mine", "{args:?}");
        }
    }
}

#[test]
fn a_kept_file_does_not_replace_one_of_somebody_else() {
    let project = Project::with_gates(GATES);
    project.write("gates-report/logs/a/root/stdout.log", "mine");
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stderr.contains("stdout.log can't be written: it is there"), "{}", ran.stderr);
    assert_eq!(project.read("gates-report/logs/a/root/stdout.log"), "mine");
}

#[test]
fn a_run_that_fails_to_write_removes_no_report_of_somebody_else() {
    let project = Project::with_gates(GATES);
    project.write("gates-report/findings.csv", "mine");
    project.write("gates-report/logs/a/root/stdout.log", "mine");
    assert_eq!(project.run(&["run"]).code, 3);
    assert_eq!(project.read("gates-report/findings.csv"), "mine");
}

fn refused_alone(project: &Project, ran: &Ran, words: &str) {
    assert_eq!(ran.code, 2, "{words}: {}", ran.all());
    assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    assert!(!project.root().join("ran").exists(), "{words}: a gate was run");
}

#[test]
fn a_run_that_is_refused_leaves_nothing() {
    let project = Project::with_gates(GATES);
    project.git(&["init", "--quiet"]);
    project.write("docs/a.md", "mine");
    project.write("gone/by/hand.md", "mine");
    project.commit("start");
    fs::remove_dir_all(project.root().join("gone")).unwrap();
    let before = names(&project);
    for out in [".", "docs", "../repo", "gone/by", "gone"] {
        refused_alone(&project, &project.run(&["run", "--out", out]), "git tracks");
        assert_eq!(names(&project), before, "{out}");
    }
    assert!(!project.root().join("gone").exists(), "a folder was left");
}

#[test]
fn a_folder_of_git_is_refused() {
    let project = Project::with_gates(GATES);
    project.git(&["init", "--quiet"]);
    project.git(&["init", "--quiet", "--bare", "../store"]);
    symlink(".git", project.root().join("link")).unwrap();
    let config = project.read(".git/config");
    for out in [
        ".git",
        ".git/out",
        ".git/hooks/deep",
        "sub/.git/out",
        "../store",
        "../store/out",
        "link/out",
        ".GIT/out",
    ] {
        let ran = project.run(&["run", "--out", out]);
        refused_alone(&project, &ran, "is in a folder of git itself");
        let ran = project.run(&["judge", "--report", "sarif=none", "--out", out]);
        assert!(ran.code == 2 && ran.stderr.contains("is in a folder of git itself"), "{out}: {}", ran.all());
    }
    assert_eq!(project.read(".git/config"), config);
    for left in [".git/out", ".git/.portcullis-files", ".git/.gitignore", "sub", "../store/out", ".GIT"] {
        assert!(!project.root().join(left).exists(), "{left}");
    }
}

#[test]
fn a_folder_that_a_run_creates_is_ignored_by_git() {
    let project = Project::with_gates(GATES);
    project.git(&["init", "--quiet"]);
    project.write(".gitignore", "ran\n");
    project.write("theirs/notes.txt", "mine");
    project.commit("start");
    project.write("report.sarif", r#"{"version": "2.1.0", "runs": []}"#);
    project.run(&["run", "--out", "build/gates"]);
    project.run(&["judge", "--report", "sarif=report.sarif", "--out", "judged"]);
    project.run(&["report", "--from", "build/gates/run.json", "--out", "again"]);
    fs::remove_file(project.root().join("report.sarif")).unwrap();
    for folder in ["build/gates", "judged", "again"] {
        assert_eq!(project.read(&format!("{folder}/.gitignore")), "*\n", "{folder}");
    }
    assert_eq!(project.git(&["status", "--porcelain"]), "");
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
