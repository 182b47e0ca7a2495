//! The files that told more of findings: how old they are, and which VEX document found nothing.

use crate::model::enrichment_record::FileRecord;
use crate::model::run::Run;
use crate::system::terminal::Look;
use crate::text::{human, sanitise, table};

/// The most characters of a line's words.
const LONGEST: usize = 300;

pub(super) fn notes(run: &Run, look: Look) -> String {
    let Some(enrichment) = &run.enrichment else { return String::new() };
    let mut rows = table::plain(look.width);
    for document in &enrichment.vex {
        let words = match &document.unused {
            Some(why) => format!("VEX, and covers nothing: {why}"),
            None => format!("VEX: the last word on {}", human::count(document.findings, "finding")),
        };
        rows.add_row([document.document.to_string(), sanitise::short(&words, LONGEST)]);
    }
    for (what, file) in [("EPSS", &enrichment.epss), ("KEV", &enrichment.kev)] {
        let Some(FileRecord { file, date, age_days, vulnerabilities }) = file else { continue };
        let age = human::count(u64::try_from(*age_days).unwrap_or(0), "day");
        let words = format!("{what} of {date}, {age} old: {vulnerabilities} vulnerabilities");
        rows.add_row([file.to_string(), words]);
    }
    format!("\nVEX, EPSS and KEV\n\n{}\n", table::text(&rows))
}
