//! `portcullis report`: writes the reports of a saved run, without judging it.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cli::args::ReportArgs;
use crate::config::Config;
use crate::config::find::{find_config, folder_of};
use crate::engine::saved_run;
use crate::model::clean::Clean;
use crate::model::run::Run;
use crate::report::{File, Options, github, hand_over, prepare};
use crate::system::output_folder::OutputFolder;
use crate::system::unreported::Unreported;
use crate::system::whole_file::write_whole;
use crate::system::{terminal, variables};

/// Writes the reports. The exit code is 0: this command does not repeat the verdict.
///
/// # Errors
/// When the run can't be read or its reports can't be written.
pub(crate) async fn execute(args: &ReportArgs) -> Result<u8> {
    let configured = match find_config(args.config.config.as_deref())? {
        Some(path) => Config::load(&path)?.report,
        None => Options::default(),
    };
    let options = configured.asked(&args.format);
    let mut run = saved_run::read(&args.from)?;
    // The file may contain anything.
    let known = variables::known_secrets();
    run.clean(known.scrubber());
    match &args.output {
        Some(file) => one_file(&run, &options, file)?,
        None => {
            prepare(&options)?;
            warn_outside_github(&options);
            let beside = folder_of(&args.from);
            let real = |folder: &Path| folder.canonicalize().ok();
            let mut folder = match &args.out {
                Some(out) if real(out) != real(beside) => {
                    let names: Vec<&str> = options.files().map(|file| file.name).collect();
                    OutputFolder::join(out, &names).await?
                }
                _ => OutputFolder::of_saved_run(beside).await?,
            };
            let mut each = options.files();
            each.try_for_each(|file| folder.write(file.name, |out| (file.render)(&run, &options, out)))
                .and_then(|()| folder.search(known.scrubber()))
                .and_then(|()| hand_over(&run, &options))
                .context(Unreported)?;
        }
    }
    Ok(0)
}

/// Outside GitHub Actions there are no annotations. A user who asks for them gets a warning.
fn warn_outside_github(options: &Options) {
    if options.wants(github::NAME) && !github::runs_here() {
        let words = "GITHUB_ACTIONS is not set: the report `github` is for a step of GitHub Actions, and writes nothing here";
        terminal::warn(&[words.to_owned()]);
    }
}

/// Writes the one report to a file of any name; `-` is standard output.
fn one_file(run: &Run, options: &Options, path: &Path) -> Result<()> {
    let files: Vec<&File> = options.files().collect();
    let ([file], [_]) = (&*files, &*options.formats) else {
        let names: Vec<&str> = options.formats.iter().map(|format| format.name).collect();
        bail!(
            "`-o` takes one report that is one file; {} is not: name a folder with --out",
            names.join(", ")
        );
    };
    if path.is_dir() {
        bail!("{} is a folder: name a file in it, or the folder with --out", path.display());
    }
    let written = match path == Path::new("-") {
        true => terminal::hand_over(|out| (file.render)(run, options, out)),
        false => fill(path, |out| (file.render)(run, options, out)),
    };
    match written {
        // A reader that closes the pipe is not an error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => {
            written.with_context(|| format!("{} can't be written", path.display())).context(Unreported)
        }
    }
}

/// Writes a file completely or not at all. A link stays a link. A device or a pipe is written to and not
/// replaced, since somebody reads from it.
fn fill(path: &Path, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::metadata(&path) {
        Ok(there) if !there.is_file() => {
            let mut out = BufWriter::new(OpenOptions::new().write(true).open(&path)?);
            render(&mut out)?;
            out.flush()
        }
        _ => write_whole(&path, render),
    }
}
