//! Components (Vue, Svelte, Astro), which tsc can't read: who checks the types in them, and what `init` says where nobody does.

use std::collections::{BTreeMap, BTreeSet};

use crate::inputs::{Picked, Selection, TsProject};
use crate::model::input::{InputKind, Language, PackageManager};
use crate::scan::seen::{around, folder_of, name_of};
use crate::scan::suggestion::{Seen, Suggestion};
use crate::scan::survey::Unnamed;

use super::sources::{has_typescript, judge};

/// What checks components of a language.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Checker {
    pub(super) language: Language,
    ending: &'static str,
    /// The package of npm that brings it.
    package: &'static str,
    /// How it is started; empty: in the place of tsc.
    pub(super) run: &'static [&'static str],
}

pub(super) static CHECKERS: [Checker; 3] = [
    Checker { language: Language::Vue, ending: ".vue", package: "vue-tsc", run: &[] },
    Checker {
        language: Language::Svelte,
        ending: ".svelte",
        package: "svelte-check",
        run: &["svelte-check", "--tsconfig", "./tsconfig.json"],
    },
    Checker {
        language: Language::Astro,
        ending: ".astro",
        package: "@astrojs/check",
        run: &["astro", "check"],
    },
];

impl Checker {
    /// Whether it is needed and installed.
    pub(super) fn is_for(&self, seen: &Seen, folder: &str) -> bool {
        seen.depends_on(folder, self.package) && seen.has_source(folder, self.language)
    }

    /// Why no gate is written for a project with such components.
    pub(super) fn why(&self, seen: &Seen, folder: &str) -> String {
        let Self { ending, package, .. } = self;
        match seen.depends_on(folder, package) {
            true => format!(
                "it has {ending} files, which tsc can't read, and no gate here has {package} check this project"
            ),
            false => format!("it has {ending} files, which tsc can't read, and {package} is no dependency"),
        }
    }
}

/// The language of those components of a project that a gate with this program can't read, though they have TypeScript: with them the
/// gate can't pass.
pub(super) fn unread(seen: &Seen, project: &TsProject, program: &str) -> Option<&'static Checker> {
    let wanted: Vec<(InputKind, String)> = CHECKERS
        .iter()
        .filter(|checker| checker.package != program)
        .flat_map(|checker| seen.sources_below(project.folder(), checker.language))
        .collect();
    if wanted.is_empty() {
        return None;
    }
    let survey = seen.survey();
    let judge = judge(std::slice::from_ref(&project.path), &survey);
    let (kind, _) = wanted.iter().find(|(kind, path)| matches!(judge(*kind, path), Unnamed::Gap(_)))?;
    CHECKERS.iter().find(|checker| InputKind::Source(checker.language) == *kind)
}

/// A component with TypeScript that vue-tsc does not come to, and the list of the project that has no place for it: no source names it, so none
/// imports it. With it a gate can't pass.
pub(super) fn not_reached(seen: &Seen, project: &TsProject) -> Option<(String, String)> {
    /// What imports others says so at its beginning, as a rule.
    const HEAD: usize = 64 << 10;
    let survey = seen.survey();
    let graph = survey.inputs.typescript().iter().map(|one| (one.path.as_str(), one)).collect();
    let selection = Selection::of(project, &graph);
    let below = |language| seen.sources_below(project.folder(), language);
    let left_out = |path: &str| match (selection.picks(path), selection.picks_as(path, &["ts", "tsx"])) {
        (Picked::LeftOut { key, of }, Picked::Taken | Picked::Unsure) => Some(format!("`{key}` of {of}")),
        _ => None,
    };
    let components = below(Language::Vue).into_iter();
    let with_list = components.filter_map(|(kind, path)| Some((kind, left_out(&path)?, path)));
    let mut open: Vec<(String, String)> = with_list
        .filter(|(kind, _, path)| has_typescript(*kind, path, &survey))
        .map(|(_, list, path)| (path, list))
        .collect();
    for (_, source) in [Language::Vue, Language::TypeScript, Language::JavaScript].into_iter().flat_map(below)
    {
        if open.is_empty() {
            break;
        }
        let text = survey.inputs.beginning(&source, HEAD).unwrap_or_default();
        open.retain(|(path, _)| *path == source || !text.contains(name_of(path)));
    }
    open.into_iter().next()
}

/// Names the components with TypeScript in them that nothing checks: in none of these folders, each with the language that is checked there.
pub(super) fn name_unchecked(seen: &Seen, checked: &BTreeSet<(String, Language)>, left_out: &mut Suggestion) {
    if seen.is_rest() {
        return;
    }
    let survey = seen.survey();
    for checker in &CHECKERS {
        let mut packages: BTreeMap<String, u64> = BTreeMap::new();
        for (kind, path) in seen.sources_below(".", checker.language) {
            let Some(own) = seen.own(&path) else { continue };
            let is_checked = |folder: &str| checked.contains(&(folder.to_owned(), checker.language));
            if !around(folder_of(&own)).any(is_checked) && has_typescript(kind, &path, &survey) {
                let package = around(folder_of(&own)).find(|folder| seen.package_in(folder).is_some());
                *packages.entry(package.unwrap_or(".").to_owned()).or_default() += 1;
            }
        }
        for (folder, n) in packages {
            let what = format!("{n} {} file{} in {folder}", checker.ending, if n == 1 { "" } else { "s" });
            let install = install(seen.manager(&folder), checker.package);
            left_out
                .leave_out(what, format!("nothing checks the types in them: `{install}` brings what does"));
        }
    }
}

/// How a package for development is added.
fn install(manager: PackageManager, package: &str) -> String {
    match manager {
        PackageManager::Pnpm => format!("pnpm add --save-dev {package}"),
        PackageManager::Yarn | PackageManager::Bun => format!("{} add --dev {package}", manager.id()),
        _ => format!("npm install --save-dev {package}"),
    }
}
