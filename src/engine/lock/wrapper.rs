//! Shell scripts that only start another program: npm's and pnpm's shims, wrappers with `exec`, and
//! the shims of version managers.

use crate::system::variables;
use std::fs;
use std::path::{Path, PathBuf};

use super::chain::{Around, Unfollowable, file_name, folders_in};

/// Whether a program reads shell scripts.
pub(super) fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "dash" | "ash" | "ksh" | "zsh")
}

/// The programs that a shell script starts in place of itself, as far as its text says. `path` is how
/// it is called, `real` where it lies.
pub(super) fn started(
    path: &Path,
    real: &Path,
    text: &str,
    around: &Around,
) -> Result<Vec<PathBuf>, Unfollowable> {
    let mut programs = Vec::new();
    // The caller decides what `$0` is. Most wrappers resolve a link to themselves.
    let folders: Vec<&Path> = [path, real].into_iter().filter_map(Path::parent).collect();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        programs.extend(in_line(line, &folders, around));
    }
    if let Some(manager) = MANAGERS.iter().find(|manager| manager.made(text)) {
        programs.push(manager.chosen(path, real, text, around)?);
    }
    Ok(programs)
}

/// The ways in which a script says "the folder that I am in".
const HERE: [&str; 13] = [
    "$(dirname \"$0\")",
    "$(dirname -- \"$0\")",
    "$(dirname $0)",
    "${0%/*}",
    "$basedir",
    "${basedir}",
    "$(dirname \"${BASH_SOURCE[0]}\")",
    "$(dirname -- \"${BASH_SOURCE[0]}\")",
    "$(dirname ${BASH_SOURCE[0]})",
    "$(dirname \"$BASH_SOURCE\")",
    "$(dirname $BASH_SOURCE)",
    "${BASH_SOURCE%/*}",
    "${BASH_SOURCE[0]%/*}",
];

/// The text of a script that lies in `folder`, with that folder in the place of its own words for it.
pub(super) fn here(text: &str, folder: &Path) -> String {
    let folder = folder.to_string_lossy();
    HERE.iter().fold(text.to_owned(), |text, here| text.replace(here, &folder))
}

/// The programs that a line starts: the words after `exec`, or the first word of a line that passes on
/// all arguments.
fn in_line(line: &str, folders: &[&Path], around: &Around) -> Vec<PathBuf> {
    let exec = line.find("exec ").filter(|at| {
        line[..*at]
            .chars()
            .next_back()
            .is_none_or(|before| before.is_whitespace() || ";&|({".contains(before))
    });
    let (rest, all) = match exec {
        Some(at) => (&line[at + "exec ".len()..], true),
        None if line.contains("$@") => (line, false),
        None => return Vec::new(),
    };
    let mut found = Vec::new();
    for folder in folders {
        let rest = here(rest, folder);
        let words = words(&rest);
        let words = words.iter().skip_while(|word| word.contains('=')).take(if all { usize::MAX } else { 1 });
        for (place, word) in words.enumerate() {
            let program = match word.contains('/') {
                true => Some(around.cwd.join(word)).filter(|file| file.is_file()),
                false if all && place == 0 => around.find(word),
                false => None,
            };
            found.extend(program.filter(|program| !found.contains(program)));
        }
    }
    found
}

/// The words of a command, without quotes. A word that contains a variable is left empty.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut begun) = (String::new(), None, false);
    for c in line.chars() {
        match (quote, c) {
            (None, '"' | '\'') => (quote, begun) = (Some(c), true),
            (Some(open), c) if c == open => quote = None,
            (None, c) if c.is_whitespace() || ";&|<>".contains(c) => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
                if !c.is_whitespace() {
                    break;
                }
            }
            (_, c) => {
                begun = true;
                word.push(c);
            }
        }
    }
    if begun {
        words.push(word);
    }
    let known = |word: String| if word.contains(['$', '`']) { String::new() } else { word };
    words.into_iter().map(known).collect()
}

/// A version manager whose shims are scripts.
struct Manager {
    name: &'static str,
    /// This variable sets the version before any file does.
    variable: &'static str,
    /// This file sets the version, in a folder of the project or above.
    file: &'static str,
}

const fn manager(name: &'static str, variable: &'static str, file: &'static str) -> Manager {
    Manager { name, variable, file }
}

