//! The machine: processes, HTTP, git, files, terminal.

pub(crate) mod checkout;
pub(crate) mod ci;
pub(crate) mod clock;
pub(crate) mod folder;
pub(crate) mod git;
pub(crate) mod git_command;
pub(crate) mod hidden_changes;
pub(crate) mod http;
pub(crate) mod output_folder;
pub(crate) mod private;
pub mod process;
pub mod push;
pub(crate) mod scratch;
pub(crate) mod terminal;
pub(crate) mod unreported;
pub(crate) mod variables;
pub(crate) mod whole_file;
