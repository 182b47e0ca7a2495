//! The location of a result. An `artifactLocation` may name a file by its index in `artifacts`, and its
//! URI may be relative to a named base.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::formats::uri::{Target, is_absolute, target, without_host};
use crate::model::finding::Location;
use crate::scan::report_origin::ReportOrigin;
use crate::text::paths::normalise;
use crate::text::shared::Text;

use super::model::{Artifact, ArtifactLocation, LogicalLocation, Outcome, Run};

/// The paths of one run.
pub(super) struct Places<'a> {
    run: &'a Run,
    origin: &'a ReportOrigin,
    /// Folders that a relative path without a base may count from, the likeliest first.
    folders: Vec<PathBuf>,
    /// A cache: there are few bases, and many results name them.
    bases: RefCell<HashMap<&'a str, Base>>,
    /// The same for relative paths: each is looked for once.
    found: RefCell<HashMap<String, Text>>,
}

/// A named base as an absolute path, and the part of it that is relative.
#[derive(Clone, Default)]
struct Base {
    absolute: String,
    relative: String,
}

impl<'a> Places<'a> {
    pub(super) fn of(run: &'a Run, origin: &'a ReportOrigin) -> Self {
        let folders = folders(run, origin);
        Places { run, origin, folders, bases: RefCell::default(), found: RefCell::default() }
    }

    /// The first location in a file that the result names.
    pub(super) fn location(&self, outcome: &Outcome) -> Option<Location> {
        outcome.locations.iter().flatten().find_map(|location| {
            let physical = location.physical_location.as_ref()?;
            let location = Location::file(self.path(physical.artifact_location.as_ref()?)?);
            let Some(region) = &physical.region else { return Some(location) };
            let positive = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
            Some(
                location
                    .lines(positive(region.start_line), positive(region.end_line))
                    .columns(positive(region.start_column), positive(region.end_column)),
            )
        })
    }

    fn path(&self, location: &ArtifactLocation) -> Option<Text> {
        let is_inside = || self.artifact(location.index?)?.parent_index;
        match &location.uri {
            // The artifact of the index is the same one (3.4.5), and says in which other one it is.
            Some(_) if is_inside().is_some() => self.listed(location.index?),
            Some(_) => self.of_uri(location),
            None => self.listed(location.index?),
        }
    }

    fn artifact(&self, index: i64) -> Option<&'a Artifact> {
        self.run.artifacts.as_ref()?.get(usize::try_from(index).ok()?)
    }

    /// The path of an artifact. One that is inside another is written as gitleaks does: `archive!member`.
    fn listed(&self, index: i64) -> Option<Text> {
        const DEEPEST: usize = 8;
        let mut inner = self.artifact(index)?;
        let mut members: Vec<&str> = Vec::new();
        for _ in 0..DEEPEST {
            let Some(outer) = inner.parent_index.and_then(|index| self.artifact(index)) else { break };
            members.extend(inner.location.as_ref().and_then(|location| location.uri.as_deref()));
            inner = outer;
        }
        let mut path = self.of_uri(inner.location.as_ref()?)?.to_string();
        for member in members.iter().rev() {
            let Target::Path(member) = target(member) else { continue };
            path = format!("{path}!{}", member.trim_start_matches('/'));
        }
        Some(path.into())
    }

    fn of_uri(&self, location: &ArtifactLocation) -> Option<Text> {
        let uri = location.uri.as_deref()?;
        let Target::Path(path) = target(uri) else { return Some(Text::from(uri)) };
        if is_absolute(&path) {
            // An address may name the host on which this folder is.
            let here = without_host(&path).filter(|path| Path::new(path).starts_with(&self.origin.root));
            return Some(self.origin.relative(here.unwrap_or(&path)));
        }
        let Some(base) = location.uri_base_id.as_deref().map(|id| self.base(id)) else {
            return Some(self.existing(path));
        };
        // A base inside this repository is used as it is. Any other base is taken as the root of the same
        // repository on the machine that wrote the log, so paths below it are relative to our root.
        let full = format!("{}{path}", base.absolute);
        let inside = is_absolute(&full) && Path::new(&full).starts_with(&self.origin.root);
        Some(if inside {
            self.origin.relative(&full)
        } else {
            self.existing(format!("{}{path}", base.relative))
        })
    }

    /// A relative path: from the folder in which the file exists; if no folder has it, from the folder in which the
    /// tool ran.
    fn existing(&self, path: String) -> Text {
        if self.folders.len() < 2 {
            return self.origin.relative(&path);
        }
        if let Some(known) = self.found.borrow().get(&path) {
            return known.clone();
        }
        let is_there = |folder: &&PathBuf| {
            let full = normalise(&folder.join(&path));
            full.starts_with(&self.origin.root) && full.exists()
        };
        let folder = self.folders.iter().find(is_there).or(self.folders.first());
        let found = self.origin.relative_from(folder.unwrap_or(&self.origin.cwd), &path);
        self.found.borrow_mut().insert(path, found.clone());
        found
    }

    fn base(&self, id: &str) -> Base {
        // A base that the run does not define is ignored.
        let defined = self.run.original_uri_base_ids.as_ref().and_then(|bases| bases.get_key_value(id));
        let Some((id, _)) = defined else { return Base::default() };
        if let Some(known) = self.bases.borrow().get(id.as_str()) {
            return known.clone();
        }
        let base = resolve(self.run, id);
        self.bases.borrow_mut().insert(id, base.clone());
        base
    }
}

