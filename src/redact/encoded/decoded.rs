//! A decoded text that knows where each part of it came from.

use std::iter;
use std::ops::Range;

/// A decoded text.
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// Where a part begins here and in the encoded text, in ascending order.
    parts: Vec<(usize, usize)>,
    /// How many letters of the encoded text make how many bytes, in every part: 1 and 1, or 4 and 3 for base64.
    ratio: (usize, usize),
}

impl Decoded {
    /// The place in the encoded text of a place in this one. An encoded byte that is only partly in the place
    /// belongs to it.
    pub(super) fn outside(&self, span: Range<usize>) -> Range<usize> {
        let (letters, bytes) = self.ratio;
        self.place(span.start * letters / bytes)..self.place((span.end * letters).div_ceil(bytes))
    }

    fn place(&self, at: usize) -> usize {
        let next = self.parts.partition_point(|(here, _)| *here <= at);
        let (here, there) = next.checked_sub(1).map_or((0, 0), |last| self.parts[last]);
        let place = there + (at - here);
        self.parts.get(next).map_or(place, |(_, there)| place.min(*there))
    }

    /// A text that was made of the letters of a word from the letter `first` on, `ratio.0` letters for each
    /// `ratio.1` bytes. The word begins at `start`; `joined` has its letters alone.
    pub(super) fn of_word(
        joined: Option<&Self>,
        start: usize,
        first: usize,
        bytes: Vec<u8>,
        ratio: (usize, usize),
    ) -> Self {
        let place = start + joined.map_or(first, |joined| joined.place(first));
        let later =
            joined.map_or(&[][..], |joined| &joined.parts).iter().filter(|(letter, _)| *letter > first);
        let parts = later.map(|(letter, there)| (letter - first, start + there));
        Self { bytes, parts: iter::once((0, place)).chain(parts).collect(), ratio }
    }
}

/// Copies a text and replaces parts of it.
pub(super) struct Copy<'t> {
    text: &'t [u8],
    copied: usize,
    decoded: Decoded,
}

impl<'t> Copy<'t> {
    pub(super) fn of(text: &'t [u8]) -> Self {
        Self { text, copied: 0, decoded: Decoded { bytes: Vec::new(), parts: Vec::new(), ratio: (1, 1) } }
    }

    /// How much of the text is copied or replaced.
    pub(super) fn copied(&self) -> usize {
        self.copied
    }

    /// Copies up to this place, and puts `bytes` in the place of what is there.
    pub(super) fn replace(&mut self, place: Range<usize>, bytes: &[u8]) {
        let Decoded { bytes: out, parts, .. } = &mut self.decoded;
        if out.capacity() == 0 {
            out.reserve(self.text.len());
            parts.push((0, 0));
        }
        out.extend_from_slice(&self.text[self.copied..place.start]);
        if !bytes.is_empty() {
            part(parts, (out.len(), place.start));
            out.extend_from_slice(bytes);
        }
        part(parts, (out.len(), place.end));
        self.copied = place.end;
    }

    /// The whole copy; `None` if nothing was replaced.
    pub(super) fn finish(mut self) -> Option<Decoded> {
        if self.copied == 0 {
            return None;
        }
        self.decoded.bytes.extend_from_slice(&self.text[self.copied..]);
        Some(self.decoded)
    }
}

fn part(parts: &mut Vec<(usize, usize)>, new: (usize, usize)) {
    match parts.last_mut() {
        Some(last) if last.0 == new.0 => *last = new,
        _ => parts.push(new),
    }
}
