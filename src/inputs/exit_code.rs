//! Which commands of a script decide its exit code.
//!
//! Source: POSIX.1-2024, "Shell Command Language", 2.9: a list ends with the code of its last command, a pipeline with that of its last
//! part, `a || b` with that of `b` where `a` fails; what `&` starts is never waited for. `set -e` and `set -o pipefail` change this.

mod syntax;

use crate::inputs::shell;

use syntax::{Chain, Join, List, Part, Pipeline, Script};

/// A command of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// Its words, after assignments and programs that start programs.
    pub(crate) words: Vec<String>,
    pub(crate) fate: Fate,
}

/// What the script makes of a command that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The script fails, too.
    Fails,
    /// The script goes on, and its code is another's.
    Swallowed,
    /// It stands in an `if`, a loop or a function: nobody knows without running it.
    Unknown,
}

/// The commands of a script, in order.
pub(crate) fn commands(script: &str) -> Vec<Command> {
    let Script { list, commands, is_plain } = syntax::read(script);
    let of = |words: Vec<String>| Command { words: shell::command(&words).to_vec(), fate: Fate::Unknown };
    let mut found: Vec<Command> = commands.into_iter().map(of).collect();
    if is_plain {
        let mut set = Set::default();
        list.judge(Fate::Fails, Fate::Fails, &mut set, &mut found);
    }
    found
}

/// Whether nothing that a script starts can make it fail: only `true`, `echo` and the like decide its code.
pub(crate) fn never_fails(script: &str) -> bool {
    let commands = commands(script);
    let is_tame = |words: &[String]| match words {
        [name, ..] if ["true", ":", "echo", "printf"].contains(&name.as_str()) => true,
        [exit, code] => exit == "exit" && code == "0",
        _ => false,
    };
    !commands.is_empty()
        && commands.iter().any(|command| command.fate == Fate::Swallowed && !is_tame(&command.words))
        && commands.iter().all(|command| command.fate == Fate::Swallowed || is_tame(&command.words))
}

/// What `set` switched on so far.
#[derive(Clone, Copy, Debug, Default)]
struct Set {
    errexit: bool,
    pipefail: bool,
}

impl List {
    /// `status`: what becomes of its code. `exit`: what becomes of the code that an `exit` in it gives.
    fn judge(&self, status: Fate, exit: Fate, set: &mut Set, found: &mut [Command]) {
        let last = self.0.len().saturating_sub(1);
        for (place, (chain, aside)) in self.0.iter().enumerate() {
            let (earlier, status) = match (aside, place == last) {
                (true, _) => (Fate::Swallowed, Fate::Swallowed),
                (false, true) => (status, status),
                (false, false) if set.errexit => (Fate::Swallowed, exit),
                (false, false) => (Fate::Swallowed, Fate::Swallowed),
            };
            chain.judge((earlier, status, if *aside { Fate::Swallowed } else { exit }), set, found);
        }
    }

    /// Whether it always ends with a failure, and whether the shell ends there.
    fn fails(&self, found: &[Command]) -> Option<Ends> {
        let (chain, aside) = self.0.last()?;
        chain.rest.last().map_or(&chain.first, |(_, last)| last).fails(found).filter(|_| !aside)
    }
}

/// How something that always fails ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// It is only a command that failed.
    Itself,
    Shell,
}

impl Chain {
    /// `earlier`: what becomes of a failure that skips the rest; `set -e` looks only at the last one.
    fn judge(&self, (earlier, status, exit): (Fate, Fate, Fate), set: &mut Set, found: &mut [Command]) {
        let mut fates = vec![status];
        let mut after = earlier;
        for (join, next) in self.rest.iter().rev() {
            after = match (join, next.fails(found)) {
                (Join::And, _) | (Join::Or, Some(Ends::Itself)) => after,
                (Join::Or, Some(Ends::Shell)) => exit,
                (Join::Or, None) => Fate::Swallowed,
            };
            fates.push(after);
        }
        let all = std::iter::once(&self.first).chain(self.rest.iter().map(|(_, next)| next));
        for (pipeline, fate) in all.zip(fates.into_iter().rev()) {
            pipeline.judge(fate, exit, set, found);
        }
    }
}

