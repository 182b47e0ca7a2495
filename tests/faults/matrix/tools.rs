//! The rows of the matrix: every tool with a whole clean report, a whole report with findings, and
//! what is peculiar to it. Nearly all reports are recordings from `fixtures/`.

use std::path::Path;

use serde_json::Value;

use super::peculiar::peculiar;
use super::rows::rows;

/// What a fake does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acts {
    /// Its reports in their order; `None`: it does not write this one.
    pub reports: Vec<Option<Vec<u8>>>,
    pub stderr: Vec<u8>,
    /// What git answers, each under the word that the question ends with, or begins with.
    pub answers: Vec<(&'static str, Vec<u8>)>,
    pub exit: i32,
    /// Shell text: what it does before and after it writes its reports.
    pub before: &'static str,
    pub after: &'static str,
}

/// One row.
pub(crate) struct Tool {
    pub name: &'static str,
    pub program: &'static str,
    /// The gate's own keys; `REPORT` stands for the path of a command's report.
    pub gate: &'static str,
    pub clean: Acts,
    /// Absent where the tool finds nothing by its nature.
    pub findings: Option<Acts>,
    /// Which of its reports the faults damage.
    pub damaged: usize,
    /// Keys (JSON pointers) without which a report is none, those that are in it.
    pub required: &'static [&'static str],
    /// Codes of a crash, a usage error and the like, as documented.
    pub crashes: &'static [i32],
    /// The code of findings, where there is one beside a report.
    pub found: Option<i32>,
    /// Key of the gate that names the folder it looks at.
    pub folder: Option<&'static str>,
    /// It runs as one of several steps, which have their time together.
    pub steps: bool,
    /// Where it puts its report: `-`, or the option that names the file; absent: `fake.sh` knows.
    pub report_at: Option<&'static str>,
    /// Files of the project that it looks at.
    pub files: Vec<(String, String)>,
}

impl Acts {
    pub(super) fn new(exit: i32, reports: Vec<Vec<u8>>) -> Self {
        Self { reports: reports.into_iter().map(Some).collect(), exit, ..Self::default() }
    }

    pub(crate) fn says(mut self, stderr: impl Into<Vec<u8>>) -> Self {
        self.stderr = stderr.into();
        self
    }

    /// With git's answer to one question; `None`: it has none.
    pub(crate) fn answered(mut self, question: &'static str, answer: Option<&str>) -> Self {
        self.answers.retain(|(known, _)| *known != question);
        self.answers.extend(answer.map(|answer| (question, answer.into())));
        self
    }

    pub(crate) fn exits(mut self, code: i32) -> Self {
        self.exit = code;
        self
    }

    pub(crate) fn before(mut self, shell: &'static str) -> Self {
        self.before = shell;
        self
    }

    pub(crate) fn after(mut self, shell: &'static str) -> Self {
        self.after = shell;
        self
    }

    /// The same with the report `n` as `change` makes it.
    pub(crate) fn with(mut self, n: usize, report: Option<Vec<u8>>) -> Self {
        if let Some(slot) = self.reports.get_mut(n) {
            *slot = report;
        }
        self
    }

    pub(crate) fn report(&self, n: usize) -> Option<&[u8]> {
        self.reports.get(n)?.as_deref()
    }
}

impl Tool {
    /// The report that the faults damage, clean.
    pub(crate) fn report(&self) -> Option<&[u8]> {
        self.clean.report(self.damaged)
    }

    /// The clean run with another report.
    pub(crate) fn writes(&self, report: impl Into<Vec<u8>>) -> Acts {
        self.clean.clone().with(self.damaged, Some(report.into()))
    }

    /// A run that must never pass: with findings, or else a crash after a whole report.
    pub(crate) fn guilty(&self) -> Acts {
        self.findings.clone().unwrap_or_else(|| self.clean.clone().exits(self.crashes[0]))
    }

    pub(crate) fn has_report(&self) -> bool {
        self.report().is_some()
    }
}

/// The row of a Yarn that prints nothing where it finds nothing.
pub(crate) const YARN_4: &str = "yarn-audit of Yarn 4";

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A recorded report with values replaced (JSON pointers); `Null` removes.
pub(crate) fn edited(report: &[u8], edits: &[(&str, Value)]) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(report).unwrap();
    for (pointer, value) in edits {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent) {
            Some(Value::Object(map)) if value.is_null() => drop(map.remove(key)),
            Some(Value::Object(map)) => drop(map.insert(key.to_owned(), value.clone())),
            Some(Value::Array(list)) => list[key.parse::<usize>().unwrap()] = value.clone(),
            _ => panic!("{pointer} is not in the report"),
        }
    }
    serde_json::to_vec(&document).unwrap()
}

/// A row with nothing in it.
pub(super) fn base() -> Tool {
    Tool {
        name: "",
        program: "",
        gate: "",
        clean: Acts::default(),
        findings: None,
        damaged: 0,
        required: &[],
        crashes: &[],
        found: None,
        folder: Some("dirs = ['gone']"),
        steps: false,
        report_at: None,
        files: Vec::new(),
    }
}

/// Every row: those beside the fixtures, and those of tools with more than one report, or with a peculiar way to give it.
pub(crate) fn tools() -> Vec<Tool> {
    let mut tools = peculiar();
    tools.extend(rows());
    tools
}
