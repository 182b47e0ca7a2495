//! The images of an OCI image layout, in a folder or in an archive (OCI image specification, `image-layout.md`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::scan::platform::Platform;
use crate::text::hash::{is_sha256, sha256, sha256_file};

use super::tar::Tar;

/// The largest document that is read.
const MOST: u64 = 4 << 20;
/// How deep an index may hold another.
const DEEPEST: usize = 4;
/// What a configuration of an image is called; others are of signatures, charts, documents.
const IMAGE_CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
/// BuildKit's mark of what is attached to an image (`docs/attestations/attestation-storage.md`).
const ATTACHED: (&str, &str) = ("vnd.docker.reference.type", "attestation-manifest");
/// What the layers of such a manifest are.
const STATEMENT: &str = "application/vnd.in-toto+json";

/// Where a layout is.
#[derive(Debug)]
pub(super) enum Layout {
    Folder(PathBuf),
    Archive(Tar),
}

/// One image of a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Its platform, with the beginning of its digest where several have the same.
    pub name: String,
    pub descriptor: Descriptor,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    #[serde(default)]
    schema_version: u8,
    manifests: Vec<Descriptor>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    digest: String,
    #[serde(default)]
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Of>,
    #[serde(skip_serializing)]
    artifact_type: Option<String>,
    #[serde(skip_serializing, default)]
    annotations: BTreeMap<String, String>,
}

/// Also what a configuration says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Of {
    os: String,
    architecture: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
}

#[derive(Deserialize)]
struct Manifest {
    config: Descriptor,
    layers: Vec<Descriptor>,
}