/// Follows a base to the base that it is relative to, and so on. One may have no address of its own. The limit ends a
/// cycle.
fn resolve(run: &Run, id: &str) -> Base {
    const LONGEST: usize = 16;
    let mut base = Base::default();
    let mut id = Some(id);
    for _ in 0..LONGEST {
        let Some(named) = id.and_then(|id| run.original_uri_base_ids.as_ref()?.get(id)) else { break };
        let Target::Path(path) = target(named.uri.as_deref().unwrap_or_default()) else { break };
        let slash = if path.is_empty() || path.ends_with('/') { "" } else { "/" };
        base.absolute = format!("{path}{slash}{}", base.relative);
        if is_absolute(&path) {
            return base;
        }
        base.relative = base.absolute.clone();
        id = named.uri_base_id.as_deref();
    }
    base
}

/// The folder in which the tool ran: by the log (`workingDirectory`, 3.20.19), by the job, and the top of the
/// repository: zizmor's paths count from there, wherever it runs. A folder of another machine stands for the one
/// here with the longest common end. One that is relative, or whose base is on another machine, counts from the top of
/// the repository or from the folder of the job.
fn folders(run: &Run, origin: &ReportOrigin) -> Vec<PathBuf> {
    const LONGEST: usize = 32;
    let mut folders: Vec<PathBuf> = Vec::new();
    let named = run.invocations.iter().flatten().filter_map(|one| one.working_directory.as_ref());
    for named in named.take(LONGEST) {
        let Some((path, relative)) = working_directory(run, named) else { continue };
        if is_absolute(&path) {
            let path = normalise(Path::new(&path));
            if path.starts_with(&origin.root) {
                folders.push(path);
                continue;
            }
            let parts: Vec<_> = path.components().collect();
            let ends = (0..parts.len()).map(|from| parts[from..].iter().collect::<PathBuf>());
            let here = ends.filter(|end| end.is_relative()).map(|end| origin.root.join(end));
            folders.extend(here.take(LONGEST).find(|folder| folder.is_dir()));
        }
        let here = [&origin.root, &origin.cwd].map(|from| normalise(&from.join(&relative)));
        let is_here = |folder: &PathBuf| folder.starts_with(&origin.root) && folder.is_dir();
        folders.extend(here.into_iter().find(is_here).filter(|_| !relative.is_empty()));
    }
    for folder in [&origin.cwd, &origin.root] {
        if !folders.contains(folder) {
            folders.push(folder.clone());
        }
    }
    folders.dedup();
    folders
}

/// A working directory as the log names it, and the part of it that is relative. It may be named by its base, or by the
/// place of an artifact.
fn working_directory(run: &Run, named: &ArtifactLocation) -> Option<(String, String)> {
    let listed = || {
        let artifact = run.artifacts.as_ref()?.get(usize::try_from(named.index?).ok()?)?;
        artifact.location.as_ref()
    };
    let named = if named.uri.is_some() { named } else { listed().unwrap_or(named) };
    let Target::Path(path) = target(named.uri.as_deref().unwrap_or_default()) else { return None };
    if is_absolute(&path) {
        return Some((path, String::new()));
    }
    let base = named.uri_base_id.as_deref().map(|id| resolve(run, id)).unwrap_or_default();
    let joined = |base: &str| format!("{base}{path}");
    Some((joined(&base.absolute), joined(&base.relative)))
}

/// What a result is about if it names no file: a function or a resource.
pub(super) fn logical(place: &LogicalLocation) -> Option<Text> {
    let names = [&place.fully_qualified_name, &place.name].into_iter().flatten();
    names.into_iter().find(|name| !name.is_empty()).map(|name| Text::from(name.as_str()))
}

/// The first logical location with a name.
pub(super) fn logical_location<'a>(outcome: &'a Outcome, run: &'a Run) -> Option<&'a LogicalLocation> {
    let places = outcome.locations.iter().flatten();
    let all = places.flat_map(|place| place.logical_locations.iter().flatten());
    all.map(|place| described_at(place, run)).find(|place| is_named(place))
}

/// A logical location, or the one of the run that it names by its index.
pub(super) fn described_at<'a>(place: &'a LogicalLocation, run: &'a Run) -> &'a LogicalLocation {
    let of_run = || {
        let index = usize::try_from(place.index?).ok()?;
        run.logical_locations.as_ref()?.get(index)
    };
    if is_named(place) { place } else { of_run().unwrap_or(place) }
}

fn is_named(place: &LogicalLocation) -> bool {
    place.fully_qualified_name.is_some() || place.name.is_some()
}
