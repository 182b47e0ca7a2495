//! Keys that a JSON object has twice: readers differ in which of them counts.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// An error that names a key which an object of this text has twice, or says why it is not JSON.
pub(crate) fn once(text: &str) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    Once.deserialize(&mut reader)?;
    reader.end()
}

#[derive(Clone, Copy)]
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if seen.contains(&key) {
                return Err(A::Error::custom(format_args!("the key `{key}` is there twice")));
            }
            seen.insert(key);
            entries.next_value_seed(self)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_there_twice_is_named_with_its_place() {
        for text in ["{}", r#"[{"a": 1}, {"a": [null, true, -1, 1.5, "a", {"a": {"a": 2}}]}]"#] {
            assert!(once(text).is_ok(), "{text}");
        }
        for (text, says) in [
            (r#"{"a": 1, "b": {"c": [], "c": []}}"#, "the key `c` is there twice at line 1 column 27"),
            (r#"{"a": 1, "\u0061": 2}"#, "the key `a` is there twice"),
            (r#"{"a": "#, "EOF"),
            ("{} {}", "trailing characters"),
        ] {
            let why = once(text).unwrap_err().to_string();
            assert!(why.contains(says), "{text}: {why}");
        }
        assert!(once(&"[".repeat(100_000)).is_err());
    }
}
