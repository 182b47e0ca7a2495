//! The name that git gives to content.

use std::fmt;

use serde::{Serialize, Serializer};

/// An object id: 20 bytes (SHA-1) or 32 (SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectId {
    bytes: [u8; 32],
    long: bool,
}

impl ObjectId {
    /// Reads its digits.
    pub(super) fn read(digits: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let long = digits.len() == 64;
        let room = bytes.get_mut(..if long { 32 } else { 20 })?;
        hex::decode_to_slice(digits, room).ok()?;
        Some(Self { bytes, long })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        if self.long { &self.bytes } else { &self.bytes[..20] }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.bytes()))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_hash_are_read() {
        for digits in ["e69de29bb2d1d6434b8b29ae775ad8c2e48c5391".to_owned(), "a1".repeat(32)] {
            assert_eq!(ObjectId::read(&digits).unwrap().to_string(), digits);
        }
        for digits in ["", "e69d", "not hexadecimal, yet forty characters...", &"a1".repeat(33)] {
            assert_eq!(ObjectId::read(digits), None, "{digits}");
        }
    }
}
