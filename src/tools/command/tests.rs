use std::borrow::Cow;

use super::*;

use crate::inputs::Inputs;
use crate::keys::mistakes::Problems;
use crate::scan::proof::{Proof, assess};
use crate::scan::raw_report::Document;
use crate::system::git::Repo;

fn tool(options: &str) -> (Box<dyn Tool>, Vec<String>) {
    let problems = Problems::default();
    let table = toml::de::DeTable::parse(options).unwrap();
    let keys = Keys::new(table.get_ref(), 0..options.len(), &problems);
    let tool = configure(&keys);
    keys.finish("`command`");
    let reported = problems.into_sorted().into_iter().map(|problem| problem.what).collect();
    (tool, reported)
}

fn valid(options: &str) -> Box<dyn Tool> {
    let (tool, problems) = tool(options);
    assert_eq!(problems, [""; 0], "{options}");
    tool
}

fn outcome(tool: &dyn Tool, exit: Option<i32>, report: Option<&str>) -> String {
    let documents = report.map(|text| Document { name: "r".into(), bytes: Cow::Borrowed(text.as_bytes()) });
    let raw = RawReport { exit, documents: documents.into_iter().collect(), ..RawReport::default() };
    let place = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() };
    match assess(tool, &raw, &place) {
        Proof::Complete(parsed) => format!("complete: {}, {}", parsed.findings.len(), parsed.scope),
        Proof::NothingInScope { .. } => "empty".to_owned(),
        Proof::Inconclusive { reason, .. } => format!("inconclusive: {reason}"),
    }
}

#[test]
fn every_mistake_in_the_options_is_reported() {
    for (options, reported) in [
        ("", vec!["`run` is missing"]),
        ("run = []", vec!["`run` is empty: name at least one, or leave the key out"]),
        ("run = 'npm test'", vec!["`run` must be a list of strings, this is a string"]),
        ("run = ['x']\nreport = {}", vec!["`format` is missing", "`path` is missing"]),
        (
            "run = ['x']\nreport = { format = 'junti', path = 'r', x = 1 }",
            vec!["`junti` is not a value of `format`", "`x` is not a key of `report`"],
        ),
        ("run = ['x']\nexit = { clean = [256] }", vec!["256 is not an exit code: they end at 255"]),
        ("run = ['x']\nexit = { clean = [0, 1] }", vec!["exit code 1 can't mean both clean and findings"]),
        (
            "run = ['x']\nexit = { findings = [-1] }",
            vec!["`findings` must be a list of whole numbers, 0 or more, this is an integer"],
        ),
    ] {
        assert_eq!(tool(options).1, reported, "{options}");
    }
}

#[test]
fn a_command_runs_in_its_directory_and_its_report_is_looked_for_there() {
    let repo = Repo { root: "/repo".into(), base: "/repo/ci".into(), ..Repo::default() };
    let scene = Scene { repo: &repo, gate: "tests", since: None, built: &[], inputs: &Inputs::default() };
    let job = |options: &str| valid(options).plan(&scene).unwrap().remove(0);

    let plain = job("run = ['npm', 'test']");
    assert_eq!(
        (plain.invocation.program.name.as_str(), plain.invocation.args, plain.files.reports.len()),
        ("npm", vec!["test".into()], 0)
    );
    let there =
        job("run = ['./run.sh']\ndir = '../app'\nreport = { format = 'junit', path = 'out/../j.xml' }");
    assert_eq!((there.invocation.program.name.as_str(), &*there.target), ("/repo/app/run.sh", "app"));
    assert_eq!(there.files.reports, [ReportSource::Repository("/repo/app/j.xml".into())]);
    assert_eq!(
        job("run = ['x']\nreport = { format = 'sarif', path = '-' }").files.reports,
        [ReportSource::Stdout]
    );
}

