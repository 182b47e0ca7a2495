//! How a job starts: it is asked, compared with gates.lock, prepared, launched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::engine::lock::guard::Examined;
use crate::engine::{environment, questions};
use crate::scan::invocation::{Program, SCRATCH};
use crate::scan::job_files::ReportSource;
use crate::scan::program::{find, not_executable};
use crate::system::private;
use crate::system::process::{self, Capture, End, Ended, Launch, Stop};
use crate::system::variables;
use crate::text::signal::signal_name;

use super::assess::{Before, Stamp};
use super::{JobRun, LOG_CAP, LONG_LOG_CAP, REPORT_CAP, matching};

/// The variable that Node.js reads options from.
const NODE_OPTIONS: &str = "NODE_OPTIONS";

impl JobRun {
    /// Asks the program what the command depends on, if it depends on anything and the lock lets the
    /// program start.
    pub(crate) async fn prepare(&mut self) {
        const LIMIT: Duration = Duration::from_secs(5);
        let tool = self.gate.tool.clone();
        let Some(program) = find(&self.job.invocation.program, &self.job.invocation.cwd) else { return };
        let Some(question) = tool.question(&program) else { return };
        let locked = self.examine(Some(&program)).await;
        if locked.is_none_or(|locked| !self.guard.lets_start(&locked)) {
            return;
        }
        let [asked, args @ ..] = question.as_slice() else { return };
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let answer = process::ask(Path::new(asked), &args, &self.job.invocation.cwd, LIMIT).await;
        tool.prepare(&mut self.job, answer.as_deref());
    }

    /// Compares the program with gates.lock right before it starts: an earlier gate may have installed
    /// or changed it.
    pub(crate) async fn examine(&self, program: Option<&Path>) -> Option<Examined> {
        let program = program?.to_owned();
        let (guard, job) = (self.guard.clone(), self.job.clone());
        let examined = tokio::task::spawn_blocking(move || guard.examine(&job, &program)).await;
        Some(examined.unwrap_or_else(|_| self.guard.lost()))
    }

    /// Condition 1: found, started. The error says why it did not start.
    pub(crate) async fn launch(
        &self,
        program: Option<&Path>,
        locked: Option<&Examined>,
        without: &BTreeSet<String>,
        left: Duration,
        stop: watch::Receiver<Stop>,
    ) -> Result<(Ended, Before), String> {
        let job = &self.job;
        if !job.invocation.cwd.is_dir() {
            return Err(format!("there is no folder {}", self.inside(&job.invocation.cwd)));
        }
        let program = program.ok_or_else(|| self.missing(&self.job.invocation.program))?;
        if let Some(Examined::Differs(_, why)) = locked.filter(|locked| !self.guard.lets_start(locked)) {
            return Err(why.clone());
        }
        // Remove what an earlier try left: it must not be taken for a report of this one.
        let _ = fs::remove_dir_all(self.folder());
        fs::create_dir_all(self.folder())
            .map_err(|error| self.no_room("the folder for its report", &error))?;
        let reports = job.files.reports.iter().flat_map(|source| match source {
            ReportSource::Matching(pattern) => matching::files(pattern),
            source => self.path_of(source).into_iter().collect(),
        });
        let stamps = reports
            .filter_map(|path| Some((Stamp::of(&path)?, path)))
            .map(|(stamp, path)| (path, stamp))
            .collect();
        let in_scratch = |text: &String| text.replace(SCRATCH, &self.scratch.to_string_lossy());
        let args: Vec<String> = job.invocation.args.iter().map(in_scratch).collect();
        let start = job.invocation.start.as_ref().map(|start| start.lay_out(&self.scratch)).transpose();
        let start = start.map_err(|error| format!("the folder to start it in can't be prepared: {error}"))?;
        let begun = Instant::now();
        let mut env: BTreeMap<String, String> =
            job.invocation.env.iter().map(|(name, value)| (name.clone(), in_scratch(value))).collect();
        env.extend(environment::git_settings(job));
        if let Some(options) = &job.invocation.node_options {
            let given = env.get(NODE_OPTIONS).cloned().or_else(|| variables::get(NODE_OPTIONS));
            let all = format!("{} {}", given.unwrap_or_default(), in_scratch(options));
            env.insert(NODE_OPTIONS.to_owned(), all);
        }
        let errors = job.reports_errors();
        let log_cap = if job.files.long_log { LONG_LOG_CAP } else { LOG_CAP };
        let capture = |name: &str, is_report: bool| Capture {
            path: (!job.is_secretive() || (name == "stderr" && !errors)).then(|| self.folder().join(name)),
            cap: if is_report { REPORT_CAP } else { log_cap },
        };
        let launch = Launch {
            program,
            args: &args,
            cwd: start.as_ref().unwrap_or(&job.invocation.cwd),
            env: &env,
            without,
            timeout: left,
            stdin: None,
            stdout: capture("stdout", job.prints_report() && !errors),
            stderr: capture("stderr", errors),
        };
        let mut answers = questions::before(&job.questions, &launch, &stop).await;
        let launch = Launch { timeout: left.saturating_sub(begun.elapsed()), ..launch };
        let ended = process::run(launch.clone(), stop.clone()).await;
        if matches!(ended.end, End::Exited(0)) {
            let launch = Launch { timeout: left.saturating_sub(begun.elapsed()), ..launch };
            answers.extend(questions::after(&job.closing_questions, &launch, &self.folder(), &stop).await);
        }
        private::close(&self.folder());
        Ok((ended, Before { stamps, answers }))
    }

    /// The message for a program that is not there, with how to get it.
    pub(crate) fn missing(&self, program: &Program) -> String {
        let (name, install) = (&program.name, self.gate.spec.install);
        if let Some(file) = not_executable(program, &self.job.invocation.cwd) {
            return format!("{} was found, but is not executable; to install it: {install}", file.display());
        }
        let is_in_pnp =
            || self.job.invocation.cwd.ancestors().any(|folder| folder.join(".pnp.cjs").is_file());
        match program.near.is_empty() {
            false if is_in_pnp() => format!(
                "{name} is not in node_modules/.bin, because Yarn keeps the packages in .pnp.cjs; a gate of `command` can start it, with `run = [\"yarn\", \"{name}\", …]` (or have `nodeLinker: node-modules` in .yarnrc.yml)"
            ),
            true => format!("{name} is not installed, or not on PATH; {install}"),
            false => format!("{name} is neither in node_modules/.bin nor on PATH; {install}"),
        }
    }
}

/// The message for a program that could not be started.
pub(crate) fn not_started(program: &str, error: &std::io::Error) -> String {
    match error.raw_os_error() {
        Some(8) => format!(
            "{program} can't be started: it is not made for this machine (wrong architecture, or no #! line)"
        ),
        _ if error.kind() == std::io::ErrorKind::PermissionDenied => {
            format!("{program} was found, but is not executable: {error}")
        }
        _ => format!("{program} can't be started: {error}"),
    }
}

/// The message for a program that a signal ended.
pub(crate) fn signalled(program: &str, signal: i32) -> String {
    let why = if signal == 9 { ": out of memory, or killed by someone" } else { "" };
    format!("{program} was ended by {}{why}", signal_name(signal))
}
