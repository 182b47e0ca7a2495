//! What there is to read in a file, by its name. Nothing else is opened.

use crate::inputs::by_name::{is_requirements, kinds};
use crate::inputs::files::File;
use crate::inputs::templates::may_be_template;
use crate::model::input::{CiService, InputKind, Language, PackageManager, Standing, TestRunner};

use InputKind as Kind;
use PackageManager as Manager;

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Npm,
    /// `pnpm-workspace.yaml`.
    Pnpm,
    /// `rush.json`.
    Rush,
    PyProject,
    Requirements,
    /// `environment.yml`, if it is one of Conda.
    Conda,
    Cargo,
    Go,
    /// `go.work`.
    GoWork,
    /// A manifest that may ask for packages.
    Required(Manager),
    TsConfig,
    /// `angular.json`, which names projects of TypeScript.
    Angular,
    Terraform,
    TerraformJson,
    /// For what it installs.
    Dockerfile,
    Compose,
    Kustomize,
    /// A pipeline or workflow in YAML.
    Pipeline,
    Jenkins,
    Bake,
    Skaffold,
    /// A shell script, a makefile.
    Script,
    /// Settings in some form, in which a key may name a Dockerfile.
    Named,
    /// A program without an ending: perhaps a shell script.
    Program,
    /// `vite.config.*`, which may configure Vitest.
    Vite,
    /// An INI file that may configure pytest.
    PytestSection,
    /// The same, and it may ask for packages.
    SetupCfg,
    Tests(TestRunner),
    /// YAML or JSON that may be a template, a manifest or an SBOM: by its beginning.
    Template,
}

impl Look {
    /// Whether such a file says where inputs are that no name shows: Dockerfiles under any name, workspaces, packages without a lock
    /// file. TypeScript's projects and Terraform's folders are inputs themselves, however broken.
    pub(super) fn names_inputs(self) -> bool {
        matches!(
            self,
            Self::Npm
                | Self::Pnpm
                | Self::Rush
                | Self::PyProject
                | Self::Cargo
                | Self::Required(_)
                | Self::Compose
                | Self::Pipeline
                | Self::Bake
                | Self::Skaffold
        )
    }
}

impl Look {
    /// Whether commands stand in such a file.
    pub(super) fn runs_commands(self) -> bool {
        matches!(self, Self::Dockerfile | Self::Pipeline | Self::Jenkins | Self::Script | Self::Program)
    }
}

/// How the file is read; `None`: not at all.
pub(super) fn look(file: &File) -> Option<Look> {
    let path = file.path();
    let name = path.rsplit('/').next().unwrap_or(&path);
    if file.is_third_party() {
        return None;
    }
    let may_be_more = || (name.ends_with(".yaml") || name.ends_with(".yml")).then_some(Look::Template);
    by_kind(file, name).or_else(|| by_name(file, name)).or_else(may_be_more).filter(|look| {
        // Of what git ignores, only the kind counts: it belongs to no graph.
        let kind_only = matches!(look, Look::Template | Look::Requirements | Look::Conda);
        kind_only || file.standing() != Standing::Ignored
    })
}

/// Whose manifests say so in a form of their own; those of npm, Cargo and Go are read whole.
fn is_required(manager: Manager) -> bool {
    !matches!(manager, Manager::Npm | Manager::Cargo | Manager::Go | Manager::Maven)
}

/// How a file at this path is read, if its content alone says what it is.
pub(super) fn by_content(path: &str) -> Option<Look> {
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    // `requirements/prod/base.txt`
    let is_list = is_requirements(name, ".txt")
        || (name.ends_with(".txt") && folder.split('/').any(|name| name == "requirements"));
    Some(match name {
        "environment.yml" | "environment.yaml" => Look::Conda,
        _ if is_list => Look::Requirements,
        "pnpm-workspace.yaml" | "skaffold.yaml" | "skaffold.yml" => return None,
        "Taskfile.yml" | "Taskfile.yaml" | "taskfile.yml" => return None,
        _ if may_be_template(name) && kinds(path).is_empty() => Look::Template,
        _ => return None,
    })
}

/// Whether it is a pipeline of a service that has no kind of its own: Cloud Build, Drone, Woodpecker, Travis, Buildkite, Semaphore, AppVeyor, Cirrus,
/// Codefresh, Tekton's "Pipelines as Code". Each one's documentation names its file.
fn is_pipeline(path: &str, name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml")) else { return false };
    const NAMES: [&str; 8] =
        [".drone", ".woodpecker", ".travis", "appveyor", ".appveyor", ".cirrus", "codefresh", "cloudbuild"];
    const FOLDERS: [&str; 4] = [".woodpecker/", ".buildkite/", ".semaphore/", ".tekton/"];
    let is_variant = stem.strip_prefix("cloudbuild").is_some_and(|rest| rest.starts_with(['.', '-', '_']));
    NAMES.contains(&stem) || is_variant || FOLDERS.iter().any(|folder| path.starts_with(folder))
}

fn by_name(file: &File, name: &str) -> Option<Look> {
    Some(match name {
        "package.json" => Look::Npm,
        "pnpm-workspace.yaml" => Look::Pnpm,
        "rush.json" => Look::Rush,
        "angular.json" | ".angular.json" => Look::Angular,
        "pyproject.toml" => Look::PyProject,
        "docker-bake.hcl" | "docker-bake.override.hcl" => Look::Bake,
        _ if name.ends_with(".hcl") && name.contains("bake") => Look::Bake,
        "skaffold.yaml" | "skaffold.yml" => Look::Skaffold,
        "Tiltfile" | "railway.toml" => Look::Named,
        _ if name.starts_with("fly.") && name.ends_with(".toml") => Look::Named,
        _ if is_pipeline(&file.path(), name) => Look::Pipeline,
        "go.work" => Look::GoWork,
        "Makefile" | "makefile" | "GNUmakefile" | "justfile" | "Justfile" | ".justfile" => Look::Script,
        "Taskfile.yml" | "Taskfile.yaml" | "taskfile.yml" => Look::Pipeline,
        "tox.ini" => Look::PytestSection,
        "setup.cfg" => Look::SetupCfg,
        _ if name.starts_with("vite.config.") => Look::Vite,
        _ if file.kinds().has(Kind::Source(Language::Shell)) || name.ends_with(".mk") => Look::Script,
        _ => match by_content(&file.path()) {
            // What it is made of may say what it is, too.
            Some(Look::Template) if !file.kinds().is_empty() => return None,
            None if file.is_executable() && !name.contains('.') => Look::Program,
            look => return look,
        },
    })
}

fn by_kind(file: &File, name: &str) -> Option<Look> {
    file.kinds().iter().find_map(|kind| {
        Some(match kind {
            Kind::TsConfig => Look::TsConfig,
            Kind::Terraform | Kind::OpenTofu if name.ends_with(".json") => Look::TerraformJson,
            Kind::Terraform | Kind::OpenTofu => Look::Terraform,
            Kind::Compose => Look::Compose,
            Kind::Dockerfile => Look::Dockerfile,
            Kind::Kustomize => Look::Kustomize,
            Kind::Ci(CiService::Jenkins) => Look::Jenkins,
            Kind::Ci(_) => Look::Pipeline,
            Kind::Tests(runner) => Look::Tests(runner),
            Kind::Manifest(Manager::Cargo) => Look::Cargo,
            Kind::Manifest(Manager::Go) => Look::Go,
            Kind::Manifest(manager) if is_required(manager) => Look::Required(manager),
            _ => return None,
        })
    })
}
