//! Lock files that do not fit their manifests: a package that a manifest asks for, and that its lock file does not name, is what nobody
//! looks at. Only what is sure counts: names, of manifests that the lock file is for. What is installed on some systems alone, or in some
//! versions of the language, may be missing; so may what a program decides.
//!
//! Source: `npm ci` ("package.json and package-lock.json are in sync"), Yarn's, pnpm's and Bun's `--frozen-lockfile`, Cargo's and uv's
//! `--locked`, `poetry check --lock`, `pipenv verify`, `composer validate`, `bundle install --frozen`, `dart pub get --enforce-lockfile`,
//! `mix deps.get --check-locked`, Gradle's "Locking versions".

mod bundler;
mod cargo;
mod composer;
mod gradle;
mod hex;
mod npm;
mod pub_dev;
mod python;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::input::PackageManager as Manager;

/// A manifest, and what stands in the repository around it.
pub(super) struct Manifest<'t> {
    /// Its folder, from the top of the repository.
    pub(super) folder: &'t str,
    pub(super) text: &'t str,
    /// The manifest at the root of its workspace.
    pub(super) root: Option<&'t str>,
    /// Its folder from there.
    pub(super) below: &'t str,
}

/// The packages that a lock file names.
#[derive(Debug, Default)]
pub(super) struct Named {
    all: BTreeSet<String>,
    /// What it names for one project, by its folder from the top of the repository.
    of: BTreeMap<String, BTreeSet<String>>,
}

impl Named {
    fn has(&self, folder: &str, name: &str) -> bool {
        self.all.contains(name) || self.of.get(folder).is_some_and(|own| own.contains(name))
    }
}

/// The manifests that a lock file of this manager is for.
pub(super) fn manifests(manager: Manager) -> &'static [&'static str] {
    match manager {
        Manager::Npm | Manager::Yarn | Manager::Pnpm | Manager::Bun => &["package.json"],
        Manager::Cargo => &["Cargo.toml"],
        Manager::Poetry | Manager::Uv | Manager::Pdm => &["pyproject.toml"],
        Manager::Pipenv => &["Pipfile"],
        Manager::Composer => &["composer.json"],
        Manager::Bundler => &["Gemfile", "gems.rb"],
        Manager::Pub => &["pubspec.yaml"],
        Manager::Hex => &["mix.exs"],
        Manager::Gradle => &["build.gradle", "build.gradle.kts"],
        _ => &[],
    }
}

/// What a lock file in this folder names; `None`: it can't be read.
pub(super) fn named(manager: Manager, text: &str, folder: &str) -> Option<Named> {
    match manager {
        Manager::Npm => npm::of_npm(text, folder),
        Manager::Yarn => npm::of_yarn(text),
        Manager::Pnpm => npm::of_pnpm(text, folder),
        Manager::Bun => npm::of_bun(text, folder),
        Manager::Cargo => cargo::named(text),
        Manager::Poetry | Manager::Uv | Manager::Pdm => python::named(text),
        Manager::Pipenv => python::named_by_pipenv(text),
        Manager::Composer => composer::named(text),
        Manager::Bundler => bundler::named(text),
        Manager::Pub => pub_dev::named(text),
        Manager::Hex => hex::named(text),
        Manager::Gradle => gradle::named(text),
        _ => None,
    }
}

/// The packages that a manifest asks for on every system, and that the lock file does not name. `own`: the names of the projects of the
/// repository.
pub(super) fn missing(
    manager: Manager,
    named: &Named,
    manifest: &Manifest<'_>,
    own: &BTreeSet<String>,
) -> Vec<String> {
    let text = manifest.text;
    let asked = match manager {
        Manager::Npm | Manager::Yarn | Manager::Pnpm | Manager::Bun => npm::asked(text),
        Manager::Cargo => cargo::asked(manifest, named),
        Manager::Poetry | Manager::Uv | Manager::Pdm => python::asked(text),
        Manager::Pipenv => python::asked_of_pipenv(text),
        Manager::Composer => composer::asked(text),
        Manager::Bundler => Some(bundler::asked(text)),
        Manager::Pub => pub_dev::asked(text),
        Manager::Hex => Some(hex::asked(text)),
        Manager::Gradle => Some(gradle::asked(text)),
        _ => None,
    };
    let is_missing = |name: &String| !own.contains(name) && !named.has(manifest.folder, name);
    asked.into_iter().flatten().filter(is_missing).collect()
}

/// The name that a manifest gives its project, where projects of a workspace are not in the lock file.
pub(super) fn own_name(manager: Manager, text: &str) -> Option<String> {
    (manager == Manager::Pub).then(|| pub_dev::own_name(text)).flatten()
}

#[cfg(test)]
mod tests;
