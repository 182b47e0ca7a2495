//! Which reports are written, when, and where.

use std::fs;

use crate::common::reports::{ALL, judged, written};
use crate::common::{Project, Ran};

const GATES: &str =
    "version = 1\n[[gate]]\nid = 'check'\ntool = 'command'\nrun = ['sh', '-c', 'touch ran; exit 1']\n";

/// The files that the last run wrote, in that order, without logs and hidden files.
fn listed(project: &Project) -> Vec<String> {
    let manifest = project.read("gates-report/.portcullis-files");
    manifest.lines().filter(|name| !name.contains('/') && !name.starts_with('.')).map(str::to_owned).collect()
}

#[test]
fn an_unknown_format_is_reported_before_anything_runs() {
    for (gates, args, words) in [
        (GATES.to_owned(), vec!["run", "--format", "junit,yunit"], "yunit"),
        (
            format!("{GATES}[report]\nformats = ['sarif', 'pdf']\n"),
            vec!["run"],
            "`pdf` is not a report format",
        ),
        (
            format!("{GATES}[report.junit]\nlab = 'ignored'\n"),
            vec!["run"],
            "`ignored` is not a value of `lab`",
        ),
        (format!("{GATES}[report]\nformat = ['sarif']\n"), vec!["run"], "did you mean `formats`?"),
    ] {
        let project = Project::with_gates(&gates);
        let ran = project.run(&args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.all());
        assert!(ran.stderr.contains(words), "{}", ran.all());
        assert!(!project.root().join("ran").exists(), "a gate was run");
        if words.contains("pdf") || words.contains("yunit") {
            for known in ALL.split(',').chain(["github"]) {
                assert!(ran.stderr.contains(known), "{known}: {}", ran.all());
            }
        }
    }
}

#[test]
fn the_record_is_always_written_and_last() {
    let project = Project::with_gates(GATES);
    project.run(&["run"]);
    assert_eq!(listed(&project), ["junit.xml", "run.json"], "without a word: JUnit");

    project.write("gates.toml", format!("{GATES}[report]\nformats = ['json', 'csv', 'sarif', 'csv']\n"));
    let ran = project.run(&["run"]);
    assert_eq!(listed(&project), ["findings.csv", "portcullis.sarif", "run.json"]);
    assert!(!written(&project, "junit.xml").exists(), "of the last run");
    assert!(
        ran.stdout.contains(
            "Reports: gates-report/run.json, gates-report/findings.csv, gates-report/portcullis.sarif\n"
        ),
        "{}",
        ran.stdout
    );

    project.run(&["run", "--format", "jsonl"]);
    assert_eq!(listed(&project), ["findings.jsonl", "run.json"], "the command line has the last word");
    let mut command = project.command(&["run"]);
    command.env("PORTCULLIS_FORMAT", "markdown,junit").output().unwrap();
    assert_eq!(listed(&project), ["comment.md", "junit.xml", "run.json"]);

    project.write("gates.toml", format!("{GATES}[report]\nformats = []\n"));
    project.run(&["run"]);
    assert_eq!(listed(&project), ["run.json"]);
}

#[test]
fn reports_of_a_saved_run_equal_those_of_the_run() {
    let (project, _) = judged("production", ALL);
    let names = listed(&project);
    assert_eq!(names.len(), 16, "{names:?}");
    let record = project.read("gates-report/run.json");

    let ran = project.run(&["report", "--from", "gates-report/run.json", "--format", ALL, "--out", "later"]);
    assert_eq!((ran.code, &*ran.stdout), (0, ""), "{}", ran.all());
    for name in &names {
        let [first, later] =
            ["gates-report", "later"].map(|folder| project.read(&format!("{folder}/{name}")));
        assert!(first == later, "{name} is another one");
    }
    assert_eq!(project.read("gates-report/run.json"), record);
}

#[test]
fn later_reports_go_beside_the_record_and_are_removed_with_it() {
    let project = Project::with_gates(GATES);
    project.run(&["run"]);
    assert_eq!(project.run(&["report", "--from", "gates-report/run.json", "--format", "sarif,csv"]).code, 0);
    for name in ["run.json", "junit.xml", "portcullis.sarif", "findings.csv"] {
        assert!(written(&project, name).exists(), "{name}");
    }
    project.run(&["run"]);
    assert_eq!(listed(&project), ["junit.xml", "run.json"]);
    assert!(!written(&project, "portcullis.sarif").exists(), "of the last run");
}

