//! The secrets in what a scanner quotes to show a secret: a source line, a message, a property bag.
//!
//! No scanner marks the value itself in every format. So besides the fields that hold nothing else, whatever
//! looks like a value counts: what is in quotes, what is assigned to a name that looks secret, the password
//! of an address, and words in the shape of a token.

use serde_json::Value;

use super::Secret;
use super::names::{holds_secret, words_of};

/// The most of a text that is read, in bytes. Scanners quote a few lines.
const LONGEST_TEXT: usize = 64 * 1024;

/// The most values of a text.
const MOST: usize = 200;

/// The longest value in quotes or in the shape of a token.
const LONGEST: usize = 200;

/// The longest line that is a secret as a whole.
const LONGEST_LINE: usize = 1000;

/// The secrets in a message about a secret. Long words of letters alone are names there.
pub(crate) fn in_message(text: &str) -> Vec<Secret> {
    let tokens = tokens(text).filter(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
    distinct(values(text).chain(tokens))
}

/// The secrets in quoted source text, or in JSON, which some tools write into a text.
pub(crate) fn in_source(text: &str) -> Vec<Secret> {
    if text.trim_start().starts_with(['{', '['])
        && let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text)
    {
        return in_value(&value);
    }
    distinct(values(text).chain(tokens(text)))
}

/// The same, and the whole text, if it is one line or one word.
pub(crate) fn in_line(text: &str) -> Vec<Secret> {
    let text = text.trim();
    let whole = (text.len() <= LONGEST_LINE && !text.contains('\n')).then_some(text);
    let mut all: Vec<Secret> = whole.and_then(Secret::reported).into_iter().chain(in_source(text)).collect();
    all.dedup();
    all
}

/// The secrets in the texts of a JSON value that is about a secret. Names, places and hashes are none.
pub(crate) fn in_value(value: &Value) -> Vec<Secret> {
    let mut found = Vec::new();
    let mut open = vec![("", value)];
    while let Some((key, value)) = open.pop() {
        match value {
            Value::String(text) if holds_value(key) => found.extend(in_line(text)),
            Value::String(text) => found.extend(in_source(text)),
            Value::Array(items) => open.extend(items.iter().map(|item| (key, item))),
            Value::Object(members) => {
                open.extend(
                    members.iter().filter(|(key, _)| !is_about(key)).map(|(key, value)| (&**key, value)),
                );
            }
            _ => {}
        }
    }
    found
}

/// Whether a member of this name is what was found, and nothing else: gitleaks' `Secret` and `Match`, SARIF's
/// `snippet.text`, TruffleHog's `Raw`.
fn holds_value(key: &str) -> bool {
    const WHOLE: [&str; 9] =
        ["secret", "match", "raw", "rawv2", "value", "snippet", "text", "offender", "content"];
    WHOLE.iter().any(|whole| key.eq_ignore_ascii_case(whole)) || holds_secret(key)
}

/// Whether a member of this name says something about the secret.
fn is_about(key: &str) -> bool {
    const ABOUT: [&str; 32] = [
        "RULE",
        "ID",
        "GUID",
        "INDEX",
        "FILE",
        "PATH",
        "URI",
        "COMMIT",
        "SHA",
        "SHA1",
        "SHA256",
        "HASH",
        "HASHED",
        "FINGERPRINT",
        "FINGERPRINTS",
        "DATE",
        "TIME",
        "AUTHOR",
        "COMMITTER",
        "EMAIL",
        "NAME",
        "LEVEL",
        "KIND",
        "TAGS",
        "SEVERITY",
        "TYPE",
        "LINK",
        "DESCRIPTION",
        "MESSAGE",
        "SYMLINK",
        "BRANCH",
        "LANGUAGE",
    ];
    words_of(key).iter().any(|word| ABOUT.contains(&word.as_str()))
}

/// The values that a text assigns to names that look secret.
pub(super) fn assigned_in(text: &str) -> impl Iterator<Item = Secret> {
    assigned(beginning(text)).filter(|value| !is_constant(value)).filter_map(Secret::of_variable)
}

fn distinct<'t>(words: impl Iterator<Item = &'t str>) -> Vec<Secret> {
    let mut all = Vec::new();
    for secret in words.take(MOST).filter_map(Secret::reported) {
        if !all.contains(&secret) {
            all.push(secret);
        }
    }
    all
}

/// What is in quotes, assigned to a name that looks secret, or the password of an address.
fn values(text: &str) -> impl Iterator<Item = &str> {
    let text = beginning(text);
    quoted(text).chain(assigned(text)).filter(|value| !is_constant(value))
}

/// The words in quotes, without the keys of JSON. A quote that is not closed soon is an apostrophe.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(open) = text[at..].find(['"', '\'', '`']).map(|n| at + n) {
            at = open + 1;
            let rest = &text[at..];
            let end = rest
                .bytes()
                .take(LONGEST + 1)
                .position(|byte| byte == text.as_bytes()[open] || byte == b'\n');
            let Some(end) = end.filter(|end| rest.as_bytes()[*end] != b'\n') else { continue };
            let word = &rest[..end];
            if !word.is_empty() && !word.contains(char::is_whitespace) {
                at += end + 1;
                let is_key = text.as_bytes()[open] == b'"' && text[at..].trim_start().starts_with(':');
                if !is_key {
                    return Some(word);
                }
            }
        }
        None
    })
}

