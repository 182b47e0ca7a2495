//! The variables of a compose file. They come from the environment, else from the file `.env` of the project's folder.

use std::collections::BTreeMap;
use std::path::Path;

use crate::redact::names::looks_secret;
use crate::system::variables;
use crate::text::{env_file, interpolation};

use super::text_of;

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
    /// `text`: the content of `.env`.
    pub(super) fn read(environment: &'v dyn Fn(&str) -> Option<String>, text: &str) -> Result<Self, String> {
        let of_file = env_file::read(text, environment)
            .map_err(|line| format!("line {line} of .env beside the compose file can't be read"))?;
        Ok(Self { environment, of_file })
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
        let filled = interpolation::fill(text, &|name| self.value(name))?;
        let is_secret = |(name, value): &(String, String)| looks_secret(name) && !value.is_empty();
        Ok(Filled { text: filled.text, secrets: filled.used.into_iter().filter(is_secret).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "TAG" => Some("1.4".to_owned()),
            "NPM_TOKEN" => Some("hunter2".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn the_environment_counts_before_the_file() {
        let variables = Variables::read(&environment, "TAG=0\nBASE=debian\nJOINED=$BASE-$TAG\n").unwrap();
        assert_eq!(variables.fill("$TAG $BASE $JOINED").unwrap().text, "1.4 debian debian-1.4");
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
        let why = Variables::read(&environment, "A=1\nB=\"hunter2").err().unwrap();
        assert_eq!(why, "line 2 of .env beside the compose file can't be read");
        // What nobody uses may name what nobody sets.
        let variables = Variables::read(&environment, "A=$NONE\nB=a$$b").unwrap();
        assert_eq!(variables.value("A"), None);
        assert_eq!(variables.fill("$B").unwrap().text, "a$b");
    }
}
