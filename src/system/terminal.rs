//! What is printed, and how: the only writer to standard output, and the errors.

use std::io::{self, BufWriter, IsTerminal, Write, stderr, stdout};

use crate::system::variables;
use crate::text::sanitise;

/// How a page is drawn for standard output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Columns of the terminal.
    pub width: u16,
    pub colour: bool,
    /// Somebody looks at it: long lines are broken between words. Programs that read it want them whole.
    pub screen: bool,
}

/// Columns where nobody tells: what most CI logs and terminals show.
const USUAL_WIDTH: u16 = 80;

/// Prints a page without colour, names and commands in it made safe to show.
pub(crate) fn say(page: &str) {
    print(&sanitise::lines(page));
}

/// Hands standard output itself over, to a report that is for programs.
pub(crate) fn hand_over(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(stdout().lock());
    fill(&mut out)?;
    out.flush()
}

/// Prints what is to be heeded, and stops nothing.
pub(crate) fn warn(warnings: &[String]) {
    for warning in warnings {
        let _ = stderr().write_all(sanitise::lines(&format!("portcullis: {warning}\n")).as_bytes());
    }
}

/// Prints to standard output. Nobody reading (a closed pipe) changes no verdict.
pub(crate) fn print(page: &str) {
    let mut out = anstream::AutoStream::new(stdout(), anstream::AutoStream::choice(&stdout()));
    let _ = out.write_all(page.as_bytes()).and_then(|()| out.flush());
}

/// The width and colour of standard output.
pub(crate) fn look() -> Look {
    let screen = stdout().is_terminal();
    let width = if screen { terminal_width() } else { None };
    let asked = variables::get("COLUMNS").and_then(|columns| columns.parse().ok());
    let colour = !matches!(anstream::AutoStream::choice(&stdout()), anstream::ColorChoice::Never);
    Look { width: width.or(asked).unwrap_or(USUAL_WIDTH), colour, screen }
}

fn terminal_width() -> Option<u16> {
    rustix::termios::tcgetwinsize(stdout()).ok().map(|size| size.ws_col).filter(|columns| *columns > 0)
}
