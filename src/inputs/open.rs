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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::inputs::files::{FileFacts, Files};

    /// Reads a file that was listed under this name, and may be gone by now.
    fn of(top: &Path, name: &str, link: bool, amount: Amount) -> Result<String, Why> {
        let mut files = Files::default();
        files.push(name.as_bytes(), FileFacts { link, ..FileFacts::default() });
        let file = files.get(name).unwrap();
        let (bytes, changed) = read(top, &file, amount)?;
        assert_eq!(changed, None);
        Ok(String::from_utf8(bytes).unwrap())
    }

    /// Somebody writes all the time, so sooner or later it happens during a read.
    #[test]
    fn a_file_that_changes_while_it_is_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        fs::write(top.join("a"), vec![b'x'; 1 << 20]).unwrap();
        let mut files = Files::default();
        files.push(b"a", FileFacts::default());
        let is_seen = AtomicBool::new(false);
        let seen = std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut file = fs::File::options().append(true).open(top.join("a")).unwrap();
                while !is_seen.load(Ordering::Relaxed) {
                    file.write_all(b"y").unwrap();
                }
            });
            let file = files.get("a").unwrap();
            let reads = || read(&top, &file, Amount::Head(1 << 20)).unwrap().1 == Some(Why::Changed);
            let limit = Instant::now() + Duration::from_secs(120);
            let seen = std::iter::repeat_with(reads).any(|seen| seen || Instant::now() > limit);
            is_seen.store(true, Ordering::Relaxed);
            seen && Instant::now() <= limit
        });
        assert!(seen);
    }

    #[test]
    fn what_happens_to_a_file_has_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap().join("repo");
        fs::create_dir_all(top.join("folder")).unwrap();
        fs::write(top.join("a"), "0123456789").unwrap();
        fs::write(folder.path().join("outside"), "x").unwrap();
        for (target, link) in [("a", "in"), ("../outside", "out"), ("loop", "loop")] {
            symlink(target, top.join(link)).unwrap();
        }
        let whole = Amount::Whole(10);
        for (name, link, amount, expected) in [
            ("a", false, whole, Ok("0123456789".to_owned())),
            ("a", false, Amount::Head(4), Ok("0123".to_owned())),
            ("a", false, Amount::Whole(9), Err(Why::TooLarge)),
            ("in", true, whole, Ok("0123456789".to_owned())),
            ("out", true, whole, Err(Why::LinkOut)),
            ("loop", true, whole, Err(Why::BrokenLink)),
            ("gone", false, whole, Err(Why::Vanished)),
            // A folder has taken its place.
            ("folder", false, whole, Err(Why::NotAFile)),
        ] {
            assert_eq!(of(&top, name, link, amount), expected, "{name}");
        }
    }
}
