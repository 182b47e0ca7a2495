//! What Node's reporters `spec` and `tap` print (20.20) of tests that failed:
//!
//! ```text
//! ✖ failing tests:
//!
//! test at tests/a.test.mjs:3:1
//! ✖ fails (0.3ms)
//! ```
//!
//! A suite whose `after` hook throws is among them, and neither in the JUnit report nor in its counts. A suite or a test
//! that failed with its subtests is not.

use super::{Read, Said};

pub(super) fn reader() -> Box<Read> {
    let mut after_place = false;
    let mut is_todo = false;
    Box::new(move |line| {
        let was_place = std::mem::replace(&mut after_place, line.starts_with("test at "));
        let line = line.trim_start();
        if line.starts_with("not ok ") {
            is_todo = line.contains(" # TODO");
        }
        let in_tap = line.strip_prefix("failureType: '").is_some_and(|kind| kind != "subtestsFailed'");
        let in_spec = was_place && line.starts_with("✖ ");
        match (in_spec, in_tap) {
            (true, _) if !line.ends_with(" # TODO") => Said::Tests(1),
            (_, true) if !is_todo => Said::Tests(1),
            _ => Said::Nothing,
        }
    })
}
