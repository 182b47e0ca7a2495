//! Pushes images to a registry: only images that earlier gates have seen, and under tags that stay with them.
//! `registry-push` signs in as the engine does; `ecr-push` gets the password of Amazon ECR from `aws`.

mod engine;
mod images;
mod index;
mod index_report;
mod move_tags;
mod push;
mod push_index;
mod report;
mod taken;

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::formats::json;
use crate::keys::table::Keys;
use crate::policy::coverage::{Coverage, Extent};
use crate::scan::container_engine::ContainerEngine;
use crate::scan::declared::Declared;
use crate::scan::from_environment::FromEnvironment;
use crate::scan::job::Job;
use crate::scan::parsed::{Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::{BuiltImage, Scene};
use crate::scan::suggestion::Suggestion;
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::system::variables;
use crate::tools::aws::{self, Account};
use crate::tools::registry::address::{Registry, is_repository};
use crate::tools::registry::logins;
use crate::tools::registry::reference::one_name;
use crate::tools::registry_push::engine::Kind;
use crate::tools::registry_push::images::{COMMIT, Image, read_images, read_tag, read_tags, repository};
use crate::tools::registry_push::index::Part;
use crate::tools::registry_push::index_report::IndexReport;
use crate::tools::registry_push::push::{Push, SignIn};
use crate::tools::registry_push::report::{Report, WHAT};

/// What both tools share.
const BASE: ToolSpec = ToolSpec {
    name: "registry-push",
    title: "push to a registry",
    stage: "Push",
    usual_seconds: 20,
    program: "docker",
    version_args: &["--version"],
    version: VersionFrom::Asking,
    docs: "docs/configuration.md#registry-push",
    install: "https://docs.docker.com/engine/install/ (or https://podman.io)",
    secret_fields: Declared::None("Portcullis writes the report, without secrets"),
    steering: &[],
    looks_for: Declared::None("it acts"),
    config_files: Declared::None("docker and aws read only their user's own files"),
    init: Suggestion::nothing,
    configure: |keys| configure(keys, false),
};

pub(super) static SPEC: ToolSpec = BASE;

pub(super) static ECR: ToolSpec = ToolSpec {
    name: "ecr-push",
    title: "push to ECR",
    docs: "docs/configuration.md#ecr-push",
    install: "https://docs.docker.com/engine/install/ (or https://podman.io) and https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
    configure: |keys| configure(keys, true),
    ..BASE
};

#[derive(Debug, Serialize)]
struct RegistryPush {
    /// Absent: every image that an earlier gate builds.
    images: Option<Vec<Image>>,
    registry: Option<Registry>,
    /// The prefix of the repositories' names.
    namespace: Option<String>,
    /// Absent: the tag that the image has from its build.
    tags: Option<Vec<String>>,
    #[serde(rename = "moving_tags")]
    moving: Vec<String>,
    /// `None`: the one that has built the image, else Docker.
    engine: Option<Kind>,
    /// Where the password of ECR comes from; `None`: the engine's own logins are used.
    #[serde(flatten)]
    account: Option<Account>,
    login: bool,
    unscanned: bool,
}

fn configure(keys: &Keys, ecr: bool) -> Box<dyn Tool> {
    let images = keys.names("images").map(|names| read_images(keys, names));
    let example = match ecr {
        true => "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        false => "ghcr.io",
    };
    let registry = keys.text("registry").and_then(|text| match Registry::read(&text.value) {
        Ok(registry) => Some(registry),
        Err(why) => {
            let what = format!("`{}` is not a registry: {why}", text.value);
            keys.problem_with_help(text.at, what, format!("write `registry = \"{example}\"`"));
            None
        }
    });
    if !ecr && keys.exists() && !keys.has("registry") {
        keys.problem_with_help(
            keys.at(),
            "`registry` is missing",
            format!("write `registry = \"{example}\"`"),
        );
    }
    let login = keys.flag_or("login", true);
    if ecr && !login && !keys.has("registry") {
        let help = "name it: `registry = \"127.0.0.1:5000\"`";
        keys.problem_with_help(keys.at_key("login"), "`login = false` needs a `registry`", help);
    }
    let moving = keys.texts("moving_tags").unwrap_or_default();
    let tool = RegistryPush {
        images,
        registry,
        namespace: repository(keys, "namespace"),
        tags: read_tags(keys),
        moving: moving.into_iter().filter_map(|tag| read_tag(keys, tag)).collect(),
        engine: keys.word("engine", &[Kind::Docker, Kind::Podman].map(|kind| (kind.program(), kind))),
        account: ecr.then(|| Account::read(keys)),
        login,
        unscanned: keys.flag_or("unscanned", false),
    };
    for tag in tool.tags.iter().flatten().filter(|tag| tool.moving.contains(tag)) {
        let what = format!("`{tag}` is in `tags` and in `moving_tags`: a tag either stays or moves");
        keys.problem(keys.at_key("moving_tags"), what);
    }
    Box::new(tool)
}

/// The name and the tag of an image on this machine.
fn split(reference: &str) -> (&str, Option<&str>) {
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (reference, None),
    }
}

