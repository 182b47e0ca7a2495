//! Words for people: numbers and times made readable.

use std::time::Duration;

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

/// The line broken between words, so that none is longer than `width` characters but where one word is; what goes
/// on begins with two spaces.
pub(crate) fn wrapped(line: &str, width: usize) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut length = 0;
    for (index, word) in line.split(' ').enumerate() {
        let more = word.chars().count();
        if index > 0 && length + 1 + more > width {
            out.push_str("\n  ");
            length = 2;
        } else if index > 0 {
            out.push(' ');
            length += 1;
        }
        out.push_str(word);
        length += more;
    }
    out
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
