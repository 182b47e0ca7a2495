//! The error that no verdict outranks: the result could not be written.

/// A report could not be written, which no verdict outranks.
#[derive(Debug, thiserror::Error)]
#[error("the result could not be written")]
pub(crate) struct Unreported;
