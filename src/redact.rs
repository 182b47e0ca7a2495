//! Secrets out before anything is stored.
//!
//! Two sieves. By field: the values of report fields that can hold a secret or source text are
//! masked before a report is kept ([`mask_fields`]). By value: whatever a report marks as a
//! secret is scrubbed from everything that leaves ([`Scrubber`]).

use std::borrow::Cow;
use std::fmt;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::finding::{Finding, Text};

/// What stands in the place of a secret.
pub const MASK: &str = "REDACTED";

/// A secret value, as a report told it. It never prints itself.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Secret(String);

impl Secret {
    /// The shortest text that is taken for a secret: anything shorter would be struck out all
    /// over the reports.
    const SHORTEST: usize = 4;

    /// `None` for what is too short, or masked already.
    pub fn new(value: &str) -> Option<Secret> {
        let value = value.trim();
        let masked = value == MASK || value.chars().all(|c| c == '*');
        (value.len() >= Secret::SHORTEST && !masked).then(|| Secret(value.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Strikes known secrets out of text.
#[derive(Debug, Default)]
pub struct Scrubber(Option<AhoCorasick>);

impl Scrubber {
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Scrubber {
        let values: Vec<&str> = secrets.into_iter().map(|secret| secret.0.as_str()).collect();
        if values.is_empty() {
            return Scrubber(None);
        }
        // Building fails only when the patterns together exceed 2 GiB.
        Scrubber(AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(values).ok())
    }

    /// True when there is nothing to strike out.
    pub fn is_idle(&self) -> bool {
        self.0.is_none()
    }

    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.0 {
            Some(automaton) if automaton.is_match(text) => {
                let masks = vec![MASK; automaton.patterns_len()];
                Cow::Owned(automaton.replace_all(text, &masks))
            }
            _ => Cow::Borrowed(text),
        }
    }

    pub fn bytes<'t>(&self, bytes: &'t [u8]) -> Cow<'t, [u8]> {
        match &self.0 {
            Some(automaton) if automaton.is_match(bytes) => {
                let masks = vec![MASK; automaton.patterns_len()];
                Cow::Owned(automaton.replace_all_bytes(bytes, &masks))
            }
            _ => Cow::Borrowed(bytes),
        }
    }

    /// Strikes them out of every text of a finding.
    pub fn finding(&self, finding: &mut Finding) {
        if self.is_idle() {
            return;
        }
        let scrub = |text: &mut Text| {
            if let Cow::Owned(clean) = self.text(text) {
                *text = Text::from(clean);
            }
        };
        scrub(&mut finding.rule);
        scrub(&mut finding.title);
        scrub(&mut finding.message);
        for text in [&mut finding.fix, &mut finding.resource, &mut finding.commit, &mut finding.suppressed]
            .into_iter()
            .flatten()
        {
            scrub(text);
        }
        if let Some(location) = &mut finding.location {
            scrub(&mut location.path);
        }
        if finding.references.iter().any(|reference| matches!(self.text(reference), Cow::Owned(_))) {
            finding.references =
                finding.references.iter().map(|reference| Text::from(&*self.text(reference))).collect();
        }
    }
}

/// Replaces the value of every object member whose key is in `fields` by [`MASK`], whatever its
/// type. Works on the bytes, in one pass and without recursion: numbers, order and spacing stay as
/// they are. Keys are compared as they are written; no scanner escapes letters in them.
pub fn mask_fields<'j>(json: &'j [u8], fields: &[&str]) -> Cow<'j, [u8]> {
    if fields.is_empty() {
        return Cow::Borrowed(json);
    }
    let mut out = Vec::with_capacity(json.len());
    let mut at = 0;
    while at < json.len() {
        if json[at] != b'"' {
            out.push(json[at]);
            at += 1;
            continue;
        }
        let end = string_end(json, at);
        out.extend_from_slice(&json[at..end]);
        let colon = skip_space(json, end);
        let is_key = json.get(colon) == Some(&b':');
        let key = json.get(at + 1..end.saturating_sub(1)).unwrap_or_default();
        at = end;
        if is_key && fields.iter().any(|field| field.as_bytes() == key) {
            let value = skip_space(json, colon + 1);
            out.extend_from_slice(&json[end..value]);
            out.extend_from_slice(b"\"REDACTED\"");
            at = value_end(json, value);
        }
    }
    Cow::Owned(out)
}

fn skip_space(json: &[u8], from: usize) -> usize {
    json[from..].iter().position(|byte| !byte.is_ascii_whitespace()).map_or(json.len(), |n| from + n)
}

/// The place after the string that begins at `start`; the end of the text where it is cut.
fn string_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < json.len() {
        match json[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    json.len()
}

/// The place after the value that begins at `start`.
fn value_end(json: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < json.len() {
        match json[at] {
            b'"' => {
                at = string_end(json, at);
                if depth == 0 {
                    return at;
                }
            }
            b'[' | b'{' => {
                depth += 1;
                at += 1;
            }
            b']' | b'}' if depth == 0 => return at,
            b']' | b'}' => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return at;
                }
            }
            b',' if depth == 0 => return at,
            _ => at += 1,
        }
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_fields_lose_their_values_and_nothing_else_changes() {
        let json = br#"[{"Secret": "a\"b", "n": 18446744073709551616, "Code": {"Lines": [{"x": "}"}]}, "s": "Secret"}, {"Secret":7}]"#;
        let expected = br#"[{"Secret": "REDACTED", "n": 18446744073709551616, "Code": "REDACTED", "s": "Secret"}, {"Secret":"REDACTED"}]"#;
        assert_eq!(
            String::from_utf8_lossy(&mask_fields(json, &["Secret", "Code"])),
            String::from_utf8_lossy(expected)
        );
    }

    #[test]
    fn a_cut_report_keeps_no_half_secret() {
        let json = br#"{"Secret": "half of a sec"#;
        assert_eq!(&*mask_fields(json, &["Secret"]), br#"{"Secret": "REDACTED""#);
    }

    #[test]
    fn known_secrets_are_struck_out_and_never_print_themselves() {
        let secret = Secret::new("hunter2-hunter2").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        let scrubber = Scrubber::new([&secret]);
        assert_eq!(scrubber.text("key=hunter2-hunter2;"), "key=REDACTED;");
        assert_eq!(&*scrubber.bytes(b"\xff hunter2-hunter2"), b"\xff REDACTED");
        assert!(Secret::new("abc").is_none() && Secret::new(MASK).is_none());
    }
}
