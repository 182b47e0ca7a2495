//! Pushes images to Amazon ECR or another registry: only images that earlier gates have seen, and
//! under tags that stay with them.

mod engine;
mod push;
mod registry;
mod report;

use std::collections::HashSet;

use serde::Serialize;

use crate::formats::json;
use crate::keys::table::{Keys, Located, Named};
use crate::policy::coverage::{Coverage, Extent};
use crate::scan::declared::Declared;
use crate::scan::from_environment::FromEnvironment;
use crate::scan::job::Job;
use crate::scan::parsed::{Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::suggestion::Suggestion;
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::tools::aws::{self, Account};
use crate::tools::ecr_push::engine::Kind;
use crate::tools::ecr_push::push::Push;
use crate::tools::ecr_push::registry::{Registry, is_repository, is_tag};
use crate::tools::ecr_push::report::{Report, WHAT};

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "ecr-push",
    title: "push to ECR",
    stage: "Push",
    program: "docker",
    version_args: &["--version"],
    version: VersionFrom::Asking,
    docs: "docs/configuration.md#ecr-push",
    install: "https://docs.docker.com/engine/install/ (or https://podman.io) and https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
    secret_fields: Declared::None("Portcullis writes the report, without secrets"),
    steering: &[],
    looks_for: Declared::None("it acts"),
    config_files: Declared::None("docker and aws read only their user's own files"),
    init: Suggestion::nothing,
    configure,
};

/// The placeholder for the commit in a tag.
const COMMIT: &str = "{commit}";

#[derive(Debug, Serialize)]
struct EcrPush {
    /// Absent: every image that an earlier gate builds.
    images: Option<Vec<Image>>,
    registry: Option<Registry>,
    /// The prefix of the repositories' names.
    namespace: Option<String>,
    /// Absent: the tag that the image has from its build.
    tags: Option<Vec<String>>,
    #[serde(rename = "moving_tags")]
    moving: Vec<String>,
    engine: Kind,
    #[serde(flatten)]
    account: Account,
    login: bool,
    unscanned: bool,
}

/// One image of `images`.
#[derive(Debug, Serialize)]
struct Image {
    /// The name in docker-build. With a tag: an image that is on this machine already.
    name: String,
    /// The whole name, without the registry.
    repository: Option<String>,
    tags: Option<Vec<String>>,
}

fn configure(keys: &Keys) -> Box<dyn Tool> {
    let images = keys.names("images").map(|names| read_images(keys, names));
    let registry = keys.text("registry").and_then(|text| match Registry::read(&text.value) {
        Ok(registry) => Some(registry),
        Err(why) => {
            let help = "write `registry = \"123456789012.dkr.ecr.eu-west-1.amazonaws.com\"`";
            let what = format!("`{}` is not a registry: {why}", text.value);
            keys.problem_with_help(text.at, what, help);
            None
        }
    });
    let login = keys.flag_or("login", true);
    if !login && !keys.has("registry") {
        let help = "name it: `registry = \"127.0.0.1:5000\"`";
        keys.problem_with_help(keys.at_key("login"), "`login = false` needs a `registry`", help);
    }
    let moving = keys.texts("moving_tags").unwrap_or_default();
    let tool = EcrPush {
        images,
        registry,
        namespace: repository(keys, "namespace"),
        tags: read_tags(keys),
        moving: moving.into_iter().filter_map(|tag| read_tag(keys, tag)).collect(),
        engine: keys.word_or(
            "engine",
            &[Kind::Docker, Kind::Podman].map(|kind| (kind.program(), kind)),
            Kind::Docker,
        ),
        account: Account::read(keys),
        login,
        unscanned: keys.flag_or("unscanned", false),
    };
    for tag in tool.tags.iter().flatten().filter(|tag| tool.moving.contains(tag)) {
        let what = format!("`{tag}` is in `tags` and in `moving_tags`: a tag either stays or moves");
        keys.problem(keys.at_key("moving_tags"), what);
    }
    Box::new(tool)
}

