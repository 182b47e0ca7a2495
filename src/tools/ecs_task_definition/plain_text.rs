//! Secrets in plain text in a task definition. Everyone who may describe the definition can read them.
//! They belong in `secrets`, which names where they are kept.

use serde_json::{Map, Value};

use crate::redact::names::holds_secret;

use super::template::texts;

/// A secret in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlainText<'v> {
    /// Its name in messages: `DB_PASSWORD of container backend`. Never the value.
    pub what: String,
    /// Why it counts as a secret.
    pub why: &'static str,
    pub value: &'v str,
}

/// Every secret in plain text: variables with a secret's name, except those that the user lists in
/// `allowed`, and texts anywhere that have the form of a secret.
pub(super) fn find<'v>(root: &'v Map<String, Value>, allowed: &[String]) -> Vec<PlainText<'v>> {
    let mut found = Vec::new();
    let containers = root.get("containerDefinitions").and_then(Value::as_array);
    for container in containers.into_iter().flatten() {
        let owner = container.get("name").and_then(Value::as_str).unwrap_or("?");
        let variables = container.get("environment").and_then(Value::as_array);
        for variable in variables.into_iter().flatten() {
            let text = |key: &str| variable.get(key).and_then(Value::as_str);
            let (Some(name), Some(value)) = (text("name"), text("value")) else { continue };
            let because_of_name =
                || (holds_secret(name) && !is_harmless(value)).then_some("its name says so");
            if allowed.iter().any(|allowed| allowed == name) {
                continue;
            }
            if let Some(why) = form(value).or_else(because_of_name) {
                found.push(PlainText { what: format!("{name} of container {owner}"), why, value });
            }
        }
        found.extend(commands(container).filter_map(|(key, words)| {
            let (option, value) = option_with_secret(&words)?;
            let why = "the option before it says so";
            Some(PlainText { what: format!("{option} in the {key} of container {owner}"), why, value })
        }));
    }
    texts(root, &mut |value, place| {
        if !is_variable(place)
            && let Some(why) = form(value)
        {
            found.push(PlainText { what: place.to_owned(), why, value });
        }
    });
    found
}

/// The commands of a container, word by word: a text may be the command of a shell.
fn commands(container: &Value) -> impl Iterator<Item = (&'static str, Vec<&str>)> {
    let health = container.get("healthCheck").and_then(|check| check.get("command"));
    let all = [
        ("command", container.get("command")),
        ("entryPoint", container.get("entryPoint")),
        ("healthCheck", health),
    ];
    all.into_iter().filter_map(|(key, list)| {
        let texts = list?.as_array()?.iter().filter_map(Value::as_str);
        Some((key, texts.flat_map(str::split_whitespace).collect()))
    })
}

/// The first option with a secret's name, and its value: `--db-password hunter2`. A text `--db-password=hunter2` has the form of a secret.
fn option_with_secret<'v>(words: &[&'v str]) -> Option<(&'v str, &'v str)> {
    words.windows(2).find_map(|pair| {
        let [option, value] = *pair else { return None };
        let name = option.strip_prefix('-')?.trim_start_matches('-');
        let is_value = !value.starts_with('-') && !is_filled_in(value) && !is_harmless(value);
        (!name.contains('=') && holds_secret(name) && is_value).then_some((option, value))
    })
}

/// Whether the container itself fills in the value: `$PASSWORD`, `\"${PASSWORD}\"`, `%PASSWORD%`.
fn is_filled_in(value: &str) -> bool {
    let value = value.trim_start_matches(['"', '\'']);
    value.starts_with('$')
        || (value.starts_with('%') && value.trim_end_matches(['"', '\'']).len() > 1 && value.contains('%'))
}

