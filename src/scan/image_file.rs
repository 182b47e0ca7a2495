//! An image in a file: an archive of `docker save`, or a folder in the OCI image layout.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::scan::parsed::Unplanned;
use crate::text::hash::is_sha256;

/// The largest index that is read.
const MOST: u64 = 4 << 20;
/// How deep an index may hold another.
const DEEPEST: usize = 4;

/// What kind of file holds an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImageFile {
    /// An archive of `docker save` or `podman save`. It may not be there yet: a gate may write it.
    Archive,
    /// A folder with `oci-layout` and `index.json` (OCI image specification, `image-layout.md`).
    Layout,
}

impl ImageFile {
    /// What is at this path. `shown`: the path in messages.
    ///
    /// # Errors
    /// If it is a folder from which scanners would take one of several images, and pass the others by.
    pub(crate) fn at(path: &Path, shown: &str) -> Result<Self, Unplanned> {
        if !path.is_dir() {
            return Ok(Self::Archive);
        }
        let wrong = |why: String| Unplanned::Impossible(format!("{shown} {why}"));
        if !path.join("oci-layout").is_file() {
            return Err(wrong(
                "is a folder, and not in the OCI image layout: it has no oci-layout".to_owned(),
            ));
        }
        let mut images = BTreeSet::new();
        gather(path, &path.join("index.json"), DEEPEST, &mut images)
            .map_err(|why| wrong(format!("can't be read: {why}")))?;
        match images.len() {
            1 => Ok(Self::Layout),
            0 => Err(wrong("has no image".to_owned())),
            n => {
                let names: Vec<String> = images.into_iter().collect();
                Err(wrong(format!(
                    "has {n} images ({}), and a scanner looks at one of them: give it an archive of each (`skopeo copy --override-arch … oci:… docker-archive:…`)",
                    names.join(", ")
                )))
            }
        }
    }
}

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: Option<String>,
    digest: String,
    platform: Option<Platform>,
    artifact_type: Option<String>,
}

#[derive(Deserialize)]
struct Platform {
    os: String,
    architecture: String,
}

/// Adds the images of an index, each by its platform and the beginning of its digest. What is attached to an image (an attestation of BuildKit,
/// whose platform is unknown) is none.
fn gather(layout: &Path, index: &Path, depth: usize, images: &mut BTreeSet<String>) -> Result<(), String> {
    let size = fs::metadata(index).map_err(|error| error.to_string())?.len();
    if size > MOST || depth == 0 {
        return Err("its index is too large, or too deep".to_owned());
    }
    let bytes = fs::read(index).map_err(|error| error.to_string())?;
    let index: Index = serde_json::from_slice(&bytes).map_err(|error| format!("its index: {error}"))?;
    for Descriptor { media_type, digest, platform, artifact_type } in index.manifests {
        let digits = digest.strip_prefix("sha256:").filter(|digits| is_sha256(digits));
        let digits = digits.ok_or_else(|| "its index names a manifest by no sha256 digest".to_owned())?;
        let media_type = media_type.unwrap_or_default();
        if media_type.ends_with("image.index.v1+json") || media_type.ends_with("manifest.list.v2+json") {
            gather(layout, &layout.join("blobs/sha256").join(digits), depth - 1, images)?;
        } else if artifact_type.is_none() && platform.as_ref().is_none_or(|platform| platform.os != "unknown")
        {
            let platform = platform.map(|platform| format!("{}/{} ", platform.os, platform.architecture));
            images.insert(format!("{}{}", platform.unwrap_or_default(), &digits[..12]));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `buildah manifest push --all mp oci:layout` writes it: an index in an index.
    #[test]
    fn a_layout_with_several_images_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let say = |path: &Path| match ImageFile::at(path, "layout") {
            Err(Unplanned::Impossible(why)) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(ImageFile::at(&at.join("image.tar"), "x"), Ok(ImageFile::Archive));
        assert!(say(at).contains("it has no oci-layout"));
        fs::write(at.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).unwrap();
        assert!(say(at).contains("can't be read"));
        let digest = |c: char| c.to_string().repeat(64);
        let index = format!(
            r#"{{"schemaVersion": 2, "manifests": [{{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:{}", "size": 1}}]}}"#,
            digest('a')
        );
        fs::write(at.join("index.json"), index).unwrap();
        let manifest = |c: char, os: &str, architecture: &str| {
            format!(
                r#"{{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:{}", "size": 1, "platform": {{"os": "{os}", "architecture": "{architecture}"}}}}"#,
                digest(c)
            )
        };
        fs::create_dir_all(at.join("blobs/sha256")).unwrap();
        let write = |manifests: &[String]| {
            let index = format!(r#"{{"manifests": [{}]}}"#, manifests.join(","));
            fs::write(at.join("blobs/sha256").join(digest('a')), index).unwrap();
        };
        let attestation = manifest('d', "unknown", "unknown");
        write(&[manifest('b', "linux", "amd64"), attestation]);
        assert_eq!(ImageFile::at(at, "layout"), Ok(ImageFile::Layout));
        write(&[manifest('b', "linux", "amd64"), manifest('c', "linux", "arm64")]);
        let why = say(at);
        assert!(why.contains("has 2 images (linux/amd64 bbbbbbbbbbbb, linux/arm64 cccccccccccc)"), "{why}");
        write(&[]);
        assert!(say(at).contains("has no image"));
        fs::write(at.join("index.json"), "{").unwrap();
        assert!(say(at).contains("can't be read"));
    }
}
