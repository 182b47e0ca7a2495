//! Runs one job: find the program, run it, collect its output, assess it.

mod assess;
mod keep;
mod launch;
mod matching;
mod steps;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

pub(crate) use launch::not_started;
pub(crate) use launch::signalled;

use crate::config::Gate;
use crate::engine::environment;
use crate::engine::image_exports::ImageExports;
use crate::engine::lock::guard::{Examined, Guard};
use crate::engine::report_owners::ReportOwners;
use crate::model::run::TargetRecord;
use crate::redact::Secret;
use crate::scan::gate_outputs::GateOutputs;
use crate::scan::image_file::InputImage;
use crate::scan::invocation::SCRATCH;
use crate::scan::job::Job;
use crate::scan::job_files::ReportSource;
use crate::scan::program::find;
use crate::scan::proof::Proof;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::retry::chance;
use crate::system::git::Repo;
use crate::system::process::{End, Stop};
use crate::text::human::{self, millis};
use crate::text::paths::forward;
use crate::text::shared::Text;

/// The largest report that is read; it is held in memory. A larger one is an error of its tool.
const REPORT_CAP: u64 = 512 << 20;
/// The largest part of a log that is kept.
const LOG_CAP: u64 = 16 << 20;
/// The same for a log that names each file that was left out. gitleaks writes some 14 KiB for a megabyte of history.
const LONG_LOG_CAP: u64 = 64 << 20;

/// The result of a job.
#[derive(Debug)]
pub(crate) struct TargetEvidence {
    pub record: TargetRecord,
    pub proof: Proof,
    /// Where the program was found.
    pub program: Option<PathBuf>,
    /// The run was stopped before it was done.
    pub stopped: bool,
    /// The comparison with gates.lock before the start; `None` if there is no program.
    pub locked: Option<Examined>,
    /// An empty scope is accepted.
    pub may_be_empty: bool,
    /// Secrets that gates.toml gives to the job.
    pub secrets: Vec<Secret>,
    /// Files to keep, each with its path below the output folder and what it is.
    pub kept: Vec<Kept>,
    /// The image that it read from a file: the engine's id, and the digest of the configuration.
    pub read_from: Option<(Text, Text)>,
    /// The file of the user in which it looked at an image.
    pub input: Option<Text>,
}

impl TargetEvidence {
    /// Whether its tool found nothing in scope, where that is accepted.
    pub(crate) fn is_rightly_empty(&self) -> bool {
        self.may_be_empty && matches!(self.proof, Proof::NothingInScope { .. })
    }
}

/// A file of the scratch folder that goes to the output folder.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub from: PathBuf,
    /// Below the output folder.
    pub to: String,
    pub what: KeptKind,
    /// It was cut where the most of a log ends, perhaps in the middle of a secret.
    pub cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeptKind {
    Report,
    Stdout,
    Stderr,
    Sbom,
}

/// A job with everything needed to run it.
#[derive(Debug)]
pub(crate) struct JobRun {
    pub job: Job,
    pub gate: Arc<Gate>,
    pub repo: Arc<Repo>,
    /// The branch of the run, if it is known.
    pub branch: Option<String>,
    /// Checks the program before it starts.
    pub guard: Arc<Guard>,
    /// The scratch folder of the run.
    pub scratch: PathBuf,
    pub run_started: Instant,
    /// Which gate has read which report in the repository.
    pub report_owners: Arc<ReportOwners>,
    /// The images of the run as files.
    pub exports: Arc<ImageExports>,
    /// The results of the finished gates, if this gate comes after an action.
    pub gate_outputs: Arc<GateOutputs>,
    pub progress: ProgressSender,
}

/// Reports on the progress display what a job is doing.
#[derive(Clone, Debug)]
pub(crate) struct ProgressSender {
    /// The gate's place in the plan.
    pub gate: usize,
    pub to: mpsc::UnboundedSender<News>,
}

/// A message of a job while it runs.
#[derive(Debug)]
pub(crate) enum News {
    /// A target of the gate has got a slot.
    Started(usize),
    /// What the gate is doing, in words.
    Doing(usize, String),
}

impl ProgressSender {
    pub(crate) fn started(&self) {
        // Only the display listens, and it may be gone.
        let _ = self.to.send(News::Started(self.gate));
    }

    pub(crate) fn say(&self, words: String) {
        let _ = self.to.send(News::Doing(self.gate, words));
    }
}

