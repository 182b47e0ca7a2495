//! Questions right before a job.

/// A command whose answer is a document beside the reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreflightQuestion {
    /// The name of that document.
    pub name: &'static str,
    /// A bare name.
    pub program: String,
    pub args: Vec<String>,
}