fn read_images(keys: &Keys, names: Vec<Named>) -> Vec<Image> {
    let images: Vec<Image> = names.into_iter().filter_map(Image::read).collect();
    let mut seen = HashSet::new();
    for image in images.iter().filter(|image| !seen.insert(image.name.as_str())) {
        keys.problem(keys.at_key("images"), format!("two images are called `{}`", image.name));
    }
    images
}

/// Reads `tags`: the tags that stay with their image.
fn read_tags(keys: &Keys) -> Option<Vec<String>> {
    let tags = keys.texts("tags")?;
    if tags.is_empty() {
        keys.problem(keys.at_key("tags"), "`tags` is empty: name at least one, or leave the key out");
    }
    let stays = |tag: &Located<String>| {
        if tag.value == "latest" {
            keys.problem_with_help(
                tag.at.clone(),
                "`latest` does not stay with an image",
                "what is deployed needs a tag that stays; write `moving_tags = [\"latest\"]` beside it",
            );
        }
        tag.value != "latest"
    };
    Some(tags.into_iter().filter(stays).filter_map(|tag| read_tag(keys, tag)).collect())
}

fn read_tag(keys: &Keys, tag: Located<String>) -> Option<String> {
    let fits = is_tag(&tag.value.replace(COMMIT, "0123456789ab"));
    if !fits {
        let help = "letters, digits, `_`, `.` and `-`; `{commit}` stands for the commit";
        keys.problem_with_help(tag.at, format!("`{}` is not a tag", tag.value), help);
    }
    fits.then_some(tag.value)
}

fn repository(keys: &Keys, key: &'static str) -> Option<String> {
    let text = keys.text(key)?;
    let fits = is_repository(&text.value);
    if !fits {
        let help = "lower case letters, digits, `.`, `_`, `-` and `/`";
        keys.problem_with_help(text.at, format!("`{}` is not the name of a repository", text.value), help);
    }
    fits.then_some(text.value)
}

impl Image {
    fn read(named: Named) -> Option<Self> {
        match named {
            Named::Text(name) => Some(Self { name: name.value, repository: None, tags: None }),
            Named::Table(table) => {
                let name = table.required_text("name");
                let (repository, tags) = (repository(&table, "repository"), read_tags(&table));
                table.finish("an image of `images`");
                Some(Self { name: name?.value, repository, tags })
            }
        }
    }
}

/// The name and the tag of an image on this machine.
fn split(reference: &str) -> (&str, Option<&str>) {
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (reference, None),
    }
}

/// The name without the registry in front: `localhost:5000/team/app` is `team/app`.
fn path_of(name: &str) -> &str {
    match name.split_once('/') {
        Some((host, path)) if host == "localhost" || host.contains(['.', ':']) => path,
        _ => name,
    }
}

impl Tool for EcrPush {
    fn coverage(&self) -> Vec<Coverage> {
        vec![Coverage::new("unscanned", Extent::Leaves(self.unscanned))]
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let all: Vec<Image>;
        let images = match &self.images {
            Some(images) => images,
            None => {
                let built = scene.built.iter().map(|built| built.name.to_string());
                all = built.map(|name| Image { name, repository: None, tags: None }).collect();
                &all
            }
        };
        if images.is_empty() {
            return Err(Unplanned::Impossible(
                "no gate before it builds an image: name it in `needs`, or the images in `images`".to_owned(),
            ));
        }
        let jobs: Vec<Push> = images.iter().map(|image| self.push(image, scene)).collect::<Result<_, _>>()?;
        let mut places = HashSet::new();
        for job in &jobs {
            for (tag, _) in &job.tags {
                if !places.insert((&job.repository, tag)) {
                    let address = format!("{}:{tag}", job.repository);
                    let why =
                        format!("two images would be pushed to {address}: give each its own `repository`");
                    return Err(Unplanned::Impossible(why));
                }
            }
        }
        Ok(images.iter().zip(jobs).map(|(image, push)| self.job(&image.name, push, scene)).collect())
    }

    fn acts(&self) -> bool {
        true
    }

