//! Texts in other alphabets: percent-encoding and base64.

/// Percent-encoded (RFC 3986), but for letters, digits and what is in `kept`.
pub(crate) fn percent(text: &str, kept: &str, upper: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let c = char::from(byte);
        match byte {
            _ if c.is_ascii_alphanumeric() || (byte.is_ascii() && kept.contains(c)) => out.push(c),
            _ if upper => out.push_str(&format!("%{byte:02X}")),
            _ => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out
}

/// The alphabets of RFC 4648, sections 4 and 5.
pub(crate) const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(crate) const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 without padding. Written out, since no encoder gives the part of one that is the same
/// wherever a secret stands, which is looked for too.
pub(crate) fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |n: usize| group.get(n).copied().map_or(0, usize::from);
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        let letters = [18, 12, 6, 0].map(|shift| char::from(alphabet[bits >> shift & 63]));
        out.extend(&letters[..=group.len()]);
    }
    out
}

/// Base64 with its padding.
pub(crate) fn base64_padded(bytes: &[u8]) -> String {
    let encoded = base64(bytes, STANDARD);
    let padding = "=".repeat(encoded.len().next_multiple_of(4) - encoded.len());
    encoded + &padding
}

/// The text that this is the base64 of, padded or not; `None` where it is of none.
pub(crate) fn base64_decoded(encoded: &str) -> Option<String> {
    let (mut bytes, mut bits, mut count) = (Vec::with_capacity(encoded.len()), 0_u32, 0);
    for letter in encoded.trim_end_matches('=').bytes() {
        let of = |alphabet: &[u8]| alphabet.iter().position(|known| *known == letter);
        bits = bits << 6 | u32::try_from(of(STANDARD).or_else(|| of(URL_SAFE))?).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (plain, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("fooba", "Zm9vYmE=")]
        {
            assert_eq!(base64_padded(plain.as_bytes()), encoded);
            assert_eq!(base64(plain.as_bytes(), STANDARD), encoded.trim_end_matches('='));
        }
    }
}
