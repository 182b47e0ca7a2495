//! A test case, and what went wrong in it.

use crate::formats::headline;
use crate::formats::xml::Element;
use crate::model::finding::{Category, Finding};
use crate::model::severity::Severity;
use crate::text::shared::Text;
use crate::text::steady;

use super::{file, native};

/// A `testcase`.
#[derive(Default)]
pub(super) struct Case {
    pub name: Option<String>,
    /// Some linters give no name, but an id.
    pub id: Option<String>,
    pub class: Option<String>,
    pub file: Option<Text>,
    pub line: Option<u64>,
    /// Why it was skipped.
    pub skipped: Option<String>,
    /// How many `skipped` elements it has: pytest writes one for each subtest.
    pub skips: u64,
    /// Node expects it to fail.
    todo: bool,
    /// CTest could not run it: its program or what it needs is not there.
    not_run: bool,
    /// A word for its severity among its properties (ty).
    pub severity: Option<String>,
    /// It is written as Catch2 and doctest do.
    pub is_run: bool,
    /// behave came to its end before it.
    pub untested: bool,
    pub problems: Vec<Problem>,
    /// How many elements there were for them: those of tries, and the others.
    pub tries: u64,
    pub failures: u64,
}

/// A `failure`, an `error`, or one of an earlier try.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The element's name, or [`STATUS`].
    pub element: &'static str,
    pub message: Option<String>,
    pub id: Option<String>,
    /// The class of an exception, or a linter's word for the severity.
    pub kind: Option<String>,
    pub file: Option<Text>,
    pub line: Option<u64>,
    pub text: String,
}

/// For a case whose `status` says that it failed, without a `failure` or `error` element.
const STATUS: &str = "failed";

/// What a problem may be called. Surefire writes the tries of a test that passed in the end (`flaky…`), and the further
/// tries of one that failed (`rerun…`).
/// PHPUnit up to 9 has a `warning` for a test that it could not carry out (`WarningTestCase`).
const ELEMENTS: [&str; 7] =
    ["failure", "error", "warning", "flakyFailure", "flakyError", "rerunFailure", "rerunError"];

impl Case {
    pub(super) fn of(element: &Element) -> Self {
        let owned = |name| element.attribute(name).map(str::to_owned);
        // GoogleTest writes both.
        let words = ["status", "result"].map(|name| element.attribute(name).map(str::to_ascii_lowercase));
        let said = |known: &[&str]| words.iter().flatten().find(|word| known.contains(&word.as_str()));
        let skipped = said(&["notrun", "disabled", "skipped", "ignored"]);
        let failed = said(&[
            "fail", "failed", "failure", "error", "errored", "broken", "crashed", "aborted", "timeout",
            "timedout",
        ])
        .is_some();
        let problem = Problem { element: STATUS, ..Problem::empty() };
        Self {
            name: owned("name"),
            id: owned("id"),
            class: owned("classname"),
            file: file(element),
            line: element.number("line"),
            skipped: skipped.cloned(),
            skips: 0,
            todo: false,
            // GoogleTest has a `result` beside it, and skips what is disabled.
            not_run: element.attribute("status") == Some("notrun") && element.attribute("result").is_none(),
            severity: None,
            is_run: native::is_run(element),
            untested: element.attribute("status") == Some("untested"),
            problems: failed.then_some(problem).into_iter().collect(),
            tries: 0,
            failures: 0,
        }
    }

    /// Notes a `skipped` element.
    pub(super) fn skip(&mut self, element: &Element) {
        let why = ["message", "type"].into_iter().find_map(|name| element.attribute(name));
        if self.not_run && why.is_some_and(|why| !is_chosen(why)) {
            let message = why.map(str::to_owned);
            self.problems.push(Problem { element: STATUS, message, ..Problem::empty() });
            return;
        }
        self.skipped = Some(why.unwrap_or("skipped").to_owned());
        self.skips += 1;
        self.todo = element.attribute("type") == Some("todo");
    }

