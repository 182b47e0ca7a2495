//! Colours around a document: some tools reset them at both ends of what they print, also into a file (Biome).

use crate::text::bom::without_bom;

/// The document without colours, and without blanks and byte order marks before and between them. A document without
/// colours stays as it is.
pub(super) fn without(document: &[u8]) -> &[u8] {
    let mut bytes = document;
    while let Some(rest) = without_bom(bytes).trim_ascii_start().strip_prefix(b"\x1b[").and_then(after_colour)
    {
        bytes = rest;
    }
    while let Some(rest) = before_colour(bytes.trim_ascii_end()) {
        bytes = rest;
    }
    bytes
}

/// What follows the rest of a colour sequence: `0m`, `1;31m`.
fn after_colour(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|byte| !(byte.is_ascii_digit() || *byte == b';'))?;
    bytes[end..].strip_prefix(b"m")
}

fn before_colour(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_suffix(b"m")?;
    let start = rest.iter().rposition(|byte| !(byte.is_ascii_digit() || *byte == b';'))? + 1;
    rest[..start].strip_suffix(b"\x1b[")
}
