//! A repository as `init` sees it: its inputs, with paths from the folder of gates.toml.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::inputs::{File, ImageBuild, Inputs, LockPackages, NpmPackage, TestRun, TsProject, Unlocked};
use crate::model::input::{InputKind, Language, PackageManager, Standing};
use crate::scan::survey::Survey;
use crate::system::git::Repo;
use crate::text::paths::forward;

/// A repository as `init` sees it. All paths are from the folder of gates.toml; `.` is that folder.
#[derive(Debug)]
pub struct Seen<'i> {
    /// The name of the folder.
    pub name: String,
    /// The folder: absolute.
    pub top: PathBuf,
    pub is_git: bool,
    repo: &'i Repo,
    inputs: &'i Inputs,
    /// The folder from the top of the repository, with `/` at its end; empty: it is the top.
    below: String,
    /// What a gate reads already, by kind and path from the top of the repository.
    covered: Option<BTreeSet<(InputKind, String)>>,
    /// By their folders from the top of the repository.
    packages: BTreeMap<&'i str, &'i NpmPackage>,
    /// Which lock files lie where, by folder from the top of the repository.
    locks: BTreeMap<String, PackageManager>,
    projects: BTreeMap<&'i str, &'i TsProject>,
    /// Folders with files of OpenTofu; the top is empty.
    tofu: BTreeSet<&'i str>,
}

/// Who writes which lock file of npm and its kin.
const OF_NPM: [PackageManager; 4] =
    [PackageManager::Npm, PackageManager::Yarn, PackageManager::Pnpm, PackageManager::Bun];

impl<'i> Seen<'i> {
    pub(crate) fn new(repo: &'i Repo, inputs: &'i Inputs) -> Self {
        let below = forward(repo.base.strip_prefix(&repo.root).unwrap_or(Path::new(""))).to_string();
        let tofu = inputs.terraform().iter().filter(|folder| folder.tofu);
        let locks = OF_NPM.into_iter().rev().flat_map(|manager| {
            let locks = inputs.of_kind(InputKind::Lock(manager));
            locks.into_iter().map(move |path| (folder_of(&path).to_owned(), manager))
        });
        Self {
            name: repo.base.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            top: repo.base.clone(),
            is_git: repo.git,
            repo,
            inputs,
            below: if below == "." || below.is_empty() { String::new() } else { format!("{below}/") },
            covered: None,
            packages: inputs.packages().iter().map(|package| (package.folder(), package)).collect(),
            locks: locks.collect(),
            tofu: tofu.map(|folder| if folder.folder == "." { "" } else { folder.folder.as_str() }).collect(),
            projects: inputs.typescript().iter().map(|project| (project.path.as_str(), project)).collect(),
        }
    }

    /// The same without what gates read already, and without images to build: nothing tells whether a gate builds them all.
    pub(crate) fn without(self, covered: BTreeSet<(InputKind, String)>) -> Self {
        Self { covered: Some(covered), ..self }
    }

    /// Whether only what no gate reads yet is seen.
    pub(crate) fn is_rest(&self) -> bool {
        self.covered.is_some()
    }

    /// A path from the folder of gates.toml; `None`: it is not below it, or gates.toml can't name it.
    pub(crate) fn own(&self, path: &str) -> Option<String> {
        if format!("{path}/") == self.below || (path == "." && self.below.is_empty()) {
            return Some(".".to_owned());
        }
        path.strip_prefix(&self.below)
            .filter(|own| !own.contains(char::REPLACEMENT_CHARACTER))
            .map(str::to_owned)
    }

