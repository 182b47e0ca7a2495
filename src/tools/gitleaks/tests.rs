use super::*;

use crate::redact::Secret;
use crate::scan::job::Planned;
use crate::scan::job_files::ReportSource;
use crate::scan::raw_report::Document;
use crate::system::git::Range;
use crate::tools::testing::{handed_in, line, mistakes, origin, plan, plan_in, repo, tool};

fn parsed(report: &str) -> Parsed {
    tool(&SPEC, "").parse(&handed_in(report), &origin()).unwrap()
}

fn log(text: &str) -> Log {
    Log::read(text)
}

#[test]
fn the_whole_history_is_scanned_by_default_at_the_top_of_the_work_tree() {
    let jobs = plan_in(&*tool(&SPEC, ""), &repo("service"), None);
    assert_eq!(jobs.len(), 1);
    assert_eq!(&*jobs[0].target, "history");
    assert_eq!(jobs[0].invocation.cwd, std::path::Path::new("/repo"));
    assert_eq!(
        line(&jobs[0]),
        "git --no-banner --no-color --report-format json \
         --report-path /dev/fd/1 --exit-code 77 --log-opts --full-history --diff-filter=d --text \
         --no-ext-diff --no-textconv --diff-merges=remerge --all --log-level trace ."
    );
    assert_eq!(jobs[0].files.reports, [ReportSource::Memory(HISTORY.to_owned())]);
}

#[test]
fn a_range_of_commits_narrows_the_history() {
    let range = Range { base: "aaa".into(), commits: vec!["aaa..bbb".into()], changed: Vec::new() };
    let jobs = plan(&*tool(&SPEC, ""), Some(&range));
    assert!(line(&jobs[0]).ends_with("--diff-merges=remerge aaa..bbb --log-level trace ."));
    assert_eq!(jobs[0].files.reports, [ReportSource::Memory(RANGE.to_owned())]);
}

#[test]
fn the_tree_is_scanned_directory_by_directory_from_the_folder_of_gates_toml() {
    let tool = tool(&SPEC, "scan = \"tree\"\ndirs = [\"backend\", \"frontend\"]\nconfig = \"ci/leaks.toml\"");
    let jobs = plan(&*tool, None);
    let targets: Vec<_> = jobs.iter().map(|job| &*job.target).collect();
    assert_eq!(targets, ["backend", "frontend"]);
    assert_eq!(jobs[1].invocation.cwd, std::path::Path::new("/repo"));
    assert!(line(&jobs[1]).starts_with("dir "));
    assert!(
        line(&jobs[1]).ends_with("--exit-code 77 --config /repo/ci/leaks.toml --log-level trace frontend")
    );
}

#[test]
fn mistakes_in_the_options_are_reported() {
    assert_eq!(mistakes(&SPEC, "scan = \"files\""), ["`files` is not a value of `scan`"]);
    assert_eq!(mistakes(&SPEC, "severity = \"bad\""), ["`bad` is not a value of `severity`"]);
    assert_eq!(mistakes(&SPEC, "dirs = [\"a\"]"), ["the history is scanned as a whole, not by `dirs`"]);
}

#[test]
fn the_code_of_leaks_is_not_that_of_errors() {
    let tool = tool(&SPEC, "");
    assert_eq!(tool.exit(0), Exit::Clean);
    assert_eq!(tool.exit(77), Exit::Findings);
    for fault in [1, 2, 126, 137] {
        assert!(matches!(tool.exit(fault), Exit::Fault(_)), "{fault}");
    }
}

#[test]
fn the_plaintext_of_an_unredacted_report_is_collected_and_kept_out_of_the_findings() {
    let value = ["hunter2", "-made-", "up"].concat();
    let report = format!(
        r#"[{{"RuleID":"r","File":"a","StartLine":1,"Match":"k = {value}","Secret":"{value}",
             "Line":"k = {value}","Message":"adds {value}","Author":"Jo","Email":"jo@example.test"}}]"#
    );
    let parsed = parsed(&report);
    assert_eq!(parsed.secrets, [Secret::reported(&value).unwrap()]);
    let everything = format!("{parsed:?}{}", serde_json::to_string(&parsed.findings).unwrap());
    for hidden in [&value, "jo@example.test", "Jo\""] {
        assert!(!everything.contains(hidden), "{everything}");
    }
}

