//! Reads a TOML table key by key, and notes every mistake with its place.
//!
//! serde stops at the first mistake and has no "did you mean". A person who fixes a gates.toml
//! wants to see all mistakes at once.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::integers::{signed, whole};
use super::mistakes::{Problems, missing, with_article};
use crate::text::nearest::nearest;

/// The types of values, for messages.
const LIST: &str = "a list of strings";
const TABLES: &str = "a list of tables";
const FLAG: &str = "true or false";

/// A table being read. Keys that were never read are mistakes ([`Keys::finish`]).
#[derive(Debug)]
pub struct Keys<'a> {
    /// `None`: there is no file, and every key has its default.
    table: Option<&'a DeTable<'a>>,
    at: Range<usize>,
    problems: &'a Problems,
    asked: RefCell<Vec<&'static str>>,
}

/// An item of a list: a name, or a table with more settings.
#[derive(Debug)]
pub enum Named<'a> {
    Text(Located<String>),
    Table(Keys<'a>),
}

/// A value with its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    pub value: T,
    pub at: Range<usize>,
}

impl<'a> Keys<'a> {
    pub fn new(table: &'a DeTable<'a>, at: Range<usize>, problems: &'a Problems) -> Self {
        Keys { table: Some(table), at, problems, asked: RefCell::default() }
    }

    /// A table without keys, for a tool that runs on its defaults.
    pub fn none(problems: &'a Problems) -> Self {
        Keys { table: None, at: 0..0, problems, asked: RefCell::default() }
    }

    /// The place of the table: its header, or its braces.
    pub fn at(&self) -> Range<usize> {
        self.at.clone()
    }

    pub fn problem(&self, at: Range<usize>, what: impl Into<String>) {
        self.problems.note(at, what);
    }

    pub fn problem_with_help(&self, at: Range<usize>, what: impl Into<String>, help: impl Into<String>) {
        self.problems.note_with_help(at, what, help);
    }

    pub(super) fn value(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.knows(key);
        self.table?.get(key)
    }

    fn wrong_type(&self, key: &str, wanted: &str, found: &Spanned<DeValue>) {
        let what = format!("`{key}` must be {wanted}, this is {}", with_article(found.get_ref().type_str()));
        let help = match found.get_ref() {
            DeValue::String(text) if wanted == LIST => {
                format!("in brackets: `{key} = [{text:?}]`")
            }
            DeValue::String(_) if wanted == FLAG => "without quotes".to_owned(),
            DeValue::Table(_) if wanted == TABLES => format!("in double brackets: `[[{key}]]`"),
            _ => return self.problem(found.span(), what),
        };
        self.problem_with_help(found.span(), what, help);
    }

    /// Whether there is a file. Without one, required keys are not missing.
    pub fn exists(&self) -> bool {
        self.table.is_some()
    }

    /// Marks a key as known that is not read here.
    pub fn knows(&self, key: &'static str) {
        if !self.asked.borrow().contains(&key) {
            self.asked.borrow_mut().push(key);
        }
    }

    pub fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// The place of the key's value, or of the table if the key is absent.
    pub fn at_key(&self, key: &str) -> Range<usize> {
        self.table.and_then(|table| table.get(key)).map_or(self.at(), Spanned::span)
    }

    /// Whether the key has a list with something in it, whatever that is.
    pub fn has_entries(&self, key: &str) -> bool {
        let value = self.table.and_then(|table| table.get(key));
        value.is_some_and(|value| value.get_ref().as_array().is_none_or(|list| !list.is_empty()))
    }

    /// A text.
    pub fn text(&self, key: &'static str) -> Option<Located<String>> {
        let value = self.value(key)?;
        match value.get_ref().as_str() {
            Some(text) if text.trim().is_empty() => {
                self.problem(value.span(), format!("`{key}` is empty"));
                None
            }
            Some(text) => Some(Located { value: text.to_owned(), at: value.span() }),
            None => {
                self.wrong_type(key, "a string", value);
                None
            }
        }
    }

    pub fn text_or(&self, key: &'static str, default: &str) -> String {
        self.text(key).map_or_else(|| default.to_owned(), |text| text.value)
    }

