//! Plans a run, runs it, checks the proof and assembles the record.

pub(crate) mod active_policy;
pub(crate) mod assemble;
pub(crate) mod base_commit;
pub(crate) mod base_scanner_config;
pub(crate) mod baseline_file;
pub(crate) mod enrich;
pub(crate) mod environment;
pub(crate) mod event;
pub(crate) mod evidence;
pub(crate) mod interlock;
pub(crate) mod job_run;
pub mod lock;
pub(crate) mod new_since;
pub(crate) mod notify;
pub(crate) mod plan;
pub(crate) mod pool;
pub(crate) mod preflight;
pub(crate) mod preview;
pub(crate) mod program_identity;
pub(crate) mod progress;
pub(crate) mod publish;
pub(crate) mod report_owners;
pub(crate) mod saved_run;
pub(crate) mod schedule;
pub(crate) mod step_runner;
pub(crate) mod unresolved;
