//! Words for people: text of scanners made safe to print, numbers and times made readable.

use std::time::Duration;

/// One line of printable text: control characters, terminal escapes and direction overrides
/// become spaces, white space is folded, and what is longer than `most` characters ends in `…`.
pub fn line(raw: &str, most: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for word in raw.split(|c: char| c.is_whitespace() || is_unprintable(c)).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
            length += 1;
        }
        for c in word.chars() {
            if length + 1 >= most {
                out.push('…');
                return out;
            }
            out.push(c);
            length += 1;
        }
    }
    out
}

/// Characters that would steer a terminal, reorder text, or are not allowed in XML 1.0.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A duration as people read it: `0.41 s`, `12.3 s`, `2 m 05 s`.
pub fn duration(duration: Duration) -> String {
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
pub fn count(n: u64, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_scanner_prints_can_not_steer_the_terminal() {
        assert_eq!(line("  a\u{1b}[31mred\u{7}\n\n b\u{202e}c ", 80), "a [31mred b c");
        assert_eq!(line("abcdefgh", 5), "abcd…");
        assert_eq!(line("", 5), "");
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
