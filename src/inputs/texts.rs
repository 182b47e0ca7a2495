//! The text of a file that is an input.

use crate::inputs::Inputs;
use crate::inputs::open::{self, Amount};

impl Inputs {
    /// The beginning of a file, as text; `None`: it can't be read.
    pub(crate) fn beginning(&self, path: &str, most: usize) -> Option<String> {
        let file = self.files.get(path)?;
        let (bytes, _) = open::read(&self.top, &file, Amount::Head(most)).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A file as text; `None`: it can't be read, or has more bytes than that.
    pub(crate) fn whole(&self, path: &str, most: u64) -> Option<String> {
        let read = open::read(&self.top, &self.files.get(path)?, Amount::Whole(most));
        Some(String::from_utf8_lossy(&read.ok()?.0).into_owned())
    }
}
