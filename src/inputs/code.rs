//! A look at the source code of manifests that are programs: without comments, and what stands in brackets.

/// The code without its comments: from `mark` to the end of a line, and with `has_blocks` between `/*` and `*/`. In a string there are
/// none; a string ends with its line at the latest.
pub(super) fn without_comments(text: &str, mark: &str, has_blocks: bool) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    let mut quote = None;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match quote {
            Some(_) if c == '\\' => length += rest[1..].chars().next().map_or(0, char::len_utf8),
            Some(open) if c == open || c == '\n' => quote = None,
            Some(_) => {}
            None if rest.starts_with(mark) => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]);
                continue;
            }
            None if has_blocks && rest.starts_with("/*") => {
                rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
                continue;
            }
            None if c == '"' || c == '\'' => quote = Some(c),
            None => {}
        }
        code.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    code
}

/// What follows each place of a mark.
pub(super) fn after_each<'t>(text: &'t str, mark: &str) -> impl Iterator<Item = &'t str> {
    text.match_indices(mark).map(|(at, mark)| &text[at + mark.len()..])
}

/// What stands in the brackets that a mark opens, each time. A mark without a bracket in it counts if one follows. What is not closed
/// reaches to the end.
pub(super) fn bodies<'t>(
    text: &'t str,
    mark: &str,
    (open, close): (char, char),
) -> impl Iterator<Item = &'t str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let after = &rest[rest.find(mark)? + mark.len()..];
            let inside =
                if mark.contains(open) { Some(after) } else { after.trim_start().strip_prefix(open) };
            let Some(inside) = inside else {
                rest = after;
                continue;
            };
            let body = up_to(inside, open, close);
            // What is nested is a part of it, and is not looked at again.
            rest = &inside[body.len()..];
            return Some(body);
        }
    })
}

/// A text up to the bracket that closes what is open where it begins.
fn up_to(text: &str, open: char, close: char) -> &str {
    let mut depth = 1;
    let end = text.char_indices().find(|(_, c)| {
        depth += i32::from(*c == open) - i32::from(*c == close);
        depth == 0
    });
    end.map_or(text, |(end, _)| &text[..end])
}