    /// A text that must be in the table.
    pub fn required_text(&self, key: &'static str) -> Option<Located<String>> {
        if self.table.is_some() && !self.has(key) {
            self.knows(key);
            self.problem(self.at(), missing(key));
            return None;
        }
        self.text(key)
    }

    /// A list of texts.
    pub fn texts(&self, key: &'static str) -> Option<Vec<Located<String>>> {
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, LIST, value);
            return None;
        };
        let mut texts = Vec::new();
        for item in array.iter() {
            match item.get_ref().as_str() {
                Some(text) if !text.is_empty() => {
                    texts.push(Located { value: text.to_owned(), at: item.span() })
                }
                Some(_) => self.problem(item.span(), format!("`{key}` holds an empty string")),
                None => self.wrong_type(key, LIST, item),
            }
        }
        Some(texts)
    }

    /// A text, or a list of them.
    pub fn one_or_more(&self, key: &'static str) -> Option<Vec<String>> {
        match self.value(key)?.get_ref() {
            DeValue::Array(_) => Some(self.texts(key)?.into_iter().map(|text| text.value).collect()),
            _ => Some(vec![self.text(key)?.value]),
        }
    }

    /// A list of texts. It may be absent, but not empty.
    pub fn texts_or(&self, key: &'static str, default: &[&str]) -> Vec<String> {
        match self.texts(key) {
            Some(texts) if texts.is_empty() => {
                let what = format!("`{key}` is empty: name at least one, or leave the key out");
                self.problem(self.at_key(key), what);
                Vec::new()
            }
            Some(texts) => texts.into_iter().map(|text| text.value).collect(),
            None => default.iter().map(|&text| text.to_owned()).collect(),
        }
    }

    pub fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(key, FLAG, value);
        }
        flag
    }

    pub fn flag_or(&self, key: &'static str, default: bool) -> bool {
        self.flag(key).unwrap_or(default)
    }

    /// A whole number from 0 on.
    pub fn count(&self, key: &'static str) -> Option<Located<u64>> {
        let value = self.value(key)?;
        match whole(value.get_ref()) {
            Some(number) => Some(Located { value: number, at: value.span() }),
            None => {
                self.wrong_type(key, "a whole number, 0 or more", value);
                None
            }
        }
    }

    /// A number, whole or not.
    pub fn number(&self, key: &'static str) -> Option<Located<f64>> {
        let value = self.value(key)?;
        let number = match value.get_ref() {
            DeValue::Float(float) => float.as_str().replace('_', "").parse().ok(),
            other => signed(other).and_then(|number| i32::try_from(number).ok()).map(f64::from),
        };
        if number.is_none() {
            self.wrong_type(key, "a number", value);
        }
        number.map(|number| Located { value: number, at: value.span() })
    }

    /// A list of whole numbers from 0 on.
    pub fn counts(&self, key: &'static str) -> Option<Vec<Located<u64>>> {
        const WANTED: &str = "a list of whole numbers, 0 or more";
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, WANTED, value);
            return None;
        };
        let mut numbers = Vec::new();
        for item in array.iter() {
            match whole(item.get_ref()) {
                Some(number) => numbers.push(Located { value: number, at: item.span() }),
                None => self.wrong_type(key, WANTED, item),
            }
        }
        Some(numbers)
    }

    /// A calendar date (`2027-03-31`).
    pub fn date(&self, key: &'static str) -> Option<Located<jiff::civil::Date>> {
        let value = self.value(key)?;
        let text = match value.get_ref() {
            DeValue::Datetime(datetime) => datetime.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => {
                self.wrong_type(key, "a date such as 2027-03-31", value);
                return None;
            }
        };
        match text.parse() {
            Ok(date) => Some(Located { value: date, at: value.span() }),
            Err(_) => {
                self.problem(value.span(), format!("`{key}` must be a date such as 2027-03-31"));
                None
            }
        }
    }

    /// One of a fixed set of words.
    pub fn word<T: Clone>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(word, _)| *word == text.value);
        if found.is_none() {
            // There are few choices: the whole list helps more than a guess (`severe` for `never`).
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let what = format!("`{}` is not a value of `{key}`", text.value);
            self.problem_with_help(text.at, what, format!("known: {}", words.join(", ")));
        }
        found.map(|(_, value)| value.clone())
    }

    pub fn word_or<T: Clone>(&self, key: &'static str, choices: &[(&str, T)], default: T) -> T {
        self.word(key, choices).unwrap_or(default)
    }

    /// A sub-table.
    pub fn table(&self, key: &'static str) -> Option<Self> {
        let value = self.value(key)?;
        match value.get_ref().as_table() {
            Some(table) => Some(Keys::new(table, value.span(), self.problems)),
            None => {
                self.wrong_type(key, "a table", value);
                None
            }
        }
    }

    /// A list of tables (`[[key]]`, or inline).
    pub fn tables(&self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, TABLES, value);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in array.iter() {
            match item.get_ref().as_table() {
                Some(table) => tables.push(Keys::new(table, item.span(), self.problems)),
                None => self.wrong_type(key, TABLES, item),
            }
        }
        tables
    }

    /// A list of names, each alone or in a table with more settings. It may be absent, but not empty.
    pub fn names(&self, key: &'static str) -> Option<Vec<Named<'a>>> {
        const WANTED: &str = "a list of strings and tables";
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, WANTED, value);
            return None;
        };
        if array.is_empty() {
            self.problem(value.span(), format!("`{key}` is empty: name at least one, or leave the key out"));
        }
        let mut names = Vec::new();
        for item in array.iter() {
            match item.get_ref() {
                DeValue::String(text) if text.is_empty() => {
                    self.problem(item.span(), format!("`{key}` holds an empty string"))
                }
                DeValue::String(text) => {
                    names.push(Named::Text(Located { value: text.to_string(), at: item.span() }))
                }
                DeValue::Table(table) => {
                    names.push(Named::Table(Keys::new(table, item.span(), self.problems)))
                }
                _ => self.wrong_type(key, WANTED, item),
            }
        }
        Some(names)
    }

    /// Every key with its text, for tables with keys of the user (`env`, `build_args`).
    pub fn text_entries(&self) -> Vec<(String, Located<String>)> {
        self.entries(|key, value| match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.wrong_type(key, "a string", value);
                None
            }
        })
    }

    /// Every key with its value as `read` returns it.
    pub fn entries<T>(
        &self,
        read: impl Fn(&str, &Spanned<DeValue<'a>>) -> Option<T>,
    ) -> Vec<(String, Located<T>)> {
        let Some(table) = self.table else { return Vec::new() };
        table
            .iter()
            .filter_map(|(key, value)| {
                let name = key.get_ref().to_string();
                read(&name, value).map(|read| (name, Located { value: read, at: value.span() }))
            })
            .collect()
    }

    /// Every sub-table with the name that the user gave it (`[profile.NAME]`).
    pub fn named_tables(&self) -> Vec<(Located<String>, Self)> {
        let Some(table) = self.table else { return Vec::new() };
        let mut tables = Vec::new();
        for (key, value) in table.iter() {
            let name = Located { value: key.get_ref().to_string(), at: key.span() };
            match value.get_ref().as_table() {
                Some(inner) => tables.push((name, Keys::new(inner, value.span(), self.problems))),
                None => self.wrong_type(&name.value, "a table", value),
            }
        }
        tables
    }

    /// Notes a word that is not one of `known`, with the nearest of them as help.
    pub fn unknown(&self, at: Range<usize>, what: &str, word: &str, known: &[&str]) {
        match nearest(word, known) {
            Some(near) => self.problem_with_help(at, what, format!("did you mean `{near}`?")),
            None => self.problem_with_help(at, what, format!("known: {}", known.join(", "))),
        }
    }

    /// Notes every key that was never read.
    pub fn finish(&self, what: &str) {
        let Some(table) = self.table else { return };
        let asked = self.asked.borrow();
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if !asked.contains(&name) {
                // The key that was meant is not missing.
                if let Some(near) = nearest(name, &asked) {
                    self.problems.retract(&self.at, &missing(near));
                }
                self.unknown(key.span(), &format!("`{name}` is not a key of {what}"), name, &asked);
            }
        }
    }
}
