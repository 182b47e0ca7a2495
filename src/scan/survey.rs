//! What a tool says of inputs that its report does not name.

use std::path::Path;

use crate::inputs::Inputs;
use crate::model::input::InputKind;
use crate::system::git::Repo;
use crate::text::paths::{forward, normalise};
use crate::text::shared::Text;

/// What there is to look at, for a tool whose report names what was read.
#[derive(Debug)]
pub struct Survey<'a> {
    pub(crate) repo: &'a Repo,
    pub(crate) inputs: &'a Inputs,
    /// The projects of TypeScript that some gate checks, from the top of the repository.
    pub(crate) checked_projects: &'a [String],
    /// The command lines of its targets.
    pub(crate) args: &'a [String],
}

/// What became of an input that a report does not name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unnamed {
    /// Nobody knows that it was read; why, if there is more to say.
    Gap(Option<Text>),
    /// A rule leaves it out: `by `exclude` of web/tsconfig.json`.
    Excluded(Text),
    /// Nothing names it, and whoever read it would have: so a rule leaves it out. A file that is not there may be read elsewhere.
    Unlisted(Text),
    /// There is nothing in it to report: `without a resource`.
    Empty(Text),
    /// It is another gate's, or nobody's.
    Elsewhere,
}

/// Says what became of each.
pub type Judge<'a> = Box<dyn Fn(InputKind, &str) -> Unnamed + 'a>;

impl Survey<'_> {
    /// A folder of a gate, from the top of the repository. `.` is the top; one outside of it stays absolute.
    pub(crate) fn place_of(&self, folder: &str) -> String {
        from_top(self.repo, folder)
    }

    /// The configuration that an option names, if one does: that of the base, or the user's. A path counts from `folder`.
    pub(crate) fn named_config(&self, option: &str, folder: &str) -> Option<String> {
        const MOST: u64 = 1 << 20;
        let path = self.repo.root.join(folder).join(self.option(option).first()?);
        let is_small = path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() <= MOST);
        // What can't be read leaves nothing out.
        Some(is_small.then(|| std::fs::read_to_string(&path).ok()).flatten().unwrap_or_default())
    }

    /// The values of an option in `args`: `--name value`, `--name=value`, and further values up to the next option.
    pub(crate) fn option(&self, name: &str) -> Vec<String> {
        let mut values = Vec::new();
        let mut is_open = false;
        for arg in self.args {
            let rest = arg.strip_prefix(name);
            match (rest, rest.and_then(|rest| rest.strip_prefix('='))) {
                (_, Some(value)) => {
                    values.push(value.to_owned());
                    is_open = false;
                }
                (Some(""), None) => is_open = true,
                _ if arg.starts_with('-') => is_open = false,
                _ if is_open => values.push(arg.clone()),
                _ => {}
            }
        }
        values
    }
}

/// A path that counts from gates.toml, from the top of the repository.
pub(crate) fn from_top(repo: &Repo, path: &str) -> String {
    let full = normalise(&repo.base.join(path));
    match full.strip_prefix(&repo.root) {
        Ok(path) if path == Path::new("") => ".".to_owned(),
        Ok(path) => forward(path).to_string(),
        Err(_) => full.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_has_its_values_in_every_form() {
        let args = ["--a", "1", "2", "--ab", "3", "--a=4", "5", "-x", "6"].map(str::to_owned);
        let (repo, inputs) = (Repo::default(), Inputs::default());
        let survey = Survey { repo: &repo, inputs: &inputs, checked_projects: &[], args: &args };
        assert_eq!(survey.option("--a"), ["1", "2", "4"]);
        assert_eq!(survey.option("--none"), [""; 0]);
    }
}
