//! What the scripts of a `package.json` start.

use crate::inputs::exit_code::{self, Fate};
use crate::inputs::packages::NpmPackage;
use crate::inputs::shell;
use crate::inputs::typescript::beside;

/// A script that starts a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The script's name.
    pub(crate) script: String,
    /// What the program gets.
    pub(crate) args: Vec<String>,
}

/// Words that start another program, with their own words before it.
const LAUNCHERS: [&str; 12] =
    ["npx", "pnpx", "bunx", "pnpm", "yarn", "npm", "bun", "cross-env", "dotenv", "exec", "run", "dlx"];

impl NpmPackage {
    /// The folder that it lies in; `.` is the top.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or(".", |(folder, _)| folder)
    }

    /// The first of its scripts that starts a program: of those whose names begin with one of `names`, or else of all, by name.
    pub(crate) fn call(&self, program: &str, names: &[&str]) -> Option<Call> {
        // A script that repairs what it finds is no check.
        let calls = self.calls(program, |_| true);
        calls.into_iter().min_by_key(|call| (call.repairs() || call.watches(), rank(call, names)))
    }

    /// The first of its scripts that checks something with a program: it always starts it where it lies, fails if the program does, ends by
    /// itself, and repairs nothing.
    pub(crate) fn check(&self, program: &str, names: &[&str]) -> Option<Call> {
        let calls = self.calls(program, |one| one.fate == Fate::Fails && one.folder.as_deref() == Some(""));
        let calls = calls.into_iter();
        calls.filter(|call| !call.repairs() && !call.watches()).min_by_key(|call| rank(call, names))
    }

    /// Its scripts that start a program, with the first call of each.
    fn calls(&self, program: &str, is_wanted: impl Fn(&exit_code::Command) -> bool) -> Vec<Call> {
        let calls = self.scripts.iter().filter_map(|(script, text)| {
            let commands = exit_code::commands(text);
            let mut wanted = commands.iter().filter(|command| is_wanted(command));
            let args = wanted.find_map(|command| arguments(&command.words, program))?;
            Some(Call { script: script.clone(), args })
        });
        calls.collect()
    }

    /// The projects of TypeScript that its scripts name, from the top: `tsc -p config/types.json`.
    pub(crate) fn projects(&self) -> Vec<String> {
        const COMPILERS: [&str; 3] = ["tsc", "vue-tsc", "ngc"];
        let commands = self.scripts.values().flat_map(|text| exit_code::commands(text));
        let named = commands.filter_map(|command| {
            let words = &command.words;
            COMPILERS.iter().find_map(|compiler| arguments(words, compiler))?;
            let at = words.iter().position(|word| word == "-p" || word == "--project")?;
            let file = words.get(at + 1).filter(|file| file.ends_with(".json"))?;
            Some(beside(&self.path, &format!("{}/{file}", command.folder_in(".")?)))
        });
        named.collect()
    }

    /// The commands of one of its scripts.
    pub(crate) fn commands(&self, script: &str) -> Vec<exit_code::Command> {
        exit_code::commands(self.scripts.get(script).map(String::as_str).unwrap_or_default())
    }
}

/// Where a call stands: by the name of its script.
fn rank(call: &Call, names: &[&str]) -> (usize, usize) {
    let place = names.iter().position(|wanted| call.script.starts_with(wanted));
    (place.unwrap_or(names.len()), call.script.len())
}

impl Call {
    fn repairs(&self) -> bool {
        self.args.iter().any(|arg| arg == "--fix")
    }

    /// It does not end by itself.
    fn watches(&self) -> bool {
        let is_on = |arg: &String| arg == "-w" || (arg.starts_with("--watch") && !arg.ends_with("=false"));
        self.args.iter().any(is_on)
    }
}

/// What a command gives to a program, if it starts it.
fn arguments(words: &[String], program: &str) -> Option<Vec<String>> {
    let mut words = shell::command(words).iter();
    loop {
        let word = words.next()?;
        match word.rsplit('/').next().unwrap_or(word) {
            name if name == program => return Some(words.cloned().collect()),
            name if LAUNCHERS.contains(&name) || word.starts_with('-') || word.contains('=') => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(scripts: &[(&str, &str)]) -> NpmPackage {
        let scripts = scripts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        NpmPackage { scripts, ..NpmPackage::default() }
    }

    #[test]
    fn a_program_is_found_behind_others() {
        for (text, args) in [
            ("eslint src --ext .ts,.tsx", Some("src --ext .ts,.tsx")),
            ("npx eslint .", Some(".")),
            ("pnpm exec eslint 'src/**/*.ts'", Some("src/**/*.ts")),
            ("NODE_ENV=test cross-env A=b eslint .", Some(".")),
            ("tsc --noEmit && eslint lib test", Some("lib test")),
            ("./node_modules/.bin/eslint .", Some(".")),
            ("next lint", None),
            ("echo eslint", None),
            ("turbo run lint", None),
        ] {
            let call = package(&[("lint", text)]).call("eslint", &[]);
            assert_eq!(call.map(|call| call.args.join(" ")).as_deref(), args, "{text}");
        }
    }

    #[test]
    fn a_check_goes_before_a_repair() {
        let all = package(&[("format", "eslint --fix a"), ("lint", "eslint b"), ("build", "eslint c")]);
        assert_eq!(all.call("eslint", &["lint"]).unwrap().script, "lint");
        let repair = package(&[("lint", "eslint --fix a"), ("x", "eslint b")]);
        assert_eq!(repair.call("eslint", &["lint"]).unwrap().script, "x");
    }

    #[test]
    fn a_check_fails_with_its_program_and_ends_by_itself() {
        for (script, is_check) in [
            ("svelte-check", true),
            ("svelte-kit sync && svelte-check --tsconfig ./tsconfig.json", true),
            ("svelte-check || exit 1", true),
            ("svelte-check || true", false),
            ("svelte-check; echo done", false),
            ("svelte-check | tee log", false),
            ("test -z \"$CI\" || svelte-check", false),
            ("exit 0; svelte-check", false),
            ("trap 'exit 0' EXIT; svelte-check", false),
            ("cd docs && svelte-check", false),
            ("svelte-check --watch", false),
            ("svelte-check --watch --preserveWatchOutput", false),
            ("if true; then svelte-check; fi", false),
        ] {
            let own = package(&[("check", script)]);
            assert_eq!(own.check("svelte-check", &[]).is_some(), is_check, "{script}");
        }
        let two = package(&[("check", "svelte-check || true"), ("check:ci", "svelte-check")]);
        assert_eq!(two.check("svelte-check", &["check"]).unwrap().script, "check:ci");
    }
}
