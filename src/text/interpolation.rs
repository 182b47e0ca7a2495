//! Variables in a text: `$NAME`, `${NAME}` and its forms with a default (Compose specification, "Interpolation"; compose-go `template`).
//! A shell understands the same forms.

/// How deep defaults may lie in each other.
const DEEPEST: usize = 16;

/// A text with its variables filled in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) text: String,
    /// The variables whose values are in the text, with these.
    pub(crate) used: Vec<(String, String)>,
}

/// Gives the value of a variable by its name.
pub(crate) type Values<'v> = &'v dyn Fn(&str) -> Option<String>;

/// The text with its variables. The error says what is wrong, and what to do.
pub(crate) fn fill(text: &str, values: Values<'_>) -> Result<Filled, String> {
    filled(text, values, 0)
}

/// Whether a text is the name of a variable: of letters, digits and `_`.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && name_len(text) == text.len()
}

fn filled(text: &str, values: Values<'_>, depth: usize) -> Result<Filled, String> {
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
        let value = of_expression(expression, values, depth)?;
        filled.text.push_str(&value.text);
        filled.used.extend(value.used);
        rest = behind;
    }
    filled.text.push_str(rest);
    Ok(filled)
}

/// The value of `NAME`, `NAME:-default` and the like.
fn of_expression(expression: &str, values: Values<'_>, depth: usize) -> Result<Filled, String> {
    let (name, rest) = expression.split_at(name_len(expression));
    if name.is_empty() {
        return Err("a `$` is no variable: write `$$` for a dollar sign".to_owned());
    }
    let (blank_counts, operator) = match rest.strip_prefix(':') {
        Some(operator) => (false, operator),
        None => (true, rest),
    };
    let there = values(name).filter(|value| blank_counts || !value.is_empty());
    let itself = |value: String| Filled { used: vec![(name.to_owned(), value.clone())], text: value };
    let word = operator.get(1..).unwrap_or_default();
    match (operator.chars().next(), there) {
        (None, Some(value)) if blank_counts => Ok(itself(value)),
        (None, None) if blank_counts => Err(format!(
            "the variable {name} is not set, here or in .env: set it, or write a default, as in `${{{name}:-default}}`"
        )),
        (Some('-' | '?'), Some(value)) => Ok(itself(value)),
        (Some('-'), None) => filled(word, values, depth + 1),
        (Some('+'), Some(_)) => filled(word, values, depth + 1),
        (Some('+'), None) => Ok(Filled::default()),
        (Some('?'), None) => Err(format!("the variable {name} is not set, here or in .env: {word}")),
        _ => Err(format!("`${{{expression}}}` is no form of a variable")),
    }
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

    fn values(name: &str) -> Option<String> {
        let value = match name {
            "TAG" => "1.4",
            "BLANK" => "",
            "BASE" => "debian",
            _ => return None,
        };
        Some(value.to_owned())
    }

    /// The rules and the examples of the Compose specification, "Interpolation".
    #[test]
    fn variables_have_the_values_that_compose_gives_them() {
        for (text, value) in [
            ("", ""),
            ("app", "app"),
            ("app:$TAG", "app:1.4"),
            ("app:${TAG}x", "app:1.4x"),
            ("$BASE/$TAG", "debian/1.4"),
            ("${NONE:-a}${NONE-b}${BLANK:-c}${BLANK-d}${TAG:-e}", "abc1.4"),
            ("${NONE:-${NONE-${TAG}}}}", "1.4}"),
            ("${TAG:+x}${TAG+y}${BLANK:+x}${BLANK+y}${NONE:+x}${NONE+y}", "xyy"),
            ("${TAG:?is missing}${BLANK?}", "1.4"),
            ("$$TAG $${TAG} 5$$", "$TAG ${TAG} 5$"),
            ("${NONE:-a b:/-?+}", "a b:/-?+"),
        ] {
            assert_eq!(fill(text, &values).map(|filled| filled.text).as_deref(), Ok(value), "{text}");
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
            let why = fill(text, &values).unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
        }
        assert!(fill(&"${A:-".repeat(10_000), &values).is_err());
    }

    #[test]
    fn the_variables_that_are_in_a_text_are_known() {
        let filled = fill("$TAG ${NONE:-$BASE} ${TAG:+x}", &values).unwrap();
        let used: Vec<&str> = filled.used.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(used, ["TAG", "BASE"]);
    }
}
