//! Which reports a run writes and where, what it prints, and the limits of each format.
//! `tests/real/reports.rs` checks the reports with other programs and schemas.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod chosen;
mod github;
mod limits;
mod summary;
