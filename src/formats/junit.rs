//! JUnit XML, of which there are many dialects and no standard; this reads what
//! <https://github.com/testmoapp/junitxml> describes, and what Node, pytest, Surefire and the
//! scanners make of it.

use crate::model::finding::{Category, Finding, Location};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::text::shared::Text;

use super::headline;
use super::xml::{Document, Element, Piece, text};

const WHAT: &str = "JUnit report";

/// Reads a JUnit report. Scope: the test cases that ran; a skipped one did not. A case with a
/// `failure` or an `error` is one finding, and so is a suite with one of its own.
///
/// A suite that counts more failures than it shows has lost some: a gap.
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
        noted: 0,
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

/// Where the reader is, and what it has read.
struct Reading<'a> {
    origin: &'a ReportOrigin,
    /// From the root to the innermost.
    suites: Vec<Suite>,
    case: Option<Case>,
    /// The `failure` or `error` whose text is being read.
    open: Option<Problem>,
    /// How many of those there were so far.
    shown: u64,
    /// How many failures the report counts in a comment.
    noted: u64,
    parsed: Parsed,
}

struct Suite {
    name: Option<String>,
    /// Its own file, or that of the suite around it.
    file: Option<Text>,
    /// The failures and errors that it counts.
    counted: u64,
    /// How many had been shown when it began.
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

/// For a case that has failed by its `status` alone, without an element that says so.
const STATUS: &str = "failed";

impl Suite {
    fn of(element: &Element, around: Option<&Self>, shown_before: u64) -> Self {
        let count = |name| element.number(name).unwrap_or_default();
        Self {
            // The name of `testsuites` is that of the whole run.
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

    /// Keeps the beginning of the text of a failure: the rest is a stack trace.
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
                // The first one says most.
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

    /// Node counts in comments: `<!-- fail 1 -->`.
    fn comment(&mut self, comment: &str) {
        if let Some(count) = comment.trim().strip_prefix("fail ") {
            self.noted = count.parse().unwrap_or(self.noted);
        }
    }

    /// Node leaves out a test that fails while those inside it pass, and counts a failed test once
    /// more for each test around it: so the count says only whether there was a failure at all.
    fn finish(mut self) -> Parsed {
        let failed = self.parsed.findings.iter().any(|finding| finding.suppressed.is_none());
        if self.noted > 0 && !failed {
            self.parsed.gaps.push(format!("the report counts {} failures, and shows none", self.noted));
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
        let mut finding = problem.finding(rule);
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
            let mut finding = problem.finding(self.rule(None, name.or(Some("suite without a name"))));
            finding.location = suite.file.map(|file| Location::file(self.origin.relative(&file)));
            self.parsed.findings.push(finding);
        }
    }

    /// `class.name`, or the names of the innermost suites where the class says nothing: Node
    /// writes `test` for every class.
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
