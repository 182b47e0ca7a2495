//! The files of a job: its reports, and what it writes beside them.

use std::path::PathBuf;

/// What a job leaves.
#[derive(Clone, Debug, Default)]
pub struct JobFiles {
    /// Its reports. The one with the findings comes first.
    pub reports: Vec<ReportSource>,
    /// Further files that say more about it.
    pub beside: Vec<Beside>,
    /// Files of the repository that its steps write and read. No other gate may use them.
    pub writes: Vec<PathBuf>,
    /// Files in the scratch folder that the user keeps, with their names below the output folder.
    pub keep: Vec<Keep>,
    /// Its log says what it left out, file by file, so that more of it is kept.
    pub long_log: bool,
}

/// Where a report is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportSource {
    Stdout,
    /// What it prints, under this name. It is held in memory only, because it contains unmasked
    /// secrets.
    Memory(String),
    /// The same for standard error. What it prints on standard output is dropped.
    Errors(String),
    /// A file in the job's scratch folder. It is always new.
    Scratch(String),
    /// A file in the repository, which the tool's own configuration names. It must be newer than
    /// the start of the job.
    Repository(PathBuf),
    /// The same for all files that match a pattern (`*`, `?`, `[…]`, `{…}`, `**`): at least one.
    Matching(PathBuf),
}

/// Files that are not reports but say more about the job, read when the job has ended. They may be old
/// or missing. They are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    File(PathBuf),
    /// All files in the job's scratch folder whose names start with this.
    Scratch(&'static str),
}

/// A file that the user keeps beyond the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// File name in the job's scratch folder.
    pub scratch: String,
    /// Path below the output folder, such as `sbom/backend.spdx.json`.
    pub out: String,
}
