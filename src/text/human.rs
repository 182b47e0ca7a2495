//! Words for people: numbers and times made readable.

use std::time::Duration;

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// A duration as people read it: `0.41 s`, `12.3 s`, `2 m 05 s`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        s if s < 9.995 => format!("{s:.2} s"),
        s if s < 59.95 => format!("{s:.1} s"),
        _ => {
            let whole = duration.as_secs();
            format!("{} m {:02} s", whole / 60, whole % 60)
        }
    }
}

/// `1 finding`, `2 findings`.
pub(crate) fn count(n: u64, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// The text with its lines broken between words, so that none is wider than `width` columns but where one word is;
/// what goes on begins with two spaces. Colours take no room.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let options = Options::new(width)
        .subsequent_indent("  ")
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    // Line by line: of a text, every line but the first would be indented.
    text.split('\n').map(|line| textwrap::fill(line, &options)).collect::<Vec<_>>().join("\n")
}

/// The words in one line; `https://user:password@host` without what stands before the `@`.
pub(crate) fn without_credentials(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        match word.split_once("://") {
            Some((scheme, rest)) => {
                let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
                let kept = authority.rfind('@').map_or(rest, |at| &rest[at + 1..]);
                line.extend([scheme, "://", kept]);
            }
            None => line.push_str(word),
        }
    }
    line
}

/// Whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_broken_between_words() {
        let line = "Verdict: BLOCKED (exit 1). failed: secrets, audit";
        assert_eq!(wrapped(line, 80), line);
        assert_eq!(wrapped(line, 30), "Verdict: BLOCKED (exit 1).\n  failed: secrets, audit");
        assert_eq!(wrapped("aa bbbbbbbbbb cc", 8), "aa\n  bbbbbbbbbb\n  cc");
        assert_eq!(wrapped("aa  bb\n\n cc dd-ee ff\n", 8), "aa  bb\n\n cc\n  dd-ee\n  ff\n");
    }

    #[test]
    fn colours_take_no_room_and_wide_letters_twice_as_much() {
        assert_eq!(wrapped("\u{1b}[31maa\u{1b}[0m bb", 5), "\u{1b}[31maa\u{1b}[0m bb");
        assert_eq!(wrapped("aa 漢字", 6), "aa\n  漢字");
        assert_eq!(wrapped("aa 漢字", 7), "aa 漢字");
    }

    #[test]
    fn durations_keep_three_figures() {
        let shown = |ms| duration(Duration::from_millis(ms));
        assert_eq!(
            [shown(7), shown(410), shown(12_340), shown(125_000)],
            ["0.01 s", "0.41 s", "12.3 s", "2 m 05 s"]
        );
    }
}
