//! The words of a failure that are the same in every run and on every machine.

/// The most of a text that counts, in bytes. What follows is a stack trace.
const MOST: usize = 4096;

/// The text without numbers (lines, times, addresses in memory, durations), without the folders of absolute paths, and
/// without what else looks made up at random. White space is folded.
pub(super) fn words(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if out.len() > MOST {
            break;
        }
        out.push(' ');
        if is_random(word) {
            out.push('#');
            continue;
        }
        let mut before = ' ';
        for c in without_folders(word).chars() {
            match c.is_ascii_digit() {
                true if before.is_ascii_digit() => {}
                true => out.push('#'),
                false => out.push(c),
            }
            before = c;
        }
    }
    out
}

/// A hash, a UUID, an address in memory.
fn is_random(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let word = word.strip_prefix("0x").unwrap_or(word);
    let hex = word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    hex && word.len() >= 8 && word.bytes().any(|byte| byte.is_ascii_digit())
}

/// `(/home/ci/shop/test_a.py:7` is `(test_a.py:7`.
fn without_folders(word: &str) -> String {
    let start = word.find(|c: char| !"([{\"'`<".contains(c)).unwrap_or(0);
    let (before, path) = word.split_at(start);
    let path = path.strip_prefix("file://").unwrap_or(path);
    let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    match path.starts_with('/') || (drive && path.len() > 2) {
        true => format!("{before}{}", path.rsplit(['/', '\\']).next().unwrap_or_default()),
        false => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_from_run_to_run_does_not_count() {
        for (one, other) in [
            ("took 12 ms\n at a.js:7", "took 9 ms at a.js:18"),
            ("/home/ci/a/test.py:7: Error", "/build/test.py:9: Error"),
            ("(file:///repo/a.js:1:2)", "(file:///other/repo/a.js:3:4)"),
            ("C:\\a\\b.cs:1", "D:\\b.cs:2"),
            ("object at 0x7ffd01a2b3c4", "object at 0x55aa12345678"),
            ("id 0b9c1f52-1a2b-4c3d-8e9f-001122334455", "id 9f8e7d6c-5b4a-4321-8765-aabbccddee11"),
        ] {
            assert_eq!(words(one), words(other));
        }
        for (one, other) in [("expected red", "expected blue"), ("a.py: x [arg]", "b.py: x [arg]"), ("", "m")]
        {
            assert_ne!(words(one), words(other));
        }
        assert!(words(&"word ".repeat(1_000_000)).len() < 2 * MOST);
    }
}
