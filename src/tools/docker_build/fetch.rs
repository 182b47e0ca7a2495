//! An image that an earlier run of the same commit has pushed: it is fetched instead of built again, since a second build
//! may be another image, and the commit's tag is taken.

use std::collections::HashMap;

use serde::Deserialize;

use crate::formats::json;
use crate::keys::table::Keys;
use crate::scan::container_engine::ContainerEngine;
use crate::scan::platform::Platform;
use crate::scan::procedure::{Failure, Procedure, StepContext, Steps, read_text};
use crate::scan::step::{Output, Step};
use crate::text::shared::Text;
use crate::tools::registry::access::Access;
use crate::tools::registry::address::Repository;
use crate::tools::registry::engine_error::failure;
use crate::tools::registry::held::{Held, Names};
use crate::tools::registry::reference::one_name;
use crate::tools::registry::revision::REVISION;

use super::engine::Builder;
use super::image::Image;
use super::{IMAGE_ID, engine, log};

/// The name of the document that says where the image was fetched.
pub(super) const FETCHED: &str = "fetched";

/// The name of the document that says for which platform it was built.
pub(super) const PLATFORM: &str = "platform";

/// Refuses two images with one repository: the second would get the first one's image, which is of this commit, too.
pub(super) fn check_repositories(keys: &Keys, images: &[Vec<Image>]) {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for image in images.iter().filter_map(|parts| parts.first()) {
        let Some(repository) = &image.fetch else { continue };
        if let Some(other) = seen.insert(one_name(&repository.full_name()), &image.name) {
            let what = format!("`{other}` and `{}` have the same `fetch`", image.name);
            let help = "an image of one would be taken for the other: give each a repository of its own";
            keys.problem_with_help(keys.at_key("images"), what, help);
        }
    }
}

/// Fetches the image of this commit, or builds it if there is none.
#[derive(Clone, Debug)]
pub(super) struct FetchOrBuild {
    pub repository: Repository,
    /// The tags under which it may be, the first that is there counts.
    pub tags: Vec<String>,
    /// What it is called on this machine.
    pub reference: String,
    /// The whole commit, which its label must name.
    pub revision: String,
    pub platform: Option<String>,
    pub engine: ContainerEngine,
}

impl Procedure for FetchOrBuild {
    fn carry_out<'a>(&'a self, context: &'a mut dyn StepContext) -> Steps<'a> {
        Box::pin(async move {
            for tag in &self.tags {
                if let Some(held) = self.held(context, tag).await? {
                    return self.take(context, tag, &held).await;
                }
            }
            self.build(context).await
        })
    }
}

/// What is fetched: an image of its own, or the one of an index that is for the platform.
struct Wanted<'h> {
    digest: &'h str,
    config: Option<&'h str>,
}

impl FetchOrBuild {
    /// `ghcr.io/team/notes-backend:3f2a91c4d5e6`
    fn remote(&self, tag: &str) -> String {
        format!("{}:{tag}", self.repository.full_name())
    }

    /// What the registry has under a tag. It is asked as a push asks it.
    async fn held(&self, context: &mut dyn StepContext, tag: &str) -> Result<Option<Held>, Failure> {
        let remote = self.remote(tag);
        context.tell(format!("asking for {remote}"));
        let unknown =
            |why| format!("it is not known whether {remote} is there already: {why} (or leave `fetch` out)");
        let Repository { registry, name } = &self.repository;
        let mut access = Access::as_engine(context, self.engine, registry, name)
            .await
            .map_err(|why| why.explained(unknown))?;
        access.holds(context, tag).await.map_err(|why| why.explained(unknown))
    }

