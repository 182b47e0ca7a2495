//! What people see on the terminal: the summary of a run, and errors.

use std::io::stderr;

use anstyle::AnsiColor;

use crate::cli::args::OutputArgs;
use crate::keys::file::ConfigError;
use crate::keys::{mistakes, secrets};
use crate::model::run::Run;
use crate::model::verdict::{UNREPORTED, USAGE};
use crate::redact::Secret;
use crate::report::{Written, summary};
use crate::system::terminal::look;
use crate::system::unreported::Unreported;
use crate::system::{terminal, variables};
use crate::text::paths::shown_path;
use crate::text::sanitise;

/// The mistakes of a gates.toml, drawn; `None` for another error.
fn drawn_mistakes(error: &anyhow::Error, colour: bool) -> Option<String> {
    let (ConfigError::Mistakes { path, source_text, problems }
    | ConfigError::BelowFloor { path, source_text, problems, .. }) = error.downcast_ref::<ConfigError>()?
    else {
        return None;
    };
    let mut known = variables::known_secrets();
    known.learn(secrets::in_text(source_text));
    let known = known.scrubber();
    let mut drawn = mistakes::draw(problems, source_text, &shown_path(path), known, colour);
    if let Some(ConfigError::BelowFloor { elsewhere, .. }) = error.downcast_ref::<ConfigError>() {
        let more = elsewhere.iter().map(|(what, help)| mistakes::draw_unplaced(what, help, known, colour));
        drawn.extend(more);
    }
    Some(drawn)
}

/// Prints the summary, or only the verdict.
pub fn show(run: &Run, written: &Written, output: &OutputArgs) {
    let look = look();
    let mut page = if output.quiet {
        summary::verdict_line(run, look) + "\n"
    } else {
        summary::render(run, written, look)
    };
    if output.verbose {
        page.insert_str(0, &summary::proofs(run));
    }
    // The run's texts were cleaned when they were recorded. The colours are ours.
    terminal::print(&sanitise::page(&page));
}

/// Prints an error, and returns its exit code.
pub fn show_error(error: &anyhow::Error) -> u8 {
    let colour = !matches!(anstream::AutoStream::choice(&stderr()), anstream::ColorChoice::Never);
    let clean = |words: &str| terminal::not_to_show(words).scrubber().lines(words).into_owned();
    let bold = AnsiColor::Red.on_default().bold();
    let (on, off) = if colour {
        (bold.render().to_string(), bold.render_reset().to_string())
    } else {
        Default::default()
    };
    let words = match drawn_mistakes(error, colour) {
        Some(drawn) => {
            format!("{drawn}{on}portcullis:{off} {}; nothing was run\n", clean(&error.to_string()))
        }
        None => format!("{on}portcullis:{off} {}\n", clean(&format!("{error:#}"))),
    };
    terminal::complain(&sanitise::page(&words));
    if error.downcast_ref::<Unreported>().is_some() { UNREPORTED } else { USAGE }
}

/// Prints what clap says of a command line, or the help that the user asks for, and returns the exit code.
pub fn show_usage(error: &clap::Error) -> u8 {
    let mut known = variables::known_secrets();
    // Clap quotes parts of a word: `--a=b` without `=b`, each item of a list.
    let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let secret: Vec<String> = words.filter(|word| known.scrubber().is_in(word)).collect();
    known.learn(secret.iter().flat_map(|word| word.split(['=', ','])).filter_map(Secret::reported));
    let page = error.render().ansi().to_string();
    let page = known.scrubber().page(&page);
    match error.use_stderr() {
        true => terminal::complain(&sanitise::page(&page)),
        false => terminal::print(&page),
    }
    u8::try_from(error.exit_code()).unwrap_or(USAGE)
}
