//! `[report]` of gates.toml and `--format`: which reports are written, and how.

use crate::keys::table::Keys;

use super::{File, RECORD, REPORTS, Report, html, junit};

/// Which reports are written, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The formats, each once, in the order of the user.
    pub formats: Vec<&'static Report>,
    pub junit: junit::JunitOptions,
    pub html: html::HtmlOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            formats: named(["junit"]),
            junit: junit::JunitOptions::default(),
            html: html::HtmlOptions::default(),
        }
    }
}

impl Options {
    /// Reads `[report]`.
    pub fn read(keys: &Keys) -> Self {
        let built_in = Self::default();
        let formats = keys.texts("formats").map(|texts| {
            for text in texts.iter().filter(|text| !names().any(|name| name == text.value)) {
                let known: Vec<&str> = names().collect();
                keys.problem_with_help(
                    text.at.clone(),
                    format!("`{}` is not a report format", text.value),
                    format!("known: {}", known.join(", ")),
                );
            }
            named(texts.iter().map(|text| text.value.as_str()))
        });
        let junit = keys.table("junit").map_or(built_in.junit, |table| junit::JunitOptions::read(&table));
        let html = keys.table("html").map_or(built_in.html, |table| html::HtmlOptions::read(&table));
        keys.finish("[report]");
        Self { formats: formats.unwrap_or(built_in.formats), junit, html }
    }

    /// The same options, with the formats of the command line if it names any.
    pub fn asked(&self, formats: &[String]) -> Self {
        let mut options = self.clone();
        if !formats.is_empty() {
            options.formats = named(formats.iter().map(String::as_str));
        }
        options
    }

    pub fn wants(&self, name: &str) -> bool {
        self.formats.iter().any(|format| format.name == name)
    }

    /// The names of all files that a run writes by these options: the reports, and the record.
    pub fn names(&self) -> Vec<&'static str> {
        self.files().chain([&RECORD]).map(|file| file.name).collect()
    }

    /// The files of all formats.
    pub fn files(&self) -> impl Iterator<Item = &'static File> {
        self.formats.iter().flat_map(|format| format.files)
    }
}

/// The names of all formats.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    REPORTS.iter().map(|report| report.name)
}

/// The formats with these names, each once.
fn named<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<&'static Report> {
    let mut formats: Vec<&'static Report> = Vec::new();
    for word in words {
        let known = REPORTS.iter().find(|report| report.name == word);
        formats.extend(known.filter(|known| formats.iter().all(|format| format.name != known.name)));
    }
    formats
}
