//! Reports: each is written from the run record alone, decides nothing, and is one file under
//! `report/` with one line here.

mod attestation;
mod causes;
mod chain;
mod csv;
mod cyclonedx;
pub(crate) mod github;
mod gitlab;
mod html;
mod json_lines;
mod junit;
mod markdown;
mod options;
pub(crate) mod problems;
mod run_json;
mod sarif;
mod steps;
mod stream;
pub(crate) mod subject;
pub(crate) mod summary;
pub(crate) mod unlooked;
pub(crate) mod worst;

use std::io::{self, Write};

use anyhow::Result;

pub(crate) use options::Options;
pub(crate) use options::names;

use crate::model::run::Run;
use crate::system::output_folder::OutputFolder;

/// One format of reports.
#[derive(Debug)]
pub struct Report {
    /// Its name for `--format`.
    pub name: &'static str,
    /// Without files, it goes to the CI service that runs the build.
    pub files: &'static [File],
}

/// A file of a report.
#[derive(Debug)]
pub struct File {
    /// Its name in the output folder.
    pub name: &'static str,
    pub render: fn(&Run, &Options, &mut dyn Write) -> io::Result<()>,
}

/// Every report that a user can choose. The record itself comes last.
pub(crate) static REPORTS: &[Report] = &[
    Report { name: "junit", files: &[File { name: "junit.xml", render: junit::render }] },
    Report { name: "sarif", files: &[File { name: "portcullis.sarif", render: sarif::render }] },
    Report {
        name: "gitlab",
        files: &[
            File { name: "gl-sast-report.json", render: gitlab::sast },
            File { name: "gl-dependency-scanning-report.json", render: gitlab::dependencies },
            File { name: "gl-secret-detection-report.json", render: gitlab::secrets },
            File { name: "gl-container-scanning-report.json", render: gitlab::containers },
            File { name: "gl-code-quality-report.json", render: gitlab::quality::render },
        ],
    },
    Report {
        name: "html",
        files: &[
            File { name: "style.css", render: html::style },
            File { name: "index.html", render: html::render },
        ],
    },
    Report { name: "markdown", files: &[File { name: "comment.md", render: markdown::render }] },
    Report { name: "csv", files: &[File { name: "findings.csv", render: csv::render }] },
    Report { name: "jsonl", files: &[File { name: "findings.jsonl", render: json_lines::render }] },
    Report { name: "cyclonedx", files: &[File { name: "vdr.cdx.json", render: cyclonedx::render }] },
    Report {
        name: "attestation",
        files: &[
            File { name: "attestation.intoto.json", render: attestation::statement },
            File { name: "attestation.predicate.json", render: attestation::predicate_alone },
        ],
    },
    Report { name: github::NAME, files: &[] },
    Report { name: "json", files: &[RECORD] },
];

/// The record. It is always written, and last: if it exists, all other files exist too.
const RECORD: File = File { name: "run.json", render: run_json::render };

/// The files of every report, including the record.
pub(crate) fn file_names() -> impl Iterator<Item = &'static str> {
    REPORTS.iter().flat_map(|report| report.files).map(|file| file.name)
}

/// Where a run's reports are, for the summary.
#[derive(Debug)]
pub struct Written {
    /// The folder, as the user named it.
    pub folder: String,
    /// The record first.
    pub files: Vec<String>,
}

impl Written {
    /// Everything that [`write_all`] writes, the record first.
    pub fn all(folder: String, options: &Options) -> Self {
        let others = options.files().map(|file| file.name).filter(|name| *name != RECORD.name);
        let files = [RECORD.name].into_iter().chain(others).map(str::to_owned).collect();
        Self { folder: named(folder), files }
    }

    /// The record alone, in a file of any name.
    pub fn record(path: &str) -> Self {
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
        Self { folder: named(folder.to_owned()), files: vec![name.to_owned()] }
    }

    /// Nothing, because writing failed.
    pub fn nothing(folder: String) -> Self {
        Self { folder: named(folder), files: Vec::new() }
    }

    /// The path of the record.
    pub fn of_record(&self) -> Option<String> {
        self.files.first().map(|name| format!("{}/{name}", self.folder))
    }
}

/// The current folder is `.`.
fn named(folder: String) -> String {
    if folder.is_empty() { ".".to_owned() } else { folder }
}

/// Writes the chosen reports and the record to the output folder.
pub(crate) fn write_all(run: &Run, options: &Options, folder: &mut OutputFolder) -> Result<()> {
    let others = options.files().filter(|file| file.name != RECORD.name);
    for file in others.chain([&RECORD]) {
        folder.write(file.name, |out| (file.render)(run, options, out))?;
    }
    Ok(())
}

/// Checks, before anything runs, that the reports that do not go to the output folder can be written.
///
/// # Errors
/// When they can't.
pub(crate) fn prepare(options: &Options) -> Result<()> {
    if options.wants(github::NAME) { github::prepare() } else { Ok(()) }
}

/// Hands over the reports that do not go to the output folder. The run's texts must be clean.
///
/// # Errors
/// When they can't be written.
pub(crate) fn hand_over(run: &Run, options: &Options) -> Result<()> {
    if options.wants(github::NAME) { github::hand_over(run) } else { Ok(()) }
}
