//! The data of a run: findings, verdict, record. No I/O.

pub mod assessment;
pub mod clean;
pub mod component;
pub mod enrichment_record;
pub mod exploitation;
pub mod finding;
pub mod known_note;
pub mod lock_status;
pub mod loosening;
pub mod policy;
pub mod policy_record;
pub mod purl;
pub mod risk;
pub mod run;
pub mod scope;
pub mod severity;
pub mod verdict;
pub mod waiver_use;
