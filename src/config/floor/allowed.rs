//! Keys that can make any gate do nothing (`program`, `args`, `env`, `allow_empty`): the floor must allow
//! their values.

use globset::{Glob, GlobMatcher};

use crate::config::Gate;
use crate::config::floor::Breach;
use crate::keys::table::Keys;
use crate::policy::coverage::names;

/// What the floor allows. Without a key, nothing.
#[derive(Debug)]
pub(super) struct Allowed {
    program: Patterns,
    args: Patterns,
    env: Patterns,
    allow_empty: bool,
}

#[derive(Debug, Default)]
struct Patterns {
    words: Vec<String>,
    globs: Vec<GlobMatcher>,
}

impl Patterns {
    fn read(table: &Keys, key: &'static str) -> Self {
        let mut patterns = Self::default();
        for word in table.texts(key).unwrap_or_default() {
            match Glob::new(&word.value) {
                Ok(glob) => {
                    patterns.globs.push(glob.compile_matcher());
                    patterns.words.push(word.value);
                }
                Err(error) => {
                    table.problem(word.at, format!("this is not a pattern for `{key}`: {}", error.kind()));
                }
            }
        }
        patterns
    }

    /// The words that are not allowed.
    fn beyond<'w>(&self, words: impl Iterator<Item = &'w String>) -> Vec<String> {
        words.filter(|word| !self.globs.iter().any(|glob| glob.is_match(word))).cloned().collect()
    }

    fn help(&self) -> String {
        match self.words.is_empty() {
            true => "the floor allows none".to_owned(),
            false => format!("the floor allows {}", names(&self.words)),
        }
    }
}

impl Allowed {
    pub(super) fn read(table: &Keys) -> Self {
        Self {
            program: Patterns::read(table, "program"),
            args: Patterns::read(table, "args"),
            env: Patterns::read(table, "env"),
            allow_empty: table.flag_or("allow_empty", false),
        }
    }

    /// What the gate has that is not allowed, each with its key.
    pub(super) fn breaches(&self, gate: &Gate) -> Vec<(&'static str, Breach)> {
        let mut all = Vec::new();
        let id = &gate.id;
        let program = self.program.beyond(gate.program.iter());
        if !program.is_empty() {
            let what = format!("gate `{id}` runs {} instead of {}", names(&program), gate.spec.name);
            all.push(("program", Breach::new(what, self.program.help())));
        }
        let args = self.args.beyond(gate.args.iter());
        if !args.is_empty() {
            all.push((
                "args",
                Breach::new(format!("gate `{id}` adds arguments: {}", names(&args)), self.args.help()),
            ));
        }
        let env = self.env.beyond(gate.env.keys());
        if !env.is_empty() {
            all.push((
                "env",
                Breach::new(format!("gate `{id}` sets variables: {}", names(&env)), self.env.help()),
            ));
        }
        if gate.allow_empty.is_some() && !self.allow_empty {
            let what = format!("gate `{id}` may look at nothing ({})", gate.allow_empty.words());
            all.push(("allow_empty", Breach::new(what, "the floor asks for something in scope")));
        }
        all
    }
}
