//! The programs that a command starts, itself or through others: `uvx kingfisher`, `bash -lc "cd app && npx mocha"`.

use crate::inputs::shell;

/// A shell that gets its commands in a word.
const SHELLS: [&str; 7] = ["ash", "bash", "dash", "ksh", "mksh", "sh", "zsh"];

/// The commands that a command starts, each as words: those of a shell's script, or itself.
pub(super) fn commands(run: &[String]) -> Vec<Vec<String>> {
    match shell_script(run) {
        Some(script) => shell::commands(script).iter().map(|words| shell::command(words).to_vec()).collect(),
        None => vec![run.to_vec()],
    }
}

/// The commands that a shell gets in a word: `sh -c "…"`.
pub(super) fn shell_script(run: &[String]) -> Option<&str> {
    let is_shell = run.first().is_some_and(|program| SHELLS.contains(&name(program).as_str()));
    // `-c`, also among other letters: `-lc`, `-euo pipefail -c`.
    let takes_script = |word: &&String| {
        word.strip_prefix('-').is_some_and(|letters| !letters.starts_with('-') && letters.ends_with('c'))
    };
    let script = run.iter().position(|word| takes_script(&word)).and_then(|at| run.get(at + 1));
    script.filter(|_| is_shell).map(String::as_str)
}

/// The names of the programs that a command may start.
pub(super) fn names(run: &[String]) -> Vec<String> {
    commands(run).iter().flat_map(|words| first_names(words)).collect()
}

/// The names that the first words may be: a program, and those that start another one. Further words are its own
/// arguments.
pub(super) fn first_names(words: &[String]) -> Vec<String> {
    words.iter().take(FIRST).map(|word| name(word)).collect()
}

const FIRST: usize = 3;

/// The values of a program's option, in any form; `None`: the command does not show that it starts the program.
pub(super) fn values<'w>(commands: &'w [Vec<String>], program: &str, option: &str) -> Option<Vec<&'w str>> {
    let starts = |words: &&Vec<String>| words.iter().take(FIRST).any(|word| name(word) == program);
    let words = commands.iter().find(starts)?;
    let joined = words.iter().filter_map(|word| word.strip_prefix(option)?.strip_prefix('='));
    let apart = words.windows(2).filter(|pair| pair[0] == option).map(|pair| pair[1].as_str());
    Some(joined.chain(apart).collect())
}

/// The name of a program: `/opt/kingfisher.exe`, `kingfisher@2.14.0`.
pub(super) fn name(word: &str) -> String {
    let last = word.rsplit(['/', '\\']).next().unwrap_or_default();
    last.split(['@', '=']).next().unwrap_or_default().trim_end_matches(".exe").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_program_is_found_behind_others() {
        for words in [
            &["kingfisher", "scan"][..],
            &["/opt/kingfisher", "scan"],
            &["uvx", "kingfisher@2.14.0", "scan"],
            &["sh", "-c", "kingfisher scan . > r.sarif"],
            &["/bin/bash", "-lc", "cd app && ./node_modules/.bin/kingfisher scan"],
            &["bash", "-euo", "pipefail", "-c", "A=1 npx kingfisher scan"],
        ] {
            assert!(names(&run(words)).iter().any(|name| name == "kingfisher"), "{words:?}");
        }
        for words in [
            &["sh", "scan.sh"][..],
            &["sh", "-c"],
            &["echo", "-c", "kingfisher"],
            &["sh", "-c", "echo a b kingfisher"],
            &[],
        ] {
            let found = names(&run(words));
            assert!(
                words.first() == Some(&"echo") || !found.iter().any(|name| name == "kingfisher"),
                "{words:?}"
            );
        }
    }

    #[test]
    fn an_option_is_found_in_both_forms() {
        let values_of = |words: &[&str]| {
            let commands = commands(&run(words));
            values(&commands, "trivy", "--exit-code")
                .map(|all| all.into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(values_of(&["trivy", "fs", "--exit-code", "5", "."]), Some(vec!["5".to_owned()]));
        assert_eq!(values_of(&["sh", "-c", "trivy fs --exit-code=5 ."]), Some(vec!["5".to_owned()]));
        assert_eq!(values_of(&["trivy", "fs", "--exit-code"]), Some(vec![]));
        assert_eq!(values_of(&["./scan", "--exit-code", "5"]), None);
    }
}
