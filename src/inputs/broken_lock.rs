//! Lock files that no package manager takes, though a scanner lists what it makes of them: Trivy 0.70 reads those of Bundler, Gradle, Hex and
//! Yarn line by line, and passes over lines that it does not understand.

use std::path::Path;

use crate::inputs::files::File;
use crate::inputs::open::{self, Amount};
use crate::text::bom::text_of;

/// A longer lock file is not read.
const LONGEST: u64 = 16 << 20;

/// What is wrong with it, and what to do. pip, and Trivy with it, reads UTF-16: PowerShell writes requirements files so.
pub(super) fn trouble(top: &Path, file: &File, is_of_pip: bool) -> Option<&'static str> {
    let (bytes, None) = open::read(top, file, Amount::Whole(LONGEST)).ok()? else { return None };
    let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    match is_of_pip && is_utf16 {
        true => of_bytes(text_of(&bytes).as_bytes()),
        false => of_bytes(&bytes),
    }
}

fn of_bytes(bytes: &[u8]) -> Option<&'static str> {
    let is_mark = |line: &[u8]| line.starts_with(b"<<<<<<< ") || line.starts_with(b">>>>>>> ");
    if memchr::memchr(0, bytes).is_some() {
        Some("it is no text, or not in UTF-8: have its package manager write it again")
    } else if bytes.split(|byte| *byte == b'\n').any(is_mark) {
        Some(
            "it has the marks of a merge conflict: solve it, and have its package manager write the file again",
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::of_bytes;

    #[test]
    fn a_lock_file_that_no_manager_takes_is_known() {
        for (bytes, words) in [
            (&b"a==1\n"[..], None),
            (b"# <<<<<<< is no mark\n=======\n", None),
            (b"GEM\n<<<<<<< HEAD\n    a (1)\n=======\n    a (2)\n>>>>>>> b\n", Some("merge conflict")),
            (b"\xff\xfea\0=\0", Some("UTF-8")),
            (b"a:a:1=x\n\0\0", Some("no text")),
        ] {
            let found = of_bytes(bytes);
            assert_eq!(found.is_some(), words.is_some(), "{bytes:?}");
            assert!(words.is_none_or(|words| found.is_some_and(|found| found.contains(words))), "{found:?}");
        }
    }
}
