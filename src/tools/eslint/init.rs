//! What `init` writes for ESLint: where it is configured, with the files and options of the project's own lint script.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::inputs::NpmPackage;
use crate::model::input::InputKind;
use crate::scan::seen::{around, in_folder};
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, dirs, list};

const COMMENT: &str = "ESLint errors; warnings are low, and do not block.";
const STRICT: &str = "ESLint errors, and warnings: the project's own script allows none.";

/// What `next lint` reads unless it is told (nextjs.org, "ESLint").
const OF_NEXT: [&str; 5] = ["pages", "app", "components", "lib", "src"];

/// How a folder is linted.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Call {
    files: Vec<String>,
    args: Vec<String>,
    strict: bool,
    /// ESLint 9 reads `.eslintrc` files only if it is told to.
    old_config: bool,
}

const IN_USE: &str = "ESLint 9 reads .eslintrc files only with this variable.";

pub(super) fn suggest(seen: &Seen) -> Suggestion {
    let mut suggestion = Suggestion::default();
    let configured = seen.folders(InputKind::Eslint);
    let mut calls: BTreeMap<Call, BTreeSet<String>> = BTreeMap::new();
    // In order, a folder comes before those in it.
    let mut linted: BTreeMap<&str, Call> = BTreeMap::new();
    for folder in &configured {
        let above = Path::new(folder).ancestors().skip(1).filter_map(Path::to_str);
        let above = above.map(|above| if above.is_empty() { "." } else { above });
        let own = seen.package_in(folder);
        let call = own.and_then(|package| of_script(package, seen, folder));
        // Without a script of its own it is linted with a folder above, if that looks here.
        let mut above = above.filter(|_| folder != ".");
        if call.is_none()
            && above.any(|above| linted.get(above).is_some_and(|call| call.reaches(above, folder)))
        {
            continue;
        }
        let old_config = !has_flat_config(seen, folder);
        let major = eslint_major(seen, folder);
        if old_config && major.is_some_and(|major| major >= 10) {
            suggestion.leave_out(
                format!("the ESLint configuration in {folder}"),
                "ESLint 10 does not read .eslintrc files: it needs an eslint.config.js",
            );
        } else if has_eslint(seen, folder) {
            let call = Call { old_config: old_config && major == Some(9), ..call.unwrap_or_default() };
            linted.insert(folder.as_str(), call.clone());
            calls.entry(call).or_default().insert(folder.clone());
        } else {
            suggestion.leave_out(
                format!("the ESLint configuration in {folder}"),
                "ESLint is no dependency of a package.json beside it or above it",
            );
        }
    }
    for (call, folders) in &calls {
        let (through_yarn, folders): (BTreeSet<String>, BTreeSet<String>) =
            folders.iter().cloned().partition(|folder| seen.is_pnp(folder));
        suggestion.gates.extend(through_yarn.iter().map(|folder| call.through_yarn(folder)));
        if folders.is_empty() {
            continue;
        }
        let mut keys = dirs(&folders);
        if !call.files.is_empty() {
            keys.push_str(&format!("files = {}\n", list(&call.files)));
        }
        if !call.args.is_empty() {
            keys.push_str(&format!("args = {}\n", list(&call.args)));
        }
        if call.strict {
            keys.push_str("fail_on = \"low\"\n");
        }
        let mut comment = if call.strict { STRICT } else { COMMENT }.to_owned();
        if call.old_config {
            comment = format!("{comment}\n{IN_USE}");
            keys.push_str("env = { ESLINT_USE_FLAT_CONFIG = \"false\" }\n");
        }
        suggestion.gates.push(SuggestedGate::new("lint", comment, keys).before_push());
    }
    suggestion
}

/// Whether an `eslint.config.*` holds for a folder: its own, or one above it.
fn has_flat_config(seen: &Seen, folder: &str) -> bool {
    let endings = ["js", "mjs", "cjs", "ts", "mts", "cts"];
    let names: Vec<String> = endings.iter().map(|ending| format!("eslint.config.{ending}")).collect();
    around(folder).any(|folder| names.iter().any(|name| seen.has(&in_folder(folder, name))))
}

