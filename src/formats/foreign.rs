//! What a document is that should be JSON, in words that say what to do. It quotes nothing: a report of another form
//! may hold secrets.

use super::looks_like;

/// More lines than these come before no report.
const MOST: usize = 10_000;

/// What it is instead, the line that shows it, and what to write. `None`: it looks like JSON.
pub(super) fn instead_of_json(bytes: &[u8]) -> Option<String> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Some("it is compressed: unpack it".to_owned());
    }
    if bytes.contains(&0) {
        return Some("it has bytes 0, as UTF-16 has without a byte order mark: write it as UTF-8".to_owned());
    }
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = (1..).zip(lines).filter(|(_, line)| !line.is_empty()).take(MOST);
    let (number, first) = lines.next()?;
    if matches!(first, [b'{' | b'[', ..]) {
        return broken(bytes);
    }
    if first.starts_with(b"<") {
        return Some(xml(number, bytes));
    }
    if first == b"---" || first.starts_with(b"%YAML") {
        return Some(format!("line {number} begins YAML: let the tool write JSON"));
    }
    if first.starts_with(b"SPDXVersion:") {
        return Some(format!("line {number} begins SPDX tag-value: let the tool write JSON"));
    }
    let json = lines.find(|(_, line)| matches!(line, [b'{' | b'[', ..]));
    Some(match json {
        Some((begin, _)) => format!(
            "line {number} is text, and JSON may begin in line {begin}: let the tool write its report to a file, or its log to standard error"
        ),
        None => format!("line {number} is text: let the tool write JSON"),
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