    fn parse(&self, raw: &RawReport, _place: &ReportOrigin) -> Result<Parsed, ReportError> {
        json::read::<Report>(raw.report(), WHAT)?.assess()
    }
}

impl EcrPush {
    /// How to push an image, or why that is not possible.
    fn push(&self, image: &Image, scene: &Scene) -> Result<Push, Unplanned> {
        let built = scene.built.iter().find(|built| *built.name == *image.name);
        let reference = match built {
            Some(built) => built.reference.clone(),
            None if split(&image.name).1.is_some() => image.name.clone(),
            None => {
                let names: Vec<&str> = scene.built.iter().map(|built| &*built.name).collect();
                let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                return Err(Unplanned::Impossible(format!(
                    "no gate before it builds an image called {}; built: {names}",
                    image.name
                )));
            }
        };
        let (name, own_tag) = split(&reference);
        // Use the build's own tag: it shows when the tree differs from the commit.
        let commit = scene.repo.head.as_deref().map(|head| match own_tag.filter(|_| built.is_some()) {
            Some(tag) => tag,
            None => head.get(..12).unwrap_or(head),
        });
        let stays = match image.tags.as_ref().or(self.tags.as_ref()) {
            Some(tags) => match commit {
                Some(commit) => tags.iter().map(|tag| tag.replace(COMMIT, commit)).collect(),
                None if tags.iter().any(|tag| tag.contains(COMMIT)) => {
                    return Err(Unplanned::Impossible(format!("`{COMMIT}` in `tags`: there is no commit")));
                }
                None => tags.clone(),
            },
            // Without a commit every build has the same tag.
            None if built.is_some() && commit.is_none() => {
                return Err(Unplanned::Impossible(
                    "there is no commit to tag the images with: set `tags`".to_owned(),
                ));
            }
            None if own_tag == Some("latest") => {
                return Err(Unplanned::Impossible(format!(
                    "{reference} is not a tag that stays: set `tags`"
                )));
            }
            None => own_tag.map(str::to_owned).into_iter().collect::<Vec<String>>(),
        };
        let repository = image.repository.clone().unwrap_or_else(|| match &self.namespace {
            Some(namespace) => format!("{namespace}/{}", path_of(name)),
            None => path_of(name).to_owned(),
        });
        if !is_repository(&repository) {
            let why =
                format!("`{repository}` is not the name of a repository: give the image a `repository`");
            return Err(Unplanned::Impossible(why));
        }
        let tags = stays.into_iter().map(|tag| (tag, false));
        Ok(Push {
            image: reference,
            registry: self.registry.clone(),
            repository,
            tags: tags.chain(self.moving.iter().map(|tag| (tag.clone(), true))).collect(),
            engine: self.engine,
            account: self.account.clone(),
            login: self.login,
            unscanned: self.unscanned,
        })
    }

    fn job(&self, target: &str, mut push: Push, scene: &Scene) -> Job {
        let mut job = scene.job(self.engine.program(), target);
        let mut environment = FromEnvironment::default();
        push.account = push.account.resolved(&mut environment);
        job.unresolved = environment.unresolved;
        let host = match &self.registry {
            Some(registry) => registry.host.clone(),
            None => format!("ACCOUNT.dkr.ecr.{}.amazonaws.com", push.account.region().unwrap_or("REGION")),
        };
        let tags: Vec<&str> = push.tags.iter().map(|(tag, _)| tag.as_str()).collect();
        job.arg("push");
        job.invocation.options_end = Some(job.invocation.args.len());
        job.arg(format!("{host}/{}:{}", push.repository, tags.first().unwrap_or(&"")));
        let mut why = format!("{} goes to {host}/{} as {}", push.image, push.repository, tags.join(", "));
        if self.unscanned {
            why.push_str(", scanned or not");
        }
        job.because(why);
        if self.login || self.registry.is_none() {
            job.also_starts(aws::PROGRAM);
        }
        job.image = Some(push.image.clone());
        job.unscanned = self.unscanned;
        job.by_steps(push);
        job
    }
}

#[cfg(test)]
mod tests;
