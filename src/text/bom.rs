//! The byte order mark.

use std::borrow::Cow;

/// The bytes after a UTF-8 byte order mark, which some tools write.
pub(crate) fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The text without a byte order mark. One of UTF-16 says that the text is in that.
pub(crate) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let units: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return String::from_utf8_lossy(without_bom(bytes)),
    };
    let pairs = bytes[2..].chunks_exact(2).map(|pair| units([pair[0], pair[1]]));
    let text = char::decode_utf16(pairs).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    Cow::Owned(text.collect())
}

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn the_mark_says_how_a_text_is_written() {
        for bytes in
            [&b"a=\xc3\xa9"[..], b"\xef\xbb\xbfa=\xc3\xa9", b"\xff\xfea\0=\0\xe9\0", b"\xfe\xff\0a\0=\0\xe9"]
        {
            assert_eq!(text_of(bytes), "a=é", "{bytes:?}");
        }
        assert_eq!(text_of(b"\xff\xfea"), "");
    }
}
