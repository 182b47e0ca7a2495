//! Paths: whatever form a scanner prints, a finding's path is relative to the repository root.

use std::path::{Path, PathBuf};

use crate::text::paths::{forward, normalise};
use crate::text::shared::Text;

/// Where a report comes from.
#[derive(Clone, Debug)]
pub struct ReportOrigin {
    /// The repository root: absolute.
    pub root: PathBuf,
    /// Where the scanner ran: absolute, at or below the root.
    pub cwd: PathBuf,
    /// The target's name, for scanners whose report does not name it.
    pub target: Text,
}

impl ReportOrigin {
    /// Makes a path of a report relative to the repository root, with forward slashes and without `.`
    /// and `..`. A path outside the root is kept as it is.
    pub fn relative(&self, raw: &str) -> Text {
        self.relative_from(&self.cwd, raw)
    }

    /// The same for a path that is relative to `dir` instead of the working directory.
    pub fn relative_from(&self, dir: &Path, raw: &str) -> Text {
        if is_of_windows(raw) {
            return Text::from(raw);
        }
        let full = normalise(&dir.join(raw));
        match full.strip_prefix(&self.root) {
            Ok(inside) => forward(inside),
            Err(_) if Path::new(raw).is_absolute() => Text::from(raw),
            Err(_) => forward(&normalise(Path::new(raw))),
        }
    }
}

/// Whether a path is absolute on Windows: it is of another machine. `C:/a`, `C:\\a`, `\\\\server\\share\\a`.
fn is_of_windows(raw: &str) -> bool {
    let has_drive =
        matches!(raw.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
    has_drive || raw.starts_with("\\\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(cwd: &str) -> ReportOrigin {
        ReportOrigin { root: "/repo".into(), cwd: cwd.into(), target: "backend".into() }
    }

    #[test]
    fn every_form_of_a_path_becomes_relative_to_the_repository_root() {
        for (cwd, raw, expected) in [
            ("/repo", "src/a.ts", "src/a.ts"),
            ("/repo/backend", "src/a.ts", "backend/src/a.ts"),
            ("/repo/backend", "./src//a.ts", "backend/src/a.ts"),
            ("/repo/backend", "../shared/a.ts", "shared/a.ts"),
            ("/repo/backend", "/repo/backend/src/a.ts", "backend/src/a.ts"),
            ("/repo/backend", "app/(group)/pa ge.ts", "backend/app/(group)/pa ge.ts"),
            ("/repo", "/elsewhere/a.ts", "/elsewhere/a.ts"),
            ("/repo", "../outside/a.ts", "../outside/a.ts"),
            ("/repo", ".", "."),
            ("/repo/backend", "D:/a/src/a.ts", "D:/a/src/a.ts"),
            ("/repo/backend", "\\\\server\\share\\a.ts", "\\\\server\\share\\a.ts"),
            ("/repo/backend", "//server/share/a.ts", "//server/share/a.ts"),
            ("/repo/backend", "//repo/src/a.ts", "src/a.ts"),
        ] {
            assert_eq!(&*place(cwd).relative(raw), expected, "{raw} in {cwd}");
        }
    }
}