    /// The image that is wanted of what the registry has. Without a platform the engine takes one of an index.
    fn wanted<'h>(&self, remote: &str, held: &'h Held) -> Result<Wanted<'h>, Failure> {
        let asked = self.platform.as_deref().filter(|_| held.config.is_none()).map(Platform::named);
        let Some(asked) = asked else {
            return Ok(Wanted { digest: &held.digest, config: held.config.as_deref() });
        };
        let meets = |platform: &String| Platform::named(platform).meets(&asked);
        match held.images().find(|listed| listed.platform.as_ref().is_some_and(meets)) {
            Some(listed) => Ok(Wanted { digest: &listed.digest, config: listed.config.as_deref() }),
            None => Err(Failure::Unproven(format!(
                "{remote} is an index of this commit without an image for {asked}: remove it from the registry, or leave `fetch` out"
            ))),
        }
    }

    /// Takes the image that is there, by its digest, if it is of this commit.
    async fn take(&self, context: &mut dyn StepContext, tag: &str, held: &Held) -> Result<(), Failure> {
        let (remote, program) = (self.remote(tag), context.program().to_owned());
        let wanted = self.wanted(&remote, held)?;
        let by_digest = format!("{}@{}", self.repository.full_name(), wanted.digest);
        let platform = self.platform.iter().flat_map(|platform| ["--platform", platform]);
        let registry = &self.repository.registry;
        let args = ["pull"].into_iter().chain(platform).chain(registry.plain_option(self.engine));
        let pulled = context.run(Step::new(&program, args.chain([by_digest.as_str()]))).await?;
        if !pulled.success() {
            return Err(failure(&format!("the pull of {by_digest}"), &pulled, Some(registry)));
        }
        let answer = self.inspect(context, &by_digest).await?;
        let image = Inspected::read(&answer.stdout)
            .filter(|_| answer.success())
            .ok_or_else(|| Failure::Unproven(format!("{program} does not say what {by_digest} is")))?;
        let names = Names { id: image.id.clone(), also: None };
        // An index has no configuration: the engine takes one of its images by the digests in it.
        if wanted.config.is_some_and(|config| image.id != config) && !names.are_of(held) {
            return Err(Failure::Unproven(format!(
                "{remote} is {} ({}), and {program} has {} after the pull",
                wanted.config.unwrap_or_default(),
                wanted.digest,
                image.id
            )));
        }
        if image.revision.as_deref() != Some(&self.revision) {
            let label = image
                .revision
                .map_or("no label of a revision".to_owned(), |label| format!("the label {label}"));
            return Err(Failure::Unproven(format!(
                "{remote} has {label}, and this is {}: remove it from the registry ({}), or leave `fetch` out",
                self.revision,
                registry.removal(&self.repository.name, tag)
            )));
        }
        let tagged = context.run(Step::new(&program, ["tag", &by_digest, &self.reference])).await?;
        if !tagged.success() {
            return Err(Failure::Unproven(format!(
                "{} can't be tagged: {}",
                self.reference,
                tagged.error_line()
            )));
        }
        context.hand_over(IMAGE_ID, image.id.into_bytes());
        context.hand_over(engine::METADATA, engine::metadata_of(wanted.digest, wanted.config));
        self.hand_over_platform(context, &answer);
        context.hand_over(FETCHED, format!("{remote} ({})", wanted.digest).into_bytes());
        Ok(())
    }

    /// What the engine says of an image.
    async fn inspect(&self, context: &mut dyn StepContext, image: &str) -> Result<Output, Failure> {
        let program = context.program().to_owned();
        let args = self.engine.inspect().iter().copied().chain([image]);
        context.run(Step::new(&program, args).prints_report()).await
    }

    async fn build(&self, context: &mut dyn StepContext) -> Result<(), Failure> {
        let chief = context.chief();
        let built = context.run(chief).await?;
        if !built.success() {
            let text = built.stderr_text();
            let why =
                log::cause(&text).or_else(|| log::last_lines(&text)).unwrap_or_else(|| built.error_line());
            let said = format!("exit code {}: the image was not built: {why}", built.code);
            return Err(if log::is_transient(&why) {
                Failure::Transient(said)
            } else {
                Failure::Unproven(said)
            });
        }
        let folder = context.scratch();
        let id = read_text(&folder.join(IMAGE_ID), "the id of the image")?;
        let mut id = id.trim().to_owned();
        let metadata = read_text(&folder.join(engine::METADATA), engine::METADATA).ok();
        let mut said = self.inspect(context, &id).await?;
        if !said.success() {
            // With containerd's image store it may be known by its manifest alone.
            said = self.inspect(context, &self.reference).await?;
            let digests = engine::digests(metadata.as_deref().unwrap_or_default().as_bytes());
            let now = Inspected::read(&said.stdout)
                .and_then(|image| digests.id_of_engine(&Text::from(id.as_str()), &image.id));
            match now {
                Some(now) => id = now.to_string(),
                // Another image may have the tag by now.
                None => said.stdout.clear(),
            }
        }
        // The id is the report: it comes first.
        context.hand_over(IMAGE_ID, id.into_bytes());
        if let Some(metadata) = metadata {
            context.hand_over(engine::METADATA, metadata.into_bytes());
        }
        self.hand_over_platform(context, &said);
        Ok(())
    }
}

impl FetchOrBuild {
    /// No more than the platform: the rest of an image's configuration may hold secrets.
    fn hand_over_platform(&self, context: &mut dyn StepContext, answer: &Output) {
        if let Some(platform) = Platform::inspected(&answer.stdout) {
            context.hand_over(PLATFORM, platform.to_string().into_bytes());
        }
    }
}

/// What an engine says of an image: `docker image inspect` and podman's (a list), `buildah inspect`.
pub(super) struct Inspected {
    /// With its algorithm.
    pub id: String,
    revision: Option<String>,
}

impl Inspected {
    pub(super) fn read(answer: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Answer {
            List(Vec<Listed>),
            Buildah {
                #[serde(rename = "FromImageID")]
                id: String,
                #[serde(rename = "OCIv1")]
                image: Configured,
            },
        }
        #[derive(Deserialize)]
        struct Listed {
            #[serde(rename = "Id")]
            id: String,
            #[serde(rename = "Config")]
            config: Option<Config>,
        }
        #[derive(Deserialize)]
        struct Configured {
            config: Option<Config>,
        }
        #[derive(Deserialize)]
        struct Config {
            #[serde(rename = "Labels")]
            labels: Option<std::collections::BTreeMap<String, String>>,
        }
        let (id, config) = match json::read::<Answer>(answer, "answer of the engine").ok()? {
            Answer::List(list) => list.into_iter().next().map(|image| (image.id, image.config))?,
            Answer::Buildah { id, image } => (id, image.config),
        };
        let revision = config.and_then(|config| config.labels?.remove(REVISION));
        let digits = id.strip_prefix("sha256:").unwrap_or(&id);
        Some(Self { id: format!("sha256:{digits}"), revision })
    }
}