#[test]
fn without_a_report_the_exit_code_decides() {
    let tool = valid("run = ['npm', 'test']");
    for (exit, expected) in [
        (Some(0), "complete: 0, 1 command"),
        (Some(1), "complete: 1, 1 command"),
        (Some(125), "complete: 1, 1 command"),
        (Some(126), "inconclusive: exit code 126 (not executable)"),
        (Some(127), "inconclusive: exit code 127 (not found)"),
        (Some(137), "inconclusive: exit code 137 (ended by signal 9, SIGKILL: out of memory?)"),
        (Some(-1), "inconclusive: exit code -1 (ended by a signal, or a failure of its own)"),
        (None, "inconclusive: a command without a report is judged by its exit code, which is not known"),
    ] {
        assert_eq!(outcome(tool.as_ref(), exit, None), expected);
    }
    let raw = RawReport { exit: Some(3), ..RawReport::default() };
    let place = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() };
    let parsed = tool.parse(&raw, &place).unwrap();
    assert_eq!(&*parsed.findings[0].message, "`npm test` ended with exit code 3");
}

#[test]
fn with_a_report_a_code_other_than_0_needs_a_finding() {
    const CLEAN: &str = "<testsuite><testcase/></testsuite>";
    const FAILED: &str = "<testsuite><testcase><failure/></testcase></testsuite>";
    const EXPECTED: &str =
        "<testsuite><testcase><skipped type=\"todo\"/><failure/></testcase><!-- todo 1 --></testsuite>";
    let tool = valid("run = ['x']\nreport = { format = 'junit', path = 'r' }");
    for (exit, report, expected) in [
        (Some(0), Some(CLEAN), "complete: 0, 1 test"),
        (Some(0), Some(FAILED), "complete: 1, 1 test"),
        (Some(7), Some(FAILED), "complete: 1, 1 test"),
        (None, Some(FAILED), "complete: 1, 1 test"),
        (Some(0), Some(EXPECTED), "complete: 1, 1 test"),
        (Some(1), Some(CLEAN), "inconclusive: exit code 1 means findings, and the report has none"),
        (Some(1), Some(EXPECTED), "inconclusive: exit code 1 means findings, and the report has none"),
        (Some(127), Some(CLEAN), "inconclusive: exit code 127 (not found)"),
        (Some(0), Some(""), "inconclusive: the JUnit report is empty"),
        (Some(0), None, "inconclusive: the JUnit report is empty"),
        (Some(0), Some("<testsuites/>"), "empty"),
    ] {
        assert_eq!(outcome(tool.as_ref(), exit, report), expected, "{exit:?} {report:?}");
    }
}

#[test]
fn the_user_may_say_what_the_exit_codes_mean() {
    let tool = valid("run = ['x']\nexit = { clean = [0, 3], findings = [130] }");
    for (exit, expected) in [
        (3, "complete: 0, 1 command"),
        (130, "complete: 1, 1 command"),
        (1, "inconclusive: exit code 1 (not a code that `exit` lists)"),
    ] {
        assert_eq!(outcome(tool.as_ref(), Some(exit), None), expected);
    }
    let tool = valid("run = ['x']\nreport = { format = 'junit', path = 'r' }\nexit = {}");
    let failed = "<testsuite><testcase><failure/></testcase></testsuite>";
    let reason = outcome(tool.as_ref(), Some(0), Some(failed));
    assert!(
        reason.starts_with("inconclusive: exit code 0 means clean, and the report has 1 finding"),
        "{reason}"
    );
    assert!(reason.contains("take `exit` out of the gate"), "{reason}");
    assert_eq!(outcome(tool.as_ref(), Some(1), Some(failed)), "complete: 1, 1 test");
}

