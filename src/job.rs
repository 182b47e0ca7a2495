//! One job: find the program, run it, gather what came out, weigh it.

mod steps;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::config::Gate;
use crate::environment;
use crate::finding::Text;
use crate::identity::{find, not_executable};
use crate::lock::guard::{Examined, Guard};
use crate::place::{Place, forward};
use crate::process::{self, Capture, End, Ended, Launch, Stop, signal_name};
use crate::proof::{Proof, weigh};
use crate::question;
use crate::record::TargetRecord;
use crate::redact::{Secret, is_maskable, mask_fields};
use crate::repo::Repo;
use crate::retry::chance;
use crate::text;
use crate::tool::{Document, Job, Program, RawReport, SCRATCH, Source};
use crate::upstream::Upstream;

/// The largest report that is read: more is a fault of its writer.
const REPORT_CAP: u64 = 1 << 30;
/// The most that is kept of a log.
const LOG_CAP: u64 = 16 << 20;

/// The variable that Node.js takes options from.
const NODE_OPTIONS: &str = "NODE_OPTIONS";

/// What a job has come to.
#[derive(Debug)]
pub struct TargetEvidence {
    pub record: TargetRecord,
    pub proof: Proof,
    /// Where the program was found.
    pub program: Option<PathBuf>,
    /// The run was stopped before it was done.
    pub stopped: bool,
    /// What was said of it before it was started; `None` where there is no program.
    pub locked: Option<Examined>,
    /// Nothing in scope is fine here.
    pub may_be_empty: bool,
    /// Secrets that gates.toml gives to the job.
    pub secrets: Vec<Secret>,
    /// Files to keep, each with its path below the output folder and what it is.
    pub kept: Vec<Kept>,
}

/// A file of the scratch folder that goes to the output folder.
#[derive(Clone, Debug)]
pub struct Kept {
    pub from: PathBuf,
    /// Below the output folder.
    pub to: String,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Report,
    Stdout,
    Stderr,
    Sbom,
}

/// A job with all that it takes to carry it out.
#[derive(Debug)]
pub struct AtWork {
    pub job: Job,
    pub gate: Arc<Gate>,
    pub repo: Arc<Repo>,
    /// Looks at the program before it is started.
    pub guard: Arc<Guard>,
    /// The scratch folder of the run.
    pub scratch: PathBuf,
    pub run_started: Instant,
    /// What the gates that are done have come to, where the gate comes after one that acts.
    pub upstream: Arc<Upstream>,
    pub teller: Teller,
}

/// Says on the progress display what a job is doing.
#[derive(Clone, Debug)]
pub struct Teller {
    /// The gate's place in the plan.
    pub gate: usize,
    pub to: mpsc::UnboundedSender<News>,
}

/// What a job has to say while it runs.
#[derive(Debug)]
pub enum News {
    /// A target of the gate has got a slot.
    Started(usize),
    /// What the gate is doing, in words.
    Doing(usize, String),
}

impl Teller {
    pub fn started(&self) {
        // Only the display listens, and it may be gone.
        let _ = self.to.send(News::Started(self.gate));
    }

    pub fn tell(&self, words: String) {
        let _ = self.to.send(News::Doing(self.gate, words));
    }
}

