//! Opens a file of the repository, with bounds.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::inputs::files;
use crate::inputs::stamp::Stamp;
use crate::model::input::Why;

/// How much of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    /// So many bytes; the rest does not matter.
    Head(usize),
    /// The whole file, if it has no more bytes than that.
    Whole(u64),
}

/// What was read, and what went wrong with it.
pub(super) type Content = (Vec<u8>, Option<Why>);

/// Reads a file below `top`, which has no links in it.
pub(super) fn read(top: &Path, file: &files::File, amount: Amount) -> Result<Content, Why> {
    let path = top.join(file.os_path());
    if file.is_link() && !path.canonicalize().map_err(|_| Why::BrokenLink)?.starts_with(top) {
        return Err(Why::LinkOut);
    }
    // A pipe that has taken the file's place must not be waited for.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let opened =
        OpenOptions::new().read(true).custom_flags(flags).open(&path).map_err(|error| fault(&error))?;
    let meta = opened.metadata().map_err(|error| fault(&error))?;
    if !meta.is_file() {
        return Err(Why::NotAFile);
    }
    let most = match amount {
        Amount::Head(most) => most as u64,
        Amount::Whole(most) if meta.len() > most => return Err(Why::TooLarge),
        Amount::Whole(most) => most,
    };
    let mut bytes = Vec::new();
    (&opened).take(most).read_to_end(&mut bytes).map_err(|error| fault(&error))?;
    let changed = opened.metadata().map_or(true, |after| Stamp::of(&after) != Stamp::of(&meta));
    Ok((bytes, changed.then_some(Why::Changed)))
}

fn fault(error: &std::io::Error) -> Why {
    match error.kind() {
        ErrorKind::NotFound => Why::Vanished,
        _ => Why::Unreadable(error.to_string()),
    }
}
