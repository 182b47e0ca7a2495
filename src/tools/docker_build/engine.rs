//! The engines that build images: Docker with or without BuildKit, podman, buildah.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::formats::json;
use crate::scan::container_engine::ContainerEngine;
use crate::scan::job::Job;
use crate::scan::questions::{About, ClosingQuestion};
use crate::text::hash::is_sha256;
use crate::text::shared::Text;

/// What differs in how the engines build.
pub(super) trait Builder {
    /// Flags that make it behave like the others.
    fn flags(self) -> &'static [&'static str];

    /// Pulls newer base images. For podman 4 and buildah, `--pull` alone pulls only missing images.
    fn pull(self) -> &'static str;

    /// Asks Docker's command line which builder it has. With the variable, version 23 or later fails if
    /// it has no buildx. Older versions need the variable.
    fn question(self, program: &Path) -> Option<Vec<String>>;

    /// Asks what it knows of an image; the id follows.
    fn inspect(self) -> &'static [&'static str];
}

impl Builder for ContainerEngine {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Docker | Self::Podman => &[],
            // Without this flag it caches nothing.
            Self::Buildah => &["--layers"],
        }
    }

    fn pull(self) -> &'static str {
        match self {
            Self::Docker => "--pull",
            Self::Podman => "--pull=always",
            Self::Buildah => "--pull-always",
        }
    }

    fn question(self, program: &Path) -> Option<Vec<String>> {
        let program = program.to_str().filter(|_| self == Self::Docker)?;
        Some(["env", "DOCKER_BUILDKIT=1", program, "build", "--help"].map(str::to_owned).into())
    }

    fn inspect(self) -> &'static [&'static str] {
        match self {
            Self::Docker | Self::Podman => &["image", "inspect"],
            Self::Buildah => &["inspect", "--type", "image"],
        }
    }
}

/// The name of the document with what the engine says of the image.
pub(super) const INSPECTED: &str = "inspected.json";

/// Whether it is known that a step for one platform is not taken from the cache of another. The classic builder of Docker 20.10, podman 4.3
/// and buildah 1.28 do that: the image for `linux/arm64` is then the one for `linux/amd64`.
pub(super) fn caches_by_platform(engine: ContainerEngine, var: impl Fn(&str) -> Option<String>) -> bool {
    engine == ContainerEngine::Docker && var("DOCKER_BUILDKIT").as_deref() == Some("1")
}

/// The file in which BuildKit says more about the image (buildx `docs/reference/buildx_build.md`,
/// `--metadata-file`).
pub(super) const METADATA: &str = "metadata.json";

/// Uses BuildKit if Docker has it, according to the help of `docker build`. Without an answer
/// Docker's own choice stays.
pub(super) fn prepare(job: &mut Job, help: Option<&str>) {
    let Some(help) = help else { return };
    job.env("DOCKER_BUILDKIT", "1");
    if help.contains("--metadata-file") {
        let file = job.scratch_file(METADATA);
        job.options(["--metadata-file", &file]);
        // With containerd's image store, what `--iidfile` names need not be what the engine calls the image.
        job.closing_questions.retain(|question| question.name != INSPECTED);
        if let Some(reference) = job.image.clone() {
            let args = ContainerEngine::Docker.inspect().iter().map(|&arg| arg.to_owned()).collect();
            job.closing_questions.push(ClosingQuestion {
                name: INSPECTED,
                args,
                about: About::Name(reference),
            });
        }
    }
}

/// What BuildKit says of the image besides its id.
pub(super) struct Digests {
    /// The digest of the image's manifest. Without the containerd image store there is no manifest
    /// before a push, and BuildKit repeats the image id.
    pub manifest: Option<Text>,
    /// The digest of its configuration, by which scanners know an image. With the containerd image store it is not the image id.
    pub config: Option<Text>,
}

impl Digests {
    /// What the engine calls the image, where `--iidfile` has the digest of its configuration (buildx before
    /// `prefer-image-digest` for Docker's own driver) and the engine has containerd's image store, which knows images by their
    /// manifest or index alone (moby `daemon/containerd/image.go`). `now`: the id of what has the image's tag now; another
    /// image than the one that was built may have it.
    pub(super) fn id_of_engine(&self, iid: &Text, now: &str) -> Option<Text> {
        let built = self.config.as_ref().is_none_or(|config| config == iid);
        self.manifest.clone().filter(|manifest| built && manifest != iid && **manifest == *now)
    }
}

/// The digests in BuildKit's metadata.
pub(super) fn digests(metadata: &[u8]) -> Digests {
    let metadata: Metadata = json::read(metadata, "metadata of the build").unwrap_or_default();
    let manifest = metadata.digest.filter(|digest| Some(digest) != metadata.config.as_ref());
    let digest = |text: String| {
        let digits = text.strip_prefix("sha256:")?;
        is_sha256(digits).then(|| Text::from(text.as_str()))
    };
    Digests { manifest: manifest.and_then(digest), config: metadata.config.and_then(digest) }
}

/// The same document for an image that was fetched, as its registry knows it.
pub(super) fn metadata_of(digest: &str, config: Option<&str>) -> Vec<u8> {
    let metadata = Metadata { digest: Some(digest.to_owned()), config: config.map(str::to_owned) };
    serde_json::to_vec(&metadata).unwrap_or_default()
}

#[derive(Default, Serialize, Deserialize)]
struct Metadata {
    #[serde(rename = "containerimage.digest")]
    digest: Option<String>,
    #[serde(rename = "containerimage.config.digest")]
    config: Option<String>,
}
