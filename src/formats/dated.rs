//! Data files that age: what one holds, and of which day it is.

use jiff::civil::Date;

/// What a file holds, and of which day it is.
#[derive(Debug)]
pub struct Content<T> {
    pub date: Date,
    pub vulnerabilities: usize,
    pub content: T,
}

#[cfg(test)]
mod tests;
