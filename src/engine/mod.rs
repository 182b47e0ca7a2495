//! Plans, runs, proves, assembles.

pub mod active_policy;
pub mod assemble;
pub mod base_commit;
pub mod base_scanner_config;
pub mod baseline_file;
pub mod enrich;
pub mod environment;
pub mod event;
pub mod evidence;
pub mod interlock;
pub mod job_run;
pub mod lock;
pub mod new_since;
pub mod notify;
pub mod plan;
pub mod pool;
pub mod preflight;
pub mod preview;
pub mod program_identity;
pub mod progress;
pub mod publish;
pub mod report_owners;
pub mod saved_run;
pub mod schedule;
pub mod step_runner;
