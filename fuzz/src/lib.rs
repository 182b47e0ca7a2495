//! What must hold of every reader whatever comes in. A panic is a crash that libFuzzer reports.

mod own;
mod report;

use portcullis::tools::{TOOLS, foreign};

use crate::own::{Check, OWN};
use crate::report::ReportReader;

/// One reader of outside bytes.
pub enum Reader {
    /// A scanner's report, or one of the shared formats.
    Report(ReportReader),
    /// A file of Portcullis itself, or a sieve that every report goes through.
    Own(Check),
}

impl Reader {
    /// Every reader there is: a scanner or a format that is new joins by itself.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let reports = TOOLS.iter().copied().chain(&foreign::TOOLS).map(|spec| spec.name);
        reports.chain(OWN.iter().map(|(name, _)| *name))
    }

    pub fn named(name: &str) -> Option<Reader> {
        let own = OWN.iter().find(|(known, _)| *known == name);
        own.map(|(_, check)| Reader::Own(*check)).or_else(|| ReportReader::named(name).map(Reader::Report))
    }

    /// Reads the bytes, and panics where a promise is broken.
    pub fn check(&self, input: &[u8]) {
        match self {
            Reader::Report(reader) => reader.check(input),
            Reader::Own(check) => check(input),
        }
    }
}

/// The memory that reading so many bytes may take. The factor is that of the shortest element of a
/// list (`{},`, of which a finding is made) and not that of real reports, which is below 6.
pub fn most_memory(input: usize) -> usize {
    const AT_LEAST: usize = 8 << 20;
    const FACTOR: usize = 512;
    AT_LEAST + FACTOR * input
}