    /// The folders and files whose names gates.toml can't have, because they are not UTF-8, each with the number of inputs in it.
    pub(crate) fn unnameable(&self) -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        let is_input = |file: &File| file.kinds().iter().any(|kind| !matches!(kind, InputKind::Source(_)));
        for file in self.files().filter(is_input) {
            let path = file.path();
            let own = path.strip_prefix(&self.below).unwrap_or(&path);
            if let Some(at) = own.find(char::REPLACEMENT_CHARACTER) {
                let end = own[at..].find('/').map_or(own.len(), |end| at + end);
                *found.entry(own[..end].to_owned()).or_default() += 1;
            }
        }
        found
    }

    /// What gates read already of a kind, from the top of the repository.
    pub(crate) fn covered(&self, kind: InputKind) -> impl Iterator<Item = &str> {
        let covered = self.covered.iter().flatten().filter(move |(own, _)| *own == kind);
        covered.map(|(_, path)| path.as_str())
    }

    fn is_wanted(&self, kind: InputKind, path: &str) -> bool {
        self.covered.as_ref().is_none_or(|covered| !covered.contains(&(kind, path.to_owned())))
    }

    fn files(&self) -> impl Iterator<Item = File<'i>> {
        let own = self.inputs.files().below(self.below.trim_end_matches('/'));
        own.filter(|file| file.standing() != Standing::Ignored && !file.is_link() && !file.is_nested())
    }

    /// The files and folders of a kind that no gate reads yet.
    pub(crate) fn paths(&self, kind: InputKind) -> Vec<String> {
        let wanted = |path: &&str| self.is_wanted(kind, path);
        if matches!(kind, InputKind::TerraformRoot | InputKind::TerraformModule) {
            let all = self.inputs.of_kind(kind);
            return all.iter().map(String::as_str).filter(wanted).filter_map(|path| self.own(path)).collect();
        }
        let of_kind = self.files().filter(|file| file.kinds().has(kind));
        of_kind.filter(|file| wanted(&&*file.path())).filter_map(|file| self.own(&file.path())).collect()
    }

    /// The beginning of a file, as text; `None`: it can't be read.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        const MOST: usize = 1 << 20;
        self.inputs.beginning(&self.path_from_top(path), MOST)
    }

    /// The files of Terraform, and of OpenTofu, that lie in a folder.
    pub(crate) fn terraform_files(&self, folder: &str) -> Vec<String> {
        let folder = self.path_from_top(folder);
        let in_folder = self.inputs.files().below(&folder).filter(|file| match folder.as_str() {
            "" => file.folder() == ".",
            folder => file.folder() == folder,
        });
        let is = |file: &File| [InputKind::Terraform, InputKind::OpenTofu].map(|kind| file.kinds().has(kind));
        let of_terraform = in_folder.filter(|file| is(file).contains(&true));
        of_terraform.filter_map(|file| self.own(&file.path())).collect()
    }

    /// Whether a lock file names no package of production. One that can't be read does.
    pub(crate) fn ships_nothing(&self, kind: InputKind, path: &str) -> bool {
        self.inputs.is_empty_lock(&self.repo.root, &self.path_from_top(path), kind)
    }

    /// Whether a lock file of npm, Yarn or pnpm names no package at all.
    pub(crate) fn installs_nothing(&self, kind: InputKind, path: &str) -> bool {
        self.inputs.installs_nothing(&self.path_from_top(path), kind, &[])
    }

    /// The folders that such a file lies in.
    pub(crate) fn folders(&self, kind: InputKind) -> BTreeSet<String> {
        self.paths(kind).iter().map(|path| folder_of(path).to_owned()).collect()
    }

    /// Whether there is a file below the folder of gates.toml, that git does not ignore.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.inputs
            .files()
            .get(&self.path_from_top(path))
            .is_some_and(|file| file.standing() != Standing::Ignored)
    }

    /// Whether Yarn keeps the packages of a folder in `.pnp.cjs`: there is no `node_modules`, and only Yarn starts their programs.
    pub(crate) fn is_pnp(&self, folder: &str) -> bool {
        let folder = self.path_from_top(folder);
        let mut folders = around(if folder.is_empty() { "." } else { &folder });
        folders.any(|folder| self.inputs.files().get(&in_folder(folder, ".pnp.cjs")).is_some())
    }

    /// Whether there is a folder with files in it.
    pub(crate) fn has_folder(&self, path: &str) -> bool {
        path == "." || self.inputs.files().below(&self.path_from_top(path)).next().is_some()
    }

    /// The folders of files with this name.
    pub(crate) fn folders_with(&self, name: &str) -> BTreeSet<String> {
        let named = self.files().filter(|file| file.name() == name);
        named.filter_map(|file| self.own(&file.folder())).collect()
    }

    /// Whether there is such source code below a folder.
    pub(crate) fn has_source(&self, folder: &str, language: Language) -> bool {
        let folder = self.path_from_top(folder);
        let mut below =
            self.inputs.files().below(&folder).filter(|file| file.standing() != Standing::Ignored);
        below.any(|file| file.kinds().has(InputKind::Source(language)))
    }

    /// The sources of a language below a folder; all paths from the top of the repository.
    pub(crate) fn sources_below(&self, folder: &str, language: Language) -> Vec<(InputKind, String)> {
        let kind = InputKind::Source(language);
        let own = |file: &File| file.standing() != Standing::Ignored && !file.is_nested();
        let below = self.inputs.files().below(folder).filter(own);
        below.filter(|file| file.kinds().has(kind)).map(|file| (kind, file.path().into_owned())).collect()
    }

    /// What a tool says of inputs that its report will not name.
    pub(crate) fn survey(&self) -> Survey<'i> {
        Survey { repo: self.repo, inputs: self.inputs, checked_projects: &[], args: &[] }
    }

    /// A path from the top of the repository.
    fn path_from_top(&self, path: &str) -> String {
        match path {
            "." => self.below.trim_end_matches('/').to_owned(),
            path => format!("{}{path}", self.below),
        }
    }

    /// The kustomizations that change or make objects, and that a gate may read.
    pub(crate) fn overlays(&self) -> Vec<String> {
        let all = self.inputs.overlays();
        let is_overlay = |path: &String| all.contains(&self.path_from_top(path));
        self.paths(InputKind::Kustomize).into_iter().filter(is_overlay).collect()
    }

    /// The package that lies in a folder. of a folder and of those above it, up to the top of the repository; the nearest first.
    pub(crate) fn packages_around(&self, folder: &str) -> Vec<&'i NpmPackage> {
        around(&self.path_from_top(folder)).filter_map(|folder| self.packages.get(folder).copied()).collect()
    }

    /// Whether a `package.json` of this folder, or above it, names a dependency.
    pub(crate) fn depends_on(&self, folder: &str, package: &str) -> bool {
        self.packages_around(folder).iter().any(|own| own.dependencies.contains(package))
    }

    /// Each `package.json`, with its folder.
    pub(crate) fn packages(&self) -> impl Iterator<Item = (String, &'i NpmPackage)> {
        self.inputs.packages().iter().filter_map(|package| Some((self.own(package.folder())?, package)))
    }

    /// Who installs the packages of a folder.
    pub(crate) fn manager(&self, folder: &str) -> PackageManager {
        let packages = self.packages_around(folder);
        let named = packages.iter().find_map(|own| own.package_manager.as_deref());
        let named = named.and_then(|text| text.split('@').next());
        let of_name = OF_NPM.into_iter().find(|manager| Some(manager.id()) == named);
        let locked =
            || around(&self.path_from_top(folder)).find_map(|folder| self.locks.get(folder).copied());
        of_name.or_else(locked).unwrap_or(PackageManager::Npm)
    }

    /// TypeScript's projects that no gate checks yet, each with its own path.
    pub(crate) fn typescript(&self) -> Vec<(String, &'i TsProject)> {
        let all = self.inputs.typescript().iter();
        let wanted = all.filter(|project| self.is_wanted(InputKind::TsConfig, &project.path));
        let own = |project: &TsProject| {
            let file = self.inputs.files().get(&project.path);
            file.is_some_and(|file| file.standing() != Standing::Ignored && !file.is_nested())
        };
        wanted
            .filter(|project| own(project))
            .filter_map(|project| Some((self.own(&project.path)?, project)))
            .collect()
    }

    /// The `tsconfig.json` of a folder, whether a gate checks it or not, unless it is only a base of others.
    pub(crate) fn main_project(&self, folder: &str) -> Option<(String, &'i TsProject)> {
        let main = self.project(&self.path_from_top(&in_folder(folder, "tsconfig.json")))?;
        (!main.1.is_base()).then_some(main)
    }

    /// The project at a path from the top of the repository.
    pub(crate) fn project(&self, from_top: &str) -> Option<(String, &'i TsProject)> {
        Some((self.own(from_top)?, self.projects.get(from_top)?))
    }

    /// Whether a folder of Terraform has files that only OpenTofu reads.
    pub(crate) fn is_tofu(&self, folder: &str) -> bool {
        self.tofu.contains(self.path_from_top(folder).as_str())
    }

    /// The package that lies in a folder.
    pub(crate) fn package_in(&self, folder: &str) -> Option<&'i NpmPackage> {
        let path = self.path_from_top(folder);
        self.packages.get(if path.is_empty() { "." } else { &path }).copied()
    }

    /// The images that something here builds: their Dockerfile and their context are below the folder of gates.toml.
    pub(crate) fn builds(&self) -> Vec<ImageBuild> {
        let own = |build: &ImageBuild| {
            Some(ImageBuild {
                dockerfile: self.own(&build.dockerfile)?,
                context: self.own(&build.context)?,
                ..build.clone()
            })
        };
        self.inputs.images().iter().filter_map(own).collect()
    }

    /// The Dockerfiles to build.
    pub(crate) fn dockerfiles(&self) -> Vec<String> {
        if self.is_rest() {
            return Vec::new();
        }
        self.files()
            .filter(|file| file.kinds().has(InputKind::Dockerfile))
            .filter_map(|file| self.own(&file.path()))
            .collect()
    }

    pub(crate) fn test_runs(&self) -> Vec<(String, &'i TestRun)> {
        self.inputs.test_runs().iter().filter_map(|run| Some((self.own(&run.config)?, run))).collect()
    }

    /// What a lock file, or a `pom.xml`, names, if it is known how to read it.
    pub(crate) fn packages_in(&self, kind: InputKind, path: &str) -> Option<LockPackages> {
        self.inputs.packages_in(&self.path_from_top(path), kind)
    }

    /// The files that a lock file includes (`-r` in requirements), from the top of the repository.
    pub(crate) fn included_in(&self, kind: InputKind, path: &str) -> Vec<String> {
        self.inputs.included_in(&self.path_from_top(path), kind)
    }

    /// Manifests that name packages, and have no lock file.
    pub(crate) fn unlocked(&self) -> Vec<(String, &'i Unlocked)> {
        self.inputs.unlocked().iter().filter_map(|own| Some((self.own(&own.manifest)?, own))).collect()
    }

    /// How many there are of each kind that a gate may read.
    pub(crate) fn counts(&self) -> Vec<(InputKind, usize)> {
        let of = |kind: InputKind| match kind {
            InputKind::TsConfig => {
                let projects = self.typescript().into_iter();
                projects.filter(|(_, project)| !project.is_base() && !project.is_solution()).count()
            }
            kind => self.paths(kind).len(),
        };
        let shown = InputKind::all().filter(|kind| {
            use InputKind as Kind;
            !matches!(
                kind,
                Kind::Manifest(_) | Kind::Source(_) | Kind::Terraform | Kind::OpenTofu | Kind::HelmTemplate
            )
        });
        shown.map(|kind| (kind, of(kind))).filter(|(_, n)| *n > 0).collect()
    }
}

/// A folder and those above it, from the top of the repository; the last is `.`.
pub(crate) fn around(folder: &str) -> impl Iterator<Item = &str> {
    let start = if folder.is_empty() { "." } else { folder };
    std::iter::successors(Some(start), |folder| match folder.rsplit_once('/') {
        Some((above, _)) => Some(above),
        None => (*folder != ".").then_some("."),
    })
}

/// The folder of a path; `.` for a name alone.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

/// The last part of a path.
pub(crate) fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A path in a folder.
pub(crate) fn in_folder(folder: &str, name: &str) -> String {
    if folder == "." { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Code that is tried or shown, or fills other projects (cookiecutter, copier), and is not shipped: nobody builds its images.
pub(crate) fn is_aside(path: &str) -> bool {
    const ASIDE: [&str; 10] = [
        ".devcontainer",
        "fixtures",
        "__fixtures__",
        "testdata",
        "test-data",
        "tests",
        "test",
        "__tests__",
        "examples",
        "example",
    ];
    folder_of(path).split('/').any(|part| ASIDE.contains(&part) || part.contains("{{"))
}
