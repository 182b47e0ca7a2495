//! What builds: Docker with BuildKit or without, podman, buildah.

use std::path::Path;

use serde::Deserialize;

use crate::formats::json;
use crate::scan::job::Job;
use crate::text::hash::is_sha256;
use crate::text::shared::Text;

/// The programs that know `build`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// Flags without which it would not do what the others do.
    pub(super) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Docker | Self::Podman => &[],
            // Else it caches nothing.
            Self::Buildah => &["--layers"],
        }
    }

    /// Pulls newer base images: `--pull` alone means "where there is none" to podman 4 and buildah.
    pub(super) fn pull(self) -> &'static str {
        match self {
            Self::Docker => "--pull",
            Self::Podman => "--pull=always",
            Self::Buildah => "--pull-always",
        }
    }

    /// Docker's command line tells what it would build with: the variable is an error to one of
    /// version 23 or later that has no buildx, and older ones need it.
    pub(super) fn question(self, program: &Path) -> Option<Vec<String>> {
        let program = program.to_str().filter(|_| self == Self::Docker)?;
        Some(["env", "DOCKER_BUILDKIT=1", program, "build", "--help"].map(str::to_owned).into())
    }
}

/// The file in which BuildKit says more of the image (buildx `docs/reference/buildx_build.md`,
/// `--metadata-file`).
pub(super) const METADATA: &str = "metadata.json";

/// Takes BuildKit where Docker has it, going by the help of `docker build`; without an answer
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
/// before a push, and what stands here is the image id again.
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
