//! What a shell script reads as its own text: `. file` and `source file` (POSIX, "dot").

use std::path::{Path, PathBuf};

use crate::text::paths::normalise;

use super::chain::Around;
use super::wrapper::{here, words};

/// The files that a shell script sources.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sourced {
    pub files: Vec<PathBuf>,
    /// What can't be followed, as the script writes it: it names a variable, or a file that is not here.
    pub unknown: Vec<String>,
}

/// What the text sources. `folders` are those that the script may mean with its own folder.
pub(super) fn sourced(text: &str, folders: &[&Path], around: &Around) -> Sourced {
    let mut sourced = Sourced::default();
    let homes = homes(text);
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    for operand in lines.flat_map(operands) {
        let candidates: Vec<PathBuf> =
            folders.iter().flat_map(|folder| resolve(operand, folder, &homes, around)).collect();
        match candidates.iter().find(|file| file.is_file()) {
            Some(_) => {
                for file in candidates.into_iter().filter(|file| file.is_file()) {
                    if !sourced.files.contains(&file) {
                        sourced.files.push(file);
                    }
                }
            }
            None => sourced.unknown.push(operand.to_owned()),
        }
    }
    sourced
}

/// The words behind each `.` or `source` at the start of a command.
fn operands(line: &str) -> impl Iterator<Item = &str> {
    const BEFORE: [&str; 8] = ["&&", "||", ";", "{", "(", "then ", "do ", "else "];
    let starts =
        BEFORE.iter().flat_map(|before| line.match_indices(before).map(|(at, mark)| at + mark.len()));
    let commands = std::iter::once(0).chain(starts).map(|at| line[at..].trim_start());
    commands.filter_map(|command| {
        let operand = command.strip_prefix(". ").or_else(|| command.strip_prefix("source "))?.trim();
        (!operand.is_empty()).then_some(operand)
    })
}

/// The files that an operand may mean for a script in `folder`.
fn resolve(operand: &str, folder: &Path, homes: &[(String, String)], around: &Around) -> Vec<PathBuf> {
    let mut text = here(operand, folder);
    for (name, suffix) in homes {
        let value = format!("{}{suffix}", folder.display());
        text = text.replace(&format!("${{{name}}}"), &value);
        text = replaced(&text, name, &value);
    }
    match words(&text).into_iter().next() {
        None => Vec::new(),
        Some(word) if word.is_empty() => Vec::new(),
        Some(word) if word.contains('/') => vec![normalise(&around.cwd.join(word))],
        // Without a slash, the shell searches PATH, and bash the current folder after it.
        Some(word) => {
            let on_path = std::env::split_paths(&around.path).map(|folder| folder.join(&word));
            on_path.chain([around.cwd.join(&word)]).find(|file| file.is_file()).into_iter().collect()
        }
    }
}

/// `$NAME` by its value, where the name ends there.
fn replaced(text: &str, name: &str, value: &str) -> String {
    let mark = format!("${name}");
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(&mark) {
        let ends = !behind.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        out.push_str(before);
        out.push_str(if ends { value } else { &mark });
        rest = behind;
    }
    out + rest
}

/// The variables that hold the script's own folder, each with what follows that folder:
/// `HERE=$(cd "$(dirname "$0")/.." && pwd)` is `HERE` with `/..`.
fn homes(text: &str) -> Vec<(String, String)> {
    let assignment = |line: &str| {
        let line = ["export ", "readonly ", "local ", "declare "]
            .iter()
            .fold(line.trim(), |line, word| line.strip_prefix(word).unwrap_or(line));
        let (name, value) = line.split_once('=')?;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let at = value.find("dirname")?;
        let named = ["$0", "${0}", "BASH_SOURCE"].iter().any(|script| value[at..].contains(script));
        // The suffix stands between the end of `$(dirname …)` and the end of the path.
        let behind = &value[at + value[at..].find(')')? + 1..];
        let suffix: String =
            behind.chars().skip_while(|c| *c == '"').take_while(|c| !" \"')&;".contains(*c)).collect();
        let plain = suffix.is_empty() || (suffix.starts_with('/') && !suffix.contains(['$', '`']));
        (is_name && named && plain).then(|| (name.to_owned(), suffix))
    };
    text.lines().filter_map(assignment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_a_script_sources_are_found_however_it_names_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        for file in ["bin/lib.sh", "lib/common.sh", "path/named.sh", "work/here.sh"] {
            std::fs::create_dir_all(top.join(file).parent().unwrap()).unwrap();
            std::fs::write(top.join(file), "").unwrap();
        }
        let around = Around { cwd: top.join("work"), path: top.join("path").into() };
        for (text, found) in [
            (". \"$(dirname \"$0\")/lib.sh\"", "bin/lib.sh"),
            ("source \"$(dirname \"${BASH_SOURCE[0]}\")/lib.sh\" # all of it", "bin/lib.sh"),
            ("source \"${BASH_SOURCE%/*}/lib.sh\"", "bin/lib.sh"),
            ("HERE=$(cd \"$(dirname \"$0\")\" && pwd)\n. \"$HERE/lib.sh\"", "bin/lib.sh"),
            ("ROOT=\"$(cd \"$(dirname \"$0\")/..\" && pwd)\"\nsource ${ROOT}/lib/common.sh", "lib/common.sh"),
            ("[ -z \"$CI\" ] || . ./here.sh", "work/here.sh"),
            ("if true; then source named.sh; fi", "path/named.sh"),
        ] {
            let sourced = sourced(text, &[&top.join("bin")], &around);
            assert_eq!(sourced, Sourced { files: vec![top.join(found)], unknown: Vec::new() }, "{text}");
        }
        for (text, unknown) in [
            (". \"$LIB/common.sh\"", "\"$LIB/common.sh\""),
            ("[ -f local.sh ] && . ./local.sh", "./local.sh"),
        ] {
            assert_eq!(sourced(text, &[&top.join("bin")], &around).unknown, [unknown], "{text}");
        }
        for text in ["./lib.sh", "# . lib.sh", "echo . lib.sh", "cd ..", "sources=1"] {
            assert_eq!(sourced(text, &[&top.join("bin")], &around), Sourced::default(), "{text}");
        }
    }
}
