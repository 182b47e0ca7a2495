//! Portcullis runs a project's whole security gate sequence and gives one verdict that can be trusted.
#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod engine;
pub mod formats;
pub mod keys;
pub mod model;
pub mod policy;
pub mod redact;
pub mod report;
pub mod scan;
pub mod system;
pub mod text;
pub mod tools;
