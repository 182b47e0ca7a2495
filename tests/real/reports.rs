//! The reports, each held against a schema or read back by a reader that is not ours. `junit.rs` has JUnit, `html.rs` the page.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod attestation;
mod cyclonedx;
mod gitlab;
mod hostile;
mod sarif;
mod tables;
