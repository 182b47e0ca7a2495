//! Paths as text.

use std::path::{Component, Path, PathBuf};

use crate::text::paths;
use crate::text::shared::Text;

/// A path as people want to read it: relative to the current folder where it is below it.
pub(crate) fn shown_path(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = paths::normalise(path);
    path.strip_prefix(&here).unwrap_or(&path).display().to_string()
}

/// The path without `.` and `..`, by its words alone: nothing is read from disk, since the
/// report may be from another machine.
pub(crate) fn normalise(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// The path as text with forward slashes; `.` when it is empty.
pub(crate) fn forward(path: &Path) -> Text {
    let words: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    match words.is_empty() {
        true => Text::from("."),
        false => Text::from(words.join("/").replace("//", "/")),
    }
}
