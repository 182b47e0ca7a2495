//! Which commands of a script decide its exit code.
//!
//! Source: POSIX.1-2024, "Shell Command Language", 2.9: a list ends with the code of its last command, a pipeline with that of its last
//! part, `a || b` with that of `b` where `a` fails; what `&` starts is never waited for. `set -e` and `set -o pipefail` change this.

mod own_shell;
mod syntax;

use crate::inputs::shell;

use own_shell::Shell;
use syntax::{Chain, Join, List, Part, Pipeline, Script};

/// A command of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// Its words, after assignments and programs that start programs.
    pub(crate) words: Vec<String>,
    pub(crate) fate: Fate,
    /// Where it starts, from where the script does; empty: there. `None`: nobody knows.
    pub(crate) folder: Option<String>,
}

impl Command {
    /// The folder that it starts in, if the script starts in this one.
    pub(crate) fn folder_in(&self, dir: &str) -> Option<String> {
        match self.folder.as_deref()? {
            "" => Some(dir.to_owned()),
            folder => Some(format!("{dir}/{folder}")),
        }
    }
}

/// What the script makes of a command that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The script fails, too.
    Fails,
    /// The script goes on, and its code is another's.
    Swallowed,
    /// The script may end well without having started it: `test -z "$CI" || check`.
    MayNotStart,
    /// It stands in an `if`, a loop or a function: nobody knows without running it.
    Unknown,
}

