//! Readers that several scanners share.

pub(crate) mod checkstyle;
mod csv;
pub(crate) mod cyclonedx;
pub(crate) mod dated;
pub mod epss;
pub(crate) mod inventory;
pub(crate) mod json;
pub(crate) mod junit;
pub mod kev;
pub(crate) mod node_trace;
pub(crate) mod npm6;
pub(crate) mod sarif;
pub(crate) mod spdx;
mod uri;
pub mod vex;
mod xml;

use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;

/// A report format that any scanner may write.
#[derive(Debug)]
pub struct Format {
    /// Its name in gates.toml and on the command line.
    pub name: &'static str,
    /// Reads a whole report. An error says why it proves nothing.
    pub read: fn(&[u8], &ReportOrigin) -> Result<Parsed, ReportError>,
    /// It lists packages.
    pub is_inventory: bool,
}

/// Every report format that the `command` tool and `portcullis judge` take.
pub static FORMATS: &[Format] = &[
    Format { name: "sarif", read: sarif::read, is_inventory: false },
    Format { name: "junit", read: junit::read, is_inventory: false },
    Format { name: "checkstyle", read: checkstyle::read, is_inventory: false },
    Format { name: "cyclonedx", read: cyclonedx::read, is_inventory: true },
    Format { name: "spdx", read: spdx::read, is_inventory: true },
];

/// Finds a format by its name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// The shared format that a document looks like, by the marks near its beginning that only this
/// format has. For hints to people: nothing is read on the strength of a guess.
pub fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    const LOOKED_AT: usize = 4096;
    const MARKS: [(&str, &str); 7] = [
        ("<testsuite", "junit"),
        ("<checkstyle", "checkstyle"),
        ("\"bomFormat\"", "cyclonedx"),
        ("\"spdxVersion\"", "spdx"),
        ("\"SPDXID\"", "spdx"),
        ("sarif", "sarif"),
        ("\"runs\"", "sarif"),
    ];
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(LOOKED_AT)]);
    MARKS.iter().find(|(mark, _)| head.contains(mark)).map(|(_, name)| *name)
}

/// The first line with words of a text, cut to what fits a heading.
pub fn headline(text: &str) -> String {
    const LONGEST: usize = 160;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", line[..cut].trim_end()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::headline;

    #[test]
    fn a_headline_is_the_first_line_with_words_and_short() {
        assert_eq!(headline("\n  one \ntwo"), "one");
        assert_eq!(headline(""), "");
        assert_eq!(headline(&"é".repeat(500)), format!("{}…", "é".repeat(160)));
    }
}
