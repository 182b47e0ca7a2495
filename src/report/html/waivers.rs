//! What waivers, VEX and marks in reports cover, and which waivers are to be looked at.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::model::finding::Decision;
use crate::model::run::Run;
use crate::model::waiver_use::WaiverNote;
use crate::report::subject::Covers;
use crate::text::human;
use crate::text::shared::Text;

use super::words::Safe;

/// How many rows of what covers something: each finding may have a reason of its own.
const ROWS: usize = 200;

pub(super) fn section(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<section aria-labelledby=\"waivers\">\n<h2 id=\"waivers\">Waivers</h2>")?;
    let waived = run.findings.iter().filter(|finding| finding.decision == Decision::Waive);
    let mut covers: BTreeMap<(Text, Text), u64> = BTreeMap::new();
    let reasons = Covers::of(run);
    waived.clone().for_each(|finding| *covers.entry(reasons.cover(finding)).or_default() += 1);
    writeln!(out, "<p>{} waived.</p>", human::count(waived.count() as u64, "finding"))?;
    let noted = &run.waivers;
    if covers.is_empty() && noted.expired.is_empty() && noted.expiring.is_empty() && noted.unused.is_empty() {
        return writeln!(out, "<p>No waiver has ended, ends soon, or covers nothing.</p>\n</section>");
    }
    let mut covers: Vec<_> = covers.into_iter().collect();
    covers.sort_by_key(|(_, n)| Reverse(*n));
    let left = covers.len().saturating_sub(ROWS);
    out.write_all(TABLE.as_bytes())?;
    for ((name, reason), n) in covers.into_iter().take(ROWS) {
        row(&name, &format!("covers {}", human::count(n, "finding")), "–", &reason, out)?;
    }
    let unused = |note: &WaiverNote| match &note.behind {
        Some(before) => format!("unused: {before} comes before it and covers what it would"),
        None => "unused: it covered nothing in this run".to_owned(),
    };
    let notes = (noted.expired.iter().map(|note| (note, "expired: it covers nothing any more".to_owned())))
        .chain(noted.expiring.iter().map(|note| (note, "ends soon".to_owned())))
        .chain(noted.unused.iter().map(|note| (note, unused(note))));
    for (note, state) in notes {
        let day = note.expires.map_or("–".to_owned(), |day| day.to_string());
        row(&note.name, &state, &day, &note.reason, out)?;
    }
    writeln!(out, "</tbody>\n</table>\n</div>")?;
    if left > 0 {
        let left = human::count(left as u64, "more reason");
        writeln!(out, "<p class=\"left-out\">{left} that cover less; each finding has its own.</p>")?;
    }
    writeln!(out, "</section>")
}

fn row(name: &str, state: &str, ends: &str, reason: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"day\">{ends}</td><td>{}</td></tr>",
        Safe(name),
        Safe(state),
        Safe(reason)
    )
}

const TABLE: &str = r#"<div class="wide" role="region" aria-label="Table of waivers" tabindex="0">
<table class="rows">
<caption>What waivers cover, and which to look at</caption>
<thead><tr><th scope="col">Waiver</th><th scope="col">State</th><th scope="col">Ends</th><th scope="col">Reason</th></tr></thead>
<tbody>
"#;
