//! Placeholders of other tools. Their names are strict, so that other text does not look like one: a program in
//! a container has settings such as `AIRFLOW__CORE__EXECUTOR`, and log options such as `{{.Name}}`.

/// The placeholder at the start of `from`, as it is written. `last` is the character before it.
pub(super) fn at_start(from: &str, last: Option<char>) -> Option<&str> {
    let inside_word = last.is_some_and(|c| c.is_alphanumeric() || c == '_');
    match from.as_bytes().first()? {
        b'<' => between(from, "<", ">", |name| name.len() > 1 && is_capital(name)),
        b'_' if !inside_word => between(from, "__", "__", is_capital).filter(|found| ends_word(from, found)),
        b'@' if !inside_word => between(from, "@", "@", is_capital).filter(|found| ends_word(from, found)),
        b'{' => between(from, "{{", "}}", |name| is_dotted(name.trim_matches(' '))),
        b'#' => between(from, "#{", "}", is_dotted),
        _ => None,
    }
}

/// The longest placeholder: the search for its end stops there.
const LONGEST: usize = 300;

/// `begin`, a name, `end`.
fn between<'t>(from: &'t str, begin: &str, end: &str, is_name: fn(&str) -> bool) -> Option<&'t str> {
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
