//! The error that outranks every verdict: the result could not be written.

/// A report could not be written. This outranks every verdict.
#[derive(Debug, thiserror::Error)]
#[error("the result could not be written")]
pub(crate) struct Unreported;
