use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use super::*;

use crate::inputs::Inputs;
use crate::model::finding::Category;
use crate::model::severity::Severity;
use crate::scan::job::Planned;
use crate::scan::raw_report::Document;
use crate::system::git::Repo;
use crate::tools::testing::{handed_in, line, mistakes, origin, tool};

const TEMPLATE: &str = "AWSTemplateFormatVersion: 2010-09-09\nResources: {}\n";

/// A project with these files.
fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn plan(options: &str, root: &Path) -> Result<Vec<Job>, Unplanned> {
    let repo = Repo { root: root.to_owned(), base: root.to_owned(), ..Repo::default() };
    tool(&SPEC, options).plan(&Scene {
        repo: &repo,
        gate: "gate",
        since: None,
        built: &[],
        inputs: &Inputs::outside_git(root),
    })
}

/// The templates that the jobs pass to cfn-lint.
fn linted_by(options: &str, root: &Path) -> Vec<String> {
    let jobs = plan(options, root).unwrap();
    let behind =
        jobs.iter().flat_map(|job| job.invocation.args.iter().skip_while(|arg| *arg != "--").skip(1));
    behind.cloned().collect()
}

const MATCH: &str = r#"{"Filename": "a.yaml", "Level": "Error", "Message": "wrong", "ParentId": null,
    "Location": {"Start": {"LineNumber": 2, "ColumnNumber": 3}, "End": {"LineNumber": 2, "ColumnNumber": 9}, "Path": ["Resources", "Queue", 0]},
    "Rule": {"Id": "E3006", "Description": "why", "ShortDescription": "short", "Source": "https://rule"}}"#;

static PLANNED: LazyLock<Planned> =
    LazyLock::new(|| Planned { files: vec!["a.yaml".to_owned(), "b.yaml".to_owned()], ..Planned::default() });

/// A run over a.yaml and b.yaml with this log.
fn run<'a>(report: &'a str, exit: i32, log: &'a str) -> RawReport<'a> {
    let report = Document { name: "cfn-lint.json".to_owned(), bytes: Cow::Borrowed(report.as_bytes()) };
    RawReport {
        exit: Some(exit),
        documents: vec![report],
        planned: Some(&PLANNED),
        stderr: Cow::Borrowed(log.as_bytes()),
        ..RawReport::default()
    }
}

const LOG: &str = "2026-01-01 10:00:00,000 - cfnlint.runner.template.runner - INFO - Run scan of template a.yaml\n\
                   2026-01-01 10:00:00,100 - cfnlint.runner.template.runner - INFO - Run scan of template b.yaml\n";

fn parse(raw: &RawReport) -> Result<Parsed, ReportError> {
    tool(&SPEC, "").parse(raw, &origin())
}

