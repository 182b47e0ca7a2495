//! SHA-256 and SHA-512 in hexadecimal, and UUIDs made of hexadecimal digits.

use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256, Sha512};

/// SHA-256 of a file, in hexadecimal, in bounded memory.
pub fn sha256_file(path: &Path) -> io::Result<String> {
    sha256_of(std::fs::File::open(path)?)
}

/// SHA-256 of what is read, in hexadecimal, in bounded memory.
pub fn sha256_of(mut file: impl Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

/// SHA-256 of some bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// SHA-512 of some bytes, in hexadecimal.
pub fn sha512(bytes: &[u8]) -> String {
    hex::encode(Sha512::digest(bytes))
}

/// Whether these are the 64 digits of a SHA-256, whatever their case.
pub fn is_sha256(digits: &str) -> bool {
    digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// 32 hexadecimal digits as a UUID of version 8 (RFC 9562), the version for custom ids; `None` for other
/// text.
pub fn uuid(digits: &str) -> Option<String> {
    let id = digits.is_ascii().then_some(digits).filter(|id| id.len() == 32)?;
    Some(format!("{}-{}-8{}-8{}-{}", &id[..8], &id[8..12], &id[13..16], &id[17..20], &id[20..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_version_8_and_the_variant_of_the_rfc() {
        let digits = "00112233445566778899aabbccddeeff";
        assert_eq!(uuid(digits).as_deref(), Some("00112233-4455-8677-8899-aabbccddeeff"));
        assert_eq!(uuid(&digits[1..]), None);
        assert_eq!(uuid(&"é".repeat(16)), None);
    }

    #[test]
    fn a_sha_256_has_64_digits() {
        let digits = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), digits);
        assert!(is_sha256(digits) && is_sha256(&digits.to_uppercase()));
        assert!(!is_sha256(&digits[1..]) && !is_sha256(&digits.replace('e', "g")) && !is_sha256(""));
    }
}
