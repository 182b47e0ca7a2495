//! JSON reports, read straight into typed structs.

mod surrogates;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use super::colour;
use super::foreign::{further_value, instead_of_json, packed};
use crate::scan::parsed::ReportError;
use crate::text::bom::without_bom;
use crate::text::decode::not_utf_8;
use crate::text::utf16::{self, Broken};

/// The text of a document as UTF-8. A byte order mark says that it is UTF-16 (RFC 8259 wants UTF-8, and Windows
/// shells write UTF-16). What is no character in it, as in a file name that is not UTF-8, is replaced.
pub(crate) fn decoded<'b>(bytes: &'b [u8], what: &'static str) -> Result<Cow<'b, [u8]>, ReportError> {
    if let Some(packed) = packed(bytes) {
        return Err(ReportError::Foreign { what, detail: format!("not JSON: {packed}") });
    }
    match utf16::decode(bytes) {
        // Also where the reader does not look. What does not begin JSON has an error of its own.
        None => match not_utf_8(bytes).filter(|_| begins_json(bytes)) {
            Some(line) => {
                let detail = format!("not JSON: line {line} is not UTF-8: write it as UTF-8");
                Err(ReportError::Foreign { what, detail })
            }
            None => Ok(surrogates::replaced(bytes)),
        },
        Some(Ok(text)) => Ok(Cow::Owned(text.into_bytes())),
        Some(Err(Broken::Cut)) => {
            Err(ReportError::Cut { what, detail: "it is UTF-16, and ends in half a character".to_owned() })
        }
        Some(Err(Broken::Mixed)) => {
            let detail = "it begins as UTF-16, and goes on as something else".to_owned();
            Err(ReportError::Foreign { what, detail })
        }
    }
}

fn begins_json(bytes: &[u8]) -> bool {
    matches!(without_bom(bytes).trim_ascii_start(), [b'{' | b'[' | b'\x1b', ..])
}

/// Reads a whole document. `what` names the document in messages ("gitleaks report").
///
/// A byte order mark is ignored. An empty document, a cut document and a document of another format
/// have different errors.
pub(crate) fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8], what: &'static str) -> Result<T, ReportError> {
    let bytes = not_blank(bytes, what)?;
    serde_json::from_slice(bytes).map_err(|error| unproven(&error, bytes, what))
}

/// Reads the first value of a document and returns the bytes after it: some tools print text after
/// their report.
pub(crate) fn read_first<'b, T: DeserializeOwned>(
    bytes: &'b [u8],
    what: &'static str,
) -> Result<(T, &'b [u8]), ReportError> {
    let bytes = not_blank(bytes, what)?;
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<T>();
    let value =
        values.next().ok_or(ReportError::Empty { what })?.map_err(|error| unproven(&error, bytes, what))?;
    Ok((value, bytes.get(values.byte_offset()..).unwrap_or_default()))
}

/// The document without a byte order mark, and without colours at its ends.
fn not_blank<'b>(bytes: &'b [u8], what: &'static str) -> Result<&'b [u8], ReportError> {
    let bytes = without_bom(colour::without(bytes));
    if bytes.trim_ascii().is_empty() { Err(ReportError::Empty { what }) } else { Ok(bytes) }
}

fn unproven(error: &serde_json::Error, bytes: &[u8], what: &'static str) -> ReportError {
    match error.classify() {
        Category::Eof => ReportError::Cut { what, detail: error.to_string() },
        Category::Syntax => {
            let instead = instead_of_json(bytes).or_else(|| further_value(error, bytes));
            let instead = instead.map(|words| format!(" ({words})")).unwrap_or_default();
            ReportError::Foreign { what, detail: format!("not JSON: {error}{instead}") }
        }
        Category::Data | Category::Io => {
            // A log may begin as a list does: `[12:30:01] scanning`.
            let instead = instead_of_json(bytes).map(|words| format!("not JSON: {words}"));
            ReportError::Foreign { what, detail: instead.unwrap_or_else(|| error.to_string()) }
        }
    }
}

/// Reads `null` like a missing value: npm, pnpm and Trivy write both.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a map and refuses a key that occurs twice, because the second value would silently replace
/// the first. (Structs refuse this already.)
pub(crate) fn unique_keys<'de, D, V>(deserializer: D) -> Result<Option<BTreeMap<String, V>>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    struct Unique<V>(PhantomData<V>);

    impl<'de, V: Deserialize<'de>> Visitor<'de> for Unique<V> {
        type Value = BTreeMap<String, V>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a map")
        }

        /// `null` is an empty map: the counts beside it say whether it should have had members.
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(BTreeMap::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = members.next_entry::<String, V>()? {
                if map.contains_key(&key) {
                    return Err(A::Error::custom(format_args!("duplicate key `{key}`")));
                }
                map.insert(key, value);
            }
            Ok(map)
        }
    }

    deserializer.deserialize_any(Unique(PhantomData)).map(Some)
}

#[cfg(test)]
mod tests;
