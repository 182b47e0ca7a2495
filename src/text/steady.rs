//! The words of a failure that are the same in every run and on every machine.
//!
//! Left out is only what says nothing of the failure: folders of absolute paths, lines and columns, versions, durations
//! and times, addresses in memory, random UUIDs, temporary names, process ids and the ports that a system hands out. All
//! other numbers count: `CVE-2024-3094` is not `CVE-2021-44228`, and 500 is not 201.

mod number;

use std::borrow::Cow;

use sha2::{Digest, Sha256};

/// The most of a text that is shown, in bytes.
const SHOWN: usize = 8 * 1024;

/// Begins the last line of a text that is cut. The digits after it are of the whole text.
const REST: &str = "\n… the rest is left out; all of its words: sha256:";

/// What identifies a text: half a SHA-256 of all its words, in hexadecimal. A text that [`cut`] made short has that of
/// the whole one.
pub(crate) fn identity(text: &str) -> String {
    if let Some((_, digits)) = text.rsplit_once(REST)
        && digits.len() == 32
    {
        return digits.to_owned();
    }
    let mut hash = Sha256::new();
    words(text, &mut |word| {
        hash.update(word.as_bytes());
        hash.update(b" ");
    });
    hex::encode(&hash.finalize()[..16])
}

/// The text as it is shown. What is too long ends with the [`identity`] of the whole.
pub(crate) fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= SHOWN {
        return Cow::Borrowed(text);
    }
    let room = SHOWN - REST.len() - 32;
    let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    Cow::Owned(format!("{}{REST}{}", &text[..end], identity(text)))
}

/// Gives each word of a text, without what changes from run to run.
fn words(text: &str, take: &mut impl FnMut(&str)) {
    for line in text.lines() {
        let mut before = "";
        let mut rest = line.split_whitespace().peekable();
        let mut at = 0;
        while let Some(word) = rest.next() {
            let after = rest.peek().copied().unwrap_or_default();
            // The lines of code that runners show: `> 12 | expect(a)`.
            let in_margin = at < 2 && number::is_whole(word) && after.starts_with(['|', '│']);
            match in_margin {
                true => take("#"),
                false => take(&number::without(&without_folders(word), before, after)),
            }
            before = word;
            at += 1;
        }
    }
}

