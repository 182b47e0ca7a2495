//! Portcullis runs a project's whole security gate sequence and gives one verdict that can be trusted.
//!
//! The layers, in the order in which they build on each other. A layer imports itself and those above it in
//! this table, nothing else; `tests/layers.rs` holds the rule. `docs/architecture.md` follows a report from
//! its bytes to the exit code.
//!
//! | layer | what it holds |
//! |---|---|
//! | [`text`] | human-readable values, encoding, sanitising, hashes, paths, tables, shared strings |
//! | [`redact`] | secrets: what is one, names that look secret, and how secrets are struck out |
//! | [`system`] | the machine: processes, HTTP, git, environment, files, output folder, terminal, CI |
//! | [`keys`] | a TOML table read key by key, each mistake with its place |
//! | [`model`] | findings, severity, policy values, verdict, the record of a run: data, no I/O |
//! | [`policy`] | judging: waivers, budgets, baseline, VEX, licences, one problem of several tools. Pure |
//! | [`inputs`] | what there is to look at: the files of the repository, and their kinds |
//! | [`scan`] | what a tool is: the trait, a job, a report and its proof |
//! | [`formats`] | bytes to typed values: SARIF, JUnit, Checkstyle, CycloneDX, SPDX, EPSS, KEV, VEX |
//! | [`tools`] | one file or folder for each scanner, and their registry |
//! | [`report`] | the record of a run to a format |
//! | [`config`] | gates.toml, profiles, an organisation's floor, and what one policy allows that another does not |
//! | [`engine`] | plan, schedule, job run, lock, evidence, interlock, record, notices |
//! | [`cli`] | arguments, and one file for each command |
#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod engine;
pub mod formats;
pub(crate) mod inputs;
pub mod keys;
pub mod model;
pub mod policy;
pub mod redact;
pub(crate) mod report;
pub mod scan;
pub mod system;
pub mod text;
pub mod tools;
