//! The command line, one file per command.

pub mod args;
pub(crate) mod baseline;
pub(crate) mod doctor;
pub(crate) mod empty_variables;
pub(crate) mod explain;
pub(crate) mod hook;
pub(crate) mod init;
pub(crate) mod inputs;
pub(crate) mod judge;
pub(crate) mod lock;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod run;
pub mod show;

use anyhow::{Context, Result};

use crate::cli::args::Command;
use crate::config::settings::RunOptions;

/// Carries out a command line. The exit code is that of the verdict. An error is a usage or
/// configuration error, unless it is an [`Unreported`].
pub fn execute(command: Command) -> Result<u8> {
    // One thread serves all pipes and timers. Reports are read in other threads.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the asynchronous runtime can't be started")?;
    let code = runtime.block_on(async {
        match command {
            Command::Run(args) => {
                let run_options = RunOptions { verify: args.verify, ..args.selection.run_options() };
                run::run(args.config, run_options, &args.known, &args.trust, &args.output).await
            }
            Command::Judge(args) => judge::execute(&args).await,
            Command::Report(args) => report::execute(&args).await,
            Command::Plan(args) => plan::execute(args).await,
            Command::Lock(args) => lock::execute(&args).await,
            Command::Baseline(args) => baseline::execute(&args),
            Command::Explain(args) => explain::execute(&args),
            Command::Doctor(args) => doctor::execute(&args).await,
            Command::Init(args) => init::execute(&args).await,
            Command::Inputs(args) => inputs::execute(&args).await,
            Command::Hook(args) => hook::execute(args.action).await,
        }
    });
    // A task that hangs (such as asking a tool for its version) must not delay the exit.
    runtime.shutdown_background();
    code
}
