//! gates.toml, run.json, and what strikes secrets out of reports.

use std::io::{self, Read};

use portcullis::config::Config;
use portcullis::keys::mistakes::{Problem, draw};
use portcullis::formats::{epss, kev};
use portcullis::config::floor::Floor;
use portcullis::engine::lock::Lock;
use portcullis::policy::judge::Waivers;
use portcullis::model::run::Run;
use portcullis::redact::{Scrubber, Secret, mask_fields};
use portcullis::model::component;
use portcullis::tools::sonarqube::task_file::TaskFile;
use portcullis::tools::TOOLS;
use portcullis::policy::vex;
use serde_json::Value;

/// Takes bytes, and panics where a promise is broken.
pub type Check = fn(&[u8]);

/// Every reader of this kind, by its name.
pub const OWN: [(&str, Check); 9] = [
    ("gates-toml", gates_toml),
    ("gates-lock", gates_lock),
    ("floor", floor),
    ("scanner-files", scanner_files),
    ("facts", facts),
    ("run-json", run_json),
    ("mask-fields", masked),
    ("scrubber", scrubbed),
    ("report-task", report_task),
];

fn gates_toml(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Err(problems) = Config::read(text) {
        told(&problems, text);
    }
}

/// VEX documents, EPSS scores, CISA's catalogue, inventories.
fn facts(input: &[u8]) {
    let _ = vex::Document::read("a", input);
    let _ = epss::Scores::read(input);
    let _ = kev::Catalogue::read(input);
    let _ = inventory::components(input);
}

/// The file of `--require`.
fn floor(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Err(problems) = Floor::read(text) {
        told(&problems, text);
    }
}

/// Every mistake is at a place in the text and can be drawn there.
fn told(problems: &[Problem], text: &str) {
    assert!(!problems.is_empty(), "it is refused, and nobody says why");
    for problem in problems {
        assert!(text.get(problem.at.clone()).is_some(), "{problem:?} is not in the text");
    }
    draw(problems, text, "gates.toml", false);
}

/// A lock that can be read says the same when it is written.
fn gates_lock(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(lock) = Lock::read(text) else { return };
    assert_eq!(Lock::read(&lock.to_string()), Ok(lock), "it is written otherwise than it was read");
}

/// What is said of a scanner's own file in the repository is a few words, whatever is in it.
fn scanner_files(input: &[u8]) {
    for file in TOOLS.iter().flat_map(|tool| tool.config_files.list()) {
        let words = (file.describe)(input).map(|note| note.words(file.name)).unwrap_or_default();
        assert!(!words.contains('\n') && words.chars().count() < 500, "{words}");
    }
}

/// What is read as a run can be judged, and judged again, with the same verdict; and it can be
/// written and read again.
fn run_json(input: &[u8]) {
    let Ok(mut run) = serde_json::from_slice::<Run>(input) else { return };
    let recorded = run.waivers.clone();
    run.judge(Waivers::AsRecorded(&recorded));
    let first = serde_json::to_value(&run).expect("a run can be written");
    let mut again: Run = serde_json::from_value(first.clone()).expect("what was written can be read");
    again.judge(Waivers::AsRecorded(&recorded));
    assert_eq!(serde_json::to_value(&again).expect("a run can be written"), first);
}

/// The task that it names is an id; and cut anywhere, it names no other one.
fn report_task(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(file) = TaskFile::read(text) else { return };
    assert!(!file.task.contains(['/', '?', '&', '#', '%', ' ']), "{} is no id", file.task);
    let text = text.trim_end();
    for (cut, _) in text.char_indices() {
        let Ok(less) = TaskFile::read(&text[..cut]) else { continue };
        assert_eq!(less.task, file.task, "cut at {cut}, it names another task");
    }
}

/// JSON stays JSON, and no value of a masked key is left in it.
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

/// The first lines are secrets, the rest is text; nothing of them is left in it, however few bytes
/// come at a time.
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
    scrubber.copy_log(*rest, &mut log).expect("memory can be written");
    assert_eq!(whole, dripped, "what comes in pieces comes out otherwise");
    let shown = scrubber.one_line(&String::from_utf8_lossy(rest)).into_owned().into_bytes();
    // The mask itself may hold, or bring together, what looks like a secret of its letters.
    let own = |word: &&&str| Secret::reported(word).is_some() && !word.contains(|c| "REDACT".contains(c));
    for word in words.iter().filter(own) {
        for clean in [&whole, &log, &shown] {
            let mut windows = clean.windows(word.len());
            assert!(!windows.any(|window| window == word.as_bytes()), "a secret is left");
        }
    }
}

/// Gives three bytes at a time.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = buffer.len().min(3);
        self.0.read(&mut buffer[..n])
    }
}
