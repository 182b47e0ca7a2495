//! The text of a file in another encoding than UTF-8.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// The text of XML: by its byte order mark, or by what its declaration says (XML 1.0, appendix F). Bytes that
/// are not of the encoding are replaced: the tags of a report are ASCII.
pub(crate) fn xml(bytes: &[u8]) -> Cow<'_, str> {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None => declared(bytes).unwrap_or(UTF_8),
    };
    encoding.decode_with_bom_removal(bytes).0
}

/// `<?xml version="1.0" encoding="ISO-8859-1"?>`. A declaration that can be read byte by byte is not of UTF-16.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    const LONGEST: usize = 200;
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]);
    let declaration = head.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| "\"'".contains(*quote))?;
    let label = value[1..].split(quote).next()?;
    Encoding::for_label(label.as_bytes()).map(Encoding::output_encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_is_read_as_it_says() {
        let declared = |label: &str, text: &[u8]| {
            [format!("<?xml version='1.0' encoding='{label}'?><a>").as_bytes(), text, b"</a>"].concat()
        };
        for (bytes, text) in [
            (declared("ISO-8859-1", b"l\xf6st"), "löst"),
            (declared("windows-1252", b"\x80 7"), "€ 7"),
            (declared("windows-1251", b"\xf1\xeb"), "сл"),
            (declared("utf-8", "löst".as_bytes()), "löst"),
            (declared("none such", "löst".as_bytes()), "löst"),
            // What is read byte by byte is no UTF-16, whatever it says.
            (declared("utf-16", "löst".as_bytes()), "löst"),
            (declared("utf-8", b"l\xf6st"), "l\u{fffd}st"),
        ] {
            assert!(xml(&bytes).contains(&format!("<a>{text}</a>")), "{}", xml(&bytes));
        }
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = "\u{feff}<a>größe</a>".encode_utf16().flat_map(order).collect();
            assert_eq!(xml(&bytes), "<a>größe</a>");
        }
    }
}
