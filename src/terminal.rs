//! What is printed, and how: the only writer to standard output, and the errors.

use std::io::{self, BufWriter, IsTerminal, Write, stderr, stdout};

use anstyle::AnsiColor;

use crate::cli::OutputArgs;
use crate::record::Run;
use crate::report::Written;
use crate::report::summary::{self, Look};
use crate::verdict::{UNREPORTED, USAGE};
use crate::{Unreported, drawn_mistakes, environment, sanitise};

/// Columns where nobody tells: what most CI logs and terminals show.
const USUAL_WIDTH: u16 = 80;

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

/// Prints a page without colour, names and commands in it made safe to show.
pub fn say(page: &str) {
    print(&sanitise::lines(page));
}

/// Hands standard output itself over, to a report that is for programs.
pub fn hand_over(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(stdout().lock());
    fill(&mut out)?;
    out.flush()
}

/// Prints what is to be heeded, and stops nothing.
pub fn warn(warnings: &[String]) {
    for warning in warnings {
        let _ = stderr().write_all(sanitise::lines(&format!("portcullis: {warning}\n")).as_bytes());
    }
}

/// Prints to standard output. Nobody reading (a closed pipe) changes no verdict.
fn print(page: &str) {
    let mut out = anstream::AutoStream::new(stdout(), anstream::AutoStream::choice(&stdout()));
    let _ = out.write_all(page.as_bytes()).and_then(|()| out.flush());
}

/// The width and colour of standard output.
pub fn look() -> Look {
    let screen = stdout().is_terminal();
    let width = if screen { terminal_width() } else { None };
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let colour = !matches!(anstream::AutoStream::choice(&stdout()), anstream::ColorChoice::Never);
    Look { width: width.or(asked).unwrap_or(USUAL_WIDTH), colour, screen }
}

fn terminal_width() -> Option<u16> {
    rustix::termios::tcgetwinsize(stdout()).ok().map(|size| size.ws_col).filter(|columns| *columns > 0)
}

/// Prints an error, and gives the exit code that it stands for.
pub fn show_error(error: &anyhow::Error) -> u8 {
    let colour = !matches!(anstream::AutoStream::choice(&stderr()), anstream::ColorChoice::Never);
    let known = environment::known();
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
