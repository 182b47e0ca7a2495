//! Readers of report and data formats that no single scanner owns.

pub(crate) mod checkstyle;
mod colour;
mod csv;
pub(crate) mod cyclonedx;
pub(crate) mod dated;
pub mod epss;
mod foreign;
pub mod inventory;
pub(crate) mod json;
pub(crate) mod junit;
pub mod kev;
pub(crate) mod node_trace;
pub(crate) mod npm6;
mod osv_scanner;
mod other_forms;
mod ratings;
pub(crate) mod runner_log;
pub(crate) mod sarif;
mod snyk;
pub(crate) mod spdx;
mod uri;
pub mod vex;
mod xml;

use serde::{Serialize, Serializer};

use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;

/// A report format that any scanner may write.
#[derive(Debug)]
pub struct Format {
    /// Its name in gates.toml and on the command line.
    pub name: &'static str,
    /// Reads a whole report. An error says why the report proves nothing.
    pub read: fn(&[u8], &ReportOrigin) -> Result<Parsed, ReportError>,
    /// Whether the format lists packages.
    pub is_inventory: bool,
}

/// A format is serialised by its name.
impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

/// Every report format that the `command` tool and `portcullis judge` read.
pub static FORMATS: &[Format] = &[
    Format { name: "sarif", read: sarif::read, is_inventory: false },
    Format { name: "junit", read: junit::read, is_inventory: false },
    Format { name: "checkstyle", read: checkstyle::read, is_inventory: false },
    Format { name: "cyclonedx", read: cyclonedx::read, is_inventory: true },
    Format { name: "spdx", read: spdx::read, is_inventory: true },
    Format { name: "osv-scanner", read: osv_scanner::read, is_inventory: false },
    Format { name: "snyk", read: snyk::read, is_inventory: false },
];

/// Finds a format by its name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// The format that a document looks like, by words near its beginning that only this format has.
/// Only for hints in messages: no report is ever read by a guess.
pub fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    const HEAD: usize = 4096;
    const MARKS: [(&str, &str); 7] = [
        ("<testsuite", "junit"),
        ("<checkstyle", "checkstyle"),
        ("\"bomFormat\"", "cyclonedx"),
        ("\"spdxVersion\"", "spdx"),
        ("\"SPDXID\"", "spdx"),
        ("sarif", "sarif"),
        ("\"runs\"", "sarif"),
    ];
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    MARKS.iter().find(|(mark, _)| head.contains(mark)).map(|(_, name)| *name)
}

/// The first line of a text that is not blank, cut to the length of a heading.
pub fn headline(text: &str) -> String {
    const LONGEST: usize = 160;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", line[..cut].trim_end()),
        None => line.to_owned(),
    }
}

/// The first sentence of a text, cut like a heading. A sentence ends before a space and a capital letter.
pub fn first_sentence(text: &str) -> String {
    const SHORTEST_WORD: usize = 3;
    let line = headline(text);
    let end = line.match_indices(['.', '!', '?']).map(|(at, _)| at).find(|at| {
        let (before, after) = (&line[..*at], &line[at + 1..]);
        let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let next = after.strip_prefix(' ').and_then(|after| after.trim_start().chars().next());
        let closed = before.ends_with(['`', '\'', '"', ')']);
        next.is_some_and(char::is_uppercase) && (closed || word.chars().count() >= SHORTEST_WORD)
    });
    line[..end.map_or(line.len(), |end| end + 1)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::{first_sentence, headline};

    #[test]
    fn a_sentence_ends_before_the_next() {
        for (text, first) in [
            ("Do not call err(). It is slow.", "Do not call err()."),
            ("`os` imported but unused", "`os` imported but unused"),
            ("Use v. 2 of e.g. A. Then stop. Now", "Use v. 2 of e.g. A. Then stop."),
            ("See www.example.com. it works", "See www.example.com. it works"),
            ("\n One line.\nMore", "One line."),
            ("", ""),
        ] {
            assert_eq!(first_sentence(text), first);
        }
    }

    #[test]
    fn a_headline_is_the_first_line_that_is_not_blank_and_short() {
        assert_eq!(headline("\n  one \ntwo"), "one");
        assert_eq!(headline(""), "");
        assert_eq!(headline(&"é".repeat(500)), format!("{}…", "é".repeat(160)));
    }
}
