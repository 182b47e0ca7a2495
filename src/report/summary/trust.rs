//! How the scanned repository influenced the run: the scanners' own configuration, and what
//! a change would loosen.

use std::collections::BTreeMap;

use crate::model::run::Run;
use crate::system::terminal::Look;
use crate::text::{human, sanitise, table};

/// The most characters of a note.
const LONGEST: usize = 300;

pub(super) fn notes(run: &Run, look: Look) -> String {
    let mut part = String::new();
    if let Some(policy) = &run.policy {
        let from = policy.from.get(..12).unwrap_or(&policy.from);
        part.push_str(&format!("\nPolicy from {} ({from})\n", sanitise::short(&policy.revision, 100)));
        let mut rows = table::plain(look.width);
        for loosening in &policy.loosened {
            rows.add_row(["the change would loosen", &sanitise::short(&loosening.to_string(), LONGEST)]);
        }
        for note in &policy.notes {
            rows.add_row(["note", &sanitise::short(note, LONGEST)]);
        }
        if !rows.is_empty() {
            part.push_str(&format!("\n{}\n", table::text(&rows)));
        }
    }
    let mut rows = table::plain(look.width);
    for gate in &run.gates {
        let mut ignored: BTreeMap<&str, u64> = BTreeMap::new();
        for (mark, n) in gate.targets.iter().flat_map(|target| &target.ignored) {
            *ignored.entry(mark).or_default() += n;
        }
        let mut unread: BTreeMap<&str, u64> = BTreeMap::new();
        for (why, n) in gate.targets.iter().flat_map(|target| &target.unread) {
            *unread.entry(why).or_default() += n;
        }
        let mut words: Vec<String> = Vec::new();
        words.extend(
            ignored.iter().map(|(mark, n)| format!("{} left out by {mark}", human::count(*n, "finding"))),
        );
        words.extend(unread.iter().map(|(why, n)| format!("{} not read: {why}", human::count(*n, "file"))));
        let of_rules = gate.targets.iter().flat_map(|target| &target.inventory_warnings);
        for note in gate.targets.iter().flat_map(|target| &target.notes).chain(of_rules) {
            if !words.contains(note) {
                words.push(note.clone());
            }
        }
        if !words.is_empty() {
            rows.add_row([gate.id.to_string(), sanitise::short(&words.join("; "), LONGEST)]);
        }
    }
    if !rows.is_empty() {
        part.push_str(&format!("\nNotes: what makes the scans smaller\n\n{}\n", table::text(&rows)));
    }
    part
}