#[test]
fn every_template_is_passed_by_name() {
    let project = project(&[
        ("stacks/b [1].yaml", TEMPLATE),
        ("stacks/-a.json", r#"{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}"#),
        ("hidden/.c.yml", TEMPLATE),
        ("docker-compose.yaml", "services: {}\n"),
        ("node_modules/x/t.yaml", TEMPLATE),
        ("cdk.out/t.template.json", TEMPLATE),
        (".gitignore", "stacks\n"),
    ]);
    let jobs = plan("", project.path()).unwrap();
    assert_eq!(
        line(&jobs[0]),
        "--format json --output-file $SCRATCH/gate/root/cfn-lint.json --non-zero-exit-code informational --info \
         -- hidden/.c.yml stacks/-a.json stacks/b [[]1].yaml"
    );
    assert_eq!(jobs[0].planned.files, ["hidden/.c.yml", "stacks/-a.json", "stacks/b [1].yaml"]);
}

#[test]
fn files_are_names_patterns_and_folders() {
    let project = project(&[
        ("a.yaml", "no template"),
        ("stacks/b.yaml", TEMPLATE),
        ("stacks/c.txt", TEMPLATE),
        ("stacks/deep/d.yaml", "no template"),
        ("s[1].yaml", TEMPLATE),
    ]);
    let of = |files: &str| linted_by(&format!("files = {files}"), project.path());
    assert_eq!(of("['a.yaml']"), ["a.yaml"]);
    assert_eq!(of("['stacks/*.yaml', './a.yaml']"), ["a.yaml", "stacks/b.yaml"]);
    assert_eq!(of("['**/*.yaml', '!stacks/**']"), ["a.yaml", "s[[]1].yaml"]);
    assert_eq!(of("['stacks']"), ["stacks/b.yaml"]);
    assert_eq!(of("['!stacks/**']"), ["s[[]1].yaml"]);
    assert_eq!(of("['s[1].yaml']"), ["s[[]1].yaml"]);
    assert_eq!(linted_by("dirs = ['stacks']\nfiles = ['*.txt']", project.path()), ["c.txt"]);
    assert_eq!(mistakes(&SPEC, "files = ['a[']").len(), 1);
}

#[test]
fn without_a_template_there_is_nothing_to_do_unless_files_names_some() {
    let project = project(&[("a.yaml", "no template"), ("t/b.yaml", TEMPLATE)]);
    fs::create_dir(project.path().join("empty")).unwrap();
    let plan = |options| plan(options, project.path());
    assert!(matches!(plan("dirs = ['empty']"), Err(Unplanned::NothingToDo(_))));
    assert!(matches!(plan("files = ['*.json']"), Err(Unplanned::Impossible(_))));
    assert_eq!(plan("dirs = ['empty', 't']").unwrap().len(), 1);
    // The runner reports that the folder does not exist.
    assert_eq!(plan("dirs = ['gone']").unwrap().len(), 1);
}

#[test]
fn templates_with_cfn_lint_metadata_and_its_configuration_are_declared() {
    let project = project(&[
        ("a.yaml", TEMPLATE),
        ("b.yaml", &format!("{TEMPLATE}Metadata: {{cfn-lint: {{config: {{ignore_checks: [E]}}}}}}\n")),
    ]);
    let jobs = plan("", project.path()).unwrap();
    let read: Vec<_> = jobs[0].config_files.iter().map(|file| file.path.file_name().unwrap()).collect();
    assert_eq!(read, [".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml", "b.yaml"]);
}

#[test]
fn it_reads_the_first_configuration_of_the_base_or_none() {
    let project = project(&[("a.yaml", TEMPLATE)]);
    for (copies, named) in [
        (vec![None, None], "/dev/null"),
        (vec![None, Some("two")], "two"),
        (vec![Some("one"), Some("two")], "one"),
        (vec![Some("one"), None], "one"),
    ] {
        let mut job = plan("", project.path()).unwrap().remove(0);
        copies.into_iter().for_each(|copy| take(&mut job, copy).unwrap());
        assert!(line(&job).starts_with(&format!("--config-file {named} --format json")), "{}", line(&job));
    }
}

#[test]
fn codes_are_sums_of_the_levels() {
    let tool = tool(&SPEC, "");
    assert_eq!(tool.exit(0), Exit::Clean);
    for code in [2, 4, 6, 8, 10, 12, 14] {
        assert_eq!(tool.exit(code), Exit::Findings);
    }
    for code in [1, 3, 16, 32, 127] {
        assert!(matches!(tool.exit(code), Exit::Fault(_)), "{code}");
    }
}

#[test]
fn a_match_is_a_finding_with_its_place_and_resource() {
    let parsed = parse(&handed_in(&format!("[{MATCH}]"))).unwrap();
    let finding = &parsed.findings[0];
    assert_eq!((&*finding.rule, &*finding.title, &*finding.message), ("E3006", "wrong", "why"));
    assert_eq!((finding.severity, finding.category), (Severity::High, Category::Misconfiguration));
    assert_eq!(finding.location.as_ref().unwrap().to_string(), "a.yaml:2");
    assert_eq!(finding.resource.as_deref(), Some("Queue"));
    assert_eq!(&*finding.references[0], "https://rule");
    for (level, severity) in
        [("Warning", Severity::Medium), ("Informational", Severity::Info), ("Catastrophe", Severity::Unknown)]
    {
        let report = format!("[{}]", MATCH.replace("\"Error\"", &format!("\"{level}\"")));
        assert_eq!(parse(&handed_in(&report)).unwrap().findings[0].severity, severity);
    }
}

#[test]
fn a_template_that_was_not_linted_is_a_gap() {
    let whole = parse(&run("[]", 0, LOG)).unwrap();
    assert_eq!((whole.scope.get(Unit::Files), whole.gaps.len()), (Some(2), 0));
    let first = LOG.lines().next().unwrap();
    assert_eq!(
        parse(&run("[]", 0, first)).unwrap().not_read,
        [("b.yaml".into(), "it was not linted: does its configuration leave it out?".into())]
    );
    assert_eq!(parse(&run("[]", 0, "")).unwrap().not_read.len(), 2);
}

#[test]
fn what_it_could_not_read_is_a_gap_and_a_match_without_a_template_is_not_a_finding() {
    let of =
        |id: &str, file: &str| MATCH.replace("\"E3006\"", &format!("\"{id}\"")).replace("\"a.yaml\"", file);
    for (id, file, findings) in [
        ("E0000", "\"a.yaml\"", 1),
        ("E0001", "\"a.yaml\"", 1),
        ("E0002", "\"a.yaml\"", 0),
        ("E0003", "null", 0),
        ("E1001", "null", 0),
    ] {
        let parsed = parse(&run(&format!("[{}]", of(id, file)), 2, LOG)).unwrap();
        let gaps = parsed.gaps.len() + parsed.not_read.len();
        assert_eq!((parsed.findings.len(), gaps), (findings, 1), "{id}: {:?}", parsed.gaps);
    }
    // A file that does not parse is not also reported as left out.
    let unread = format!("[{}]", of("E0000", "\"a.yaml\""));
    let parsed = parse(&run(&unread, 2, LOG.lines().last().unwrap())).unwrap();
    assert_eq!(parsed.not_read, [("a.yaml".into(), "it can't be linted: wrong".into())]);
}

#[test]
fn a_code_that_does_not_fit_the_levels_is_a_gap() {
    for (exit, gaps) in [(2, 0), (6, 1), (4, 1), (14, 1)] {
        let parsed = parse(&run(&format!("[{MATCH}]"), exit, LOG)).unwrap();
        assert_eq!(parsed.gaps.len(), gaps, "{exit}: {:?}", parsed.gaps);
    }
    // For an unknown level the code is unknown too.
    let unknown = format!("[{}]", MATCH.replace("\"Error\"", "\"Catastrophe\""));
    assert_eq!(parse(&run(&unknown, 2, LOG)).unwrap().gaps.len(), 0);
}

#[test]
fn the_error_line_says_what_went_wrong() {
    let error_line = |stderr: &str, stdout: &str| {
        let raw = RawReport {
            stderr: stderr.as_bytes().to_owned().into(),
            stdout: stdout.as_bytes().to_owned().into(),
            ..RawReport::default()
        };
        tool(&SPEC, "").error_line(&raw)
    };
    let usage = "usage: \n  -h\ncfn-lint: error: unrecognized arguments: --bogus\n";
    assert_eq!(error_line(usage, "").unwrap(), "cfn-lint: error: unrecognized arguments: --bogus");
    assert_eq!(
        error_line(&format!("t - cfnlint - ERROR - rules are broken\n{LOG}"), "").unwrap(),
        "rules are broken"
    );
    assert_eq!(error_line(LOG, "Invalid configuration key 'x'\n").unwrap(), "Invalid configuration key 'x'");
    let crash = "2026-11-21 06:20:16,988 - cfnlint.runner.template.runner - INFO - Run scan of template a/t.yaml\n\
                 Traceback (most recent call last):\n  File \"x.py\", line 1, in <module>\n    a[b]\n\
                 TypeError: unhashable type: 'dict_node'\n";
    assert_eq!(error_line(crash, "").unwrap(), "TypeError: unhashable type: 'dict_node' (at a/t.yaml)");
    assert_eq!(error_line(LOG, ""), None);
}
