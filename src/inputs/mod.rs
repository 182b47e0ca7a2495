//! What there is to look at: one walk of the repository for each run, with every file in its kinds.
//!
//! A gate is green only for what was really looked at. So Portcullis has to know by itself what there is: what tools read is
//! compared with it. git says which files are tracked and ignored; what lies in the work tree counts. Only files whose names
//! promise something are opened. What can't be read, or is not what its name says, is named, never passed over in silence.

mod absent;
mod angular;
mod broken_lock;
mod build_args;
mod builds;
mod by_name;
mod cargo_manifest;
mod code;
mod conda;
mod content;
mod dev_lock;
mod dotenv;
mod empty_lock;
pub(crate) mod exit_code;
mod fact;
mod files;
mod from_git;
mod git_index;
mod go_mod;
mod hcl;
mod helm;
#[cfg(test)]
mod hostile;
mod in_threads;
mod kubernetes;
mod kustomize;
mod languages;
mod listing;
mod lock_packages;
mod locks;
mod look;
mod npm_scripts;
mod object_id;
mod open;
mod packages;
mod parse_error;
mod pip_installs;
mod python_lists;
mod python_locks;
mod python_names;
mod required;
mod rush;
mod setup_names;
mod shadowed;
pub(crate) mod shell;
mod stale;
mod stamp;
pub(crate) mod templates;
mod terraform;
mod test_runs;
mod texts;
mod third_party;
mod top_keys;
mod ts_projects;
mod ts_selection;
mod typescript;
mod unlocked;
mod walk;
mod workspaces;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub(crate) use absent::Absent;
pub(crate) use build_args::BuildArgs;
pub(crate) use builds::ImageBuild;
pub(crate) use files::{File, FileState, Files};
pub(crate) use lock_packages::{LockPackage, LockPackages, Quirk, python_name};
pub(crate) use packages::NpmPackage;
pub(crate) use terraform::{TerraformFolder, resources};
pub(crate) use test_runs::TestRun;
pub(crate) use ts_projects::{Projects, with_own_sources, with_references};
pub(crate) use ts_selection::{Picked, Selection};
pub(crate) use typescript::TsProject;
pub(crate) use unlocked::Unlocked;

use crate::inputs::workspaces::Workspaces;
use crate::model::input::{InputKind, InputTrouble, KindSet, Standing, Why};
use crate::system::git::Repo;

/// The files of a repository, and what they say of it. All paths are from its top, with `/`.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    top: PathBuf,
    files: Files,
    troubles: Vec<InputTrouble>,
    not_listed: Vec<String>,
    terraform: Vec<TerraformFolder>,
    typescript: Vec<TsProject>,
    packages: Vec<NpmPackage>,
    images: Vec<ImageBuild>,
    test_runs: Vec<TestRun>,
    unlocked: Vec<Unlocked>,
    /// The manifests whose lock file lies in another folder, by this folder.
    locked_elsewhere: BTreeMap<String, Vec<String>>,
    workspaces: Workspaces,
    /// What git says of files that the work tree does not have, and whose name does not say what they are.
    in_git: BTreeMap<String, KindSet>,
    overlays: BTreeSet<String>,
}

impl Inputs {
    /// Looks at the repository.
    ///
    /// # Errors
    /// If its top can't be opened. Everything else is a trouble with a name.
    pub(crate) async fn read(repo: &Repo) -> Result<Self> {
        let cannot = || format!("{} can't be listed", repo.root.display());
        let top = repo.root.canonicalize().with_context(cannot)?;
        std::fs::read_dir(&top).with_context(cannot)?;
        let found = listing::list(&top, repo.git).await;
        // Reading and parsing is work for other threads than the one that serves pipes and timers.
        tokio::task::spawn_blocking(move || Self::of(&top, found)).await.with_context(cannot)
    }

    /// What lies in a folder, in whichever repository: for tests, whose binary can't start git.
    #[cfg(test)]
    pub(crate) fn outside_git(top: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let found = runtime.block_on(listing::list(top, false));
        Self::of(top, found)
    }

