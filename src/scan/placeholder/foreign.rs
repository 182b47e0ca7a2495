//! Placeholders of other tools. Their names are strict, so that other text does not look like one: a program in
//! a container has settings such as `AIRFLOW__CORE__EXECUTOR`, and log options such as `{{.Name}}`.

/// What a placeholder of any style begins with.
pub(super) const SIGNS: [char; 8] = ['$', '<', '_', '{', '[', '%', '@', '#'];

/// The placeholders in a text whose `$NAME` have been replaced.
pub(crate) fn beside_variables(text: &str) -> Vec<&str> {
    let (mut found, mut rest, mut last) = (Vec::new(), text, None);
    while let Some(at) = rest.find(SIGNS) {
        let (before, from) = rest.split_at(at);
        last = before.chars().next_back().or(last);
        let placeholder = at_start(from, last).filter(|found| !found.starts_with('$'));
        found.extend(placeholder);
        let (taken, behind) = from.split_at(placeholder.map_or(1, str::len));
        last = taken.chars().next_back();
        rest = behind;
    }
    found
}

/// Whether the text is one placeholder, and nothing else.
pub(super) fn is_one(text: &str) -> bool {
    at_start(text, None) == Some(text)
}

/// Whether it is one that a shell fills, in a command.
pub(crate) fn is_of_shell(placeholder: &str) -> bool {
    placeholder.starts_with('$') && !placeholder.starts_with("${")
}

/// The placeholder at the start of `from`, as it is written. `last` is the character before it.
pub(super) fn at_start(from: &str, last: Option<char>) -> Option<&str> {
    let inside_word = last.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let long = |name: &str| name.len() > 1 && is_capital(name);
    match from.as_bytes().first()? {
        b'$' => variable(from),
        b'<' => between(from, "<", ">", long),
        b'[' => between(from, "[[", "]]", |name| is_capital(name.trim_matches(' '))),
        b'%' => between(from, "%", "%", long).filter(|found| !is_percent_encoded(from, found)),
        b'_' if !inside_word => between(from, "__", "__", is_capital).filter(|found| ends_word(from, found)),
        b'@' if !inside_word => between(from, "@", "@", is_capital).filter(|found| ends_word(from, found)),
        b'{' => between(from, "{{", "}}", |name| is_dotted(name.trim_matches(' '))),
        b'#' => between(from, "#{", "}", is_dotted),
        _ => None,
    }
}

/// The longest placeholder: the search for its end stops there.
pub(super) const LONGEST: usize = 300;

/// `$NAME`, except a word of AWS: the version `$LATEST` of a function.
fn variable(from: &str) -> Option<&str> {
    let inside = &from[1..];
    let other = |byte: u8| !byte.is_ascii_alphanumeric() && byte != b'_';
    let length = inside.bytes().take(LONGEST).position(other).unwrap_or(inside.len());
    let name = inside.get(..length)?;
    (length > 1 && is_capital(name) && name != "LATEST").then(|| &from[..=length])
}

/// Whether both signs begin an encoded byte: `%C3%A4`.
fn is_percent_encoded(from: &str, found: &str) -> bool {
    let byte = |text: &str| text.len() > 1 && text.bytes().take(2).all(|digit| digit.is_ascii_hexdigit());
    byte(&found[1..]) && byte(&from[found.len()..])
}

/// `begin`, a name, `end`.
fn between<'t>(from: &'t str, begin: &str, end: &str, is_name: impl Fn(&str) -> bool) -> Option<&'t str> {
    let inside = from.strip_prefix(begin)?;
    let most = (0..=LONGEST.min(inside.len())).rev().find(|at| inside.is_char_boundary(*at))?;
    let length = inside[..most].find(end)?;
    is_name(&inside[..length]).then(|| &from[..begin.len() + length + end.len()])
}

/// `EXECUTION_ROLE_ARN`
fn is_capital(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(rest) && !name.contains("__")
}

/// `NAME`, `image.tag`
fn is_dotted(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(rest)
}

fn ends_word(from: &str, found: &str) -> bool {
    !from[found.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
}
