//! Masks the values of report fields in a log, and finds out whether a log repeats a report.
//!
//! A log is text that may have JSON in it, plain or quoted inside another text, or that names the same fields
//! in the way of YAML and logfmt: `field: value`, `field=value`.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, MatchKind};

use super::MASK;

/// The log with the value of every field in `fields` replaced by [`MASK`]. A quoted or bracketed value ends
/// where it is closed, and one that is not closed ends with the log. Another value ends with its line, or with
/// the lines that are indented below it.
pub fn mask_log<'l>(log: &'l [u8], fields: &[&str]) -> Cow<'l, [u8]> {
    // Building fails only for patterns of 2 GiB.
    let Ok(names) = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(fields) else {
        return Cow::Borrowed(log);
    };
    let mut out: Vec<u8> = Vec::new();
    let mut written = 0;
    for found in names.find_iter(log) {
        if found.start() < written {
            continue;
        }
        if let Some((start, end)) = Key::around(log, found.start(), found.end()).and_then(|key| key.value()) {
            out.extend_from_slice(&log[written..start]);
            // Quotes keep JSON readable.
            let quote = if log[found.end()..start].contains(&b'"') { "\"" } else { "" };
            [quote, MASK, quote].iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
            written = end;
        }
    }
    if written == 0 {
        return Cow::Borrowed(log);
    }
    out.extend_from_slice(&log[written..]);
    Cow::Owned(out)
}

/// How much of a report is looked for in a log, in bytes that are not white space.
const HEAD: usize = 1024;

/// Whether a log contains the beginning of a report, however either is indented. A short report, or one of a few words such as an
/// image id, is in a log that says more: only the same log repeats it.
pub fn repeats(log: &[u8], report: &[u8]) -> bool {
    const SHORTEST: usize = 16;
    let solid = |bytes: &[u8], most: usize| -> Vec<u8> {
        bytes.iter().filter(|byte| !byte.is_ascii_whitespace()).take(most).copied().collect()
    };
    let head = solid(report, HEAD);
    let log = solid(log, usize::MAX);
    let few_words = head.len() < HEAD && !head.iter().any(|byte| b"{[<".contains(byte));
    match few_words || head.len() < SHORTEST {
        true => !head.is_empty() && log == head,
        false => AhoCorasick::new([head]).is_ok_and(|head| head.is_match(&log)),
    }
}

/// The name of a field with a colon or an equals sign behind it.
struct Key<'l> {
    log: &'l [u8],
    /// Where its line begins, and where the value begins.
    start: usize,
    value: usize,
    /// The quotes around it: `"`, `\"`, `&quot;`; empty if there are none.
    quote: &'l [u8],
}

impl<'l> Key<'l> {
    /// The key at this place; `None` if the name is part of another word, or no value follows.
    fn around(log: &'l [u8], start: usize, end: usize) -> Option<Self> {
        let part_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let before = start.checked_sub(1).and_then(|at| log.get(at));
        if before.is_some_and(part_of_word) || log.get(end).is_some_and(part_of_word) {
            return None;
        }
        let quote = quote_at(log, end);
        let sign = blanks(log, end + quote.len());
        if !matches!(log.get(sign), Some(b':' | b'=')) {
            return None;
        }
        let mut value = sign + 1;
        // Ruby and PHP print `"key" => value`.
        value += usize::from(log[sign] == b'=' && log.get(value) == Some(&b'>'));
        let value = if quote.is_empty() { blanks(log, value) } else { spaces(log, value) };
        Some(Self { log, start, value, quote })
    }

    /// Where its value begins and ends; `None` if there is none.
    fn value(&self) -> Option<(usize, usize)> {
        let (log, start) = (self.log, self.value);
        let end = match (quote_at(log, start), log.get(start)?) {
            (quote @ [_, ..], _) => closed(log, start + quote.len(), quote),
            (_, b'[' | b'{') => self.brackets(),
            (_, b'\n') | (b"", b'|' | b'>') => self.block(),
            _ if self.quote.is_empty() => line_end(log, start),
            _ => log[start..]
                .iter()
                .position(|byte| b",]}\r\n".contains(byte))
                .map_or(log.len(), |n| start + n),
        };
        (end > start).then_some((start, end))
    }

    /// The end of a list or an object whose strings have the same quotes as the key.
    fn brackets(&self) -> usize {
        let quote = if self.quote.is_empty() { b"\"" } else { self.quote };
        let (mut at, mut depth) = (self.value, 0_usize);
        while let Some(byte) = self.log.get(at) {
            if self.log[at..].starts_with(quote) {
                at = closed(self.log, at + quote.len(), quote);
                continue;
            }
            at += 1;
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' if depth == 1 => return at,
                b']' | b'}' => depth -= 1,
                _ => {}
            }
        }
        self.log.len()
    }

    /// The end of the lines below that are indented more than the key.
    fn block(&self) -> usize {
        let begin = self.log[..self.start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let depth = blanks(self.log, begin) - begin;
        let mut end = line_end(self.log, self.value);
        while end < self.log.len() {
            let text = blanks(self.log, end + 1);
            let empty = matches!(self.log.get(text), Some(b'\r' | b'\n'));
            if !empty && text - (end + 1) <= depth {
                break;
            }
            end = line_end(self.log, text);
        }
        end
    }
}

/// The quotes at this place, with the backslashes before them.
fn quote_at(log: &[u8], at: usize) -> &[u8] {
    let rest = log.get(at..).unwrap_or_default();
    if let Some(entity) =
        [&b"&quot;"[..], b"&#34;", b"&apos;", b"&#39;"].into_iter().find(|it| rest.starts_with(it))
    {
        return &rest[..entity.len()];
    }
    let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
    match rest.get(slashes) {
        Some(b'"' | b'\'' | b'`') => &rest[..=slashes],
        _ => &[],
    }
}