/// One platform of an image that is built for several.
fn part(built: &BuiltImage) -> Option<Part> {
    let platform = built.part.as_ref()?.platform.clone();
    Some(Part { platform, image: built.reference.clone() })
}

/// The name without the registry in front: `localhost:5000/team/app` is `team/app`.
fn path_of(name: &str) -> &str {
    match name.split_once('/') {
        Some((host, path)) if host == "localhost" || host.contains(['.', ':']) => path,
        _ => name,
    }
}

impl Tool for RegistryPush {
    fn coverage(&self) -> Vec<Coverage> {
        vec![Coverage::new("unscanned", Extent::Leaves(self.unscanned))]
    }

    fn pushes(&self, scene: &Scene) -> Vec<(String, String)> {
        let host = self.registry.as_ref().map(|registry| format!("{}/", registry.host));
        let push = |image: &Image| {
            let push = self.push(image, scene).ok()?;
            let place = match &host {
                Some(host) => one_name(&format!("{host}{}", push.repository)),
                None => format!("/{}", push.repository),
            };
            Some((place, split(&image.name).0.to_owned()))
        };
        self.all_images(scene).iter().filter_map(push).collect()
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let images = self.all_images(scene);
        if images.is_empty() {
            return Err(Unplanned::Impossible(
                "no gate before it builds an image: name it in `needs`, or the images in `images`".to_owned(),
            ));
        }
        let jobs: Vec<Push> = images.iter().map(|image| self.push(image, scene)).collect::<Result<_, _>>()?;
        let mut places = HashSet::new();
        for job in &jobs {
            for tag in job.all_tags() {
                if !places.insert((&job.repository, tag.clone())) {
                    let address = format!("{}:{tag}", job.repository);
                    let why =
                        format!("two images would be pushed to {address}: give each its own `repository`");
                    return Err(Unplanned::Impossible(why));
                }
            }
        }
        let all = || images.iter().zip(&jobs);
        let mut planned: Vec<Job> =
            all().map(|(image, push)| self.job(&image.name, push.fixed(), scene)).collect();
        // Nothing moves before all images are there.
        planned.extend(all().filter_map(|(image, push)| {
            let push = push.moving()?;
            let tags: Vec<&str> = push.tags.iter().map(|(tag, _)| tag.as_str()).collect();
            let mut job = self.job(&format!("{} as {}", image.name, tags.join(", ")), push, scene);
            job.after_siblings = true;
            let why = format!("{}, after all other targets", job.why);
            job.because(why);
            Some(job)
        }));
        Ok(planned)
    }

    fn acts(&self) -> bool {
        true
    }

    fn parse(&self, raw: &RawReport, _place: &ReportOrigin) -> Result<Parsed, ReportError> {
        #[derive(Deserialize)]
        struct Kind {
            platforms: Option<IgnoredAny>,
        }
        match json::read::<Kind>(raw.report(), WHAT)?.platforms {
            Some(_) => json::read::<IndexReport>(raw.report(), WHAT)?.assess(),
            None => json::read::<Report>(raw.report(), WHAT)?.assess(),
        }
    }
}

