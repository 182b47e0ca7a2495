//! Variables of compose files: their defaults, and the values of `.env` (Compose, "Interpolation" and "Environment file").

use std::collections::BTreeMap;
use std::path::Path;

use crate::inputs::files::Files;
use crate::inputs::open::{Amount, read};
use crate::inputs::shell::at_top;

/// Values by name.
pub(super) type Values = BTreeMap<String, String>;

/// What `.env` beside a file sets; nothing if there is none, or it can't be read.
pub(super) fn beside(path: &str, files: &Files, top: &Path) -> Values {
    const MOST: u64 = 64 << 10;
    let env = path.rsplit_once('/').map_or(".env".to_owned(), |(folder, _)| format!("{folder}/.env"));
    let bytes = files.get(&env).and_then(|file| Some(read(top, &file, Amount::Whole(MOST)).ok()?.0));
    values(&String::from_utf8_lossy(&bytes.unwrap_or_default()))
}

fn values(text: &str) -> Values {
    let set = |line: &str| {
        let line = line.trim();
        let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
        let value = value.trim();
        let quoted = |quote: char| Some(value.strip_prefix(quote)?.split(quote).next()?.to_owned());
        let plain = || match value.starts_with('#') {
            true => String::new(),
            false => value.split(" #").next().unwrap_or_default().trim().to_owned(),
        };
        let value = quoted('"').or_else(|| quoted('\'')).unwrap_or_else(plain);
        Some((name.trim().to_owned(), value)).filter(|_| !line.starts_with('#'))
    };
    text.lines().filter_map(set).collect()
}

/// The text with its variables replaced by their values or defaults; `None` if something else decides one.
pub(super) fn expanded(text: &str, values: &Values) -> Option<String> {
    if at_top(text).is_some() {
        return Some(text.to_owned());
    }
    let (mut whole, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('$') {
        whole.push_str(before);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (variable, next) = match after.strip_prefix('{') {
            Some(inside) => inside.split_once('}')?,
            None => after.split_at(after.find(|c| !is_name(c)).unwrap_or(after.len())),
        };
        let end = variable.find(|c| !is_name(c)).unwrap_or(variable.len());
        let (name, option) = variable.split_at(end);
        let set = values.get(name).filter(|value| !value.is_empty() || !option.starts_with(':'));
        let default = || option.strip_prefix(":-").or_else(|| option.strip_prefix('-')).map(str::to_owned);
        whole.push_str(&set.cloned().or_else(default)?);
        rest = next;
    }
    whole.push_str(rest);
    (!whole.contains('$')).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_values_and_defaults() {
        let values =
            values("# A=1\nA=docker/api.build\nexport B=\"b c\" # d\nC= # nothing\nD='x'\nE=a # b\n");
        for (text, expected) in [
            ("plain", Some("plain")),
            ("${A}", Some("docker/api.build")),
            ("$A", Some("docker/api.build")),
            ("x/$D.prod", Some("x/x.prod")),
            ("${A}-${D}", Some("docker/api.build-x")),
            ("${B:-z}", Some("b c")),
            ("${C:-z}", Some("z")),
            ("${C-z}", Some("")),
            ("${E:?must be set}", Some("a")),
            ("${N:-Dockerfile}", Some("Dockerfile")),
            ("${N-a}.${N:-b}", Some("a.b")),
            ("${N}", None),
            ("$N/x", None),
            ("${N", None),
            ("$(cat x)", None),
        ] {
            assert_eq!(expanded(text, &values).as_deref(), expected, "{text}");
        }
    }
}
