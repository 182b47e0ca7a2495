//! A secret is struck out in every encoding, and in every encoding of an encoding.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis::redact::{MASK, Scrubber, Secret};

/// Encodes a text; the number decides which characters, where an encoding leaves that open.
type Encode = fn(&[u8], u64) -> Vec<u8>;

const ENCODINGS: [(&str, Encode); 24] = [
    ("percent, all", |text, _| each(text, |_| true, |c| bytewise(c, |byte| format!("%{byte:02x}")))),
    // Others than those of addresses are always encoded (RFC 3986).
    ("percent, some", |text, seed| {
        each(
            text,
            |c| "\\\"<> ".contains(c) || some(seed, '%')(c),
            |c| bytewise(c, |byte| format!("%{byte:02X}")),
        )
    }),
    ("percent, signs", |text, _| {
        each(text, |c| !c.is_ascii_alphanumeric(), |c| bytewise(c, |byte| format!("%{byte:02X}")))
    }),
    ("form", |text, _| {
        let sign = |c: char| !c.is_ascii_alphanumeric();
        each(text, sign, |c| if c == ' ' { "+".into() } else { bytewise(c, |byte| format!("%{byte:02X}")) })
    }),
    ("JSON", |text, _| {
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let text = std::str::from_utf8(text).map_or_else(|_| latin(text), str::to_owned);
        quoted(&text).trim_matches('"').into()
    }),
    ("JSON, some", |text, seed| each(text, some(seed, '\\'), utf16_escape)),
    ("JavaScript", |text, seed| each(text, some(seed, '\\'), |c| format!("\\u{{{:x}}}", u32::from(c)))),
    ("hexadecimal escapes", |text, seed| {
        each(text, some(seed, '\\'), |c| bytewise(c, |byte| format!("\\x{byte:02x}")))
    }),
    ("octal escapes", |text, seed| {
        each(text, some(seed, '\\'), |c| bytewise(c, |byte| format!("\\{byte:03o}")))
    }),
    ("shell", |text, _| each(text, |c| c.is_ascii_punctuation() || c == ' ', |c| format!("\\{c}"))),
    ("XML", |text, _| {
        each(
            text,
            |c| "&<>\"'".contains(c),
            |c| match c {
                '&' => "&amp;".into(),
                '<' => "&lt;".into(),
                '>' => "&gt;".into(),
                '"' => "&quot;".into(),
                _ => "&apos;".into(),
            },
        )
    }),
    ("XML, decimal", |text, seed| each(text, some(seed, '&'), |c| format!("&#{};", u32::from(c)))),
    ("XML, hexadecimal", |text, seed| each(text, some(seed, '&'), |c| format!("&#x{:X};", u32::from(c)))),
    ("base64", |text, _| STANDARD.encode(text).into()),
    ("base64 for URLs", |text, _| URL_SAFE_NO_PAD.encode(text).into()),
    ("base64 in rows", |text, _| {
        let rows = STANDARD.encode([AROUND.as_bytes(), text, AROUND.as_bytes()].concat());
        rows.as_bytes().chunks(20).collect::<Vec<_>>().join(&b"\r\n  "[..])
    }),
    ("base64 of more", |text, _| STANDARD.encode([b"ada:", text, b".end"].concat()).into()),
    ("hexadecimal", |text, _| hex::encode(text).into()),
    ("hexadecimal in capitals", |text, _| hex::encode_upper(text).into()),
    ("hexadecimal in rows", |text, _| {
        hex::encode(text).as_bytes().chunks(30).collect::<Vec<_>>().join(&b'\n')
    }),
    ("UTF-16", |text, _| units(text).flat_map(u16::to_le_bytes).collect()),
    ("UTF-16, big end first", |text, _| units(text).flat_map(u16::to_be_bytes).collect()),
    ("without width", |text, seed| each(text, some(seed, '\u{200b}'), |c| format!("{c}\u{200b}"))),
    ("colours", |text, seed| each(text, some(seed, '\u{1b}'), |c| format!("\u{1b}[1;31m{c}\u{1b}[0m"))),
];

const AROUND: &str = "other text, ";

/// A text; if the bytes are none, each byte is a character.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn each(text: &[u8], encoded: impl Fn(char) -> bool, encode: impl Fn(char) -> String) -> Vec<u8> {
    let one = |c: char| if encoded(c) { encode(c) } else { c.to_string() };
    match std::str::from_utf8(text) {
        Ok(text) => text.chars().map(one).collect::<String>().into(),
        Err(_) => text
            .iter()
            .flat_map(|byte| if byte.is_ascii() { one(char::from(*byte)).into_bytes() } else { vec![*byte] })
            .collect(),
    }
}

/// The mark of the encoding, and about half of the other characters, others for each number.
fn some(seed: u64, mark: char) -> impl Fn(char) -> bool {
    move |c| {
        c == mark
            || (u64::from(c).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed.wrapping_mul(0xbf58_476d_1ce4_e5b9))
                >> 40
                & 1
                == 0
    }
}

fn bytewise(c: char, encode: impl Fn(u8) -> String) -> String {
    c.to_string().bytes().map(encode).collect()
}

