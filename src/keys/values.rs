//! Values that TOML has no type for: durations and ages.

use std::ops::Range;
use std::time::Duration;

use crate::keys::table::{Keys, Located};

/// Reads an age such as `30d`, or a duration as in [`read_duration`].
pub(crate) fn read_age(keys: &Keys, key: &'static str) -> Option<Duration> {
    let days = keys.text(key)?.value.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
    match days.filter(|days| *days > 0) {
        Some(days) => Some(Duration::from_secs(u64::from(days) * 86_400)),
        None => read_duration(keys, key),
    }
}

/// Reads a duration such as `90s`, `10m`, `1h30m`.
pub(crate) fn read_duration(keys: &Keys, key: &'static str) -> Option<Duration> {
    let text = keys.text(key)?;
    let duration = text
        .value
        .parse::<jiff::Span>()
        .ok()
        .and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok())
        .and_then(|signed| Duration::try_from(signed).ok())
        .filter(|duration| !duration.is_zero());
    if duration.is_none() {
        keys.problem(text.at, format!("`{key}` must be a duration such as \"90s\", \"10m\" or \"1h30m\""));
    }
    duration
}

/// Where an entry of a table is whose type another reader checks; `None`: nowhere.
pub(crate) fn entry_of(keys: &Keys, key: &'static str, name: &str) -> Option<Range<usize>> {
    let table = keys.value(key)?.get_ref().as_table()?;
    table.iter().find(|(entry, _)| entry.get_ref() == name).map(|(entry, _)| entry.span())
}

/// The texts of a list whose type another reader checks.
pub(crate) fn texts_of(keys: &Keys, key: &'static str) -> Vec<Located<String>> {
    let list = keys.value(key).and_then(|value| value.get_ref().as_array());
    let text = |item: &toml::Spanned<toml::de::DeValue>| {
        Some(Located { value: item.get_ref().as_str()?.to_owned(), at: item.span() })
    };
    list.into_iter().flat_map(|list| list.iter()).filter_map(text).collect()
}
