//! Reads the files that `vex`, `epss` and `kev` of gates.toml name, and checks their dates.

mod files;

use std::time::Duration;

use jiff::civil::Date;

pub(crate) use files::Files;

use crate::config::sources::Sources;
use crate::formats::dated::Content;
use crate::formats::{epss, kev, vex};
use crate::keys::mistakes::Problem;
use crate::keys::table::Located;
use crate::model::enrichment_record::FileRecord;
use crate::model::loosening::Loosening;
use crate::policy::enrichment::{Dated, Enrichment};
use crate::policy::vex::{ProductId, Vex, VexDocument};
use crate::text::sanitise;
use crate::text::shared::Text;

/// Reads the files that gates.toml names. An error lists every mistake, each at its key.
pub(crate) async fn load(
    sources: &Sources,
    files: &Files<'_>,
    today: Date,
) -> Result<Enrichment, Vec<Problem>> {
    let mut problems = Vec::new();
    let vex = Vex::new(documents(sources, files, today, &mut problems).await);
    let epss = dated(sources, &sources.epss, files, today, epss::read, &mut problems).await;
    let kev = dated(sources, &sources.kev, files, today, kev::read, &mut problems).await;
    let products = sources.products.iter().map(|name| ProductId::read(name)).collect();
    match problems.is_empty() {
        true => Ok(Enrichment { vex, products, epss, kev, loosened: Vec::new() }),
        false => Err(problems),
    }
}

/// Reports the VEX documents that a change adds or edits. The base's documents are used.
pub(crate) async fn compare(enrichment: &mut Enrichment, sources: &Sources, base: &Files<'_>) {
    let own = Files { folder: base.folder.clone(), base: None };
    for pattern in &sources.vex {
        for name in own.matching(&pattern.value).await.unwrap_or_default() {
            let what = match (own.read(&name).await, base.read(&name).await) {
                (Ok(Some(own)), Ok(Some(base))) if own == base => continue,
                (Ok(Some(_)), Ok(Some(_))) => "changed",
                (Ok(Some(_)), _) => "is new",
                _ => continue,
            };
            enrichment.loosened.push(Loosening::new("vex", format!("{name} {what}")));
        }
    }
}

/// The documents that `vex` names, in the order of their paths.
async fn documents(
    sources: &Sources,
    files: &Files<'_>,
    today: Date,
    problems: &mut Vec<Problem>,
) -> Vec<VexDocument> {
    let mut documents: Vec<VexDocument> = Vec::new();
    for pattern in &sources.vex {
        let names = match files.matching(&pattern.value).await {
            Ok(names) if names.is_empty() => {
                let what = format!("there is no VEX document{}", files.words());
                problems.push(mistake(pattern, what, "write one, or leave the pattern out"));
                continue;
            }
            Ok(names) => names,
            Err(error) => {
                problems.push(mistake(pattern, format!("{error:#}"), "name files that can be read"));
                continue;
            }
        };
        for name in names {
            if documents.iter().any(|known| *known.name == *name) {
                continue;
            }
            let read = match files.read(&name).await {
                Ok(Some(bytes)) => vex::read(&name, &bytes)
                    .map_err(|broken| broken.0)
                    .and_then(|document| dated_by(document, today)),
                Ok(None) => Err(format!("it does not exist{}", files.words())),
                Err(error) => Err(format!("{error:#}")),
            };
            match read {
                Ok(document) => documents.push(document),
                Err(why) => {
                    let what = format!("{name} can't be used as a VEX document: {why}");
                    problems.push(mistake(pattern, what, "fix it, or remove it from `vex`"));
                }
            }
        }
    }
    documents
}

/// The content of a file that must not be too old.
async fn dated<T>(
    sources: &Sources,
    source: &Option<Located<String>>,
    files: &Files<'_>,
    today: Date,
    read: fn(&[u8]) -> Result<Content<T>, String>,
    problems: &mut Vec<Problem>,
) -> Option<Dated<T>> {
    let source = source.as_ref()?;
    let name = &source.value;
    let read = match files.read(name).await {
        Ok(Some(bytes)) => read(&bytes).map_err(|why| format!("{name} can't be used: {why}")),
        Ok(None) => Err(format!("{name} does not exist{}", files.words())),
        Err(error) => Err(format!("{error:#}")),
    };
    match read {
        Ok(Content { date, .. }) if is_ahead(date, today) => {
            let what = format!("{name} is dated {date}, and today is {today}: its age is unknown");
            problems.push(mistake(source, what, "set the clock, or download it again"));
            None
        }
        Ok(Content { date, vulnerabilities, content }) => {
            let age_days = today.duration_since(date).as_hours() / 24;
            let age_days = i32::try_from(age_days).unwrap_or(i32::MAX);
            let too_old = |most: &Duration| u64::try_from(age_days).unwrap_or(0) * 86_400 > most.as_secs();
            let stale = sources.max_age.filter(too_old).map(|most| {
                let most = most.as_secs() / 86_400;
                format!(
                    "{name} is from {date}, {age_days} days ago, and `max_age` is {most} days: download it again"
                )
            });
            let file = Text::from(sanitise::short(name, 300));
            Some(Dated { content, stale, record: FileRecord { file, date, age_days, vulnerabilities } })
        }
        Err(what) => {
            problems.push(mistake(source, what, "name a file as its makers publish it"));
            None
        }
    }
}

/// Whether a date is in the future. One day is allowed: clocks differ, and so do time zones.
fn is_ahead(date: Date, today: Date) -> bool {
    today.tomorrow().is_ok_and(|tomorrow| date > tomorrow)
}

/// Rejects a document with a statement from the future. That statement would be the last word until
/// then, whatever becomes known in the meantime.
fn dated_by(document: VexDocument, today: Date) -> Result<VexDocument, String> {
    let day = |at: jiff::Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).date();
    match document.statements.iter().filter_map(|statement| statement.at.map(day)).max() {
        Some(last) if is_ahead(last, today) => {
            Err(format!("it has a statement dated {last}, and today is {today}"))
        }
        _ => Ok(document),
    }
}

fn mistake(at: &Located<String>, what: String, help: &str) -> Problem {
    Problem { at: at.at.clone(), what, help: Some(help.to_owned()) }
}
