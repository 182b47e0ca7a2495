//! JUnit XML. It has no standard and many dialects. This reads the format that
//! <https://github.com/testmoapp/junitxml> describes, and the dialects of test runners ([`runner`]) and
//! linters ([`linter`]).

mod case;
mod linter;
mod names;
mod native;
mod node;
mod runner;
mod suite;
mod tries;

use std::collections::BTreeSet;

use crate::model::finding::{Category, Finding, Location};
use crate::model::scope::{Scope, Unit};
use crate::redact::evidence;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::secret_findings::AboutSecrets;
use crate::scan::test_runner::{Listed, TestRunner};
use crate::text::shared::Text;

use super::headline;
use super::uri::path_of;
use super::xml::{Document, Element, Piece, text};
use case::{Case, Problem};
use linter::{Linter, Names};
use native::MayFail;
use suite::{Shown, Suite};
use tries::Tries;

const WHAT: &str = "JUnit report";

const HOOK: &str = "a hook failed, and tests were not run for it: what they say is not in the report";

/// Reads a JUnit report. Scope: the test cases that ran, without skipped ones. Each `failure` and `error` of a
/// case is one finding, and so is that of a suite.
///
/// A suite that counts more failures or more cases than it shows is a gap: some are missing.
pub(crate) fn read(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    let text = text(bytes, WHAT)?;
    let mut document = Document::new(&text, WHAT);
    let root = document.root(&["testsuites", "testsuite"])?;
    let mut reading = Reading {
        origin,
        runner: runner::of_suite(&root),
        linter: Linter::of_suite(&root),
        suites: vec![Suite::of(&root, None, Shown::default())],
        case: None,
        open: None,
        folder: None,
        shown: Shown::default(),
        failed: Failed::default(),
        inner_suites: 0,
        passed: 0,
        last_failed: false,
        may_fail: Vec::new(),
        counts: node::Counts::default(),
        hosts: BTreeSet::new(),
        on_host: Vec::new(),
        tries: Tries::default(),
        unlisted: 0,
        skipped_suites: runner::SkippedSuites::default(),
        secrets: AboutSecrets::new(),
        parsed: Parsed { scope: Scope::of(Unit::Tests, 0), ..Parsed::default() },
    };
    linter::name_of(&root).into_iter().for_each(|name| reading.parsed.is_written_by(name));
    while let Some(piece) = document.next()? {
        match piece {
            Piece::Open(element) => reading.open(&element),
            Piece::Text(text) => reading.text(&text),
            Piece::Close(name) => reading.close(&name),
            Piece::Comment(comment) => reading.comment(&comment),
        }
    }
    Ok(reading.finish())
}

/// The position of the reader, and what it has read so far.
struct Reading<'a> {
    origin: &'a ReportOrigin,
    runner: Option<TestRunner>,
    linter: Option<Linter>,
    /// The open suites, from the root to the innermost.
    suites: Vec<Suite>,
    case: Option<Case>,
    /// The `failure` or `error` whose text is being read.
    open: Option<Problem>,
    shown: Shown,
    failed: Failed,
    /// Suites below the root.
    inner_suites: u64,
    /// Tests that ran and did not fail.
    passed: u64,
    /// The last test that ran did.
    last_failed: bool,
    /// What may fail, and is not counted (Catch2).
    may_fail: Vec<MayFail>,
    /// The folder that was scanned, if the report names it (Checkov).
    folder: Option<String>,
    /// What comments in the report count (Node).
    counts: node::Counts,
    /// The hosts of the suites. Playwright names its project there.
    hosts: BTreeSet<String>,
    /// The host of each finding.
    on_host: Vec<Option<String>>,
    tries: Tries,
    /// Subtests that pytest counts and does not list. They passed.
    unlisted: u64,
    /// Of the file that is being read.
    skipped_suites: runner::SkippedSuites,
    secrets: AboutSecrets,
    parsed: Parsed,
}

