//! Secrets out before anything is stored.
//!
//! Two sieves. By field: the values of report fields that can hold a secret or source text are
//! masked before a report is kept ([`mask_fields`]). By value: what a report marks as a secret,
//! and what secret-looking variables hold, is scrubbed from everything that leaves, in every
//! spelling ([`Scrubber`]).

mod fields;
mod git_config;
pub(crate) mod names;
pub(crate) mod npmrc;
mod scrubber;
mod secret;
pub(crate) mod secret_set;

pub use fields::is_maskable;
pub use fields::mask_fields;
pub use scrubber::Scrubber;
pub use scrubber::SecretSet;
pub use secret::Secret;

/// What stands in the place of a secret.
pub const MASK: &str = "REDACTED";
