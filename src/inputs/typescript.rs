//! TypeScript projects: which file extends, refers to and includes what.
//!
//! Source: TypeScript handbook, "What is a tsconfig.json", "Project References", and the TSConfig reference (5.9): a
//! relative name of `extends` may leave out `.json`; a reference is a file, or a folder with a `tsconfig.json`; without
//! `files` and `include` everything below the folder belongs to the project; `files: []` alone makes a solution, which
//! only `tsc -b` checks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::inputs::files::Files;
use crate::inputs::parse_error::of_json;
use crate::model::input::{InputKind, Language, Standing};
use crate::text::jsonc::plain_json;
use crate::text::paths::{forward, normalise};

/// A `tsconfig.json`, or a file that one extends or refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TsProject {
    /// From the top of the repository.
    pub(crate) path: String,
    /// Files of this repository that it extends.
    pub(crate) extends: Vec<String>,
    /// Packages whose configuration it extends: `@tsconfig/node22/tsconfig.json`.
    pub(crate) extends_packages: Vec<String>,
    /// Projects that it refers to.
    pub(crate) references: Vec<String>,
    /// What it refers to or extends, and what is not there.
    pub(crate) missing: Vec<String>,
    /// Its own lists; `None`: it has no such list, and takes the one that it extends.
    pub(crate) files: Option<Vec<String>>,
    pub(crate) include: Option<Vec<String>>,
    pub(crate) exclude: Option<Vec<String>>,
    /// Its lists are empty, those that it extends, too.
    pub(super) is_empty: bool,
    /// `noCheck` is on, in it or in what it extends.
    pub(crate) no_check: bool,
    /// It has files that no project of a folder below it has.
    pub(super) has_own: bool,
    /// What builds the folder names projects that extend it, and not this one (Angular up to 19).
    pub(super) is_passed_over: bool,
    /// The `angular.json` files by which `ng build` builds it.
    pub(crate) built_by: Vec<String>,
    /// Projects that extend it, and that refer to it.
    pub(crate) extended_by: Vec<String>,
    pub(crate) referred_by: Vec<String>,
}

impl TsProject {
    /// Whether it has no files of its own: `tsc -p` checks nothing, and only `tsc -b` follows its references.
    pub(crate) fn is_solution(&self) -> bool {
        self.is_empty
    }

    /// Whether others only extend it: it is no project by itself. A `tsconfig.json` is one if it has a list of its own, if something beside
    /// it extends it (`tsconfig.build.json`), or if there are sources for it alone. `angular.json` may know better.
    pub(crate) fn is_base(&self) -> bool {
        let is_named = self.path.rsplit('/').next() == Some("tsconfig.json");
        let is_own = is_named && self.has_own && !self.is_passed_over;
        !self.extended_by.is_empty() && self.referred_by.is_empty() && !is_own
    }

