//! The boundary: what the scanned repository holds decides nothing about its scan. Real scanners; what is planted is harmless: a
//! made-up token, which a rule of the test's own configuration finds.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod config;
mod git;
mod unread;