    /// Two problems that are the same word for word are one.
    pub(super) fn add(&mut self, problem: Problem) {
        self.problems.retain(|other| other.element != STATUS);
        *(if problem.counts() { &mut self.failures } else { &mut self.tries }) += 1;
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// At its end: a test that failed in further tries, and never passed, failed.
    pub(super) fn settle(&mut self) {
        let passed = self.problems.iter().any(|problem| problem.element.starts_with("flaky"));
        if !self.fails() && !passed {
            self.problems.iter_mut().take(1).for_each(|problem| problem.element = "failure");
        }
    }

    pub(super) fn fails(&self) -> bool {
        self.problems.iter().any(Problem::counts)
    }

    pub(super) fn fails_by_status_alone(&self) -> bool {
        self.problems.iter().any(|problem| problem.element == STATUS)
    }

    /// Passed after it had failed.
    pub(super) fn is_flaky(&self) -> bool {
        !self.fails() && self.problems.iter().any(|problem| problem.element.starts_with("flaky"))
    }

    /// Why its failures may be expected. A test that was skipped and failed all the same did fail: pytest writes the
    /// `skipped` of an expected failure alone, so a failure beside it is of a subtest or of the teardown.
    pub(super) fn expected_to_fail(&self) -> Option<Text> {
        let why = self.skipped.as_deref().filter(|_| self.todo && self.skips == 1)?;
        let failures_alone = self.problems.iter().all(|problem| problem.element == "failure");
        failures_alone.then(|| Text::from(format!("expected to fail: {why}")))
    }
}

/// Whether CTest skips a test because somebody wants that (`SKIP_RETURN_CODE=77`, `Disabled`); else it could not run it, and counts it
/// as failed.
fn is_chosen(why: &str) -> bool {
    why.starts_with("SKIP_") || why == "Disabled"
}

impl Problem {
    fn empty() -> Self {
        Self { element: "", message: None, id: None, kind: None, file: None, line: None, text: String::new() }
    }

    /// `None` for an element that is no problem.
    pub(super) fn of(element: &Element) -> Option<Self> {
        let name = ELEMENTS.into_iter().find(|name| *name == element.name)?;
        let owned = |name| element.attribute(name).map(str::to_owned);
        Some(Self {
            element: name,
            message: owned("message"),
            id: owned("id"),
            kind: owned("type"),
            file: file(element),
            line: element.number("line"),
            text: String::new(),
        })
    }

    /// Adds a piece of its text.
    pub(super) fn add(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Whether it is a failure of its own, and not one of several tries.
    pub(super) fn counts(&self) -> bool {
        ["failure", "error", "warning", STATUS].contains(&self.element)
    }

    /// Its message and its text: the text often has what the message leaves out. `typed`: its type is the class of an
    /// exception, and one of another class is another failure.
    pub(super) fn finding(&self, rule: String, typed: bool) -> Finding {
        let text = self.text.trim();
        let message = match &self.message {
            Some(message)
                if text.is_empty() || text.starts_with(message.trim()) && text.len() <= message.len() =>
            {
                message.clone()
            }
            Some(message) if message.contains(text) => message.clone(),
            Some(message) if text.starts_with(message.trim()) => text.to_owned(),
            Some(message) => format!("{message}\n{text}"),
            None => text.to_owned(),
        };
        let title = if message.is_empty() { format!("{rule} failed") } else { headline(&message) };
        let mut finding = Finding::new(rule, Category::Test, Severity::High, title);
        finding.severity_raw = Some(self.element.into());
        let said = |kind: &&str| *kind == self.element || message.starts_with(*kind);
        let message = match self.kind.as_deref().filter(|kind| typed && !said(kind)) {
            Some(kind) => format!("{message}\ntype: {kind}").trim_start().to_owned(),
            None => message,
        };
        finding.message = steady::cut(&message).into();
        finding
    }
}
