//! The files of Portcullis itself, the files of a scanned project, and the removal of secrets from reports.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::LazyLock;

use jiff::civil::Date;
use portcullis::config::Config;
use portcullis::config::floor::Floor;
use portcullis::engine::lock::Lock;
use portcullis::formats::{epss, inventory, kev, vex};
use portcullis::keys::mistakes::{Problem, Problems, draw};
use portcullis::keys::table::Keys;
use portcullis::model::purl::{Purl, comparable_name};
use portcullis::model::run::Run;
use portcullis::policy::apply::{PolicyInputs, apply};
use portcullis::redact::{Scrubber, Secret, mask_fields};
use portcullis::scan::proof::{Proof, assess};
use portcullis::scan::raw_report::{Document, RawReport};
use portcullis::scan::report_origin::ReportOrigin;
use portcullis::scan::tool::Tool;
use portcullis::tools::TOOLS;
use portcullis::tools::sonarqube::task_file::TaskFile;
use serde_json::{Value, json};
use toml::de::DeTable;

/// Reads bytes and panics if a promise is broken.
pub type Check = fn(&[u8]);

/// Every reader of this kind, by its name.
pub const OWN: [(&str, Check); 12] = [
    ("gates-toml", gates_toml),
    ("gates-lock", gates_lock),
    ("floor", floor),
    ("scanner-files", scanner_files),
    ("facts", facts),
    ("run-json", run_json),
    ("mask-fields", masked),
    ("scrubber", scrubbed),
    ("report-task", report_task),
    ("purl", purl),
    ("licence", licence),
    ("runner-log", runner_log),
];

fn gates_toml(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Err(problems) = Config::read(text) {
        check_problems(&problems, text);
    }
}

/// VEX documents, EPSS scores, CISA's catalogue, inventories.
fn facts(input: &[u8]) {
    let _ = vex::read("a", input);
    let _ = epss::read(input);
    let _ = kev::read(input);
    let _ = inventory::components(input);
}

/// The file of `--require`.
fn floor(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Err(problems) = Floor::read(text) {
        check_problems(&problems, text);
    }
}

/// Every mistake has a place in the text and can be shown there.
fn check_problems(problems: &[Problem], text: &str) {
    assert!(!problems.is_empty(), "it is refused without a reason");
    for problem in problems {
        assert!(text.get(problem.at.clone()).is_some(), "{problem:?} is not in the text");
    }
    draw(problems, text, "gates.toml", &Scrubber::default(), false);
}

/// A lock that was read is the same after it is written and read again.
fn gates_lock(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(lock) = Lock::read(text) else { return };
    assert_eq!(Lock::read(&lock.to_string()), Ok(lock), "it changed between reading and writing");
}

/// The description of a scanner's configuration file is one short line, for any content of the file.
fn scanner_files(input: &[u8]) {
    for file in TOOLS.iter().flat_map(|spec| spec.config_files.list()) {
        let note = (file.describe)(input);
        let words = note.map(|note| note.words(file.name)).unwrap_or_default();
        assert!(!words.contains('\n') && words.chars().count() < 500, "{words}");
    }
}

/// Only new waivers depend on the day. Recorded ones do not.
const TODAY: Date = jiff::civil::date(2026, 1, 1);

/// A run that can be read can be judged, written, read and judged again, and nothing changes.
fn run_json(input: &[u8]) {
    let Ok(mut run) = serde_json::from_slice::<Run>(input) else { return };
    let recorded = run.waivers.clone();
    apply(&mut run, &PolicyInputs::as_recorded(&recorded, TODAY));
    let first = serde_json::to_value(&run).expect("a run can be written");
    let mut again: Run = serde_json::from_value(first.clone()).expect("what was written can be read");
    apply(&mut again, &PolicyInputs::as_recorded(&recorded, TODAY));
    assert_eq!(serde_json::to_value(&again).expect("a run can be written"), first);
}

/// A package URL that was read is the same after it is written and read again, and is of itself.
fn purl(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Some(purl) = Purl::read(text) else { return };
    let again = Purl::read(&purl.to_string()).expect("what was written can be read");
    assert_eq!(again, purl, "{purl} is another one when it is read again");
    assert!(purl.covers(&again) && again.covers(&purl) && purl.covers(&purl.with_version("1")) == purl.version().is_none_or(|version| version == "1"));
    comparable_name(purl.kind(), purl.name());
}

/// A licence that is denied stays denied beside another, whatever it is.
fn licence(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let beside = format!("{text} AND LicenseRef-other");
    if denied(&[text]) {
        assert!(denied(&[text, "MIT"]) && denied(&["MIT", text]), "a second licence hides the first");
        assert!(denied(&[&beside]), "an unknown part hides the denied one");
    }
}

/// Whether a package with these licences is denied where AGPL-3.0 is.
fn denied(licences: &[&str]) -> bool {
    static GATE: LazyLock<Box<dyn Tool>> = LazyLock::new(|| {
        command("cyclonedx", "licences = { deny = [\"AGPL-3.0-only\", \"AGPL-3.0-or-later\"] }")
    });
    let licences: Vec<Value> = licences.iter().map(|text| json!({ "expression": text })).collect();
    let component = json!({ "type": "library", "name": "a", "version": "1", "licenses": licences });
    let bom = json!({ "bomFormat": "CycloneDX", "specVersion": "1.6", "components": [component] });
    let proof = proof(&**GATE, 0, bom.to_string(), b"");
    proof.parsed().findings.iter().any(|finding| &*finding.rule == "licence-denied")
}

