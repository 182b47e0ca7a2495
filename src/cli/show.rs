//! What people see on the terminal: the summary of a run, and errors.

use std::io::{Write, stderr};

use anstyle::AnsiColor;

use crate::cli::args::OutputArgs;
use crate::keys::file::ConfigError;
use crate::keys::mistakes;
use crate::model::run::Run;
use crate::model::verdict::{UNREPORTED, USAGE};
use crate::report::{Written, summary};
use crate::system::terminal::{look, print};
use crate::system::unreported::Unreported;
use crate::system::variables;
use crate::text::paths::shown_path;
use crate::text::sanitise;

/// The mistakes of a gates.toml, drawn; `None` when the error is another one.
pub fn drawn_mistakes(error: &anyhow::Error, colour: bool) -> Option<String> {
    match error.downcast_ref::<ConfigError>() {
        Some(ConfigError::Mistakes { path, source_text, problems }) => {
            Some(mistakes::draw(problems, source_text, &shown_path(path), colour))
        }
        Some(ConfigError::BelowFloor { path, source_text, problems, elsewhere, .. }) => {
            let mut drawn = mistakes::draw(problems, source_text, &shown_path(path), colour);
            drawn.extend(elsewhere.iter().map(|(what, help)| mistakes::draw_unplaced(what, help, colour)));
            Some(drawn)
        }
        _ => None,
    }
}

/// Prints the summary, or the verdict alone.
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
    // Its words are clean since they were recorded; the colours are ours.
    print(&sanitise::page(&page));
}

/// Prints an error, and gives the exit code that it stands for.
pub fn show_error(error: &anyhow::Error) -> u8 {
    let colour = !matches!(anstream::AutoStream::choice(&stderr()), anstream::ColorChoice::Never);
    let known = variables::known_secrets();
    let clean = |words: &str| known.scrubber().lines(words).into_owned();
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
    let _ = stderr().write_all(sanitise::page(&words).as_bytes());
    if error.downcast_ref::<Unreported>().is_some() { UNREPORTED } else { USAGE }
}
