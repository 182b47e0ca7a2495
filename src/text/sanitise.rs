//! The sanitiser for all text from outside: from scanners, scanned repositories, gates.toml.
//!
//! It removes what could control a terminal or a reader: control characters and terminal escapes,
//! characters that reorder or hide text, what XML 1.0 forbids, and the commands that CI services
//! obey anywhere in a log (`::set-output`, `##vso[`).

use std::borrow::Cow;
use std::io::{self, Write};

/// The text on one line: each character of white space, or that is unprintable, becomes a space.
pub fn one_line(raw: &str) -> Cow<'_, str> {
    if is_harmless(raw) {
        return Cow::Borrowed(raw);
    }
    let plain: String =
        without_colour(raw).chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    Cow::Owned(defuse(&plain).into_owned())
}

/// The text on several lines: line ends and tabs are kept. A lone carriage return ends a line, since
/// some programs read it as a line end.
pub fn lines(raw: &str) -> Cow<'_, str> {
    let plain = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t'));
    let all_plain = plain(raw);
    if all_plain && !raw.contains("::") && !raw.contains("##") {
        return Cow::Borrowed(raw);
    }
    let raw = if all_plain { Cow::Borrowed(raw) } else { Cow::Owned(raw.replace("\r\n", "\n")) };
    let mut out = String::with_capacity(raw.len());
    for (index, line) in raw.split(['\n', '\r']).enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if all_plain || plain(line) {
            out.push_str(&defuse(line));
            continue;
        }
        let safe = |c| if is_unprintable(c) && c != '\t' { ' ' } else { c };
        let line: String = without_colour(line).chars().map(safe).collect();
        out.push_str(&defuse(&line));
    }
    Cow::Owned(out)
}

/// One line of no more than `most` characters, for a table or a display: white space is folded,
/// and a longer text ends in `…`.
pub fn short(raw: &str, most: usize) -> String {
    let raw = one_line(raw);
    let mut out = String::new();
    let mut length = 0;
    for word in raw.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
            length += 1;
        }
        for c in word.chars() {
            if length + 1 >= most {
                out.push('…');
                return out;
            }
            out.push(c);
            length += 1;
        }
    }
    out
}

/// A page that is about to be printed. Its own colours are kept. Commands of CI services are removed again,
/// since a table may wrap text so that a new line begins with one.
pub fn page(page: &str) -> Cow<'_, str> {
    if !page.contains("::") && !page.contains("##") {
        return Cow::Borrowed(page);
    }
    Cow::Owned(page.split_inclusive('\n').map(defuse).collect())
}

/// The text with unprintable characters replaced byte by byte, so that byte positions in it stay valid. The
/// carriage return of a Windows line end becomes a space.
pub fn in_place(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' if rest.peek() == Some(&'\n') => out.push(' '),
            '\n' | '\t' => out.push(c),
            c if is_unprintable(c) => out.extend(std::iter::repeat_n('?', c.len_utf8())),
            c => out.push(c),
        }
    }
    out
}

/// Makes a log safe on its way to `W`, in bounded memory.
#[derive(Debug)]
pub struct Lines<W: Write> {
    out: W,
    block: Vec<u8>,
}

/// How many bytes are made safe at once, in whole lines.
const BLOCK: usize = 1 << 16;

/// The most bytes of a line. A longer line is broken.
const LONGEST_LINE: usize = 1 << 20;

impl<W: Write> Lines<W> {
    pub fn new(out: W) -> Self {
        Self { out, block: Vec::new() }
    }

    /// Writes what is left, and returns the inner writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_to(self.block.len())?;
        Ok(self.out)
    }

    fn write_to(&mut self, end: usize) -> io::Result<()> {
        self.out.write_all(lines(&String::from_utf8_lossy(&self.block[..end])).as_bytes())?;
        self.block.drain(..end);
        Ok(())
    }
}

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.block.extend_from_slice(bytes);
        if self.block.len() >= BLOCK {
            match self.block.iter().rposition(|byte| *byte == b'\n') {
                Some(end) => self.write_to(end + 1)?,
                None if self.block.len() >= LONGEST_LINE => {
                    self.block.push(b'\n');
                    self.write_to(self.block.len())?;
                }
                None => {}
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Characters that control a terminal, reorder or hide text, or are not allowed in XML 1.0.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Whether it is printable ASCII without a mark that CI services look for. Nearly every text is.
fn is_harmless(raw: &str) -> bool {
    raw.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !raw.contains("##")
        && !raw.trim_start().starts_with("::")
}

/// Removes the escapes that colour text, move the cursor or make a link. A lone escape stays and is replaced later.
pub fn without_colour(text: &str) -> Cow<'_, str> {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(char::from(ESCAPE)) {
        let length = escape(&rest.as_bytes()[at..]);
        // An escape is of ASCII, but for a text in it.
        plain.push_str(&rest[..at + usize::from(length.is_none())]);
        rest = &rest[at + length.unwrap_or(1)..];
    }
    match plain.is_empty() && rest.len() == text.len() {
        true => Cow::Borrowed(text),
        false => {
            plain.push_str(rest);
            Cow::Owned(plain)
        }
    }
}

