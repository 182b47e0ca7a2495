use super::*;

use crate::inputs::Inputs;
use crate::tools::testing::{handed_in, line, origin, plan, repo, tool};

fn range(changed: &[&str]) -> Range {
    let changed = changed.iter().map(|file| (*file).to_owned()).collect();
    Range { base: "aaa".into(), commits: vec!["aaa..bbb".into()], changed }
}

#[test]
fn each_directory_is_linted_with_its_own_eslint() {
    let jobs = plan(&*tool(&SPEC, "dirs = [\"backend\", \".\"]\nfiles = [\"src\", \"*.mjs\"]"), None);
    assert_eq!(jobs[0].invocation.cwd, Path::new("/repo/backend"));
    assert_eq!(line(&jobs[0]), "-f json -o $SCRATCH/gate/backend/eslint.json --no-color -- src *.mjs");
    assert_eq!(jobs[0].invocation.program.near[0], Path::new("/repo/backend/node_modules/.bin"));
    assert_eq!(&*jobs[1].target, ".");
}

#[test]
fn only_changed_files_that_eslint_reads_are_named() {
    let changed =
        ["backend/src/a.ts", "backend/README.md", "frontend/b.ts", "backend/app/[id]/p.tsx", "c.js"];
    let jobs = plan(&*tool(&SPEC, "dirs = [\"backend\", \"docs\"]"), Some(&range(&changed)));
    assert_eq!(jobs.len(), 1, "docs has no changed file");
    assert!(line(&jobs[0]).ends_with(
        "--no-color --no-warn-ignored --no-error-on-unmatched-pattern -- src/a.ts app/[id]/p.tsx"
    ));
}

#[test]
fn changed_files_outside_the_files_of_the_gate_are_left_out() {
    let tool = tool(&SPEC, "files = [\"./src/\", \"tools/*.mjs\"]");
    let changed = ["src/a.ts", "srcs/b.ts", "tools/c.mjs", "tools/d.ts", "e.js"];
    let jobs = plan(&*tool, Some(&range(&changed)));
    assert!(line(&jobs[0]).ends_with("-- src/a.ts tools/c.mjs"), "{}", line(&jobs[0]));
}

#[test]
fn nothing_changed_is_a_reason_to_skip() {
    let repo = repo("");
    let range = range(&["README.md"]);
    let scene =
        Scene { repo: &repo, gate: "lint", since: Some(&range), built: &[], inputs: &Inputs::default() };
    let skip = tool(&SPEC, "").plan(&scene).unwrap_err();
    assert_eq!(skip, Unplanned::NothingToDo("no changed file to lint since aaa".to_owned()));
}

#[test]
fn too_many_changed_files_for_a_command_line_lint_everything() {
    let files: Vec<String> = (0..20_000).map(|n| format!("src/file-{n}.ts")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let jobs = plan(&*tool(&SPEC, ""), Some(&range(&files)));
    assert!(line(&jobs[0]).ends_with("--no-color -- ."));
    assert!(jobs[0].why.contains("20000 files changed"), "{}", jobs[0].why);
}

#[test]
fn source_text_is_not_kept() {
    let report = r#"[{"filePath":"/repo/a.js","source":"let marker = 1","output":"let marker = 2",
        "messages":[{"ruleId":"r","severity":2,"message":"No.\nMore.","line":1,"column":5,
        "fix":{"range":[0,1],"text":"marker"},"suggestions":[{"fix":{"text":"marker"}}]}]}]"#;
    let parsed = tool(&SPEC, "").parse(&handed_in(report), &origin()).unwrap();
    assert!(!format!("{parsed:?}").contains("marker"));
    let finding = &parsed.findings[0];
    assert_eq!((&*finding.title, &*finding.message), ("No.", "No.\nMore."));
    assert_eq!(finding.fix.as_deref(), Some("`eslint --fix` fixes it"));
}

#[test]
fn only_errors_move_the_exit_code() {
    let report = r#"[{"filePath":"a.js","messages":[{"ruleId":"a","severity":2,"message":"e"},
        {"ruleId":"b","severity":1,"message":"w"},{"ruleId":"c","message":"?"}]}]"#;
    let tool = tool(&SPEC, "");
    let parsed = tool.parse(&handed_in(report), &origin()).unwrap();
    let moving: Vec<bool> = parsed.findings.iter().map(|finding| tool.moves_exit_code(finding)).collect();
    assert_eq!(moving, [true, false, false]);
    assert_eq!(parsed.findings[2].severity, Severity::Unknown);
}

#[test]
fn the_error_is_the_line_below_the_version() {
    let raw = RawReport {
        stderr: b"\nOops! Something went wrong! :(\n\nESLint: 10.15.0\n\nSyntaxError: No.\n    at x\n".into(),
        ..RawReport::default()
    };
    assert_eq!(tool(&SPEC, "").error_line(&raw).as_deref(), Some("SyntaxError: No."));
}

#[test]
fn what_a_comment_switches_off_is_counted() {
    let report = r#"[{"filePath": "/repo/a.ts", "messages": [], "suppressedMessages": [
        {"ruleId": "no-eval", "severity": 2, "message": "x", "suppressions": [{"kind": "directive", "justification": ""}]}]}]"#;
    let parsed = tool(&SPEC, "").parse(&handed_in(report), &origin()).unwrap();
    assert_eq!((parsed.findings.len(), parsed.ignored["eslint-disable"]), (0, 1));
}

#[test]
fn messages_that_are_counted_and_not_listed_are_a_gap() {
    let error = r#"{"ruleId": "a", "severity": 2, "message": "m", "line": 1}"#;
    let warning = error.replace(": 2", ": 1");
    let unrated = r#"{"ruleId": "a", "message": "m"}"#;
    for (counts, messages, missing) in [
        (r#""errorCount": 1, "warningCount": 0"#, "", true),
        (r#""errorCount": 0, "warningCount": 2"#, warning.as_str(), true),
        (r#""errorCount": 1, "warningCount": 0"#, warning.as_str(), true),
        (r#""errorCount": 1, "warningCount": 0"#, error, false),
        (r#""errorCount": 1"#, unrated, false),
        (r#""errorCount": null"#, error, false),
        (r#""warningCount": 0"#, "", false),
    ] {
        let report = format!(r#"[{{"filePath": "/repo/a.js", "messages": [{messages}], {counts}}}]"#);
        let parsed = tool(&SPEC, "").parse(&handed_in(&report), &origin()).unwrap();
        assert_eq!(!parsed.gaps.is_empty(), missing, "{report}: {:?}", parsed.gaps);
    }
}
