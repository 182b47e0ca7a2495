//! The secrets in a set of variables.

use std::collections::BTreeMap;

use crate::redact::names::secrets_in;
use crate::redact::{Secret, git_config};

pub(crate) fn in_variables(variables: &BTreeMap<String, String>) -> Vec<Secret> {
    let by_name = variables.iter().flat_map(|(name, value)| secrets_in(name, value));
    let headers = variables.values().flat_map(|value| headers_in(value)).flat_map(Secret::in_header);
    by_name.chain(headers).chain(git_config::secrets(variables)).collect()
}

/// The `Authorization: …` in a text, each up to the end of its line or its quotes.
fn headers_in(text: &str) -> impl Iterator<Item = &str> {
    let lower = text.to_ascii_lowercase();
    let starts: Vec<usize> = lower.match_indices("authorization:").map(|(at, _)| at).collect();
    starts.into_iter().filter_map(|at| text[at..].split(['\'', '"', '\n']).next())
}
