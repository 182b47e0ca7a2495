//! The encodings of whole texts, base64 and hexadecimal: a long word of their letters may be such a text, or
//! contain one.

use std::ops::Range;

use super::Expected;
use super::decoded::{Copy, Decoded};

/// An encoding whose letters stand for a number of bits each.
struct Alphabet {
    /// The value of a letter; [`NONE`] for all other bytes.
    values: [u8; 256],
    bits: usize,
    /// Letters of one group, and bytes that a group makes.
    ratio: (usize, usize),
    /// The shortest word that is decoded.
    shortest: usize,
}

const NONE: u8 = 0xff;

/// Standard and for URLs (RFC 4648).
static BASE64: Alphabet = Alphabet {
    values: values(&[
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    ]),
    bits: 6,
    ratio: (4, 3),
    shortest: 8,
};

static HEX: Alphabet = Alphabet {
    values: values(&[b"0123456789abcdef", b"0123456789ABCDEF"]),
    bits: 4,
    ratio: (2, 1),
    shortest: 12,
};

const fn values(alphabets: &[&[u8]]) -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut n = 0;
    while n < alphabets.len() {
        let mut at = 0;
        while at < alphabets[n].len() {
            values[alphabets[n][at] as usize] = at as u8;
            at += 1;
        }
        n += 1;
    }
    values
}

/// Calls `each` for every text that may be encoded in a word of `text`.
pub(super) fn each_word(text: &[u8], expected: &Expected, each: &mut dyn FnMut(Decoded)) {
    for alphabet in [&BASE64, &HEX] {
        let mut at = 0;
        while let Some(word) = alphabet.next_word(text, at) {
            at = word.end;
            alphabet.decode(&text[word.clone()], word.start, expected, each);
        }
    }
}

impl Alphabet {
    fn has(&self, byte: u8) -> bool {
        self.values[byte as usize] != NONE
    }

    /// The next long word from `at`. A word goes on after a line break and the blanks around it.
    fn next_word(&self, text: &[u8], mut at: usize) -> Option<Range<usize>> {
        loop {
            let start = at + text[at..].iter().position(|byte| self.has(*byte))?;
            let (mut end, mut letters) = (start, 0);
            loop {
                let row = text[end..].iter().take_while(|byte| self.has(**byte)).count();
                letters += row;
                end += row;
                match line_break(&text[end..])
                    .filter(|n| text.get(end + n).is_some_and(|byte| self.has(*byte)))
                {
                    Some(n) => end += n,
                    None => break,
                }
            }
            if letters >= self.shortest {
                return Some(start..end);
            }
            at = end;
        }
    }

    /// Decodes a word from each letter of a group, as other letters may stand before an encoded text.
    fn decode(&self, word: &[u8], start: usize, expected: &Expected, each: &mut dyn FnMut(Decoded)) {
        let joined = self.joined(word);
        let letters = joined.as_ref().map_or(word, |joined| &joined.bytes);
        for first in 0..self.ratio.0 {
            let bytes = self.bytes(letters.get(first..).unwrap_or_default());
            if has_row(&bytes, expected) {
                each(Decoded::of_word(joined.as_ref(), start, first, bytes, self.ratio));
            }
        }
    }

    /// The letters alone; `None` if there is nothing between them.
    fn joined(&self, word: &[u8]) -> Option<Decoded> {
        let mut copy = Copy::of(word);
        let mut at = 0;
        while let Some(gap) = word[at..].iter().position(|byte| !self.has(*byte)).map(|n| at + n) {
            at = gap + word[gap..].iter().take_while(|byte| !self.has(**byte)).count();
            copy.replace(gap..at, b"");
        }
        copy.finish()
    }

    fn bytes(&self, letters: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(letters.len() * self.ratio.1 / self.ratio.0 + 1);
        let (mut bits, mut waiting) = (0_u32, 0);
        for letter in letters {
            bits = bits << self.bits | u32::from(self.values[*letter as usize]);
            waiting += self.bits;
            if waiting >= 8 {
                waiting -= 8;
                bytes.push((bits >> waiting) as u8);
            }
        }
        bytes
    }
}

/// Whether as many expected bytes as a secret has follow each other. In a word that is not encoded, they hardly ever do.
fn has_row(bytes: &[u8], expected: &Expected) -> bool {
    let mut row = 0;
    bytes.iter().any(|byte| {
        row = if expected.bytes[*byte as usize] { row + 1 } else { 0 };
        row == expected.row
    })
}

/// The length of a line break and of the blanks around it.
fn line_break(text: &[u8]) -> Option<usize> {
    let blanks = |text: &[u8]| text.iter().take_while(|byte| b" \t\r".contains(byte)).count();
    let before = blanks(text);
    (text.get(before) == Some(&b'\n')).then(|| before + 1 + blanks(&text[before + 1..]))
}
