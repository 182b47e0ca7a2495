//! Programs that check types: which projects of TypeScript they read, by their arguments.
//!
//! Source: `tsc --help --all` (5.9), vue-tsc 3, `ngc` (Angular 21), the readme of svelte-check 4, `astro check --help` (5), `nuxt typecheck --help`
//! (4). Each checks one project, however many lie below it; only `-b` follows the references.

use crate::model::input::{InputKind, Language};
use crate::scan::reads::{Reach, Reads};

/// A checker, and the components that it reads besides.
type Checker = (&'static str, Option<Language>);

const CHECKERS: [Checker; 8] = [
    ("tsc", None),
    ("vue-tsc", Some(Language::Vue)),
    ("ngc", Some(Language::Angular)),
    ("ng-build", Some(Language::Angular)),
    ("svelte-check", Some(Language::Svelte)),
    ("astro-check", Some(Language::Astro)),
    ("nuxt-typecheck", Some(Language::Vue)),
    ("nuxi-typecheck", Some(Language::Vue)),
];

/// Options with which nothing is checked, or nothing ends.
const CHECKS_NOTHING: [&str; 10] = [
    "--clean",
    "--dry",
    "-d",
    "--init",
    "--showConfig",
    "--listFilesOnly",
    "--watch",
    "-w",
    "--no-tsconfig",
    "--noCheck",
];

/// Endings of files that `tsc` checks without their project if they are named.
const SOURCES: [&str; 8] = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"];

/// What such a program reads, started in `dir` with these arguments; `None`: it is no such program.
pub(super) fn reads(program: &str, arguments: &[&str], dir: &str) -> Option<Vec<Reads>> {
    let (_, language) = CHECKERS.iter().find(|(name, _)| *name == program)?;
    let diagnostics = value(arguments, &["--diagnostic-sources"]);
    let no_types = program == "svelte-check"
        && diagnostics.is_some_and(|all| !all.split(',').any(|one| one.trim() == "js"));
    if checks_nothing(arguments) || no_types || (program.ends_with("tsc") && asks_only(arguments)) {
        return Some(Vec::new());
    }
    if program == "ng-build" {
        // `ng build shop` builds one project of several, by a name that only the workspace knows.
        let is_whole = arguments.first().is_none_or(|first| first.starts_with('-'));
        let kinds = [InputKind::TsConfig, InputKind::Source(Language::Angular)];
        let reads = || Reads::new(kinds, &[format!("{dir}/angular.json")], Reach::Workspace);
        return Some(is_whole.then(reads).into_iter().collect());
    }
    let has = |names: &[&str]| arguments.iter().any(|word| names.contains(word));
    let is_tsc = ["tsc", "vue-tsc"].contains(&program);
    let builds = is_tsc && has(&["-b", "--build"]);
    let option = |names: &[&str]| value(arguments, names);
    let positional = || arguments.iter().filter(|word| !word.starts_with('-')).copied();
    let (named, follows): (Vec<&str>, bool) = match program {
        _ if builds => (positional().filter(|word| !["true", "false"].contains(word)).collect(), true),
        "tsc" | "vue-tsc" | "ngc" => {
            let project = option(&["-p", "--project"]);
            let is_source = |word: &str| SOURCES.iter().any(|ending| word.ends_with(ending));
            if project.is_none() && positional().any(is_source) {
                return Some(Vec::new());
            }
            (project.into_iter().collect(), false)
        }
        "nuxt-typecheck" | "nuxi-typecheck" => {
            (option(&["--cwd"]).or_else(|| positional().next()).into_iter().collect(), true)
        }
        _ => (option(&["--tsconfig"]).into_iter().collect(), false),
    };
    let top = match option(&["--workspace", "--root"]).filter(|_| !is_tsc) {
        Some(folder) => format!("{dir}/{folder}"),
        None => dir.to_owned(),
    };
    let project = |path: &str| match path.ends_with(".json") {
        true => format!("{top}/{path}"),
        false => format!("{top}/{}/tsconfig.json", path.trim_end_matches('/')),
    };
    let projects: Vec<String> = match named.as_slice() {
        [] => vec![format!("{top}/tsconfig.json")],
        named => {
            named.iter().filter(|path| !path.starts_with(['/', '~', '$'])).map(|path| project(path)).collect()
        }
    };
    let kinds = std::iter::once(InputKind::TsConfig).chain(language.map(InputKind::Source));
    let reach = if follows { Reach::ProjectAndReferences } else { Reach::Project };
    let overrules = is_tsc
        && arguments.windows(2).any(|pair| pair[0].eq_ignore_ascii_case("--noCheck") && pair[1] == "false");
    let reads = || Reads { overrules, ..Reads::new(kinds, &projects, reach) };
    Some(if projects.is_empty() { Vec::new() } else { vec![reads()] })
}

/// Whether one of these options is on.
fn checks_nothing(arguments: &[&str]) -> bool {
    let is_off = |place: usize| arguments.get(place + 1) == Some(&"false");
    let names = arguments.iter().enumerate();
    // tsc does not care about capitals.
    let is_one = |word: &str| CHECKS_NOTHING.iter().any(|name| name.eq_ignore_ascii_case(word));
    names.into_iter().any(|(place, word)| is_one(word) && !is_off(place))
}

/// Whether tsc only says something of itself, or gets its arguments from a file. `-v` is `--verbose` with `-b`.
fn asks_only(arguments: &[&str]) -> bool {
    let builds = arguments.iter().any(|word| ["-b", "--build"].contains(word));
    arguments.iter().any(|word| {
        let word = word.to_ascii_lowercase();
        ["--help", "--version", "--all", "-h", "-?"].contains(&word.as_str())
            || (word == "-v" && !builds)
            || word.starts_with('@')
    })
}

/// The value of an option: `-p a`, `--project=a`.
fn value<'a>(arguments: &[&'a str], names: &[&str]) -> Option<&'a str> {
    arguments.iter().enumerate().find_map(|(place, word)| match word.split_once('=') {
        Some((name, value)) if names.contains(&name) => Some(value),
        _ if names.contains(word) => arguments.get(place + 1).copied(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::known::reads;
    use super::*;

    /// The projects that a command reads, and whether it follows their references.
    fn projects(run: &str) -> (Vec<String>, bool) {
        let run: Vec<String> = run.split(' ').map(str::to_owned).collect();
        let all = reads(&run, "web");
        let follows = all.iter().any(|reads| reads.reach == Reach::ProjectAndReferences);
        (all.into_iter().flat_map(|reads| reads.folders).collect(), follows)
    }

    #[test]
    fn a_checker_reads_one_project() {
        for (run, expected) in [
            ("tsc", "web/tsconfig.json"),
            ("npx tsc --noEmit", "web/tsconfig.json"),
            ("tsc -p app", "web/app/tsconfig.json"),
            ("tsc -p app/", "web/app/tsconfig.json"),
            ("tsc --noEmit --project tsconfig.test.json", "web/tsconfig.test.json"),
            ("vue-tsc --noEmit -p tsconfig.app.json --composite false", "web/tsconfig.app.json"),
            ("npx --no-install ngc -p tsconfig.app.json --noEmit", "web/tsconfig.app.json"),
            ("svelte-check", "web/tsconfig.json"),
            ("svelte-check --tsconfig ./app/tsconfig.json", "web/./app/tsconfig.json"),
            ("svelte-check --diagnostic-sources js,css", "web/tsconfig.json"),
            ("svelte-check --workspace app --threshold error", "web/app/tsconfig.json"),
            ("npx astro check", "web/tsconfig.json"),
            ("astro check --root docs", "web/docs/tsconfig.json"),
            ("tsc --noCheck false", "web/tsconfig.json"),
            ("npx ng build --configuration production", "web/angular.json"),
        ] {
            assert_eq!(projects(run), (vec![expected.to_owned()], false), "{run}");
        }
        for (run, expected) in [
            ("tsc -b", &["web/tsconfig.json"][..]),
            ("npx --no-install tsc -b --force", &["web/tsconfig.json"]),
            ("vue-tsc --build", &["web/tsconfig.json"]),
            ("tsc -b -v", &["web/tsconfig.json"]),
            ("tsc -b tsconfig.build.json --force --noCheck false", &["web/tsconfig.build.json"]),
            (
                "tsc --build app lib/tsconfig.lib.json --verbose",
                &["web/app/tsconfig.json", "web/lib/tsconfig.lib.json"],
            ),
            ("nuxt typecheck", &["web/tsconfig.json"]),
        ] {
            let expected: Vec<String> = expected.iter().map(|path| (*path).to_owned()).collect();
            assert_eq!(projects(run), (expected, true), "{run}");
        }
    }

    #[test]
    fn what_checks_no_project_reads_none() {
        for run in [
            "tsc src/a.ts",
            "tsc --noEmit src/a.ts src/b.ts",
            "tsc -b --clean",
            "tsc -b --dry",
            "tsc --showConfig",
            "tsc --init",
            "tsc --listFilesOnly",
            "tsc --noCheck",
            "tsc --watch",
            "svelte-check --watch",
            "svelte-check --no-tsconfig",
            "tsc -p /etc/tsconfig.json",
            "tsc --version",
            "tsc -v",
            "tsc --ALL",
            "tsc --NoCheck",
            "tsc @arguments",
            "svelte-check --help",
            "svelte-check --diagnostic-sources css,svelte",
            "ng build shop",
            "ng build --watch",
            "ng serve",
        ] {
            assert_eq!(projects(run), (vec![], false), "{run}");
        }
    }
}