/// Runs the job, and again after a fault that passes, as often as the gate allows and within its
/// time. Never fails: what goes wrong is evidence.
pub async fn carry_out(work: AtWork, mut stop: watch::Receiver<Stop>) -> TargetEvidence {
    let work = Arc::new(work);
    let (retry, timeout) = (work.gate.retry, work.gate.timeout);
    let begun = Instant::now();
    let mut tries = 1;
    loop {
        let (mut evidence, passing) = once(&work, timeout.saturating_sub(begun.elapsed()), &stop).await;
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
        let pause = retry.pause(tries, chance());
        if passing.is_none() || tries > retry.most || begun.elapsed() + pause >= timeout {
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

/// Runs the job one time, for no longer than `left`. Besides the evidence, what it says of a fault
/// that passes.
async fn once(
    work: &Arc<AtWork>,
    left: Duration,
    stop: &watch::Receiver<Stop>,
) -> (TargetEvidence, Option<String>) {
    let job = &work.job;
    let (without, none) = (environment::taken_away(work.gate.scanner, job, &[]), BTreeSet::new());
    let mut evidence = TargetEvidence {
        record: TargetRecord {
            name: job.target.clone(),
            command: job.command(),
            cwd: work.inside(&job.cwd),
            image: job.image.clone(),
            started_ms: millis(work.run_started.elapsed()),
            notes: job.notes.clone(),
            // The programs of a procedure differ in what they get: each is told by itself.
            proof: environment::notes(job, if job.procedure.is_none() { &without } else { &none }),
            ..TargetRecord::default()
        },
        proof: Proof::inconclusive(String::new()),
        program: find(&job.program, &job.cwd),
        stopped: false,
        locked: None,
        may_be_empty: job.may_be_empty,
        secrets: environment::secrets_of(job),
        kept: Vec::new(),
    };
    // It may have waited for its turn while the run was stopped.
    if *stop.borrow() != Stop::No {
        evidence.stopped = true;
        evidence.proof = Proof::inconclusive("not started".to_owned());
        return (evidence, None);
    }
    if let Some(procedure) = &job.procedure {
        return steps::carry_out(work, procedure.as_ref(), evidence, left, stop).await;
    }
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
            // Reading a large report takes seconds: on a thread of its own, so that the other
            // gates' pipes and timeouts are served meanwhile.
            let fallback = TargetEvidence::unread(&evidence);
            let work = work.clone();
            let weighing = tokio::task::spawn_blocking(move || {
                let passing = work.weigh(&mut ended, before, &mut evidence);
                if let Some(locked) = &evidence.locked {
                    let proof = std::mem::replace(&mut evidence.proof, Proof::inconclusive(String::new()));
                    evidence.proof = locked.weigh(proof);
                }
                (evidence, passing)
            });
            return weighing.await.unwrap_or((fallback, None));
        }
    }
    (evidence, None)
}

impl TargetEvidence {
    /// The same job, with nothing read yet.
    fn unread(other: &TargetEvidence) -> TargetEvidence {
        TargetEvidence {
            record: other.record.clone(),
            proof: Proof::inconclusive(
                "reading its report failed; this is a fault of Portcullis, please report it".to_owned(),
            ),
            program: other.program.clone(),
            stopped: other.stopped,
            locked: other.locked.clone(),
            may_be_empty: other.may_be_empty,
            secrets: other.secrets.clone(),
            kept: Vec::new(),
        }
    }
}

/// What was there before the start.
struct Before {
    /// At the places of the reports.
    stamps: Vec<Option<Stamp>>,
    answers: Vec<Document<'static>>,
}

/// Tells one state of a file from another.
#[derive(PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Stamp> {
        let meta: Metadata = fs::metadata(path).ok()?;
        Some(Stamp { inode: meta.ino(), size: meta.size(), modified: (meta.mtime(), meta.mtime_nsec()) })
    }
}

impl AtWork {
    /// The job's own folder.
    pub fn folder(&self) -> PathBuf {
        PathBuf::from(self.job.scratch().replace(SCRATCH, &self.scratch.to_string_lossy()))
    }

    /// A path relative to the repository root.
    fn inside(&self, path: &Path) -> Text {
        forward(path.strip_prefix(&self.repo.root).unwrap_or(path))
    }

    /// Compares the program with gates.lock, right before it is started: an earlier gate may have
    /// installed it, or changed it.
    async fn examine(&self, program: Option<&Path>) -> Option<Examined> {
        let program = program?.to_owned();
        let (guard, job) = (self.guard.clone(), self.job.clone());
        let examined = tokio::task::spawn_blocking(move || guard.examine(&job, &program)).await;
        Some(examined.unwrap_or_else(|_| self.guard.lost()))
    }

