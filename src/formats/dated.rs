//! The content of a data file that goes out of date, with the date of the file.

use jiff::civil::Date;

/// What a data file contains, and the date that it gives for itself.
#[derive(Debug)]
pub struct Content<T> {
    pub date: Date,
    pub vulnerabilities: usize,
    pub content: T,
}

#[cfg(test)]
mod tests;
