//! The engines that build images: Docker with or without BuildKit, podman, buildah.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::formats::json;
use crate::scan::job::Job;
use crate::text::hash::is_sha256;
use crate::text::shared::Text;

/// The programs that have a `build` command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Engine {
    Docker,
    Podman,
    Buildah,
}

impl Engine {
    pub(super) const WORDS: [(&str, Self); 3] =
        [("docker", Self::Docker), ("podman", Self::Podman), ("buildah", Self::Buildah)];

    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Buildah => "buildah",
        }
    }

    /// Flags that make it behave like the others.
    pub(super) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Docker | Self::Podman => &[],
            // Without this flag it caches nothing.
            Self::Buildah => &["--layers"],
        }
    }

    /// Pulls newer base images. For podman 4 and buildah, `--pull` alone pulls only missing images.
    pub(super) fn pull(self) -> &'static str {
        match self {
            Self::Docker => "--pull",
            Self::Podman => "--pull=always",
            Self::Buildah => "--pull-always",
        }
    }

    /// Asks Docker's command line which builder it has. With the variable, version 23 or later fails if
    /// it has no buildx. Older versions need the variable.
    pub(super) fn question(self, program: &Path) -> Option<Vec<String>> {
        let program = program.to_str().filter(|_| self == Self::Docker)?;
        Some(["env", "DOCKER_BUILDKIT=1", program, "build", "--help"].map(str::to_owned).into())
    }
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
    }
}

/// The digest of the image's manifest. Without the containerd image store there is no manifest
/// before a push, and this field repeats the image id.
pub(super) fn digest(metadata: &[u8]) -> Option<Text> {
    let metadata: Metadata = json::read(metadata, "metadata of the build").ok()?;
    let digest = metadata.digest.filter(|digest| Some(digest) != metadata.config.as_ref())?;
    let digits = digest.strip_prefix("sha256:")?;
    is_sha256(digits).then(|| Text::from(digest))
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "containerimage.digest")]
    digest: Option<String>,
    #[serde(rename = "containerimage.config.digest")]
    config: Option<String>,
}
