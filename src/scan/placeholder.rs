//! Placeholders in the templates of a deployment, filled from an explicit table: `${NAME}` by its name, and those of
//! other tools as they are written: `$NAME` (shells), `<NAME>` (AWS), `__NAME__`, `{{ NAME }}`, `[[NAME]]`,
//! `%NAME%`, `@NAME@`, `#{NAME}`.
//!
//! `$${` stands for `${` itself. An unknown placeholder stays in the text and is reported: nothing that is registered or
//! deployed may contain one.

pub(crate) mod foreign;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::keys::table::Keys;
use crate::scan::from_environment::{FromEnvironment, name_in};
use crate::scan::placeholder::foreign::{LONGEST, SIGNS};
use crate::system::git::Repo;

/// The name of the commit in every template.
pub(crate) const COMMIT: &str = "PORTCULLIS_COMMIT";

/// The longest part of an unfilled placeholder that is shown.
const SHOWN: usize = 60;
/// The most unfilled placeholders that are reported for one text.
const MOST: usize = 100;

/// What no value may be.
const ODD: &str = "used as it is: it can't contain a line break, or ${…} that is not the name of a variable";

/// The value for each name.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Values(BTreeMap<String, String>);

/// A text with its placeholders filled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filled {
    pub text: String,
    /// Placeholders that are still in it, as they are written.
    pub left: Vec<String>,
}

impl Values {
    /// Reads `values = { NAME = "text", "__NAME__" = "text" }`.
    pub(crate) fn read(keys: &Keys) -> Self {
        let Some(table) = keys.table("values") else { return Self::default() };
        let mut values = BTreeMap::new();
        for (name, value) in table.text_entries() {
            let is_placeholder = is_name(&name) || foreign::is_one(&name);
            if !is_placeholder || name == COMMIT {
                let what = match name == COMMIT {
                    true => format!("`{COMMIT}` is the commit: it has its value already"),
                    false => format!("`{name}` is not the name of a placeholder"),
                };
                keys.problem_with_help(
                    value.at,
                    what,
                    "`NAME` stands for `${NAME}`: letters, digits and `_`, with no digit at the start; any other is written as in the template: `\"__NAME__\" = …`",
                );
            } else if value.value.contains(char::is_control) || has_odd_reference(&value.value) {
                let what = format!("the value of `{name}` is {ODD}");
                keys.problem(value.at, what);
            } else {
                values.insert(name, value.value);
            }
        }
        Self(values)
    }

    /// The same, with values from the environment.
    pub(crate) fn resolved(&self, environment: &mut FromEnvironment) -> Self {
        let mut values = BTreeMap::new();
        for (name, text) in &self.0 {
            // Any other text is meant as it is.
            let value = environment.text(&format!("values.{name}"), text);
            if value.contains("${") || value.contains(char::is_control) {
                environment.refuse(format!("`values.{name}` is {ODD}"));
            }
            values.insert(name.clone(), value);
        }
        Self(values)
    }

    /// The same, with the commit that is checked out, if there is one.
    pub(crate) fn at(&self, repo: &Repo) -> Self {
        let mut values = self.0.clone();
        values.extend(repo.head.clone().map(|head| (COMMIT.to_owned(), head)));
        Self(values)
    }

    /// The same, with `known` for a placeholder that stands in the values themselves.
    pub(crate) fn with(&self, placeholder: &str, known: &str) -> Self {
        let filled = |(name, value): (&String, &String)| (name.clone(), value.replace(placeholder, known));
        Self(self.0.iter().map(filled).collect())
    }

    /// Fills a text. Inserted values are not filled again.
    pub(crate) fn fill(&self, text: &str, used: &mut BTreeSet<String>) -> Filled {
        let mut filled = Filled { text: String::with_capacity(text.len()), left: Vec::new() };
        let mut rest = text;
        let mut last = None;
        while let Some(at) = rest.find(SIGNS) {
            let (before, from) = rest.split_at(at);
            filled.text.push_str(before);
            last = before.chars().next_back().or(last);
            rest = self.step(from, last, &mut filled, used);
            last = from[..from.len() - rest.len()].chars().next_back();
        }
        filled.text.push_str(rest);
        filled
    }

    /// Handles the start of `from`, which is one of [`SIGNS`] behind the character `last`, and returns the rest.
    fn step<'t>(
        &self,
        from: &'t str,
        last: Option<char>,
        filled: &mut Filled,
        used: &mut BTreeSet<String>,
    ) -> &'t str {
        if let Some(rest) = from.strip_prefix("$${") {
            filled.text.push_str("${");
            return rest;
        }
        if let Some(inside) = from.strip_prefix("${") {
            let end = end_of(inside);
            let name = end.and_then(|end| inside.get(..end)).unwrap_or_default();
            if let Some((name, value)) = self.0.get_key_value(name) {
                used.insert(name.clone());
                filled.text.push_str(value);
                return inside.get(name.len() + 1..).unwrap_or_default();
            }
            let whole = end.and_then(|end| from.get(..end + 3));
            filled.leave(whole.unwrap_or(from));
            if let Some(whole) = whole {
                filled.text.push_str(whole);
                return &from[whole.len()..];
            }
        } else if let Some(foreign) = foreign::at_start(from, last) {
            match self.0.get(foreign) {
                Some(value) => {
                    used.insert(foreign.to_owned());
                    filled.text.push_str(value);
                }
                None => {
                    filled.leave(foreign);
                    filled.text.push_str(foreign);
                }
            }
            return &from[foreign.len()..];
        }
        // Each sign is one byte.
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

