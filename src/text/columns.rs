//! Lines for a terminal: texts as wide as its columns.

use textwrap::core::display_width;

/// The text in no more than `width` columns: a longer one ends in `…`.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if display_width(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut columns = 0;
    for c in text.chars() {
        columns += display_width(c.encode_utf8(&mut [0; 4]));
        if columns >= width {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

/// Two texts at the ends of a line of `width` columns. The left one is cut where both don't fit.
pub(crate) fn spread(left: &str, right: &str, width: usize) -> String {
    if right.is_empty() {
        return cut(left, width);
    }
    let room = width.saturating_sub(display_width(right) + 2);
    let left = cut(left, room);
    let between = width.saturating_sub(display_width(&left) + display_width(right));
    format!("{left}{}{right}", " ".repeat(between))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_wide_as_its_columns_say() {
        for (left, right, width, line) in [
            ("one", "", 9, "one"),
            ("one", "2", 9, "one     2"),
            ("one two three", "4", 12, "one two…   4"),
            ("one two three", "", 8, "one two…"),
            // Each of these takes two columns.
            ("漢字漢字", "x", 9, "漢字…   x"),
            ("漢字", "", 4, "漢字"),
        ] {
            assert_eq!(if right.is_empty() { cut(left, width) } else { spread(left, right, width) }, line);
            assert!(display_width(line) <= width, "{line}");
        }
    }
}
