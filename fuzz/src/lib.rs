//! Promises that every reader keeps for any input. A panic is a crash that libFuzzer reports.

mod own;
mod report;

use portcullis::tools::{TOOLS, foreign};

use crate::own::{Check, OWN};
use crate::report::ReportReader;

/// One reader of untrusted bytes.
pub enum Reader {
    /// A scanner's report, or one of the shared formats.
    Report(ReportReader),
    /// A file of Portcullis or of a scanned project, or a filter that every report goes through.
    Own(Check),
}

impl Reader {
    /// The names of all readers. New scanners and formats are included automatically.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let reports = TOOLS.iter().copied().chain(&foreign::TOOLS).map(|spec| spec.name);
        reports.chain(OWN.iter().map(|(name, _)| *name))
    }

    pub fn named(name: &str) -> Option<Reader> {
        let own = OWN.iter().find(|(known, _)| *known == name);
        own.map(|(_, check)| Reader::Own(*check)).or_else(|| ReportReader::named(name).map(Reader::Report))
    }

    /// Reads the bytes and panics if a promise is broken.
    pub fn check(&self, input: &[u8]) {
        match self {
            Reader::Report(reader) => reader.check(input),
            Reader::Own(check) => check(input),
        }
    }
}

/// The most memory that reading an input of this many bytes may need. The factor is for the worst case, a
/// list of the shortest elements that become findings (`{},`). For real reports it is below 6.
pub fn most_memory(input: usize) -> usize {
    const AT_LEAST: usize = 8 << 20;
    const FACTOR: usize = 512;
    AT_LEAST + FACTOR * input
}