#[test]
fn codes_that_the_makers_document_mean_what_they_say() {
    let secret =
        r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "kingfisher"}}, "results": [{}]}]}"#;
    for run in ["'kingfisher', 'scan'", "'/opt/kingfisher'", "'uvx', 'kingfisher@2.14.0', 'scan'"] {
        let tool = valid(&format!("run = [{run}]\nreport = {{ format = 'sarif', path = 'r' }}"));
        for code in [200, 205, 0] {
            assert_eq!(
                outcome(tool.as_ref(), Some(code), Some(secret)),
                "complete: 1, 1 run",
                "{run} {code}"
            );
        }
        assert!(outcome(tool.as_ref(), Some(137), Some(secret)).starts_with("inconclusive"));
    }
    // The report names who wrote it, whatever started it.
    for run in ["'./scan.sh'", "'sh', '-c', 'kingfisher scan . > r'", "'bash', '-lc', 'npx kingfisher scan'"]
    {
        let tool = valid(&format!("run = [{run}]\nreport = {{ format = 'sarif', path = 'r' }}"));
        assert_eq!(outcome(tool.as_ref(), Some(205), Some(secret)), "complete: 1, 1 run", "{run}");
        let clean = secret.replace("[{}]", "[]");
        assert!(outcome(tool.as_ref(), Some(200), Some(&clean)).starts_with("inconclusive"), "{run}");
        let other = secret.replace("kingfisher", "other");
        let is_named = run.contains("kingfisher");
        assert_eq!(
            outcome(tool.as_ref(), Some(200), Some(&other)).starts_with("inconclusive"),
            !is_named,
            "{run}"
        );
    }
    let own = valid("run = ['x']\nreport = { format = 'sarif', path = 'r' }\nexit = {}");
    assert!(
        outcome(own.as_ref(), Some(200), Some(secret)).starts_with("inconclusive"),
        "the user says otherwise"
    );
    // Mocha ends with the number of failures.
    let case = r#"<testcase name="a"><failure/></testcase>"#;
    let failures = |n: usize| format!(r#"<testsuite name="Mocha Tests">{}</testsuite>"#, case.repeat(n));
    for (program, listed, code, outcome_of_it) in [
        ("'npx', 'mocha'", 1, 130, "complete"),
        ("'other'", 1, 130, "inconclusive"),
        ("'other'", 130, 130, "complete"),
        ("'other'", 300, 255, "complete"),
        ("'sh', '-c', 'cd app; npx mocha'", 137, 137, "complete"),
    ] {
        let tool = valid(&format!("run = [{program}]\nreport = {{ format = 'junit', path = 'r' }}"));
        let found = outcome(tool.as_ref(), Some(code), Some(&failures(listed)));
        assert!(found.starts_with(outcome_of_it), "{program} {listed} {code}: {found}");
    }
}

/// `pytest.ExitCode`: 3 internal error, 4 usage error, 5 no tests collected.
#[test]
fn codes_of_pytest_that_mean_that_nothing_was_tested_say_so() {
    let suite = |cases: &str| {
        format!(
            r#"<testsuites name="pytest tests"><testsuite name="pytest">{cases}</testsuite></testsuites>"#
        )
    };
    let (passed, empty) = (suite(r#"<testcase name="a"/>"#), suite(""));
    for (run, code, report, expected) in [
        ("'pytest', '-q'", 4, Some(&passed), "inconclusive: exit code 4 (pytest was used wrongly)"),
        ("'./test.sh'", 4, Some(&passed), "inconclusive: exit code 4 (pytest was used wrongly)"),
        (
            "'python', '-m', 'pytest'",
            3,
            Some(&passed),
            "inconclusive: exit code 3 (internal error of pytest)",
        ),
        ("'sh', '-c', 'cd app && pytest'", 5, Some(&empty), "empty"),
        ("'pytest'", 5, Some(&empty), "empty"),
        // The report is of another run than the one that ended so.
        ("'pytest'", 5, Some(&passed), "inconclusive: exit code 5 (pytest collected no test)"),
    ] {
        let tool = valid(&format!("run = [{run}]\nreport = {{ format = 'junit', path = 'r' }}"));
        assert_eq!(outcome(tool.as_ref(), Some(code), report.map(String::as_str)), expected, "{run} {code}");
    }
    let tool = valid("run = ['pytest']");
    assert_eq!(outcome(tool.as_ref(), Some(5), None), "inconclusive: exit code 5 (pytest collected no test)");
    assert_eq!(outcome(tool.as_ref(), Some(1), None), "complete: 1, 1 command");
}

/// gitleaks ends with 0 when git fails, and says so only in its log.
#[test]
fn what_gitleaks_could_not_scan_is_a_gap_of_a_command_too() {
    let tool = valid("run = ['./secrets.sh']\nreport = { format = 'sarif', path = 'r' }");
    let gaps = |driver: &str, log: &str| {
        let report = format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "{driver}"}}}}, "results": []}}]}}"#
        );
        let document = Document { name: "r".into(), bytes: Cow::Owned(report.into_bytes()) };
        let raw = RawReport {
            exit: Some(0),
            documents: vec![document],
            stderr: log.as_bytes().to_vec().into(),
            ..RawReport::default()
        };
        let place = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() };
        tool.parse(&raw, &place).unwrap().gaps
    };
    let failed =
        "9:37AM ERR failed to scan Git repository error=\"exit status 128\"\n9:37AM INF no leaks found\n";
    assert_eq!(gaps("gitleaks", failed).len(), 1);
    assert!(gaps("gitleaks", "9:37AM INF 3 commits scanned.\n9:37AM INF no leaks found\n").is_empty());
    assert!(gaps("other", failed).is_empty());
}

