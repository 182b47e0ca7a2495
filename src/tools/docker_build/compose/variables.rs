//! Variables in a compose file: `$NAME`, `${NAME}` and its forms with a default (Compose specification, "Interpolation"; compose-go
//! `template`). They come from the environment, else from the file `.env` of the project's folder.

use std::collections::BTreeMap;
use std::path::Path;

use crate::redact::names::looks_secret;
use crate::system::variables;

use super::text_of;

/// How deep defaults may lie in each other.
const DEEPEST: usize = 16;

/// Where values of variables come from.
pub(super) struct Variables<'v> {
    environment: &'v dyn Fn(&str) -> Option<String>,
    /// Those of `.env`; `None`: their values name variables without a value.
    of_file: BTreeMap<String, Option<String>>,
}

/// A text with its variables filled in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filled {
    pub text: String,
    /// The variables with a name that looks secret, and their values, which are in the text.
    pub secrets: BTreeMap<String, String>,
}

impl Variables<'static> {
    /// Those of the environment, and of `.env` in this folder.
    pub(super) fn of_project(folder: &Path) -> Result<Self, String> {
        let file = folder.join(".env");
        let text = match file.exists() {
            true => text_of(&file, ".env beside the compose file")?,
            false => String::new(),
        };
        Self::read(&variables::get, &text)
    }
}

