//! JSON reports, read straight into typed structs.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::proof::Unproven;

/// Reads a whole document of which `what` is the name for people ("gitleaks report").
///
/// A byte order mark is passed over. Nothing, white space, a cut document, another format and
/// another shape each are an error of their own.
pub fn read<T: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, Unproven> {
    let bytes = without_bom(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Unproven::Empty { what });
    }
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Eof => Unproven::Cut { what, detail: error.to_string() },
        Category::Syntax => Unproven::Foreign { what, detail: format!("not JSON: {error}") },
        Category::Data | Category::Io => Unproven::Foreign { what, detail: error.to_string() },
    })
}

/// The bytes after a UTF-8 byte order mark, which some tools write.
pub fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