/// What is not explained by the report, for a gate with a low finding of a linter.
fn unexplained(options: &str, code: i32, report: &str) -> Option<String> {
    let document = Document { name: "r".into(), bytes: Cow::Borrowed(report.as_bytes()) };
    let raw = RawReport { exit: Some(code), documents: vec![document], ..RawReport::default() };
    let place = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() };
    valid(options).parse(&raw, &place).unwrap().unexplained
}

#[test]
fn a_code_of_a_linter_that_means_an_error_is_not_explained_by_its_findings() {
    let gate = |format: &str| format!("run = ['./lint']\nreport = {{ format = '{format}', path = 'r' }}");
    let sarif = |driver: &str| {
        format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "{driver}"}}}},
                "results": [{{"ruleId": "R", "level": "note", "message": {{"text": "m"}}}}]}}]}}"#
        )
    };
    for (driver, findings, error) in
        [("ruff", 1, 2), ("Semgrep OSS", 1, 7), ("ESLint", 1, 2), ("stylelint", 2, 78), ("cfn-lint", 8, 2)]
    {
        assert_eq!(unexplained(&gate("sarif"), findings, &sarif(driver)), None, "{driver}");
        assert!(unexplained(&gate("sarif"), error, &sarif(driver)).is_some(), "{driver}");
        let own = gate("sarif") + &format!("\nexit = {{ findings = [{error}] }}");
        assert_eq!(unexplained(&own, error, &sarif(driver)), None, "the user says what it means");
    }
    let suite = |marks: &str| {
        format!(
            "<testsuite {marks}><testcase name='a'><failure type='INFO' message='m'/></testcase></testsuite>"
        )
    };
    for (marks, findings, error) in [
        ("name='bandit'", 1, 2),
        ("name='x' package='org.ruff'", 1, 2),
        ("name='x' package='org.eslint'", 1, 2),
        ("name='x' package='stylelint.rules'", 2, 1),
        ("name='semgrep results'", 1, 7),
        ("name='mypy'", 1, 2),
    ] {
        assert_eq!(unexplained(&gate("junit"), findings, &suite(marks)), None, "{marks}");
        assert!(unexplained(&gate("junit"), error, &suite(marks)).is_some(), "{marks}");
    }
    let checkstyle = "<checkstyle><file name='a'><error severity='info' message='m' source='eslint.rules.x'/></file></checkstyle>";
    assert_eq!(unexplained(&gate("checkstyle"), 1, checkstyle), None);
    assert!(unexplained(&gate("checkstyle"), 2, checkstyle).is_some());
}