#[test]
fn masked_and_very_short_values_are_not_secrets() {
    for value in ["REDACTED", "****", "abc", ""] {
        let report = format!(r#"[{{"rule":"r","file":"a","lineNumber":1,"offender":"{value}"}}]"#);
        assert_eq!(parsed(&report).secrets, [], "{value}");
    }
}

#[test]
fn an_element_without_its_required_keys_is_an_error() {
    for report in [r#"[{"RuleID":"r","File":"a"}]"#, r#"[{"File":"a","Secret":"s"}]"#, r#"[1]"#, "{}"] {
        let result = tool(&SPEC, "").parse(&handed_in(report), &origin());
        assert!(matches!(result, Err(ReportError::Foreign { .. })), "{report}: {result:?}");
    }
}

#[test]
fn the_log_shows_the_scope() {
    let read = log("9:37AM INF 3 commits scanned.\n9:37AM INF scanned ~4052701 bytes (4.05 MB) in 663ms\n");
    assert_eq!(read, Log { commits: Some(3), bytes: Some(4_052_701), gaps: Vec::new(), ..Log::default() });
    assert_eq!(log("no leaks found"), Log::default());
}

#[test]
fn what_could_not_be_read_is_a_gap() {
    for (line, gap) in [
        ("9:37AM ERR [git] fatal: bad object", true),
        ("9:37AM ERR skipping directory error=\"permission denied\" path=x", true),
        ("9:37AM WRN skipping file: permission denied path=x", true),
        ("9:37AM WRN partial scan completed in 894ms", true),
        ("\u{1b}[90m9:37AM\u{1b}[0m \u{1b}[31mERR\u{1b}[0m \u{1b}[1m[git] fatal: bad object\u{1b}[0m", true),
        ("9:37AM ERR error=\"stderr is not empty\"", false),
        ("9:37AM ERR skipping finding links: unable to parse remote URL", false),
        ("9:37AM WRN skipping file: too large max_size=1MB, size=4MB path=big.txt", false),
        ("9:37AM WRN leaks found: 2", false),
        ("9:37AM INF no leaks found", false),
    ] {
        assert_eq!(!log(line).gaps.is_empty(), gap, "{line}");
    }
    // An escape in a name does not hide the text after it.
    let two =
        "9:37AM WRN skipping file: permission denied path=\u{1b}[\n9:37AM ERR [git] fatal: bad object\n";
    assert_eq!(log(two).gaps.len(), 2);
}

#[test]
fn a_shallow_clone_leaves_a_gap_in_the_whole_history_only() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    std::fs::write(folder.path().join(".git/shallow"), "").unwrap();
    let origin =
        ReportOrigin { root: folder.path().into(), cwd: folder.path().into(), target: "history".into() };
    for (whole_history, gaps) in [(true, 1), (false, 0)] {
        let planned = Planned { whole_history, ..Planned::default() };
        let mut raw = handed_in("[]");
        raw.exit = Some(0);
        raw.planned = Some(&planned);
        raw.stderr = b"9:37AM INF 3 commits scanned.\n".into();
        assert_eq!(tool(&SPEC, "").parse(&raw, &origin).unwrap().gaps.len(), gaps, "{whole_history}");
    }
}

/// Its rules find nothing in such a file.
#[test]
fn files_in_utf_16_are_counted_in_a_history_and_in_a_range() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("a.txt", b"\xff\xfek\0"), ("b.txt", b"\xfe\xff\0k"), ("c.txt", b"text")] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    std::os::unix::fs::symlink("a.txt", folder.path().join("link")).unwrap();
    let origin =
        ReportOrigin { root: folder.path().into(), cwd: folder.path().into(), target: "history".into() };
    let changed = vec!["b.txt".to_owned(), "c.txt".to_owned()];
    for (tracked, changed, expected) in [
        (&b"a.txt\0b.txt\0c.txt\0gone\0link\0"[..], vec![], Some(2)),
        (b"", changed, Some(1)),
        (b"c.txt\0", vec![], None),
    ] {
        let planned = Planned { files: changed, ..Planned::default() };
        let mut raw = handed_in("[]");
        raw.exit = Some(0);
        raw.planned = Some(&planned);
        raw.stderr = b"9:37AM INF 3 commits scanned.\n".into();
        raw.answers = vec![Document { name: TRACKED.to_owned(), bytes: tracked.into() }];
        let parsed = tool(&SPEC, "").parse(&raw, &origin).unwrap();
        assert_eq!(parsed.unread.get("UTF-16").copied(), expected);
    }
}

#[test]
fn the_same_secret_in_several_commits_has_one_number() {
    let leak = |rule: &str, secret: &str, commit: &str| {
        format!(r#"{{"RuleID":"{rule}","File":"a","StartLine":1,"Secret":"{secret}","Commit":"{commit}"}}"#)
    };
    let report = [
        leak("key", "one", "c1"),
        leak("key", "two", "c1"),
        leak("key", "one", "c2"),
        leak("token", "one", "c2"),
        leak("key", "one", ""),
        leak("key", "three", ""),
        leak("key", "three", ""),
    ];
    let parsed = parsed(&format!("[{}]", report.join(",")));
    let same: Vec<Option<u32>> =
        parsed.findings.iter().map(|finding| finding.same_secret.map(Into::into)).collect();
    // In the work tree each place is a problem of its own.
    assert_eq!(same, [Some(1), None, Some(1), None, None, None, None]);
}
