//! The words at a finding's place, read from the checkout.

use sha2::{Digest, Sha256};

use crate::model::finding::Location;
use crate::redact::Scrubber;
use crate::text::shared::Text;

/// The longest line that is used, in bytes. A longer line is minified and changes with every build.
const LONGEST_LINE: usize = 4096;

/// How many lines up to search for a line that differs.
const FARTHEST: u32 = 50;

/// Reads a file of the checkout by its path; `None` if it can't be read, or is generated.
pub(super) type ReadFile<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// The lines of a checkout. It keeps one file at a time, since findings are sorted by place.
pub struct SourceLines<'a> {
    read: ReadFile<'a>,
    scrubber: &'a Scrubber,
    open: Option<(Text, Option<Lines>)>,
}

/// The words at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// SHA-256 of the line, without what a formatter adds, drops or moves.
    pub line: [u8; 32],
    /// The word that begins at the column. It keeps two findings on one line apart. Empty if there is no
    /// word.
    pub word: String,
}

impl<'a> SourceLines<'a> {
    /// Lines with a secret that `scrubber` knows are not used.
    pub fn new(read: ReadFile<'a>, scrubber: &'a Scrubber) -> Self {
        SourceLines { read, scrubber, open: None }
    }

    /// The words at a place; `None` if the line can't be used: the file is missing, is not a file or is
    /// outside the checkout, or the line is too long or has a secret.
    pub fn mark(&mut self, location: &Location) -> Option<Mark> {
        let number = location.start_line?.get();
        let scrubber = self.scrubber;
        let lines = self.lines(location)?;
        let digest = lines.digest(number, scrubber)?;
        let word = location.start_column.and_then(|column| lines.word(number, column.get()));
        Some(Mark { line: digest, word: word.unwrap_or_default() })
    }

    /// The nearest line above a place that can be used, is not empty and differs from the line at the place;
    /// as in [`Mark::line`]. `None` if there is no such line near by.
    pub fn above(&mut self, location: &Location) -> Option<[u8; 32]> {
        let number = location.start_line?.get();
        let scrubber = self.scrubber;
        let lines = self.lines(location)?;
        let own = lines.essence(number, scrubber)?;
        let above = (number.saturating_sub(FARTHEST).max(1)..number).rev();
        let mut others = above.filter_map(|number| lines.essence(number, scrubber));
        others.find(|line| !line.is_empty() && *line != own).map(|line| Sha256::digest(line).into())
    }

    /// The file of a place.
    fn lines(&mut self, location: &Location) -> Option<&mut Lines> {
        if self.open.as_ref().is_none_or(|(path, _)| *path != location.path) {
            let lines = (self.read)(&location.path).map(Lines::of);
            self.open = Some((location.path.clone(), lines));
        }
        self.open.as_mut()?.1.as_mut()
    }
}

/// A file by its lines.
#[derive(Debug)]
struct Lines {
    bytes: Vec<u8>,
    /// Where each line begins.
    starts: Vec<u32>,
    /// The last line that was asked for, since many findings may be on one line.
    last: Option<(u32, Option<[u8; 32]>)>,
}

impl Lines {
    fn of(bytes: Vec<u8>) -> Self {
        let ends = (0_u32..).zip(&bytes).filter(|(_, byte)| **byte == b'\n');
        let starts = std::iter::once(0).chain(ends.map(|(end, _)| end + 1)).collect();
        Self { bytes, starts, last: None }
    }

    /// The line with this number, counted from 1; `None` after the last line.
    fn line(&self, number: u32) -> Option<&[u8]> {
        let start = *self.starts.get((number as usize).checked_sub(1)?)? as usize;
        let end = self.starts.get(number as usize).map_or(self.bytes.len(), |next| *next as usize);
        self.bytes.get(start..end).filter(|line| (1..=LONGEST_LINE).contains(&line.len()))
    }

    fn digest(&mut self, number: u32, scrubber: &Scrubber) -> Option<[u8; 32]> {
        if let Some((last, digest)) = self.last
            && last == number
        {
            return digest;
        }
        let digest = self.essence(number, scrubber).map(|line| Sha256::digest(line).into());
        self.last = Some((number, digest));
        digest
    }

    /// A line without what a formatter may add, drop or move: white space, quotes, commas, semicolons,
    /// brackets. `None` for a line with a secret.
    fn essence(&self, number: u32, scrubber: &Scrubber) -> Option<String> {
        let stays = |letter: &char| !letter.is_whitespace() && !"\u{feff}'\"`,;()[]{}".contains(*letter);
        let line = String::from_utf8_lossy(self.line(number)?);
        (!scrubber.is_in(&line)).then(|| line.chars().filter(stays).collect())
    }

    /// The word that begins at a column. Columns count UTF-16 units, as in ESLint, tsc and SARIF. For a tool
    /// that counts differently the result is another piece of the line, but always the same one for the same
    /// line.
    fn word(&self, number: u32, column: u32) -> Option<String> {
        let line = String::from_utf8_lossy(self.line(number)?);
        let mut before = column.checked_sub(1)? as usize;
        let rest = line.chars().skip_while(|letter| {
            let skip = before > 0;
            before = before.saturating_sub(letter.len_utf16());
            skip
        });
        Some(rest.take_while(|letter| letter.is_alphanumeric() || "_$".contains(*letter)).collect())
    }
}
