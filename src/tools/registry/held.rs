//! What a registry holds under a tag: the manifest of one image, or an index of several (OCI image specification, `manifest.md` and
//! `image-index.md`; Docker's "Image Manifest V 2, Schema 2").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::scan::platform::Platform;
use crate::text::hash::sha256;

use super::address::is_digest;

pub(in crate::tools) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(in crate::tools) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub(in crate::tools) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(in crate::tools) const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// BuildKit's mark of what is attached to an image (`docs/attestations/attestation-storage.md`).
const ATTACHED: (&str, &str) = ("vnd.docker.reference.type", "attestation-manifest");

/// What a registry holds under a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::tools) struct Held {
    /// The digest of the manifest, which is the registry's name for the image.
    pub digest: String,
    /// The digest of the image's configuration, which names every layer by its content. An index of
    /// several images has no configuration.
    pub config: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub media_type: String,
    /// Of the manifest, in bytes.
    #[serde(default)]
    pub size: u64,
    /// What it names, if it is an index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<Listed>,
}

/// One manifest that an index names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::tools) struct Listed {
    pub digest: String,
    /// The digest of its image's configuration, once the registry was asked for the manifest.
    pub config: Option<String>,
    /// `linux/arm64`
    pub platform: Option<String>,
    /// What BuildKit attaches to an image. No engine runs it.
    #[serde(default)]
    pub attached: bool,
    #[serde(default)]
    pub media_type: String,
    #[serde(default)]
    pub size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    media_type: Option<String>,
    config: Option<Descriptor>,
    manifests: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    digest: String,
    media_type: Option<String>,
    size: Option<u64>,
    platform: Option<Of>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Of {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Held {
    /// Reads a manifest. Its digest is calculated from its bytes, not taken from the answer.
    pub(in crate::tools) fn read(manifest: &[u8]) -> Result<Self, String> {
        let read: Manifest =
            serde_json::from_slice(manifest).map_err(|error| format!("not a manifest: {error}"))?;
        if read.config.is_none() && read.manifests.is_none() {
            return Err("a manifest that names neither a configuration nor other manifests".to_owned());
        }
        let digests = read.manifests.iter().flatten().chain(&read.config).map(|part| &part.digest);
        if let Some(digest) = digests.into_iter().find(|digest| !is_digest(digest)) {
            return Err(format!("{digest:?} is not a digest"));
        }
        // Only OCI leaves the type out.
        let usual = if read.manifests.is_some() { OCI_INDEX } else { OCI_MANIFEST };
        Ok(Self {
            digest: format!("sha256:{}", sha256(manifest)),
            config: read.config.map(|config| config.digest),
            media_type: read.media_type.unwrap_or_else(|| usual.to_owned()),
            size: manifest.len() as u64,
            listed: read.manifests.into_iter().flatten().map(Listed::of).collect(),
        })
    }

    /// The id that people would search for.
    pub(in crate::tools) fn id(&self) -> &str {
        self.config.as_deref().unwrap_or(&self.digest)
    }

    /// The images of an index.
    pub(in crate::tools) fn images(&self) -> impl Iterator<Item = &Listed> {
        self.listed.iter().filter(|listed| !listed.attached)
    }
}

impl Listed {
    fn of(descriptor: Descriptor) -> Self {
        let platform = descriptor.platform.map(|of| Platform::of(of.os, of.architecture, of.variant));
        let marks = descriptor.annotations.unwrap_or_default();
        let marked = marks.get(ATTACHED.0).is_some_and(|mark| mark == ATTACHED.1);
        Self {
            digest: descriptor.digest,
            config: None,
            attached: marked && platform.as_ref().is_some_and(Platform::is_unknown),
            platform: platform.map(|platform| platform.to_string()),
            media_type: descriptor.media_type.unwrap_or_default(),
            size: descriptor.size.unwrap_or_default(),
        }
    }
}

/// The digests that can name one image: Docker's own image store uses the configuration's digest,
/// containerd's store that of the manifest or index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::tools) struct Names {
    /// The engine's id of it.
    pub id: String,
    /// A second id that the build reports.
    pub also: Option<String>,
}

impl Names {
    fn name(&self, digest: &str, config: Option<&str>) -> bool {
        let mut names = [Some(&self.id), self.also.as_ref()].into_iter().flatten();
        names.any(|name| config == Some(name) || digest == *name)
    }

    /// Whether an index names this very image.
    pub(in crate::tools) fn are_of_listed(&self, listed: &Listed) -> bool {
        !listed.attached && self.name(&listed.digest, listed.config.as_deref())
    }

    /// The digest of this image in what the registry holds: the manifest itself, or one that the index names.
    pub(in crate::tools) fn digest_in<'h>(&self, held: &'h Held) -> Option<&'h str> {
        if self.name(&held.digest, held.config.as_deref()) {
            return Some(&held.digest);
        }
        held.images().find(|listed| self.are_of_listed(listed)).map(|listed| listed.digest.as_str())
    }

    /// Whether the registry holds this image, alone or among others.
    pub(in crate::tools) fn are_of(&self, held: &Held) -> bool {
        self.digest_in(held).is_some()
    }

    /// Whether the registry holds no other image there.
    pub(in crate::tools) fn are_all_of(&self, held: &Held) -> bool {
        self.are_of(held)
            && (self.name(&held.digest, held.config.as_deref())
                || held.images().all(|listed| self.are_of_listed(listed)))
    }
}
