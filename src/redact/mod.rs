//! Removes secrets before anything is stored.
//!
//! In two ways. By field: the values of report fields that can contain a secret or source text are masked
//! before a report or a log is kept ([`mask_fields`], [`mask_log`]). By value: what a report says of a secret, and the values of
//! variables with secret-looking names, are removed from everything that Portcullis writes, in every encoding
//! ([`Scrubber`]).

pub(crate) mod address;
mod encoded;
pub(crate) mod evidence;
mod fields;
mod git_config;
mod log_fields;
pub(crate) mod names;
pub(crate) mod npmrc;
mod scrubber;
mod secret;
pub(crate) mod secret_set;

pub use fields::is_maskable;
pub use fields::mask_fields;
pub use log_fields::{mask_log, repeats};
pub use scrubber::Scrubber;
pub use scrubber::SecretSet;
pub use secret::Secret;

/// What is shown instead of a secret.
pub const MASK: &str = "REDACTED";
