//! Which files a project of TypeScript takes in by its lists.
//!
//! Source: the TSConfig reference (5.9), "files", "include", "exclude"; and `getSubPatternFromSpec` in TypeScript's
//! `src/compiler/utilities.ts`: `**` takes in neither hidden folders nor installed packages, a leading `*` no hidden file, a last
//! part without a dot or a wildcard is a folder. A list that a project does not have is that of what it extends, as seen from there.

use std::collections::{BTreeMap, BTreeSet};

use crate::inputs::typescript::{TsProject, beside};

/// The lists of a project, with what it takes from others.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The folder of the project; `.` is the top.
    folder: String,
    files: Option<List>,
    include: Option<List>,
    exclude: Option<List>,
    /// It extends a package, which may have lists of its own.
    unsure: bool,
    /// A list leads out of its folder.
    leads_out: bool,
}

/// A list, and the file that has it.
#[derive(Debug)]
struct List {
    of: String,
    patterns: Vec<Vec<String>>,
}

/// Whether a project takes in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Picked {
    Taken,
    /// A key of a file leaves it out: `exclude` of `web/tsconfig.json`.
    LeftOut {
        key: &'static str,
        of: String,
    },
    /// An installed configuration that it extends may say so.
    Unsure,
}

/// How many files a project may extend, one through another.
const DEEPEST: usize = 30;

impl Selection {
    /// The lists of a project. `all` has every project by its path.
    pub(crate) fn of(project: &TsProject, all: &BTreeMap<&str, &TsProject>) -> Self {
        let folder = project.path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned();
        let mut selection = Self { folder, ..Self::default() };
        selection.take(project, all, &mut BTreeSet::new());
        let mut lists = selection.files.iter().chain(&selection.include).flat_map(|list| &list.patterns);
        selection.leads_out = lists.any(|pattern| !selection.is_below(pattern.iter().map(String::as_str)));
        selection
    }

    /// The nearest list counts: its own, then those of what it extends, the last one first.
    fn take<'p>(
        &mut self,
        project: &'p TsProject,
        all: &BTreeMap<&str, &'p TsProject>,
        seen: &mut BTreeSet<&'p str>,
    ) {
        // They may extend each other in a circle, or one of them often. It says nothing new then.
        if seen.len() > DEEPEST || !seen.insert(&project.path) {
            return;
        }
        let list = |patterns: &Option<Vec<String>>, key: &str| {
            let patterns =
                patterns.as_ref()?.iter().map(|pattern| parts(&project.path, pattern, key)).collect();
            Some(List { of: project.path.clone(), patterns })
        };
        self.files = self.files.take().or_else(|| list(&project.files, "files"));
        self.include = self.include.take().or_else(|| list(&project.include, "include"));
        self.exclude = self.exclude.take().or_else(|| list(&project.exclude, "exclude"));
        self.unsure |= !project.extends_packages.is_empty();
        for base in project.extends.iter().rev().filter_map(|path| all.get(path.as_str())) {
            self.take(base, all, seen);
        }
    }

    /// Whether it may take in a file at this path: it lies below its folder, or a list leads out of that.
    pub(crate) fn reaches(&self, path: &str) -> bool {
        self.leads_out || self.is_below(path.split('/'))
    }

    /// Whether a list leads out of its folder.
    pub(crate) fn leads_out(&self) -> bool {
        self.leads_out
    }

    /// The folder of the project; `.` is the top.
    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }

    fn is_below<'p>(&self, parts: impl Iterator<Item = &'p str>) -> bool {
        let folder = self.folder.split('/').filter(|part| *part != ".");
        folder.zip(parts).all(|(part, of_pattern)| part == of_pattern)
    }

    /// Whether it takes in the file at this path.
    pub(crate) fn picks(&self, path: &str) -> Picked {
        self.picks_as(path, &[])
    }

    /// The same for a file that only a plug-in of the compiler knows: `include` may name it by any of these endings.
    pub(crate) fn picks_as(&self, path: &str, endings: &[&str]) -> Picked {
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        let names: Vec<String> = std::iter::once(path.to_owned())
            .chain(endings.iter().map(|ending| format!("{stem}.{ending}")))
            .collect();
        let is_in = |list: &List, how: How| {
            names.iter().any(|name| {
                let name: Vec<&str> = name.split('/').collect();
                list.patterns.iter().any(|pattern| fits(pattern, &name, how))
            })
        };
        if self.files.as_ref().is_some_and(|list| is_in(list, How::Exactly)) {
            return Picked::Taken;
        }
        let included = match (&self.include, &self.files) {
            (Some(list), _) => is_in(list, How::Include),
            (None, Some(_)) => false,
            (None, None) => {
                let name: Vec<&str> = path.split('/').collect();
                fits(
                    &parts(&format!("{}/tsconfig.json", self.folder), "**/*", "include"),
                    &name,
                    How::Include,
                )
            }
        };
        let left_out = |key, list: Option<&List>| match list {
            Some(list) => Picked::LeftOut { key, of: list.of.clone() },
            None => Picked::Unsure,
        };
        match (included, &self.exclude) {
            (true, Some(list)) if is_in(list, How::Exclude) => left_out("exclude", Some(list)),
            (true, _) => Picked::Taken,
            (false, _) if self.unsure && self.include.is_none() => Picked::Unsure,
            (false, _) if self.include.is_some() => left_out("include", self.include.as_ref()),
            (false, _) => left_out("files", self.files.as_ref()),
        }
    }
}

