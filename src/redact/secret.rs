//! A secret value.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::text::encode::base64_decoded;

use super::MASK;

/// A secret value. It never prints itself.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Secret(String);

impl Secret {
    /// A value that a scanner reports as a secret. `None` if it is masked already, or if it would match
    /// all over the reports: fewer than six characters, or a plain short word.
    pub fn reported(value: &str) -> Option<Self> {
        let value = value.trim();
        let masked = value == MASK || value.chars().all(|c| c == '*');
        (!masked && is_distinctive(value, 6)).then(|| Self(value.to_owned()))
    }

    /// The value of a variable whose name looks secret. Many such variables hold a switch, a number, a path
    /// or an address without a password, which are not secrets.
    pub fn of_variable(value: &str) -> Option<Self> {
        let value = value.trim();
        let path =
            ["/", "./", "../", "~/"].iter().any(|start| value.starts_with(start)) && !value.contains('\n');
        if path || value.parse::<u64>().is_ok() {
            return None;
        }
        // Passwords in addresses are for `address`.
        if value.contains("://") {
            return None;
        }
        is_distinctive(value, 8).then(|| Self(value.to_owned()))
    }

    /// The secrets in an HTTP header such as `Authorization: Basic …` or `PRIVATE-TOKEN: …`.
    pub fn in_header(header: &str) -> Vec<Self> {
        let value = header.split_once(':').map_or(header, |(_, value)| value).trim();
        match value.split_once(' ') {
            Some((scheme, credentials)) if scheme.eq_ignore_ascii_case("basic") => {
                Self::in_base64(credentials)
            }
            Some((scheme, token)) if scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                Self::reported(token).into_iter().collect()
            }
            _ => Self::reported(value).into_iter().collect(),
        }
    }

    /// A password or `user:password` in base64: the encoded text, and the password itself.
    pub fn in_base64(encoded: &str) -> Vec<Self> {
        let plain = base64_decoded(encoded.trim());
        let password =
            plain.as_deref().map(|plain| plain.split_once(':').map_or(plain, |(_, password)| password));
        [Some(encoded), password].into_iter().flatten().filter_map(Self::reported).collect()
    }

    /// Whether a text contains the value as it is.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        text.contains(&self.0)
    }

    /// What to search for: the value itself, and each of its long lines alone.
    pub(super) fn parts(&self) -> BTreeSet<Vec<u8>> {
        let mut all = BTreeSet::from([self.0.clone().into_bytes()]);
        // HTML forms write `+` for a space.
        all.insert(self.0.replace(' ', "+").into_bytes());
        if !self.0.is_ascii() {
            // Beyond the alphabets that a text is searched for.
            all.insert(self.0.encode_utf16().flat_map(u16::to_le_bytes).collect());
            all.insert(self.0.encode_utf16().flat_map(u16::to_be_bytes).collect());
        }
        if self.0.contains('\n') {
            let lines = self.0.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
            all.extend(lines.filter(|line| line.len() >= SHORTEST_LINE).map(|line| line.as_bytes().to_vec()));
            all.insert(self.0.replace(['\r', '\n'], "").into_bytes());
            // A row of a key in base64 has no whole line in it. The `base64` program breaks rows after 76
            // letters, PEM after 64.
            let encoded = STANDARD_NO_PAD.encode(&self.0);
            for width in [64, 76].into_iter().filter(|width| encoded.len() > *width) {
                let rows = encoded.as_bytes().chunks(width).filter(|row| row.len() >= SHORTEST_LINE);
                all.extend(rows.map(<[u8]>::to_vec));
            }
        }
        all
    }
}

/// A shorter line of a secret is not searched for alone.
const SHORTEST_LINE: usize = 12;

/// Long enough, and not a common word: it has two kinds of characters, or is very long.
fn is_distinctive(value: &str, shortest: usize) -> bool {
    let kinds: [fn(char) -> bool; 4] = [
        |c| c.is_ascii_lowercase(),
        |c| c.is_ascii_uppercase(),
        |c| c.is_ascii_digit(),
        |c| !c.is_ascii_alphanumeric() && !"-_./: ".contains(c),
    ];
    let length = value.chars().count();
    let of_kinds = kinds.iter().filter(|kind| value.chars().any(kind)).count();
    length >= shortest && (of_kinds >= 2 || length >= 16)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credentials_of_a_header_are_secrets() {
        let known = |values: &[&str]| -> Vec<Secret> {
            values.iter().map(|value| Secret((*value).to_owned())).collect()
        };
        // `printf x-access-token:hunter2-hunter2 | base64`
        let encoded = "eC1hY2Nlc3MtdG9rZW46aHVudGVyMi1odW50ZXIy";
        for (header, secrets) in [
            ("Authorization: Bearer hunter2-hunter2", known(&["hunter2-hunter2"])),
            ("AUTHORIZATION:  token hunter2-hunter2 ", known(&["hunter2-hunter2"])),
            ("PRIVATE-TOKEN: hunter2-hunter2", known(&["hunter2-hunter2"])),
            ("Cookie: a=hunter2; b=3", known(&["a=hunter2; b=3"])),
            (&format!("AUTHORIZATION: basic {encoded}"), known(&[encoded, "hunter2-hunter2"])),
            ("Authorization: Basic *not base64*", known(&["*not base64*"])),
            ("Accept: */*", known(&[])),
        ] {
            assert_eq!(Secret::in_header(header), secrets, "{header}");
        }
        assert_eq!(
            Secret::in_base64("aHVudGVyMi1odW50ZXIy"),
            known(&["aHVudGVyMi1odW50ZXIy", "hunter2-hunter2"])
        );
    }

    #[test]
    fn each_long_line_of_a_key_is_a_secret() {
        let lines = ["MIIE".repeat(16), "q7Zt".repeat(16), "short".to_owned()];
        let key = format!("-----BEGIN KEY-----\n{}\n-----END KEY-----", lines.join("\n"));
        let parts = Secret(key.clone()).parts();
        let has = |part: &str| parts.contains(part.as_bytes());
        assert!(has(&key) && has(&lines[0]) && has(&lines[1]));
        assert!(!has("short") && !has("-----BEGIN KEY-----"));
        // As `base64 key.pem` prints it.
        assert!(has(&STANDARD_NO_PAD.encode(&key)[76..152]));
    }

    #[test]
    fn common_words_are_not_secrets() {
        for plain in ["", "true", "1234", "token", "production", "12345678", MASK, "********", "12345"] {
            assert_eq!(Secret::reported(plain), None, "{plain}");
        }
        assert!(Secret::reported("hunter2").is_some());
        for plain in
            ["hunter2", "enabled", "20260101120000", "/run/secrets/token", "https://host/path", "./k.pem"]
        {
            assert_eq!(Secret::of_variable(plain), None, "{plain}");
        }
        assert!(Secret::of_variable("correct horse battery staple").is_some());
        assert_eq!(format!("{:?}", Secret::reported("hunter2")), "Some(Secret(…))");
    }
}
