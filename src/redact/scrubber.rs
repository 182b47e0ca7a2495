//! Masks known secrets in text, and in files of any size.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::ops::Range;

use crate::text::sanitise;

use super::encoded::Search;
use super::{MASK, Secret};

/// Finds and masks secrets in every encoding.
#[derive(Debug, Default)]
pub struct Scrubber(Option<Search>);

/// How a text is searched.
#[derive(Clone, Copy)]
enum Depth {
    EveryEncoding,
    /// For a text that was searched in every encoding before it was made safe to show.
    AsItIs,
}

impl Scrubber {
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        Self(Search::new(secrets.into_iter().flat_map(Secret::parts)))
    }

    /// One line of a record: sanitised, with secrets masked.
    pub fn one_line<'t>(&self, raw: &'t str) -> Cow<'t, str> {
        self.clean(raw, sanitise::one_line)
    }

    /// The same, with line ends kept.
    pub fn lines<'t>(&self, raw: &'t str) -> Cow<'t, str> {
        self.clean(raw, sanitise::lines)
    }

    /// A page with colours of our own: secrets masked, the rest as it is. The end of a colour is a part of what is
    /// masked, so it ends behind the mask.
    pub fn page<'t>(&self, page: &'t str) -> Cow<'t, str> {
        let ends = |struck: &[u8]| if struck.contains(&b'\x1b') { "\x1b[0m" } else { "" };
        self.strike_and(Cow::Borrowed(page), Depth::EveryEncoding, ends)
    }

    /// A file to be shown with places in it: its line ends stay, and the places move with the text around them.
    pub fn in_place(&self, text: &str, places: &mut [Range<usize>]) -> String {
        let struck = self.strike_beside(text, places, Depth::EveryEncoding);
        self.strike_beside(&sanitise::in_place(&struck), places, Depth::AsItIs)
    }

    fn strike_beside(&self, text: &str, places: &mut [Range<usize>], depth: Depth) -> String {
        let mut out = String::with_capacity(text.len());
        // The end of each mask, in the old text and in the new one.
        let mut masks: Vec<(Range<usize>, usize)> = Vec::new();
        let mut at = 0;
        for span in self.spans(text.as_bytes(), 0, depth) {
            let start = (at..=span.start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(at);
            let end = (span.end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            if start >= end {
                continue;
            }
            out.push_str(&text[at..start]);
            out.push_str(MASK);
            out.extend(text[start..end].chars().filter(|c| *c == '\n'));
            masks.push((start..end, out.len()));
            at = end;
        }
        out.push_str(&text[at..]);
        let moved = |place: usize, is_end: bool| {
            let before = masks.partition_point(|(old, _)| old.end <= place);
            match masks.get(before).filter(|(old, _)| old.start < place) {
                // In the middle of a mask.
                Some((_, new)) if is_end => *new,
                Some((old, new)) => {
                    new - MASK.len() - text[old.clone()].bytes().filter(|byte| *byte == b'\n').count()
                }
                None => match before.checked_sub(1).and_then(|last| masks.get(last)) {
                    Some((old, new)) => new + (place - old.end),
                    None => place,
                },
            }
        };
        for place in places {
            *place = moved(place.start, false)..moved(place.end, true);
        }
        out
    }

    fn clean<'t>(&self, raw: &'t str, sanitise: fn(&str) -> Cow<'_, str>) -> Cow<'t, str> {
        let clean = match self.strike(Cow::Borrowed(raw), Depth::EveryEncoding) {
            Cow::Borrowed(raw) => sanitise(raw),
            Cow::Owned(struck) => Cow::Owned(sanitise(&struck).into_owned()),
        };
        match clean {
            Cow::Borrowed(raw) => Cow::Borrowed(raw),
            // Where a control character becomes a space, a secret with a space may appear.
            clean @ Cow::Owned(_) => self.strike(clean, Depth::AsItIs),
        }
    }

    fn strike<'t>(&self, text: Cow<'t, str>, depth: Depth) -> Cow<'t, str> {
        self.strike_and(text, depth, |_| "")
    }

    /// Masks secrets, and writes behind each mask what `and` makes of the masked text.
    fn strike_and<'t>(
        &self,
        text: Cow<'t, str>,
        depth: Depth,
        and: impl Fn(&[u8]) -> &'static str,
    ) -> Cow<'t, str> {
        let spans = self.spans(text.as_bytes(), 0, depth);
        if spans.is_empty() {
            return text;
        }
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        for span in spans {
            out.extend_from_slice(&text.as_bytes()[at..span.start]);
            out.extend_from_slice(MASK.as_bytes());
            out.extend_from_slice(and(&text.as_bytes()[span.clone()]).as_bytes());
            at = span.end;
        }
        out.extend_from_slice(&text.as_bytes()[at..]);
        Cow::Owned(String::from_utf8_lossy(&out).into_owned())
    }

    /// Copies a report with secrets masked, in bounded memory.
    pub fn copy(&self, mut from: impl Read, out: &mut dyn Write) -> io::Result<()> {
        let mut strike = Strike::new(self, Depth::EveryEncoding, out);
        io::copy(&mut from, &mut strike)?;
        strike.finish().map(drop)
    }

    /// Copies a log with secrets masked, and made safe to show. That may make a secret appear, see `clean`. The end of a
    /// log that was cut is left out as far as a secret may begin there.
    pub fn copy_log(&self, mut from: impl Read, cut: bool, out: &mut dyn Write) -> io::Result<()> {
        let last = Strike::new(self, Depth::AsItIs, out);
        let mut chain = Strike::new(self, Depth::EveryEncoding, sanitise::Lines::new(last));
        io::copy(&mut from, &mut chain)?;
        if cut && let Some(search) = &self.0 {
            chain.settle(chain.buffer.len().saturating_sub(search.reach()))?;
            chain.buffer.clear();
        }
        chain.finish()?.finish()?.finish().map(drop)
    }

    /// Whether a text contains a known secret.
    pub fn is_in(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|search| search.is_in(text.as_bytes()))
    }

    /// Whether a file contains a known secret.
    pub fn finds(&self, mut file: impl Read) -> io::Result<bool> {
        let Some(search) = &self.0 else { return Ok(false) };
        let mut buffer = Vec::new();
        loop {
            let kept = buffer.len();
            let read = file.by_ref().take(CHUNK as u64).read_to_end(&mut buffer)?;
            if search.is_in(&buffer) {
                return Ok(true);
            }
            if read < CHUNK {
                return Ok(false);
            }
            buffer.drain(..(kept + read).saturating_sub(search.reach()));
        }
    }

    /// The ranges of secrets, and of the first `covered` bytes. Ranges that overlap or touch are joined.
    fn spans(&self, bytes: &[u8], covered: usize, depth: Depth) -> Vec<Range<usize>> {
        let Some(search) = &self.0 else { return Vec::new() };
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut note = |span| found.push(span);
        match depth {
            Depth::EveryEncoding => search.all(bytes, &mut note),
            Depth::AsItIs => search.as_it_is(bytes, &mut note),
        }
        found.extend((covered > 0).then_some(0..covered));
        found.sort_by_key(|span| (span.start, span.end));
        found.dedup_by(|next, last| {
            let joins = next.start <= last.end;
            if joins {
                last.end = last.end.max(next.end);
            }
            joins
        });
        found
    }
}

