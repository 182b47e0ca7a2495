//! The recorded reports in `fixtures/`, see fixtures/README.md.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't read its fixture has failed")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use portcullis::keys::mistakes::Problems;
use portcullis::keys::table::Keys;
use portcullis::model::scope::Scope;
use portcullis::scan::job::Planned;
use portcullis::scan::proof::{Proof, assess};
use portcullis::scan::raw_report::{Document, RawReport};
use portcullis::scan::report_origin::ReportOrigin;
use portcullis::scan::tool::Tool;
use portcullis::tools::spec;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// Where the files come from.
    pub provenance: String,
    /// Which scanner reads it, where that is not the folder's name.
    pub tool: Option<String>,
    /// gates.toml keys of the scanner, as TOML.
    #[serde(default)]
    pub options: String,
    /// The report files, in the order in which the scanner gets them.
    pub reports: Vec<String>,
    /// Further files that lie beside the reports.
    #[serde(default)]
    pub beside: Vec<String>,
    /// The answers to the preflight questions.
    #[serde(default)]
    pub answers: Vec<String>,
    /// The files that the program was given; absent where the tool plans none.
    #[serde(default)]
    pub planned_files: Vec<String>,
    pub stdout: Option<String>,
    pub stderr: Option<String>,
    pub exit: Option<i32>,
    /// Whether nothing but the failures in the report made it end with this code.
    pub explained: Option<bool>,
    /// `complete`, `empty` or `inconclusive`.
    pub outcome: String,
    /// Words that the reason of an `empty` or `inconclusive` outcome must hold.
    #[serde(default)]
    pub says: Vec<String>,
    pub counts: BTreeMap<String, u64>,
    pub scope: Option<Scope>,
    /// Findings that must be among those read, each by the fields that it names.
    #[serde(default)]
    pub findings: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// One recorded report with the scanner that reads it.
pub(crate) struct Fixture {
    /// `tool/case`.
    pub name: String,
    /// The scanner's name.
    pub spec: String,
    pub expected: Expected,
    pub tool: Box<dyn Tool>,
    pub raw: RawReport<'static>,
    planned: Planned,
}

/// Every fixture, in the order of its name; those that can't be read are errors.
pub(crate) fn fixtures() -> Vec<Result<Fixture, String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut cases: Vec<PathBuf> = Vec::new();
    for tool in std::fs::read_dir(&root).unwrap() {
        let Ok(entries) = std::fs::read_dir(tool.unwrap().path()) else { continue };
        cases.extend(
            entries.map(|case| case.unwrap().path()).filter(|case| case.join("expected.json").exists()),
        );
    }
    cases.sort();
    assert!(!cases.is_empty(), "no fixtures below {}", root.display());
    let read = |case: &PathBuf| {
        let name = case.strip_prefix(&root).unwrap().display().to_string();
        Fixture::read(&name, case).map_err(|why| format!("{name}: {why}"))
    };
    cases.iter().map(read).collect()
}

impl Fixture {
    fn read(name: &str, case: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(case.join("expected.json")).map_err(|error| error.to_string())?;
        let expected: Expected =
            serde_json::from_str(&text).map_err(|error| format!("expected.json: {error}"))?;
        let folder = case.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let scanner_name = expected.tool.clone().unwrap_or(folder);
        let tool = tool(&scanner_name, &expected.options)?;

        let read = |name: &String| std::fs::read(case.join(name)).map_err(|error| format!("{name}: {error}"));
        let optional =
            |name: &Option<String>| name.as_ref().map(read).transpose().map(Option::unwrap_or_default);
        let documents = |names: &[String]| {
            let document =
                |name: &String| Ok(Document { name: name.clone(), bytes: Cow::Owned(read(name)?) });
            names.iter().map(document).collect::<Result<Vec<_>, String>>()
        };
        let raw = RawReport {
            exit: expected.exit,
            documents: documents(&expected.reports)?,
            beside: documents(&expected.beside)?,
            answers: documents(&expected.answers)?,
            stdout: Cow::Owned(optional(&expected.stdout)?),
            stderr: Cow::Owned(optional(&expected.stderr)?),
            ..RawReport::default()
        };
        let planned = Planned { files: expected.planned_files.clone(), ..Planned::default() };
        Ok(Self { name: name.to_owned(), spec: scanner_name, expected, tool, raw, planned })
    }

    /// What its report proves.
    pub(crate) fn assess(&self) -> Proof {
        self.assess_cut(usize::MAX, 0)
    }

    /// Its documents: the reports, then what lies beside them, then the answers.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &Document<'static>> {
        self.raw.documents.iter().chain(&self.raw.beside).chain(&self.raw.answers)
    }

    /// What the report proves with only the first `length` bytes of its document `n`.
    pub(crate) fn assess_cut(&self, n: usize, length: usize) -> Proof {
        let document = |(i, document): (usize, &'_ Document<'static>)| {
            let length = if i == n { length } else { document.bytes.len() };
            Document { name: document.name.clone(), bytes: Cow::Owned(document.bytes[..length].to_vec()) }
        };
        let mut documents: Vec<Document> = self.documents().enumerate().map(document).collect();
        let answers = documents.split_off(self.raw.documents.len() + self.raw.beside.len());
        let beside = documents.split_off(self.raw.documents.len());
        let raw = RawReport {
            exit: self.raw.exit,
            documents,
            beside,
            answers,
            // Without an exit code nothing was run, and so nothing planned.
            planned: self.raw.exit.map(|_| &self.planned),
            stderr: Cow::Borrowed(&self.raw.stderr),
            stdout: Cow::Borrowed(&self.raw.stdout),
            ..RawReport::default()
        };
        assess(self.tool.as_ref(), &raw, &origin())
    }
}

/// A scanner with gates.toml keys, given as TOML.
pub(crate) fn tool(name: &str, options: &str) -> Result<Box<dyn Tool>, String> {
    let spec = spec(name).ok_or(format!("no scanner is called {name}"))?;
    let problems = Problems::default();
    let table = toml::de::DeTable::parse(options).map_err(|error| error.to_string())?;
    let keys = Keys::new(table.get_ref(), 0..0, &problems);
    let tool = (spec.configure)(&keys);
    keys.finish("the options");
    match problems.into_sorted() {
        problems if problems.is_empty() => Ok(tool),
        problems => Err(format!("options: {problems:?}")),
    }
}

pub(crate) fn origin() -> ReportOrigin {
    ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: "target".into() }
}
