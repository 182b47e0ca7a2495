//! The names of tests, as the ids of findings have them.

use super::{Reading, runner};

impl Reading<'_> {
    /// `class.name`. Without a class, the names of the innermost suites stand in its place. Node writes
    /// `test` for every class, so this counts as no class.
    pub(super) fn rule(&self, class: Option<&str>, name: Option<&str>) -> String {
        let class = class.filter(|class| *class != "test");
        let innermost = &self.suites[self.suites.len().saturating_sub(8)..];
        let suites = innermost.iter().filter_map(|suite| suite.name.as_deref());
        let mut words: Vec<String> = match class {
            Some(class) => vec![self.relative(class)],
            None => suites.map(|suite| self.steady(suite)).collect(),
        };
        words.push(self.relative(name.unwrap_or("test without a name")));
        words.join(".")
    }

    /// A name without the folder of the checkout.
    fn relative(&self, name: &str) -> String {
        let name = name.trim();
        match name.starts_with('/') && !name.contains(char::is_whitespace) {
            true => self.origin.relative(name).to_string(),
            false => name.to_owned(),
        }
    }

    /// The same for a suite, without the version of a tool and the moment of the run.
    fn steady(&self, suite: &str) -> String {
        runner::without_version(runner::without_moment(&self.relative(suite))).to_owned()
    }
}