/// Masks secrets in what is written through it to `W`. It also finds secrets that are split between two
/// writes.
struct Strike<'s, W: Write> {
    scrubber: &'s Scrubber,
    depth: Depth,
    out: W,
    buffer: Vec<u8>,
    /// How many bytes at the beginning of the buffer the last mask already covers.
    covered: usize,
}

/// How many bytes are searched at once.
const CHUNK: usize = 256 * 1024;

impl<'s, W: Write> Strike<'s, W> {
    fn new(scrubber: &'s Scrubber, depth: Depth, out: W) -> Self {
        Strike { scrubber, depth, out, buffer: Vec::new(), covered: 0 }
    }

    fn finish(mut self) -> io::Result<W> {
        self.settle(self.buffer.len())?;
        Ok(self.out)
    }

    /// Writes the buffer up to `end`. No incomplete secret may begin before `end`.
    fn settle(&mut self, end: usize) -> io::Result<()> {
        let mut at = 0;
        let spans = self.scrubber.spans(&self.buffer, self.covered, self.depth);
        for span in spans.iter().take_while(|span| span.start < end) {
            self.out.write_all(&self.buffer[at..span.start])?;
            if span.start > 0 || self.covered == 0 {
                self.out.write_all(MASK.as_bytes())?;
            }
            at = span.end;
        }
        if at < end {
            self.out.write_all(&self.buffer[at..end])?;
        }
        self.covered = at.saturating_sub(end);
        self.buffer.drain(..end);
        Ok(())
    }
}

