//! A secret value, and the spellings in which it may occur.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, utf8_percent_encode};

use crate::text::encode::{all_but, base64_decoded};

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
        if value.contains("://") {
            return Self::in_address(value);
        }
        is_distinctive(value, 8).then(|| Self(value.to_owned()))
    }

    /// The password in an address such as `https://user:password@host/`.
    pub fn in_address(value: &str) -> Option<Self> {
        let (_, rest) = value.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        let password = user.split_once(':').map_or(user, |(_, password)| password);
        is_distinctive(password, 8).then(|| Self(password.to_owned()))
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

    /// Every spelling to search for: the value itself, escaped for JSON, XML and addresses, in
    /// hexadecimal and in base64, and also each of its long lines alone.
    pub fn spellings(&self) -> BTreeSet<Vec<u8>> {
        let mut all = BTreeSet::new();
        let mut pieces = vec![self.0.as_str()];
        if self.0.contains('\n') {
            let lines = self.0.lines().map(str::trim);
            pieces.extend(lines.filter(|line| line.len() >= SHORTEST_LINE && !line.starts_with("-----")));
        }
        for piece in pieces {
            spell(piece, &mut all);
        }
        // The `base64` program wraps its lines at 76 characters, PEM at 64.
        let encoded = STANDARD_NO_PAD.encode(&self.0);
        for width in [64, 76].into_iter().filter(|width| encoded.len() > *width) {
            let rows = encoded.as_bytes().chunks(width).filter(|row| row.len() >= SHORTEST_LINE);
            all.extend(rows.map(<[u8]>::to_vec));
        }
        all
    }
}

/// A shorter line of a secret is not searched for alone.
const SHORTEST_LINE: usize = 16;

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

fn spell(piece: &str, all: &mut BTreeSet<Vec<u8>>) {
    let bytes = piece.as_bytes();
    let quoted = json_body(piece);
    let tags = piece.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let xml = tags.replace('"', "&quot;").replace('\'', "&apos;");
    let spelled = [
        piece.to_owned(),
        // A report inside another report is escaped twice.
        json_body(&quoted),
        // Go escapes these for HTML; PHP escapes the slash.
        quoted.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e"),
        quoted.replace('/', "\\/"),
        xml.replace("&apos;", "&#39;"),
        tags,
        xml,
        utf8_percent_encode(piece, &RESERVED).to_string(),
        utf8_percent_encode(piece, &RESERVED).map(in_lower_case).collect(),
        utf8_percent_encode(piece, &COMPONENT).to_string(),
        utf8_percent_encode(piece, &ADDRESS).to_string(),
        utf8_percent_encode(piece, &FORM).to_string().replace(' ', "+"),
        hex::encode(bytes),
        hex::encode_upper(bytes),
        quoted,
    ];
    all.extend(spelled.into_iter().map(String::into_bytes));
    for base64 in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        all.insert(base64.encode(bytes).into_bytes());
        all.extend((0..3).map(|before| inner_base64(bytes, before, &base64)));
    }
    // A very short spelling would match everywhere.
    all.retain(|spelling| spelling.len() >= SHORTEST_SPELLING);
}

const SHORTEST_SPELLING: usize = 6;

/// What RFC 3986, JavaScript's encodeURIComponent and encodeURI, and HTML forms percent-encode.
const RESERVED: AsciiSet = all_but(b"-_.~");
const COMPONENT: AsciiSet = all_but(b"-_.~!'()*");
const ADDRESS: AsciiSet = all_but(b"-_.~!'()*;/?:@&=+$,#");
const FORM: AsciiSet = all_but(b"-_. *");

/// A piece of a percent-encoded text: `%2F` in lower case, other pieces unchanged.
fn in_lower_case(piece: &str) -> Cow<'_, str> {
    match piece.starts_with('%') {
        true => Cow::Owned(piece.to_ascii_lowercase()),
        false => Cow::Borrowed(piece),
    }
}

/// The text as the inside of a JSON string.
fn json_body(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// The part of the base64 that does not depend on the text around `bytes`, if `before` bytes (modulo 3) come
/// first. An example is the password of `user:password` in an `Authorization` header.
fn inner_base64(bytes: &[u8], before: usize, base64: &GeneralPurpose) -> Vec<u8> {
    let mut shifted = vec![0; before];
    shifted.extend_from_slice(bytes);
    let encoded = base64.encode(&shifted).into_bytes();
    // The first letters also encode bits of the text before, and the last one bits of the text after.
    let whole = shifted.len() * 8 / 6;
    encoded[[0, 2, 3][before].min(whole)..whole].to_vec()
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(value: &str) -> Vec<String> {
        let secret = Secret(value.to_owned());
        secret.spellings().into_iter().map(|spelling| String::from_utf8(spelling).unwrap()).collect()
    }

    #[test]
    fn a_secret_is_known_in_base64_alone_and_inside_other_text() {
        // As `base64` and `basenc --base64url` print them, without the padding.
        for (plain, encoded) in [
            ("hunter2-hunter2", "aHVudGVyMi1odW50ZXIy"),
            ("hunter2-hunter", "aHVudGVyMi1odW50ZXI"),
            ("hunter2-hunte", "aHVudGVyMi1odW50ZQ"),
            ("pass>>>?word~~", "cGFzcz4+Pj93b3Jkfn4"),
            ("pass>>>?word~~", "cGFzcz4-Pj93b3Jkfn4"),
        ] {
            assert!(spelled(plain).iter().any(|known| known == encoded), "{plain}: {encoded}");
        }
        for before in ["", "a", "ab", "user:", "abc"] {
            for after in ["", "x", "yz", ".end"] {
                let encoded = STANDARD_NO_PAD.encode(format!("{before}hunter2-hunter2{after}"));
                let known = spelled("hunter2-hunter2");
                assert!(known.iter().any(|known| encoded.contains(known)), "{before} {after}: {encoded}");
            }
        }
    }

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
    fn a_secret_is_known_in_other_spellings() {
        let spellings = spelled("p&ss \"w/rd+1");
        for spelling in [
            "p&ss \"w/rd+1",
            r#"p&ss \"w/rd+1"#,
            r#"p\u0026ss \"w/rd+1"#,
            r#"p&ss \"w\/rd+1"#,
            "p&amp;ss &quot;w/rd+1",
            "p%26ss%20%22w%2Frd%2B1",
            "p%26ss%20%22w%2frd%2b1",
            "p%26ss+%22w%2Frd%2B1",
            "702673732022772f72642b31",
        ] {
            assert!(spellings.iter().any(|known| known == spelling), "{spelling}");
        }
    }

    #[test]
    fn each_long_line_of_a_key_is_a_secret() {
        let lines = ["MIIE".repeat(16), "q7Zt".repeat(16), "short".to_owned()];
        let key = format!("-----BEGIN KEY-----\n{}\n-----END KEY-----", lines.join("\n"));
        let known = spelled(&key);
        assert!(known.contains(&lines[0]) && known.contains(&lines[1]));
        assert!(!known.iter().any(|spelling| spelling == "short"
            || spelling.starts_with("-----BEGIN KEY-----") && spelling.len() < 25));
        assert!(known.contains(&key.replace('\n', "\\n")));
        // As `base64 key.pem` prints it.
        let encoded = STANDARD_NO_PAD.encode(&key);
        assert!(known.contains(&encoded[76..152].to_owned()));
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
        let address = Secret::of_variable("https://ada:hunter2-hunter2@host/path");
        assert_eq!(address, Some(Secret("hunter2-hunter2".to_owned())));
        assert_eq!(format!("{address:?}"), "Some(Secret(…))");
    }
}
