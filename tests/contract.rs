//! Every scanner × every fixture: what Portcullis reads from a report is what a person, or a
//! script that shares no code with it, counted in that report.
//!
//! `fixtures/<tool or format>/<case>/expected.json` says which files make up the case and what
//! is expected of it; fixtures/README.md tells its keys.

#![allow(clippy::unwrap_used, reason = "a test that can't read its fixture has failed")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use portcullis::config::{Keys, Problems};
use portcullis::finding::Finding;
use portcullis::place::Place;
use portcullis::proof::{Proof, weigh};
use portcullis::scope::Scope;
use portcullis::severity::{Counts, Severity};
use portcullis::tool::{Document, RawReport, scanner};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// Where the files come from.
    #[allow(dead_code)]
    provenance: String,
    /// Which scanner reads it, where that is not the folder's name.
    tool: Option<String>,
    /// gates.toml keys of the scanner, as TOML.
    #[serde(default)]
    options: String,
    /// The report files, in the order in which the scanner gets them.
    reports: Vec<String>,
    stdout: Option<String>,
    stderr: Option<String>,
    exit: Option<i32>,
    /// `complete`, `empty` or `inconclusive`.
    outcome: String,
    /// Words that the reason of an `empty` or `inconclusive` outcome must hold.
    #[serde(default)]
    says: Vec<String>,
    counts: BTreeMap<String, u64>,
    scope: Option<Scope>,
    /// Findings that must be among those read, each by the fields that it names.
    #[serde(default)]
    findings: Vec<serde_json::Map<String, serde_json::Value>>,
}

#[test]
fn every_fixture_reads_as_expected() {
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

    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            check(case).err().map(|why| format!("{}: {why}", case.strip_prefix(&root).unwrap().display()))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn check(case: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(case.join("expected.json")).map_err(|error| error.to_string())?;
    let expected: Expected =
        serde_json::from_str(&text).map_err(|error| format!("expected.json: {error}"))?;
    let folder = case.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    let name = expected.tool.as_deref().unwrap_or(&folder);
    let scanner = scanner(name).ok_or(format!("no scanner is called {name}"))?;

    let problems = Problems::default();
    let table = toml::de::DeTable::parse(&expected.options).map_err(|error| error.to_string())?;
    let keys = Keys::new(table.get_ref(), 0..0, &problems);
    let tool = (scanner.configure)(&keys);
    keys.finish("the options");
    let problems = problems.into_sorted();
    if !problems.is_empty() {
        return Err(format!("options: {problems:?}"));
    }

    let read = |name: &String| std::fs::read(case.join(name)).map_err(|error| format!("{name}: {error}"));
    let optional = |name: &Option<String>| name.as_ref().map(read).transpose().map(Option::unwrap_or_default);
    let raw = RawReport {
        exit: expected.exit,
        documents: expected
            .reports
            .iter()
            .map(|name| Ok(Document { name: name.clone(), bytes: Cow::Owned(read(name)?) }))
            .collect::<Result<_, String>>()?,
        stdout: Cow::Owned(optional(&expected.stdout)?),
        stderr: Cow::Owned(optional(&expected.stderr)?),
    };
    let place = Place { root: "/repo".into(), cwd: "/repo".into(), target: "target".into() };

    let (outcome, parsed, reason) = match weigh(tool.as_ref(), &raw, &place) {
        Proof::Complete(parsed) => ("complete", parsed, String::new()),
        Proof::NothingInScope { parsed, reason } => ("empty", parsed, reason),
        Proof::Inconclusive { parsed, reason } => ("inconclusive", parsed, reason),
    };
    if outcome != expected.outcome {
        return Err(format!("is {outcome} ({reason}), not {}", expected.outcome));
    }
    for words in &expected.says {
        if !reason.contains(words.as_str()) {
            return Err(format!("the reason \"{reason}\" does not say \"{words}\""));
        }
    }
    let counts = nonzero(&Counts::of(&parsed.findings));
    if counts != expected.counts {
        return Err(format!("counts {counts:?}, not {:?}", expected.counts));
    }
    if let Some(scope) = &expected.scope
        && *scope != parsed.scope
    {
        return Err(format!("scope {}, not {scope}", parsed.scope));
    }
    for wanted in &expected.findings {
        if !parsed.findings.iter().any(|finding| matches(finding, wanted)) {
            return Err(format!("no finding has {wanted:?}"));
        }
    }
    Ok(())
}

fn nonzero(counts: &Counts) -> BTreeMap<String, u64> {
    Severity::ALL
        .iter()
        .map(|severity| (severity.to_string(), counts.get(*severity)))
        .filter(|(_, n)| *n > 0)
        .collect()
}

/// Whether the finding, as run.json has it, holds every field that `wanted` names.
fn matches(finding: &Finding, wanted: &serde_json::Map<String, serde_json::Value>) -> bool {
    fn holds(has: &serde_json::Value, wants: &serde_json::Value) -> bool {
        match (has, wants) {
            (serde_json::Value::Object(has), serde_json::Value::Object(wants)) => {
                wants.iter().all(|(key, value)| has.get(key).is_some_and(|has| holds(has, value)))
            }
            _ => has == wants,
        }
    }
    let finding = serde_json::to_value(finding).unwrap();
    holds(&finding, &serde_json::Value::Object(wanted.clone()))
}
