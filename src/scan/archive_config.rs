//! Which configuration belongs to the image of an archive. With containerd's image store an engine names an image by the digest of
//! its manifest or index (moby `daemon/containerd/image_inspect.go`), and scanners name what they read in its archive by the
//! digest of the configuration. The archive has all three, each under its own digest, so it shows that they are one image.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::text::hash::{is_sha256, sha256};

/// The largest manifest or index that is read.
const MOST: u64 = 4 << 20;
/// How deep an index may hold another.
const DEEPEST: usize = 4;
/// A block of a tar file (POSIX.1-1988, ustar).
const BLOCK: u64 = 512;

/// The digest of the configuration of the image with this id, if this archive of `docker save` is of that image and no other; `None`:
/// it does not show that. The classic image store, in which the id is that digest, writes no such proof in older versions.
pub(crate) fn configuration_of(archive: &Path, id: &str) -> Option<String> {
    let mut members = Members::read(archive).ok()?;
    let index: Manifest = members.json("index.json")?;
    let [target] = index.manifests.as_deref()? else { return None };
    if target.digest != id {
        return None;
    }
    let saved: Vec<Saved> = members.json("manifest.json")?;
    let [Saved { config }] = &saved[..] else { return None };
    let digits = config.strip_prefix("blobs/sha256/").or(config.strip_suffix(".json"))?;
    let config = format!("sha256:{digits}");
    (is_sha256(digits) && members.leads_to(id, &config, DEEPEST)).then_some(config)
}

/// A manifest or an index (OCI image specification, `manifest.md`, `image-index.md`).
#[derive(Deserialize)]
struct Manifest {
    config: Option<Descriptor>,
    manifests: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
}

/// An image in `manifest.json`, which scanners read (Docker image specification 1.2).
#[derive(Deserialize)]
struct Saved {
    #[serde(rename = "Config")]
    config: String,
}

/// The members of a tar file, by name: where each begins, and how long it is.
struct Members {
    file: File,
    places: HashMap<String, (u64, u64)>,
}

impl Members {
    fn read(archive: &Path) -> io::Result<Self> {
        let mut file = File::open(archive)?;
        let end = file.metadata()?.len();
        let (mut places, mut at, mut announced) = (HashMap::new(), 0, None);
        let mut header = [0_u8; BLOCK as usize];
        while at + BLOCK <= end {
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut header)?;
            let Some(name) = field(&header[..100]).filter(|name| !name.is_empty()) else { break };
            let written = field(&header[124..136]).and_then(|size| u64::from_str_radix(size.trim(), 8).ok());
            let size =
                announced.take().or(written).ok_or_else(|| io::Error::other("a size can't be read"))?;
            match header[156] {
                // The next member is larger than the field for its size.
                b'x' => {
                    let mut text = String::new();
                    (&file).take(size.min(MOST)).read_to_string(&mut text)?;
                    announced =
                        text.split_once(" size=").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
                }
                b'0' | 0 => drop(places.insert(name.to_owned(), (at + BLOCK, size))),
                _ => {}
            }
            at = at.saturating_add(BLOCK).saturating_add(size.div_ceil(BLOCK).saturating_mul(BLOCK));
        }
        Ok(Self { file, places })
    }

    fn bytes(&mut self, name: &str) -> Option<Vec<u8>> {
        let &(start, size) = self.places.get(name).filter(|(_, size)| *size <= MOST)?;
        self.file.seek(SeekFrom::Start(start)).ok()?;
        let mut bytes = Vec::new();
        (&self.file).take(size).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn json<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        serde_json::from_slice(&self.bytes(name)?).ok()
    }

    /// Whether the manifest or index with this digest has this configuration, itself or in a manifest below it.
    fn leads_to(&mut self, digest: &str, config: &str, depth: usize) -> bool {
        let Some(digits) = digest.strip_prefix("sha256:").filter(|digits| is_sha256(digits) && depth > 0)
        else {
            return false;
        };
        let Some(bytes) = self.bytes(&format!("blobs/sha256/{digits}")) else { return false };
        // Nobody has to be believed: the digest is that of the bytes.
        if sha256(&bytes) != digits {
            return false;
        }
        let Ok(manifest) = serde_json::from_slice::<Manifest>(&bytes) else { return false };
        manifest.config.is_some_and(|own| own.digest == config)
            || manifest
                .manifests
                .iter()
                .flatten()
                .any(|below| self.leads_to(&below.digest, config, depth - 1))
    }
}

