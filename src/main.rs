//! The binary: arguments in, exit code out.

use std::process::ExitCode;

use portcullis::cli::args::Cli;
use portcullis::cli::{execute, show};
use portcullis::system::process::{close_to_others, starter};

fn main() -> ExitCode {
    close_to_others();
    if let Some(code) = starter::called() {
        return code;
    }
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(show::show_usage(&error)),
    };
    match execute(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => ExitCode::from(show::show_error(&error)),
    }
}
