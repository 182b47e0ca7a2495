//! An image that an earlier run of the same commit has pushed: it is fetched instead of built again, since a second build
//! may be another image, and the commit's tag is taken.

use std::sync::Arc;

use serde::Deserialize;
use tokio::sync::Mutex;

use crate::formats::json;
use crate::scan::platform::Platform;
use crate::scan::procedure::{Failure, Procedure, StepContext, Steps, read_text};
use crate::scan::step::{Output, Step};

use super::origin::REVISION;
use super::{IMAGE_ID, engine, log};

/// The name of the document that says where the image was fetched.
pub(super) const FETCHED: &str = "fetched";

/// The name of the document that says for which platform it was built.
pub(super) const PLATFORM: &str = "platform";

/// Whose turn it is to pull.
pub(super) type Turns = Arc<Mutex<()>>;

/// Fetches the image of this commit, or builds it if there is none.
#[derive(Clone, Debug)]
pub(super) struct FetchOrBuild {
    /// `ghcr.io/team/notes-backend:3f2a91c4d5e6`. Of one platform of several first the tag of its own: a push that broke off has left no
    /// index.
    pub remotes: Vec<String>,
    /// What it is called on this machine.
    pub reference: String,
    /// The whole commit, which its label must name.
    pub revision: String,
    pub platform: Option<String>,
    /// One platform after another: what is pulled has the same name on this machine.
    pub turns: Turns,
    /// How the engine pulls an image; its name follows.
    pub pull: &'static [&'static str],
    /// What the engine says of an image; the id follows.
    pub inspect: &'static [&'static str],
}

impl Procedure for FetchOrBuild {
    fn carry_out<'a>(&'a self, context: &'a mut dyn StepContext) -> Steps<'a> {
        Box::pin(async move {
            let program = context.program().to_owned();
            let turn = self.turns.lock().await;
            for remote in &self.remotes {
                context.tell(format!("asking for {remote}"));
                let mut args: Vec<String> = self.pull.iter().map(|&arg| arg.to_owned()).collect();
                args.extend(
                    self.platform.iter().flat_map(|platform| ["--platform".to_owned(), platform.clone()]),
                );
                args.push(remote.clone());
                let pulled = context.run(Step::new(&program, args)).await?;
                if pulled.success() {
                    return self.take(context, &program, remote).await;
                }
                if !is_absent(&pulled) {
                    let why = pulled.error_line();
                    return Err(Failure::Unproven(format!(
                        "it is not known whether {remote} is there already: {why} (sign in with `{program} login`, or leave `fetch` out)"
                    )));
                }
            }
            drop(turn);
            self.build(context).await
        })
    }
}

impl FetchOrBuild {
    /// Takes the image that is there, if it is of this commit.
    async fn take(&self, context: &mut dyn StepContext, program: &str, remote: &str) -> Result<(), Failure> {
        let args = self.inspect.iter().map(|&arg| arg.to_owned()).chain([remote.to_owned()]);
        let answer = context.run(Step::new(program, args).prints_report()).await?;
        let image = Inspected::read(&answer.stdout)
            .filter(|_| answer.success())
            .ok_or_else(|| Failure::Unproven(format!("{program} does not say what {remote} is")))?;
        if image.revision.as_deref() != Some(&self.revision) {
            let label = image
                .revision
                .map_or("no label of a revision".to_owned(), |label| format!("the label {label}"));
            return Err(Failure::Unproven(format!(
                "{remote} has {label}, and this is {}: remove it from the registry, or leave `fetch` out",
                self.revision
            )));
        }
        let tagged = context.run(Step::new(program, ["tag", remote, &self.reference])).await?;
        if !tagged.success() {
            return Err(Failure::Unproven(format!(
                "{} can't be tagged: {}",
                self.reference,
                tagged.error_line()
            )));
        }
        context.hand_over(IMAGE_ID, image.id.into_bytes());
        self.hand_over_platform(context, &answer);
        context.hand_over(FETCHED, remote.as_bytes().to_vec());
        Ok(())
    }

    async fn build(&self, context: &mut dyn StepContext) -> Result<(), Failure> {
        let chief = context.chief();
        let built = context.run(chief).await?;
        if !built.success() {
            let text = built.stderr_text();
            let why =
                log::cause(&text).or_else(|| log::last_lines(&text)).unwrap_or_else(|| built.error_line());
            return Err(Failure::Unproven(format!(
                "exit code {}: the image was not built: {why}",
                built.code
            )));
        }
        let folder = context.scratch();
        let id = read_text(&folder.join(IMAGE_ID), "the id of the image")?;
        context.hand_over(IMAGE_ID, id.trim().as_bytes().to_vec());
        if let Ok(metadata) = read_text(&folder.join(engine::METADATA), engine::METADATA) {
            context.hand_over(engine::METADATA, metadata.into_bytes());
        }
        if self.platform.is_some() {
            let program = context.program().to_owned();
            let args = self.inspect.iter().map(|&arg| arg.to_owned()).chain([id.trim().to_owned()]);
            let answer = context.run(Step::new(&program, args).prints_report()).await?;
            self.hand_over_platform(context, &answer);
        }
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

/// Whether the registry answered that it has no such image (OCI distribution specification: MANIFEST_UNKNOWN, NAME_UNKNOWN), in the
/// words of the engines.
fn is_absent(pulled: &Output) -> bool {
    let said = pulled.stderr_text().to_ascii_lowercase();
    ["manifest unknown", "name unknown", "manifest_unknown", "name_unknown"]
        .iter()
        .any(|words| said.contains(words))
}

/// What an engine says of an image: `docker image inspect` and podman's (a list), `buildah inspect`.
struct Inspected {
    id: String,
    revision: Option<String>,
}

impl Inspected {
    fn read(answer: &[u8]) -> Option<Self> {
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