impl<W: Write> Write for Strike<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(search) = &self.scrubber.0 else { return self.out.write(bytes) };
        self.buffer.extend_from_slice(bytes);
        let reach = search.reach();
        if self.buffer.len() >= CHUNK.max(2 * reach) {
            self.settle(self.buffer.len() + 1 - reach)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The secrets that are known so far. More may be added.
#[derive(Debug, Default)]
pub struct SecretSet {
    secrets: BTreeSet<Secret>,
    scrubber: Scrubber,
}

impl SecretSet {
    pub fn learn(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        let before = self.secrets.len();
        self.secrets.extend(secrets);
        if self.secrets.len() > before {
            self.scrubber = Scrubber::new(&self.secrets);
        }
    }

    pub fn scrubber(&self) -> &Scrubber {
        &self.scrubber
    }

    /// How many secrets there are. A set only grows, so an equal count means an equal set.
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubber(values: &[&str]) -> Scrubber {
        let secrets: Vec<Secret> = values.iter().map(|value| Secret::reported(value).unwrap()).collect();
        Scrubber::new(&secrets)
    }

    /// Returns one byte at a time.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(buffer.len()).min(1);
            let (now, later) = self.0.split_at(n);
            buffer[..n].copy_from_slice(now);
            self.0 = later;
            Ok(n)
        }
    }

    fn copied(scrubber: &Scrubber, from: impl Read) -> String {
        let mut out = Vec::new();
        scrubber.copy(from, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_secret_of_a_line_is_masked_even_if_two_overlap() {
        let scrubber = scrubber(&["hunter2-one", "hunter2-one-more", "one-more-two3"]);
        for (raw, clean) in [
            ("a=hunter2-one b=hunter2-one;", "a=REDACTED b=REDACTED;"),
            ("a=hunter2-one-more-two3.", "a=REDACTED."),
            ("hunter2-onehunter2-one", "REDACTED"),
            ("hunter2-on", "hunter2-on"),
            ("hunter2\u{1b}[31m-one", "REDACTED"),
        ] {
            assert_eq!(scrubber.one_line(raw), clean);
        }
        assert_eq!(scrubber.lines("a\nhunter2-one\nb"), "a\nREDACTED\nb");
    }

    #[test]
    fn a_secret_is_masked_wherever_the_reader_splits_it() {
        let scrubber = scrubber(&["hunter2-one", "one-more-two3"]);
        for before in CHUNK - 24..CHUNK + 2 {
            let mut file = "x".repeat(before);
            file.push_str("hunter2-one-more-two3, hunter2-one");
            let clean = format!("{}REDACTED, REDACTED", "x".repeat(before));
            assert!(copied(&scrubber, file.as_bytes()) == clean, "{before}");
            assert!(scrubber.finds(file.as_bytes()).unwrap());
        }
        assert_eq!(copied(&scrubber, Drops(b"a hunter2-one b")), "a REDACTED b");
        assert!(!scrubber.finds(&b"hunter2-On"[..]).unwrap());
    }

    #[test]
    fn what_is_left_of_a_secret_at_the_end_of_a_cut_log_is_left_out() {
        let scrubber = scrubber(&["hunter2-one"]);
        for whole in 0..11 {
            let log = format!("first hunter2-one\n{}{}", "x".repeat(5000), &"hunter2-one"[..whole]);
            let mut out = Vec::new();
            scrubber.copy_log(log.as_bytes(), true, &mut out).unwrap();
            let out = String::from_utf8(out).unwrap();
            assert!(out.starts_with("first REDACTED\nxxx") && !out.contains("hunter"), "{whole}");
        }
    }

    #[test]
    fn a_colour_ends_behind_a_mask() {
        let scrubber = scrubber(&["hunter2-one"]);
        let page = "an \u{1b}[33mhunter2-one\u{1b}[0m, \u{1b}[1mbold\u{1b}[0m";
        let shown = scrubber.page(page);
        assert!(
            shown.contains("REDACTED\u{1b}[0m, \u{1b}[1mbold") && !shown.contains("hunter2"),
            "{shown:?}"
        );
        assert_eq!(scrubber.page("hunter2-one."), "REDACTED.");
    }

    #[test]
    fn places_move_with_the_text_around_a_secret() {
        let scrubber = scrubber(&["hunter2-one", "hunter2\ntwo-lines"]);
        let text = "ä = \"hunter2-one\" # end\nb = \"\"\"hunter2\ntwo-lines\"\"\"\nc = 1\u{1b}\n";
        let at = |words: &str| text.find(words).map(|at| at..at + words.len()).unwrap();
        let mut places =
            [at("\"hunter2-one\""), at("hunter2-"), at("-one\" "), at("end"), at("two"), at("c = 1")];
        let shown = scrubber.in_place(text, &mut places);
        assert_eq!(shown, "ä = \"REDACTED\" # end\nb = \"\"\"REDACTED\n\"\"\"\nc = 1?\n");
        let words: Vec<&str> = places.iter().map(|place| &shown[place.clone()]).collect();
        assert_eq!(words, ["\"REDACTED\"", "REDACTED", "REDACTED\" ", "end", "REDACTED\n", "c = 1"]);
    }

    #[test]
    fn a_value_of_which_decoding_leaves_little_is_searched_for_as_it_is() {
        let scrubber = scrubber(&[&"\0".repeat(20), "%41%42%43", "hunter2-one"]);
        for (raw, clean) in
            [("ABC abc", "ABC abc"), ("a %41%42%43 b", "a REDACTED b"), ("hunter2-one", "REDACTED")]
        {
            assert_eq!(scrubber.one_line(raw), clean);
        }
    }

    #[test]
    fn without_secrets_nothing_changes() {
        let idle = Scrubber::new([]);
        assert_eq!(idle.one_line("hunter2"), "hunter2");
        assert_eq!(copied(&idle, &b"hunter2"[..]), "hunter2");
    }
}
