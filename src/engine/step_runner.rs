//! Jobs of several steps: programs one after another, questions over HTTP, pauses in between.
//!
//! This implements [`StepContext`]. A procedure writes a report about what it did, and its tool reads
//! it like any other report.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::engine::job_run::{JobRun, not_started, signalled};
use crate::engine::lock::guard::Examined;
use crate::engine::{environment, report_owners};
use crate::model::run::StepRecord;
use crate::redact::Secret;
use crate::scan::gate_outputs::{self, GateOutputs, OneImage};
use crate::scan::invocation::{Program, SCRATCH};
use crate::scan::procedure::{Failure, StepContext, Wait};
use crate::scan::program::find;
use crate::scan::raw_report::Document;
use crate::scan::retry::Retry;
use crate::scan::step::{Output, Step};
use crate::system::git::Repo;
use crate::system::http::{self, Answer, Client, NoAnswer};
use crate::system::private;
use crate::system::process::{self, Capture, End, Ended, Launch, Stop};
use crate::system::variables;
use crate::text::human;

/// The most that a step may print.
const OUTPUT_CAP: u64 = 64 << 20;
/// The most that is kept of the steps' log.
const LOG_CAP: usize = 16 << 20;
/// The time for cleaning up after a stop or a timeout.
const CLEANUP_TIME: Duration = Duration::from_secs(30);

/// What a procedure works with.
#[derive(Debug)]
pub(crate) struct StepRunner {
    work: Arc<JobRun>,
    client: Client,
    deadline: Instant,
    stop: watch::Receiver<Stop>,
    /// Cleaning up: the stop was noticed already.
    cleaning_up: bool,
    pub(crate) left: Left,
}

/// What a procedure leaves.
#[derive(Debug, Default)]
pub(crate) struct Left {
    pub documents: Vec<Document<'static>>,
    pub steps: Vec<StepRecord>,
    pub log: Vec<u8>,
    pub secrets: Vec<Secret>,
    pub examined: Vec<Examined>,
    /// The variables that each program did not get.
    pub taken: BTreeMap<String, BTreeSet<String>>,
}

impl StepRunner {
    pub(crate) fn new(work: Arc<JobRun>, left: Duration, stop: watch::Receiver<Stop>) -> Self {
        Self {
            work,
            client: Client::default(),
            deadline: Instant::now() + left,
            stop,
            cleaning_up: false,
            left: Left::default(),
        }
    }

    fn stopped(&self) -> bool {
        !self.cleaning_up && *self.stop.borrow() != Stop::No
    }

    async fn run_program(&mut self, step: Step) -> Result<Output, Failure> {
        if self.stopped() {
            return Err(Failure::Stopped);
        }
        let program = self.find(&step)?;
        let folder = self.scratch();
        std::fs::create_dir_all(&folder)
            .map_err(|error| Failure::Unproven(format!("{} can't be made: {error}", folder.display())))?;
        let files = ["stdout", "stderr"].map(|stream| folder.join(format!("step-{stream}")));
        let job = &self.work.job;
        let without = environment::removed(self.work.gate.spec, &job.invocation, step.credentials);
        if !without.is_empty() {
            self.left.taken.entry(step.program.clone()).or_default().extend(without.iter().cloned());
        }
        let mut env = job.invocation.env.clone();
        env.extend(step.env.clone());
        let args: Vec<String> = step.args.iter().map(|arg| self.real(arg)).collect();
        let capture = |path: Option<&PathBuf>| Capture { path: path.cloned(), cap: OUTPUT_CAP };
        let launch = Launch {
            program: &program,
            args: &args,
            cwd: step.cwd.as_deref().unwrap_or(&job.invocation.cwd),
            env: &env,
            without: &without,
            timeout: self.time_left(),
            stdin: step.stdin.as_deref(),
            stdout: capture((!step.secret && !step.report).then_some(&files[0])),
            stderr: capture(Some(&files[1])),
        };
        // Cleaning up is not stopped a second time.
        let (never, deaf) = watch::channel(Stop::No);
        let stop = if self.cleaning_up { deaf } else { self.stop.clone() };
        let ended = process::run(launch, stop).await;
        drop(never);
        private::close(&folder);
        let mut stdout = std::fs::read(&files[0]).unwrap_or_default();
        stdout.extend(&ended.stdout.memory);
        let stderr = std::fs::read(&files[1]).unwrap_or_default();
        for file in &files {
            let _ = std::fs::remove_file(file);
        }
        if step.secret {
            self.learn(&String::from_utf8_lossy(&stdout));
        }
        let code = match ended.end {
            End::Exited(code) => Some(code),
            _ => None,
        };
        let printed: &[u8] = if step.secret || step.report { b"(not shown)\n" } else { &stdout };
        self.note(step.words(), code, None, ended.duration, &[printed, &stderr]);
        self.judge_end(&step.program, &ended)?;
        Ok(Output { code: code.unwrap_or(-1), stdout, stderr })
    }

