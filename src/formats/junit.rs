//! JUnit XML. It has no standard and many dialects. This reads the format that
//! <https://github.com/testmoapp/junitxml> describes, and the dialects of Node, pytest, Surefire and
//! the scanners.

use crate::model::finding::{Category, Finding, Location};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::redact::evidence;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::secret_findings::AboutSecrets;
use crate::text::shared::Text;

use super::headline;
use super::xml::{Document, Element, Piece, text};

const WHAT: &str = "JUnit report";

/// Reads a JUnit report. Scope: the test cases that ran, without skipped ones. A case with a `failure`
/// or an `error` is one finding, and so is a suite that has one itself.
///
/// A suite that counts more failures than it shows is a gap: some failures are missing.
pub(crate) fn read(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    let text = text(bytes, WHAT)?;
    let mut document = Document::new(&text, WHAT);
    let root = document.root(&["testsuites", "testsuite"])?;
    let mut reading = Reading {
        origin,
        suites: vec![Suite::of(&root, None, 0)],
        case: None,
        open: None,
        shown: 0,
        commented: 0,
        secrets: AboutSecrets::new(),
        parsed: Parsed { scope: Scope::of(Unit::Tests, 0), ..Parsed::default() },
    };
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
    /// The open suites, from the root to the innermost.
    suites: Vec<Suite>,
    case: Option<Case>,
    /// The `failure` or `error` whose text is being read.
    open: Option<Problem>,
    /// How many `failure` and `error` elements there were so far.
    shown: u64,
    /// How many failures a comment in the report counts.
    commented: u64,
    secrets: AboutSecrets,
    parsed: Parsed,
}

struct Suite {
    name: Option<String>,
    /// Its own file, or the file of the suite around it.
    file: Option<Text>,
    /// How many failures and errors it counts.
    counted: u64,
    /// The value of `Reading::shown` when the suite began.
    shown_before: u64,
    problem: Option<Problem>,
}

#[derive(Default)]
struct Case {
    name: Option<String>,
    class: Option<String>,
    file: Option<Text>,
    line: Option<u64>,
    /// Why it was skipped, or expected to fail.
    skipped: Option<String>,
    problem: Option<Problem>,
}

struct Problem {
    /// `failure`, `error` or [`STATUS`].
    word: &'static str,
    message: Option<String>,
    text: String,
}

/// For a case whose `status` says that it failed, without a `failure` or `error` element.
const STATUS: &str = "failed";

impl Suite {
    fn of(element: &Element, around: Option<&Self>, shown_before: u64) -> Self {
        let count = |name| element.number(name).unwrap_or_default();
        Self {
            // `testsuites` has the name of the whole run, which is not part of an id.
            name: element.attribute("name").filter(|_| element.name == "testsuite").map(str::to_owned),
            file: file(element).or_else(|| around.and_then(|suite| suite.file.clone())),
            counted: count("failures").saturating_add(count("errors")),
            shown_before,
            problem: None,
        }
    }
}

impl Case {
    fn of(element: &Element) -> Self {
        let owned = |name| element.attribute(name).map(str::to_owned);
        let status = element.attribute("status").map(str::to_ascii_lowercase);
        let status = status.as_deref().unwrap_or_default();
        let skipped = ["notrun", "disabled", "skipped", "ignored"].contains(&status);
        Self {
            name: owned("name"),
            class: owned("classname"),
            file: file(element),
            line: element.number("line"),
            skipped: skipped.then(|| status.to_owned()),
            problem: ["fail", "failed", "failure", "error"].contains(&status).then(|| Problem {
                word: STATUS,
                message: None,
                text: String::new(),
            }),
        }
    }
}

fn file(element: &Element) -> Option<Text> {
    ["file", "filepath"].into_iter().find_map(|name| element.attribute(name)).map(Text::from)
}

