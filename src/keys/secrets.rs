//! The secrets that stand in a file of keys by mistake. What quotes the file must not show them.

use toml::de::{DeTable, DeValue};

use crate::redact::names::secrets_in;
use crate::redact::{Secret, address};

/// The secrets in the text of such a file, whatever else is wrong with it.
pub(crate) fn in_text(text: &str) -> Vec<Secret> {
    let (table, _) = DeTable::parse_recoverable(text);
    let mut found = address::secrets(text);
    of_table(table.get_ref(), "", &mut found);
    found
}

fn of_table(table: &DeTable, name: &str, found: &mut Vec<Secret>) {
    for (key, value) in table.iter() {
        let key = match (name, &**key.get_ref()) {
            // Everybody who knows the address of a notice can write there.
            ("notice", "url") => "webhook",
            (_, key) => key,
        };
        of_value(value.get_ref(), key, found);
    }
}

fn of_value(value: &DeValue, name: &str, found: &mut Vec<Secret>) {
    match value {
        // The name of a variable is no secret.
        DeValue::String(text) if !text.starts_with('$') => found.extend(secrets_in(name, text)),
        DeValue::Array(items) => items.iter().for_each(|item| of_value(item.get_ref(), name, found)),
        DeValue::Table(table) => of_table(table, name, found),
        _ => {}
    }
}
