//! What GitHub Actions gets: annotations in the log, and the summary of the step.

use std::fs;

use crate::common::reports::{judged, sarif_log};
use crate::common::{CI_SERVICES, Project, Ran};

/// A project with this many findings that block, and as many that do not.
fn project(mode: &str, findings: usize) -> Project {
    let project = Project::with_gates(&format!(
        "version = 1\nmode = '{mode}'\n[[gate]]\nid = 'lint'\ntool = 'command'\nrun = ['true']\n\
         report = {{ format = 'sarif', path = 'a.sarif' }}\n[[gate]]\nid = 'gone'\ntool = 'command'\nrun = ['no-such-program']\n"
    ));
    let level = |n: usize| if n < findings { "error" } else { "warning" };
    let log = sarif_log(
        (0..2 * findings).map(|n| (format!("r,{n}:x"), level(n), format!("50% of {n}\\n::error::injected"))),
    );
    project.write("gates.toml", project.read("gates.toml").replace("'true'", "'cp', 'in.sarif', 'a.sarif'"));
    project.write("in.sarif", log);
    project
}

fn on_github(project: &Project, summary: &str) -> Ran {
    let mut command = project.command(&["run", "--format", "github"]);
    for name in CI_SERVICES {
        command.env_remove(name);
    }
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", project.root().join(summary));
    Ran::of(command.output().unwrap())
}

/// The commands that GitHub's runner sees in a log: lines that begin with `::`.
fn commands<'a>(ran: &'a Ran, level: &str) -> Vec<&'a str> {
    let start = format!("::{level} ");
    ran.stdout.lines().map(str::trim_start).filter(|line| line.starts_with(&start)).collect()
}

#[test]
fn ten_errors_and_ten_warnings_are_annotated_and_the_rest_counted() {
    let ran = on_github(&project("production", 30), "summary.md");
    assert_eq!(ran.code, 3, "{}", ran.all());
    let (errors, warnings) = (commands(&ran, "error"), commands(&ran, "warning"));
    assert_eq!((errors.len(), warnings.len()), (10, 10), "{}", ran.stdout);
    assert!(
        errors[0].starts_with("::error title=gone%3A inconclusive::no-such-program is not installed"),
        "{errors:#?}"
    );
    let notices = commands(&ran, "notice");
    assert_eq!(notices.len(), 1);
    assert!(notices[0].contains("41 findings not annotated"), "{notices:#?}");
    let all = ran.stdout.lines().filter(|line| line.trim_start().starts_with("::")).count();
    assert_eq!(all, 21, "no other command: {}", ran.stdout);
}

#[test]
fn the_text_of_an_annotation_cannot_end_it() {
    let ran = on_github(&project("production", 1), "summary.md");
    let error = commands(&ran, "error")[1];
    assert_eq!(error, "::error title=high lint%3A r%2C0%3Ax::50%25 of 0%0A50%25 of 0%0A: :error::injected");
}

#[test]
fn lab_mode_warns() {
    let ran = on_github(&project("lab", 3), "summary.md");
    assert_eq!(ran.code, 0);
    assert_eq!((commands(&ran, "error").len(), commands(&ran, "warning").len()), (0, 7), "{}", ran.stdout);
}

#[test]
fn elsewhere_nothing_is_printed_for_github() {
    let project = project("production", 3);
    let mut command = project.command(&["run", "--format", "github"]);
    for name in CI_SERVICES {
        command.env_remove(name);
    }
    let ran =
        Ran::of(command.env("GITHUB_STEP_SUMMARY", project.root().join("summary.md")).output().unwrap());
    assert!(!ran.stdout.lines().any(|line| line.trim_start().starts_with("::")), "{}", ran.stdout);
    assert!(!project.root().join("summary.md").exists());
}

#[test]
fn the_summary_is_appended_within_the_limit_of_github() {
    let project = project("production", 2_000);
    project.write("summary.md", "# Of another command\n");
    on_github(&project, "summary.md");
    let summary = project.read("summary.md");
    assert!(summary.starts_with("# Of another command\n<!-- portcullis"), "{}", &summary[..200]);
    assert!(
        summary.contains("2000 findings, the 200 worst") && summary.contains("1800 findings more"),
        "{summary}"
    );
    assert!(summary.len() < 1 << 20);

    for taken in [(1 << 20) - 30_000, (1 << 20) - 10] {
        project.write("summary.md", "x".repeat(taken));
        on_github(&project, "summary.md");
        let length = project.read("summary.md").len();
        assert!((taken..1 << 20).contains(&length), "{taken}: {length}");
    }
}

#[test]
fn a_summary_that_cannot_be_written_is_reported_before_anything_runs() {
    let project = project("lab", 1);
    fs::create_dir(project.root().join("folder")).unwrap();
    let ran = on_github(&project, "folder");
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("summary") && !project.root().join("a.sarif").exists(), "{}", ran.all());
}

#[test]
fn asking_for_annotations_outside_github_explains_why_there_are_none() {
    let (project, _) = judged("production", "json");
    let mut command = project.command(&["report", "--from", "gates-report/run.json", "--format", "github"]);
    let ran = Ran::of(command.env_remove("GITHUB_ACTIONS").output().unwrap());
    assert_eq!((ran.code, &*ran.stdout), (0, ""), "{}", ran.all());
    assert!(ran.stderr.contains("GITHUB_ACTIONS is not set"), "{}", ran.stderr);
}