    /// Condition 1: found, started. The error is the reason why not.
    async fn launch(
        &self,
        program: Option<&Path>,
        locked: Option<&Examined>,
        without: &BTreeSet<String>,
        left: Duration,
        stop: watch::Receiver<Stop>,
    ) -> Result<(Ended, Before), String> {
        let job = &self.job;
        if !job.cwd.is_dir() {
            return Err(format!("there is no folder {}", self.inside(&job.cwd)));
        }
        let program = program.ok_or_else(|| self.missing(&self.job.program))?;
        if let Some(Examined::Differs(_, why)) = locked.filter(|locked| !self.guard.lets_start(locked)) {
            return Err(why.clone());
        }
        // An earlier try leaves nothing that could be taken for a report of this one.
        let _ = fs::remove_dir_all(self.folder());
        fs::create_dir_all(self.folder()).map_err(|error| {
            format!("the folder for its report can't be made: {error} (is the disk full?)")
        })?;
        let stamps =
            job.reports.iter().map(|source| self.path_of(source).and_then(|path| Stamp::of(&path))).collect();
        let in_scratch = |text: &String| text.replace(SCRATCH, &self.scratch.to_string_lossy());
        let args: Vec<String> = job.args.iter().map(in_scratch).collect();
        let start = job.start.as_ref().map(|start| start.lay_out(&self.scratch)).transpose();
        let start = start.map_err(|error| format!("the folder to start it in can't be laid out: {error}"))?;
        let begun = Instant::now();
        let mut env: BTreeMap<String, String> =
            job.env.iter().map(|(name, value)| (name.clone(), in_scratch(value))).collect();
        env.extend(environment::git_settings(job));
        if let Some(options) = &job.node_options {
            let given = env.get(NODE_OPTIONS).cloned().or_else(|| std::env::var(NODE_OPTIONS).ok());
            let all = format!("{} {}", given.unwrap_or_default(), in_scratch(options));
            env.insert(NODE_OPTIONS.to_owned(), all);
        }
        let errors = job.reports_errors();
        let capture = |name: &str, is_report: bool| Capture {
            path: (!job.is_secretive() || (name == "stderr" && !errors)).then(|| self.folder().join(name)),
            cap: if is_report { REPORT_CAP } else { LOG_CAP },
        };
        let launch = Launch {
            program,
            args: &args,
            cwd: start.as_ref().unwrap_or(&job.cwd),
            env: &env,
            without,
            timeout: left,
            stdin: None,
            stdout: capture("stdout", job.prints_report() && !errors),
            stderr: capture("stderr", errors),
        };
        let answers = question::answers(&job.questions, &launch, &stop).await;
        let launch = Launch { timeout: left.saturating_sub(begun.elapsed()), ..launch };
        Ok((process::run(launch, stop).await, Before { stamps, answers }))
    }

    /// What is said of a program that is not there, and how to get it.
    pub fn missing(&self, program: &Program) -> String {
        let (name, install) = (&program.name, self.gate.scanner.install);
        if let Some(file) = not_executable(program, &self.job.cwd) {
            return format!("{} was found, but may not be executed; else: {install}", file.display());
        }
        match program.near.is_empty() {
            true => format!("{name} is not installed, or not on PATH; {install}"),
            false => format!("{name} is neither in node_modules/.bin nor on PATH; {install}"),
        }
    }

    fn path_of(&self, source: &Source) -> Option<PathBuf> {
        match source {
            Source::Stdout | Source::Memory(_) | Source::Errors(_) | Source::Beside(_) => None,
            Source::Scratch(name) => Some(self.folder().join(name)),
            Source::Repository(path) | Source::Aside(path) => Some(path.clone()),
        }
    }

