//! Which reports a run writes and where to, what it prints, and the limits of each format. What they say is held against readers
//! and schemas of others in `tests/real/reports.rs`.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod chosen;
mod github;
mod limits;
mod summary;
