//! What each waiver covers, and which need attention.

use std::collections::{BTreeMap, HashMap};

use crate::model::run::Run;
use crate::model::waiver_use::WaiverNote;
use crate::system::terminal::Look;
use crate::text::shared::Text;
use crate::text::{human, table};

/// The most waivers of one kind.
const MOST: usize = 50;

/// A waiver, what it does, and its reason.
type Row = [String; 3];

pub(super) fn notes(run: &Run, look: Look) -> String {
    let of = &run.waivers;
    let expired = |note: &WaiverNote| {
        let day = note.expires.map(|day| day.to_string()).unwrap_or_default();
        format!("expired on {day} and covers nothing any more: fix what it covered, or set a new date")
    };
    let expiring = |note: &WaiverNote| {
        format!("expires on {}", note.expires.map(|day| day.to_string()).unwrap_or_default())
    };
    let unused = |note: &WaiverNote| match &note.behind {
        Some(before) => format!("covered nothing: {before} comes first and covers the same"),
        None => "covered nothing in this run".to_owned(),
    };
    let mut rows = table::plain(look.width);
    for kind in [
        covering(run),
        each(&of.expired, "expired", expired),
        each(&of.expiring, "expire soon", expiring),
        each(&of.unused, "cover nothing", unused),
    ] {
        rows.add_rows(kind);
    }
    if rows.is_empty() { String::new() } else { format!("\nWaivers\n\n{}\n", table::text(&rows)) }
}

/// The waivers that cover something.
fn covering(run: &Run) -> Vec<Row> {
    let mut covered: BTreeMap<&Text, u64> = BTreeMap::new();
    for waiver in run.findings.iter().filter_map(|finding| finding.waiver.as_ref()) {
        *covered.entry(waiver).or_default() += 1;
    }
    let mut gaps: BTreeMap<&Text, u64> = BTreeMap::new();
    for waiver in run.accepted_gaps() {
        *gaps.entry(waiver).or_default() += 1;
    }
    let used: HashMap<&Text, &WaiverNote> = run.waivers.used.iter().map(|note| (&note.name, note)).collect();
    let all = covered.len() + gaps.len();
    let row = |(waiver, covers): (&Text, String)| {
        let Some(note) = used.get(waiver) else { return [waiver.to_string(), covers, String::new()] };
        let until = note.expires.map(|day| format!(", until {day}")).unwrap_or_default();
        let shares = match note.shares.as_slice() {
            [] => String::new(),
            shares => format!("; it overlaps with {}, listed before it", shares.join(", ")),
        };
        [name(note), format!("{covers}{until}{shares}"), note.reason.to_string()]
    };
    let covered =
        covered.into_iter().map(|(waiver, n)| (waiver, format!("covers {}", human::count(n, "finding"))));
    let gaps = gaps
        .into_iter()
        .map(|(waiver, n)| (waiver, format!("accepts {} not scanned", human::count(n, "input"))));
    let rows = covered.chain(gaps).take(MOST).map(row).collect();
    with_rest(rows, all, "cover findings")
}

/// The waivers of one kind, `are`.
fn each(notes: &[WaiverNote], are: &str, words: impl Fn(&WaiverNote) -> String) -> Vec<Row> {
    let rows = notes.iter().take(MOST).map(|note| [name(note), words(note), note.reason.to_string()]);
    with_rest(rows.collect(), notes.len(), are)
}

/// The rows, and how many are not among them.
fn with_rest(mut rows: Vec<Row>, all: usize, are: &str) -> Vec<Row> {
    let rest = all - rows.len();
    if rest > 0 {
        rows.push([format!("… and {rest} more"), format!("{are}: all are in run.json"), String::new()]);
    }
    rows
}

fn name(note: &WaiverNote) -> String {
    match note.line {
        Some(line) => format!("{}\ngates.toml:{line}", note.name),
        None => note.name.to_string(),
    }
}
