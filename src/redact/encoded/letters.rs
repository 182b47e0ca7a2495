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
}

const NONE: u8 = 0xff;

/// How long the rows of a broken word are at least.
const SHORTEST_ROW: usize = 16;

/// Standard and for URLs (RFC 4648).
static BASE64: Alphabet = Alphabet {
    values: values(&[
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    ]),
    bits: 6,
    ratio: (4, 3),
};

/// Its letters are letters of base64, too.
static HEX: Alphabet =
    Alphabet { values: values(&[b"0123456789abcdef", b"0123456789ABCDEF"]), bits: 4, ratio: (2, 1) };

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
    let mut at = 0;
    while let Some(word) = BASE64.next_word(text, at, expected) {
        at = word.end;
        let letters = &text[word.clone()];
        if expected.pairs.may_hold(letters) {
            BASE64.decode(letters, word.start, expected, each);
        }
        let mut at = 0;
        while let Some(hex) = HEX.next_word(letters, at, expected) {
            at = hex.end;
            HEX.decode(&letters[hex.clone()], word.start + hex.start, expected, each);
        }
    }
}

impl Alphabet {
    fn has(&self, byte: u8) -> bool {
        self.values[byte as usize] != NONE
    }

    /// The next long word from `at`. A word goes on after a line break and the blanks around it; all but the first and
    /// the last row are long.
    fn next_word(&self, text: &[u8], from: usize, expected: &Expected) -> Option<Range<usize>> {
        let shortest = (expected.row * self.ratio.0).div_ceil(self.ratio.1).min(SHORTEST_ROW);
        let mut at = from;
        // The last letter of a word of this length is looked at first.
        while let Some(next) = text.get(at..at + shortest) {
            match next.iter().rposition(|byte| !self.has(*byte)) {
                Some(other) => at += other + 1,
                None => return Some(self.start(text, from, at)..self.end(text, at)),
            }
        }
        None
    }

    /// Where the word ends that has a letter at `at`.
    fn end(&self, text: &[u8], at: usize) -> usize {
        let mut end = at;
        loop {
            end += text[end..].iter().take_while(|byte| self.has(**byte)).count();
            let gap = line_break(&text[end..]);
            match gap.filter(|gap| text.get(end + gap).is_some_and(|byte| self.has(*byte))) {
                Some(gap) => end += gap,
                None => return end,
            }
        }
    }

    /// Where it begins: the row before may be a short one.
    fn start(&self, text: &[u8], from: usize, at: usize) -> usize {
        let before = &text[from..at];
        let blank = |byte: &&u8| byte.is_ascii_whitespace();
        let gap = before.iter().rev().take_while(blank).count();
        if !before[before.len() - gap..].contains(&b'\n') {
            return at;
        }
        let row = before[..before.len() - gap].iter().rev().take_while(|byte| self.has(**byte)).count();
        if row == 0 { at } else { at - gap - row }
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

/// Whether as many expected bytes as a secret has follow each other. In a word that is not encoded, they hardly
/// ever do.
fn has_row(bytes: &[u8], expected: &Expected) -> bool {
    let mut row = 0;
    bytes.iter().any(|byte| {
        row = if expected.bytes[*byte as usize] { row + 1 } else { 0 };
        row == expected.row
    })
}

/// The length of a line break, of the blanks around it, of a backslash before it (shells), and of the sign of a
/// quotation or a comment behind it.
fn line_break(text: &[u8]) -> Option<usize> {
    let blanks = |text: &[u8]| text.iter().take_while(|byte| b" \t\r".contains(byte)).count();
    let mut end = blanks(text);
    end += usize::from(text.get(end) == Some(&b'\\'));
    end += blanks(&text[end..]);
    if text.get(end) != Some(&b'\n') {
        return None;
    }
    end += 1 + blanks(&text[end + 1..]);
    if let Some([b'>' | b'#' | b'*' | b'|', b' ']) = text.get(end..end + 2) {
        end += 2;
    }
    Some(end + blanks(&text[end..]))
}

/// Finds in one pass whether a word of base64, begun at any of its letters, has a row of expected bytes.
///
/// Two letters are two bits, four and six more of three bytes: which of them it is depends on where the text begins. So
/// there are four counters, one for each beginning, in the four bytes of a number. With each letter they turn by
/// one, so that the lowest always is the one whose group begins here.
pub(super) struct Pairs {
    /// For two letters: which of the three bytes is expected, as a mask of the counters. The fourth has no byte there.
    masks: Vec<u32>,
    /// What a counter lacks to 128 when its row is long enough.
    lacks: u32,
}

impl Pairs {
    pub(super) fn new(expected: &[bool; 256], row: usize) -> Self {
        let mask = |pair: u32| {
            let (first, second) = (pair >> 6, pair & 0x3f);
            let bytes = [first << 2 | second >> 4, first << 4 | second >> 2, first << 6 | second];
            let lane = |n: usize| if expected[(bytes[n] & 0xff) as usize] { 0xff << (8 * n) } else { 0 };
            0xff00_0000 | lane(0) | lane(1) | lane(2)
        };
        // A counter must not flow over into the next one.
        let row = row.min(64) as u32;
        Self { masks: (0..4096).map(mask).collect(), lacks: (0x80 - row) * 0x0101_0101 }
    }

    fn may_hold(&self, word: &[u8]) -> bool {
        let mut counters = 0_u32;
        let mut letters =
            word.iter().map(|byte| BASE64.values[*byte as usize]).filter(|value| *value != NONE);
        let Some(mut before) = letters.next() else { return false };
        letters.any(|letter| {
            let pair = usize::from(before) << 6 | usize::from(letter);
            before = letter;
            counters = (counters.rotate_left(8) + 0x0001_0101) & self.masks[pair];
            (counters + self.lacks) & 0x8080_8080 != 0
        })
    }
}