impl Pipeline {
    fn judge(&self, status: Fate, exit: Fate, set: &mut Set, found: &mut [Command]) {
        let status = if self.inverted { Fate::Swallowed } else { status };
        let last = self.parts.len().saturating_sub(1);
        for (place, part) in self.parts.iter().enumerate() {
            let status = if place == last || set.pipefail { status } else { Fate::Swallowed };
            match part {
                Part::Simple(at) => {
                    found[*at].fate = status;
                    set.read(&found[*at].words);
                }
                // Each part of a pipeline is a shell of its own.
                Part::Group { list, own_shell } if *own_shell || last > 0 => {
                    list.judge(status, status, &mut set.clone(), found);
                }
                Part::Group { list, .. } => list.judge(status, exit, set, found),
            }
        }
    }

    fn fails(&self, found: &[Command]) -> Option<Ends> {
        let last = self.parts.last().filter(|_| !self.inverted)?;
        match last {
            Part::Simple(at) => match found[*at].words.as_slice() {
                [name] if name == "false" => Some(Ends::Itself),
                [name, code, ..] if ["exit", "return"].contains(&name.as_str()) => {
                    (code != "0").then_some(if self.parts.len() == 1 { Ends::Shell } else { Ends::Itself })
                }
                _ => None,
            },
            Part::Group { list, own_shell } => {
                let is_own = *own_shell || self.parts.len() > 1;
                list.fails(found).map(|ends| if is_own { Ends::Itself } else { ends })
            }
        }
    }
}

impl Set {
    /// `set -e`, `set -euo pipefail`, `set +e`.
    fn read(&mut self, words: &[String]) {
        let Some((set, rest)) = words.split_first() else { return };
        if set != "set" {
            return;
        }
        for (place, word) in rest.iter().enumerate() {
            let (on, letters) = match (word.strip_prefix('-'), word.strip_prefix('+')) {
                (Some(letters), _) => (true, letters),
                (_, Some(letters)) => (false, letters),
                _ => continue,
            };
            let named = rest.get(place + 1).filter(|_| letters.ends_with('o')).map(String::as_str);
            if letters.contains('e') || named == Some("errexit") {
                self.errexit = on;
            }
            if named == Some("pipefail") {
                self.pipefail = on;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a failure of the first command `check`, as tried with dash 0.5.12 and bash 5.2.
    fn fate(script: &str) -> Fate {
        let all = commands(script);
        all.iter().find(|own| own.words.first().is_some_and(|name| name == "check")).expect(script).fate
    }

    #[test]
    fn a_failure_reaches_the_end_or_is_swallowed() {
        for script in [
            "check",
            "check;",
            "prepare && check",
            "prepare; check --all",
            "prepare || exit 1; check",
            "check && echo done",
            "check || exit 1",
            "check || exit 1; echo done",
            "check || { echo no; exit 2; }",
            "check || (echo no; false)",
            "check 2>&1",
            "(cd web && check) && (cd api && other)",
            "{ check; }",
            "list | check",
            "set -e; check; echo done",
            "set -e; prepare && check; echo done",
            "set -e; check && echo ok",
            "set -eo pipefail; check | tee log; echo done",
            "set -o pipefail; check | tee log",
            "A=1 check \"a || b\" '; x'",
            "check # || true",
        ] {
            assert_eq!(fate(script), Fate::Fails, "{script}");
            assert!(!never_fails(script), "{script}");
        }
        for script in [
            "check || true",
            "check || echo ignored",
            "check; echo done",
            "check\necho done",
            "check | tee log",
            "check |& tee log",
            "check &",
            "check & wait",
            "check > log || :",
            "prepare && check || true",
            "check || exit 0",
            "check || exit 1 | true",
            "! check",
            "(check || true) && other",
            "(check || exit 1); echo done",
            "(check; true)",
            "set -e; check | tee log",
            "set -e; check && echo ok; echo done",
            "set -e; set +e; check; echo done",
        ] {
            assert_eq!(fate(script), Fate::Swallowed, "{script}");
        }
        for script in ["if check; then echo ok; fi", "for a in b; do check; done", "(check"] {
            assert_eq!(fate(script), Fate::Unknown, "{script}");
        }
    }

    #[test]
    fn a_script_that_always_ends_well_is_known() {
        for script in [
            "check || true",
            "check; echo done",
            "check || echo ignored",
            "check; exit 0",
            "(a; b) || true",
            "check & true",
        ] {
            assert!(never_fails(script), "{script}");
        }
        for script in ["", "echo nothing to do", "check; test", "check || other", "check | tee log", "exit 0"]
        {
            assert!(!never_fails(script), "{script}");
        }
    }

    #[test]
    fn hostile_scripts_take_no_longer_than_their_length() {
        for part in ["(", "{ ", "a || ", "a | ", "$(", "! ", "\"", "a; "] {
            drop(commands(&part.repeat(20_000)));
        }
    }
}
