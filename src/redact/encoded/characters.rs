//! The encodings of single characters. Each may be used for any of the characters of a text.

use memchr::{memchr, memchr_iter, memchr2};

use crate::text::sanitise::{self, ESCAPE};

use super::decoded::{Copy, Decoded};

/// Undoes one encoding; `None` if a text does not have it.
pub(super) type Decode = fn(&[u8]) -> Option<Decoded>;

/// The table of encodings, as two groups: the first is undone until nothing of it is left, then the second once,
/// and so on. Where one encoding lies on another, the order matters.
pub(super) type Order = [&'static [Decode]; 2];

/// `\%6e` is `\n`, and that is a line break.
pub(super) const BACKSLASH_LAST: Order = [&[hidden, percent, entity, utf16_le], &[backslash]];

/// `\%6e` is `%6e`, and that is `n`.
pub(super) const BACKSLASH_FIRST: Order = [&[backslash, hidden, utf16_le], &[percent, entity]];

/// The same for UTF-16 whose first byte follows another text.
pub(super) const BIG_ENDIAN: [Order; 2] = [
    [&[hidden, percent, entity, utf16_be], &[backslash]],
    [&[backslash, hidden, utf16_be], &[percent, entity]],
];

/// Whether a backslash may be in the way of another encoding: before its mark, or inside it.
pub(super) fn may_be_quoted(text: &[u8]) -> bool {
    let before_mark = |at: usize| matches!(text.get(at + 1), Some(b'%' | b'&' | b'\\'));
    let mut backslashes = memchr_iter(b'\\', text).peekable();
    backslashes.peek().is_some() && (memchr2(0, ESCAPE, text).is_some() || backslashes.any(before_mark))
}

/// `+` for a space in HTML forms; `None` if nothing is percent-encoded.
pub(super) fn form(text: &[u8]) -> Option<Decoded> {
    memchr(b'+', text).and_then(|_| percent(text))?;
    each_mark(text, b'+', |_| Some((1, char_bytes(b' '))))
}

/// `%2F` (RFC 3986).
fn percent(text: &[u8]) -> Option<Decoded> {
    each_mark(text, b'%', |after| Some((3, char_bytes(hex(after.get(..2)?)? as u8))))
}

/// What stands for an encoded character: how many bytes it takes, and what it is.
type Found = Option<(usize, Bytes)>;

/// Up to four bytes.
type Bytes = ([u8; 4], usize);

fn char_bytes(byte: u8) -> Bytes {
    ([byte, 0, 0, 0], 1)
}

fn utf8(c: char) -> Bytes {
    let mut bytes = [0; 4];
    let length = c.encode_utf8(&mut bytes).len();
    (bytes, length)
}

/// Replaces what begins with `mark`. `decode` gets the text behind the mark.
fn each_mark(text: &[u8], mark: u8, decode: fn(&[u8]) -> Found) -> Option<Decoded> {
    let mut copy = Copy::of(text);
    for at in memchr_iter(mark, text) {
        if at >= copy.copied()
            && let Some((length, (bytes, n))) = decode(&text[at + 1..])
        {
            copy.replace(at..at + length, &bytes[..n]);
        }
    }
    copy.finish()
}

/// `\u002b`, `\u{2b}`, `\U0000002b`, `\x2b`, `\053`, `\n`, and a backslash before a sign: JSON, C, JavaScript, shells.
fn backslash(text: &[u8]) -> Option<Decoded> {
    each_mark(text, b'\\', |after| {
        let plain = |c: u8| Some((2, char_bytes(c)));
        match *after.first()? {
            b'u' if after.get(1) == Some(&b'{') => {
                let end = after.iter().take(9).position(|byte| *byte == b'}')?;
                Some((end + 2, utf8(char::from_u32(hex(after.get(2..end)?)?)?)))
            }
            b'u' => unit(after),
            b'U' => Some((10, utf8(char::from_u32(hex(after.get(1..9)?)?)?))),
            b'x' => Some((4, char_bytes(hex(after.get(1..3)?)? as u8))),
            b'0'..=b'3' => {
                let mut digits = after.get(..3)?.iter().map(|digit| digit.wrapping_sub(b'0'));
                let value =
                    digits.try_fold(0, |value, digit| (digit < 8).then_some(value * 8 + u32::from(digit)))?;
                Some((4, char_bytes(value as u8)))
            }
            b'n' => plain(b'\n'),
            b'r' => plain(b'\r'),
            b't' => plain(b'\t'),
            sign if sign.is_ascii_punctuation() || sign == b' ' => plain(sign),
            _ => None,
        }
    })
}

/// `u002b`, or the two of a character beyond U+FFFF.
fn unit(after: &[u8]) -> Found {
    let first = hex(after.get(1..5)?)?;
    if let Some(c) = char::from_u32(first) {
        return Some((6, utf8(c)));
    }
    let second =
        after.get(5..11).filter(|second| second.starts_with(b"\\u")).and_then(|second| hex(&second[2..]))?;
    let pair = [first as u16, second as u16];
    Some((12, utf8(char::decode_utf16(pair).next()?.ok()?)))
}

/// `&amp;`, `&#38;`, `&#x26;` (XML 1.0), and numbers without the semicolon (HTML).
fn entity(text: &[u8]) -> Option<Decoded> {
    each_mark(text, b'&', |after| {
        if after.first() == Some(&b'#') {
            return numeric(&after[1..]).map(|(length, c)| (length + 2, utf8(c)));
        }
        const NAMED: [(&[u8], char); 5] =
            [(b"amp;", '&'), (b"lt;", '<'), (b"gt;", '>'), (b"quot;", '"'), (b"apos;", '\'')];
        let (name, c) = NAMED.iter().find(|(name, _)| after.starts_with(name))?;
        Some((name.len() + 1, utf8(*c)))
    })
}

/// A number behind `&#`, and how long it is.
fn numeric(after: &[u8]) -> Option<(usize, char)> {
    const LONGEST: usize = 8;
    let is_hex = matches!(after.first(), Some(b'x' | b'X'));
    let digits = &after[usize::from(is_hex)..];
    let is_digit = |byte: &&u8| if is_hex { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() };
    let count = digits.iter().take(LONGEST).take_while(is_digit).count();
    let value = match is_hex {
        true => hex(&digits[..count])?,
        false => std::str::from_utf8(&digits[..count]).ok()?.parse().ok()?,
    };
    let end = usize::from(is_hex) + count;
    Some((end + usize::from(after.get(end) == Some(&b';')), char::from_u32(value)?))
}

fn utf16_le(text: &[u8]) -> Option<Decoded> {
    utf16(text, [(1, u16::from_le_bytes), (0, u16::from_be_bytes)])
}

fn utf16_be(text: &[u8]) -> Option<Decoded> {
    utf16(text, [(0, u16::from_be_bytes), (1, u16::from_le_bytes)])
}

/// The place of the NUL in a unit of ASCII, and what makes a unit of two bytes.
type ByteOrder = (usize, fn([u8; 2]) -> u16);

/// UTF-16, also of a part of the text.
fn utf16(text: &[u8], orders: [ByteOrder; 2]) -> Option<Decoded> {
    let mut copy = Copy::of(text);
    let mut at = 0;
    while let Some(nul) = memchr(0, &text[at..]).map(|n| at + n) {
        let found = orders.iter().find_map(|(before, order)| {
            let start = nul.checked_sub(*before).filter(|start| *start >= copy.copied())?;
            Some((start, units(&text[start..], *order)?))
        });
        at = nul + 1;
        if let Some((start, units)) = found {
            for (n, c) in units.chars().enumerate() {
                copy.replace(start + 2 * n..start + 2 * n + 2, c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            at = copy.copied();
        }
    }
    copy.finish()
}

/// The characters at the beginning of UTF-16, if there are more than a few. They are those of alphabets, and
/// those that are hidden: other pairs of bytes are too often no text.
fn units(text: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    const FEWEST: usize = 4;
    let units = text.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let of_text = |c: &char| {
        matches!(c, '\u{1}'..='\u{7f}' | '\u{a0}'..='\u{7ff}') || (*c > '\u{7ff}' && is_hidden(*c))
    };
    let found: String = units.map_while(|unit| char::from_u32(unit.into())).take_while(of_text).collect();
    (found.chars().nth(FEWEST - 1).is_some()).then_some(found)
}

/// What is not seen: escapes of a terminal, characters without width.
fn hidden(text: &[u8]) -> Option<Decoded> {
    let mut copy = Copy::of(text);
    let mut at = 0;
    let is_ascii = text.is_ascii();
    let next = |rest: &[u8]| match is_ascii {
        true => memchr(ESCAPE, rest),
        false => rest.iter().position(|byte| MAY_BE_HIDDEN[*byte as usize]),
    };
    while let Some(next) = next(&text[at..]).map(|n| at + n) {
        let rest = &text[next..];
        let length = match rest {
            [ESCAPE, ..] => sanitise::escape(rest).unwrap_or(0),
            // The introducer of a control sequence as one character, U+009B.
            [0xc2, 0x9b, rest @ ..] => 2 + sanitise::control_sequence(rest).unwrap_or(0),
            _ => rest[..rest.len().min(4)]
                .utf8_chunks()
                .next()
                .and_then(|chunk| chunk.valid().chars().next())
                .filter(|c| is_hidden(*c))
                .map_or(0, char::len_utf8),
        };
        if length > 0 {
            copy.replace(next..next + length, b"");
        }
        at = next + length.max(1);
    }
    copy.finish()
}

/// Control characters. They may be part of another encoding, so this is undone last.
pub(super) fn controls(text: &[u8]) -> Option<Decoded> {
    const AT_ONCE: usize = 64;
    let is_control = |byte: &u8| matches!(byte, 0..=8 | 0x0b | 0x0c | 0x0e..=0x1f | 0x7f);
    let mut copy = Copy::of(text);
    for (n, some) in text.chunks(AT_ONCE).enumerate() {
        // Without a branch for each byte it is much faster, and nearly no text has any.
        if some.iter().fold(false, |any, byte| any | is_control(byte)) {
            for at in
                some.iter().enumerate().filter(|(_, byte)| is_control(byte)).map(|(at, _)| n * AT_ONCE + at)
            {
                copy.replace(at..at + 1, b"");
            }
        }
    }
    copy.finish()
}

/// The bytes of characters that may be in an encoded secret: what is printed in ASCII, white space, and the
/// bytes of [`utf16`] and [`hidden`].
pub(super) fn expected() -> [bool; 256] {
    std::array::from_fn(|byte| {
        matches!(byte, 0 | 0x09 | 0x0a | 0x0d | 0x1b | 0x20..=0x7e | 0x80 | 0x81 | 0x8b..=0x8f | 0xa0..=0xaf | 0xbb | 0xbf
            | 0xc2 | 0xe2 | 0xef)
    })
}

/// The first bytes of what [`hidden`] finds, in UTF-8.
const MAY_BE_HIDDEN: [bool; 256] = {
    let mut table = [false; 256];
    let firsts = [ESCAPE, 0xc2, 0xcd, 0xd8, 0xe1, 0xe2, 0xe3, 0xef, 0xf0, 0xf3];
    let mut n = 0;
    while n < firsts.len() {
        table[firsts[n] as usize] = true;
        n += 1;
    }
    table
};

/// Characters that have no width, or that must not be printed; white space and control characters of ASCII are
/// neither (Unicode 17, `Default_Ignorable_Code_Point`).
fn is_hidden(c: char) -> bool {
    let ignorable = matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    ignorable || (sanitise::is_unprintable(c) && !c.is_ascii())
}

/// The value of one to eight hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u32> {
    let all = (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    all.then(|| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()).flatten()
}
