//! The binary: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use portcullis::cli::Cli;
use portcullis::process::keeper;
use portcullis::{execute, terminal};

fn main() -> ExitCode {
    if let Some(code) = keeper::called() {
        return code;
    }
    let cli = Cli::parse();
    match execute(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => ExitCode::from(terminal::show_error(&error)),
    }
}
