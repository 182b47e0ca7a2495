use std::borrow::Cow;
use std::path::Path;

use super::*;

use crate::inputs::Inputs;
use crate::redact::Secret;
use crate::scan::job_files::ReportSource;
use crate::scan::raw_report::Document;
use crate::tools::testing::{handed_in, line, mistakes, origin, plan, plan_in, repo, tool};

const MARK: &str =
    "\n[ERROR] Matched one or more prohibited patterns\n\nPossible mitigations:\n- Use --no-verify\n";

/// A run with these answers of git.
fn run<'a>(printed: &'a str, exit: i32, answers: &[(&str, &'a str)]) -> RawReport<'a> {
    let document =
        |name: &str, text: &'a str| Document { name: name.to_owned(), bytes: Cow::Borrowed(text.as_bytes()) };
    let documents = vec![document("git-secrets.txt", printed)];
    let answers = answers.iter().map(|(name, text)| document(name, text)).collect();
    RawReport { exit: Some(exit), documents, answers, ..RawReport::default() }
}

fn parse(options: &str, raw: &RawReport) -> Result<Parsed, ReportError> {
    tool(&SPEC, options).parse(raw, &origin())
}

fn places(parsed: &Parsed) -> Vec<String> {
    parsed.findings.iter().map(|finding| finding.location.as_ref().unwrap().to_string()).collect()
}

const ANSWERS: [(&str, &str); 2] = [("patterns", "AKIA\n"), ("files", "a.ts\0b.ts\0")];

#[test]
fn tracked_files_are_scanned_at_the_top_of_the_work_tree_and_git_is_asked_what_they_are() {
    let jobs = plan_in(&*tool(&SPEC, ""), &repo("service"), None);
    assert_eq!((jobs.len(), line(&jobs[0])), (1, "--scan".to_owned()));
    assert_eq!(jobs[0].invocation.cwd, Path::new("/repo"));
    assert_eq!(jobs[0].files.reports, [ReportSource::Errors("git-secrets.txt".to_owned())]);
    let asked: Vec<&str> = jobs[0].questions.iter().map(|question| question.name).collect();
    assert_eq!(asked, ["files", "files-as-text", "patterns", "allowed"]);
    assert_eq!(jobs[0].invocation.env["SHELLOPTS"], "noglob");
    assert!(jobs[0].invocation.git.iter().all(|(name, _)| !name.starts_with("secrets.")));

    let history = plan(&*tool(&SPEC, "scan = \"history\""), None).remove(0);
    assert_eq!((line(&history), &*history.target), ("--scan-history".to_owned(), "history"));
}

#[test]
fn patterns_of_gates_toml_are_given_to_this_run_alone() {
    let job = plan(&*tool(&SPEC, "register_aws = true\npatterns = ['token=\\w+']"), None).remove(0);
    let set: Vec<&str> = job
        .invocation
        .git
        .iter()
        .filter(|(name, _)| name == "secrets.patterns")
        .map(|(_, value)| &**value)
        .collect();
    assert_eq!(set.len(), 4);
    assert_eq!(set[0], "token=\\w+");
}

#[test]
fn outside_of_git_there_is_nothing_to_look_at() {
    let outside = crate::system::git::Repo { git: false, ..repo("") };
    let scene = Scene { repo: &outside, gate: "gate", since: None, built: &[], inputs: &Inputs::default() };
    assert!(matches!(tool(&SPEC, "").plan(&scene), Err(Unplanned::Impossible(_))));
}

#[test]
fn mistakes_in_the_options_are_reported() {
    assert_eq!(mistakes(&SPEC, "scan = \"files\""), ["`files` is not a value of `scan`"]);
    assert_eq!(
        mistakes(&SPEC, "patterns = [\"a b\"]"),
        ["git-secrets reads a pattern with white space as two patterns"]
    );
}

#[test]
fn silence_is_clean_when_git_says_which_patterns_and_files_there_were() {
    let parsed = parse("", &run("", 0, &ANSWERS)).unwrap();
    assert_eq!((parsed.findings.len(), parsed.scope.get(Unit::Files)), (0, Some(2)));
    assert_eq!(parsed.gaps, [""; 0]);
    for (answers, says) in [
        (vec![("files", "a\0")], "no pattern is registered"),
        (vec![("files", "a\0"), ("patterns", "\n \n")], "no pattern is registered"),
    ] {
        assert!(parse("", &run("", 0, &answers)).unwrap_err().to_string().contains(says), "{says}");
    }
    let without = parse("", &run("", 0, &ANSWERS[..1])).unwrap();
    assert_eq!(without.gaps, ["git does not say what there was to look at"]);
    let old_git = parse("patterns = [\"x\"]", &run("", 0, &ANSWERS)).unwrap();
    assert!(old_git.gaps[0].contains("older than 2.31"));
    let history =
        parse("scan = \"history\"", &run("", 0, &[("patterns", "a\n"), ("commits", "31\n")])).unwrap();
    assert_eq!(history.scope.get(Unit::Commits), Some(31));
    assert!(history.gaps.contains(&"git does not say which files of the history are binary".to_owned()));
}

#[test]
fn binary_files_of_the_history_are_counted_once_each() {
    // As git 2.47 writes it: two commits with a binary file, one of which has a tab in its name.
    let changes =
        "1\t0\ta.txt\0-\t-\tlogo.png\0\n-\t-\tlogo.png\0-\t-\ta\tb.bin\x001\t1\t-\t-\tnot this one\0";
    let answers = [("patterns", "a\n"), ("commits", "2\n"), ("merges", ""), ("changes", changes)];
    let parsed = parse("scan = \"history\"", &run("", 0, &answers)).unwrap();
    assert_eq!((parsed.unread.get("binary"), parsed.gaps.len()), (Some(&2), 0), "{:?}", parsed.gaps);
    let none = [answers[0], answers[1], answers[2], ("changes", "1\t0\ta.txt\0")];
    assert!(parse("scan = \"history\"", &run("", 0, &none)).unwrap().unread.is_empty());
}

#[test]
fn an_empty_pattern_that_allows_everything_is_a_gap() {
    let allowed = |text| {
        let answers = [ANSWERS[0], ANSWERS[1], ("allowed", text)];
        parse("", &run("", 0, &answers)).unwrap()
    };
    assert_eq!(allowed("\n").gaps.len(), 0, "alone it has no effect");
    assert_eq!(allowed("a\n\n").gaps.len(), 1);
    assert!(allowed("a\nb\n").proof.contains(&"2 patterns of secrets.allowed may allow lines".to_owned()));
}

#[test]
fn a_place_is_read_from_every_form_of_a_line() {
    let commit = "c".repeat(40);
    for (printed, path, number, of) in [
        ("a.ts:1:x", "a.ts", 1, None),
        ("a dir/b:c.ts:12:y:3:z", "a dir/b:c.ts", 12, None),
        ("\"tab\\there\":4:x", "tab\there", 4, None),
        ("\"quo\\\"te\\\\\":4:x", "quo\"te\\", 4, None),
        ("\"\\303\\251\":4:x", "é", 4, None),
        (&format!("{commit}:a.ts:7:x"), "a.ts", 7, Some(commit.as_str())),
        (&format!("{commit}:12:x"), commit.as_str(), 12, None),
        ("a.ts:1:", "a.ts", 1, None),
    ] {
        let text = format!("{printed}\n{MARK}");
        let parsed = parse("scan = \"history\"", &handed_in(&text)).unwrap();
        let finding = &parsed.findings[0];
        assert_eq!(finding.location, Some(Location::file(path).lines(Some(number), None)), "{printed}");
        assert_eq!(finding.commit.as_deref(), of, "{printed}");
        assert_eq!((finding.severity, finding.category), (Severity::High, Category::Secret));
    }
}

#[test]
fn the_scanned_files_show_where_a_name_with_colons_ends() {
    let text = format!("a:1:b:2:c\n{MARK}");
    for (files, origin) in [("a\0", "a:1"), ("a:1:b\0", "a:1:b:2"), ("", "a:1")] {
        let parsed = parse("", &run(&text, 1, &[("patterns", "c\n"), ("files", files)])).unwrap();
        assert_eq!(places(&parsed), [origin], "{files}");
    }
}

#[test]
fn cut_or_strange_output_proves_nothing_and_is_not_shown() {
    let key = ["AKIA", "Q3EGVNU4", "X2MPLE7T"].concat();
    for (printed, exit, says) in [
        (format!("a.ts:1:{key}\n"), 1, "cut short"),
        (format!("a.ts:1:{key}"), 1, "cut short"),
        (MARK.to_owned(), 1, "not what"),
        (format!("{key}\n"), 0, "neither a match nor a message"),
        (format!("a.ts:1:{key}\n{MARK}b.ts:1:{key}\n"), 1, "cut short"),
        ("\n".to_owned(), 0, "not a git-secrets output"),
        (
            format!("fatal: command line, '{key}|(': Unmatched ( or \\(\n"),
            128,
            "command line, '…': Unmatched",
        ),
        ("grep: Unmatched ( or \\(\n".to_owned(), 0, "grep: Unmatched"),
        ("fatal: not a git repository: .git\n".to_owned(), 0, "not a git repository"),
        ("/bin/git-secrets: line 56: creds: command not found\n".to_owned(), 0, "command not found"),
    ] {
        let error = parse("", &run(&printed, exit, &ANSWERS)).unwrap_err().to_string();
        assert!(error.contains(says) && !error.contains(&key), "{printed}: {error}");
    }
    assert!(parse("", &handed_in("")).unwrap_err().to_string().contains("no pattern to look for"));
}

#[test]
fn a_strange_line_among_matches_is_a_gap_and_loses_no_finding() {
    let text = format!("a.ts:1:x\nfatal: unable to read tree\nstrange\n{MARK}");
    let parsed = parse("", &run(&text, 1, &ANSWERS)).unwrap();
    assert_eq!(places(&parsed), ["a.ts:1"]);
    assert_eq!(parsed.gaps.len(), 2, "{:?}", parsed.gaps);
}

#[test]
fn harmless_remarks_are_ignored() {
    for words in [
        "git-secrets: line 90: warning: command substitution: ignored null byte in input\n",
        "cat: /ci/my: No such file or directory\ncat: job/.gitallowed: No such file or directory\n",
    ] {
        assert_eq!(parse("", &run(words, 0, &ANSWERS)).unwrap().gaps, [""; 0], "{words}");
        let text = format!("{words}a.ts:1:x\n{MARK}");
        assert_eq!(places(&parse("", &run(&text, 1, &ANSWERS)).unwrap()), ["a.ts:1"]);
    }
}

#[test]
fn the_line_and_its_words_that_look_like_credentials_are_secrets() {
    let key = ["AKIA", "Q3EGVNU4", "X2MPLE7T"].concat();
    let text = format!("a.ts:1:  const accessKeyId = \"{key}\"; // see docs/access/keys\n{MARK}");
    let parsed = parse("", &handed_in(&text)).unwrap();
    let line = format!("const accessKeyId = \"{key}\"; // see docs/access/keys");
    let expected = [&line, &key].map(|value| Secret::reported(value).unwrap());
    assert_eq!(parsed.secrets, expected);
}

#[test]
fn a_line_of_many_places_is_read_in_no_time() {
    let line = "a:1:".repeat(250_000);
    let text = format!("{}{MARK}", format!("{line}\n").repeat(5));
    let parsed = parse("", &run(&text, 1, &ANSWERS)).unwrap();
    assert_eq!(parsed.findings.len(), 5);
}