/// `(/home/ci/shop/test_a.py:7` is `(test_a.py:7`.
fn without_folders(word: &str) -> Cow<'_, str> {
    let start = word.find(|c: char| !"([{\"'`<".contains(c)).unwrap_or(0);
    let (before, path) = word.split_at(start);
    let path = path.strip_prefix("file://").unwrap_or(path);
    let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    if !(path.starts_with('/') || (drive && path.len() > 2)) {
        return Cow::Borrowed(word);
    }
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    // Python's `tempfile`, `mktemp`.
    let temporary = path.starts_with("/tmp/") && name.starts_with("tmp");
    Cow::Owned(format!("{before}{}", if temporary { "#" } else { name }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        identity(one) == identity(other)
    }

    #[test]
    fn what_changes_from_run_to_run_does_not_count() {
        for (one, other) in [
            ("took 12 ms\n at a.js:7", "took 9 ms at a.js:18"),
            ("took 12ms, then 1.2s", "took 7ms, then 30s"),
            ("/home/ci/a/test.py:7: Error", "/build/test.py:9: Error"),
            ("(file:///repo/a.js:1:2)", "(file:///other/repo/a.js:3:4)"),
            ("C:\\a\\b.cs:1", "D:\\b.cs:2"),
            ("a.ts(12,3): error", "a.ts(7,31): error"),
            ("unexpected token (12:3)", "unexpected token (4:1)"),
            ("at <anonymous>:12:3", "at <anonymous>:1:30"),
            ("File \"a.py\", line 12, in f", "File \"a.py\", line 13, in f"),
            ("(Shop.java:12)", "(Shop.java:14)"),
            ("  12 | expect(a)\n> 13 | expect(b)", "  2 | expect(a)\n> 3 | expect(b)"),
            ("object at 0x7ffd01a2b3c4", "object at 0x55aa12345678"),
            ("id 0b9c1f52-1a2b-4c3d-8e9f-001122334455", "id 9f8e7d6c-5b4a-4321-8765-aabbccddee11"),
            ("ruff 0.17.6: F401", "ruff 0.18.0: F401"),
            ("node v22.1", "node v24.0"),
            ("at 2026-01-02T03:04:05.123Z it", "at 2026-05-06T13:14:15+02:00 it"),
            ("2026-01-02 03:04:05 it", "2026-05-06 13:14:15 it"),
            ("connect 127.0.0.1:54321", "connect 127.0.0.1:40001"),
            ("killed pid 123", "killed pid 4567"),
            ("in /tmp/tmpab12/x", "in /tmp/tmpcd34/x"),
            ("open /tmp/tmpab12", "open /tmp/tmpcd34"),
        ] {
            assert!(same(one, other), "{one} | {other}");
        }
    }

    #[test]
    fn what_a_failure_says_counts() {
        for (one, other) in [
            ("expected red", "expected blue"),
            ("a.py: x [arg]", "b.py: x [arg]"),
            ("", "m"),
            ("CVE-2021-44228 in log4j", "CVE-2024-3094 in log4j"),
            ("TS2322 in main", "TS2345 in main"),
            ("CWE-79", "CWE-89"),
            ("status 200 != 201", "status 200 != 500"),
            ("3 errors", "300 errors"),
            ("status:200", "status:500"),
            ("f(12,3)", "f(12,4)"),
            ("0x1F", "0x2F"),
            ("10.0.0.1", "10.0.0.2"),
            ("port 443", "port 80"),
            ("localhost:8080", "localhost:9090"),
            ("expires 2024-01-01", "expires 2025-01-01"),
            (
                "checkout@8f4b7f84864484a7bf31766abe9204da3cbe65b3",
                "checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
            ),
            ("1.5 != 2.5", "1.5 != 3.5"),
            ("GHSA-2024-4000-8000", "GHSA-2024-4000-8001"),
            ("12 green", "13 green"),
        ] {
            assert!(!same(one, other), "{one} | {other}");
        }
    }

    /// It takes time in proportion to the length of a word.
    #[test]
    fn a_word_may_be_as_long_as_a_report() {
        const N: usize = 50_000;
        for piece in ["a.py:1,", "a:1,", "(1", "1.", "1:1:", "é1", "0x1-", "x/1"] {
            assert!(!same(&piece.repeat(N), &piece.repeat(N + 1)), "{piece}");
        }
        let brackets = "(".repeat(N);
        assert!(same(&format!("{brackets}{}", "1(".repeat(N)), &format!("{brackets}{}", "1(".repeat(N))));
        assert!(same(
            &format!("{} {}", "=".repeat(N), "1,".repeat(N)),
            &format!("{} {}", "=".repeat(N), "1,".repeat(N))
        ));
    }

    #[test]
    fn a_text_that_is_cut_is_identified_by_all_of_it() {
        let long = |last: &str| {
            let lines: String = (1..=2000).map(|n| format!("a.py:{n}: é error: x{n} [arg]\n")).collect();
            lines + last
        };
        for text in [long(""), long("b.py:1: error: y"), "é".repeat(SHOWN), "x".repeat(SHOWN + 1)] {
            let shown = cut(&text);
            assert!(shown.len() <= SHOWN && identity(&shown) == identity(&text));
            assert_eq!(cut(&shown), shown);
        }
        assert!(!same(&cut(&long("")), &cut(&long("b.py:1: error: y"))));
        assert!(same(&cut(&long("b.py:1: error: y")), &cut(&long("b.py:234: error: y"))));
        assert_eq!(cut("short"), "short");
        assert!(same(&"word ".repeat(1_000_000), &"word\n".repeat(1_000_000)));
    }
}