    /// Gathers what came out and weighs it; parsing a large report is the slow part. Gives what it
    /// says of a fault that passes, where nothing else came of it.
    fn weigh(&self, ended: &mut Ended, before: Before, evidence: &mut TargetEvidence) -> Option<String> {
        let stderr = fs::read(self.folder().join("stderr")).unwrap_or_default();
        let mut printed = fs::read(self.folder().join("stdout")).unwrap_or_default();
        let stream = if self.job.reports_errors() { &mut ended.stderr } else { &mut ended.stdout };
        printed.append(&mut stream.memory);
        self.keep_log(&stderr, "stderr", What::Stderr, evidence);
        if !self.job.prints_report() {
            self.keep_log(&printed, "stdout", What::Stdout, evidence);
        }
        let mut raw = RawReport {
            exit: evidence.record.exit_code,
            documents: Vec::new(),
            stderr: Cow::Borrowed(&stderr),
            stdout: Cow::Borrowed(if self.job.prints_report() { &[] } else { &printed }),
            by_steps: false,
        };
        if let Some(reason) = self.did_not_end(ended, &raw) {
            evidence.proof = Proof::inconclusive(reason);
            return None;
        }

        // Condition 3, the first half: every report is there, and from this run.
        let mut sources = Vec::new();
        for (source, before) in self.job.reports.iter().zip(&before.stamps) {
            match source {
                Source::Aside(path) => raw.documents.extend(read_aside(path)),
                Source::Beside(prefix) => raw.documents.extend(read_beside(&self.folder(), prefix)),
                _ => match self.gather(source, before.as_ref(), &printed) {
                    Ok(document) => raw.documents.push(document),
                    Err(reason) => {
                        let code = evidence.record.exit_code;
                        evidence.proof = self.without_report(code, reason, &raw);
                        return self.gate.tool.passing_fault(&raw);
                    }
                },
            }
            sources.resize(raw.documents.len(), source);
        }

        raw.documents.extend(before.answers);
        raw.documents.extend(self.job.facts.iter().map(|(name, fact)| Document {
            name: (*name).to_owned(),
            bytes: Cow::Borrowed(fact.as_bytes()),
        }));
        evidence.proof = weigh(self.gate.tool.as_ref(), &raw, &self.place());
        for (document, source) in raw.documents.iter().zip(sources) {
            let aside = matches!(source, Source::Aside(_) | Source::Beside(_));
            if !aside && (!self.job.is_secretive() || is_maskable(&document.bytes)) {
                self.keep_report(document, evidence);
            }
        }
        for keep in &self.job.keep {
            let from = self.folder().join(&keep.scratch);
            if from.exists() {
                evidence.kept.push(Kept { from, to: keep.out.clone(), what: What::Sbom });
            }
        }
        match &evidence.proof {
            Proof::Inconclusive { parsed, .. } if parsed.findings.is_empty() => {
                self.gate.tool.passing_fault(&raw)
            }
            _ => None,
        }
    }

    /// Where paths in its reports count from.
    fn place(&self) -> Place {
        Place { root: self.repo.root.clone(), cwd: self.job.cwd.clone(), target: self.job.target.clone() }
    }

    /// Condition 1, the second half: it ended by itself, and its output is whole.
    fn did_not_end(&self, ended: &Ended, raw: &RawReport) -> Option<String> {
        let program = &self.job.program.name;
        let said =
            || self.gate.tool.complaint(raw).map(|line| format!(" (it said: {line})")).unwrap_or_default();
        match &ended.end {
            End::NotStarted(error) => Some(not_started(program, error)),
            End::Signalled(signal) => Some(signalled(program, *signal) + &said()),
            End::TimedOut => Some(format!(
                "{program} took longer than {} and was stopped; raise `timeout`, or see its log{}",
                text::duration(self.gate.timeout),
                said()
            )),
            End::Stopped => Some("stopped before it ended".to_owned()),
            End::Exited(_) => {
                let stream = if self.job.reports_errors() { &ended.stderr } else { &ended.stdout };
                match &ended.lost {
                    Some(error) => Some(format!("its output could not be kept: {error}")),
                    None if !self.job.prints_report() => None,
                    None if stream.cut => Some(format!("its report is larger than {} MiB", REPORT_CAP >> 20)),
                    None if stream.held => Some(format!(
                        "{program} ended, and something that it started still holds its output: the report may not be whole"
                    )),
                    None => None,
                }
            }
        }
    }

