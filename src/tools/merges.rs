//! Merge commits with changes of their own.

/// What `git log --name-only --format=%x01%H` says: each commit with at least one file, and its files.
pub(crate) fn with_changes(printed: &[u8]) -> Vec<(String, Vec<String>)> {
    let text = String::from_utf8_lossy(printed);
    let commits = text.split('\u{1}').filter_map(|entry| {
        let mut lines = entry.lines().filter(|line| !line.is_empty());
        let commit = lines.next()?.to_owned();
        let files: Vec<String> = lines.map(str::to_owned).collect();
        (!files.is_empty()).then_some((commit, files))
    });
    commits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_without_a_file_changes_nothing() {
        let found = with_changes(b"\x01aaa\n\n\x01bbb\n\nsrc/a b.ts\nc\n\x01ccc\n");
        assert_eq!(found, [("bbb".to_owned(), vec!["src/a b.ts".to_owned(), "c".to_owned()])]);
        assert_eq!(with_changes(b""), []);
    }
}
