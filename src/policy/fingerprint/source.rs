//! The words at a finding's place, read from the checkout.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::model::finding::Location;
use crate::redact::Scrubber;
use crate::text::shared::Text;

/// A larger file is not read: no person wrote it.
const MOST_BYTES: u64 = 4 << 20;

/// A longer line tells nothing, in bytes: it is a minified one, and changes with every build.
const LONGEST_LINE: usize = 4096;

/// How far up a line is looked for that is another one.
const FARTHEST: u32 = 50;

/// The lines of a checkout. It holds one file at a time: findings come sorted by place.
#[derive(Debug)]
pub struct Source<'a> {
    /// Absolute, without symbolic links; `None` where there is no checkout.
    root: Option<PathBuf>,
    scrubber: &'a Scrubber,
    open: Option<(Text, Option<Lines>)>,
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// SHA-256 of the line, without what a formatter adds, drops or moves.
    pub line: [u8; 32],
    /// The word that begins at the column, which tells two findings on one line apart; empty where
    /// there is none.
    pub word: String,
}

impl<'a> Source<'a> {
    /// The checkout at `root`. A line with a secret that `scrubber` knows is left unread.
    pub fn new(root: &Path, scrubber: &'a Scrubber) -> Source<'a> {
        Source { root: root.canonicalize().ok(), scrubber, open: None }
    }

    /// What stands at a place; `None` where the line can't be read: the file is not there, is none,
    /// lies outside the checkout, or the line is not one of a person.
    pub fn mark(&mut self, location: &Location) -> Option<Mark> {
        let number = location.start_line?.get();
        let scrubber = self.scrubber;
        let lines = self.lines(location)?;
        let digest = lines.digest(number, scrubber)?;
        let word = location.start_column.and_then(|column| lines.word(number, column.get()));
        Some(Mark { line: digest, word: word.unwrap_or_default() })
    }

    /// The nearest line above a place that can be read and has words, others than the line there; like
    /// [`Mark::line`]. `None` where there is none near by.
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
            let lines = self.root.as_deref().and_then(|root| Lines::of(root, &location.path));
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
    /// The line that was asked for last, since many findings may stand on one.
    last: Option<(u32, Option<[u8; 32]>)>,
}

impl Lines {
    fn of(root: &Path, path: &str) -> Option<Lines> {
        let path = Path::new(path);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        // A link may lead out of the checkout, and opening a pipe may never end.
        let real = root.join(path).canonicalize().ok()?;
        let meta = real.metadata().ok()?;
        if !real.starts_with(root) || !meta.is_file() || meta.len() > MOST_BYTES {
            return None;
        }
        let mut bytes = Vec::new();
        File::open(real).ok()?.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
        let ends = (0_u32..).zip(&bytes).filter(|(_, byte)| **byte == b'\n');
        let starts = std::iter::once(0).chain(ends.map(|(end, _)| end + 1)).collect();
        Some(Lines { bytes, starts, last: None })
    }

    /// The line with this number, from 1; behind the last one there is none.
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
    /// brackets. One with a secret in it is left unread.
    fn essence(&self, number: u32, scrubber: &Scrubber) -> Option<String> {
        let stays = |letter: &char| !letter.is_whitespace() && !"\u{feff}'\"`,;()[]{}".contains(*letter);
        let line = String::from_utf8_lossy(self.line(number)?);
        (!scrubber.is_in(&line)).then(|| line.chars().filter(stays).collect())
    }

    /// The word that begins at a column. Columns count UTF-16 units, as ESLint, tsc and SARIF have
    /// them; for a tool that counts otherwise it is a piece of the line all the same, and the same
    /// one as long as the line is.
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
