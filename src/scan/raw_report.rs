//! What came out of a job, as bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::scan::job::Planned;

/// The output of one job, or what the user passed to `judge`.
#[derive(Debug, Default)]
pub struct RawReport<'a> {
    /// `None` when nothing was run (`portcullis judge`).
    pub exit: Option<i32>,
    /// One for each of the job's reports, in their order.
    pub documents: Vec<Document<'a>>,
    /// Further files that say more about the job. They may be old or missing.
    pub beside: Vec<Document<'a>>,
    /// The answers to the questions before and after the job.
    pub answers: Vec<Document<'a>>,
    /// What the job was planned to scan; `None` when nothing was planned (`portcullis judge`).
    pub planned: Option<&'a Planned>,
    /// What it wrote on standard error, up to the cap of logs.
    pub stderr: Cow<'a, [u8]>,
    /// What it wrote on standard output, up to the cap of logs, if that is not the report.
    pub stdout: Cow<'a, [u8]>,
    /// It wrote more than the cap of logs.
    pub log_cut: bool,
    /// A procedure wrote it: there is no exit code, and each step was checked on its own.
    pub by_steps: bool,
}

/// One report, as bytes.
#[derive(Debug)]
pub struct Document<'a> {
    /// Its file name, or `stdout`.
    pub name: String,
    pub bytes: Cow<'a, [u8]>,
}

impl RawReport<'_> {
    /// The gap that remains if the scanner's log says what it could not scan, and the log is longer
    /// than the kept part.
    pub fn lost_log(&self) -> Option<String> {
        self.log_cut
            .then(|| "its log is longer than the part that is kept, and it says what went wrong".to_owned())
    }

    /// How many files the run did not open by the tool's own rules, by the reason.
    pub fn unread(&self) -> BTreeMap<&'static str, u64> {
        self.planned.filter(|_| self.exit.is_some()).map(|planned| planned.unread.clone()).unwrap_or_default()
    }

    /// The report with the findings.
    pub fn report(&self) -> &[u8] {
        self.documents.first().map_or(&[], |document| &document.bytes)
    }

    /// A further report of the job by its name; `None` where there is none.
    pub fn further_report(&self, name: &str) -> Option<&[u8]> {
        let further = self.documents.iter().skip(1);
        further.into_iter().find(|document| document.name == name).map(|document| &*document.bytes)
    }

    /// The answer to a question before or after the job; `None` if there is no answer.
    pub fn answer(&self, name: &str) -> Option<&[u8]> {
        self.answers.iter().find(|document| document.name == name).map(|document| &*document.bytes)
    }

    /// The files beside the report with this name.
    pub fn beside<'n>(&self, name: &'n str) -> impl Iterator<Item = &[u8]> + use<'_, 'n> {
        self.beside.iter().filter(move |document| document.name == name).map(|document| &*document.bytes)
    }

    pub fn stderr_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stderr)
    }

    /// The last line that is not empty on standard error, else on standard output.
    pub fn last_error_line(&self) -> Option<String> {
        [&self.stderr, &self.stdout].into_iter().find_map(|stream| {
            let text = String::from_utf8_lossy(stream);
            if let Some(panic) = go_panic(&text) {
                return Some(panic.to_owned());
            }
            text.lines()
                .rev()
                .map(str::trim)
                .find(|line| line.chars().any(char::is_alphanumeric))
                .map(str::to_owned)
        })
    }
}

/// The line in which a program in Go says why it crashed. The places in its source follow, many of them.
pub(crate) fn go_panic(text: &str) -> Option<&str> {
    let has_places = text.lines().any(|line| line.starts_with("goroutine ") && line.ends_with(':'));
    let says = |line: &&str| line.starts_with("panic: ") || line.starts_with("fatal error: ");
    has_places.then(|| text.lines().find(says)).flatten().map(str::trim_end)
}
