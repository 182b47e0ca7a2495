//! Keeps the files that a job leaves, and says so when there is no room for them.

use std::io;
use std::path::Path;

use crate::redact::{mask_fields, mask_log, repeats};
use crate::scan::invocation::SCRATCH;
use crate::scan::proof::Proof;
use crate::scan::raw_report::Document;
use crate::system::private;

use super::{JobRun, Kept, KeptKind, LOG_CAP, LONG_LOG_CAP, TargetEvidence};

impl JobRun {
    /// Keeps a report, masked. If it can't be kept there is no proof: nobody could check what the proof
    /// is based on.
    pub(crate) fn keep_report(
        &self,
        document: &Document,
        proof: Proof,
        evidence: &mut TargetEvidence,
    ) -> Proof {
        let masked = mask_fields(&document.bytes, self.gate.spec.secret_fields.list());
        let from = self.folder().join(format!("kept-{}", document.name));
        if let Err(error) = private::write(&from, masked) {
            return without(proof, self.no_room("its report", &error));
        }
        let to = self.out_path("reports", &document.name);
        evidence.kept.push(Kept { from, to, what: KeptKind::Report, cut: false });
        proof
    }

    /// Keeps a log, with the same fields masked as in a report. A log that repeats a report is not kept: it
    /// says nothing more, and may escape a secret in another way.
    pub(crate) fn keep_log(
        &self,
        log: &[u8],
        name: &str,
        what: KeptKind,
        reports: &[Document],
        evidence: &mut TargetEvidence,
    ) {
        if log.is_empty() || reports.iter().any(|report| repeats(log, &report.bytes)) {
            return;
        }
        let from = self.folder().join(format!("kept-{name}"));
        if let Err(error) = private::write(&from, mask_log(log, self.gate.spec.secret_fields.list())) {
            let proof = std::mem::replace(&mut evidence.proof, Proof::inconclusive(String::new()));
            evidence.proof = without(proof, self.no_room("its log", &error));
            return;
        }
        let to = self.out_path("logs", &format!("{name}.log"));
        let cut = [LOG_CAP, LONG_LOG_CAP].contains(&(log.len() as u64));
        evidence.kept.push(Kept { from, to, what, cut });
    }

    /// Masks the reason, which may quote a line of output that is JSON.
    pub(crate) fn mask_reason(&self, evidence: &mut TargetEvidence) {
        if let Proof::Inconclusive { reason, .. } | Proof::NothingInScope { reason, .. } = &mut evidence.proof
        {
            let masked = mask_fields(reason.as_bytes(), self.gate.spec.secret_fields.list());
            *reason = String::from_utf8_lossy(&masked).into_owned();
        }
    }

    /// `reports/<gate>/<target>/<name>`
    fn out_path(&self, kind: &str, name: &str) -> String {
        let folder = self.job.scratch().strip_prefix(SCRATCH).unwrap_or(self.job.scratch());
        format!("{kind}{folder}/{name}")
    }

    /// Why a file is not in the scratch folder, and what to do about it.
    pub(crate) fn no_room(&self, what: &str, error: &io::Error) -> String {
        format!(
            "{what} could not be kept in {}: {error}; free some room there, or name another place with TMPDIR",
            self.scratch.display()
        )
    }

    /// A note on a missing or cut report, if a disk is full.
    pub(crate) fn full_disk(&self) -> Option<String> {
        let folders = self.job.written().filter_map(Path::parent);
        let folder = folders.chain([self.scratch.as_path()]).find(|folder| is_full(folder))?;
        Some(format!(" (the disk of {} is full: free some room there)", folder.display()))
    }
}

/// The proof, if a part of it could not be kept.
fn without(proof: Proof, why: String) -> Proof {
    match proof {
        Proof::Complete(parsed) | Proof::NothingInScope { parsed, .. } => {
            Proof::Inconclusive { parsed, reason: why }
        }
        unproven @ Proof::Inconclusive { .. } => unproven,
    }
}

/// With fewer free bytes than this there is no room for a report.
const LEAST: u64 = 4096;

/// Whether the disk of a folder is full; `false` if that is unknown.
fn is_full(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < LEAST)
}
