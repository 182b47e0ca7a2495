//! Runs a job of several steps and assesses the report that it leaves.

use std::borrow::Cow;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::engine::lock::guard::Examined;
use crate::engine::step_runner::{Left, StepRunner};
use crate::model::lock_status::LockStatus;
use crate::scan::procedure::{Failure, Procedure};
use crate::scan::proof::{Proof, assess};
use crate::scan::raw_report::RawReport;
use crate::system::process::Stop;
use crate::text::human::{self, millis};

use super::{Again, JobRun, KeptKind, TargetEvidence};

/// Runs the steps. Returns the evidence, and whether another try may help.
pub(super) async fn carry_out(
    work: &Arc<JobRun>,
    procedure: &dyn Procedure,
    mut evidence: TargetEvidence,
    left: Duration,
    stop: &watch::Receiver<Stop>,
) -> (TargetEvidence, Option<Again>) {
    let started = Instant::now();
    // Remove what an earlier try left: it must not be taken for this one's.
    let _ = fs::remove_dir_all(work.folder());
    let mut runner = StepRunner::new(work.clone(), left, stop.clone());
    let end = match fs::create_dir_all(work.folder()) {
        Ok(()) if !work.job.invocation.cwd.is_dir() => {
            Err(Failure::Unproven(format!("there is no folder {}", work.inside(&work.job.invocation.cwd))))
        }
        Ok(()) => procedure.carry_out(&mut runner).await,
        Err(error) => Err(Failure::Unproven(work.no_room("the folder for its report", &error))),
    };
    evidence.record.tries = 1;
    evidence.record.duration_ms = millis(started.elapsed());
    evidence.stopped = end == Err(Failure::Stopped);
    let fallback = TargetEvidence::unread(&evidence);
    let (work, result) = (work.clone(), runner.left);
    let assessing = tokio::task::spawn_blocking(move || {
        let again = work.assess_steps(result, end, &mut evidence);
        if let Some(locked) = &evidence.locked {
            let proof = std::mem::replace(&mut evidence.proof, Proof::inconclusive(String::new()));
            evidence.proof = locked.assess(proof);
        }
        (evidence, again)
    });
    assessing.await.unwrap_or((fallback, None))
}

impl JobRun {
    /// Assesses what the steps leave. A failure outranks any report.
    fn assess_steps(
        &self,
        left: Left,
        end: Result<(), Failure>,
        evidence: &mut TargetEvidence,
    ) -> Option<Again> {
        evidence.record.steps = left.steps;
        evidence.record.proof.extend(left.taken.iter().map(|(program, names)| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("environment: removed for {program}: {}", names.join(", "))
        }));
        evidence.secrets.extend(left.secrets);
        let differs = left.examined.iter().position(|examined| examined.lock_status() == LockStatus::Differs);
        evidence.locked = left.examined.get(differs.unwrap_or(0)).cloned();
        if matches!(evidence.locked, Some(Examined::Unlocked)) {
            evidence.locked = None;
        }
        let _ = fs::create_dir_all(self.folder());
        // It leaves out the output of steps that print a report.
        self.keep_log(&left.log, "steps", KeptKind::Stderr, &[], evidence);

        let raw = RawReport {
            documents: left.documents,
            stderr: Cow::Borrowed(&left.log),
            by_steps: true,
            ..RawReport::default()
        };
        let seen = (!raw.documents.is_empty()).then(|| assess(self.gate.tool.as_ref(), &raw, &self.origin()));
        let kept = seen.map(|proof| {
            raw.documents.iter().fold(proof, |proof, document| self.keep_report(document, proof, evidence))
        });
        evidence.proof = match (end, kept) {
            (Ok(()), Some(proof)) => proof,
            (Ok(()), None) => Proof::inconclusive(
                "it left no report; this is a bug in Portcullis, please report it".to_owned(),
            ),
            (Err(failure), seen) => {
                let parsed = seen.map(|mut proof| std::mem::take(proof.parsed_mut())).unwrap_or_default();
                let reason = self.words(&failure) + &self.full_disk().unwrap_or_default();
                evidence.proof = Proof::Inconclusive { parsed, reason };
                return match failure {
                    Failure::Transient(_) => Some(Again { after: Duration::ZERO }),
                    Failure::Later(_, after) => Some(Again { after }),
                    _ => None,
                };
            }
        };
        None
    }

    fn words(&self, failure: &Failure) -> String {
        match failure {
            Failure::Unproven(why) | Failure::Transient(why) | Failure::Later(why, _) => why.clone(),
            Failure::TimedOut(what) => {
                let after = human::duration(self.gate.timeout);
                format!("it was not done within {after}: {what}; raise `timeout`, or see its log")
            }
            Failure::Stopped => "stopped before it ended".to_owned(),
        }
    }
}