    /// The program of a step, checked before it starts.
    fn find(&mut self, step: &Step) -> Result<PathBuf, Failure> {
        let job = &self.work.job;
        // The gate's `program` replaces the scanner's own.
        let own = (step.program == self.work.gate.spec.program).then_some(&job.invocation.program);
        let declared = || job.programs().find(|program| program.name == step.program);
        let fallback = Program { name: step.program.clone(), near: Vec::new() };
        let program = own.or_else(declared).unwrap_or(&fallback);
        let Some(found) = find(program, &job.invocation.cwd) else {
            return Err(Failure::Unproven(self.work.missing(program)));
        };
        let examined = self.work.guard.examine_as(&job.invocation, program, &found);
        let refused = (!self.work.guard.lets_start(&examined)).then(|| examined.clone());
        if !self.left.examined.contains(&examined) {
            self.left.examined.push(examined);
        }
        match refused {
            Some(Examined::Differs(_, why)) => Err(Failure::Unproven(why)),
            _ => Ok(found),
        }
    }

    fn judge_end(&self, program: &str, ended: &Ended) -> Result<(), Failure> {
        let why = match &ended.end {
            End::Exited(_) => match &ended.lost {
                Some(error) => format!("the output of {program} could not be kept: {error}"),
                None if ended.stdout.cut || ended.stderr.cut => {
                    format!("{program} printed more than {} MiB", OUTPUT_CAP >> 20)
                }
                None => return Ok(()),
            },
            End::NotStarted(error) => not_started(program, error),
            End::Signalled(signal) => signalled(program, *signal),
            End::TimedOut => return Err(Failure::TimedOut(format!("{program} was running"))),
            End::Stopped => return Err(Failure::Stopped),
        };
        Err(Failure::Unproven(why))
    }

    /// Replaces `$SCRATCH` in an argument with the scratch folder of the run.
    fn real(&self, arg: &str) -> String {
        arg.replace(SCRATCH, &self.work.scratch.to_string_lossy())
    }

    async fn ask_server(&mut self, mut request: http::Request) -> Result<Answer, Failure> {
        if self.stopped() {
            return Err(Failure::Stopped);
        }
        let left = self.time_left();
        if left.is_zero() {
            return Err(Failure::TimedOut(format!("{} was about to be asked", http::host(&request.url))));
        }
        request.limit = request.limit.min(left);
        let (words, started) = (vec![request.method.to_string(), request.url.clone()], Instant::now());
        let client = self.client.clone();
        let answer = tokio::select! {
            answer = client.ask(request) => answer,
            () = stop_of(&mut self.stop, self.cleaning_up) => return Err(Failure::Stopped),
        };
        let status = answer.as_ref().ok().map(|answer| answer.status);
        let said = match &answer {
            Ok(answer) => format!("{} with {} bytes\n", answer.status, answer.body.len()),
            Err(why) => format!("{why}\n"),
        };
        self.note(words, None, status, started.elapsed(), &[said.as_bytes()]);
        answer.map_err(|why| match why {
            NoAnswer::NotNow(why) => Failure::Transient(why),
            NoAnswer::Never(why) => Failure::Unproven(why),
        })
    }

    async fn wait(&mut self, pause: Duration) -> Result<(), Failure> {
        if pause >= self.time_left() {
            let after = human::duration(self.work.gate.timeout);
            return Err(Failure::TimedOut(format!("it was waiting; `timeout` is {after}")));
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(()),
            () = stop_of(&mut self.stop, self.cleaning_up) => Err(Failure::Stopped),
        }
    }

