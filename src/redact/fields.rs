//! Masks the values of report fields that can contain a secret or source text.

use std::borrow::Cow;

use crate::text::utf16;

/// Replaces the value of every object member whose key is in `fields` with [`MASK`](super::MASK), whatever
/// its type. It works on the bytes, in one pass and without recursion: numbers, order and spacing do not
/// change. Keys are compared as they are written, since no scanner escapes letters in them. A report in UTF-16
/// becomes UTF-8: its keys would not be found otherwise.
pub fn mask_fields<'j>(json: &'j [u8], fields: &[&str]) -> Cow<'j, [u8]> {
    if fields.is_empty() {
        return Cow::Borrowed(json);
    }
    if let Some(text) = utf16::decode_lossily(json) {
        return Cow::Owned(mask_fields(text.as_bytes(), fields).into_owned());
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

/// Whether a report is JSON, so that [`mask_fields`] works on it. A report that may contain a secret and is
/// not JSON is not kept.
pub fn is_maskable(report: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(report).is_ok()
}

fn skip_space(json: &[u8], from: usize) -> usize {
    json[from..].iter().position(|byte| !byte.is_ascii_whitespace()).map_or(json.len(), |n| from + n)
}

/// The place after the string that begins at `start`; the end of the text if the string is cut.
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
    fn a_cut_report_keeps_no_part_of_a_secret() {
        let json = br#"{"Secret": "half of a sec"#;
        assert_eq!(&*mask_fields(json, &["Secret"]), br#"{"Secret": "REDACTED""#);
    }

    #[test]
    fn fields_of_a_report_in_utf_16_are_masked() {
        let report = "\u{feff}{\"snippet\": {\"text\": \"hunter2\"}, \"a\": \"\u{fc}\"}";
        for unit in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            let bytes: Vec<u8> = report.encode_utf16().flat_map(unit).collect();
            // Whole, and cut in a unit.
            for bytes in [&bytes[..], &bytes[..bytes.len() - 1]] {
                let masked = String::from_utf8(mask_fields(bytes, &["snippet"]).into_owned()).unwrap();
                assert!(masked.starts_with("{\"snippet\": \"REDACTED\", \"a\": \"\u{fc}\""), "{masked}");
            }
        }
    }
}