impl Layout {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        let read = match self {
            Self::Folder(folder) => {
                let file = folder.join(name);
                match fs::metadata(&file) {
                    Ok(meta) if meta.len() > MOST || !meta.is_file() => {
                        return Err(format!("{name} is too large"));
                    }
                    Ok(_) => fs::read(file),
                    Err(error) => Err(error),
                }
            }
            Self::Archive(tar) => tar.read(name, MOST),
        };
        read.map_err(|error| format!("{name}: {error}"))
    }

    /// A document by its digest, if it is the one that the digest names.
    fn document<T: for<'de> Deserialize<'de>>(&self, digest: &str) -> Result<T, String> {
        let bytes = self.read(&blob(digest)?)?;
        same(digest, &sha256(&bytes))?;
        serde_json::from_slice(&bytes).map_err(|error| format!("{digest}: {error}"))
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Folder(folder) => folder.join(name).exists(),
            Self::Archive(tar) => tar.has(name),
        }
    }

    /// The digest of an image's configuration, if its manifest is there.
    pub(super) fn config_of(&self, image: &Found) -> Option<String> {
        let manifest: Manifest = self.document(&image.descriptor.digest).ok()?;
        Some(manifest.config.digest)
    }

    /// Looks whether each part of an image is what its digest says: scanners do not, and engines do.
    ///
    /// # Errors
    /// If a part is missing, or another one.
    pub(super) fn verify(&self, image: &Descriptor) -> Result<(), String> {
        let manifest: Manifest = self.document(&image.digest)?;
        std::iter::once(&manifest.config).chain(&manifest.layers).try_for_each(|part| {
            let name = blob(&part.digest)?;
            let digits = match self {
                Self::Folder(folder) => sha256_file(&folder.join(&name)),
                Self::Archive(tar) => tar.sha256(&name),
            };
            same(&part.digest, &digits.map_err(|error| format!("{name}: {error}"))?)
        })
    }

    /// Every image. What is attached to one (an attestation, a signature) is none.
    ///
    /// # Errors
    /// If an index can't be read.
    pub(super) fn images(&self) -> Result<Vec<Found>, String> {
        let bytes = self.read("index.json")?;
        let index: Index = serde_json::from_slice(&bytes).map_err(|error| format!("its index: {error}"))?;
        let mut all = Vec::new();
        self.gather(index, DEEPEST, &mut all)?;
        let mut seen = BTreeSet::new();
        // Two tags may name one image.
        all.retain(|descriptor: &Descriptor| seen.insert(descriptor.digest.clone()));
        let names: Vec<String> = all.iter().map(|descriptor| self.platform_of(descriptor)).collect();
        let repeated = |name: &str| names.iter().filter(|other| *other == name).count() > 1;
        let found = all.into_iter().zip(&names).map(|(descriptor, name)| {
            let name = match repeated(name) {
                true => format!(
                    "{name} {}",
                    descriptor.digest.chars().skip("sha256:".len()).take(12).collect::<String>()
                ),
                false => name.clone(),
            };
            Found { name, descriptor }
        });
        Ok(found.collect())
    }

    fn gather(&self, index: Index, depth: usize, all: &mut Vec<Descriptor>) -> Result<(), String> {
        for descriptor in index.manifests {
            blob(&descriptor.digest)?;
            let media_type = descriptor.media_type.as_deref().unwrap_or_default();
            if media_type.ends_with("image.index.v1+json") || media_type.ends_with("manifest.list.v2+json") {
                if depth == 0 {
                    return Err("its index is too deep".to_owned());
                }
                let inner: Index = self.document(&descriptor.digest)?;
                self.gather(inner, depth - 1, all)?;
            } else if !self.is_attached(&descriptor) {
                all.push(descriptor);
            }
        }
        Ok(())
    }

    /// Whether it is no image. What can't be read may be one.
    fn is_attached(&self, descriptor: &Descriptor) -> bool {
        let platform = descriptor.platform.clone().map(Of::platform);
        let marked = descriptor.annotations.get(ATTACHED.0).is_some_and(|mark| mark == ATTACHED.1);
        let manifest = || self.document::<Manifest>(&descriptor.digest).ok();
        if marked && platform.as_ref().is_some_and(Platform::is_unknown) {
            // Engines do not fetch what is attached, so `docker save` may name it without having it.
            let is_there = blob(&descriptor.digest).is_ok_and(|name| self.has(&name));
            let states = |layer: &Descriptor| layer.media_type.as_deref() == Some(STATEMENT);
            return !is_there || manifest().is_some_and(|manifest| manifest.layers.iter().all(states));
        }
        let other = |manifest: Manifest| {
            manifest.config.media_type.is_some_and(|of| !IMAGE_CONFIGS.contains(&of.as_str()))
        };
        platform.is_none() && manifest().is_some_and(other)
    }

    /// What it calls the platform of an image, or what the image itself does.
    fn platform_of(&self, descriptor: &Descriptor) -> String {
        let own = || {
            let manifest: Manifest = self.document(&descriptor.digest).ok()?;
            self.document::<Of>(&manifest.config.digest).ok()
        };
        let of = descriptor.platform.clone().or_else(own);
        of.map_or_else(|| "unknown".to_owned(), |of| of.platform().to_string())
    }

    /// Makes a layout of one image in a new folder.
    ///
    /// # Errors
    /// If a part of the image is missing or another one, or can't be written.
    pub(super) fn split(&self, image: &Descriptor, folder: &Path) -> Result<(), String> {
        self.verify(image)?;
        let unwritten = |error: std::io::Error| format!("a folder of one image can't be written: {error}");
        fs::create_dir_all(folder).map_err(unwritten)?;
        match self {
            Self::Folder(from) => {
                std::os::unix::fs::symlink(from.join("blobs"), folder.join("blobs")).map_err(unwritten)?;
            }
            Self::Archive(tar) => {
                let manifest: Manifest = self.document(&image.digest)?;
                fs::create_dir_all(folder.join("blobs/sha256")).map_err(unwritten)?;
                for part in [image, &manifest.config].into_iter().chain(&manifest.layers) {
                    let name = blob(&part.digest)?;
                    tar.extract(&name, &folder.join(&name)).map_err(|error| format!("{name}: {error}"))?;
                }
            }
        }
        let index = Index { schema_version: 2, manifests: vec![image.clone()] };
        let index = serde_json::to_vec(&index).unwrap_or_default();
        fs::write(folder.join("index.json"), index).map_err(unwritten)?;
        fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).map_err(unwritten)
    }
}

impl Of {
    fn platform(self) -> Platform {
        Platform::of(self.os, self.architecture, self.variant)
    }
}

/// Whether content with this SHA-256 is what the digest names.
fn same(digest: &str, digits: &str) -> Result<(), String> {
    match digest.strip_prefix("sha256:").is_some_and(|named| named.eq_ignore_ascii_case(digits)) {
        true => Ok(()),
        false => Err(format!("{digest} is not what lies under this digest")),
    }
}

/// The file of a digest.
fn blob(digest: &str) -> Result<String, String> {
    let digits = digest.strip_prefix("sha256:").filter(|digits| is_sha256(digits));
    let digits = digits.ok_or_else(|| "it names a part by no sha256 digest".to_owned())?;
    Ok(format!("blobs/sha256/{digits}"))
}
