//! Portcullis runs a project's whole security gate sequence and gives one verdict that can be
//! trusted.
#![forbid(unsafe_code)]

pub mod config;
pub mod event;
pub mod finding;
pub mod fingerprint;
pub mod format;
pub mod place;
pub mod plan;
pub mod policy;
pub mod process;
pub mod proof;
pub mod record;
pub mod redact;
pub mod repo;
pub mod settings;
pub mod tool;
pub mod verdict;
pub mod waiver;
