//! The interface between Portcullis and a tool.

pub mod config_file;
pub mod declared;
pub(crate) mod from_environment;
pub(crate) mod gate_outputs;
pub(crate) mod invocation;
pub mod job;
pub(crate) mod job_files;
pub mod options;
mod package_versions;
pub mod parsed;
pub(crate) mod placeholder;
pub(crate) mod preflight;
pub(crate) mod procedure;
pub(crate) mod program;
pub mod proof;
pub mod raw_report;
pub mod report_origin;
pub(crate) mod retry;
pub(crate) mod scene;
pub(crate) mod secret_findings;
pub(crate) mod start_dir;
pub(crate) mod step;
pub mod suggestion;
pub mod test_runner;
pub mod tool;
pub(crate) mod variable;
