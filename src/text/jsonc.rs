//! JSON with comments and commas at the end of lists, as in tsconfig.json and other configuration files.

/// The text without comments, without commas before a closing bracket, and without a byte order mark.
pub(crate) fn plain_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    // Where the last comma is, while nothing but white space and comments follow it.
    let mut comma = None;
    let mut rest = text.trim_start_matches('\u{feff}');
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else {
            let length = if first == '"' { length_of_string(rest) } else { first.len_utf8() };
            match first {
                ',' => comma = Some(plain.len()),
                ']' | '}' => {
                    if let Some(at) = comma.take() {
                        plain.truncate(at);
                    }
                }
                first if first.is_whitespace() => {}
                _ => comma = None,
            }
            plain.push_str(&rest[..length]);
            length
        };
        rest = &rest[length..];
    }
    plain
}

/// In bytes, with both quotation marks.
fn length_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn comments_and_last_commas_are_left_out() {
        for (text, value) in [
            ("{\"a\": [1, 2, ], // end\n}", json!({"a": [1, 2]})),
            ("\u{feff}{/* a, */ \"b\": \"// é, ]\" ,\n /* c */ }", json!({"b": "// é, ]"})),
            ("{\"a\": \"\\\",]\"}", json!({"a": "\",]"})),
        ] {
            assert_eq!(serde_json::from_str::<Value>(&plain_json(text)).unwrap(), value, "{text}");
        }
        for cut in ["/* open", "\"open", "{\"a\": \"\\"] {
            assert!(serde_json::from_str::<Value>(&plain_json(cut)).is_err(), "{cut}");
        }
    }
}
