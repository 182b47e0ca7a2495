//! Evidence of the gates + what the run is about → the record, not judged yet.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::engine::evidence::GateEvidence;
use crate::engine::job_run::What;
use crate::model::lock_status::LockStatus;
use crate::model::run::Run;
use crate::model::verdict::Mode;
use crate::redact::Scrubber;
use crate::system::output_folder::OutputFolder;
use crate::system::process::Stop;
use crate::text::hash::{sha256, sha256_file};

/// What a run is about, besides its gates.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// Top of the checkout, where the lines of findings are read.
    pub root: PathBuf,
    pub mode: Mode,
    pub profile: Option<String>,
    pub project: Option<String>,
    pub commit: Option<String>,
    pub branch: Option<String>,
    pub stop: Stop,
    pub started: Instant,
    /// How the tools stand to gates.lock, where any were run.
    pub lock: Option<LockStatus>,
}

/// Copies the files that the targets leave into the output folder, with known secrets struck
/// out and logs made safe to show, and notes in the record where they are.
pub fn keep_files(
    run: &mut Run,
    evidence: &[GateEvidence],
    scrubber: &Scrubber,
    folder: &mut OutputFolder,
) -> Result<()> {
    for (gate, record) in evidence.iter().zip(&mut run.gates) {
        for (target, record) in gate.targets.iter().zip(&mut record.targets) {
            for kept in &target.kept {
                // It is made of the names of targets and files.
                let to = scrubber.one_line(&kept.to).into_owned();
                let from = fs::File::open(&kept.from).with_context(|| format!("{to} was lost"))?;
                folder.write(&to, |file| match kept.what {
                    What::Report | What::Sbom => scrubber.copy(from, file),
                    // People look at logs in a terminal.
                    What::Stdout | What::Stderr => scrubber.copy_log(from, file),
                })?;
                if kept.what == What::Report && record.report.is_none() {
                    record.report_sha256 = Some(sha256_file(&folder.path().join(&to))?);
                    record.report = Some(to);
                } else {
                    let name = to.rsplit('/').next().unwrap_or(&to).to_owned();
                    record.files.insert(name, to);
                }
            }
        }
    }
    Ok(())
}

/// 32 hexadecimal digits that no other run has, as W3C trace context wants them.
pub fn trace_id(now: jiff::Timestamp) -> String {
    let seed = format!("{} {} {:?}", now.as_nanosecond(), std::process::id(), std::thread::current().id());
    sha256(seed.as_bytes())[..32].to_owned()
}
