//! Which images a repository builds: from which Dockerfile, in which context, up to which target.
//!
//! Compose files, CI files, scripts, bake and Skaffold files tell it. Sources: the Compose specification ("build"), docker/build-push-action
//! (`context`, `file`, `target`), redhat-actions/buildah-build, the task `Docker@2` of Azure, Docker's bake file reference, and the
//! reference of skaffold.yaml (`build.artifacts`).

mod named;
mod pipeline;
mod possible;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::inputs::build_args::{self, BuildArgs};
use crate::inputs::by_name::is_dockerfile;
use crate::inputs::dotenv::{self, Values};
use crate::inputs::files::{File, Files};
use crate::inputs::hcl;
use crate::inputs::shell::{self, ToldBuild, at_top};
use crate::model::input::{InputKind, InputTrouble, Why};
use crate::text::paths::{forward, normalise};
use crate::text::yaml::{Node, documents};

pub(super) use named::{may_name_one, of_text};
pub(super) use pipeline::{mentions_a_build, of_pipeline};
pub(super) use possible::possible;

/// An image that something in the repository builds. Paths are from the top.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ImageBuild {
    pub(crate) dockerfile: String,
    /// `.` is the top.
    pub(crate) context: String,
    /// The stage to build; `None`: the last one.
    pub(crate) target: Option<String>,
    pub(crate) args: BuildArgs,
    /// The file that says so.
    pub(crate) named_by: String,
}

/// What a file tells, and the folders from which its paths may count, the likeliest first.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) by: String,
    pub(super) bases: Vec<String>,
    pub(super) builds: Vec<ToldBuild>,
    /// It is a compose file, whose variables may be in `.env` beside it.
    pub(super) compose: bool,
    /// What the file may set variables to.
    pub(super) values: BTreeMap<String, Vec<String>>,
}

impl Told {
    /// What a file tells.
    pub(super) fn by(file: &File, text: &str, builds: Vec<ToldBuild>) -> Self {
        let (folder, top) = (file.folder().into_owned(), ".".to_owned());
        let is_ci = file.kinds().iter().any(|kind| matches!(kind, InputKind::Ci(_)));
        // CI services start at the top; compose, npm and make where their file is; a script anywhere.
        let bases = if is_ci { vec![top, folder] } else { vec![folder, top] };
        let compose = file.kinds().has(InputKind::Compose);
        let values = if compose { BTreeMap::new() } else { possible(&builds, text) };
        Self { by: file.path().into_owned(), bases, builds, compose, values }
    }
}

/// What the builds come to.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub(super) images: Vec<ImageBuild>,
    /// Dockerfiles that a key names, and nobody knows how they are built.
    pub(super) others: BTreeSet<String>,
    /// Dockerfiles whose name nobody knows.
    pub(super) troubles: Vec<InputTrouble>,
}

/// How much of a document is looked at: aliases may make a small text very large.
const MOST_NODES: usize = 50_000;

/// The builds of a compose file.
pub(super) fn of_compose(text: &str) -> Result<Vec<ToldBuild>, String> {
    let mut builds = Vec::new();
    for document in documents(text)? {
        let services = document.get("services").into_iter().flat_map(Node::entries);
        for (_, service) in services.take(MOST_NODES) {
            let Some(build) = service.get("build") else { continue };
            let told = match build.as_text() {
                Some(context) => ToldBuild { context: Some(context.to_owned()), ..ToldBuild::default() },
                None if build.get("dockerfile_inline").is_some() => continue,
                None => ToldBuild {
                    file: build.text("dockerfile").map(str::to_owned),
                    context: Some(build.text("context").unwrap_or(".").to_owned()),
                    target: build.text("target").map(str::to_owned),
                    args: build_args::of_node(build.get("args")),
                    ..ToldBuild::default()
                },
            };
            builds.push(ToldBuild { file_in_context: true, ..told });
        }
    }
    Ok(builds)
}

