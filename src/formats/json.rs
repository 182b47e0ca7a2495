//! JSON reports, read straight into typed structs.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use crate::scan::parsed::ReportError;
use crate::text::bom::without_bom;

/// Reads a whole document. `what` names the document in messages ("gitleaks report").
///
/// A byte order mark is ignored. An empty document, a cut document and a document of another format
/// have different errors.
pub(crate) fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8], what: &'static str) -> Result<T, ReportError> {
    let bytes = not_blank(bytes, what)?;
    serde_json::from_slice(bytes).map_err(|error| unproven(&error, what))
}

/// Reads the first value of a document and returns the bytes after it: some tools print text after
/// their report.
pub(crate) fn read_first<'b, T: DeserializeOwned>(
    bytes: &'b [u8],
    what: &'static str,
) -> Result<(T, &'b [u8]), ReportError> {
    let bytes = not_blank(bytes, what)?;
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<T>();
    let value = values.next().ok_or(ReportError::Empty { what })?.map_err(|error| unproven(&error, what))?;
    Ok((value, bytes.get(values.byte_offset()..).unwrap_or_default()))
}

fn not_blank<'b>(bytes: &'b [u8], what: &'static str) -> Result<&'b [u8], ReportError> {
    let bytes = without_bom(bytes);
    match bytes.iter().all(u8::is_ascii_whitespace) {
        true => Err(ReportError::Empty { what }),
        false => Ok(bytes),
    }
}

fn unproven(error: &serde_json::Error, what: &'static str) -> ReportError {
    match error.classify() {
        Category::Eof => ReportError::Cut { what, detail: error.to_string() },
        Category::Syntax => ReportError::Foreign { what, detail: format!("not JSON: {error}") },
        Category::Data | Category::Io => ReportError::Foreign { what, detail: error.to_string() },
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
