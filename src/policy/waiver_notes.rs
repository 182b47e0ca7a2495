//! What each waiver did, for the record.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::model::finding::Finding;
use crate::model::waiver_use::{WaiverNote, WaiverUse};
use crate::policy::waiver::Waiver;
use crate::policy::waiver_index::WaiverIndex;
use crate::text::shared::Text;

/// Waivers that expire within this many days are announced.
const ANNOUNCE_DAYS: i32 = 14;

/// The notes of a saved run, with those that have expired since.
pub(super) fn expire(recorded: &WaiverUse, today: Date) -> WaiverUse {
    let mut notes = recorded.clone();
    let is_over = |note: &WaiverNote| !note.is_current(today);
    let over = notes.used.iter().chain(&notes.unused).filter(|note| is_over(note)).cloned();
    notes.expired.extend(over.collect::<Vec<_>>());
    for list in [&mut notes.used, &mut notes.unused, &mut notes.expiring] {
        list.retain(|note| !is_over(note));
    }
    notes
}

/// Notes on waivers that an earlier waiver already covered a finding that they cover too.
pub(super) fn used_too(used: &mut [Used], shares: &[usize], by: &Text) {
    for other in shares {
        used[*other].shares.insert(by.clone());
    }
}

/// What a waiver did.
#[derive(Clone, Debug, Default)]
pub(super) struct Used {
    pub covers: bool,
    /// The earlier waivers that already covered some of its findings.
    shares: BTreeSet<Text>,
    /// If it covers nothing: a waiver that covers what it would cover. If there are several, the first by name,
    /// so that the order of the findings does not matter.
    behind: Option<Text>,
}

pub(super) fn note_waivers(
    waivers: &[Waiver],
    used: &mut [Used],
    (covers, findings): (&WaiverIndex, &[Finding]),
    today: Date,
) -> WaiverUse {
    for finding in findings {
        let Some(taken) = &finding.waiver else { continue };
        for index in covers.covering(finding) {
            let behind = used[index].behind.get_or_insert_with(|| taken.clone());
            if taken < behind {
                *behind = taken.clone();
            }
        }
    }
    let soon = today.checked_add(ANNOUNCE_DAYS.days()).unwrap_or(Date::MAX);
    let mut notes = WaiverUse::default();
    for (waiver, used) in waivers.iter().zip(&*used) {
        let mut note = WaiverNote {
            name: waiver.name.clone(),
            reason: waiver.reason.clone(),
            expires: waiver.expires,
            line: Some(waiver.line),
            behind: None,
            shares: Vec::new(),
        };
        if !waiver.is_current(today) {
            notes.expired.push(note);
            continue;
        }
        if used.covers {
            note.shares = used.shares.iter().cloned().collect();
            notes.used.push(note.clone());
        } else {
            note.behind = used.behind.clone();
            notes.unused.push(note.clone());
        }
        if waiver.expires.is_some_and(|expires| expires <= soon) {
            notes.expiring.push(note);
        }
    }
    notes
}