/// The first service whose Dockerfile is written in the compose file.
pub(super) fn inline_of_compose(text: &str) -> Result<Option<String>, String> {
    if !text.contains("dockerfile_inline") {
        return Ok(None);
    }
    let documents = documents(text)?;
    let mut services = documents.iter().filter_map(|one| one.get("services")).flat_map(Node::entries);
    let is_inline =
        |service: &Node| service.get("build").is_some_and(|build| build.get("dockerfile_inline").is_some());
    Ok(services.find(|(_, service)| is_inline(service)).map(|(name, _)| format!("`{name}`")))
}

/// The same of a bake file.
pub(super) fn inline_of_bake(text: &str) -> Result<Option<String>, String> {
    let blocks = hcl::blocks(text)?;
    let has = blocks.iter().any(|block| block.attribute("dockerfile-inline").is_some());
    Ok((has || text.contains("dockerfile-inline")).then(|| "a target".to_owned()))
}

/// The targets of a bake file in HCL.
pub(super) fn of_bake(text: &str) -> Result<Vec<ToldBuild>, String> {
    let blocks = hcl::blocks(text)?;
    let has_file = |block: &&hcl::Block| block.attribute("dockerfile-inline").is_none();
    let targets = blocks.iter().filter(|block| block.kind == "target" && block.inside.is_empty());
    let targets = targets.filter(has_file);
    let told = targets.map(|target| ToldBuild {
        file: target.attribute("dockerfile").map(str::to_owned),
        context: Some(target.attribute("context").unwrap_or(".").to_owned()),
        target: target.attribute("target").map(str::to_owned),
        args: target.object("args").map(|args| args.entries.iter().cloned().collect()).unwrap_or_default(),
        file_in_context: true,
        ..ToldBuild::default()
    });
    Ok(told.collect())
}

/// The artifacts of a `skaffold.yaml`, and of its profiles, that Docker or kaniko builds.
pub(super) fn of_skaffold(text: &str) -> Result<Vec<ToldBuild>, String> {
    let documents = documents(text)?;
    let own = documents.iter().map(|document| &**document);
    let profiles = own.clone().filter_map(|document| document.get("profiles")).flat_map(Node::items);
    let builds = own.chain(profiles).filter_map(|part| part.get("build"));
    let artifacts = builds.filter_map(|build| build.get("artifacts")).flat_map(Node::items);
    let told = artifacts.take(MOST_NODES).map(|artifact| {
        let by = artifact.get("docker").or_else(|| artifact.get("kaniko"));
        ToldBuild {
            file: by.and_then(|by| by.text("dockerfile")).map(str::to_owned),
            context: Some(artifact.text("context").unwrap_or(".").to_owned()),
            target: by.and_then(|by| by.text("target")).map(str::to_owned),
            args: build_args::of_node(by.and_then(|by| by.get("buildArgs"))),
            file_in_context: true,
            ..ToldBuild::default()
        }
    });
    Ok(told.collect())
}

/// The builds of a Jenkinsfile: commands in `sh`, `docker.build` and `agent { dockerfile { … } }`.
pub(super) fn of_jenkins(text: &str) -> Vec<ToldBuild> {
    let mut builds = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        if let Some((_, call)) = line.split_once("docker.build(") {
            let args = call.split(')').next().unwrap_or_default();
            let texts = args.split(['"', '\'']).skip(1).step_by(2).collect::<Vec<_>>();
            let second = texts.get(1).copied().unwrap_or(".");
            builds.extend(shell::builds(&format!("docker build {second}")));
        } else {
            let start =
                line.find("docker ").or_else(|| line.find("podman ")).or_else(|| line.find("buildah "));
            let command = start.and_then(|start| line.get(start..)).unwrap_or_default();
            builds.extend(shell::builds(command.trim_end_matches(['"', '\'', ')', '}', ' '])));
        }
    }
    if let Some((_, agent)) = text.split_once("dockerfile {") {
        let body = agent.split('}').next().unwrap_or_default();
        let value = |key: &str| {
            let line = body.split(['\n', ';']).map(str::trim).find(|line| line.starts_with(key))?;
            line.split(['"', '\'']).nth(1).map(str::to_owned)
        };
        builds.push(ToldBuild {
            file: value("filename"),
            context: Some(value("dir").unwrap_or_else(|| ".".to_owned())),
            file_in_context: true,
            ..ToldBuild::default()
        });
    }
    builds
}

