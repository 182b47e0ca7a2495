//! What programs print if the coverage is too low. They may wrap any runner, and end with a code of their own:
//!
//! ```text
//! ERROR: Coverage for lines (75%) does not meet global threshold (90%)
//! Jest: "global" coverage threshold for lines (80%) not met: 50%
//! Error: 50.00% line coverage does not meet threshold of 80%.
//! ```
//!
//! c8 11, nyc 18, Vitest 4.1 and Istanbul before 1; Jest 30.5; Node 22.

pub(super) fn is_too_low(line: &str) -> bool {
    let words = line.to_ascii_lowercase();
    let says = |all: [&str; 2]| all.iter().all(|part| words.contains(part));
    words.contains("error: coverage for ")
        || says(["coverage", "does not meet"])
        || says(["coverage threshold for ", "not met"])
}