/// The place after the quotes that close a string. A quote with more backslashes before it is part of the
/// string.
fn closed(log: &[u8], from: usize, quote: &[u8]) -> usize {
    let slashes = quote.len() - 1;
    let entity = quote[0] == b'&';
    let mut at = from;
    let mut run = 0;
    while at < log.len() {
        if entity && log[at..].starts_with(quote) && run == 0 {
            return at + quote.len();
        }
        match log[at] {
            b'\\' => run += 1,
            byte if !entity && byte == quote[slashes] && closes(run, slashes) => return at + 1,
            _ => run = 0,
        }
        at += 1;
    }
    log.len()
}

/// Whether a quote with `run` backslashes before it closes a string that was opened with `slashes`. Backslashes
/// at the end of the string itself are doubled at each level.
fn closes(run: usize, slashes: usize) -> bool {
    run >= slashes && (run - slashes).is_multiple_of(2 * (slashes + 1))
}

fn blanks(log: &[u8], from: usize) -> usize {
    skip(log, from, |byte| matches!(byte, b' ' | b'\t'))
}

fn spaces(log: &[u8], from: usize) -> usize {
    skip(log, from, |byte| byte.is_ascii_whitespace())
}

fn skip(log: &[u8], from: usize, passed: fn(u8) -> bool) -> usize {
    let rest = log.get(from..).unwrap_or_default();
    rest.iter().position(|byte| !passed(*byte)).map_or(log.len().max(from), |n| from + n)
}

fn line_end(log: &[u8], from: usize) -> usize {
    let rest = log.get(from..).unwrap_or_default();
    rest.iter().position(|byte| *byte == b'\n').map_or(log.len(), |n| from + n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(log: &str) -> String {
        String::from_utf8(mask_log(log.as_bytes(), &["entity", "Match", "code"]).into_owned()).unwrap()
    }

    #[test]
    fn a_field_loses_its_value_in_whatever_form_a_log_has_it() {
        for (log, clean) in [
            (r#"a 5" disk {"entity": "x", "b": 1}"#, r#"a 5" disk {"entity": "REDACTED", "b": 1}"#),
            (r#"{"entity":{"p":["}",{"q":"\"x"}]},"b":1}"#, r#"{"entity":"REDACTED","b":1}"#),
            ("{\"entity\":\n  [\"x\"]}", "{\"entity\":\n  \"REDACTED\"}"),
            (r#"{"code": 17, "b": 1}"#, r#"{"code": "REDACTED", "b": 1}"#),
            (r#"{'entity': {'p': 'it}s'}, 'b': 1}"#, "{'entity': REDACTED, 'b': 1}"),
            (
                r#"msg="{\"entity\": {\"p\": \"x\\\" }y\"}, \"b\": 1}""#,
                r#"msg="{\"entity\": "REDACTED", \"b\": 1}""#,
            ),
            (
                r#"<f>{&#34;Match&#34;: &#34;x y&#34;, &#34;b&#34;: 1}</f>"#,
                "<f>{&#34;Match&#34;: REDACTED, &#34;b&#34;: 1}</f>",
            ),
            ("INF Match: x y z\nb: 1", "INF Match: REDACTED\nb: 1"),
            ("level=info Match=x b=1\nb", "level=info Match=REDACTED\nb"),
            ("  code: |\n    x\n\n    y\n  b: 1", "  code: REDACTED\n  b: 1"),
            ("code:\n  - x\n  - y\nb: 1", "code:REDACTED\nb: 1"),
            ("\"entity\" => \"x\", b", "\"entity\" => \"REDACTED\", b"),
            // Cut, and so without an end.
            (r#"{"entity": {"p": "half of"#, r#"{"entity": "REDACTED""#),
            ("Match: 'half of\nx", "Match: REDACTED"),
        ] {
            assert_eq!(masked(log), clean);
        }
    }

    #[test]
    fn other_words_stay() {
        for log in ["exit_code: 2", "the entity", "Matches: 3", "encode=1", "--code=1", "code", "code:", ""] {
            assert_eq!(masked(log), log);
        }
    }

    #[test]
    fn a_log_repeats_a_report_however_it_is_indented() {
        let report = br#"{"check": [{"id": "CKV_1", "file": "a.yaml"}], "n": 1}"#;
        let pretty =
            b"starting\n{\n  \"check\": [\n    {\"id\": \"CKV_1\", \"file\": \"a.yaml\"}],\n \"n\": 1}\ndone";
        assert!(repeats(pretty, report) && repeats(report, report));
        assert!(!repeats(b"starting\n{\"check\": []}", report));
        assert!(repeats(b" [] \n", b"[]") && !repeats(b"list: [] end", b"[]") && !repeats(b"", b""));
        let long: Vec<u8> = (0..5000).flat_map(|n| format!("{n}, ").into_bytes()).collect();
        assert!(repeats(&long[..2000], &long), "a log that was cut");
    }

    #[test]
    fn a_log_of_quotes_takes_no_time() {
        // A step back for each quote would take hours.
        let log = "\"entity\": \\\"code\\\": [".repeat(100_000);
        assert!(!masked(&log).contains("code"));
        let log = "code= x\n".repeat(300_000);
        assert_eq!(mask_log(log.as_bytes(), &["code"]).len(), "code= REDACTED\n".len() * 300_000);
    }
}