/// Runs the job, and again after a transient error, as often as the gate allows and within its time.
/// Never fails: errors become evidence.
pub(crate) async fn carry_out(mut work: JobRun, stop: watch::Receiver<Stop>) -> TargetEvidence {
    work.read_input().await;
    work.prepare().await;
    let work = Arc::new(work);
    let evidence = with_retries(&work, stop).await;
    if let Some(input) = &work.job.input {
        input.forget(&work.scratch);
    }
    evidence
}

async fn with_retries(work: &Arc<JobRun>, mut stop: watch::Receiver<Stop>) -> TargetEvidence {
    let (retry, timeout) = (work.gate.retry, work.gate.timeout);
    let begun = Instant::now();
    let mut tries = 1;
    loop {
        let (mut evidence, again) = once(work, timeout.saturating_sub(begun.elapsed()), &stop).await;
        if evidence.record.tries > 0 {
            evidence.record.tries = tries;
        }
        if tries > 1 {
            evidence.record.started_ms = millis(begun.saturating_duration_since(work.run_started));
            evidence.record.duration_ms = millis(begun.elapsed());
            if let Proof::Inconclusive { reason, .. } = &mut evidence.proof {
                *reason = format!("after {tries} tries: {reason}");
            }
        }
        let Some(Again { after }) = again else { return evidence };
        let pause = retry.pause(tries, chance()).max(after);
        if tries > retry.most {
            return evidence;
        }
        if begun.elapsed() + pause >= timeout {
            if let (Proof::Inconclusive { reason, .. }, false) = (&mut evidence.proof, after.is_zero()) {
                let (after, timeout) = (human::duration(after), human::duration(timeout));
                *reason += &format!("; the server asks to wait {after}, and `timeout` is {timeout}");
            }
            return evidence;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => tries += 1,
            _ = stop.wait_for(|stop| *stop != Stop::No) => {
                evidence.stopped = true;
                return evidence;
            }
        }
    }
}

/// A transient error ended the job: it may be tried again.
#[derive(Clone, Copy, Debug)]
struct Again {
    /// Not before this time has passed: the server asks for it.
    after: Duration,
}

/// Runs the job once, for no longer than `left`. Returns the evidence, and whether another try may help.
async fn once(
    work: &Arc<JobRun>,
    left: Duration,
    stop: &watch::Receiver<Stop>,
) -> (TargetEvidence, Option<Again>) {
    let job = &work.job;
    let without = environment::removed(work.gate.spec, &job.invocation, &[]);
    let mut evidence = TargetEvidence::of(work, &without);
    // The run may have been stopped while the job waited for its turn.
    if *stop.borrow() != Stop::No {
        evidence.stopped = true;
        evidence.proof = Proof::inconclusive("not started".to_owned());
        return (evidence, None);
    }
    if !job.unresolved.is_empty() {
        evidence.proof = Proof::inconclusive(format!("not started: {}", job.unresolved.join("; ")));
        return (evidence, None);
    }
    if let Some(procedure) = &job.procedure {
        return steps::carry_out(work, procedure.as_ref(), evidence, left, stop).await;
    }
    let begun = Instant::now();
    if let Err(reason) = work.fetch_image(left, stop, &mut evidence).await {
        evidence.proof = Proof::inconclusive(reason);
        return (evidence, None);
    }
    let left = left.saturating_sub(begun.elapsed());
    evidence.locked = work.examine(evidence.program.as_deref()).await;
    let program = evidence.program.as_deref();
    match work.launch(program, evidence.locked.as_ref(), &without, left, stop.clone()).await {
        Err(reason) => evidence.proof = Proof::inconclusive(reason),
        Ok((mut ended, before)) => {
            evidence.record.tries = 1;
            evidence.record.duration_ms = millis(ended.duration);
            evidence.stopped = matches!(ended.end, End::Stopped);
            if let End::Exited(code) = ended.end {
                evidence.record.exit_code = Some(code);
            }
            // Reading a large report takes seconds. It has its own thread, so that the pipes and
            // timeouts of other gates are served meanwhile.
            let fallback = TargetEvidence::unread(&evidence);
            let work = work.clone();
            let assessing = tokio::task::spawn_blocking(move || {
                let transient = work.assess(&mut ended, before, &mut evidence);
                if let Some(locked) = &evidence.locked {
                    let proof = std::mem::replace(&mut evidence.proof, Proof::inconclusive(String::new()));
                    evidence.proof = locked.assess(proof);
                }
                (evidence, transient.map(|_| Again { after: Duration::ZERO }))
            });
            return assessing.await.unwrap_or((fallback, None));
        }
    }
    (evidence, None)
}