/// Where the brace ends that this is the inside of: `${{ a }}` and `${A:-${B}}` are one placeholder.
fn end_of(inside: &str) -> Option<usize> {
    let bytes = || inside.bytes().take(LONGEST);
    let mut open = 1;
    let matching = bytes().position(|byte| {
        open += i32::from(byte == b'{') - i32::from(byte == b'}');
        open == 0
    });
    matching.or_else(|| bytes().position(|byte| byte == b'}'))
}

/// Whether there is a `${` that does not begin the name of a variable.
fn has_odd_reference(text: &str) -> bool {
    text.match_indices("${").any(|(at, _)| name_in(&text[at + 1..]).is_none())
}

pub(super) fn is_name(name: &str) -> bool {
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
            (
                "$name $Name $1 $$ $ {NAME} $(NAME) $ $2b$10$N9qo",
                "$name $Name $1 $$ $ {NAME} $(NAME) $ $2b$10$N9qo",
            ),
            ("arn:aws:lambda:x:function:y:$LATEST", "arn:aws:lambda:x:function:y:$LATEST"),
            ("echo $${HOME}", "echo ${HOME}"),
            ("a < b && b > c <b> <a-b> <> <1>", "a < b && b > c <b> <a-b> <> <1>"),
            ("${ODD}", "a}b<X1>"),
            ("größer ${NAME} ß", "größer notes ß"),
            // Settings of Airflow and Gitea, Go's templates in log options, Python, addresses, arithmetic.
            ("AIRFLOW__CORE__EXECUTOR=x GITEA____A__", "AIRFLOW__CORE__EXECUTOR=x GITEA____A__"),
            ("{{.Name}}/{{.ID}} {{}} {{ a b }} {{", "{{.Name}}/{{.ID}} {{}} {{ a b }} {{"),
            ("__main__ __init__.py __ ___ _A_", "__main__ __init__.py __ ___ _A_"),
            (
                "%Y-%m-%d %H:%M:%S%L 50% a%20B%20 %E2%82%AC %C3%A4 %%",
                "%Y-%m-%d %H:%M:%S%L 50% a%20B%20 %E2%82%AC %C3%A4 %%",
            ),
            ("[[ -n a ]] [[:ALPHA:]] [A] [[a]] [[", "[[ -n a ]] [[:ALPHA:]] [A] [[a]] [["),
            ("REPLACE_ME TODO CHANGEME x", "REPLACE_ME TODO CHANGEME x"),
            ("ops@EXAMPLE.ORG a@B@c @ @@ #1 #{} ##", "ops@EXAMPLE.ORG a@B@c @ @@ #1 #{} ##"),
        ] {
            assert_eq!(fill(text), (expected.to_owned(), vec![]), "{text}");
        }
    }

    #[test]
    fn a_placeholder_of_another_style_is_filled_if_values_name_it_as_it_is_written() {
        let styles =
            ["__ROLE__", "<ROLE>", "$ROLE", "[[ROLE]]", "{{ role.arn }}", "%ROLE%", "@ROLE@", "#{role}"];
        for style in styles {
            assert!(foreign::is_one(style), "{style}");
            let values = Values([(style.to_owned(), "arn:x <B1>".to_owned())].into());
            let mut used = BTreeSet::new();
            let filled = values.fill(&format!("a/{style} ${{ROLE}} __OTHER__"), &mut used);
            assert_eq!(filled.text, "a/arn:x <B1> ${ROLE} __OTHER__", "{style}");
            assert_eq!((filled.left, used.len()), (vec!["${ROLE}".to_owned(), "__OTHER__".to_owned()], 1));
            assert!(values.unused(&used).is_empty());
        }
        for other in ["__A__B__", "__A__ ", "<a>", "${A}", "A-B", "$a", "{{.Name}}", ""] {
            assert!(!foreign::is_one(other), "{other}");
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
            ("${<TASK_DEFINITION>}", vec!["${<TASK_DEFINITION>}"]),
            ("${{ secrets.X }} ${{inputs.a}}", vec!["${{ secrets.X }}", "${{inputs.a}}"]),
            ("${A:-${B}}c ${A{B}", vec!["${A:-${B}}", "${A{B}"]),
            (
                "$EXECUTION_ROLE_ARN role/$ROLE:$NAME2 $NAME",
                vec!["$EXECUTION_ROLE_ARN", "$ROLE", "$NAME2", "$NAME"],
            ),
            ("%ROLE% x%20%ROLE_ARN%:%FAMILY%", vec!["%ROLE%", "%ROLE_ARN%", "%FAMILY%"]),
            ("[[ROLE]] [[ROLE_ARN]]:[[ TAG ]]", vec!["[[ROLE]]", "[[ROLE_ARN]]", "[[ TAG ]]"]),
            ("__ROLE_ARN__ arn:x/__N__-live", vec!["__ROLE_ARN__", "__N__"]),
            ("{{ NAME }}:{{image.tag}} {{-role-}}", vec!["{{ NAME }}", "{{image.tag}}"]),
            ("@VERSION@ #{Octopus.Name} #{NAME}#", vec!["@VERSION@", "#{Octopus.Name}", "#{NAME}"]),
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