const MANAGERS: [Manager; 5] = [
    manager("pyenv", "PYENV_VERSION", ".python-version"),
    manager("nodenv", "NODENV_VERSION", ".node-version"),
    manager("rbenv", "RBENV_VERSION", ".ruby-version"),
    manager("goenv", "GOENV_VERSION", ".go-version"),
    manager("asdf", "", ".tool-versions"),
];

impl Manager {
    /// Whether this manager wrote the script: `exec "…/libexec/pyenv" exec "$program" "$@"`.
    fn made(&self, text: &str) -> bool {
        let call = [format!("{}\" exec ", self.name), format!("{} exec ", self.name)];
        text.lines().any(|line| {
            let line = line.trim_start();
            line.starts_with("exec ") && call.iter().any(|call| line.contains(call))
        })
    }

    /// The program that the manager chooses in this folder.
    fn chosen(&self, shim: &Path, real: &Path, text: &str, around: &Around) -> Result<PathBuf, Unfollowable> {
        let unchosen = || Unfollowable::Unchosen { shim: shim.to_owned(), manager: self.name };
        let (program, shims) = (file_name(shim), real.parent().unwrap_or(real));
        let home = shims.parent().unwrap_or(shims);
        for (tool, version) in self.versions(home, text, around) {
            if version == "system" {
                let elsewhere = std::env::split_paths(&around.path).filter(|folder| folder != shims);
                let path = std::env::join_paths(elsewhere).unwrap_or_default();
                let around = Around { cwd: around.cwd.clone(), path };
                return around.find(&program).ok_or_else(unchosen);
            }
            let installed = match &tool {
                Some(tool) => home.join("installs").join(tool),
                None => home.join("versions"),
            };
            let folder = Some(installed.join(&version))
                .filter(|folder| folder.is_dir())
                .or_else(|| latest(&installed, &version));
            let found = folder.map(|folder| folder.join("bin").join(&program)).filter(|file| file.is_file());
            if let Some(found) = found {
                return Ok(found);
            }
        }
        Err(unchosen())
    }

    /// The versions that are chosen here, the first choice first; for asdf each with the name of its
    /// plugin.
    fn versions(&self, home: &Path, text: &str, around: &Around) -> Vec<(Option<String>, String)> {
        if self.name == "asdf" {
            return asdf_versions(self.file, text, around);
        }
        let chosen = variables::value(self.variable);
        let chosen = chosen.map(|versions| versions.replace(':', "\n")).or_else(|| {
            let near = around.cwd.ancestors().map(|folder| folder.join(self.file));
            near.chain([home.join("version")]).find_map(|file| fs::read_to_string(file).ok())
        });
        let chosen = chosen.unwrap_or_else(|| "system".to_owned());
        let words = chosen.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        words.flat_map(str::split_whitespace).map(|version| (None, version.to_owned())).collect()
    }
}

/// The plugins that a shim of asdf names in its comments, each with the version of `.tool-versions`.
fn asdf_versions(file: &str, text: &str, around: &Around) -> Vec<(Option<String>, String)> {
    let home = variables::os("HOME").map(PathBuf::from);
    let folders: Vec<PathBuf> = around.cwd.ancestors().map(Path::to_owned).chain(home).collect();
    let plugins =
        text.lines().filter_map(|line| line.strip_prefix("# asdf-plugin: ")?.split_whitespace().next());
    plugins
        .filter_map(|plugin| {
            let asked = format!("ASDF_{}_VERSION", plugin.to_uppercase().replace('-', "_"));
            let version = variables::get(&asked).or_else(|| {
                folders.iter().find_map(|folder| {
                    let versions = fs::read_to_string(folder.join(file)).ok()?;
                    let line =
                        versions.lines().find(|line| line.split_whitespace().next() == Some(plugin))?;
                    line.split_whitespace().nth(1).map(str::to_owned)
                })
            });
            Some((Some(plugin.to_owned()), version?))
        })
        .collect()
}

/// The latest `3.11.x` for `3.11`.
fn latest(installed: &Path, version: &str) -> Option<PathBuf> {
    let start = format!("{version}.");
    let numbers = |folder: &PathBuf| -> Option<Vec<u64>> {
        file_name(folder).split('.').map(|number| number.parse().ok()).collect()
    };
    folders_in(installed)
        .into_iter()
        .filter(|folder| file_name(folder).starts_with(&start))
        .filter_map(|folder| numbers(&folder).map(|numbers| (numbers, folder)))
        .max()
        .map(|(_, folder)| folder)
}
