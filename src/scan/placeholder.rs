//! Placeholders in the templates of a deployment: `${NAME}`, from an explicit table.
//!
//! `$${` stands for `${` itself. An unknown placeholder stays in the text and is reported. So is
//! `<NAME>`, the form of AWS's own placeholders: nothing that is registered or deployed may contain
//! one.

use std::collections::{BTreeMap, BTreeSet};

use crate::keys::table::Keys;
use crate::system::git::Repo;

/// The name of the commit in every template.
pub(crate) const COMMIT: &str = "PORTCULLIS_COMMIT";

/// The longest part of an unfilled placeholder that is shown.
const SHOWN: usize = 60;
/// The most unfilled placeholders that are reported for one text.
const MOST: usize = 100;
/// The longest name: the search for `}` stops there.
const LONGEST: usize = 300;

/// The value for each name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(BTreeMap<String, String>);

/// A text with its placeholders filled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filled {
    pub text: String,
    /// Placeholders that are still in it, as they are written.
    pub left: Vec<String>,
}

impl Values {
    /// Reads `values = { NAME = "text" }`.
    pub(crate) fn read(keys: &Keys) -> Self {
        let Some(table) = keys.table("values") else { return Self::default() };
        let mut values = BTreeMap::new();
        for (name, value) in table.text_entries() {
            if !is_name(&name) || name == COMMIT {
                let what = match name == COMMIT {
                    true => format!("`{COMMIT}` is the commit: it has its value already"),
                    false => format!("`{name}` is not the name of a placeholder"),
                };
                keys.problem_with_help(
                    value.at,
                    what,
                    "use letters, digits and `_`, with no digit at the start",
                );
            } else if value.value.contains("${") || value.value.contains(char::is_control) {
                let what = format!(
                    "the value of `{name}` is used as it is: it can't contain ${{…}} or a line break"
                );
                keys.problem(value.at, what);
            } else {
                values.insert(name, value.value);
            }
        }
        Self(values)
    }

    /// The same, with the commit that is checked out, if there is one.
    pub(crate) fn at(&self, repo: &Repo) -> Self {
        let mut values = self.0.clone();
        values.extend(repo.head.clone().map(|head| (COMMIT.to_owned(), head)));
        Self(values)
    }

    /// Fills a text. Inserted values are not filled again.
    pub(crate) fn fill(&self, text: &str, used: &mut BTreeSet<String>) -> Filled {
        let mut filled = Filled { text: String::with_capacity(text.len()), left: Vec::new() };
        let mut rest = text;
        while let Some(at) = rest.find(['$', '<']) {
            let (before, from) = rest.split_at(at);
            filled.text.push_str(before);
            rest = self.step(from, &mut filled, used);
        }
        filled.text.push_str(rest);
        filled
    }

    /// Handles the start of `from`, which is `$` or `<`, and returns the rest.
    fn step<'t>(&self, from: &'t str, filled: &mut Filled, used: &mut BTreeSet<String>) -> &'t str {
        if let Some(rest) = from.strip_prefix("$${") {
            filled.text.push_str("${");
            return rest;
        }
        if let Some(inside) = from.strip_prefix("${") {
            let end = inside.bytes().take(LONGEST).position(|byte| byte == b'}');
            let name = end.and_then(|end| inside.get(..end)).unwrap_or_default();
            if let Some((name, value)) = self.0.get_key_value(name) {
                used.insert(name.clone());
                filled.text.push_str(value);
                return inside.get(name.len() + 1..).unwrap_or_default();
            }
            let shown = end.map_or(from, |end| from.get(..end + 3).unwrap_or(from));
            filled.leave(shown);
        } else if let Some(name) = angled(from) {
            filled.leave(name);
        }
        // `$` and `<` are one byte each.
        let (sign, rest) = from.split_at(1);
        filled.text.push_str(sign);
        rest
    }

    /// The names that no template has used.
    pub(crate) fn unused(&self, used: &BTreeSet<String>) -> Vec<&str> {
        let names = self.0.keys().filter(|name| *name != COMMIT && !used.contains(*name));
        names.map(String::as_str).collect()
    }
}

impl Filled {
    fn leave(&mut self, placeholder: &str) {
        if self.left.len() < MOST {
            self.left.push(placeholder.chars().take(SHOWN).collect());
        }
    }
}

/// `<IMAGE1_NAME>` at the start of a text: capital letters, digits and `_`.
fn angled(from: &str) -> Option<&str> {
    let inside = from.strip_prefix('<')?;
    let end = inside.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))?;
    let name = inside.get(..end)?;
    let begins = name.starts_with(|c: char| c.is_ascii_uppercase()) && name.len() > 1;
    (begins && inside[end..].starts_with('>')).then(|| &from[..end + 2])
}

fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str) -> (String, Vec<String>) {
        let values = [("NAME", "notes"), ("N", "1"), ("ODD", "a}b<X1>")];
        let values = Values(values.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let filled = values.fill(text, &mut BTreeSet::new());
        (filled.text, filled.left)
    }

    #[test]
    fn placeholders_are_filled_and_nothing_else() {
        for (text, expected) in [
            ("", ""),
            ("arn:${NAME}:${N}", "arn:notes:1"),
            ("${N}${N}", "11"),
            ("$NAME $ {NAME} $(NAME) $", "$NAME $ {NAME} $(NAME) $"),
            ("echo $${HOME}", "echo ${HOME}"),
            ("a < b && b > c <b> <a-b> <> <1>", "a < b && b > c <b> <a-b> <> <1>"),
            ("${ODD}", "a}b<X1>"),
            ("größer ${NAME} ß", "größer notes ß"),
        ] {
            assert_eq!(fill(text), (expected.to_owned(), vec![]), "{text}");
        }
    }

    #[test]
    fn unknown_placeholders_are_reported() {
        for (text, left) in [
            ("${OTHER}", vec!["${OTHER}"]),
            ("${NAME} ${name} ${}", vec!["${name}", "${}"]),
            ("${NAME:-x}", vec!["${NAME:-x}"]),
            ("${NAME", vec!["${NAME"]),
            ("<IMAGE1_NAME>:<TAG>", vec!["<IMAGE1_NAME>", "<TAG>"]),
            ("${<TASK_DEFINITION>}", vec!["${<TASK_DEFINITION>}", "<TASK_DEFINITION>"]),
        ] {
            let (text_after, found) = fill(text);
            assert_eq!(found, left, "{text}");
            assert_eq!(text_after, text.replace("${NAME}", "notes"));
        }
        let long = format!("${{{}", "x".repeat(1000));
        assert_eq!(fill(&long).1[0].len(), SHOWN);
        assert_eq!(fill(&"${".repeat(1 << 16)).1.len(), MOST);
    }
}