    fn of(top: &Path, found: listing::Found) -> Self {
        let listing::Found { mut files, mut not_listed, mut troubles, in_git } = found;
        let vendored = vendored(&files);
        troubles.extend(name(top, &mut files, &vendored));
        not_listed.extend(vendored);
        not_listed.sort();
        let contents = content::read_all(top, &mut files);
        troubles.extend(contents.troubles);
        helm::mark_templates(&mut files);
        let builds = builds::resolve(&contents.told, &files, top);
        troubles.extend(builds.troubles);
        for dockerfile in builds.images.iter().map(|build| &build.dockerfile).chain(&builds.others) {
            add(&mut files, dockerfile, InputKind::Dockerfile);
        }
        let mut test_runs = contents.test_runs;
        test_runs.extend(test_runs::surefire(&files));
        for run in &test_runs {
            add(&mut files, &run.config, InputKind::Tests(run.runner));
        }
        for module in contents.manifests.go.locked_by_workspace(&files) {
            add(&mut files, &module, go_mod::LOCK);
        }
        let workspaces = Workspaces::of(&contents.manifests);
        let locked = unlocked::LockedBy::of(top, &contents.manifests, &workspaces, &files);
        troubles.sort();
        troubles.dedup();
        Self {
            top: top.to_owned(),
            terraform: terraform::folders(contents.terraform),
            typescript: typescript::graph(contents.typescript, &contents.workspaces, &files),
            packages: contents.manifests.npm.into_values().collect(),
            files,
            troubles,
            not_listed,
            images: builds.images,
            test_runs,
            unlocked: locked.unlocked,
            locked_elsewhere: locked.elsewhere,
            workspaces,
            in_git,
            overlays: contents.overlays,
        }
    }

    /// What the name of a file, which may not be there, says of it.
    pub(crate) fn kind_of_name(path: &str) -> InputKind {
        by_name::kinds(path).iter().next().unwrap_or(InputKind::File)
    }

    /// Every file, also those that git ignores.
    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    /// The state of a file in the work tree now, from one look at it; `None`: it is no longer there.
    pub(crate) fn state(&self, file: &File) -> Option<FileState> {
        file.state(&self.top)
    }

    /// The paths of a kind: files that git does not ignore, and folders for the roots and modules of Terraform.
    pub(crate) fn of_kind(&self, kind: InputKind) -> Vec<String> {
        let folders = |root: bool| {
            let folders = self.terraform.iter().filter(|folder| folder.is_root() == root);
            folders.map(|folder| folder.folder.clone()).collect()
        };
        match kind {
            InputKind::TerraformRoot => folders(true),
            InputKind::TerraformModule => folders(false),
            kind => self
                .own_files()
                .filter(|file| file.kinds().has(kind))
                .map(|file| file.path().into_owned())
                .collect(),
        }
    }

    /// How many there are of each kind.
    pub(crate) fn counts(&self) -> BTreeMap<InputKind, usize> {
        let mut counts = BTreeMap::new();
        for kind in self.own_files().flat_map(|file| file.kinds().iter()) {
            *counts.entry(kind).or_default() += 1;
        }
        for folder in &self.terraform {
            let kind = if folder.is_root() { InputKind::TerraformRoot } else { InputKind::TerraformModule };
            *counts.entry(kind).or_default() += 1;
        }
        counts
    }

