//! What `init` writes for the TypeScript projects of a repository.
//!
//! `tsc -p` checks one project, and nothing of those that it refers to. So each project of a list of references is a target of its
//! own (Vite). Projects that refer to projects in other folders read their output (`.d.ts`), which only `tsc -b` makes in order: for them, a
//! command runs it. Components (`.vue`, `.svelte`, `.astro`, those of Angular) have checkers of their own. A variant beside a
//! `tsconfig.json` is checked if it has sources of its own.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::inputs::exit_code::Fate;
use crate::inputs::{NpmPackage, TsProject, with_own_sources, with_references};
use crate::model::input::{InputKind, Language, PackageManager};
use crate::scan::reads::Reach;
use crate::scan::seen::{folder_of, name_of};
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, dirs, quoted};

use crate::tools::command::command_reads;

use super::components::{CHECKERS, name_unchecked, not_reached, unread};
use super::loose;
use super::sources::takes_nothing;

const MAIN: &str = "tsconfig.json";
const TYPESCRIPT: &str = "typescript";
const VUE: &str = "vue-tsc";
/// Overrules `noCheck` in a project.
const NO_CHECK_OFF: [&str; 2] = ["--noCheck", "false"];
/// Brings `ngc`.
const ANGULAR: &str = "@angular/compiler-cli";

/// Programs that check types beside tsc, and words of their own.
const PROGRAMS: [(&str, &str, Language); 5] = [
    ("svelte-check", "", Language::Svelte),
    (VUE, "", Language::Vue),
    ("astro", "check", Language::Astro),
    ("nuxt", "typecheck", Language::Vue),
    ("nuxi", "typecheck", Language::Vue),
];

pub(super) fn suggest(seen: &Seen) -> Suggestion {
    let mut plan = Plan {
        seen,
        projects: BTreeMap::new(),
        commands: BTreeSet::new(),
        checked: BTreeSet::new(),
        read: BTreeSet::new(),
        variants: Vec::new(),
        left_out: Suggestion::default(),
    };
    let all = seen.typescript();
    let built = plan.built(&all);
    let mut folders: BTreeMap<&str, Vec<&(String, &TsProject)>> = BTreeMap::new();
    for project in all.iter().filter(|(path, own)| !own.is_base() && !built.contains(path)) {
        folders.entry(folder_of(&project.0)).or_default().push(project);
    }
    for (folder, projects) in folders {
        plan.folder(folder, &projects);
    }
    plan.take_variants();
    name_unchecked(seen, &plan.checked, &mut plan.left_out);
    loose::name(seen, &mut plan.left_out);
    plan.suggestion()
}

