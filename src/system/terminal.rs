//! Prints to the terminal: the only writer to standard output, and the warnings.

use std::io::{self, BufWriter, IsTerminal, Write, stderr, stdout};

use crate::redact::{SecretSet, address};
use crate::system::variables;
use crate::text::sanitise;

/// How a page is shown on standard output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Columns of the terminal.
    pub width: u16,
    pub colour: bool,
    /// It is a terminal: long lines are wrapped. Programs that read the output want whole lines.
    pub screen: bool,
}

/// Columns if the width is not known: what most CI logs and terminals show.
const USUAL_WIDTH: u16 = 80;

/// Prints a page without colour, with names and commands in it made safe to show.
pub(crate) fn say(page: &str) {
    // Before that, too: a control character in a secret becomes a space.
    print(&not_to_show(page).scrubber().lines(page));
}

/// Gives standard output itself to a report for programs.
pub(crate) fn hand_over(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(stdout().lock());
    fill(&mut out)?;
    out.flush()
}

/// Prints warnings. It stops nothing.
pub(crate) fn warn(warnings: &[String]) {
    for warning in warnings {
        complain(&sanitise::lines(&format!("portcullis: {warning}\n")));
    }
}

/// Prints to standard output. A closed pipe does not change the verdict.
pub(crate) fn print(page: &str) {
    let mut out = anstream::AutoStream::new(stdout(), anstream::AutoStream::choice(&stdout()));
    let page = not_to_show(page).scrubber().page(page).into_owned();
    let _ = out.write_all(page.as_bytes()).and_then(|()| out.flush());
}

/// Prints to standard error.
pub(crate) fn complain(page: &str) {
    let mut out = anstream::AutoStream::new(stderr(), anstream::AutoStream::choice(&stderr()));
    let _ = out.write_all(not_to_show(page).scrubber().page(page).as_bytes());
}

/// What a text that is printed must not show: the secrets of the environment, and addresses in the text itself that
/// are secrets.
pub(crate) fn not_to_show(text: &str) -> SecretSet {
    let mut known = variables::known_secrets();
    known.learn(address::secrets(text));
    known
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