impl TargetEvidence {
    /// What is known of a job before it starts.
    fn of(work: &JobRun, without: &BTreeSet<String>) -> Self {
        let (job, none) = (&work.job, BTreeSet::new());
        Self {
            record: TargetRecord {
                name: job.target.clone(),
                command: job.command(),
                cwd: work.inside(&job.invocation.cwd),
                image: job.image.clone(),
                started_ms: millis(work.run_started.elapsed()),
                notes: job.notes.clone(),
                // The programs of a procedure get different environments: each one has its own note.
                proof: environment::notes(job, if job.procedure.is_none() { without } else { &none }),
                ..TargetRecord::default()
            },
            proof: Proof::inconclusive(String::new()),
            program: find(&job.invocation.program, &job.invocation.cwd),
            stopped: false,
            locked: None,
            may_be_empty: job.may_be_empty,
            secrets: environment::secrets_of(job),
            kept: Vec::new(),
            read_from: None,
            input: job.input.as_ref().map(InputImage::file),
        }
    }

    /// Whether it is proved that it did all of its work.
    pub(crate) fn has_done_its_work(&self) -> bool {
        matches!(&self.proof, Proof::Complete(parsed) if parsed.findings.is_empty())
    }

    /// The same job, with nothing read yet.
    fn unread(other: &Self) -> Self {
        Self {
            record: other.record.clone(),
            proof: Proof::inconclusive(
                "reading its report failed; this is a bug in Portcullis, please report it".to_owned(),
            ),
            program: other.program.clone(),
            stopped: other.stopped,
            locked: other.locked.clone(),
            may_be_empty: other.may_be_empty,
            secrets: other.secrets.clone(),
            kept: Vec::new(),
            read_from: other.read_from.clone(),
            input: other.input.clone(),
        }
    }
}

impl JobRun {
    /// Has the file of the image that it reads written, if it reads one. The error says why there is none.
    async fn fetch_image(
        &self,
        left: Duration,
        stop: &watch::Receiver<Stop>,
        evidence: &mut TargetEvidence,
    ) -> Result<(), String> {
        let Some(export) = &self.job.export else { return Ok(()) };
        let written = self.exports.write(export, self, left, stop).await;
        evidence.stopped = written.is_err() && *stop.borrow() != Stop::No;
        let written = written?;
        evidence.record.proof.push(written.words);
        evidence.read_from = written.ids;
        Ok(())
    }

    /// Looks at the file of the image that it reads, if it reads one: an earlier gate may have written it since the plan.
    async fn read_input(&mut self) {
        let Some(input) = self.job.input.clone() else { return };
        let scratch = self.scratch.clone();
        let made = tokio::task::spawn_blocking(move || input.make(&scratch)).await;
        let lost =
            || Err("its file could not be read; this is a bug in Portcullis, please report it".to_owned());
        match made.unwrap_or_else(|_| lost()) {
            Ok(form) => self.job.give_input(form),
            Err(why) => self.job.unresolved.push(why),
        }
    }

    /// The job's own folder.
    pub(crate) fn folder(&self) -> PathBuf {
        PathBuf::from(self.job.scratch().replace(SCRATCH, &self.scratch.to_string_lossy()))
    }

    /// A path relative to the repository root.
    fn inside(&self, path: &Path) -> Text {
        forward(path.strip_prefix(&self.repo.root).unwrap_or(path))
    }

    /// The folder that the paths in its reports are relative to.
    fn origin(&self) -> ReportOrigin {
        ReportOrigin {
            root: self.repo.root.clone(),
            cwd: self.job.invocation.cwd.clone(),
            target: self.job.target.clone(),
        }
    }

    fn path_of(&self, source: &ReportSource) -> Option<PathBuf> {
        match source {
            ReportSource::Stdout
            | ReportSource::Memory(_)
            | ReportSource::Errors(_)
            | ReportSource::Matching(_) => None,
            ReportSource::Scratch(name) => Some(self.folder().join(name)),
            ReportSource::Repository(path) => Some(path.clone()),
        }
    }
}
