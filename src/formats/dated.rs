//! Dates: the content of a data file that goes out of date, and the moment at which something was withdrawn.

use jiff::civil::Date;

/// What a data file contains, and the date that it gives for itself.
#[derive(Debug)]
pub struct Content<T> {
    pub date: Date,
    pub vulnerabilities: usize,
    pub content: T,
}

/// A moment as a document writes it (`2024-05-01T00:00:00Z`), if it begins with a date.
pub(super) fn moment(text: Option<&str>) -> Option<&str> {
    text.filter(|text| text.get(..10).is_some_and(|date| date.parse::<Date>().is_ok()))
}

#[cfg(test)]
mod tests;
