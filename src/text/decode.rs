//! The text of a file in another encoding than UTF-8.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, Encoding, UTF_8};

/// Why bytes are no text. XML 1.0 calls each of these a fatal error (4.3.3): a letter that is lost makes two names one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Undecodable {
    /// The declaration names an encoding that is not known.
    Unknown(String),
    /// The bytes in this line are not of the encoding.
    Foreign { line: usize, encoding: String, declared: bool },
    /// It ends within a character.
    Cut { encoding: String },
}

/// The text of XML: by its byte order mark, or by what its declaration says (XML 1.0, appendix F).
pub(crate) fn xml(bytes: &[u8]) -> Result<Cow<'_, str>, Undecodable> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode(&bytes[mark..], encoding, encoding.name(), true);
    }
    let Some(label) = declared(bytes) else { return decode(bytes, UTF_8, UTF_8.name(), false) };
    let encoding = Encoding::for_label(label.as_bytes()).map(Encoding::output_encoding);
    let Some(encoding) = encoding else { return Err(Undecodable::Unknown(label)) };
    // `for_label` reads ASCII as windows-1252, as browsers do.
    let ascii = ["us-ascii", "ascii", "ansi_x3.4-1968", "iso-ir-6", "iso646-us", "csascii"];
    let is_ascii = ascii.iter().any(|name| label.eq_ignore_ascii_case(name));
    match bytes.iter().position(|byte| is_ascii && !byte.is_ascii()) {
        Some(at) => Err(foreign(bytes, at, &label, true)),
        None => decode(bytes, encoding, &label, true),
    }
}

/// The line of the first bytes that are not UTF-8.
pub(crate) fn not_utf_8(bytes: &[u8]) -> Option<usize> {
    let error = std::str::from_utf8(bytes).err()?;
    error.error_len().map(|_| line_at(bytes, error.valid_up_to()))
}

fn decode<'a>(
    bytes: &'a [u8],
    encoding: &'static Encoding,
    name: &str,
    declared: bool,
) -> Result<Cow<'a, str>, Undecodable> {
    if encoding == UTF_8 {
        return std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| match error.error_len() {
            Some(_) => foreign(bytes, error.valid_up_to(), name, declared),
            None => Undecodable::Cut { encoding: name.to_owned() },
        });
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
    let mut text = String::with_capacity(room.unwrap_or_default());
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(Cow::Owned(text)),
        (_, read) if read == bytes.len() => Err(Undecodable::Cut { encoding: name.to_owned() }),
        (_, read) => Err(foreign(bytes, read.saturating_sub(1), name, declared)),
    }
}

fn foreign(bytes: &[u8], at: usize, encoding: &str, declared: bool) -> Undecodable {
    Undecodable::Foreign { line: line_at(bytes, at), encoding: encoding.to_owned(), declared }
}

fn line_at(bytes: &[u8], at: usize) -> usize {
    bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// `<?xml version="1.0" encoding="ISO-8859-1"?>`. A declaration that can be read byte by byte is not of UTF-16.
fn declared(bytes: &[u8]) -> Option<String> {
    const LONGEST: usize = 200;
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]);
    let declaration = head.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| "\"'".contains(*quote))?;
    value[1..].split(quote).next().map(|label| label.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(label: &str, text: &[u8]) -> Vec<u8> {
        [format!("<?xml version='1.0' encoding='{label}'?>\n<a>").as_bytes(), text, b"</a>"].concat()
    }

    #[test]
    fn xml_is_read_as_it_says() {
        for (label, bytes, text) in [
            ("ISO-8859-1", &b"l\xf6st"[..], "löst"),
            ("windows-1252", b"\x80 7", "€ 7"),
            ("windows-1251", b"\xf1\xeb", "сл"),
            ("Shift_JIS", b"\x93\xfa\x96\x7b", "日本"),
            ("utf-8", "löst".as_bytes(), "löst"),
            ("US-ASCII", b"lost", "lost"),
            // What is read byte by byte is no UTF-16, whatever it says.
            ("utf-16", "löst".as_bytes(), "löst"),
        ] {
            assert!(xml(&declared(label, bytes)).unwrap().contains(&format!("<a>{text}</a>")), "{label}");
        }
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = "\u{feff}<a>größe</a>".encode_utf16().flat_map(order).collect();
            assert_eq!(xml(&bytes).unwrap(), "<a>größe</a>");
        }
        assert_eq!(xml("\u{feff}<a>größe</a>".as_bytes()).unwrap(), "<a>größe</a>");
    }

    #[test]
    fn no_letter_is_lost() {
        for label in ["x-foo", "UTF-7", "IBM850", "cp437", ""] {
            let bytes = declared(label, b"l\x94st");
            assert_eq!(xml(&bytes), Err(Undecodable::Unknown(label.to_owned())));
        }
        for (label, bytes) in [
            ("UTF-8", &b"l\xf6st"[..]),
            ("utf-8", b"l\xc3\xb6st l\xf6st"),
            ("utf-16", b"l\xf6st"),
            ("US-ASCII", b"l\xf6st"),
            ("Shift_JIS", b"\xa0 x"),
            ("windows-1253", b"\xff"),
        ] {
            let foreign = Undecodable::Foreign { line: 2, encoding: label.to_owned(), declared: true };
            assert_eq!(xml(&declared(label, bytes)), Err(foreign));
        }
        let foreign = Undecodable::Foreign { line: 3, encoding: "UTF-8".to_owned(), declared: false };
        assert_eq!(xml(b"<a>\n\nl\xf6st</a>"), Err(foreign));
        assert_eq!(
            xml("<a>ö".as_bytes().split_last().unwrap().1),
            Err(Undecodable::Cut { encoding: "UTF-8".to_owned() })
        );
        assert_eq!((not_utf_8(b"a\n\xf6!"), not_utf_8("ö".as_bytes())), (Some(2), None));
    }
}
