//! The machine: processes, HTTP, git, files, terminal.

pub mod checkout;
pub mod ci;
pub mod clock;
pub mod git;
pub mod http;
pub mod output_folder;
pub mod process;
pub mod project_files;
pub mod scratch;
pub mod terminal;
pub mod unreported;
pub mod variables;