fn utf16_escape(c: char) -> String {
    let mut units = [0; 2];
    c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn units(text: &[u8]) -> impl Iterator<Item = u16> {
    let text = std::str::from_utf8(text).map_or_else(|_| latin(text), str::to_owned);
    text.encode_utf16().collect::<Vec<_>>().into_iter()
}

/// Made up; put together, so that no scanner takes them for real ones.
fn secrets() -> Vec<String> {
    vec![
        ["hunter2", "hunter2-hunter2"].concat(),
        ["q7Zt/9aK+", "xW3==vB8&<r>"].concat(),
        ["pa ss", "\"w\\n'rd;#1"].concat(),
        ["pa+ss", "-%41w'<rd>"].concat(),
        ["p&lt;", "wo#+rd&#x41;1"].concat(),
        ["Pässwörd", "-слово9"].concat(),
        format!("-----BEGIN KEY-----\n{}\n{}\n-----END KEY-----", "MIIEq7Zt".repeat(8), "9aKxW3vB".repeat(8)),
    ]
}

const BEFORE: &str = "x = \"";
const AFTER: &str = "\"; end\n";

/// What is left of an encoded secret after it was struck out of a text.
fn left(scrubber: &Scrubber, encoded: &[u8]) -> Vec<u8> {
    let text = [BEFORE.as_bytes(), encoded, AFTER.as_bytes()].concat();
    let mut out = Vec::new();
    scrubber.copy(&*text, &mut out).unwrap();
    assert!(scrubber.finds(&*text).unwrap() && !scrubber.finds(&*out).unwrap());
    let middle = &out[BEFORE.len()..out.len() - AFTER.len()];
    let masks = middle.windows(MASK.len()).filter(|window| *window == MASK.as_bytes()).count();
    assert!(masks > 0);
    middle[..middle.len() - masks * MASK.len()].to_vec()
}

/// The most that may be left: letters of base64 that also encode what is beside the secret, or the other text.
fn most_left(names: [&str; 2], secret: &str, encoded: usize) -> usize {
    let around: usize = names
        .iter()
        .map(|name| match *name {
            "base64 in rows" => 2 * AROUND.len(),
            "base64 of more" => "ada:.end".len(),
            _ => 0,
        })
        .sum();
    let is_key = secret.contains('\n');
    let share = if is_key { 2 * "-----BEGIN KEY-----\n".len() } else { 0 } + around + 6;
    encoded * share / (secret.len() + around)
}

/// An escape of a terminal has no other characters in between, and the bytes of UTF-16 are not characters if they
/// are not ASCII.
fn makes_sense(secret: &str, inner: &str, outer: &str) -> bool {
    let of_text = ["JSON", "UTF-16", "UTF-16, big end first", "without width", "colours"].contains(&outer);
    let bytes = inner.starts_with("UTF-16") && !secret.is_ascii();
    !(bytes && of_text || inner == "colours" && ["colours", "without width"].contains(&outer))
}

#[test]
fn a_secret_is_struck_out_in_every_chain_of_two_encodings() {
    let none: (&str, Encode) = ("none", |text, _| text.to_vec());
    let mut chains = 0;
    let mut failed = Vec::new();
    for secret in secrets() {
        let scrubber = Scrubber::new(&[Secret::reported(&secret).unwrap()]);
        for (inner_name, inner) in ENCODINGS {
            for (outer_name, outer) in ENCODINGS.iter().chain([&none]) {
                if !makes_sense(&secret, inner_name, outer_name) {
                    continue;
                }
                for seed in 1..4 {
                    let encoded = outer(&inner(secret.as_bytes(), seed), seed + 7);
                    chains += 1;
                    let name = format!("{secret:?} in {inner_name} in {outer_name}, {seed}");
                    let Ok(left) = std::panic::catch_unwind(|| left(&scrubber, &encoded)) else {
                        failed.push(name);
                        continue;
                    };
                    if left.len() > most_left([inner_name, outer_name], &secret, encoded.len()) {
                        failed.push(format!(
                            "{name}: {} left of {}: {}",
                            left.len(),
                            encoded.len(),
                            String::from_utf8_lossy(&left)
                        ));
                    }
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} of {chains}:\n{}", failed.len(), failed.join("\n"));
    assert_eq!(chains, (7 * (24 * 25 - 2) - 2 * 5) * 3);
}

/// Further spellings, each with what they stand for.
#[test]
fn a_secret_is_struck_out_in_less_common_spellings() {
    let secret = ["hunter2", "hunter2-hunter2"].concat();
    let each = |encode: fn(char) -> String| secret.chars().map(encode).collect::<String>();
    let base64 = STANDARD.encode(&secret);
    let in_rows = |between: &str| {
        let text = STANDARD.encode([AROUND, &secret, AROUND].concat());
        text.as_bytes()
            .chunks(24)
            .map(|row| std::str::from_utf8(row).unwrap())
            .collect::<Vec<_>>()
            .join(between)
    };
    let scrubber = Scrubber::new(&[Secret::reported(&secret).unwrap()]);
    for text in [
        each(|c| format!("\\U{:08x}", u32::from(c))),
        each(|c| format!("&#{} ", u32::from(c))).replace(' ', ""),
        each(|c| format!("{c}\u{1b}(B")),
        each(|c| format!("{c}\u{1b}P1;2|x\u{1b}\\")),
        each(|c| format!("{c}\u{9b}31m")),
        each(|c| format!("{c}\u{3164}\u{e0fff}\u{115f}")),
        in_rows("\\\n"),
        in_rows("\n> "),
        in_rows("\n    # "),
        // As gitleaks reads it: layer on layer.
        hex::encode(STANDARD.encode(hex::encode(STANDARD.encode(hex::encode(format!("ab {base64} cd")))))),
    ] {
        assert!(scrubber.is_in(&text), "{text}");
        assert!(!scrubber.is_in(&scrubber.one_line(&text)), "{text}");
    }
}
