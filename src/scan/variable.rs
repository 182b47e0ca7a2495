//! A variable in a gate's `env`.

use std::collections::BTreeMap;

use toml::de::DeValue;

use crate::keys::table::Keys;

/// A variable in a gate's `env`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Set to this value.
    Set(String),
    /// Passed on from the environment of Portcullis, whatever its name is.
    HandedOn,
}

impl Variable {
    /// Reads a table of variables: `NAME = "value"` sets a variable, `NAME = true` passes it on.
    pub fn read(table: &Keys) -> BTreeMap<String, Self> {
        let entries = table.entries(|name, value| match value.get_ref() {
            DeValue::String(text) => Some(Self::Set(text.to_string())),
            DeValue::Boolean(true) => Some(Self::HandedOn),
            _ => {
                table.problem_with_help(
                    value.span(),
                    format!("`{name}` must be a string, or true"),
                    "a string sets the variable, true passes it on from the environment",
                );
                None
            }
        });
        entries.into_iter().map(|(name, variable)| (name, variable.value)).collect()
    }
}
