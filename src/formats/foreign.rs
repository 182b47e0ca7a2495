//! What a document is that should be JSON or XML, in words that say what to do. It quotes nothing: a report of another
//! form may hold secrets.

mod own;
mod roots;

pub(super) use own::named;
use own::own_report;
pub(super) use roots::xml_form;

use super::looks_like;

/// More lines than these come before no report.
const MOST: usize = 10_000;

/// How much is looked at to see an encoding.
const HEAD: usize = 16;

/// Bytes at the beginning of what is no text, and what to do about it.
const PACKED: [(&[u8], &str); 8] = [
    (&[0x1f, 0x8b], "it is compressed (gzip): unpack it"),
    (b"PK\x03\x04", "it is an archive (zip): unpack it"),
    (b"BZh", "it is compressed (bzip2): unpack it"),
    (b"\xfd7zXZ\0", "it is compressed (xz): unpack it"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "it is compressed (zstd): unpack it"),
    // Its mark begins with that of UTF-16.
    (b"\xff\xfe\0\0", "it is UTF-32: write it as UTF-8"),
    (b"\0\0\xfe\xff", "it is UTF-32: write it as UTF-8"),
    // The first field of a CycloneDX document is the version, a text of three letters (`bom-1.6.proto`).
    (b"\x0a\x031.", "it is CycloneDX as protocol buffers: let the tool write JSON"),
];

/// What it is if it is no text.
pub(super) fn packed(bytes: &[u8]) -> Option<&'static str> {
    PACKED.iter().find(|(begin, _)| bytes.starts_with(begin)).map(|(_, words)| *words)
}

/// What it is instead of JSON, the line that shows it, and what to write. `None`: it looks like JSON.
pub(super) fn instead_of_json(bytes: &[u8]) -> Option<String> {
    if let Some(packed) = packed(bytes) {
        return Some(packed.to_owned());
    }
    if bytes.contains(&0) {
        return Some(ZEROS.to_owned());
    }
    let mut lines = lines(bytes);
    let (number, first) = lines.next()?;
    if begins_json(first) {
        return broken(bytes);
    }
    if first.starts_with(b"<") {
        return Some(xml(number, bytes));
    }
    if let Some((number, form)) = text_form(bytes) {
        return Some(format!("line {number} begins {form}: let the tool write JSON"));
    }
    Some(match lines.find(|(_, line)| begins_json(line)) {
        Some((begin, _)) => format!("line {number} is text, and JSON may begin in line {begin}: {APART}"),
        None => format!("line {number} is text: let the tool write JSON"),
    })
}

const APART: &str = "let the tool write its report to a file, or its log to standard error";

const ZEROS: &str = "it has bytes 0, as UTF-16 and UTF-32 have without a byte order mark: write it as UTF-8";

/// What it is instead of XML. `None`: it begins as XML does.
pub(super) fn instead_of_xml(bytes: &[u8]) -> Option<String> {
    if bytes.get(..HEAD).unwrap_or(bytes).contains(&0) {
        return Some(ZEROS.to_owned());
    }
    let mut lines = lines(bytes);
    let (number, first) = lines.next().filter(|(_, first)| !first.starts_with(b"<"))?;
    if begins_json(first) {
        let named = own_report(bytes, "").or_else(|| {
            let format = looks_like(bytes)?;
            Some(format!("it looks like {format}: name that format"))
        });
        let named = named.unwrap_or_else(|| "let the tool write XML".to_owned());
        return Some(format!("line {number} begins JSON: {named}"));
    }
    if let Some((number, form)) = text_form(bytes) {
        return Some(format!("line {number} begins {form}: let the tool write XML"));
    }
    Some(match lines.find(|(_, line)| line.starts_with(b"<")) {
        Some((begin, _)) => format!("line {number} is text, and XML may begin in line {begin}: {APART}"),
        None => format!("line {number} is text: let the tool write XML"),
    })
}

/// For JSON with something after it: a log whose lines are JSON comes before the report, or after it.
pub(super) fn further_value(error: &serde_json::Error, bytes: &[u8]) -> Option<String> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<serde::de::IgnoredAny>();
    values.next()?.ok()?;
    let begins = begins_json(bytes.get(values.byte_offset()..)?.trim_ascii_start());
    begins.then(|| format!("line {} begins another JSON value: {APART}", error.line()))
}

/// The lines with something in them, and their numbers.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    (1..).zip(lines).filter(|(_, line)| !line.is_empty()).take(MOST)
}

/// Whether a line begins an object or a list. `[INFO] scanning` and `[12:30:01]` begin none.
fn begins_json(line: &[u8]) -> bool {
    let (Some(first), rest) = (line.first(), line.get(1..).unwrap_or_default().trim_ascii_start()) else {
        return false;
    };
    match (first, rest.first()) {
        (b'{', next) => next.is_none_or(|next| b"\"}".contains(next)),
        (b'[', None | Some(b'{' | b'[' | b']' | b'"')) => true,
        // A number, `null` or `true` with what follows it in a list.
        (b'[', Some(_)) => {
            let end = rest.iter().position(|byte| b",] ".contains(byte)).unwrap_or(rest.len());
            let is_whole = rest[end..].trim_ascii_start().first().is_none_or(|next| *next == b',')
                || rest[end..].trim_ascii() == b"]";
            is_whole && serde_json::from_slice::<serde::de::IgnoredAny>(&rest[..end]).is_ok()
        }
        _ => false,
    }
}

/// A form of text, and the line in which it begins. TAP may come after a log, and after a title that is YAML elsewhere: `---`.
fn text_form(bytes: &[u8]) -> Option<(u64, &'static str)> {
    let (number, first) = lines(bytes).next()?;
    if first.starts_with(b"SPDXVersion:") {
        return Some((number, "SPDX tag-value"));
    }
    let not_yet = |(_, line): &(u64, &[u8])| !line.starts_with(b"<") && !begins_json(line);
    let tap =
        lines(bytes).take_while(not_yet).find(|(_, line)| is_tap(line)).map(|(number, _)| (number, "TAP"));
    let is_yaml = first == b"---" || first.starts_with(b"%YAML");
    tap.or(is_yaml.then_some((number, "YAML")))
}

fn is_tap(line: &[u8]) -> bool {
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    line.starts_with(b"TAP version ")
        || line.strip_prefix(b"1..").is_some_and(is_number)
        || [&b"ok "[..], b"not ok "].iter().any(|begin| {
            line.strip_prefix(*begin).and_then(|rest| rest.first()).is_some_and(u8::is_ascii_digit)
        })
}

/// JSON with a byte that is no UTF-8.
fn broken(bytes: &[u8]) -> Option<String> {
    let valid = std::str::from_utf8(bytes).err()?.valid_up_to();
    let line = bytes[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
    Some(format!("line {line} is not UTF-8: write it as UTF-8"))
}

fn xml(line: u64, bytes: &[u8]) -> String {
    let head = bytes[..bytes.len().min(1024)].to_ascii_lowercase();
    let has = |word: &[u8]| memchr::memmem::find(&head, word).is_some();
    match looks_like(bytes) {
        Some(format) => format!("line {line} begins XML, and it looks like {format}: name that format"),
        None if has(b"<html") || has(b"<!doctype html") => {
            format!("line {line} begins a web page, as a server sends it instead of a file")
        }
        None => format!("line {line} begins XML: let the tool write JSON"),
    }
}

#[cfg(test)]
mod tests;