/// The values of `name = value` and `name: value` whose name looks secret.
fn assigned(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(['=', ':']).filter_map(|(at, _)| {
        const LONGEST_NAME: usize = 100;
        let (before, behind) = (&text.as_bytes()[at.saturating_sub(LONGEST_NAME)..at], &text[at + 1..]);
        let end = before.len() - before.iter().rev().take_while(|byte| b" \t\"'`:".contains(byte)).count();
        let name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let start = end - before[..end].iter().rev().take_while(name).count();
        let name = std::str::from_utf8(&before[start..end]).unwrap_or_default();
        if name.is_empty() || !holds_secret(name) {
            return None;
        }
        let behind = behind.trim_start_matches(|c: char| " \t\"'`=:>".contains(c));
        let end = behind.find(|c: char| c.is_whitespace() || "\"'`,;)]}".contains(c)).unwrap_or(behind.len());
        let value = &behind[..end];
        (value.len() <= LONGEST && !value.contains("://")).then_some(value)
    })
}

/// The name of a variable, `AWS_SECRET_ACCESS_KEY`, or a place for a value, `${TOKEN}`.
fn is_constant(word: &str) -> bool {
    let name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (word.contains('_') && word.bytes().all(name))
        || word.starts_with(['$', '{', '<'])
        || word.starts_with("***")
}

/// The words in the shape of a token.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'`=:,;()[]{}<>_-.\u{fffd}".contains(c);
    beginning(text).split(ends).filter(|word| is_token(word))
}

/// Whether a word is long, and is neither ordinary text nor a path.
fn is_token(word: &str) -> bool {
    const SHORTEST: usize = 16;
    const SHORTEST_OF_LETTERS: usize = 20;
    let has = |kind: fn(&char) -> bool| word.chars().any(|c| kind(&c));
    let [upper, lower] = [has(char::is_ascii_uppercase), has(char::is_ascii_lowercase)];
    let digit = has(char::is_ascii_digit);
    let mixed = match word.contains(['/', '+']) {
        true => upper && lower && digit,
        false => word.len() >= SHORTEST_OF_LETTERS || (digit && (upper || lower)),
    };
    mixed && (SHORTEST..=LONGEST).contains(&word.len())
}

fn beginning(text: &str) -> &str {
    let end = (0..=LONGEST_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn set(values: &[&str]) -> BTreeSet<Secret> {
        values.iter().filter_map(|value| Secret::reported(value)).collect()
    }

    #[test]
    fn the_values_in_a_message_are_found_and_its_words_are_not() {
        let key = ["AKIA", "Q3EGVNU4", "X2MPLE7T"].concat();
        for (message, values) in [
            ("Possible hardcoded password: 'hunter2-x'", vec!["hunter2-x"]),
            ("Possible hardcoded password: \"hunter2-x\"", vec!["hunter2-x"]),
            ("don't use password=hunter2-x; it isn't safe", vec!["hunter2-x"]),
            ("dbPassword : 'Hunter2-x'", vec!["Hunter2-x"]),
            (&*format!("key {key} of user"), vec![&*key]),
            ("Possible exposure of secret env \"AWS_SECRET_ACCESS_KEY\" in ENV", vec![]),
            ("AmazonSecretAccessKeyIdentifier was found in src/config/secrets.ts", vec![]),
            ("Detected a Generic API Key, potentially exposing access to services.", vec![]),
            ("password = ${DB_PASSWORD_9}", vec![]),
        ] {
            assert_eq!(BTreeSet::from_iter(in_message(message)), set(&values), "{message}");
        }
    }

    #[test]
    fn in_json_only_values_are_secrets() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let value = json!({"RuleID": "generic-api-key-with-a-long-name", "Commit": commit, "Secret": "hunter2-one",
            "Match": "x = hunter2-one", "Author": "Ada Q3EGVNU4X2MPLE7T", "Fingerprint": format!("{commit}:src/a.py"),
            "partialFingerprints": {"commitSha": commit}, "properties": {"validate_command": (["curl -H 'token", ": hunter2-two'"].concat())},
            "snippet": {"text": "plainwordsinarow"}, "artifactLocation": {"uri": "src/Q3EGVNU4X2MPLE7T.py"}});
        let expected = set(&["hunter2-one", "x = hunter2-one", "hunter2-two", "plainwordsinarow"]);
        assert_eq!(BTreeSet::from_iter(in_value(&value)), expected);
        assert_eq!(BTreeSet::from_iter(in_source(&value.to_string())), expected);
    }

    #[test]
    fn a_text_of_quotes_is_read_in_no_time() {
        let text = "'\"`=:".repeat(1_000_000);
        assert_eq!(in_line(&text), []);
    }
}