    /// The folder that it lies in; `.` is the top.
    pub(crate) fn folder(&self) -> &str {
        folder_of(&self.path)
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

/// What a file says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TsConfig {
    extends: Names,
    references: Option<Vec<Reference>>,
    files: Option<Vec<String>>,
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    #[serde(rename = "compilerOptions")]
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Options {
    #[serde(rename = "noCheck")]
    no_check: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Reference {
    path: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
    #[default]
    None,
}

/// Reads a file: JSON with comments. tsc takes an empty file for `{}`.
pub(super) fn read(text: &str) -> Result<TsConfig, String> {
    let plain = plain_json(text);
    match plain.trim() {
        "" => Ok(TsConfig::default()),
        plain => serde_json::from_str(plain).map_err(|error| of_json(&error)),
    }
}

/// The files that these name and that are not among them: a base may have any name.
pub(super) fn named(projects: &BTreeMap<String, TsConfig>, files: &Files) -> BTreeSet<String> {
    let each = projects.iter().flat_map(|(path, config)| {
        let extended = config.extended().filter_map(move |name| extended(path, name, files));
        extended.chain(config.referred().map(move |name| referred(path, name, files)))
    });
    each.filter_map(Result::ok).filter(|path| !projects.contains_key(path)).collect()
}

impl TsConfig {
    fn extended(&self) -> impl Iterator<Item = &str> {
        let names = match &self.extends {
            Names::One(name) => std::slice::from_ref(name),
            Names::Many(names) => names.as_slice(),
            Names::None => &[],
        };
        names.iter().map(String::as_str)
    }

    fn referred(&self) -> impl Iterator<Item = &str> {
        self.references.iter().flatten().map(|reference| reference.path.as_str())
    }
}

/// The extended file; `Err`: it is not there. `None`: a package.
fn extended(path: &str, name: &str, files: &Files) -> Option<Result<String, String>> {
    if !name.starts_with('.') {
        return None;
    }
    let wanted = beside(path, name);
    let choices = [wanted.clone(), format!("{wanted}.json")];
    Some(choices.into_iter().find(|choice| files.get(choice).is_some()).ok_or(wanted))
}

/// The project that a reference names; `Err`: it is not there.
fn referred(path: &str, name: &str, files: &Files) -> Result<String, String> {
    let wanted = beside(path, name);
    let inside = match wanted.as_str() {
        "." => "tsconfig.json".to_owned(),
        wanted => format!("{wanted}/tsconfig.json"),
    };
    [wanted.clone(), inside].into_iter().find(|choice| files.get(choice).is_some()).ok_or(wanted)
}

/// A name as seen from a file, from the top.
pub(super) fn beside(path: &str, name: &str) -> String {
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    forward(&normalise(&folder.join(name))).to_string()
}

/// The graph of the projects. `workspaces` of Angular name some of them, and build some of these.
pub(super) fn graph(
    projects: BTreeMap<String, TsConfig>,
    workspaces: &BTreeMap<String, BTreeMap<String, bool>>,
    files: &Files,
) -> Vec<TsProject> {
    let mut graph: BTreeMap<String, TsProject> = BTreeMap::new();
    let mut no_check: BTreeMap<String, bool> = BTreeMap::new();
    for (path, config) in projects {
        no_check.extend(config.options.no_check.map(|is_on| (path.clone(), is_on)));
        let mut project = TsProject { path: path.clone(), ..TsProject::default() };
        for name in config.extended() {
            match extended(&path, name, files) {
                None => project.extends_packages.push(name.to_owned()),
                Some(Ok(file)) => project.extends.push(file),
                Some(Err(missing)) => project.missing.push(missing),
            }
        }
        for name in config.referred() {
            match referred(&path, name, files) {
                Ok(file) => project.references.push(file),
                Err(missing) => project.missing.push(missing),
            }
        }
        (project.files, project.include, project.exclude) = (config.files, config.include, config.exclude);
        graph.insert(path, project);
    }
    let links: Vec<(String, String, bool)> = graph
        .values()
        .flat_map(|project| {
            let extends = project.extends.iter().map(|file| (project.path.clone(), file.clone(), true));
            extends.chain(project.references.iter().map(|file| (project.path.clone(), file.clone(), false)))
        })
        .collect();
    for (from, to, extends) in links {
        if let Some(project) = graph.get_mut(&to) {
            if extends { &mut project.extended_by } else { &mut project.referred_by }.push(from);
        }
    }
    let paths: Vec<String> = graph.keys().cloned().collect();
    for path in paths {
        let list = |own: fn(&TsProject) -> &Option<Vec<String>>| {
            nearest(&graph, &path, &|one| own(one).as_ref().map(Vec::is_empty), &mut BTreeSet::new())
        };
        let (files, include) = (list(|one| &one.files), list(|one| &one.include));
        let is_off = nearest(&graph, &path, &|one| no_check.get(&one.path).copied(), &mut BTreeSet::new())
            == Some(true);
        if let Some(project) = graph.get_mut(&path) {
            // Without references, an `include` with nothing in it is a mistake, which tsc names.
            project.is_empty = match (files, include) {
                (Some(true), include) => include != Some(false),
                (None, include) => include == Some(true) && !project.references.is_empty(),
                _ => false,
            };
            project.no_check = is_off;
        }
    }
    let is_named = |path: &String| workspaces.values().any(|named| named.contains_key(path));
    for project in graph.values_mut() {
        project.has_own = has_own(project, files);
        project.is_passed_over = !is_named(&project.path) && project.extended_by.iter().any(is_named);
        let is_built = |named: &BTreeMap<String, bool>| named.get(&project.path) == Some(&true);
        let by = workspaces.iter().filter(|(_, named)| is_built(named));
        project.built_by = by.map(|(workspace, _)| workspace.clone()).collect();
    }
    graph.into_values().collect()
}

/// What a project says, or else the nearest of those that it extends, the last one first.
fn nearest<T>(
    graph: &BTreeMap<String, TsProject>,
    path: &str,
    says: &impl Fn(&TsProject) -> Option<T>,
    seen: &mut BTreeSet<String>,
) -> Option<T> {
    const DEEPEST: usize = 30;
    // They may extend each other in a circle.
    if seen.len() > DEEPEST || !seen.insert(path.to_owned()) {
        return None;
    }
    let project = graph.get(path)?;
    let mut bases = project.extends.iter().rev();
    says(project).or_else(|| bases.find_map(|base| nearest(graph, base, says, seen)))
}

/// Whether a file belongs to this project and to none of those that extend it from folders below.
fn has_own(project: &TsProject, files: &Files) -> bool {
    let folder = project.folder();
    let others: BTreeSet<&str> = project.extended_by.iter().map(|path| folder_of(path)).collect();
    if project.files.is_some() || project.include.is_some() || others.is_empty() || others.contains(folder) {
        return true;
    }
    let is_of_other = |path: &str| path.match_indices('/').any(|(end, _)| others.contains(&path[..end]));
    files.below(folder).filter(|file| file.standing() != Standing::Ignored).any(|file| {
        let is_source = SOURCES.iter().any(|language| file.kinds().has(InputKind::Source(*language)));
        is_source && !is_of_tool(&file.name(), *file.folder() == *folder) && !is_of_other(&file.path())
    })
}

/// Whether a file beside a project belongs to a tool: its settings (`vite.config.ts`), declarations for all projects (`global.d.ts`).
fn is_of_tool(name: &str, is_beside: bool) -> bool {
    let marks = [".config.", ".workspace.", ".setup.", ".d."];
    is_beside && (name.starts_with('.') || marks.iter().any(|mark| name.contains(mark)))
}

/// What a project of TypeScript may hold.
pub(super) const SOURCES: [Language; 4] =
    [Language::TypeScript, Language::Vue, Language::Svelte, Language::Astro];
