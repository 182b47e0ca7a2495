//! The byte order mark.

/// The bytes after a UTF-8 byte order mark, which some tools write.
pub(crate) fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
