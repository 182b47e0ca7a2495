//! Finds secrets in encoded text.
//!
//! A text is decoded until nothing is left to decode, and searched before and after. So the number of encodings
//! on top of each other does not matter, and neither does which characters of a secret are encoded.

mod characters;
mod decoded;
mod letters;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memchr;

use characters::{Decode, Order};
use decoded::Decoded;
use letters::Pairs;

/// How many encodings of whole texts (base64, hexadecimal) may lie on top of each other. Encodings of characters
/// in between do not count.
const DEEPEST: usize = 8;

/// How much is decoded of a text, as a multiple of its length: words of other letters may look encoded in several
/// ways, and each of these again.
const MOST_DECODED: usize = 32;

/// The same for a short text, in bytes.
const SHORT: usize = 4096;

/// The shortest value that is searched for, in bytes.
const SHORTEST_SECRET: usize = 6;

/// How often the characters of one text are decoded.
const ROUNDS: usize = 4;

/// Finds secrets in a text, in any encoding. It never prints itself.
pub(super) struct Search {
    /// Finds out quickly whether there is a secret at all.
    any: AhoCorasick,
    /// Finds them all.
    secrets: AhoCorasick,
    expected: Expected,
}

/// What a decoded word must have to be searched.
struct Expected {
    /// Whether a byte may be part of a secret or of its encoding.
    bytes: [bool; 256],
    /// The length of the shortest secret in bytes.
    row: usize,
    pairs: Pairs,
}

impl Search {
    /// `None` if there are no secrets.
    pub(super) fn new(secrets: impl IntoIterator<Item = Vec<u8>>) -> Option<Self> {
        let all = secrets.into_iter().flat_map(|secret| [plain(&secret), secret]);
        // What is left of a value of escapes and control characters may be in every text.
        let secrets: BTreeSet<Vec<u8>> = all.filter(|secret| secret.len() >= SHORTEST_SECRET).collect();
        let row = secrets.iter().map(Vec::len).min()?;
        let mut bytes = characters::expected();
        secrets.iter().flatten().for_each(|byte| bytes[*byte as usize] = true);
        // Building fails only if the secrets together exceed 2 GiB.
        let any = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(&secrets).ok()?;
        let pairs = Pairs::new(&bytes, row);
        Some(Self { any, secrets: AhoCorasick::new(secrets).ok()?, expected: Expected { bytes, row, pairs } })
    }

    /// How many bytes of a text are searched together, at least: the longest secret with encodings on top of each
    /// other.
    pub(super) fn reach(&self) -> usize {
        const LONGEST_CHARACTER: usize = 16;
        const SHORTEST: usize = 4096;
        (self.secrets.max_pattern_len() * LONGEST_CHARACTER).max(SHORTEST)
    }

    /// Whether there is a secret in a text.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        let mut any = false;
        self.all(text, &mut |_| any = true);
        any
    }

    /// Calls `found` for each place of a secret that is not encoded.
    pub(super) fn as_it_is(&self, text: &[u8], found: &mut dyn FnMut(Range<usize>)) {
        if self.any.is_match(text) {
            self.secrets.find_overlapping_iter(text).for_each(|secret| found(secret.range()));
        }
    }

    /// Calls `found` for each place of a secret. Places may overlap.
    pub(super) fn all(&self, text: &[u8], found: &mut dyn FnMut(Range<usize>)) {
        let room = Cell::new(text.len().max(SHORT) * MOST_DECODED);
        self.below(text, (DEEPEST, &room), found);
    }

    fn below(&self, text: &[u8], deepest: Depth<'_>, found: &mut dyn FnMut(Range<usize>)) {
        self.as_it_is(text, found);
        let layers = layers(text, characters::BACKSLASH_LAST, None);
        self.innermost(text, &layers, deepest, found);
        if layers.is_empty() {
            return;
        }
        // Other ways to read it.
        let any = |mark: fn(&[u8]) -> bool| mark(text) || layers.iter().any(|layer| mark(&layer.bytes));
        let quoted = any(characters::may_be_quoted);
        let units = any(|text| memchr(0, text).is_some());
        let [last, first] = characters::BIG_ENDIAN;
        let others = [(quoted, characters::BACKSLASH_FIRST), (units, last), (units && quoted, first)];
        for (_, order) in others.into_iter().filter(|(makes_sense, _)| *makes_sense) {
            self.innermost(text, &self::layers(text, order, None), deepest, found);
        }
        if let form @ Some(_) = characters::form(text) {
            self.innermost(text, &self::layers(text, characters::BACKSLASH_LAST, form), deepest, found);
        }
    }

    /// Searches a decoded text, and the words in it that are encoded texts.
    fn innermost(
        &self,
        text: &[u8],
        layers: &[Decoded],
        deepest: Depth<'_>,
        found: &mut dyn FnMut(Range<usize>),
    ) {
        let innermost = layers.last().map_or(text, |layer| &*layer.bytes);
        let mut outside = |span| found(layers.iter().rev().fold(span, |span, layer| layer.outside(span)));
        if !layers.is_empty() {
            self.as_it_is(innermost, &mut outside);
        }
        let (deepest, room) = deepest;
        if deepest > 0 {
            letters::each_word(innermost, &self.expected, &mut |word: Decoded| {
                if let Some(left) = room.get().checked_sub(word.bytes.len()) {
                    room.set(left);
                    self.below(&word.bytes, (deepest - 1, room), &mut |span| outside(word.outside(span)));
                }
            });
        }
    }
}

/// How many more encodings there may be, and how many more bytes are decoded.
type Depth<'r> = (usize, &'r Cell<usize>);

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Search(…)")
    }
}

/// A text without any encoding of single characters.
fn plain(text: &[u8]) -> Vec<u8> {
    layers(text, characters::BACKSLASH_LAST, None).pop().map_or_else(|| text.to_vec(), |layer| layer.bytes)
}

/// A text, decoded again and again, after the first layer if there is one. The last layer has no encoded
/// characters.
fn layers(text: &[u8], [often, once]: Order, first: Option<Decoded>) -> Vec<Decoded> {
    let mut layers: Vec<Decoded> = first.into_iter().collect();
    let mut undo = |encodings: &[Decode]| {
        let before = layers.len();
        for decode in encodings {
            layers.extend(decode(layers.last().map_or(text, |layer| &layer.bytes)));
        }
        layers.len() > before
    };
    for _ in 0..ROUNDS {
        let any = (0..ROUNDS).take_while(|_| undo(often)).count() > 0;
        if !undo(once) && !any {
            break;
        }
    }
    undo(&[characters::controls]);
    layers
}
