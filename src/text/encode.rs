//! SharedTexts in other alphabets: percent-encoding and base64.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// What is percent-encoded (RFC 3986): all but letters, digits and `kept`, which must be ASCII.
pub(crate) const fn all_but(kept: &[u8]) -> AsciiSet {
    let mut set = NON_ALPHANUMERIC.remove(kept[0]);
    let mut at = 1;
    while at < kept.len() {
        set = set.remove(kept[at]);
        at += 1;
    }
    set
}

/// The text that this is the base64 of, read as Node.js reads it: padded or not, in either alphabet, a letter too
/// many passed over. `None` where it is no base64 of a text.
pub(crate) fn base64_decoded(encoded: &str) -> Option<String> {
    const LENIENT: GeneralPurpose =
        GeneralPurpose::new(&alphabet::STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));
    let mut letters = encoded.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let one_too_many = letters.len() % 4 == 1;
    if one_too_many {
        // With another one, both are a byte that does not count.
        letters.push('A');
    }
    let mut bytes = LENIENT.decode(letters).ok()?;
    if one_too_many {
        bytes.pop();
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_node_reads_it() {
        for (encoded, text) in [
            ("Zm8=", Some("fo")),
            ("Zm8", Some("fo")),
            ("Zm9v====", Some("foo")),
            ("Zm9vY", Some("foo")),
            // Bits that do not count, of `Zm8`.
            ("Zm9", Some("fo")),
            // `~?>` in each alphabet.
            ("fj8+", Some("~?>")),
            ("fj8-", Some("~?>")),
            ("Pz8/", Some("???")),
            ("Pz8_", Some("???")),
            ("", None),
            ("Z", None),
            ("Zm 9v", None),
            ("Zm=9v", None),
            ("_w==", None),
        ] {
            assert_eq!(base64_decoded(encoded).as_deref(), text, "{encoded}");
        }
    }
}
