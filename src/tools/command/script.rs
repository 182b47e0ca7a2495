//! The script that a command runs: of a `package.json`, or the word of a shell. Without a report its exit code is all that counts, so
//! what the script makes of the codes of its programs counts, too.

use crate::inputs::exit_code::{self, Fate};
use crate::scan::scene::Scene;
use crate::scan::survey::from_top;

use super::known;
use super::programs::shell_script;

/// The script of a `package.json` that a command runs: `npm run check`, `npm test`, `pnpm check`.
pub(super) fn name(run: &[String]) -> Option<&str> {
    // These run it elsewhere.
    const MOVED: [&str; 10] = [
        "--prefix",
        "-C",
        "--dir",
        "--cwd",
        "--filter",
        "--workspace",
        "--workspaces",
        "--recursive",
        "-r",
        "-w",
    ];
    let before = run.iter().take_while(|word| *word != "--").map(String::as_str);
    let words: Vec<&str> = before.collect();
    let is_moved =
        |word: &&str| MOVED.contains(word) || MOVED.iter().any(|name| word.starts_with(&format!("{name}=")));
    if words.iter().any(is_moved) {
        return None;
    }
    let plain: Vec<&str> = words.into_iter().filter(|word| !word.starts_with('-')).collect();
    match plain.as_slice() {
        ["npm" | "pnpm" | "yarn" | "bun", "run" | "run-script", script, ..] => Some(script),
        ["npm" | "pnpm" | "yarn", "test" | "t", ..] => Some("test"),
        // A script of this name, unless it is a command of their own.
        ["pnpm" | "yarn", script, ..] if !OWN.contains(script) => Some(script),
        _ => None,
    }
}

/// Commands of pnpm and Yarn that a script does not replace.
const OWN: [&str; 8] = ["add", "audit", "dlx", "exec", "install", "node", "npm", "workspace"];

/// What is wrong with a script whose exit code is to count.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Swallows {
    /// It never fails, whatever its programs say.
    All(String),
    /// It goes on after some of them.
    Some(String),
}

/// What a command's script makes of the codes of its programs; `None`: they count, or nobody knows.
pub(super) fn swallows(run: &[String], dir: &str, scene: &Scene) -> Option<Swallows> {
    let (what, text) = match shell_script(run) {
        Some(text) => ("the script in `run`".to_owned(), text),
        None => {
            let name = name(run)?;
            let folder = from_top(scene.repo, dir);
            let package = scene.inputs.packages().iter().find(|package| package.folder() == folder)?;
            (format!("the script `{name}` of {}", package.path), package.scripts.get(name)?.as_str())
        }
    };
    if exit_code::never_fails(text) {
        return Some(Swallows::All(format!(
            "{what} never fails, so its exit code proves nothing: `{text}` (take out what swallows the code, or name its report in `report`)"
        )));
    }
    let commands = exit_code::commands(text);
    let lost = commands.iter().filter(|command| command.fate == Fate::Swallowed);
    let lost = lost.filter(|command| !known::reads(&command.words, dir).is_empty());
    let lost: Vec<String> = lost.map(|command| format!("`{}`", command.words.join(" "))).collect();
    let open = commands.iter().filter(|command| command.fate == Fate::MayNotStart);
    let open = open.filter(|command| !known::reads(&command.words, dir).is_empty());
    let open: Vec<String> = open.map(|command| format!("`{}`", command.words.join(" "))).collect();
    match (lost.as_slice(), open.as_slice()) {
        ([], []) => None,
        ([], open) => Some(Swallows::Some(format!(
            "{what} can end well without having started {}: it does not count as a check",
            open.join(" or ")
        ))),
        (lost, _) => Some(Swallows::Some(format!(
            "{what} goes on if {} fails: that exit code does not count",
            lost.join(" or ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::inputs::Inputs;
    use crate::system::git::Repo;

    fn swallowed(run: &[&str], dir: &str, script: &str) -> Option<Swallows> {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        fs::create_dir(top.join("web")).unwrap();
        let package = serde_json::json!({ "scripts": { "check": script } });
        fs::write(top.join("web/package.json"), package.to_string()).unwrap();
        let inputs = Inputs::outside_git(&top);
        let repo = Repo { root: top.clone(), base: top, ..Repo::default() };
        let scene = Scene { repo: &repo, gate: "types", since: None, built: &[], inputs: &inputs };
        let run: Vec<String> = run.iter().map(|word| (*word).to_owned()).collect();
        swallows(&run, dir, &scene)
    }

    #[test]
    fn a_script_that_never_fails_proves_nothing() {
        let all = |run: &[&str], script: &str| match swallowed(run, "web", script) {
            Some(Swallows::All(why)) => why.split(',').next().unwrap_or_default().to_owned(),
            other => format!("{other:?}"),
        };
        let of_package = "the script `check` of web/package.json never fails";
        assert_eq!(all(&["npm", "run", "check"], "svelte-check || true"), of_package);
        assert_eq!(all(&["pnpm", "run", "check"], "jest; echo done"), of_package);
        assert_eq!(all(&["sh", "-c", "tsc || true"], ""), "the script in `run` never fails");
        assert_eq!(all(&["bash", "-euo", "pipefail", "-c", "tsc"], ""), "None");
        assert_eq!(all(&["npm", "run", "check"], "tsc && jest"), "None");
        assert_eq!(swallowed(&["npm", "run", "check"], ".", "tsc || true"), None, "of another folder");
        assert_eq!(swallowed(&["npm", "run", "other"], "web", "tsc || true"), None);
    }

    #[test]
    fn a_script_has_a_name() {
        for (run, expected) in [
            ("npm run check", Some("check")),
            ("npm run --silent check -- --all", Some("check")),
            ("npm run-script check", Some("check")),
            ("npm test", Some("test")),
            ("yarn check", Some("check")),
            ("pnpm check", Some("check")),
            ("pnpm audit", None),
            ("pnpm --filter web run check", None),
            ("npm --prefix=web run check", None),
            ("npm ci", None),
            ("npx check", None),
        ] {
            let run: Vec<String> = run.split(' ').map(str::to_owned).collect();
            assert_eq!(name(&run), expected, "{run:?}");
        }
    }

    #[test]
    fn a_code_that_does_not_count_is_named() {
        let why = "the script `check` of web/package.json goes on if `vue-tsc --noEmit` fails: that exit code does not count";
        assert_eq!(
            swallowed(&["npm", "run", "check"], "web", "vue-tsc --noEmit; vitest run"),
            Some(Swallows::Some(why.to_owned()))
        );
        assert_eq!(swallowed(&["npm", "run", "check"], "web", "mkdir x; vitest run"), None);
    }
}