    fn gather(
        &self,
        source: &Source,
        before: Option<&Stamp>,
        printed: &[u8],
    ) -> Result<Document<'static>, String> {
        let Some(path) = self.path_of(source) else {
            let name =
                if let Source::Memory(name) | Source::Errors(name) = source { name } else { "stdout.txt" };
            return Ok(Document { name: name.to_owned(), bytes: Cow::Owned(printed.to_vec()) });
        };
        let shown = match source {
            Source::Repository(path) => self.inside(path).to_string(),
            _ => "its report".to_owned(),
        };
        let Some(now) = Stamp::of(&path) else { return Err(format!("{shown} was not written")) };
        if before == Some(&now) {
            return Err(format!("{shown} is left over from an earlier run: this one did not write it"));
        }
        if !path.is_file() {
            // Reading a pipe or a device might never end.
            return Err(format!("{shown} is not a file"));
        }
        if now.size > REPORT_CAP {
            return Err(format!("{shown} is larger than {} MiB", REPORT_CAP >> 20));
        }
        let bytes = fs::read(&path).map_err(|error| format!("{shown} can't be read: {error}"))?;
        let name =
            path.file_name().map_or_else(|| "report".to_owned(), |name| name.to_string_lossy().into_owned());
        Ok(Document { name, bytes: Cow::Owned(bytes) })
    }

    /// No report: the exit code and the error output tell why, better than the missing file does.
    fn without_report(&self, code: Option<i32>, reason: String, raw: &RawReport) -> Proof {
        let cause = self.gate.tool.complaint(raw).map(|line| format!(": {line}")).unwrap_or_default();
        let code = code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
        Proof::inconclusive(format!("{reason}{code}{cause}"))
    }

    fn keep_report(&self, document: &Document, evidence: &mut TargetEvidence) {
        let masked = mask_fields(&document.bytes, self.gate.scanner.secret_fields);
        let from = self.folder().join(format!("kept-{}", document.name));
        if fs::write(&from, masked).is_ok() {
            evidence.kept.push(Kept {
                from,
                to: self.out_path("reports", &document.name),
                what: What::Report,
            });
        }
    }

    fn keep_log(&self, log: &[u8], name: &str, what: What, evidence: &mut TargetEvidence) {
        if !log.is_empty() {
            let to = self.out_path("logs", &format!("{name}.log"));
            evidence.kept.push(Kept { from: self.folder().join(name), to, what });
        }
    }

    /// `reports/<gate>/<target>/<name>`
    fn out_path(&self, kind: &str, name: &str) -> String {
        let folder = self.job.scratch().strip_prefix(SCRATCH).unwrap_or(self.job.scratch());
        format!("{kind}{folder}/{name}")
    }
}

/// What is said of a program that could not be started.
pub fn not_started(program: &str, error: &std::io::Error) -> String {
    match error.raw_os_error() {
        Some(8) => format!(
            "{program} can't be started: it is not made for this machine (wrong architecture, or no #! line)"
        ),
        _ if error.kind() == std::io::ErrorKind::PermissionDenied => {
            format!("{program} was found, but may not be executed: {error}")
        }
        _ => format!("{program} can't be started: {error}"),
    }
}

/// What is said of a program that a signal ended.
pub fn signalled(program: &str, signal: i32) -> String {
    let why = if signal == 9 { ": out of memory, or killed by someone" } else { "" };
    format!("{program} was ended by {}{why}", signal_name(signal))
}

/// A file that tells more of the job; absent where it can't be read, or is larger than any of them.
fn read_aside(path: &Path) -> Option<Document<'static>> {
    const MOST: u64 = 64 << 20;
    let meta = fs::metadata(path).ok()?;
    let bytes = (meta.is_file() && meta.len() <= MOST).then(|| fs::read(path).ok())??;
    Some(Document { name: path.file_name()?.to_string_lossy().into_owned(), bytes: Cow::Owned(bytes) })
}

/// The files of a folder whose names begin so, in the order of their names.
fn read_beside(folder: &Path, prefix: &str) -> Vec<Document<'static>> {
    const MOST: usize = 64;
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let begins = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(prefix);
    let mut paths: Vec<PathBuf> = entries.filter(begins).map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().take(MOST).filter_map(|path| read_aside(path)).collect()
}

/// Whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