pub(crate) const ESCAPE: u8 = 0x1b;

/// How long the escape is that a text begins with: a control sequence, a choice of characters, or a command up to its
/// end (ECMA-48, sections 5.4 and 8.3; ECMA-35, section 13). No sequence in use has `%` or `&`: they belong to an
/// encoding.
pub(crate) fn escape(text: &[u8]) -> Option<usize> {
    const LONGEST: usize = 4096;
    let rest = text.get(2..text.len().min(LONGEST))?;
    let of_sequence = |byte: &&u8| matches!(byte, b' '..=b'$' | b'\''..=b'/');
    match text[1] {
        b'[' => control_sequence(rest).map(|length| length + 2),
        // DCS, OSC, PM, APC.
        b'P' | b']' | b'^' | b'_' => {
            let end = rest.iter().position(|byte| matches!(*byte, 0x07 | ESCAPE | b'\n'))?;
            match rest[end..] {
                [0x07, ..] => Some(end + 3),
                [ESCAPE, b'\\', ..] => Some(end + 4),
                _ => None,
            }
        }
        b' '..=b'$' | b'\''..=b'/' => {
            let more = rest.iter().take_while(of_sequence).count();
            matches!(rest.get(more)?, b'0'..=b'~').then_some(more + 3)
        }
        _ => None,
    }
}

/// How long a control sequence is behind its introducer: parameters, intermediates, one final character.
pub(crate) fn control_sequence(rest: &[u8]) -> Option<usize> {
    let parameters = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'?')).count();
    let more =
        rest[parameters..].iter().take_while(|byte| matches!(byte, b' '..=b'$' | b'\''..=b'/')).count();
    let last = parameters + more;
    matches!(rest.get(last)?, b'@'..=b'~').then_some(last + 1)
}

/// The line, changed so that no CI service reads it as a command. GitHub obeys `::name` at the beginning of a
/// line. GitHub and Azure obey `##[name` and `##vso[name` anywhere, and TeamCity `##teamcity[`.
fn defuse(line: &str) -> Cow<'_, str> {
    let body = line.trim_start();
    let starts = body.starts_with("::");
    if !starts && !line.contains("##") {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len() + 8);
    out.push_str(&line[..line.len() - body.len()]);
    let mut rest = body;
    if let Some(after) = body.strip_prefix("::") {
        out.push_str(": :");
        rest = after;
    }
    while let Some(at) = rest.find("##") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let word = from[2..].trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        out.push_str(if word.starts_with('[') { "# " } else { "#" });
        rest = &from[1..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_scanner_can_not_control_the_terminal() {
        assert_eq!(short("  a\u{1b}[31mred\u{7}\n\n b\u{202e}c ", 80), "ared b c");
        assert_eq!(short("abcdefgh", 5), "abcd…");
        assert_eq!(short("", 5), "");
        assert_eq!(one_line("a\u{1b}]0;title\u{7}\u{1b}[2J\u{1b}["), "a [");
        assert_eq!(one_line("a\u{1b}]8;;https://x\u{1b}\\b\u{1b}]0;é"), "ab ]0;é");
        assert_eq!(one_line("a\u{1b}[1 3mb"), "a [1 3mb");
        assert_eq!(lines("a\r\nb\rc\td\u{9b}e"), "a\nb\nc\td e");
    }

    #[test]
    fn no_line_is_a_command_to_a_ci_service() {
        for (raw, clean) in [
            ("::set-output name=a::b", ": :set-output name=a::b"),
            ("  ::error::x", "  : :error::x"),
            ("a ##vso[task.complete]", "a # #vso[task.complete]"),
            ("##[group]", "# #[group]"),
            ("###[group]##teamcity[x]", "## #[group]# #teamcity[x]"),
            ("std::fs ## title", "std::fs ## title"),
        ] {
            assert_eq!(one_line(raw), clean);
            assert_eq!(page(raw), clean);
        }
        assert_eq!(lines("a\n::error::x\r::x"), "a\n: :error::x\n: :x");
        assert_eq!(one_line("\u{1b}[1m::error::x"), ": :error::x");
    }

    #[test]
    fn positions_in_a_text_that_is_made_safe_stay_valid() {
        let raw = "a = \"\u{202e}\u{1b}[0m\"\n";
        let safe = in_place(raw);
        assert_eq!(safe, "a = \"????[0m\"\n");
        assert_eq!(safe.len(), raw.len());
    }

    #[test]
    fn a_log_is_made_safe_in_pieces() {
        let mut clean = Lines::new(Vec::new());
        clean.write_all(&"a\n::b\n".repeat(BLOCK).into_bytes()).unwrap();
        clean.write_all(&vec![b'x'; LONGEST_LINE]).unwrap();
        clean.write_all(b"::error::y\n\x1b[31mred\x1b[0m\xff").unwrap();
        let clean = String::from_utf8(clean.finish().unwrap()).unwrap();
        let (lines, long) = clean.split_at(clean.find('x').unwrap());
        assert_eq!(lines, "a\n: :b\n".repeat(BLOCK));
        assert_eq!(long.trim_start_matches('x'), "\n: :error::y\nred\u{fffd}");
    }
}