    /// The files that are of some kind, and that git does not ignore.
    fn own_files(&self) -> impl Iterator<Item = File<'_>> {
        self.files.iter().filter(|file| !file.kinds().is_empty() && file.standing() != Standing::Ignored)
    }

    /// What could not be looked at as it should be, by path.
    pub(crate) fn troubles(&self) -> &[InputTrouble] {
        &self.troubles
    }

    /// What is not there to look at.
    pub(crate) fn absent(&self) -> Vec<Absent> {
        absent::absent(&self.troubles, &self.files, &self.in_git)
    }

    /// The troubles with files that name other inputs, and that could not be read: what they name is not known.
    pub(crate) fn unread_lists(&self) -> impl Iterator<Item = &InputTrouble> {
        let is_list = |path: &str| {
            let file = self.files.get(path).filter(|file| file.standing() != Standing::Ignored);
            file.and_then(|file| look::look(&file)).is_some_and(look::Look::names_inputs)
        };
        self.troubles.iter().filter(move |trouble| {
            matches!(trouble.why, Why::NotParsed(_) | Why::TooLarge | Why::Unreadable(_))
                && is_list(&trouble.path)
        })
    }

    /// Folders of installed packages, of build output that git ignores, and of copies of other people's code: nothing in them is
    /// an input.
    pub(crate) fn not_listed(&self) -> &[String] {
        &self.not_listed
    }

    /// The kustomizations that change or make objects: what is applied is in no file.
    pub(crate) fn overlays(&self) -> &BTreeSet<String> {
        &self.overlays
    }

    pub(crate) fn terraform(&self) -> &[TerraformFolder] {
        &self.terraform
    }

    /// TypeScript's projects, and the files that they extend.
    pub(crate) fn typescript(&self) -> &[TsProject] {
        &self.typescript
    }

    /// Each `package.json`, with its scripts and dependencies.
    pub(crate) fn packages(&self) -> &[NpmPackage] {
        &self.packages
    }

    /// The images that compose files, CI files and scripts build. A Dockerfile that nothing names is none of them.
    pub(crate) fn images(&self) -> &[ImageBuild] {
        &self.images
    }

    pub(crate) fn test_runs(&self) -> &[TestRun] {
        &self.test_runs
    }

    /// Manifests that name packages, and have no lock file.
    pub(crate) fn unlocked(&self) -> &[Unlocked] {
        &self.unlocked
    }
}

/// Folders with copies of other people's code.
fn vendored(files: &Files) -> BTreeSet<String> {
    files.iter().filter_map(|file| third_party::vendored(&file.path()).map(str::to_owned)).collect()
}

/// Gives each file the kinds that its name says. What is installed or copied is of no kind, nor is a link to a folder or to nothing.
fn name(top: &Path, files: &mut Files, vendored: &BTreeSet<String>) -> Vec<InputTrouble> {
    let mut troubles = Vec::new();
    for place in 0..files.len() {
        let Some(file) = files.at(place) else { continue };
        if is_third_party(&file.path(), vendored) {
            if let Some(facts) = files.facts_mut(place) {
                facts.third_party = true;
            }
            continue;
        }
        let mut kinds = by_name::kinds(&file.path());
        if file.is_link() && file.standing() != Standing::Ignored {
            let path = file.path().into_owned();
            match top.join(file.os_path()).canonicalize() {
                // What lies in a folder elsewhere, nobody lists.
                Ok(real) if !real.starts_with(top) && (real.is_dir() || !kinds.is_empty()) => {
                    troubles.push(InputTrouble { path, why: Why::LinkOut });
                    if real.is_dir() {
                        kinds = KindSet::default();
                    }
                }
                Ok(real) if real.is_dir() => kinds = KindSet::default(),
                Ok(_) => {}
                Err(_) if kinds.is_empty() => {}
                Err(_) => {
                    kinds = KindSet::default();
                    troubles.push(InputTrouble { path, why: Why::BrokenLink });
                }
            }
        }
        if let Some(facts) = files.facts_mut(place) {
            facts.kinds = kinds;
        }
    }
    troubles
}

/// Whether a file is installed, or lies in one of the copied folders.
fn is_third_party(path: &str, vendored: &BTreeSet<String>) -> bool {
    let copied = || path.match_indices('/').any(|(end, _)| vendored.contains(&path[..end]));
    third_party::is_in_installed(path) || (!vendored.is_empty() && copied())
}

fn add(files: &mut Files, path: &str, kind: InputKind) {
    let place = files.get(path).map(|file| file.place());
    if let Some(facts) = place.and_then(|place| files.facts_mut(place)) {
        facts.kinds.add(kind);
    }
}
