//! Portcullis runs a project's whole security gate sequence and gives one verdict that can be
//! trusted.
#![forbid(unsafe_code)]

pub mod config;
pub mod finding;
pub mod format;
pub mod place;
pub mod plan;
pub mod proof;
pub mod redact;
pub mod repo;
pub mod tool;