/// Whether a text assigns a password, as connection strings and options do: `Server=db;Password=hunter2`, `?user=a&password=b`,
/// `--token=abc`.
fn assigns_secret(value: &str) -> bool {
    let pairs = value
        .split(|c: char| ";&?,".contains(c) || c.is_whitespace())
        .filter_map(|part| part.split_once('='));
    pairs.into_iter().any(|(name, value)| {
        let name = name.trim_start_matches(['-', '"', '\'']);
        holds_secret(name) && !is_filled_in(value) && !is_harmless(value.trim_matches(['"', '\'']))
    })
}

/// `containerDefinitions[0].environment[1].value`
fn is_variable(place: &str) -> bool {
    place.starts_with("containerDefinitions[")
        && place.contains("].environment[")
        && place.ends_with("].value")
}

/// Whether a variable with a secret's name may have this value: nothing, a switch, a path, the ARN of
/// the place where the secret is kept, or an address without a password.
fn is_harmless(value: &str) -> bool {
    let switch = ["", "true", "false"].iter().any(|switch| value.eq_ignore_ascii_case(switch));
    let one_word = !value.contains(char::is_whitespace);
    let path = one_word && ["/", "./", "../"].iter().any(|start| value.starts_with(start));
    let arn = one_word && value.starts_with("arn:");
    switch || path || arn || (value.contains("://") && password(value).is_none())
}

/// How the tokens of well-known services begin, and their shortest length (from the services' own
/// documentation, which secret scanners use too).
const TOKENS: &[(&str, usize, &str)] = &[
    ("AKIA", 20, "it is an AWS access key"),
    ("ASIA", 20, "it is an AWS access key"),
    ("ghp_", 40, "it is a GitHub token"),
    ("gho_", 40, "it is a GitHub token"),
    ("ghu_", 40, "it is a GitHub token"),
    ("ghs_", 40, "it is a GitHub token"),
    ("ghr_", 40, "it is a GitHub token"),
    ("github_pat_", 40, "it is a GitHub token"),
    ("glpat-", 26, "it is a GitLab token"),
    ("xoxb-", 24, "it is a Slack token"),
    ("xoxp-", 24, "it is a Slack token"),
    ("sk_live_", 24, "it is a Stripe key"),
    ("rk_live_", 24, "it is a Stripe key"),
    ("npm_", 40, "it is an npm token"),
    ("AIza", 39, "it is a Google API key"),
];

/// The kind of secret that a text looks like, if any.
fn form(value: &str) -> Option<&'static str> {
    let key = |rest: &str| rest.split("-----").next().is_some_and(|title| title.ends_with("PRIVATE KEY"));
    if value.split("-----BEGIN ").skip(1).any(key) {
        return Some("it is a private key");
    }
    let word = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    for piece in value.split(|c: char| !word(c)) {
        let known = TOKENS.iter().find(|(start, least, _)| piece.starts_with(start) && piece.len() >= *least);
        let capitals = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        match known {
            // Begins like a key by chance.
            Some((start, least, _))
                if start.ends_with("IA") && (piece.len() != *least || !piece.chars().all(capitals)) => {}
            Some((_, _, why)) => return Some(why),
            None => {}
        }
    }
    let token = |piece: &str| {
        let parts: Vec<&str> = piece.splitn(4, '.').collect();
        parts.len() == 3 && piece.starts_with("eyJ") && parts.iter().all(|part| part.len() >= 16)
    };
    if value.split(|c: char| !word(c) && c != '.').any(token) {
        return Some("it is a JSON web token");
    }
    if password(value).is_some() {
        return Some("it is an address with a password");
    }
    assigns_secret(value).then_some("it assigns a password")
}

/// The password in the addresses of a text: `postgres://user:password@host`.
fn password(value: &str) -> Option<&str> {
    value.split("://").skip(1).find_map(|rest| {
        let authority = rest.split(|c: char| "/?#".contains(c) || c.is_whitespace()).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        let (_, password) = user.split_once(':')?;
        // The container's own shell fills in `${PASSWORD}`.
        (!password.is_empty() && !password.starts_with('$')).then_some(password)
    })
}

#[cfg(test)]
mod tests;
