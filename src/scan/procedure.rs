//! Jobs of several steps: programs one after another, questions over HTTP, pauses in between.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;

use crate::scan::gate_outputs::{GateOutputs, OneImage};
use crate::scan::retry::Retry;
use crate::scan::step::{Output, Step};
use crate::system::git::Repo;
use crate::system::http::{Answer, Request};

/// What a job of several steps does.
pub trait Procedure: std::fmt::Debug + Send + Sync {
    fn carry_out<'a>(&'a self, context: &'a mut dyn StepContext) -> Steps<'a>;
}

/// The steps as a future; write `Box::pin(async move { … })`.
pub(crate) type Steps<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// What a procedure works with. It starts programs and asks over HTTP only through this.
///
/// It stays within the gate's time, obeys a stop of the run, compares every program with gates.lock,
/// and records each step.
pub trait StepContext: Send + Sync {
    /// What the finished gates pass on.
    fn gate_outputs(&self) -> &GateOutputs;

    fn repo(&self) -> &Repo;

    /// The arguments that the user adds to the main command.
    fn args(&self) -> &[String];

    /// The job's own folder.
    fn scratch(&self) -> PathBuf;

    /// The job's own program with its arguments, including those of the user.
    fn chief(&self) -> Step;

    /// The job's own program, or the one that the user named instead.
    fn program(&self) -> &str;

    /// A variable of the gate's `env`, else of the environment of Portcullis.
    fn variable(&self, name: &str) -> Option<String>;

    /// The image of this name on which all finished gates agree.
    fn one_image(&self, name: &str) -> Result<OneImage, Failure>;

    /// How much of the gate's time is left.
    fn time_left(&self) -> Duration;

    /// How often the gate tries again after a transient error.
    fn retry(&self) -> Retry;

    /// The branch of this run, if it is known.
    fn branch(&self) -> Option<&str>;

    /// Reports on the progress display what is going on.
    fn say(&self, words: String);

    /// Records a secret, so that it is redacted wherever it appears.
    fn learn(&mut self, secret: &str);

    /// Passes on a report under this file name, in the order of the calls.
    fn hand_over(&mut self, name: &str, bytes: Vec<u8>);

    /// Claims a file of the repository for this gate. A file that another gate has read or written
    /// proves nothing here.
    fn claim(&self, file: &Path, shown: &str) -> Result<(), Failure>;

    /// Lets a procedure clean up after a stop or a timeout, for half a minute.
    fn start_cleanup(&mut self);

    /// Runs a program to its end. Any exit code is an answer. If it does not end by itself, that is a
    /// failure.
    fn run(&mut self, step: Step) -> Wait<'_, Output>;

    /// Asks over HTTP. Any status is an answer. The request's `headers` are never logged.
    fn ask(&mut self, request: Request) -> Wait<'_, Answer>;

    /// Waits, unless the run is stopped or the time is over.
    fn pause(&mut self, pause: Duration) -> Wait<'_, ()>;
}

/// A step that takes time.
pub(crate) type Wait<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

impl dyn StepContext + '_ {
    /// Writes a report: one JSON document under this file name.
    pub fn report(&mut self, name: &str, report: &impl Serialize) -> Result<(), Failure> {
        let bytes = serde_json::to_vec_pretty(report)
            .map_err(|error| Failure::Unproven(format!("its report can't be written: {error}")))?;
        self.hand_over(name, bytes);
        Ok(())
    }

    /// Reports on the progress display what is going on.
    pub fn tell(&self, words: impl Into<String>) {
        self.say(words.into());
    }
}

/// Why a procedure did not reach its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no proof, for this reason.
    Unproven(String),
    /// The same for a transient error: the whole procedure is worth another try.
    Transient(String),
    /// The same, and the server asks to wait so long first (`Retry-After`).
    Later(String, Duration),
    /// The time of the gate is over. Holds what it was doing.
    TimedOut(String),
    /// The run was stopped.
    Stopped,
}

impl Failure {
    pub fn unproven(why: impl Into<String>) -> Self {
        Self::Unproven(why.into())
    }

    /// The same failure with what it means, if it has words.
    pub fn explained(self, explain: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Unproven(why) => Self::Unproven(explain(why)),
            Self::Transient(why) => Self::Transient(explain(why)),
            Self::Later(why, rest) => Self::Later(explain(why), rest),
            other @ (Self::TimedOut(_) | Self::Stopped) => other,
        }
    }

    /// A transient error; `rest`: how long the server asks to wait.
    pub fn transient(why: impl Into<String>, rest: Option<Duration>) -> Self {
        match rest {
            Some(rest) => Self::Later(why.into(), rest),
            None => Self::Transient(why.into()),
        }
    }
}

/// Reads a file for a procedure: part of the project, small, and text.
pub(crate) fn read_text(path: &Path, shown: &str) -> Result<String, Failure> {
    const MOST: u64 = 4 << 20;
    let unreadable = |why: &dyn std::fmt::Display| Failure::Unproven(format!("{shown} can't be read: {why}"));
    let meta = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !meta.is_file() || meta.len() > MOST {
        return Err(unreadable(&"it is not a file, or it is larger than 4 MiB"));
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(&error))
}