/// A text field of a header, which ends at a NUL.
fn field(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes.split(|byte| *byte == 0).next()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A member with its header.
    fn member(name: &str, content: &[u8]) -> Vec<u8> {
        let mut block = vec![0_u8; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        let size = format!("{:011o}", content.len());
        block[124..135].copy_from_slice(size.as_bytes());
        block[156] = b'0';
        block.extend_from_slice(content);
        block.resize(block.len().div_ceil(512) * 512, 0);
        block
    }

    fn digest(text: &str) -> String {
        format!("sha256:{}", sha256(text.as_bytes()))
    }

    fn blob(text: &str) -> (String, String) {
        (format!("blobs/sha256/{}", sha256(text.as_bytes())), text.to_owned())
    }

    /// An archive of these files; the target of its index, and the configuration that `manifest.json` names.
    fn archive(blobs: &[&str], target: &str, config: &str) -> tempfile::NamedTempFile {
        let index = format!(r#"{{"schemaVersion": 2, "manifests": [{{"digest": "{target}", "size": 1}}]}}"#);
        let saved =
            format!(r#"[{{"Config": "blobs/sha256/{}", "RepoTags": null, "Layers": []}}]"#, &config[7..]);
        let mut files: Vec<(String, String)> = blobs.iter().map(|text| blob(text)).collect();
        files.extend([("index.json".to_owned(), index), ("manifest.json".to_owned(), saved)]);
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut bytes: Vec<u8> =
            files.iter().flat_map(|(name, text)| member(name, text.as_bytes())).collect();
        bytes.resize(bytes.len() + 1024, 0);
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    /// As Docker 28 with containerd's store builds with its default provenance: an index of the image and of an attestation.
    #[test]
    fn the_configuration_of_an_index_is_found_and_no_other() {
        let (config, other) = (r#"{"os": "linux"}"#, r#"{"os": "plan9"}"#);
        let manifest = |config: &str| {
            format!(r#"{{"config": {{"digest": "{}", "size": 1}}, "layers": []}}"#, digest(config))
        };
        let (image, attestation) = (manifest(config), manifest("attestation"));
        let index = format!(
            r#"{{"manifests": [{{"digest": "{}"}}, {{"digest": "{}", "platform": {{"os": "unknown", "architecture": "unknown"}}}}]}}"#,
            digest(&image),
            digest(&attestation)
        );
        let blobs = [&*index, &image, &attestation, config, other];
        let of = |blobs: &[&str], target: &str, config: &str, id: &str| {
            configuration_of(archive(blobs, target, config).path(), id)
        };
        let (id, wanted) = (digest(&index), digest(config));
        assert_eq!(of(&blobs, &id, &wanted, &id), Some(wanted.clone()));
        // One manifest, as without attestations.
        assert_eq!(of(&blobs, &digest(&image), &wanted, &digest(&image)), Some(wanted.clone()));
        // Another image under the id, another configuration beside it, and a blob that is not what its name says.
        assert_eq!(of(&blobs, &digest(&image), &wanted, &id), None);
        assert_eq!(of(&blobs, &id, &digest(other), &id), None);
        assert_eq!(of(&[&index, config], &id, &wanted, &id), None);
        let lie = archive(&[&index], &id, &wanted);
        let mut bytes = std::fs::read(lie.path()).unwrap();
        bytes.splice(
            0..0,
            member(&format!("blobs/{}", digest(&image).replace(':', "/")), manifest(other).as_bytes()),
        );
        std::fs::write(lie.path(), bytes).unwrap();
        assert_eq!(configuration_of(lie.path(), &id), None);
        // The classic store before Docker 25 writes no index.
        let old = tempfile::NamedTempFile::new().unwrap();
        let saved = format!(r#"[{{"Config": "{}.json"}}]"#, &wanted[7..]);
        std::fs::write(old.path(), member("manifest.json", saved.as_bytes())).unwrap();
        assert_eq!(configuration_of(old.path(), &wanted), None);
        std::fs::write(old.path(), "no archive").unwrap();
        assert_eq!(configuration_of(old.path(), &wanted), None);
    }
}
