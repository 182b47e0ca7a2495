//! Collects what a job leaves, and assesses it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::engine::report_owners;
use crate::redact::is_maskable;
use crate::scan::job_files::{Beside, ReportSource};
use crate::scan::parsed::Exit;
use crate::scan::proof::{Proof, assess};
use crate::scan::raw_report::{Document, RawReport};
use crate::system::process::{End, Ended};
use crate::text::human;

use super::launch::{not_started, signalled};
use super::{JobRun, Kept, KeptKind, REPORT_CAP, TargetEvidence, matching};

/// The state before the start.
pub(crate) struct Before {
    /// Of the report files that there were.
    pub stamps: HashMap<PathBuf, Stamp>,
    pub answers: Vec<Document<'static>>,
}

/// Shows whether a file has changed.
#[derive(PartialEq, Eq)]
pub(crate) struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let meta: Metadata = fs::metadata(path).ok()?;
        Some(Self { inode: meta.ino(), size: meta.size(), modified: (meta.mtime(), meta.mtime_nsec()) })
    }
}

impl JobRun {
    /// Collects the output and assesses it; parsing a large report is the slow part. Returns the words
    /// of a transient error if there is no other result.
    pub(crate) fn assess(
        &self,
        ended: &mut Ended,
        before: Before,
        evidence: &mut TargetEvidence,
    ) -> Option<String> {
        let stderr = fs::read(self.folder().join("stderr")).unwrap_or_default();
        let (is_report, errors) = (self.job.prints_report(), self.job.reports_errors());
        let mut printed = self.printed(ended);
        let mut raw = RawReport {
            exit: evidence.record.exit_code,
            stderr: Cow::Borrowed(&stderr),
            stdout: match is_report {
                true => Cow::Borrowed(&[]),
                false => Cow::Owned(std::mem::take(&mut printed)),
            },
            log_cut: (ended.stderr.cut && !errors) || (ended.stdout.cut && !is_report),
            beside: self.job.files.beside.iter().flat_map(|files| self.read_beside(files)).collect(),
            answers: before.answers,
            planned: Some(&self.job.planned),
            ..RawReport::default()
        };
        let transient = match self.did_not_end(ended, &raw) {
            Some(reason) => {
                evidence.proof = Proof::inconclusive(reason);
                None
            }
            None => self.read_reports(&mut raw, &before.stamps, &mut printed, evidence),
        };
        self.keep_log(&raw.stderr, "stderr", KeptKind::Stderr, &raw.documents, evidence);
        self.keep_log(&raw.stdout, "stdout", KeptKind::Stdout, &raw.documents, evidence);
        self.mask_reason(evidence);
        transient
    }

    /// Reads the reports and assesses them. Returns the words of a transient error.
    fn read_reports(
        &self,
        raw: &mut RawReport,
        before: &HashMap<PathBuf, Stamp>,
        printed: &mut Vec<u8>,
        evidence: &mut TargetEvidence,
    ) -> Option<String> {
        // Condition 3, first half: every report exists, and this run wrote it.
        for source in &self.job.files.reports {
            let gathered = match source {
                ReportSource::Matching(pattern) => self.gather_all(pattern, before),
                source => self.gather(source, before, printed).map(|document| vec![document]),
            };
            match gathered {
                Ok(documents) => raw.documents.extend(documents),
                Err(reason) => {
                    let code = evidence.record.exit_code;
                    let full = self.full_disk().unwrap_or_default();
                    evidence.proof = self.without_report(code, reason + &full, raw);
                    return self.gate.tool.transient_error(raw);
                }
            }
        }
        self.prove(raw, evidence);
        match &evidence.proof {
            Proof::Inconclusive { parsed, .. } if parsed.findings.is_empty() => {
                self.gate.tool.transient_error(raw)
            }
            _ => None,
        }
    }

    /// What it printed on the stream of its report, or of its log.
    fn printed(&self, ended: &mut Ended) -> Vec<u8> {
        let stream = if self.job.reports_errors() { &mut ended.stderr } else { &mut ended.stdout };
        match self.job.is_secretive() {
            true => std::mem::take(&mut stream.memory),
            // A report that is cut proves nothing, so it need not be held in memory.
            false if self.job.prints_report() && stream.cut => Vec::new(),
            false => fs::read(self.folder().join("stdout")).unwrap_or_default(),
        }
    }

    /// Reads the reports, and keeps them and the files that the user wants.
    fn prove(&self, raw: &RawReport, evidence: &mut TargetEvidence) {
        let mut proof = assess(self.gate.tool.as_ref(), raw, &self.origin());
        for document in &raw.documents {
            if !self.job.is_secretive() || is_maskable(&document.bytes) {
                proof = self.keep_report(document, proof, evidence);
            }
        }
        if let Some(export) = &self.job.export {
            // The file has none of the image's names.
            proof.parsed_mut().image_names.extend_from_slice(&export.names);
        }
        evidence.proof = proof;
        if let Proof::Inconclusive { reason, .. } = &mut evidence.proof {
            reason.push_str(&self.full_disk().unwrap_or_default());
        }
        for keep in &self.job.files.keep {
            let from = self.folder().join(&keep.scratch);
            if from.exists() {
                evidence.kept.push(Kept { from, to: keep.out.clone(), what: KeptKind::Sbom, cut: false });
            }
        }
    }

