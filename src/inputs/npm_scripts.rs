//! What the scripts of a `package.json` start.

use crate::inputs::packages::NpmPackage;
use crate::inputs::shell;

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
        let rank =
            |name: &str| names.iter().position(|wanted| name.starts_with(wanted)).unwrap_or(names.len());
        let calls = self.scripts.iter().filter_map(|(script, text)| {
            let args = shell::commands(text).iter().find_map(|words| arguments(words, program))?;
            Some(Call { script: script.clone(), args })
        });
        // A script that repairs what it finds is no check.
        let repairs =
            |call: &Call| call.args.iter().any(|arg| arg == "--fix" || arg == "--watch" || arg == "-w");
        calls.min_by_key(|call| (repairs(call), rank(&call.script), call.script.len()))
    }
}

impl NpmPackage {
    /// The commands of one of its scripts, each as words.
    pub(crate) fn commands(&self, script: &str) -> Vec<Vec<String>> {
        let text = self.scripts.get(script).map(String::as_str).unwrap_or_default();
        shell::commands(text).iter().map(|words| shell::command(words).to_vec()).collect()
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
}
