//! The engines that build images and hand them out: Docker, podman, buildah.

use serde::Serialize;

/// A program that builds images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ContainerEngine {
    Docker,
    Podman,
    Buildah,
}

impl ContainerEngine {
    /// The words for it in gates.toml.
    pub(crate) const WORDS: [(&str, Self); 3] =
        [("docker", Self::Docker), ("podman", Self::Podman), ("buildah", Self::Buildah)];

    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Buildah => "buildah",
        }
    }

    /// The arguments that write one image to a file that does not exist yet, in the format of `docker save`. Without compression:
    /// it is read at once, and by programs on the same machine.
    pub(crate) fn export(self, image: &str, file: &str) -> Vec<String> {
        // Podman and Buildah write ids without their algorithm.
        let plain = image.strip_prefix("sha256:").unwrap_or(image);
        let archive = format!("docker-archive:{file}");
        let args: &[&str] = match self {
            Self::Docker => &["save", "--output", file, image],
            Self::Podman => &["save", "--quiet", "--format", "docker-archive", "--output", file, plain],
            Self::Buildah => &["push", "--quiet", plain, &archive],
        };
        args.iter().map(|&arg| arg.to_owned()).collect()
    }
}