/// How a pattern is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Exactly,
    Include,
    Exclude,
}

/// The parts of a pattern from the top of the repository.
fn parts(project: &str, pattern: &str, key: &str) -> Vec<String> {
    let pattern = pattern.strip_prefix("${configDir}/").unwrap_or(pattern);
    let full = beside(project, pattern);
    let mut parts: Vec<String> = full.split('/').filter(|part| *part != ".").map(str::to_owned).collect();
    let is_folder = parts.last().is_none_or(|last| !last.contains(['.', '*', '?'])) || full == "..";
    if key == "include" && is_folder {
        parts.extend(["**".to_owned(), "*".to_owned()]);
    }
    parts
}

/// Whether a path fits a pattern, part by part: all places in the pattern that can be reached are kept.
fn fits(pattern: &[String], path: &[&str], how: How) -> bool {
    let mut at = vec![false; pattern.len() + 1];
    at[0] = true;
    pass_stars(pattern, &mut at);
    for part in path {
        // What lies in an excluded folder is excluded.
        if how == How::Exclude && at[pattern.len()] {
            return true;
        }
        let mut next = vec![false; pattern.len() + 1];
        for (n, wanted) in pattern.iter().enumerate().filter(|(n, _)| at[*n]) {
            match wanted.as_str() {
                "**" if how != How::Exactly => next[n] |= how == How::Exclude || !is_passed_over(part),
                wanted => next[n + 1] |= part_fits(wanted, part, how),
            }
        }
        if how != How::Exactly {
            pass_stars(pattern, &mut next);
        }
        at = next;
    }
    at[pattern.len()]
}

/// `**` stands for no folder, too.
fn pass_stars(pattern: &[String], at: &mut [bool]) {
    for (n, wanted) in pattern.iter().enumerate() {
        if at[n] && wanted == "**" {
            at[n + 1] = true;
        }
    }
}

/// Folders of installed packages, which no wildcard takes in.
const PACKAGES: [&str; 3] = ["node_modules", "bower_components", "jspm_packages"];

fn is_passed_over(folder: &str) -> bool {
    folder.starts_with('.') || PACKAGES.contains(&folder)
}

