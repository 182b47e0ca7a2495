//! Jobs of several steps: programs one after another, questions over HTTP, pauses in between.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use crate::engine::step_context::StepContext;

/// What a job of several steps does.
pub trait Procedure: std::fmt::Debug + Send + Sync {
    fn carry_out<'a>(&'a self, context: &'a mut StepContext) -> Steps<'a>;
}

/// The steps on their way; write `Box::pin(async move { … })`.
pub type Steps<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// Why a procedure did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no proof; why.
    Unproven(String),
    /// The same for a cause that passes by itself: the whole procedure is worth another try.
    Transient(String),
    /// The time of the gate is over; what it was doing.
    TimedOut(String),
    /// The run was stopped.
    Stopped,
}

impl Failure {
    pub fn unproven(why: impl Into<String>) -> Failure {
        Failure::Unproven(why.into())
    }
}

/// A file that a procedure reads: of the project, small, and text.
pub fn read_text(path: &Path, shown: &str) -> Result<String, Failure> {
    const MOST: u64 = 4 << 20;
    let unreadable = |why: &dyn std::fmt::Display| Failure::Unproven(format!("{shown} can't be read: {why}"));
    let meta = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !meta.is_file() || meta.len() > MOST {
        return Err(unreadable(&"it is no file, or larger than 4 MiB"));
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(&error))
}
