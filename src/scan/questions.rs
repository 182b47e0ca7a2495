//! Questions right before a job, and right after it.

/// A command whose answer is a document beside the reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreflightQuestion {
    /// The name of that document.
    pub name: &'static str,
    /// A bare name.
    pub program: String,
    pub args: Vec<String>,
}

/// A question to the job's own program after it has ended well. The answer is a document beside the reports, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingQuestion {
    /// The name of that document.
    pub name: &'static str,
    pub args: Vec<String>,
    pub about: About,
}

/// The last argument of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// What this report of the job holds.
    Report(&'static str),
    Name(String),
}