/// The builds whose Dockerfile is there. What a variable decides is not known, unless it has a default, the file sets it, or `.env` beside a
/// compose file does.
pub(super) fn resolve(told: &[Told], files: &Files, top: &Path) -> Resolved {
    let mut resolved = Resolved::default();
    let mut images = BTreeSet::new();
    for one in told {
        let has_variable = |build: &ToldBuild| {
            let texts = [&build.file, &build.context, &build.target].into_iter().chain(build.args.values());
            texts.flatten().any(|text| text.contains('$'))
        };
        let values = match one.compose && one.builds.iter().any(has_variable) {
            true => dotenv::beside(&one.by, files, top),
            false => Values::default(),
        };
        for build in &one.builds {
            let mut is_found = false;
            for way in possible::ways(build, &one.values) {
                let Some(image) =
                    one.bases.iter().find_map(|base| found(&way, base, &one.by, files, &values))
                else {
                    continue;
                };
                is_found = true;
                match build.is_guess {
                    false => drop(images.insert(image)),
                    true if is_known(&image.dockerfile, files) => {}
                    true if build.context.is_none() => drop(resolved.others.insert(image.dockerfile)),
                    true => drop(images.insert(image)),
                }
            }
            resolved.troubles.extend((!is_found).then(|| unknown(build, one, &values)).flatten());
        }
    }
    resolved.images = images.into_iter().collect();
    resolved
}

/// Whether its name says that it is a Dockerfile.
fn is_known(path: &str, files: &Files) -> bool {
    files.get(path).is_some_and(|file| file.kinds().has(InputKind::Dockerfile))
}

/// That nobody knows which Dockerfile a build takes. One whose name says that it is one is found anyway.
fn unknown(build: &ToldBuild, told: &Told, values: &Values) -> Option<InputTrouble> {
    let file = build.file.as_ref().filter(|file| values.expanded(file).is_none())?;
    let name = file.rsplit(['/', '}', ')']).next().unwrap_or(file);
    let is_found_by_name = !told.compose && is_dockerfile(name);
    let why = || Why::Inside(format!("names a Dockerfile by a variable that no file sets (`{file}`)"));
    (!build.is_guess && !is_found_by_name).then(|| InputTrouble { path: told.by.clone(), why: why() })
}

fn found(build: &ToldBuild, base: &str, by: &str, files: &Files, values: &Values) -> Option<ImageBuild> {
    let expanded = |text: &str| values.expanded(text);
    let from = join(base, &expanded(&build.cwd)?)?;
    let context = match &build.context {
        Some(context) => Some(join(&from, &expanded(context)?)?),
        None => None,
    };
    let file_base = if build.file_in_context { context.as_deref().unwrap_or(&from) } else { &from };
    let candidates = match &build.file {
        // Some tools look in both places.
        Some(file) => {
            let file = expanded(file)?;
            let other = context.as_deref().unwrap_or(&from);
            let last = if build.is_guess { &from } else { other };
            vec![join(file_base, &file), join(other, &file), join(last, &file)]
        }
        None => {
            let context = context.as_deref()?;
            vec![join(context, "Dockerfile"), join(context, "Containerfile")]
        }
    };
    let dockerfile = candidates.into_iter().flatten().find(|file| files.get(file).is_some())?;
    let folder = dockerfile.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let context = context.unwrap_or_else(|| folder.to_owned());
    let target = build.target.as_deref().and_then(expanded).filter(|target| !target.is_empty());
    let value = |text: &Option<String>| text.as_ref().and_then(|text| values.literal(text));
    let args = build.args.iter().map(|(name, text)| (name.clone(), value(text))).collect();
    Some(ImageBuild { dockerfile, context, target, args, named_by: by.to_owned() })
}

/// A path from the top; `None`: outside of the repository.
fn join(base: &str, path: &str) -> Option<String> {
    if path.contains("://") || path.starts_with("git@") {
        return None;
    }
    if let Some(rest) = at_top(path) {
        return join(".", if rest.is_empty() { "." } else { &rest });
    }
    let joined = normalise(&Path::new(base).join(path));
    let joined = forward(&joined);
    (!joined.starts_with("..") && !joined.starts_with('/')).then(|| joined.to_string())
}
