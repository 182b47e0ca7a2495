//! The reports that a pattern names: test runners of Maven and Gradle write one for each class.

use std::path::{Component, Path, PathBuf};

use globset::GlobBuilder;
use ignore::WalkBuilder;

/// The most reports of one gate.
pub(super) const MOST: usize = 10_000;

/// The files that match a pattern, in order, one more than [`MOST`] at the most. Links to folders are not followed.
pub(super) fn files(pattern: &Path) -> Vec<PathBuf> {
    let is_plain = |part: &Component| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
    let top: PathBuf = pattern.components().take_while(is_plain).collect();
    let glob = GlobBuilder::new(&pattern.to_string_lossy()).literal_separator(true).build();
    let Ok(glob) = glob.map(|glob| glob.compile_matcher()) else { return Vec::new() };
    let all = WalkBuilder::new(top).standard_filters(false).build().flatten();
    let files = all.filter(|entry| entry.file_type().is_some_and(|kind| !kind.is_dir()));
    let mut files: Vec<PathBuf> =
        files.map(ignore::DirEntry::into_path).filter(|path| glob.is_match(path)).take(MOST + 1).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_pattern_names_files_in_its_folders() {
        let top = tempfile::tempdir().unwrap();
        for name in [
            "a/reports/TEST-b.xml",
            "a/reports/TEST-a.xml",
            "a/reports/c.txt",
            "a/reports/d/TEST-e.xml",
            "b/reports/TEST-f.xml",
        ] {
            let path = top.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let named = |pattern: &str| -> Vec<String> {
            let found = files(&top.path().join(pattern));
            found.iter().map(|path| path.strip_prefix(top.path()).unwrap().display().to_string()).collect()
        };
        assert_eq!(named("a/reports/TEST-*.xml"), ["a/reports/TEST-a.xml", "a/reports/TEST-b.xml"]);
        assert_eq!(named("*/reports/TEST-[af].xml"), ["a/reports/TEST-a.xml", "b/reports/TEST-f.xml"]);
        assert_eq!(named("**/TEST-{e,f}.xml"), ["a/reports/d/TEST-e.xml", "b/reports/TEST-f.xml"]);
        assert_eq!(named("none/*.xml"), Vec::<String>::new());
        assert_eq!(named("a/[.xml"), Vec::<String>::new());
    }
}
