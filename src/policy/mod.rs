//! How findings are judged. No I/O.

pub mod apply;
pub(crate) mod ban;
pub(crate) mod baseline;
pub(crate) mod coverage;
pub mod cvss_rating;
pub(crate) mod enrichment;
pub mod fingerprint;
pub(crate) mod gaps;
pub mod judge;
pub(crate) mod known_findings;
pub(crate) mod licence;
pub(crate) mod path_pattern;
pub mod protection;
pub(crate) mod remedy;
pub mod run_budget;
pub(crate) mod same_problem;
pub mod vex;
pub mod waiver;
mod waiver_index;
mod waiver_notes;