    /// Records a step. A repeated step (polling) is counted.
    fn note(
        &mut self,
        did: Vec<String>,
        exit_code: Option<i32>,
        status: Option<u16>,
        duration: Duration,
        printed: &[&[u8]],
    ) {
        let duration_ms = crate::text::human::millis(duration);
        // Polling may alternate between a few questions.
        let mut latest = self.left.steps.iter_mut().rev().take(3);
        let same =
            |step: &&mut StepRecord| step.did == did && step.exit_code == exit_code && step.status == status;
        match latest.find(same) {
            Some(step) => {
                step.times += 1;
                step.duration_ms += duration_ms;
            }
            None => self.left.steps.push(StepRecord {
                did: did.clone(),
                exit_code,
                status,
                times: 1,
                duration_ms,
            }),
        }
        let log = &mut self.left.log;
        let mut write = |bytes: &[u8]| {
            let room = LOG_CAP.saturating_sub(log.len());
            log.extend_from_slice(&bytes[..bytes.len().min(room)]);
        };
        write(format!("$ {}\n", did.join(" ")).as_bytes());
        for bytes in printed {
            write(bytes);
            if !bytes.is_empty() && !bytes.ends_with(b"\n") {
                write(b"\n");
            }
        }
        if let Some(code) = exit_code.filter(|code| *code != 0) {
            write(format!("(exit code {code})\n").as_bytes());
        }
    }
}

impl StepContext for StepRunner {
    fn gate_outputs(&self) -> &GateOutputs {
        &self.work.gate_outputs
    }

    fn repo(&self) -> &Repo {
        &self.work.repo
    }

    fn args(&self) -> &[String] {
        &self.work.gate.args
    }

    fn scratch(&self) -> PathBuf {
        self.work.folder()
    }

    fn chief(&self) -> Step {
        Step::new(&self.work.job.invocation.program.name, self.work.job.invocation.args.iter().cloned())
    }

    fn program(&self) -> &str {
        &self.work.job.invocation.program.name
    }

    fn variable(&self, name: &str) -> Option<String> {
        let set = self.work.job.invocation.env.get(name).filter(|value| !value.is_empty());
        set.cloned().or_else(|| variables::value(name))
    }

    fn one_image(&self, name: &str) -> Result<OneImage, Failure> {
        gate_outputs::one_image(self.gate_outputs(), name).map_err(Failure::Unproven)
    }

    fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn retry(&self) -> Retry {
        self.work.gate.retry
    }

    fn branch(&self) -> Option<&str> {
        self.work.branch.as_deref()
    }

    fn say(&self, words: String) {
        self.work.progress.say(words);
    }

    fn learn(&mut self, secret: &str) {
        self.left.secrets.extend(Secret::reported(secret));
    }

    fn hand_over(&mut self, name: &str, bytes: Vec<u8>) {
        self.left.documents.retain(|document| document.name != name);
        self.left.documents.push(Document { name: name.to_owned(), bytes: Cow::Owned(bytes) });
    }

    fn claim(&self, file: &Path, shown: &str) -> Result<(), Failure> {
        let owner = self.work.report_owners.take(file, &self.work.gate.id);
        owner.map_or(Ok(()), |other| Err(Failure::Unproven(report_owners::words(shown, &other))))
    }

    fn start_cleanup(&mut self) {
        self.cleaning_up = true;
        self.deadline = Instant::now() + CLEANUP_TIME;
    }

    fn run(&mut self, step: Step) -> Wait<'_, Output> {
        Box::pin(self.run_program(step))
    }

    fn ask(&mut self, request: http::Request) -> Wait<'_, Answer> {
        Box::pin(self.ask_server(request))
    }

    fn pause(&mut self, pause: Duration) -> Wait<'_, ()> {
        Box::pin(self.wait(pause))
    }
}

/// Resolves when the run is stopped; never, if the stop was noticed already.
async fn stop_of(stop: &mut watch::Receiver<Stop>, deaf: bool) {
    if deaf || stop.wait_for(|stop| *stop != Stop::No).await.is_err() {
        std::future::pending::<()>().await;
    }
}