struct Plan<'s, 'i> {
    seen: &'s Seen<'i>,
    /// The folders to check, by the project's file and the program.
    projects: BTreeMap<(String, &'static str), BTreeSet<String>>,
    /// Commands, by folder.
    commands: BTreeSet<(String, Vec<String>)>,
    /// The folders in which components of a language are checked.
    checked: BTreeSet<(String, Language)>,
    /// The projects that these gates read, from the top of the repository.
    read: BTreeSet<String>,
    /// Projects beside a `tsconfig.json` that does not refer to them.
    variants: Vec<(String, &'i TsProject)>,
    left_out: Suggestion,
}

impl<'i> Plan<'_, 'i> {
    /// The projects that `tsc -b` checks; notes the commands that start it.
    fn built(&mut self, all: &[(String, &TsProject)]) -> BTreeSet<String> {
        let crosses = |project: &TsProject| {
            !project.is_solution()
                && project.references.iter().any(|path| folder_of(path) != project.folder())
        };
        let mut built = BTreeSet::new();
        let mut tops: Vec<_> = all.iter().filter(|(_, project)| project.referred_by.is_empty()).collect();
        tops.sort_by_key(|(path, _)| name_of(path) != MAIN);
        for (path, project) in tops {
            let (folder, name) = (folder_of(path), name_of(path));
            let reached = self.reached(path, project);
            // One under another name (`tsconfig.build.json`) counts for what `tsc -p` would else fail on.
            let is_else_alone = |path: &String| {
                let is_main = name_of(path) == MAIN || self.seen.main_project(folder_of(path)).is_none();
                name == MAIN || (is_main && !built.contains(path))
            };
            let is_built = reached.iter().any(|(path, own)| crosses(own) && is_else_alone(path));
            if is_built && self.seen.depends_on(folder, TYPESCRIPT) {
                let mut words = vec!["tsc", "-b"];
                words.extend((name != MAIN).then_some(name));
                words.push("--force");
                if reached.iter().any(|(_, own)| own.no_check) {
                    words.extend(NO_CHECK_OFF);
                }
                let run = exec(self.seen.manager(folder), &words);
                self.commands.insert((folder.to_owned(), run));
                self.read.extend(reached.iter().map(|(_, own)| own.path.clone()));
                built.extend(reached.into_iter().map(|(path, _)| path));
            }
        }
        built
    }

    /// A project and all that it refers to, at any depth.
    fn reached<'p>(&self, path: &str, project: &'p TsProject) -> Vec<(String, &'p TsProject)>
    where
        'i: 'p,
    {
        let mut seen = BTreeSet::from([project.path.clone()]);
        let mut found: Vec<(String, &TsProject)> = vec![(path.to_owned(), project)];
        let mut next = 0;
        while let Some((_, project)) = found.get(next) {
            for path in project.references.clone() {
                if seen.insert(path.clone())
                    && let Some(own) = self.seen.project(&path)
                {
                    found.push(own);
                }
            }
            next += 1;
        }
        found
    }

    fn folder(&mut self, folder: &str, projects: &[&(String, &'i TsProject)]) {
        let mut wanted: Vec<(String, &'i TsProject)> = match self.seen.main_project(folder) {
            Some((path, main)) => self.reached(&path, main),
            None => projects.iter().map(|one| (one.0.clone(), one.1)).collect(),
        };
        if let Some((language, run)) = self.checker(folder, projects) {
            self.checked.insert((folder.to_owned(), language));
            let read = self.read_by(folder, &run);
            let of_read = read.iter().filter_map(|path| self.seen.project(path));
            match of_read.into_iter().find(|(_, own)| own.no_check) {
                Some((path, _)) => self.left_out.leave_out(path, "`noCheck` in it switches the check off"),
                None => drop(self.commands.insert((folder.to_owned(), run))),
            }
            self.read.extend(read);
            wanted.clear();
        }
        let open: BTreeSet<&str> = projects.iter().map(|(path, _)| path.as_str()).collect();
        wanted.retain(|(path, project)| !project.is_solution() && open.contains(path.as_str()));
        // Others beside it are variants of it, unless it refers to them.
        let is_variant = |path: &String| !wanted.iter().any(|(own, _)| own == path);
        for (path, own) in projects.iter().filter(|(path, own)| !own.is_solution() && is_variant(path)) {
            self.variants.push((path.clone(), own));
        }
        for (path, project) in wanted {
            self.take(path, project);
        }
    }

    /// The projects that a command reads.
    fn read_by(&self, folder: &str, run: &[String]) -> Vec<String> {
        let package = self.seen.package_in(folder);
        let script = run.get(2).filter(|_| run.get(1).is_some_and(|word| word == "run"));
        let commands = match (package, script) {
            (Some(package), Some(script)) if package.scripts.contains_key(script) => {
                let commands = package.commands(script).into_iter();
                let started = commands.filter(|one| one.fate == Fate::Fails);
                started.filter_map(|one| Some((one.folder_in(folder)?, one.words))).collect()
            }
            _ => vec![(folder.to_owned(), run.to_vec())],
        };
        let reads = commands.iter().flat_map(|(folder, words)| command_reads(words, folder));
        let survey = self.seen.survey();
        let mut read = Vec::new();
        for reads in reads {
            let own = reads.folders.iter().map(|path| survey.place_of(path)).collect();
            read.extend(match reads.reach {
                Reach::ProjectAndReferences => with_references(survey.inputs.typescript(), own),
                _ => own,
            });
        }
        read
    }

    /// Takes those variants that have sources which nothing else checks: first what a script of the project checks, last what only a linter
    /// reads.
    fn take_variants(&mut self) {
        let mut variants = std::mem::take(&mut self.variants);
        let rank = |path: &str| {
            let name = name_of(path);
            (!self.is_checked_by_script(path), name.contains("lint"), name.len())
        };
        variants.sort_by_cached_key(|(path, _)| (folder_of(path).to_owned(), rank(path), path.clone()));
        let survey = self.seen.survey();
        for (path, project) in variants {
            if self.read.contains(&project.path) {
                continue;
            }
            let covered = self.seen.covered(InputKind::TsConfig);
            let checked: HashSet<&str> = covered.chain(self.read.iter().map(String::as_str)).collect();
            match with_own_sources(survey.inputs, &[&project.path], &checked).is_empty() {
                true => self.left_out.leave_out(path, "a variant of the tsconfig.json beside it"),
                false => self.take(path, project),
            }
        }
    }

    /// Whether a script of its package names a project: `tsc -p tsconfig.test.json`.
    fn is_checked_by_script(&self, path: &str) -> bool {
        let folder = folder_of(path);
        self.seen.package_in(folder).is_some_and(|package| {
            let commands = package.scripts.keys().flat_map(|script| package.commands(script));
            let reads = commands.flat_map(|command| command_reads(&command.words, folder));
            let paths: Vec<String> = reads.flat_map(|reads| reads.folders).collect();
            paths.iter().any(|own| name_of(own) == name_of(path))
        })
    }

    fn take(&mut self, path: String, project: &TsProject) {
        let folder = folder_of(&path).to_owned();
        let has = |package: &str| self.seen.depends_on(&folder, package);
        if !(has(TYPESCRIPT) || has(VUE)) {
            let why = "TypeScript is no dependency of a package.json beside it or above it";
            self.left_out.leave_out(path, why);
        } else if let Some(missing) = project.missing.first() {
            let why = "the file that it names is not there: is it made by another program?";
            self.left_out.leave_out(format!("{path} (names {missing})"), why);
        } else if takes_nothing(project, &self.seen.survey()) {
            self.left_out.leave_out(path, "it takes in no source, and tsc calls that an error");
        } else if has(ANGULAR) && has_angular(self.seen, &folder) {
            if project.no_check {
                self.left_out.leave_out(path, "`noCheck` in it switches the check off");
                return;
            }
            let run = exec(self.seen.manager(&folder), &["ngc", "-p", name_of(&path), "--noEmit"]);
            self.commands.insert((folder, run));
            self.read.insert(project.path.clone());
        } else {
            let vue = has(VUE) && self.seen.has_source(&folder, Language::Vue);
            let name = name_of(&path).to_owned();
            let program = if vue { VUE } else { "tsc" };
            if let Some(checker) = unread(self.seen, project, program) {
                self.left_out.leave_out(path, checker.why(self.seen, &folder));
                return;
            }
            if vue {
                if let Some((component, list)) = not_reached(self.seen, project) {
                    let why = format!(
                        "{list} names no .vue file, and no source names {component}, so vue-tsc does not look at it: name .vue files there"
                    );
                    self.left_out.leave_out(path, why);
                    return;
                }
                self.checked.insert((folder.clone(), Language::Vue));
            }
            self.read.insert(project.path.clone());
            if self.seen.is_pnp(&folder) {
                let mut words = vec![program, "-p", &name, "--noEmit"];
                words.extend(NO_CHECK_OFF.into_iter().filter(|_| project.no_check));
                let run = exec(self.seen.manager(&folder), &words);
                self.commands.insert((folder, run));
                return;
            }
            self.projects.entry((name, program)).or_default().insert(folder);
        }
    }

    /// The command of another checker, where tsc can't do the work: for Svelte and Astro, and for projects that extend what a script
    /// makes first.
    fn checker(&self, folder: &str, projects: &[&(String, &TsProject)]) -> Option<(Language, Vec<String>)> {
        let own = CHECKERS.iter().find(|one| !one.run.is_empty() && one.is_for(self.seen, folder));
        let made = projects.iter().any(|(_, project)| !project.missing.is_empty());
        if own.is_none() && !made {
            return None;
        }
        let manager = self.seen.manager(folder);
        let language = own.map(|checker| checker.language);
        match self.seen.package_in(folder).and_then(|package| checking_script(package, folder, language)) {
            Some((language, script)) => {
                Some((language, [manager.id(), "run", &script].map(str::to_owned).into()))
            }
            None => own.map(|checker| (checker.language, exec(manager, checker.run))),
        }
    }

    fn suggestion(self) -> Suggestion {
        let mut suggestion = self.left_out;
        for ((project, program), folders) in &self.projects {
            let mut keys = dirs(folders);
            let mut id = "types".to_owned();
            if project != "tsconfig.json" {
                keys.push_str(&format!("project = {}\n", quoted(project)));
                let part =
                    project.trim_start_matches("tsconfig").trim_end_matches("json").trim_matches(['.', '-']);
                id = format!("types-{}", part.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
            }
            let comment = match *program {
                VUE => {
                    keys.push_str(&format!("program = {}\n", quoted(program)));
                    "Type errors, also in .vue files; vue-tsc comes from node_modules (npm ci)."
                }
                _ => "Type errors; tsc comes from node_modules (npm ci).",
            };
            suggestion.gates.push(SuggestedGate::new(&id, comment, keys));
        }
        for (folder, run) in &self.commands {
            let has = |wanted: &str| run.iter().any(|word| word == wanted);
            let comment = if has("-b") {
                "Type errors of projects that refer to each other: `tsc -b` builds them in order, and writes their output.\nIts exit code counts."
            } else if has("--noEmit") && !has("ngc") {
                "Type errors; Yarn starts the compiler, which it keeps in .pnp.cjs. Its exit code counts."
            } else if has("ngc") {
                "Type errors, also in the templates of Angular; ngc comes from node_modules (npm ci). Its exit code counts."
            } else {
                "Type errors, by the project's own checker. Its exit code counts."
            };
            let words = run.iter().map(String::as_str);
            let gate = SuggestedGate::command("types", comment, words, folder).stage("Type check and lint");
            suggestion.gates.push(gate);
        }
        suggestion
    }
}

/// Whether a source below a folder is of Angular.
fn has_angular(seen: &Seen, folder: &str) -> bool {
    const LARGEST: u64 = 1 << 20;
    let survey = seen.survey();
    let folder = survey.place_of(folder);
    let sources = seen.sources_below(&folder, Language::TypeScript);
    sources.iter().any(|(_, path)| {
        survey.inputs.whole(path, LARGEST).is_some_and(|text| text.contains("@angular/core"))
    })
}

/// The script of a package that checks types, in components of a language if there is one. One that also builds is none.
fn checking_script(
    package: &NpmPackage,
    folder: &str,
    wanted: Option<Language>,
) -> Option<(Language, String)> {
    let programs = PROGRAMS.iter().filter(|(_, _, language)| wanted.is_none_or(|wanted| wanted == *language));
    programs.into_iter().find_map(|(program, word, language)| {
        let call = package.check(program, &["check", "typecheck", "type-check"])?;
        let words: Vec<String> = std::iter::once((*program).to_owned()).chain(call.args.clone()).collect();
        // `svelte-check --no-tsconfig` reads no project.
        let reads = command_reads(&words, folder);
        let is_check = reads.iter().any(|reads| reads.kinds.contains(&InputKind::TsConfig))
            && (word.is_empty() || call.args.first().is_some_and(|first| first == word));
        (is_check && !call.script.starts_with("build")).then_some((*language, call.script))
    })
}

/// How a program of node_modules is started, and never downloaded.
fn exec(manager: PackageManager, words: &[&str]) -> Vec<String> {
    let start: &[&str] = match manager {
        PackageManager::Pnpm => &["pnpm", "exec"],
        PackageManager::Yarn => &["yarn", "run"],
        PackageManager::Bun => &["bun", "run"],
        _ => &["npx", "--no-install"],
    };
    start.iter().chain(words).map(|word| (*word).to_owned()).collect()
}