/// The major version of ESLint that the nearest package asks for; `None`: it does not say.
fn eslint_major(seen: &Seen, folder: &str) -> Option<u64> {
    let packages = seen.packages_around(folder);
    let range = packages.iter().find_map(|package| package.eslint.as_deref())?;
    // Of `8 || 9`, npm installs the newest.
    let newest = range.rsplit("||").next().unwrap_or(range).trim();
    let digits = newest.trim_start_matches(|c: char| "^~>=v ".contains(c));
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Whether ESLint is installed: as itself, or with a package that brings it.
fn has_eslint(seen: &Seen, folder: &str) -> bool {
    let brings = |name: &String| name.contains("eslint") || name == "react-scripts";
    seen.packages_around(folder).iter().any(|package| package.dependencies.iter().any(brings))
}

/// What the project's own script lints.
fn of_script(package: &NpmPackage, seen: &Seen, folder: &str) -> Option<Call> {
    if let Some(call) = package.call("eslint", &["lint", "check"]) {
        return Some(Call::of(&call.args));
    }
    let next =
        package.call("next", &["lint"]).filter(|call| call.args.first().is_some_and(|word| word == "lint"));
    next.map(|_| {
        let files = OF_NEXT.into_iter().filter(|name| seen.has_folder(&in_folder(folder, name)));
        Call { files: files.map(str::to_owned).collect(), ..Call::default() }
    })
}

/// Options that stay, each with its value: they choose what is linted, and how.
const KEPT: [&str; 6] = ["--ext", "-c", "--config", "--ignore-pattern", "--ignore-path", "--rule"];

/// Other options with a value (eslint.org, "Command Line Interface Reference").
const WITH_VALUE: [&str; 24] = [
    "-f",
    "--format",
    "-o",
    "--output-file",
    "--max-warnings",
    "--rulesdir",
    "--plugin",
    "--env",
    "--global",
    "--parser",
    "--parser-options",
    "--resolve-plugins-relative-to",
    "--cache-location",
    "--cache-file",
    "--cache-strategy",
    "--fix-type",
    "--report-unused-disable-directives-severity",
    "--flag",
    "--concurrency",
    "--stdin-filename",
    "--suppressions-location",
    "--suppress-rule",
    "--report-unused-inline-configs",
    "--print-config",
];

impl Call {
    /// Whether it looks into a folder below its own.
    fn reaches(&self, own: &str, folder: &str) -> bool {
        let begins = |file: &String| {
            let plain = file.split('*').next().unwrap_or_default().trim_end_matches('/');
            let plain = in_folder(own, plain);
            file.starts_with("**") || folder == plain || folder.starts_with(&format!("{plain}/"))
        };
        self.files.is_empty() || self.files.iter().any(begins)
    }

    /// A command, where only Yarn starts what is installed.
    fn through_yarn(&self, folder: &str) -> SuggestedGate {
        let comment = "ESLint errors; Yarn starts it, and keeps it in .pnp.cjs. Its exit code counts.";
        let strict = ["--max-warnings", "0"].into_iter().filter(|_| self.strict);
        let args = self.args.iter().map(String::as_str);
        let files =
            if self.files.is_empty() { vec!["."] } else { self.files.iter().map(String::as_str).collect() };
        let words = ["yarn", "run", "eslint"].into_iter().chain(strict).chain(args).chain(files);
        SuggestedGate::command("lint", comment, words, folder).stage("Type check and lint")
    }

    fn of(words: &[String]) -> Self {
        let mut call = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=').filter(|_| word.starts_with('-')) {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let takes = KEPT.contains(&name) || WITH_VALUE.contains(&name);
            let value = match value {
                None if takes => words.next().cloned(),
                value => value,
            };
            match (name, value) {
                ("--max-warnings", Some(most)) => call.strict = most == "0",
                (name, Some(value)) if KEPT.contains(&name) => call.args.extend([name.to_owned(), value]),
                (name, _) if name.starts_with('-') => {}
                // What a variable decides is not known.
                (name, _) if name.contains('$') => {}
                _ => call.files.push(word.trim_start_matches("./").to_owned()),
            }
        }
        call.files.retain(|file| !file.is_empty());
        if call.files == ["."] {
            call.files.clear();
        }
        call
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_options_are_those_of_the_script() {
        for (words, files, args, strict) in [
            (". --max-warnings 0", "", "", true),
            ("--fix src test", "src test", "", false),
            ("--ext .ts,.tsx src --cache --cache-location .x", "src", "--ext .ts,.tsx", false),
            (
                "-c lint/eslint.config.js ./lib/**/*.ts -f stylish",
                "lib/**/*.ts",
                "-c lint/eslint.config.js",
                false,
            ),
            ("--max-warnings=5 .", "", "", false),
        ] {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            let call = Call::of(&words);
            assert_eq!(
                (call.files.join(" "), call.args.join(" "), call.strict),
                (files.to_owned(), args.to_owned(), strict)
            );
        }
    }
}
