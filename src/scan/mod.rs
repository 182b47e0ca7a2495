//! What a tool is to Portcullis.

pub mod config_file;
pub mod gate_outputs;
pub mod job;
pub mod parsed;
pub mod placeholder;
pub mod preflight;
pub mod procedure;
pub mod program;
pub mod proof;
pub mod raw_report;
pub mod report_origin;
pub mod retry;
pub mod scene;
pub mod start_dir;
pub mod step;
pub mod tool;
pub mod variable;