    fn read_beside(&self, files: &Beside) -> Vec<Document<'static>> {
        match files {
            Beside::File(path) => read_file(path).into_iter().collect(),
            Beside::Scratch(prefix) => read_files(&self.folder(), prefix),
        }
    }

    /// Condition 1, second half: it ended by itself, and its output is complete.
    fn did_not_end(&self, ended: &Ended, raw: &RawReport) -> Option<String> {
        let program = &self.job.invocation.program.name;
        let said =
            || self.gate.tool.error_line(raw).map(|line| format!(" (it said: {line})")).unwrap_or_default();
        match &ended.end {
            End::NotStarted(error) => Some(not_started(program, error)),
            End::Signalled(signal) => Some(signalled(program, *signal) + &said()),
            End::TimedOut => Some(format!(
                "{program} took longer than {} and was stopped; raise `timeout`, or see its log{}",
                human::duration(self.gate.timeout),
                said()
            )),
            End::Stopped => Some("stopped before it ended".to_owned()),
            End::Exited(_) => {
                let stream = if self.job.reports_errors() { &ended.stderr } else { &ended.stdout };
                match &ended.lost {
                    Some(error) => Some(self.no_room("its output", error)),
                    None if !self.job.prints_report() => None,
                    None if stream.cut => Some(format!("its report is larger than {} MiB", REPORT_CAP >> 20)),
                    None if stream.held => Some(format!(
                        "{program} ended, but a process that it started still has its output open: the report may be incomplete"
                    )),
                    None => None,
                }
            }
        }
    }

    fn gather(
        &self,
        source: &ReportSource,
        before: &HashMap<PathBuf, Stamp>,
        printed: &mut Vec<u8>,
    ) -> Result<Document<'static>, String> {
        let Some(path) = self.path_of(source) else {
            let name = if let ReportSource::Memory(name) | ReportSource::Errors(name) = source {
                name
            } else {
                "stdout.txt"
            };
            return Ok(Document { name: name.to_owned(), bytes: Cow::Owned(std::mem::take(printed)) });
        };
        let shown = match source {
            ReportSource::Repository(path) => self.inside(path).to_string(),
            _ => "its report".to_owned(),
        };
        let Some(now) = Stamp::of(&path) else { return Err(format!("{shown} was not written")) };
        if before.get(&path) == Some(&now) {
            return Err(format!("{shown} is left over from an earlier run: this one did not write it"));
        }
        if !path.is_file() {
            // Reading a pipe or a device might never end.
            return Err(format!("{shown} is not a file"));
        }
        if matches!(source, ReportSource::Repository(_))
            && let Some(other) = self.report_owners.take(&path, &self.gate.id)
        {
            return Err(report_owners::words(&shown, &other));
        }
        if now.size > REPORT_CAP {
            return Err(format!("{shown} is larger than {} MiB", REPORT_CAP >> 20));
        }
        let bytes = fs::read(&path).map_err(|error| format!("{shown} can't be read: {error}"))?;
        let name =
            path.file_name().map_or_else(|| "report".to_owned(), |name| name.to_string_lossy().into_owned());
        Ok(Document { name, bytes: Cow::Owned(bytes) })
    }

    /// The reports that match a pattern. One that is left over may be of a test that is gone, or that did not run.
    fn gather_all(
        &self,
        pattern: &Path,
        before: &HashMap<PathBuf, Stamp>,
    ) -> Result<Vec<Document<'static>>, String> {
        let files = matching::files(pattern);
        if files.is_empty() {
            return Err(format!("no report matches {}", self.inside(pattern)));
        }
        if files.len() > matching::MOST {
            return Err(format!("more than {} reports match {}", matching::MOST, self.inside(pattern)));
        }
        let mut size = 0;
        let mut documents = Vec::new();
        for (n, path) in files.into_iter().enumerate() {
            let mut document = self.gather(&ReportSource::Repository(path), before, &mut Vec::new())?;
            size += document.bytes.len() as u64;
            if size > REPORT_CAP {
                return Err(format!(
                    "the reports that match {} are larger than {} MiB",
                    self.inside(pattern),
                    REPORT_CAP >> 20
                ));
            }
            // Two folders may have a file of the same name.
            document.name = format!("{:04}-{}", n + 1, document.name);
            documents.push(document);
        }
        Ok(documents)
    }

    /// There is no report: the exit code and the error output explain why better than the missing file.
    fn without_report(&self, code: Option<i32>, reason: String, raw: &RawReport) -> Proof {
        let cause = self.gate.tool.error_line(raw).map(|line| format!(": {line}")).unwrap_or_default();
        let code = code.map(|code| match self.gate.tool.exit(code) {
            Exit::Fault(meaning) => format!(" (exit code {code}: {meaning})"),
            _ => format!(" (exit code {code})"),
        });
        let code = code.unwrap_or_default();
        Proof::inconclusive(format!("{reason}{code}{cause}"))
    }
}

/// A file that says more about the job; `None` if it can't be read or is too large.
fn read_file(path: &Path) -> Option<Document<'static>> {
    const MOST: u64 = 64 << 20;
    let meta = fs::metadata(path).ok()?;
    let bytes = (meta.is_file() && meta.len() <= MOST).then(|| fs::read(path).ok())??;
    Some(Document { name: path.file_name()?.to_string_lossy().into_owned(), bytes: Cow::Owned(bytes) })
}

/// The files of a folder whose names start with `prefix`, sorted by name.
fn read_files(folder: &Path, prefix: &str) -> Vec<Document<'static>> {
    const MOST: usize = 64;
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let begins = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(prefix);
    let mut paths: Vec<PathBuf> = entries.filter(begins).map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().take(MOST).filter_map(|path| read_file(path)).collect()
}
