//! The keys of gates.toml that name files with facts, and the files that they name.

use std::time::Duration;

use globset::GlobBuilder;
use jiff::civil::Date;

use super::{Dated, FileRecord, Files};
use crate::config::{Keys, Located, Policy, Problem, read_age};
use crate::finding::Text;
use crate::sanitise;
use crate::vex::Document;

/// What gates.toml names.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// VEX documents: paths and patterns.
    pub vex: Vec<Located<String>>,
    pub products: Vec<String>,
    pub epss: Option<Located<String>>,
    pub kev: Option<Located<String>>,
    /// The oldest EPSS scores and catalogue that prove anything.
    pub max_age: Option<Duration>,
}

/// What a file holds, and of which day it is.
#[derive(Debug)]
pub struct Content<T> {
    pub date: Date,
    pub vulnerabilities: usize,
    pub content: T,
}

impl Sources {
    /// Reads `vex`, `products` and `[risk]`.
    pub fn read(keys: &Keys) -> Sources {
        let vex = keys.texts("vex").unwrap_or_default();
        for pattern in &vex {
            if let Err(error) = GlobBuilder::new(&pattern.value).literal_separator(true).build() {
                keys.problem(pattern.at.clone(), format!("this is not a path pattern: {}", error.kind()));
            }
        }
        let products = keys.texts("products").unwrap_or_default();
        let mut sources = Sources {
            vex,
            products: products.into_iter().map(|product| product.value).collect(),
            ..Sources::default()
        };
        if let Some(table) = keys.table("risk") {
            sources.epss = table.text("epss");
            sources.kev = table.text("kev");
            sources.max_age = read_age(&table, "max_age");
            table.finish("`[risk]`");
        }
        sources
    }

    /// What a policy goes by, and nobody has named.
    pub fn lacks(&self, policy: &Policy) -> Option<(&'static str, &'static str)> {
        let conditions = &policy.conditions;
        if conditions.fail_on_kev && self.kev.is_none() {
            return Some(("fail_on_kev", "name CISA's catalogue: `[risk]` with `kev = \"FILE\"`"));
        }
        (conditions.epss_at_least.is_some() && self.epss.is_none())
            .then_some(("epss_at_least", "name the scores of FIRST: `[risk]` with `epss = \"FILE\"`"))
    }

    /// The documents that `vex` names, in the order of their paths.
    pub(super) async fn documents(
        &self,
        files: &Files<'_>,
        today: Date,
        problems: &mut Vec<Problem>,
    ) -> Vec<Document> {
        let mut documents: Vec<Document> = Vec::new();
        for pattern in &self.vex {
            let names = match files.matching(&pattern.value).await {
                Ok(names) if names.is_empty() => {
                    let what = format!("no VEX document is there{}", files.words());
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
                    Ok(Some(bytes)) => Document::read(&name, &bytes)
                        .map_err(|broken| broken.0)
                        .and_then(|document| dated_by(document, today)),
                    Ok(None) => Err(format!("it is not there{}", files.words())),
                    Err(error) => Err(format!("{error:#}")),
                };
                match read {
                    Ok(document) => documents.push(document),
                    Err(why) => {
                        let what = format!("{name} is no VEX document to go by: {why}");
                        problems.push(mistake(pattern, what, "mend it, or take it out of `vex`"));
                    }
                }
            }
        }
        documents
    }

    /// The content of a file that ages.
    pub(super) async fn dated<T>(
        &self,
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
            Ok(None) => Err(format!("{name} is not there{}", files.words())),
            Err(error) => Err(format!("{error:#}")),
        };
        match read {
            Ok(Content { date, .. }) if is_ahead(date, today) => {
                let what =
                    format!("{name} is dated {date}, and today is {today}: how old it is can't be told");
                problems.push(mistake(source, what, "set the clock, or download it anew"));
                None
            }
            Ok(Content { date, vulnerabilities, content }) => {
                let age_days = today.duration_since(date).as_hours() / 24;
                let age_days = i32::try_from(age_days).unwrap_or(i32::MAX);
                let too_old =
                    |most: &Duration| u64::try_from(age_days).unwrap_or(0) * 86_400 > most.as_secs();
                let stale = self.max_age.filter(too_old).map(|most| {
                    let most = most.as_secs() / 86_400;
                    format!("{name} is of {date}, {age_days} days ago, and `max_age` is {most} days: download it anew")
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
}

/// Clocks differ, and so do the days of the earth's sides.
fn is_ahead(date: Date, today: Date) -> bool {
    today.tomorrow().is_ok_and(|tomorrow| date > tomorrow)
}

/// A document without a statement of a day that is still to come: that would be the last word until then,
/// whatever is found out meanwhile.
fn dated_by(document: Document, today: Date) -> Result<Document, String> {
    let day = |at: jiff::Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).date();
    match document.statements.iter().filter_map(|statement| statement.at.map(day)).max() {
        Some(last) if is_ahead(last, today) => {
            Err(format!("it makes a statement on {last}, and today is {today}"))
        }
        _ => Ok(document),
    }
}

fn mistake(at: &Located<String>, what: String, help: &str) -> Problem {
    Problem { at: at.at.clone(), what, help: Some(help.to_owned()) }
}
