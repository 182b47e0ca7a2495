//! What a shell has become by the commands before: its options, its folder, and whether it is still there.

use crate::inputs::exit_code::Fate;
use crate::inputs::shell;

/// A shell of a script.
#[derive(Clone, Debug)]
pub(super) struct Shell {
    pub(super) errexit: bool,
    pub(super) pipefail: bool,
    /// From where the script starts; `None`: nobody knows.
    pub(super) folder: Option<String>,
    pub(super) over: Over,
    /// Whether the script can't end well without what comes now.
    pub(super) sure: bool,
}

/// Whether the shell has ended, and well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Over {
    No,
    Maybe,
    Surely,
}

impl Default for Shell {
    fn default() -> Self {
        Self { errexit: false, pipefail: false, folder: Some(String::new()), over: Over::No, sure: true }
    }
}

impl Shell {
    /// What becomes of a command here, by what would become of it in a shell that is there.
    pub(super) fn fate(&self, fate: Fate) -> Fate {
        match (self.over, fate) {
            (Over::Surely, _) => Fate::Swallowed,
            (Over::No, Fate::Fails) if self.sure => Fate::Fails,
            (_, Fate::Fails) => Fate::MayNotStart,
            (_, fate) => fate,
        }
    }

    /// What a command does to the shell that it runs in. `raw`: its words as they are written.
    pub(super) fn read(&mut self, words: &[String], raw: &[String]) {
        let before = &raw[..raw.len().saturating_sub(words.len())];
        if !words.is_empty() && before.iter().any(|word| word == "exec") {
            // It takes the place of the shell.
            return self.ends();
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["set", rest @ ..] => self.set(rest),
            ["cd" | "pushd", folder] if self.sure => self.go(folder),
            ["cd" | "pushd" | "popd", ..] => self.folder = None,
            ["exit" | "return", code] if code.parse::<u8>().is_ok_and(|code| code > 0) => {}
            // Without a number it is that of the command before.
            ["exit" | "return", ..] => self.ends(),
            // What they run may end the shell.
            ["eval" | "source" | ".", ..] => {
                self.over = self.over.max(Over::Maybe);
                self.folder = None;
            }
            _ => {}
        }
    }

    fn ends(&mut self) {
        self.over = self.over.max(if self.sure { Over::Surely } else { Over::Maybe });
    }

    fn go(&mut self, to: &str) {
        const LONGEST: usize = 4096;
        let is_plain = !to.starts_with(['/', '~', '-']) && !to.contains(['$', '`', '*']);
        self.folder = match self.folder.take() {
            Some(from) if is_plain && from.len() + to.len() < LONGEST => {
                Some(if from.is_empty() { to.to_owned() } else { format!("{from}/{to}") })
            }
            _ => None,
        };
    }

    /// `set -e`, `set -euo pipefail`, `set +e`.
    fn set(&mut self, rest: &[&str]) {
        for (place, word) in rest.iter().enumerate() {
            let (on, letters) = match (word.strip_prefix('-'), word.strip_prefix('+')) {
                (Some(letters), _) => (true, letters),
                (_, Some(letters)) => (false, letters),
                _ => continue,
            };
            let named = rest.get(place + 1).filter(|_| letters.ends_with('o')).copied();
            if letters.contains('e') || named == Some("errexit") {
                self.errexit = on;
            }
            if named == Some("pipefail") {
                self.pipefail = on;
            }
        }
    }
}

/// Whether a command changes what later commands and their codes mean: a trap that ends the shell, another meaning of a name.
pub(super) fn changes_the_code(words: &[String]) -> bool {
    let ends = |handler: &String| {
        let all = shell::commands(handler);
        let name = |words: &Vec<String>| shell::command(words).first().cloned().unwrap_or_default();
        all.iter().map(name).any(|name| {
            ["exit", "return", "exec", "eval", "source", ".", "kill"].contains(&name.as_str())
                || name.starts_with(['$', '`'])
        })
    };
    match words {
        [trap, handler, ..] if trap == "trap" => ends(handler),
        [alias, ..] => alias == "alias",
        [] => false,
    }
}
