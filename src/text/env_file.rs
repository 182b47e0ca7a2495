//! The file `.env` beside a compose file (Compose, "Environment file"; compose-go `dotenv`).

use std::collections::BTreeMap;

use super::interpolation::{Values, fill};

/// What it sets. A value that can't be filled in is `None`: it is a mistake only where it is used. `outside` gives the variables of the
/// environment, which count before those of the file.
///
/// # Errors
/// The number of the line that can't be read. Nothing of it is quoted: the file may hold secrets.
pub(crate) fn read(text: &str, outside: Values<'_>) -> Result<BTreeMap<String, Option<String>>, usize> {
    let mut all: BTreeMap<String, Option<String>> = BTreeMap::new();
    let text = text.trim_start_matches('\u{feff}');
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let line = rest.lines().next().unwrap_or_default();
        let wrong = || text[..text.len() - rest.len()].lines().count() + 1;
        let behind = match line.find(['=', ':']).filter(|_| !line.starts_with('#')) {
            Some(sign) => {
                let name = line[..sign].trim();
                let name = name.strip_prefix("export ").unwrap_or(name).trim();
                if !is_name(name) {
                    return Err(wrong());
                }
                let known = |name: &str| outside(name).or_else(|| all.get(name).cloned().flatten());
                let value = rest[sign + 1..].trim_start_matches([' ', '\t']);
                let (value, behind) = value_at(value, &known).ok_or_else(wrong)?;
                all.insert(name.to_owned(), value);
                behind
            }
            // A name alone says that the environment has it.
            None if line.starts_with('#') || is_name(line.trim()) => &rest[line.len()..],
            None => return Err(wrong()),
        };
        rest = behind.trim_start();
    }
    Ok(all)
}

/// The value at the beginning of a text, and what comes behind; `None`: its quote has no end. A value in quotes may have several lines.
fn value_at<'t>(text: &'t str, known: Values<'_>) -> Option<(Option<String>, &'t str)> {
    let filled = |text: &str| fill(text, known).ok().map(|filled| filled.text);
    let Some(quote) = text.chars().next().filter(|c| ['"', '\''].contains(c)) else {
        let line = text.lines().next().unwrap_or_default();
        let value = if line.starts_with('#') { "" } else { line.split(" #").next().unwrap_or_default() };
        return Some((filled(value.trim_end()), &text[line.len()..]));
    };
    let inside = &text[1..];
    let end = inside.char_indices().find(|(at, c)| *c == quote && !inside[..*at].ends_with('\\'))?.0;
    let (value, behind) = (&inside[..end], &inside[end + 1..]);
    let line = behind.lines().next().unwrap_or_default();
    let value = match quote {
        '\'' => Some(value.to_owned()),
        _ => filled(value).map(|text| text.replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\")),
    };
    let rest_is_comment = line.trim_start().is_empty() || line.trim_start().starts_with('#');
    rest_is_comment.then_some((value, &behind[line.len()..]))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        (name == "TAG").then(|| "1.4".to_owned())
    }

    #[test]
    fn values_are_read_in_every_form() {
        let text = "# of the project\nTAG=0\nexport BASE=debian # a comment\nQUOTED=\"a ${TAG} \\\"b\\\"\"\n\
            PLAIN='$TAG #'\nJOINED=${BASE}-${VARIANT:-slim}\nEMPTY=\nPORT: 80\nNONE=# nothing\nUNKNOWN=$X\nMANY=\"a\n=b\" # c\nALONE\n";
        let all = read(text, &environment).unwrap();
        let shown: Vec<(&str, Option<&str>)> =
            all.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
        assert_eq!(
            shown,
            [
                ("BASE", Some("debian")),
                ("EMPTY", Some("")),
                ("JOINED", Some("debian-slim")),
                ("MANY", Some("a\n=b")),
                ("NONE", Some("")),
                ("PLAIN", Some("$TAG #")),
                ("PORT", Some("80")),
                ("QUOTED", Some("a 1.4 \"b\"")),
                ("TAG", Some("0")),
                ("UNKNOWN", None),
            ]
        );
    }

    #[test]
    fn a_line_that_is_no_assignment_is_numbered() {
        for text in ["A=1\nhunter 2", "A=1\nB=\"hunter2", "A=1\nB='hunter2' x", "A=1\n=hunter2"] {
            assert_eq!(read(text, &environment), Err(2), "{text}");
        }
    }
}