/// Whether a part fits one with `*` and `?`.
fn part_fits(wanted: &str, part: &str, how: How) -> bool {
    if how == How::Exactly || !wanted.contains(['*', '?']) {
        return wanted == part;
    }
    let hidden = part.starts_with('.') && wanted.starts_with(['*', '?']);
    if how == How::Include && (hidden || PACKAGES.contains(&part)) {
        return false;
    }
    let (wanted, part): (Vec<char>, Vec<char>) = (wanted.chars().collect(), part.chars().collect());
    let (mut w, mut p) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while p < part.len() {
        match wanted.get(w) {
            Some('*') => {
                star = Some((w, p));
                w += 1;
            }
            Some(sign) if *sign == '?' || *sign == part[p] => {
                w += 1;
                p += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    w = at + 1;
                    p = from + 1;
                    star = Some((at, p));
                }
                None => return false,
            },
        }
    }
    wanted[w..].iter().all(|sign| *sign == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(path: &str, lists: [Option<&[&str]>; 3], extends: &[&str]) -> TsProject {
        let list = |names: Option<&[&str]>| {
            names.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        TsProject {
            path: path.to_owned(),
            files: list(lists[0]),
            include: list(lists[1]),
            exclude: list(lists[2]),
            extends: extends.iter().map(|name| (*name).to_owned()).collect(),
            ..TsProject::default()
        }
    }

    fn picks(project: &TsProject, bases: &[&TsProject], path: &str) -> Picked {
        let all: BTreeMap<&str, &TsProject> =
            bases.iter().chain([&project]).map(|project| (project.path.as_str(), *project)).collect();
        Selection::of(project, &all).picks(path)
    }

    /// A list may name one base twice, and each of 30 bases, too: 2^30 ways through them.
    #[test]
    fn bases_that_are_named_often_are_read_once() {
        let path = |n: usize| format!("web/t{n}.json");
        let mut bases: Vec<TsProject> =
            (0..30).map(|n| project(&path(n), [None; 3], &[&path(n + 1), &path(n + 1)])).collect();
        bases.push(project(&path(30), [None, Some(&["src"]), None], &[&path(0)]));
        let bases: Vec<&TsProject> = bases.iter().collect();
        assert!(matches!(picks(bases[0], &bases, "web/src/a.ts"), Picked::Taken));
        assert!(!matches!(picks(bases[0], &bases, "web/a.ts"), Picked::Taken));
    }

    /// Each as tsc 5.9.3 `--listFilesOnly` has it.
    #[test]
    fn a_project_takes_in_what_its_lists_name() {
        for (include, exclude, path, taken) in [
            (None, None, "web/a.ts", true),
            (None, None, "web/b/c/a.ts", true),
            (None, None, "api/a.ts", false),
            (None, None, "web/.hidden/a.ts", false),
            (None, None, "web/.a.ts", false),
            (None, None, "web/node_modules/x/a.ts", false),
            (Some(["src"]), None, "web/src/a.ts", true),
            (Some(["src"]), None, "web/src/b/a.ts", true),
            (Some(["src"]), None, "web/a.ts", false),
            (Some(["src/"]), None, "web/src/a.ts", true),
            (Some(["./src/**/*.ts"]), None, "web/src/a.ts", true),
            (Some(["src/*"]), None, "web/src/b/a.ts", false),
            (Some(["src/*"]), None, "web/src/a.ts", true),
            (Some(["src/?.ts"]), None, "web/src/ab.ts", false),
            (Some(["."]), None, "web/a/b.ts", true),
            (Some(["../lib/**/*"]), None, "lib/a.ts", true),
            (Some([".storybook/*"]), None, "web/.storybook/a.ts", true),
            (Some(["**/*"]), None, "web/.storybook/a.ts", false),
            (Some(["src"]), Some(["src/old"]), "web/src/old/b/a.ts", false),
            (Some(["src"]), Some(["**/*.test.ts"]), "web/src/a.test.ts", false),
            (Some(["src"]), Some(["**/*.test.ts"]), "web/src/a.ts", true),
            (Some(["src"]), Some(["**/old/**"]), "web/src/old/a.ts", false),
            (Some(["src"]), Some(["old"]), "web/src/old/a.ts", true),
        ] {
            let project = project(
                "web/tsconfig.json",
                [None, include.as_ref().map(<[_; 1]>::as_slice), exclude.as_ref().map(<[_; 1]>::as_slice)],
                &[],
            );
            assert_eq!(picks(&project, &[], path) == Picked::Taken, taken, "{include:?} {exclude:?} {path}");
        }
    }

    #[test]
    fn lists_are_taken_from_what_is_extended() {
        let base = project("base.json", [None, Some(&["web/src"]), Some(&["**/old"])], &[]);
        let own = project("web/tsconfig.json", [None, None, None], &["base.json"]);
        assert_eq!(picks(&own, &[&base], "web/src/a.ts"), Picked::Taken);
        let left_out = |key, of: &str| Picked::LeftOut { key, of: of.to_owned() };
        assert_eq!(picks(&own, &[&base], "web/a.ts"), left_out("include", "base.json"));
        assert_eq!(picks(&own, &[&base], "web/src/old/a.ts"), left_out("exclude", "base.json"));
        let some = project("web/tsconfig.json", [Some(&["a.ts"]), None, None], &[]);
        assert_eq!(picks(&some, &[], "web/a.ts"), Picked::Taken);
        assert_eq!(picks(&some, &[], "web/b.ts"), left_out("files", "web/tsconfig.json"));
        let round = project("a.json", [None, None, None], &["a.json"]);
        assert_eq!(picks(&round, &[], "x.ts"), Picked::Taken);
    }

    #[test]
    fn a_component_is_taken_in_as_what_it_stands_for() {
        let own = project("tsconfig.json", [None, Some(&["src/**/*.ts"]), None], &[]);
        let all = BTreeMap::from([("tsconfig.json", &own)]);
        let selection = Selection::of(&own, &all);
        assert_eq!(selection.picks_as("src/App.vue", &["ts", "tsx"]), Picked::Taken);
        assert_ne!(selection.picks("src/App.vue"), Picked::Taken);
    }

    #[test]
    fn a_hostile_pattern_takes_no_longer_than_its_length() {
        let pattern = "**/*a*".to_owned() + &"/**/*a*a*b".repeat(300);
        let own = project("tsconfig.json", [None, Some(&[&pattern]), None], &[]);
        let path = "aaaa/".repeat(300) + "a.ts";
        assert_ne!(picks(&own, &[], &path), Picked::Taken);
    }
}
