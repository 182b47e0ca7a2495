//! Reports: each is drawn from the run record alone, decides nothing, and is one file under
//! `report/` with one line here.

mod junit;
mod run_json;
pub mod summary;

use std::io::{self, Write};

use anyhow::Result;

use crate::output::OutputFolder;
use crate::record::Run;

/// A report as a file.
pub struct Report {
    /// Its name for `--format`.
    pub name: &'static str,
    /// Its file below the output folder.
    pub file: &'static str,
    pub render: fn(&Run, &mut dyn Write) -> io::Result<()>,
}

/// Every report, the record itself last: where it is, everything else is there too.
pub static REPORTS: &[Report] = &[
    Report { name: "junit", file: "junit.xml", render: junit::render },
    Report { name: "json", file: "run.json", render: run_json::render },
];

/// Writes every report to the output folder.
pub fn write_all(run: &Run, folder: &mut OutputFolder) -> Result<()> {
    for report in REPORTS {
        folder.write(report.file, |file| (report.render)(run, file))?;
    }
    Ok(())
}