impl Reading<'_> {
    fn open(&mut self, element: &Element) {
        match element.name.as_str() {
            "testsuite" | "testsuites" => {
                let suite = Suite::of(element, self.suites.last(), self.shown);
                self.suites.push(suite);
            }
            "testcase" => self.case = Some(Case::of(element)),
            word @ ("failure" | "error") => {
                let word = if word == "failure" { "failure" } else { "error" };
                let message = element.attribute("message").map(str::to_owned);
                self.open = Some(Problem { word, message, text: String::new() });
            }
            "skipped" => {
                if let Some(case) = &mut self.case {
                    let why = ["message", "type"].into_iter().find_map(|name| element.attribute(name));
                    case.skipped = Some(why.unwrap_or("skipped").to_owned());
                }
            }
            _ => {}
        }
    }

    /// Keeps the first part of a failure's text. The rest is a stack trace.
    fn text(&mut self, text: &str) {
        const LONGEST: usize = 8 * 1024;
        if let Some(problem) = &mut self.open {
            let room = LONGEST.saturating_sub(problem.text.len());
            let end = (0..=room.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
            problem.text.push_str(&text[..end.unwrap_or(0)]);
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "failure" | "error" => {
                self.shown += 1;
                let Some(problem) = self.open.take() else { return };
                let slot = match &mut self.case {
                    Some(case) => Some(&mut case.problem),
                    None => self.suites.last_mut().map(|suite| &mut suite.problem),
                };
                // The first problem says most.
                if let Some(slot) = slot
                    && slot.as_ref().is_none_or(|first| first.word == STATUS)
                {
                    *slot = Some(problem);
                }
            }
            "testcase" => {
                if let Some(case) = self.case.take() {
                    self.case(case);
                }
            }
            "testsuite" | "testsuites" => {
                if let Some(suite) = self.suites.pop() {
                    self.suite(suite);
                }
            }
            _ => {}
        }
    }

    /// Node writes its counts in comments: `<!-- fail 1 -->`.
    fn comment(&mut self, comment: &str) {
        if let Some(count) = comment.trim().strip_prefix("fail ") {
            self.commented = count.parse().unwrap_or(self.commented);
        }
    }

    /// Node leaves out a test that fails while its subtests pass, and counts a failed test again for
    /// each test around it. So its count shows only whether there was any failure.
    fn finish(mut self) -> Parsed {
        let failed = self.parsed.findings.iter().any(|finding| finding.suppressed.is_none());
        if self.commented > 0 && !failed {
            self.parsed.gaps.push(format!("the report counts {} failures, and shows none", self.commented));
        }
        self.parsed
    }

    fn case(&mut self, case: Case) {
        if case.skipped.is_none() || case.problem.is_some() {
            self.parsed.scope.add(Unit::Tests, 1);
        }
        let Some(problem) = case.problem else { return };
        self.shown += u64::from(problem.word == STATUS);
        let rule = self.rule(case.class.as_deref(), case.name.as_deref());
        let file = case.file.or_else(|| self.suites.last().and_then(|suite| suite.file.clone()));
        let location = file.map(|file| Location::file(self.origin.relative(&file)).lines(case.line, None));
        let mut finding = self.finding(problem, rule);
        finding.location = location;
        finding.suppressed = case.skipped.map(|why| Text::from(format!("marked as skipped: {why}")));
        self.parsed.findings.push(finding);
    }

    fn suite(&mut self, suite: Suite) {
        let shown = self.shown - suite.shown_before;
        let name = suite.name.as_deref();
        if suite.counted > shown {
            let who = name.map_or("the report".to_owned(), |name| format!("suite {name}"));
            let counted = suite.counted;
            self.parsed.gaps.push(format!("{who} counts {counted} failures and errors, and shows {shown}"));
        }
        if let Some(problem) = suite.problem {
            let rule = self.rule(None, name.or(Some("suite without a name")));
            let mut finding = self.finding(problem, rule);
            finding.location = suite.file.map(|file| Location::file(self.origin.relative(&file)));
            self.parsed.findings.push(finding);
        }
    }

    /// The finding of a problem. The text of one about a secret may quote it: gitleaks writes its JSON there.
    fn finding(&mut self, problem: Problem, rule: String) -> Finding {
        let text = problem.message.is_some().then(|| problem.text.clone());
        let finding = problem.finding(rule);
        if self.secrets.include(&finding) {
            self.parsed.secrets.extend(evidence::in_source(text.as_deref().unwrap_or(&finding.message)));
        }
        finding
    }

    /// `class.name`. Without a class, the names of the innermost suites stand in its place. Node writes
    /// `test` for every class, so this counts as no class.
    fn rule(&self, class: Option<&str>, name: Option<&str>) -> String {
        let class = class.filter(|class| *class != "test");
        let innermost = &self.suites[self.suites.len().saturating_sub(8)..];
        let suites = innermost.iter().filter_map(|suite| suite.name.as_deref());
        let mut words: Vec<&str> = match class {
            Some(class) => vec![class],
            None => suites.collect(),
        };
        words.push(name.unwrap_or("test without a name"));
        words.join(".")
    }
}

impl Problem {
    fn finding(self, rule: String) -> Finding {
        let message = self.message.unwrap_or_else(|| self.text.trim().to_owned());
        let title = if message.is_empty() { format!("{rule} failed") } else { headline(&message) };
        let mut finding = Finding::new(rule, Category::Test, Severity::High, title);
        finding.severity_raw = Some(self.word.into());
        finding.message = message.into();
        finding
    }
}

#[cfg(test)]
mod tests;