/// What failed so far, and was not expected to.
#[derive(Clone, Copy, Default)]
struct Failed {
    tests: u64,
    suites: u64,
    /// Tests that are marked as `todo`, and suites with no other failure.
    todo_tests: u64,
    todo_suites: u64,
}

fn file(element: &Element) -> Option<Text> {
    let raw = ["file", "filepath"].into_iter().find_map(|name| element.attribute(name))?;
    Some(Text::from(&*path_of(raw)))
}

impl Reading<'_> {
    fn open(&mut self, element: &Element) {
        match element.name.as_str() {
            "testsuite" | "testsuites" => {
                self.inner_suites += 1;
                let suite = Suite::of(element, self.suites.last(), self.shown);
                self.hosts.extend(suite.host.clone());
                self.runner = runner::of_suite(element).or(self.runner);
                self.linter = self.linter.or_else(|| Linter::of_suite(element));
                linter::name_of(element).into_iter().for_each(|name| self.parsed.is_written_by(name));
                self.suites.push(suite);
            }
            "testcase" => {
                self.linter = self.linter.or_else(|| Linter::of_case(element));
                self.case = Some(Case::of(element));
            }
            "property" if element.attribute("name") == Some("directory") => {
                self.folder = element.attribute("value").and_then(linter::only_folder);
            }
            "property" if element.attribute("name") == Some("severity") => {
                if let Some(case) = &mut self.case {
                    case.severity = element.attribute("value").map(str::to_owned);
                }
            }
            "skipped" => {
                if let Some(case) = &mut self.case {
                    case.skip(element);
                }
            }
            "warning" if !self.suites.last().is_none_or(Suite::counts_warnings) => {}
            _ => self.open = Problem::of(element).or(self.open.take()),
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(problem) = &mut self.open {
            problem.add(text);
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "testcase" => {
                if let Some(mut case) = self.case.take() {
                    case.settle();
                    self.case(case);
                }
            }
            "testsuite" | "testsuites" => {
                if let Some(suite) = self.suites.pop() {
                    self.suite(suite);
                }
            }
            name if self.open.as_ref().is_some_and(|problem| problem.element == name) => {
                let Some(problem) = self.open.take() else { return };
                let problems = self.linter.map_or(1, |linter| linter.problems_in(&problem.text));
                self.shown.failures += problems;
                self.shown.again += problems - 1;
                self.shown.teardowns += u64::from(native::is_teardown(&problem.text));
                match &mut self.case {
                    Some(case) => case.add(problem),
                    None => self
                        .suites
                        .last_mut()
                        .into_iter()
                        .for_each(|suite| suite.problems.push(problem.clone())),
                }
            }
            _ => {}
        }
    }

    /// Node writes its counts in comments, and what else went wrong: `<!-- Error: 50.00% line coverage does not meet
    /// threshold of 80%. -->`.
    fn comment(&mut self, comment: &str) {
        if comment.contains("coverage does not meet threshold of") {
            self.parsed.unexplained = Some(headline(comment));
        }
        self.counts.read(comment);
    }

    fn finish(mut self) -> Parsed {
        if self.runner.is_some() || !self.counts.has_todo(self.failed.todo_tests) {
            self.parsed.findings.iter_mut().for_each(|finding| finding.suppressed = None);
            self.failed.tests += self.failed.todo_tests;
            self.failed.suites += self.failed.todo_suites;
        }
        self.may_fail.iter().for_each(|one| one.suppress(&mut self.parsed.findings));
        let failed =
            self.parsed.findings.iter().filter(|finding| finding.suppressed.is_none()).count() as u64;
        // Node leaves out a test that fails while its subtests pass, and counts a failed test again for each test
        // around it. So it may count more than it shows, and then nobody can say whether all are there.
        let more = self.counts.more_than(failed, self.shown.cases, self.inner_suites);
        match failed {
            0 => self.parsed.gaps.extend(more),
            _ => self.parsed.unexplained = self.parsed.unexplained.take().or(more),
        }
        // Names of tests are the same in each of several projects, on one machine they all have one host.
        if self.hosts.len() > 1 {
            for (finding, host) in self.parsed.findings.iter_mut().zip(&self.on_host) {
                if let Some(host) = host {
                    finding.rule = Text::from(format!("[{host}] {}", finding.rule));
                }
            }
        }
        self.parsed.gaps.extend(self.shown.not_run());
        self.parsed.notes.extend(self.tries.note());
        self.parsed.notes.extend(suite::subtests(self.unlisted));
        // A test that skips one of its subtests is listed as skipped.
        if self.unlisted > 0 && self.parsed.scope.is_empty() {
            self.parsed.scope.add(Unit::Tests, self.unlisted);
        }
        // A linter that finds nothing may list nothing. If it lists its rules, and skips all of them, it checked nothing
        // (cfn-lint, with a template that does not parse).
        if self.linter.is_some() && self.shown.cases == 0 && self.parsed.scope.is_empty() {
            self.parsed.scope = Scope::of(Unit::Runs, 1);
        }
        self.failed.tests = self.failed.tests.saturating_sub(self.may_fail.len() as u64);
        let node = self.counts.has_failures().then_some(TestRunner::Node);
        self.parsed.listed = self.linter.is_none().then_some(Listed {
            runner: self.runner.or(node).unwrap_or(TestRunner::Other),
            failures: failed,
            tests: self.failed.tests,
            passed: self.passed,
            suites: self.failed.suites,
            only_the_last_failed: failed == 1 && self.last_failed,
            has_suites: self.inner_suites > 0,
            unlisted: self.unlisted,
            errors: self.shown.errors,
        });
        self.parsed
    }

    fn case(&mut self, case: Case) {
        // Surefire counts each try of a test.
        self.shown.cases += 1 + case.tries;
        let skips = case.skips.max(u64::from(case.skipped.is_some()));
        self.shown.run += u64::from(case.is_run);
        self.shown.untested += u64::from(case.untested);
        self.shown.again += (case.failures + skips).saturating_sub(1);
        self.shown.errors += case.problems.iter().filter(|problem| problem.element == "error").count() as u64;
        self.tries.case(&case, self.runner);
        if self.is_failed_hook(&case) {
            self.shown.hooks += 1;
            self.parsed.unexplained.get_or_insert_with(|| HOOK.to_owned());
        }
        self.shown.skipped += skips;
        let ran = case.skipped.is_none() || case.fails();
        if ran {
            self.parsed.scope.add(Unit::Tests, 1);
        }
        self.shown.failures += u64::from(case.fails_by_status_alone());
        let file = case.file.clone().or_else(|| self.suites.last().and_then(|suite| suite.file.clone()));
        let suppressed = case.expected_to_fail();
        if ran {
            self.passed += u64::from(!case.fails());
            self.last_failed = case.fails();
        }
        if case.fails() {
            let todo = suppressed.is_some();
            *(if todo { &mut self.failed.todo_tests } else { &mut self.failed.tests }) += 1;
            if let Some(suite) = self.suites.last_mut() {
                *(if todo { &mut suite.todo_fails } else { &mut suite.fails }) = true;
            }
        }
        let first = self.parsed.findings.len();
        for problem in case.problems.iter().filter(|problem| problem.counts()) {
            let rule = self.rule(case.class.as_deref(), case.name.as_deref());
            let place = problem.file.clone().or(file.clone());
            // The line of the test is one in its own file.
            let is_there = problem.file.is_none() || problem.file == file;
            let line = problem.line.or(case.line.filter(|_| is_there));
            let mut finding = problem.finding(rule, self.linter.is_none());
            finding.location =
                place.map(|file| Location::file(self.origin.relative(&file)).lines(line, None));
            finding.suppressed = suppressed.clone();
            if let Some(linter) = self.linter {
                let suite = self.suites.last().and_then(|suite| suite.name.as_deref());
                let names = Names { suite, folder: self.folder.as_deref() };
                linter.refine(&mut finding, &case, problem, (names, self.origin));
            }
            self.push(finding, problem);
        }
        if let Some((why, suite)) = native::may_fail(&case, self.suites.last()).zip(self.suites.last_mut()) {
            let findings = first..self.parsed.findings.len();
            suite.may_fail.push(MayFail { findings, failures: case.failures, why });
        }
    }

    /// Whether it is a hook that failed, for which tests were not run.
    fn is_failed_hook(&mut self, case: &Case) -> bool {
        let name = case.name.as_deref().unwrap_or_default();
        let of_vitest = self.runner == Some(TestRunner::Vitest);
        if of_vitest && case.skipped.is_some() {
            self.skipped_suites.skip(name);
        }
        case.fails() && (runner::is_hook(self.runner, case) || of_vitest && self.skipped_suites.is_hook(name))
    }

    fn suite(&mut self, suite: Suite) {
        self.skipped_suites = runner::SkippedSuites::default();
        let name = suite.name.as_deref();
        // The run, and the suite around it: to ask all of them would take quadratic time.
        let around = self.suites.first().into_iter().chain(self.suites.last());
        let around = around.filter(|around| around.tests > 0);
        let around = around.map(|around| around.unshown_skipped(self.shown)).max().unwrap_or_default();
        // What this linter leaves out has no findings.
        let around = if self.linter.is_some_and(Linter::leaves_out_clean) { u64::MAX } else { around };
        let counts_twice = self.runner.is_none()
            && (self.linter.is_some_and(Linter::counts_twice) || runner::counts_twice(name));
        let who = name.map_or("the report".to_owned(), |name| format!("suite {name}"));
        let teardown = suite.teardown(self.shown);
        let said = |gap: String| format!("{who} {gap}{teardown}");
        self.tries.suite(&suite, self.shown);
        if let Some(gap) = suite.gap(self.shown, counts_twice) {
            self.parsed.gaps.push(said(gap));
        } else if let Some(gap) =
            suite.missing_tests(self.shown, around, self.runner == Some(TestRunner::Pytest))
        {
            let gap = said(gap);
            match self.runner {
                Some(TestRunner::Pytest) if suite.agrees(self.shown) => {
                    self.unlisted += suite.unlisted(self.shown);
                    if self.shown.failures == suite.before.failures {
                        self.parsed.gaps_unless_zero.push(gap);
                    }
                }
                // Not run for a hook that failed: `HOOK` says so.
                Some(TestRunner::Mocha) if self.shown.hooks > suite.before.hooks => {}
                _ if self.suites.first().unwrap_or(&suite).counts_subtests => {}
                _ if suite.has_assertions_alone(self.shown) => {}
                _ => self.parsed.gaps.push(gap),
            }
        }
        if suite.leaves_out(self.shown) {
            self.may_fail.extend(suite.may_fail);
        }
        let fails = suite.problems.iter().any(Problem::counts);
        self.failed.tests += u64::from(fails);
        let fails = suite.fails || fails;
        self.failed.suites += u64::from(fails);
        self.failed.todo_suites += u64::from(suite.todo_fails && !fails);
        for problem in suite.problems.iter().filter(|problem| problem.counts()) {
            let rule = self.rule(None, name.or(Some("suite without a name")));
            let mut finding = problem.finding(rule, self.linter.is_none());
            let file = problem.file.as_ref().or(suite.file.as_ref());
            finding.location =
                file.map(|file| Location::file(self.origin.relative(file)).lines(problem.line, None));
            self.push(finding, problem);
        }
    }

    /// The text of a problem about a secret may quote it: gitleaks writes its JSON there.
    fn push(&mut self, finding: Finding, problem: &Problem) {
        if self.secrets.include(&finding) || finding.category == Category::Secret {
            self.parsed.secrets.extend(evidence::in_source(&problem.text));
        }
        self.on_host.push(self.suites.last().and_then(|suite| suite.host.clone()));
        self.parsed.findings.push(finding);
    }
}

#[cfg(test)]
mod tests;
