//! Which images a repository builds: from which Dockerfile, in which context, up to which target.
//!
//! Compose files, CI files, scripts, bake and Skaffold files tell it. Sources: the Compose specification ("build"), docker/build-push-action
//! (`context`, `file`, `target`), redhat-actions/buildah-build, the task `Docker@2` of Azure, Docker's bake file reference, and the
//! reference of skaffold.yaml (`build.artifacts`).

use std::collections::BTreeSet;
use std::path::Path;

use crate::inputs::build_args::{self, BuildArgs};
use crate::inputs::dotenv::{self, Values};
use crate::inputs::files::Files;
use crate::inputs::hcl;
use crate::inputs::shell::{self, ToldBuild, at_top};
use crate::model::input::{InputTrouble, Why};
use crate::text::paths::{forward, normalise};
use crate::text::yaml::{Node, documents};

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
}

/// What the builds come to.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub(super) images: Vec<ImageBuild>,
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

/// The builds of a pipeline or workflow in YAML: commands in its texts, and actions that build.
pub(super) fn of_pipeline(text: &str) -> Result<Vec<ToldBuild>, String> {
    let documents = documents(text)?;
    let mut builds = Vec::new();
    let mut left = MOST_NODES;
    let mut open: Vec<(&Node, String)> =
        documents.iter().map(|document| (&**document, String::new())).collect();
    while let Some((node, cwd)) = open.pop() {
        left = left.saturating_sub(1);
        if left == 0 || builds.len() >= shell::MOST_BUILDS {
            break;
        }
        match node {
            Node::Text(text) => builds.extend(in_text(text, &cwd)),
            Node::List(items) if items.iter().all(|item| item.as_text().is_some()) => {
                // The lines of one script: `cd` counts for those that follow.
                let lines: Vec<&str> = items.iter().filter_map(|item| item.as_text()).collect();
                builds.extend(in_text(&lines.join("\n"), &cwd));
            }
            Node::List(items) => open.extend(items.iter().rev().map(|item| (&**item, cwd.clone()))),
            Node::Map(_) => {
                builds.extend(action(node));
                let run = node.get("defaults").and_then(|defaults| defaults.get("run")).unwrap_or(node);
                let own = ["working-directory", "working_directory", "workingDirectory"];
                let own = own.iter().find_map(|key| run.text(key));
                let cwd = own.map_or(cwd, str::to_owned);
                let values = node.entries().filter(|(key, _)| *key != "name");
                open.extend(values.map(|(_, value)| (value, cwd.clone())));
            }
        }
    }
    Ok(builds)
}

fn in_text(text: &str, cwd: &str) -> Vec<ToldBuild> {
    if !mentions_a_build(text) {
        return Vec::new();
    }
    let mut builds = shell::builds(text);
    for build in &mut builds {
        build.cwd =
            format!("{}/{}", at_top(cwd).as_deref().unwrap_or(cwd), build.cwd).trim_matches('/').to_owned();
    }
    builds
}

/// Whether a text may start a build.
pub(super) fn mentions_a_build(text: &str) -> bool {
    ["docker", "Docker", "DOCKER", "podman", "buildah", "kaniko", "nerdctl", "finch"]
        .iter()
        .any(|word| text.contains(word))
}

/// A step that is an action of GitHub or a task of Azure.
fn action(step: &Node) -> Option<ToldBuild> {
    let text = |with: &Node, names: &[&str]| {
        let found = with.entries().find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name)));
        found.and_then(|(_, value)| value.as_text()).map(str::to_owned)
    };
    if let Some(uses) = step.text("uses") {
        let known =
            ["docker/build-push-action@", "redhat-actions/buildah-build@", "depot/build-push-action@"];
        known.iter().find(|known| uses.starts_with(**known))?;
        let none = Node::Map(Default::default());
        let with = step.get("with").unwrap_or(&none);
        return Some(ToldBuild {
            file: text(with, &["file", "dockerfiles", "containerfiles"]).map(|file| file.trim().to_owned()),
            context: Some(text(with, &["context"]).unwrap_or_else(|| ".".to_owned())),
            target: text(with, &["target"]),
            args: build_args::of_lines(&text(with, &["build-args"]).unwrap_or_default()),
            ..ToldBuild::default()
        });
    }
    if step.text("task")?.starts_with("Docker@") {
        let inputs = step.get("inputs")?;
        let file = text(inputs, &["dockerfile"])?;
        let context = text(inputs, &["buildContext"]).filter(|context| context != "**");
        return Some(ToldBuild { file: Some(file), context, ..ToldBuild::default() });
    }
    None
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

/// The builds whose Dockerfile is there. What a variable decides is not known, unless it has a default, or `.env` beside a compose file
/// sets it.
pub(super) fn resolve(told: &[Told], files: &Files, top: &Path) -> Resolved {
    let (mut builds, mut troubles) = (BTreeSet::new(), Vec::new());
    for Told { by, bases, builds: each, compose } in told {
        let has_variable = |build: &ToldBuild| {
            let texts = [&build.file, &build.context, &build.target].into_iter().chain(build.args.values());
            texts.flatten().any(|text| text.contains('$'))
        };
        let values = match *compose && each.iter().any(has_variable) {
            true => dotenv::beside(by, files, top),
            false => Values::default(),
        };
        for build in each {
            builds.extend(bases.iter().find_map(|base| found(build, base, by, files, &values)));
            let unknown = build.file.as_ref().filter(|file| values.expanded(file).is_none());
            troubles.extend(unknown.filter(|_| *compose).map(|file| InputTrouble {
                path: by.clone(),
                why: Why::Inside(format!("names a Dockerfile by a variable that no file sets (`{file}`)")),
            }));
        }
    }
    Resolved { images: builds.into_iter().collect(), troubles }
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
            vec![join(file_base, &file)?, join(context.as_deref().unwrap_or(&from), &file)?]
        }
        None => {
            let context = context.as_deref()?;
            vec![join(context, "Dockerfile")?, join(context, "Containerfile")?]
        }
    };
    let dockerfile = candidates.into_iter().find(|file| files.get(file).is_some())?;
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