/// The log of a test runner that ended with 1 and lists one failure. No log that does not say "1" explains that.
fn runner_log(input: &[u8]) {
    static GATE: LazyLock<Box<dyn Tool>> = LazyLock::new(|| command("junit", ""));
    let names = ["jest tests", "vitest tests", "bun test", "deno test", "nextest-run", "pytest tests"];
    let marks = names.map(|name| format!("name=\"{name}\""));
    let others = ["id=\"\" name=\"\"", "noNamespaceSchemaLocation=\"maven-surefire-plugin\"", ""];
    for mark in marks.iter().map(String::as_str).chain(others) {
        let code = if mark.contains("nextest") { 100 } else { 1 };
        let case = "<testsuite name=\"s\"><testcase name=\"a\"><failure/></testcase></testsuite>";
        let report = format!("<testsuites {mark}>{case}<!-- fail 1 --></testsuites>");
        let proof = proof(&**GATE, code, report, input);
        let explained = proof.parsed().unexplained.is_none();
        assert!(!explained || mark.contains("pytest") || input.contains(&b'1') || mark.is_empty(), "{mark}");
    }
}

/// A gate of the tool `command` that prints a report of this format.
fn command(format: &str, more: &str) -> Box<dyn Tool> {
    let options = format!("run = [\"x\"]\nreport = {{ format = \"{format}\", path = \"-\" }}\n{more}");
    let table = DeTable::parse(&options).expect("the options are TOML");
    let problems = Problems::default();
    let spec = TOOLS.iter().find(|spec| spec.name == "command").expect("there is a tool `command`");
    (spec.configure)(&Keys::new(table.get_ref(), 0..0, &problems))
}

fn proof(gate: &dyn Tool, exit: i32, report: String, log: &[u8]) -> Proof {
    let document = Document { name: "report".to_owned(), bytes: Cow::Owned(report.into_bytes()) };
    let raw = RawReport {
        exit: Some(exit),
        documents: vec![document],
        stderr: Cow::Borrowed(log),
        ..RawReport::default()
    };
    assess(gate, &raw, &ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() })
}

/// The task in the file is an id. A file that is cut anywhere names no other task.
fn report_task(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(file) = TaskFile::read(text) else { return };
    assert!(!file.task.contains(['/', '?', '&', '#', '%', ' ']), "{} is not an id", file.task);
    let text = text.trim_end();
    for (cut, _) in text.char_indices() {
        let Ok(less) = TaskFile::read(&text[..cut]) else { continue };
        assert_eq!(less.task, file.task, "cut at {cut}, it names another task");
    }
}

/// Masked JSON is still JSON, and no value of a masked key is left in it.
fn masked(input: &[u8]) {
    const FIELDS: [&str; 2] = ["Secret", "s"];
    let masked = mask_fields(input, &FIELDS);
    if serde_json::from_slice::<Value>(input).is_ok() {
        let value: Value = serde_json::from_slice(&masked).expect("JSON stays JSON");
        assert!(is_masked(&value, &FIELDS), "a value of a masked key is left");
    }
}

fn is_masked(value: &Value, fields: &[&str]) -> bool {
    match value {
        Value::Object(members) => members.iter().all(|(key, value)| match fields.contains(&key.as_str()) {
            true => value == "REDACTED",
            false => is_masked(value, fields),
        }),
        Value::Array(items) => items.iter().all(|item| is_masked(item, fields)),
        _ => true,
    }
}

/// The first lines are secrets, the rest is text. No secret is left in the text, even if it arrives in small
/// pieces.
fn scrubbed(input: &[u8]) {
    let parts: Vec<&[u8]> = input.splitn(4, |byte| *byte == b'\n').collect();
    let Some((rest, first)) = parts.split_last() else { return };
    let words: Vec<&str> =
        first.iter().filter_map(|part| std::str::from_utf8(part).ok()).map(str::trim).collect();
    let secrets: Vec<Secret> = words.iter().filter_map(|word| Secret::reported(word)).collect();
    let scrubber = Scrubber::new(&secrets);
    let (mut whole, mut dripped, mut log) = (Vec::new(), Vec::new(), Vec::new());
    scrubber.copy(*rest, &mut whole).expect("memory can be written");
    scrubber.copy(Drip(rest), &mut dripped).expect("memory can be written");
    scrubber.copy_log(*rest, false, &mut log).expect("memory can be written");
    assert_eq!(whole, dripped, "text in pieces gives another result");
    let shown = scrubber.one_line(&String::from_utf8_lossy(rest)).into_owned().into_bytes();
    // The letters of the mask itself may form a secret, alone or with the text around it.
    let own = |word: &&&str| Secret::reported(word).is_some() && !word.contains(|c| "REDACT".contains(c));
    for word in words.iter().filter(own) {
        for clean in [&whole, &log, &shown] {
            let mut windows = clean.windows(word.len());
            assert!(!windows.any(|window| window == word.as_bytes()), "a secret is left");
        }
    }
}

/// Returns three bytes at a time.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = buffer.len().min(3);
        self.0.read(&mut buffer[..n])
    }
}
