//! A file of keys: reads the whole file and reports all its mistakes, or finds the place of a key in it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use thiserror::Error;
use toml::de::DeTable;

use crate::keys::mistakes::{Problem, Problems};
use crate::keys::table::Keys;

/// Why there is no configuration.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("{} can't be read: {}", path.display(), why_unreadable(.error))]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("{} has {}", path.display(), mistakes(.problems.len()))]
    Mistakes { path: PathBuf, source_text: String, problems: Vec<Problem> },
    /// `elsewhere`: the mistakes that are not in the file, each with its help.
    #[error("this run is below the floor of {} in {}", floor.display(), places(problems.len() + elsewhere.len()))]
    BelowFloor {
        floor: PathBuf,
        path: PathBuf,
        source_text: String,
        problems: Vec<Problem>,
        elsewhere: Vec<(String, String)>,
    },
}

pub(crate) fn mistakes(n: usize) -> String {
    if n == 1 { "a mistake".to_owned() } else { format!("{n} mistakes") }
}

fn places(n: usize) -> String {
    if n == 1 { "one place".to_owned() } else { format!("{n} places") }
}

/// One step on the way to a key of gates.toml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyStep {
    Key(String),
    /// Of a list of tables, counted from 0.
    Entry(usize),
}

/// The place of the first of these ways that exists in the text of a gates.toml. Otherwise the table of a
/// list that the last way leads into, if there is one.
pub(crate) fn locate(text: &str, ways: &[Vec<KeyStep>]) -> Option<Range<usize>> {
    let (file, _) = DeTable::parse_recoverable(text);
    let mut so_far = None;
    for way in ways {
        so_far = None;
        let mut steps = way.iter();
        let Some(KeyStep::Key(first)) = steps.next() else { continue };
        let mut value = file.get_ref().get(first.as_str());
        for step in steps {
            let Some(here) = value else { break };
            value = match step {
                KeyStep::Key(key) => here.get_ref().as_table().and_then(|table| table.get(key.as_str())),
                KeyStep::Entry(index) => here.get_ref().as_array().and_then(|array| array.get(*index)),
            };
            if let (KeyStep::Entry(_), Some(entry)) = (step, value) {
                so_far = Some(entry.span());
            }
        }
        if let Some(found) = value {
            return Some(found.span());
        }
    }
    so_far
}

fn why_unreadable(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => {
            "it does not exist; check the path, or let `portcullis init` write one".to_owned()
        }
        ErrorKind::IsADirectory => "it is a folder; name the file in it".to_owned(),
        ErrorKind::InvalidData => "it is not UTF-8; save it as UTF-8 text".to_owned(),
        ErrorKind::PermissionDenied => "you are not allowed to read it; check its permissions".to_owned(),
        _ => error.to_string(),
    }
}

/// Reads a file of keys: a gates.toml, a floor.
pub(crate) fn load<T>(path: &Path, read: fn(&str) -> Result<T, Vec<Problem>>) -> Result<T, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
    read(&text).map_err(|problems| ConfigError::Mistakes {
        path: path.to_owned(),
        source_text: text,
        problems,
    })
}

/// Reads the text of such a file. The error has every mistake, in file order.
pub(crate) fn parse<T>(text: &str, from_keys: fn(&Keys) -> T) -> Result<T, Vec<Problem>> {
    let problems = Problems::default();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        problems.note(error.span().unwrap_or(0..0), error.message().to_owned());
    }
    if !errors.is_empty() {
        // Reading on in text that is not TOML would only give wrong mistakes.
        return Err(problems.into_sorted());
    }
    let read = from_keys(&Keys::new(table.get_ref(), 0..0, &problems));
    let problems = problems.into_sorted();
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}
