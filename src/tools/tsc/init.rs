//! What `init` writes for the TypeScript projects of a repository.
//!
//! `tsc -p` checks one project, and nothing of those that it refers to. So each project of a list of references is a target of its
//! own (Vite). Projects that refer to projects in other folders read their output (`.d.ts`), which only `tsc -b` makes in order: for them, a
//! command runs it. Components (`.vue`, `.svelte`, `.astro`) have checkers of their own.

use std::collections::{BTreeMap, BTreeSet};

use crate::inputs::{NpmPackage, TsProject};
use crate::model::input::{Language, PackageManager};
use crate::scan::seen::folder_of;
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, dirs, quoted};

use super::components::{CHECKERS, name_unchecked, unread};
use super::sources::takes_nothing;

const TYPESCRIPT: &str = "typescript";
const VUE: &str = "vue-tsc";

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
        commands: BTreeMap::new(),
        checked: BTreeSet::new(),
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
    name_unchecked(seen, &plan.checked, &mut plan.left_out);
    plan.suggestion()
}

struct Plan<'s, 'i> {
    seen: &'s Seen<'i>,
    /// The folders to check, by the project's file and the program.
    projects: BTreeMap<(String, &'static str), BTreeSet<String>>,
    /// Commands, by folder.
    commands: BTreeMap<String, Vec<String>>,
    /// The folders in which components of a language are checked.
    checked: BTreeSet<(String, Language)>,
    left_out: Suggestion,
}

impl Plan<'_, '_> {
    /// The projects that `tsc -b` checks; notes the commands that start it.
    fn built(&mut self, all: &[(String, &TsProject)]) -> BTreeSet<String> {
        let crosses = |project: &TsProject| {
            !project.is_solution()
                && project.references.iter().any(|path| folder_of(path) != project.folder())
        };
        let mut built = BTreeSet::new();
        for (path, project) in all.iter().filter(|(_, project)| project.referred_by.is_empty()) {
            let reached = self.reached(path, project);
            let has_typescript = self.seen.depends_on(folder_of(path), TYPESCRIPT);
            let is_built = path.ends_with("tsconfig.json") && reached.iter().any(|(_, own)| crosses(own));
            if is_built && has_typescript {
                let folder = folder_of(path);
                let run = exec(self.seen.manager(folder), &["tsc", "-b", "--force"]);
                self.commands.insert(folder.to_owned(), run);
                built.extend(reached.into_iter().map(|(path, _)| path));
            }
        }
        built
    }

    /// A project and all that it refers to, at any depth.
    fn reached<'i>(&self, path: &str, project: &'i TsProject) -> Vec<(String, &'i TsProject)>
    where
        Self: 'i,
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

    fn folder(&mut self, folder: &str, projects: &[&(String, &TsProject)]) {
        if let Some((language, run)) = self.checker(folder, projects) {
            self.checked.insert((folder.to_owned(), language));
            self.commands.insert(folder.to_owned(), run);
            return;
        }
        let open: BTreeSet<&str> = projects.iter().map(|(path, _)| path.as_str()).collect();
        let mut wanted: Vec<(String, &TsProject)> = match self.seen.main_project(folder) {
            Some((path, main)) => self.reached(&path, main),
            None => projects.iter().map(|one| (one.0.clone(), one.1)).collect(),
        };
        wanted.retain(|(path, project)| !project.is_solution() && open.contains(path.as_str()));
        // Others beside it are variants of it, unless it refers to them.
        let is_variant = |path: &String| !wanted.iter().any(|(own, _)| own == path);
        for (path, _) in projects.iter().filter(|(path, own)| !own.is_solution() && is_variant(path)) {
            let why = "a variant of the tsconfig.json beside it";
            self.left_out.leave_out(path, why);
        }
        for (path, project) in wanted {
            let has = |package: &str| self.seen.depends_on(folder, package);
            if !(has(TYPESCRIPT) || has(VUE)) {
                let why = "TypeScript is no dependency of a package.json beside it or above it";
                self.left_out.leave_out(path, why);
            } else if let Some(missing) = project.missing.first() {
                let why = "the file that it names is not there: is it made by another program?";
                self.left_out.leave_out(format!("{path} (names {missing})"), why);
            } else if takes_nothing(project, &self.seen.survey()) {
                self.left_out.leave_out(path, "it takes in no source, and tsc calls that an error");
            } else {
                let vue = has(VUE) && self.seen.has_source(folder, Language::Vue);
                let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
                let program = if vue { VUE } else { "tsc" };
                if let Some(checker) = unread(self.seen, project, program) {
                    self.left_out.leave_out(path, checker.why());
                    continue;
                }
                if vue {
                    self.checked.insert((folder.to_owned(), Language::Vue));
                }
                self.projects.entry((name, program)).or_default().insert(folder.to_owned());
            }
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
        match self.seen.package_in(folder).and_then(|package| checking_script(package, language)) {
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
            let builds = run.iter().any(|word| word == "-b");
            let comment = match builds {
                true => {
                    "Type errors of projects that refer to each other: `tsc -b` builds them in order, and writes their output.\nIts exit code counts."
                }
                false => "Type errors, by the project's own checker. Its exit code counts.",
            };
            let words = run.iter().map(String::as_str);
            let gate = SuggestedGate::command("types", comment, words, folder).stage("Type check and lint");
            suggestion.gates.push(gate);
        }
        suggestion
    }
}

/// The script of a package that checks types, in components of a language if there is one. One that also builds is none.
fn checking_script(package: &NpmPackage, wanted: Option<Language>) -> Option<(Language, String)> {
    let programs = PROGRAMS.iter().filter(|(_, _, language)| wanted.is_none_or(|wanted| wanted == *language));
    programs.into_iter().find_map(|(program, word, language)| {
        let call = package.call(program, &["check", "typecheck", "type-check"])?;
        let is_check = word.is_empty() || call.args.first().is_some_and(|first| first == word);
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
