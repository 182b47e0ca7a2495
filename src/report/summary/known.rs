//! What was known before, and is borne for it.

use crate::model::run::Run;
use crate::text::{human, sanitise, table};

use crate::system::terminal::Look;

pub(super) fn notes(run: &Run, look: Look) -> String {
    let Some(known) = &run.known else { return String::new() };
    let mut rows = table::plain(look.width);
    let seen = run.findings.iter().filter(|finding| finding.baseline).count() as u64;
    if known.findings > 0 {
        let at = known.commit.as_deref().map(|commit| format!(" of {}", short(commit))).unwrap_or_default();
        let when = known.written.map(|day| format!(", written {day}")).unwrap_or_default();
        let gone = match known.gone {
            0 => String::new(),
            n => format!("; {n} are gone (`portcullis baseline --prune`)"),
        };
        let words = format!("{seen} of {} still there{gone}", human::count(known.findings, "finding"));
        rows.add_row([format!("{}{at}{when}", known.from), words]);
    }
    for warning in &known.warnings {
        rows.add_row(["note".to_owned(), sanitise::short(warning, 600)]);
    }
    if rows.is_empty() { String::new() } else { format!("\nKnown before\n\n{}\n", table::text(&rows)) }
}

/// The first digits of a commit.
fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