impl<'v> Variables<'v> {
    /// `text`: the content of `.env`. A value that can't be filled in is a mistake only where it is used.
    pub(super) fn read(environment: &'v dyn Fn(&str) -> Option<String>, text: &str) -> Result<Self, String> {
        let mut all = Self { environment, of_file: BTreeMap::new() };
        let text = text.trim_start_matches('\u{feff}');
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let line = rest.lines().next().unwrap_or_default();
            // The message quotes nothing: the file may hold secrets.
            let wrong = || {
                let number = text[..text.len() - rest.len()].lines().count() + 1;
                format!("line {number} of .env beside the compose file can't be read")
            };
            let behind = match line.find(['=', ':']).filter(|_| !line.starts_with('#')) {
                Some(sign) => {
                    let name = line[..sign].trim();
                    let name = name.strip_prefix("export ").unwrap_or(name).trim();
                    if !is_name(name) {
                        return Err(wrong());
                    }
                    let value = rest[sign + 1..].trim_start_matches([' ', '\t']);
                    let (value, behind) = all.file_value(value).ok_or_else(wrong)?;
                    all.of_file.insert(name.to_owned(), value);
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

    /// The value at the beginning of a text, and what comes behind; `None`: its quote has no end. A value in quotes may
    /// have several lines.
    fn file_value<'t>(&self, text: &'t str) -> Option<(Option<String>, &'t str)> {
        let Some(quote) = text.chars().next().filter(|c| ['"', '\''].contains(c)) else {
            let line = text.lines().next().unwrap_or_default();
            let value = if line.starts_with('#') { "" } else { line.split(" #").next().unwrap_or_default() };
            return Some((self.text(value.trim_end()), &text[line.len()..]));
        };
        let inside = &text[1..];
        let end = inside.char_indices().find(|(at, c)| *c == quote && !inside[..*at].ends_with('\\'))?.0;
        let (value, behind) = (&inside[..end], &inside[end + 1..]);
        let line = behind.lines().next().unwrap_or_default();
        let value = match quote {
            '\'' => Some(value.to_owned()),
            _ => self
                .text(value)
                .map(|text| text.replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\")),
        };
        let rest_is_comment = line.trim_start().is_empty() || line.trim_start().starts_with('#');
        rest_is_comment.then_some((value, &behind[line.len()..]))
    }

    fn text(&self, text: &str) -> Option<String> {
        self.filled(text, 0).ok().map(|filled| filled.text)
    }

    /// The value of a variable. The environment counts first.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        (self.environment)(name).or_else(|| self.of_file(name))
    }

    /// The value of a variable that is in `.env` alone.
    pub(super) fn of_file_alone(&self, name: &str) -> Option<String> {
        self.of_file(name).filter(|_| (self.environment)(name).is_none())
    }

    fn of_file(&self, name: &str) -> Option<String> {
        self.of_file.get(name).cloned().flatten()
    }

    /// The text with its variables. The error says what is wrong, and what to do.
    pub(super) fn fill(&self, text: &str) -> Result<Filled, String> {
        self.filled(text, 0)
    }

    fn filled(&self, text: &str, depth: usize) -> Result<Filled, String> {
        if depth > DEEPEST {
            return Err("its defaults are nested too deep".to_owned());
        }
        let mut filled = Filled::default();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('$') {
            filled.text.push_str(before);
            if let Some(behind) = behind.strip_prefix('$') {
                filled.text.push('$');
                rest = behind;
                continue;
            }
            let (expression, behind) = match behind.strip_prefix('{') {
                Some(inside) => braced(inside).ok_or("a `${` has no end")?,
                None => behind.split_at(name_len(behind)),
            };
            let value = self.of_expression(expression, depth)?;
            filled.text.push_str(&value.text);
            filled.secrets.extend(value.secrets);
            rest = behind;
        }
        filled.text.push_str(rest);
        Ok(filled)
    }

    /// The value of `NAME`, `NAME:-default` and the like.
    fn of_expression(&self, expression: &str, depth: usize) -> Result<Filled, String> {
        let (name, rest) = expression.split_at(name_len(expression));
        if name.is_empty() {
            return Err("a `$` is no variable: write `$$` for a dollar sign".to_owned());
        }
        let value = self.value(name);
        let (blank_counts, operator) = match rest.strip_prefix(':') {
            Some(operator) => (false, operator),
            None => (true, rest),
        };
        let there = value.filter(|value| blank_counts || !value.is_empty());
        let secrets = |value: &String| {
            let known = looks_secret(name) && !value.is_empty();
            known.then(|| (name.to_owned(), value.clone())).into_iter().collect()
        };
        let itself = |value: String| Filled { secrets: secrets(&value), text: value };
        let word = operator.get(1..).unwrap_or_default();
        match (operator.chars().next(), there) {
            (None, Some(value)) if blank_counts => Ok(itself(value)),
            (None, None) if blank_counts => Err(format!(
                "the variable {name} is not set, here or in .env: set it, or write a default, as in `${{{name}:-default}}`"
            )),
            (Some('-' | '?'), Some(value)) => Ok(itself(value)),
            (Some('-'), None) => self.filled(word, depth + 1),
            (Some('+'), Some(_)) => self.filled(word, depth + 1),
            (Some('+'), None) => Ok(Filled::default()),
            (Some('?'), None) => Err(format!("the variable {name} is not set, here or in .env: {word}")),
            _ => Err(format!("`${{{expression}}}` is no form of a variable")),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

/// How long the name at the beginning is.
fn name_len(text: &str) -> usize {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) { 0 } else { end }
}

/// What is inside of braces, and what comes behind. A default may have braces of its own.
fn braced(text: &str) -> Option<(&str, &str)> {
    let mut open = 1_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' if text[..at].ends_with('$') => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some((&text[..at], &text[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "TAG" => Some("1.4".to_owned()),
            "BLANK" => Some(String::new()),
            "NPM_TOKEN" => Some("hunter2".to_owned()),
            _ => None,
        }
    }

    const FILE: &str = "# of the project\nTAG=0\nexport BASE=debian # a comment\nQUOTED=\"a ${TAG} \\\"b\\\"\"\n\
        PLAIN='$TAG #'\nJOINED=${BASE}-${VARIANT:-slim}\nEMPTY=\nPORT: 80\n";

    /// The rules and the examples of the Compose specification, "Interpolation".
    #[test]
    fn variables_have_the_values_that_compose_gives_them() {
        let variables = Variables::read(&environment, FILE).unwrap();
        for (text, value) in [
            ("", ""),
            ("app", "app"),
            ("app:$TAG", "app:1.4"),
            ("app:${TAG}x", "app:1.4x"),
            ("$BASE/$PORT", "debian/80"),
            ("${QUOTED}|${PLAIN}|${JOINED}|${EMPTY}", "a 1.4 \"b\"|$TAG #|debian-slim|"),
            ("${NONE:-a}${NONE-b}${BLANK:-c}${BLANK-d}${TAG:-e}", "abc1.4"),
            ("${NONE:-${NONE-${TAG}}}}", "1.4}"),
            ("${TAG:+x}${TAG+y}${BLANK:+x}${BLANK+y}${NONE:+x}${NONE+y}", "xyy"),
            ("${TAG:?is missing}${BLANK?}", "1.4"),
            ("$$TAG $${TAG} 5$$", "$TAG ${TAG} 5$"),
            ("${NONE:-a b:/-?+}", "a b:/-?+"),
        ] {
            assert_eq!(variables.fill(text).map(|filled| filled.text).as_deref(), Ok(value), "{text}");
        }
        for (text, words) in [
            ("$NONE", "NONE is not set"),
            ("${NONE}", "`${NONE:-default}`"),
            ("${NONE:?name it}", "NONE is not set, here or in .env: name it"),
            ("${BLANK:?name it}", "name it"),
            ("5$", "`$$`"),
            ("${}", "`$$`"),
            ("$1", "`$$`"),
            ("${TAG", "no end"),
            ("${TAG/x/y}", "is no form"),
            ("${TAG:}", "is no form"),
        ] {
            let why = variables.fill(text).unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
        }
    }

    #[test]
    fn values_of_secret_variables_are_known_as_such() {
        let variables = Variables::read(&environment, "DB_PASSWORD=open sesame\n").unwrap();
        let filled = variables.fill("https://a:${DB_PASSWORD}@h/${NONE:-$NPM_TOKEN}/$TAG").unwrap();
        let secrets: Vec<_> =
            filled.secrets.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(secrets, [("DB_PASSWORD", "open sesame"), ("NPM_TOKEN", "hunter2")]);
        assert_eq!(variables.of_file_alone("DB_PASSWORD").as_deref(), Some("open sesame"));
        assert_eq!(variables.of_file_alone("NPM_TOKEN"), None);
    }

    #[test]
    fn a_line_that_is_no_assignment_is_named_and_not_quoted() {
        for text in ["A=1\nhunter 2", "A=1\nB=\"hunter2", "A=1\nB='hunter2' x", "A=1\n=hunter2"] {
            let why = Variables::read(&environment, text).err().unwrap();
            assert!(why.starts_with("line 2 of .env") && !why.contains("hunter"), "{why}");
        }
        // What nobody uses may name what nobody sets.
        let variables = Variables::read(&environment, "A=$NONE\nB=a$$b\nC\nD=\"a\n=b\" # c\nE=e").unwrap();
        assert_eq!(variables.value("A"), None);
        assert_eq!(variables.fill("$B $D $E").unwrap().text, "a$b a\n=b e");
    }
}
