//! The keys at the top of each document of a YAML or JSON file, also where the text is cut or has the marks of a template in it. What
//! is in a text block, or below another key, is none.
//!
//! Source: YAML 1.2.2, "Block Mappings", "Flow Mappings", "Byte Order Mark" and "Document Markers".

/// A key at the top of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    /// What follows the colon, to the end of the text.
    pub(super) rest: &'a str,
    /// Written in braces.
    is_flow: bool,
}

impl<'a> Entry<'a> {
    /// The value, if it is a word: as written, with its quotes and a comment.
    pub(super) fn word(&self) -> &'a str {
        let end: &[char] = if self.is_flow { &[',', '}', '\n'] } else { &['\n'] };
        value(self.rest).split(end).next().unwrap_or_default().trim()
    }
}

/// What follows the anchor, the tag and the mark of a text block before a value (YAML 1.2.2, "Node Properties" and "Block Scalar Headers").
pub(super) fn value(text: &str) -> &str {
    let on_line = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    let mut rest = text;
    loop {
        let begins = &rest[on_line(rest)..];
        rest = match begins.chars().next() {
            Some('&' | '!') => &begins[begins.find(char::is_whitespace).unwrap_or(begins.len())..],
            Some('>' | '|') => {
                return begins.find('\n').map_or("", |end| begins[end..].trim_start());
            }
            _ => return rest,
        };
    }
}

/// All of them, document by document.
pub(super) fn of(text: &str) -> Vec<Entry<'_>> {
    let mut found = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut from = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let mark = line.strip_prefix("---");
        if mark.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) {
            of_document(&text[from..at], &mut found);
            from = at + "---".len();
        }
        at += line.len();
    }
    of_document(&text[from..], &mut found);
    found
}

fn of_document<'a>(text: &'a str, found: &mut Vec<Entry<'a>>) {
    let mut at = 0;
    let mut edge = None;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        let begins = at + indent;
        at += line.len();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        // `{{` and `{%` are marks of a template.
        if edge.is_none()
            && content.starts_with('{')
            && !content.starts_with("{{")
            && !content.starts_with("{%")
        {
            return of_flow(&text[begins..], found);
        }
        // Nothing in a document is further left than its keys.
        if edge.is_none_or(|edge| indent < edge) {
            edge = Some(indent);
            lines.clear();
        }
        if edge == Some(indent) {
            lines.push(begins);
        }
    }
    found.extend(lines.into_iter().filter_map(|begins| of_line(&text[begins..])));
}

fn of_line(text: &str) -> Option<Entry<'_>> {
    let line = text.lines().next()?;
    if let Some(key) = line.strip_prefix("? ") {
        let after = text[line.len()..].trim_start();
        return Some(Entry { key: unquoted(key)?, rest: after.strip_prefix(':')?, is_flow: false });
    }
    let quoted = line.starts_with(['"', '\'']).then(|| end_of_string(line.as_bytes(), 0));
    let after = quoted.unwrap_or(0);
    let colon = after + line.get(after..)?.find(':')?;
    let key = unquoted(&line[..colon])?;
    Some(Entry { key, rest: &text[colon + 1..], is_flow: false })
}

fn of_flow<'a>(text: &'a str, found: &mut Vec<Entry<'a>>) {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    // Where the next key begins, and whether a quote here begins a string.
    let (mut key_from, mut is_fresh) = (None, true);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' if is_fresh => {
                at = end_of_string(bytes, at);
                is_fresh = false;
                continue;
            }
            b'#' if at > 0 && bytes[at - 1].is_ascii_whitespace() => {
                at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at);
                key_from = key_from.map(|_| at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 1 => {
                let key = key_from.take().and_then(|from| unquoted(&text[from..at]));
                found.extend(key.map(|key| Entry { key, rest: &text[at + 1..], is_flow: true }));
            }
            _ => {}
        }
        if depth == 0 {
            return;
        }
        if depth == 1 && matches!(byte, b'{' | b',') {
            key_from = Some(at + 1);
        }
        is_fresh = matches!(byte, b'{' | b'[' | b',' | b':') || (is_fresh && byte.is_ascii_whitespace());
        at += 1;
    }
}

/// The place after a string that begins at a quote.
fn end_of_string(bytes: &[u8], from: usize) -> usize {
    let quote = bytes[from];
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            byte if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn unquoted(key: &str) -> Option<&str> {
    let key = value(key.trim()).trim();
    let inside = |quote: char| key.strip_prefix(quote)?.strip_suffix(quote);
    Some(inside('"').or_else(|| inside('\'')).unwrap_or(key)).filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_keys_at_the_top_are_found() {
        for (text, expected) in [
            ("a: 1\nb:\n  c: 2\nd: |\n  e: 3\n", "a=1 b= d=e: 3"),
            ("\"a\": \"1\"\r\n'b' : 2\r\n", "a=\"1\" b=2"),
            ("\u{feff}a: 1\r\nb: 2\r\n", "a=1 b=2"),
            ("# c: 0\n\n--- # Source: x\n  a: 1\n  b:\n    c: 2\n---\nd: 3", "a=1 b= d=3"),
            ("- a: 1\n  b: 2\n", "- a=1"),
            ("{a: 1, 'b': {c: 2}, \"d\": [3, {e: 4}], f: it's, g: 5}", "a=1 b={c: 2 d=[3 f=it's g=5"),
            ("--- {a: 1,\n  # b: 0, \"\n  c: 2}\n---\nd: 3\n", "a=1 c=2 d=3"),
            ("{\"a\": \"x, \\\"b\\\": {\", \"c\": \"http://d\"}", "a=\"x c=\"http://d\""),
            ("&x a: &y 1\n!!str b: !!int 2\nc: >-\n  3\nd: !t &z |\n  4\n", "a=1 b=2 c=3 d=4"),
            ("? a\n: 1\n? \"b\"\n: c: 2\n", "a=1 b=c: 2"),
            ("{{- if .a }}\na: {{ .b }}\n{{- end }}\n", "a={{ .b }}"),
            ("[{\"a\": 1}]", "[{\"a\"=1}]"),
        ] {
            let found =
                of(text).iter().map(|entry| format!("{}={}", entry.key, entry.word())).collect::<Vec<_>>();
            assert_eq!(found.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn a_text_that_is_cut_anywhere_is_read() {
        let text = "{\"ä\": \"\\\"ö\", 'é': [#\n1], # ü\n b: 2}\n--- {a: \"\n---\n\"ä\n: ";
        for (at, _) in text.char_indices() {
            of(&text[..at]);
            of(&text[at..]);
        }
    }
}
