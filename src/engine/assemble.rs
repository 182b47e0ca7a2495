//! Builds the record of a run from the evidence of its gates. It is not judged yet.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::engine::evidence::{GateEvidence, identify};
use crate::engine::job_run::KeptKind;
use crate::engine::pool::Pool;
use crate::model::lock_status::LockStatus;
use crate::model::looked_at::RunInputs;
use crate::model::policy::Budget;
use crate::model::run::{Run, SCHEMA};
use crate::model::verdict::{Mode, Verdict};
use crate::model::waiver_use::WaiverUse;
use crate::redact::Scrubber;
use crate::redact::SecretSet;
use crate::system::output_folder::OutputFolder;
use crate::system::process::Stop;
use crate::text::hash::{sha256, sha256_of};
use crate::text::human::millis;
use crate::text::signal::signal_name;

/// Facts about a run, besides its gates.
#[derive(Clone, Debug)]
pub(crate) struct Circumstances {
    /// Top of the checkout. The lines of findings are read from there.
    pub root: PathBuf,
    pub mode: Mode,
    pub profile: Option<String>,
    pub project: Option<String>,
    pub configuration: Option<String>,
    pub commit: Option<String>,
    pub branch: Option<String>,
    pub stop: Stop,
    pub started: Instant,
    /// Whether the tools match gates.lock, if any ran.
    pub lock: Option<LockStatus>,
}

/// The record of the evidence, not judged yet. `pool` holds the findings of all gates.
pub(crate) fn assemble(
    evidence: &[GateEvidence],
    pool: Pool,
    secrets: &SecretSet,
    about: Circumstances,
) -> Run {
    let scrubber = secrets.scrubber();
    let gates: Vec<_> = evidence.iter().map(|gate| gate.record(scrubber)).collect();
    let (mut findings, of_gates) = pool.in_order(evidence.len());
    for (gate, of_gate) in evidence.iter().zip(of_gates) {
        // They may contain a secret that was found later. No id may be made from a secret.
        if !gate.is_identified_with(secrets) {
            identify(&mut findings[of_gate], scrubber, &about.root);
        }
    }
    let differs = gates.iter().any(|gate| gate.lock == Some(LockStatus::Differs));
    let duration = about.started.elapsed();
    let now = jiff::Timestamp::now();
    Run {
        schema: SCHEMA.to_owned(),
        portcullis_version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: about.mode,
        verdict: Verdict::Inconclusive,
        would_block: true,
        exit_code: 0,
        interrupted: match about.stop {
            Stop::Signal(signal) => Some(signal_name(signal)),
            Stop::No | Stop::FailFast | Stop::Deadline => None,
        },
        started: now.checked_sub(duration).unwrap_or(now),
        duration_ms: millis(duration),
        trace_id: trace_id(now),
        profile: about.profile,
        project: about.project,
        configuration: about.configuration,
        commit: about.commit,
        branch: about.branch,
        lock: if differs { Some(LockStatus::Differs) } else { about.lock },
        gates,
        findings,
        inputs: RunInputs::default(),
        waivers: WaiverUse::default(),
        enrichment: None,
        max: Budget::new(),
        over: Vec::new(),
        known: None,
        policy: None,
        lost: false,
    }
}

/// Copies the files that the targets leave into the output folder, with known secrets redacted and logs
/// made safe to show. Records where the copies are.
pub(crate) fn keep_files(
    run: &mut Run,
    evidence: &[GateEvidence],
    scrubber: &Scrubber,
    folder: &mut OutputFolder,
) -> Result<()> {
    for (gate, record) in evidence.iter().zip(&mut run.gates) {
        for (target, record) in gate.targets.iter().zip(&mut record.targets) {
            for kept in &target.kept {
                // This path is made of the names of targets and files, so it may contain a secret.
                let to = scrubber.one_line(&kept.to).into_owned();
                let from = fs::File::open(&kept.from).with_context(|| format!("{to} was lost"))?;
                folder.write(&to, |file| match kept.what {
                    KeptKind::Report | KeptKind::Sbom => scrubber.copy(from, file),
                    // People read logs in a terminal.
                    KeptKind::Stdout | KeptKind::Stderr => scrubber.copy_log(from, kept.cut, file),
                })?;
                if kept.what == KeptKind::Report && record.report.is_none() {
                    record.report_sha256 = Some(sha256_of(folder.read(&to)?)?);
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

/// A new trace id: 32 hexadecimal digits, as W3C trace context requires.
pub(crate) fn trace_id(now: jiff::Timestamp) -> String {
    let seed = format!("{} {} {:?}", now.as_nanosecond(), std::process::id(), std::thread::current().id());
    sha256(seed.as_bytes())[..32].to_owned()
}
