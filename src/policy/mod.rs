//! How findings are judged. Pure.

pub mod apply;
pub mod ban;
pub mod baseline;
pub mod coverage;
pub mod cvss_rating;
pub mod enrichment;
pub mod fingerprint;
pub mod judge;
pub mod known_findings;
pub mod licence;
pub mod remedy;
pub mod run_budget;
pub mod same_problem;
pub mod vex;
pub mod waiver;