#[test]
fn one_report_goes_to_a_file_of_any_name_or_to_standard_output() {
    let (project, _) = judged("lab", "csv,gitlab");
    let from = ["report", "--from", "gates-report/run.json"];
    let report = |args: &[&str]| project.run(&[&from, args].concat());

    let ran = report(&["--format", "csv", "-o", "mine/all.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let csv = project.read("gates-report/findings.csv");
    assert_eq!(project.read("mine/all.csv"), csv);
    let ran = report(&["--format", "csv", "-o", "-"]);
    assert_eq!((ran.code, ran.stdout), (0, csv));

    for (args, code) in [
        (["--format", "csv,junit", "-o", "-"], 2),
        (["--format", "gitlab", "-o", "-"], 2),
        (["--format", "github", "-o", "-"], 2),
        (["--format", "pdf", "-o", "-"], 2),
        (["--format", "csv", "--out", "gates.toml"], 2),
        (["--format", "csv", "-o", "gates.toml/all.csv"], 3),
    ] {
        let ran = report(&args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.all());
        assert!(!ran.stderr.is_empty() && ran.stdout.is_empty(), "{args:?}: {}", ran.all());
    }
    let ran = report(&["--format", "csv", "-o", "gates-report"]);
    assert!(ran.code == 2 && ran.stderr.contains("is a folder"), "{}", ran.all());
    for from in ["not-there.json", "gates.toml"] {
        let ran = project.run(&["report", "--from", from, "--format", "csv", "-o", "-"]);
        assert_eq!(ran.code, 2, "{}", ran.all());
    }
}

#[test]
fn judging_again_writes_reports_only_where_the_user_says() {
    let (project, _) = judged("lab", "json");
    let from = ["judge", "--from", "gates-report/run.json", "--format", "sarif"];
    let ran = project.run(&from);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("--out"), "{}", ran.all());
    assert_eq!(project.run(&[&from[..], &["--out", "again"]].concat()).code, 0);
    assert!(project.root().join("again/portcullis.sarif").exists());
    assert!(!project.root().join("again/junit.xml").exists());
}

#[test]
fn a_report_that_cannot_be_written_leaves_no_partial_file_and_is_an_error_in_both_modes() {
    for mode in ["lab", "production"] {
        let project = Project::with_gates(&format!("mode = '{mode}'\n{GATES}"));
        fs::create_dir_all(written(&project, "findings.csv/mine")).unwrap();
        let ran = project.run(&["run", "--format", "csv"]);
        assert_eq!(ran.code, 3, "{mode}: {}", ran.all());
        assert!(ran.stderr.contains("findings.csv"), "{}", ran.all());
        assert!(!written(&project, "run.json").exists(), "the record comes last");
    }
}

#[test]
fn a_report_goes_through_a_link_into_a_device_or_a_pipe_and_replaces_none_of_them() {
    let (project, _) = judged("lab", "csv");
    let csv = project.read("gates-report/findings.csv");
    let report = |to: &str| {
        let mut command =
            project.command(&["report", "--from", "gates-report/run.json", "--format", "csv", "-o", to]);
        Ran::of(command.output().unwrap())
    };
    project.write("elsewhere/mine.csv", "old");
    std::os::unix::fs::symlink("elsewhere/mine.csv", project.root().join("link.csv")).unwrap();
    assert_eq!(report("link.csv").code, 0);
    assert!(project.root().join("link.csv").is_symlink());
    assert_eq!(project.read("elsewhere/mine.csv"), csv);

    // A link of the test's own to the standard output, so that the test risks no link of the system.
    std::os::unix::fs::symlink("/proc/self/fd/1", project.root().join("stdout")).unwrap();
    let ran = report("stdout");
    assert_eq!((ran.code, ran.stdout), (0, csv.clone()));
    assert!(project.root().join("stdout").is_symlink());

    let pipe = project.root().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    assert_eq!(report("pipe").code, 0);
    assert_eq!(reader.join().unwrap(), csv);
    assert!(!fs::metadata(&pipe).unwrap().is_file());
}