impl RegistryPush {
    /// The images that gates.toml names, or all that are built: one for all platforms of an image.
    fn all_images(&self, scene: &Scene) -> Cow<'_, [Image]> {
        if let Some(images) = &self.images {
            return Cow::Borrowed(images);
        }
        let mut seen = HashSet::new();
        let built = scene.built.iter().filter(|built| built.part.is_none() || seen.insert(&built.name));
        let names = built.map(|built| built.name.to_string());
        names.map(|name| Image { name, repository: None, tags: None }).collect()
    }

    /// How to push an image, or why that is not possible.
    fn push(&self, image: &Image, scene: &Scene) -> Result<Push, Unplanned> {
        let parts: Vec<&BuiltImage> = scene.built.iter().filter(|built| *built.name == *image.name).collect();
        let built = parts.first();
        let reference = match built.map(|built| (built, &built.part)) {
            Some((_, Some(part))) => part.whole.clone(),
            Some((built, None)) => built.reference.clone(),
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
        let engine = self.engine_for(image, built.map(|built| built.engine))?;
        let (name, own_tag) = split(&reference);
        // Use the build's own tag: it shows when the tree differs from the commit.
        let commit = scene.repo.head.as_deref().map(|head| match own_tag.filter(|_| built.is_some()) {
            Some(tag) => tag,
            None => head.get(..12).unwrap_or(head),
        });
        let is_of_commit = built.is_some() && !own_tag.is_some_and(|tag| tag.ends_with("-dirty"));
        let stays = self.fixed_tags(image, &reference, built.is_some(), commit)?;
        let repository = image.repository.clone().unwrap_or_else(|| match &self.namespace {
            Some(namespace) => format!("{namespace}/{}", path_of(name)),
            None => path_of(name).to_owned(),
        });
        if !is_repository(&repository) {
            let why =
                format!("`{repository}` is not the name of a repository: give the image a `repository`");
            return Err(Unplanned::Impossible(why));
        }
        let first = stays.first().cloned().unwrap_or_default();
        let tags = stays.into_iter().map(|tag| (tag, false));
        let sign_in = match &self.account {
            _ if !self.login => SignIn::Nobody,
            Some(account) => SignIn::Ecr(account.clone()),
            None => SignIn::AsEngine,
        };
        Ok(Push {
            image: reference,
            parts: parts.into_iter().filter_map(part).collect(),
            commit: scene.repo.head.clone().filter(|_| is_of_commit),
            own_tag: first,
            registry: self.registry.clone(),
            repository,
            tags: tags.chain(self.moving.iter().map(|tag| (tag.clone(), true))).collect(),
            engine,
            sign_in,
            unscanned: self.unscanned,
        })
    }

    /// The engine that has the image. `builder`: who builds it in this run.
    fn engine_for(&self, image: &Image, builder: Option<ContainerEngine>) -> Result<Kind, Unplanned> {
        let has = builder.map(Kind::that_has_images_of);
        match (self.engine, has) {
            (Some(asked), Some(has)) if asked != has => Err(Unplanned::Impossible(format!(
                "{} is built by {}, and `engine` is {}, which does not have it: leave `engine` out",
                image.name,
                builder.map_or("", ContainerEngine::program),
                asked.program()
            ))),
            (asked, has) => Ok(asked.or(has).unwrap_or(Kind::Docker)),
        }
    }

    /// The tags of an image that stay with it. `commit`: as its build tags it.
    fn fixed_tags(
        &self,
        image: &Image,
        reference: &str,
        is_built: bool,
        commit: Option<&str>,
    ) -> Result<Vec<String>, Unplanned> {
        let (_, own_tag) = split(reference);
        Ok(match image.tags.as_ref().or(self.tags.as_ref()) {
            Some(tags) => match commit {
                Some(commit) => tags.iter().map(|tag| tag.replace(COMMIT, commit)).collect(),
                None if tags.iter().any(|tag| tag.contains(COMMIT)) => {
                    return Err(Unplanned::Impossible(format!("`{COMMIT}` in `tags`: there is no commit")));
                }
                None => tags.clone(),
            },
            // Without a commit every build has the same tag.
            None if is_built && commit.is_none() => {
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
        })
    }

    fn job(&self, target: &str, mut push: Push, scene: &Scene) -> Job {
        let mut job = scene.job(push.engine.program(), target);
        let mut environment = FromEnvironment::default();
        let mut region = "REGION".to_owned();
        if let SignIn::Ecr(account) = &mut push.sign_in {
            *account = account.resolved(&mut environment);
            region = account.region().map_or(region, str::to_owned);
            job.also_starts(aws::PROGRAM);
        }
        job.unresolved = environment.unresolved;
        let host = match &self.registry {
            Some(registry) => registry.host.clone(),
            None => format!("ACCOUNT.dkr.ecr.{region}.amazonaws.com"),
        };
        let tags: Vec<&str> = push.tags.iter().map(|(tag, _)| tag.as_str()).collect();
        job.arg("push");
        job.invocation.options_end = Some(job.invocation.args.len());
        job.arg(format!("{host}/{}:{}", push.repository, tags.first().unwrap_or(&"")));
        let platforms: Vec<String> = push.parts.iter().map(|part| part.platform.to_string()).collect();
        let of = match platforms.is_empty() {
            true => String::new(),
            false => format!(" for {}", platforms.join(", ")),
        };
        let mut why = format!("{}{of} goes to {host}/{} as {}", push.image, push.repository, tags.join(", "));
        if self.unscanned {
            why.push_str(", scanned or not");
        }
        job.because(why);
        if let (SignIn::AsEngine, Some(registry)) = (&push.sign_in, &self.registry) {
            let helper = logins::helper(push.engine.engine(), registry, &variables::value);
            if let Some(program) = helper {
                job.also_starts(&program);
            }
        }
        job.image = Some(push.image.clone());
        job.parts = push.parts.iter().map(|part| part.image.clone()).collect();
        job.unscanned = self.unscanned;
        job.by_steps(push);
        job
    }
}

#[cfg(test)]
mod tests;
