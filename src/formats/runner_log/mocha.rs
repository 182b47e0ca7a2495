//! Mocha's summary (`lib/reporters/base.js`, 11.8), that most of its reporters end with:
//!
//! ```text
//!   2 passing (7ms)
//!   1 pending
//!   1 failing
//! ```
//!
//! The list of failures follows.

use super::{Said, counted};

pub(super) fn read(line: &str) -> Said {
    if !line.starts_with("  ") {
        return Said::Nothing;
    }
    match counted(line) {
        Some((n, "failing")) => Said::Tests(n),
        Some((n, words)) if words == "passing" || words.starts_with("passing (") => Said::Passed(n),
        _ => Said::Nothing,
    }
}
