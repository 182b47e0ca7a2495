//! Halves of characters in JSON, written as escapes. Python writes one for each byte of a file name that is not UTF-8 (PEP 383), and
//! they are no characters: a reader of JSON refuses them (RFC 8259, 8.2).

use std::borrow::Cow;

/// `\ufffd`, which stands for what is no character.
const REPLACEMENT: &[u8] = br"\ufffd";

/// The document with a replacement for each half that stands alone.
pub(super) fn replaced(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut whole = Vec::new();
    let (mut at, mut copied) = (0, 0);
    while let Some(slash) = bytes[at..].iter().position(|byte| *byte == b'\\').map(|found| at + found) {
        let is_half = match unit(&bytes[slash..]) {
            Some(0xd800..0xdc00) => {
                let is_pair =
                    bytes.get(slash + 6..).and_then(unit).is_some_and(|low| (0xdc00..0xe000).contains(&low));
                at = slash + if is_pair { 12 } else { 6 };
                !is_pair
            }
            Some(0xdc00..0xe000) => {
                at = slash + 6;
                true
            }
            _ => {
                at = (slash + 2).min(bytes.len());
                false
            }
        };
        if is_half {
            whole.extend_from_slice(&bytes[copied..slash]);
            whole.extend_from_slice(REPLACEMENT);
            copied = at;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(bytes);
    }
    whole.extend_from_slice(&bytes[copied..]);
    Cow::Owned(whole)
}

/// The unit of UTF-16 that an escape at the beginning names.
fn unit(text: &[u8]) -> Option<u16> {
    let digits =
        text.strip_prefix(br"\u")?.get(..4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_of_a_character_is_replaced_and_a_whole_one_stays() {
        for (text, expected) in [
            (r#"{"a": "latin\udce9.yaml"}"#, r#"{"a": "latin\ufffd.yaml"}"#),
            (r#"["\uD83D\uDE00", "\u00e9"]"#, r#"["\uD83D\uDE00", "\u00e9"]"#),
            (r#"["\ud83d", "\ud83d\ud83d\ude00"]"#, r#"["\ufffd", "\ufffd\ud83d\ude00"]"#),
            (r#"["\\udce9", "\\\udce9"]"#, r#"["\\udce9", "\\\ufffd"]"#),
            (r#"["\udc"#, r#"["\udc"#),
            (r#"["\"#, r#"["\"#),
        ] {
            assert_eq!(String::from_utf8_lossy(&replaced(text.as_bytes())), expected);
        }
    }
}
