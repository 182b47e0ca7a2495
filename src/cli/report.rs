//! `portcullis report`: draws the reports of a saved run, without judging it.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cli::args::ReportArgs;
use crate::config::Config;
use crate::config::find::find_config;
use crate::engine::saved_run;
use crate::model::clean::Clean;
use crate::model::run::Run;
use crate::report::{File, Options, github, prepare, tell};
use crate::system::output_folder::{self, OutputFolder};
use crate::system::unreported::Unreported;
use crate::system::{terminal, variables};

/// Draws, and gives the exit code 0: the verdict stays what it was, and is not this command's.
///
/// # Errors
/// When the run can't be read or its reports can't be written.
pub(crate) fn execute(args: &ReportArgs) -> Result<u8> {
    let configured = match find_config(args.config.config.as_deref())? {
        Some(path) => Config::load(&path)?.report,
        None => Options::default(),
    };
    let options = configured.asked(&args.format);
    let mut run = saved_run::read(&args.from)?;
    // Whoever wrote the file may have written anything.
    let known = variables::known_secrets();
    run.clean(known.scrubber());
    match &args.output {
        Some(file) => one_file(&run, &options, file)?,
        None => {
            prepare(&options)?;
            warn_of_nobody(&options);
            let beside = args.from.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = args.out.as_deref().or(beside).unwrap_or(Path::new("."));
            let mut folder = OutputFolder::join(folder)?;
            let mut each = options.files();
            each.try_for_each(|file| folder.write(file.name, |out| (file.render)(&run, &options, out)))
                .and_then(|()| folder.search(known.scrubber()))
                .and_then(|()| tell(&run, &options))
                .context(Unreported)?;
        }
    }
    Ok(0)
}

/// Who asks for annotations where GitHub Actions does not run is told why there are none.
fn warn_of_nobody(options: &Options) {
    if options.wants(github::NAME) && !github::runs_here() {
        let words = "GITHUB_ACTIONS is not set: the report `github` is for a step of GitHub Actions, and draws nothing here";
        terminal::warn(&[words.to_owned()]);
    }
}

/// Draws the one report into a file of any name; `-` is standard output.
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
        // A reader who has seen enough is no fault.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => {
            written.with_context(|| format!("{} can't be written", path.display())).context(Unreported)
        }
    }
}

/// Writes a file, whole or not at all. A link stays one; a device or a pipe is written to: a file in its place
/// would be of no use to who reads there.
fn fill(path: &Path, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::metadata(&path) {
        Ok(there) if !there.is_file() => {
            let mut out = BufWriter::new(OpenOptions::new().write(true).open(&path)?);
            render(&mut out)?;
            out.flush()
        }
        _ => output_folder::write_whole(&path, render),
    }
}
