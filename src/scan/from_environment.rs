//! Values of gates.toml that come from the environment: `$NAME` or `${NAME}`. `$$` stands for a dollar sign.
//!
//! They are read when a job is planned, so a run can refuse to start without them. A name without a value stays
//! in the text, and the job never starts. So does a placeholder of another tool: nothing fills it here.

use crate::scan::placeholder::{foreign, is_name};
use crate::system::variables;

/// Reads variables, and notes what is missing.
#[derive(Debug, Default)]
pub(crate) struct FromEnvironment {
    /// What is wrong, one sentence each.
    pub unresolved: Vec<String>,
}

impl FromEnvironment {
    /// The value of `key` with its variables. It may have no placeholder.
    pub(crate) fn value(&mut self, key: &str, text: &str) -> String {
        let value = self.text(key, text);
        for left in foreign::beside_variables(&value) {
            self.unresolved.push(format!(
                "`{key}` has the placeholder {left}, which nothing fills: name a variable (`$NAME`), or write the value"
            ));
        }
        value
    }

    /// The same for a value that may have any text.
    pub(crate) fn text(&mut self, key: &str, text: &str) -> String {
        self.value_by(key, text, &variables::value)
    }

    /// The same for a key that may be absent.
    pub(crate) fn option(&mut self, key: &str, text: &Option<String>) -> Option<String> {
        text.as_ref().map(|text| self.value(key, text))
    }

    /// Notes something else that is wrong with a value.
    pub(crate) fn refuse(&mut self, why: String) {
        self.unresolved.push(why);
    }

    fn value_by(&mut self, key: &str, text: &str, look_up: &dyn Fn(&str) -> Option<String>) -> String {
        let mut value = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('$') {
            value.push_str(before);
            if let Some(behind) = behind.strip_prefix('$') {
                value.push('$');
                rest = behind;
                continue;
            }
            let Some((name, behind)) = name_in(behind) else {
                value.push('$');
                rest = behind;
                continue;
            };
            match look_up(name).filter(|found| !found.is_empty()) {
                Some(found) => value.push_str(&found),
                None => {
                    self.unresolved.push(format!("`{key}` is ${name}, and the variable {name} is not set"));
                    value.push_str(&format!("${name}"));
                }
            }
            rest = behind;
        }
        value + rest
    }
}

/// The name behind a dollar sign, with or without braces, and the rest.
pub(super) fn name_in(text: &str) -> Option<(&str, &str)> {
    if let Some(inside) = text.strip_prefix('{') {
        return inside.split_once('}').filter(|(name, _)| is_name(name));
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    Some(text.split_at(end)).filter(|(name, _)| is_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, usize) {
        let mut environment = FromEnvironment::default();
        let look_up = |name: &str| match name {
            "APP" => Some("notes".to_owned()),
            "ODD" => Some("$APP $$".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let value = environment.value_by("key", text, &look_up);
        (value, environment.unresolved.len())
    }

    #[test]
    fn a_name_stands_for_its_value_and_a_missing_one_is_noted() {
        for (text, value, missing) in [
            ("", "", 0),
            ("notes", "notes", 0),
            ("$APP", "notes", 0),
            ("${APP}", "notes", 0),
            ("https://$APP.example/${APP}x", "https://notes.example/notesx", 0),
            ("$ODD", "$APP $$", 0),
            ("$$APP $${APP} 5$ $5 $ ${} ${a b}", "$APP ${APP} 5$ $5 $ ${} ${a b}", 0),
            ("$OTHER/$APP", "$OTHER/notes", 1),
            ("${OTHER}$EMPTY", "$OTHER$EMPTY", 2),
            ("$APPS", "$APPS", 1),
        ] {
            assert_eq!(read(text), (value.to_owned(), missing), "{text}");
        }
    }
}
