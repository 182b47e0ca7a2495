//! The data of a run: findings, verdict, record. No I/O.

pub mod aim;
pub mod assessment;
pub(crate) mod clean;
pub mod component;
pub(crate) mod enrichment_record;
pub(crate) mod exploitation;
pub mod finding;
pub mod input;
pub(crate) mod known_note;
pub(crate) mod lock_status;
pub mod looked_at;
pub(crate) mod loosening;
pub mod policy;
pub(crate) mod policy_record;
pub mod purl;
pub mod risk;
pub mod run;
pub mod scope;
pub mod severity;
pub mod verdict;
pub(crate) mod waiver_use;