/// The commands of a script, in order.
pub(crate) fn commands(script: &str) -> Vec<Command> {
    let Script { list, commands, is_plain } = syntax::read(script);
    let is_plain = is_plain && !commands.iter().any(|words| own_shell::changes_the_code(words));
    let of = |words: &Vec<String>| Command {
        words: shell::command(words).to_vec(),
        fate: Fate::Unknown,
        folder: None,
    };
    let mut found: Vec<Command> = commands.iter().map(of).collect();
    if is_plain {
        let mut judged = Judged { raw: &commands, found: &mut found };
        list.judge(Fate::Fails, Fate::Fails, &mut Shell::default(), &mut judged);
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

/// The commands with what is known of them so far.
struct Judged<'s> {
    /// As they are written.
    raw: &'s [Vec<String>],
    found: &'s mut [Command],
}

impl List {
    /// `status`: what becomes of its code. `exit`: what becomes of the code that an `exit` in it gives.
    fn judge(&self, status: Fate, exit: Fate, shell: &mut Shell, judged: &mut Judged<'_>) {
        let last = self.0.len().saturating_sub(1);
        for (place, (chain, aside)) in self.0.iter().enumerate() {
            let (earlier, status) = match (aside, place == last) {
                (true, _) => (Fate::Swallowed, Fate::Swallowed),
                (false, true) => (status, status),
                (false, false) if shell.errexit => (Fate::Swallowed, exit),
                (false, false) => (Fate::Swallowed, Fate::Swallowed),
            };
            match aside {
                true => chain.judge((earlier, status, Fate::Swallowed), &mut shell.clone(), judged),
                false => chain.judge((earlier, status, exit), shell, judged),
            }
        }
    }

    /// Whether it always ends with a failure, and whether the shell ends there.
    fn fails(&self, judged: &Judged<'_>) -> Option<Ends> {
        let (chain, aside) = self.0.last()?;
        chain.rest.last().map_or(&chain.first, |(_, last)| last).fails(judged).filter(|_| !aside)
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
    fn judge(&self, (earlier, status, exit): (Fate, Fate, Fate), shell: &mut Shell, judged: &mut Judged<'_>) {
        let mut fates = vec![status];
        let mut after = earlier;
        for (join, next) in self.rest.iter().rev() {
            after = match (join, next.fails(judged)) {
                (Join::And, _) | (Join::Or, Some(Ends::Itself)) => after,
                (Join::Or, Some(Ends::Shell)) => exit,
                (Join::Or, None) => Fate::Swallowed,
            };
            fates.push(after);
        }
        fates.reverse();
        let outer = shell.sure;
        self.first.judge(fates[0], exit, shell, judged);
        for (place, (join, pipeline)) in self.rest.iter().enumerate() {
            // What a failure skips is no matter if the script fails with it.
            shell.sure = outer && *join == Join::And && fates[place] == Fate::Fails;
            pipeline.judge(fates[place + 1], exit, shell, judged);
        }
        shell.sure = outer;
    }
}

impl Pipeline {
    fn judge(&self, status: Fate, exit: Fate, shell: &mut Shell, judged: &mut Judged<'_>) {
        let status = if self.inverted { Fate::Swallowed } else { status };
        let last = self.parts.len().saturating_sub(1);
        for (place, part) in self.parts.iter().enumerate() {
            let status = if place == last || shell.pipefail { status } else { Fate::Swallowed };
            match part {
                Part::Simple(at) => {
                    let command = &mut judged.found[*at];
                    command.fate = shell.fate(status);
                    command.folder = shell.folder.clone();
                    if last == 0 {
                        shell.read(&command.words, &judged.raw[*at]);
                    }
                }
                // Each part of a pipeline is a shell of its own.
                Part::Group { list, own_shell } if *own_shell || last > 0 => {
                    list.judge(status, status, &mut shell.clone(), judged);
                }
                Part::Group { list, .. } => list.judge(status, exit, shell, judged),
            }
        }
    }

    fn fails(&self, judged: &Judged<'_>) -> Option<Ends> {
        let last = self.parts.last().filter(|_| !self.inverted)?;
        match last {
            Part::Simple(at) => match judged.found[*at].words.as_slice() {
                [name] if name == "false" => Some(Ends::Itself),
                [name, code, ..] if ["exit", "return"].contains(&name.as_str()) => {
                    (code != "0").then_some(if self.parts.len() == 1 { Ends::Shell } else { Ends::Itself })
                }
                _ => None,
            },
            Part::Group { list, own_shell } => {
                let is_own = *own_shell || self.parts.len() > 1;
                list.fails(judged).map(|ends| if is_own { Ends::Itself } else { ends })
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
            "set -e; check && echo ok",
            "set -eo pipefail; check | tee log; echo done",
            "set -o pipefail; check | tee log",
            "A=1 check \"a || b\" '; x'",
            "(exit 0); check",
            "exit 0 | cat; check",
            "exit 0 & check",
            "trap 'rm -rf tmp' EXIT; check",
            "check < in > log 2>&1",
            "exec check",
            "a || b && check",
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
            "exit 0; check",
            "prepare; exit; check",
            "exec true; check",
        ] {
            assert_eq!(fate(script), Fate::Swallowed, "{script}");
        }
        for script in [
            "test -z \"$CI\" || check",
            "[ ! -f x ] || check",
            "test -z \"$CI\" && exit 0; check",
            "prepare || exit 0; check",
            "prepare || { echo no; exit; }; check",
            "set -e; prepare && check; echo done",
            ". ./env.sh; check",
            "(a || check)",
            "cd web || check",
            "[ -n \"$CI\" ] && exec true; check",
        ] {
            assert_eq!(fate(script), Fate::MayNotStart, "{script}");
            assert!(!never_fails(script), "{script}");
        }
        for script in ["trap 'exit 0' EXIT; check", "trap \"$HANDLER\" 0; check", "alias check=true; check"] {
            assert_eq!(fate(script), Fate::Unknown, "{script}");
        }
        for script in ["if check; then echo ok; fi", "for a in b; do check; done", "(check"] {
            assert_eq!(fate(script), Fate::Unknown, "{script}");
        }
    }

    /// Where the command `check` starts, and its words.
    fn start(script: &str) -> (Option<String>, String) {
        let all = commands(script);
        let own = all.iter().find(|own| own.words.first().is_some_and(|name| name == "check")).expect(script);
        (own.folder_in("web"), own.words.join(" "))
    }

    #[test]
    fn a_command_starts_where_the_script_has_gone() {
        for (script, folder) in [
            ("check", Some("web")),
            ("cd api && check", Some("web/api")),
            ("cd api; cd ../docs; check", Some("web/api/../docs")),
            ("(cd api && build) && check", Some("web")),
            ("cd \"$DIR\" && check", None),
            ("cd /srv && check", None),
            ("cd api && cd - && check", None),
            ("[ -d api ] && cd api; check", None),
            ("cd api | cat; check", Some("web")),
        ] {
            assert_eq!(start(script).0.as_deref(), folder, "{script}");
        }
    }

    #[test]
    fn a_redirection_is_no_word() {
        for (script, words) in [
            ("check --stdin < src/a.js", "check --stdin"),
            ("check a 2>&1 >log b", "check a b"),
            ("2> log check a>>log", "check a"),
            ("check 'a > b' 2", "check a > b 2"),
        ] {
            assert_eq!(start(script).1, words, "{script}");
        }
    }

    #[test]
    fn a_script_that_always_ends_well_is_known() {
        for script in [
            "check || true",
            "check; echo done",
            "check || echo ignored",
            "check; exit 0",
            "exit 0; check",
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
        for part in ["(", "{ ", "a || ", "a | ", "$(", "! ", "\"", "a; ", "< ", "cd a; ", "exit; "] {
            drop(commands(&part.repeat(20_000)));
        }
    }
}
