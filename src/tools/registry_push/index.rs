//! The index of an image for several platforms: made from the manifests that the registry holds of what was scanned.

use serde::Serialize;

use crate::scan::platform::Platform;

use crate::tools::registry::held::{DOCKER_LIST, DOCKER_MANIFEST, Held, Names, OCI_INDEX};

/// One platform of an image, as planned.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub platform: Platform,
    /// Its name on this machine: `notes-backend:3f2a91c-linux-arm64`.
    pub image: String,
}

/// A manifest, as an index names it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    media_type: String,
    size: u64,
    digest: String,
    platform: Platform,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'e> {
    schema_version: u8,
    media_type: &'static str,
    manifests: &'e [Entry],
}

impl Entry {
    /// The manifest of this image in what the registry holds: alone, or in an index with what is attached to it.
    pub(super) fn of(names: &Names, held: &Held, platform: Platform) -> Option<Self> {
        let entry = |media_type: &str, size, digest: &str| Self {
            media_type: media_type.to_owned(),
            size,
            digest: digest.to_owned(),
            platform: platform.clone(),
        };
        if held.listed.is_empty() {
            return names.are_of(held).then(|| entry(&held.media_type, held.size, &held.digest));
        }
        let mut images = held.images();
        let listed = match (images.next(), images.next()) {
            // The engine may name the image by the index.
            (Some(only), None) if names.are_all_of(held) => only,
            _ => return None,
        };
        Some(entry(&listed.media_type, listed.size, &listed.digest))
    }
}

/// The type of an index of these manifests, and its bytes: the same for the same manifests.
pub(super) fn index(entries: &[Entry]) -> (&'static str, String) {
    // A list of Docker's own holds only manifests of Docker's own.
    let docker = entries.iter().all(|entry| entry.media_type == DOCKER_MANIFEST);
    let media_type = if docker { DOCKER_LIST } else { OCI_INDEX };
    let index = Index { schema_version: 2, media_type, manifests: entries };
    (media_type, serde_json::to_string_pretty(&index).unwrap_or_default())
}

/// Whether this is an index of these images, each for its platform, and of no other.
pub(super) fn holds_exactly<'p>(
    held: &Held,
    parts: impl Iterator<Item = (&'p str, &'p Names)> + Clone,
) -> bool {
    let is_part = |listed: &crate::tools::registry::held::Listed| {
        let platform = listed.platform.as_deref();
        parts.clone().any(|(of, names)| names.are_of_listed(listed) && platform == Some(of))
    };
    let is_listed = |(of, names): (&str, &Names)| {
        held.images().any(|listed| names.are_of_listed(listed) && listed.platform.as_deref() == Some(of))
    };
    parts.clone().next().is_some() && held.images().all(is_part) && parts.clone().all(is_listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(c: char) -> String {
        format!("sha256:{}", c.to_string().repeat(64))
    }

    fn names(c: char) -> Names {
        Names { id: digest(c), also: None }
    }

    fn entry(media_type: &str, c: char, platform: &str) -> Entry {
        let platform = Platform::named(platform);
        Entry { media_type: media_type.to_owned(), size: 7, digest: digest(c), platform }
    }

    /// What `buildah manifest push --all` and `docker manifest push` write has the same fields.
    #[test]
    fn an_index_is_of_the_type_of_its_manifests() {
        let docker =
            [entry(DOCKER_MANIFEST, 'a', "linux/amd64"), entry(DOCKER_MANIFEST, 'b', "linux/arm/v7")];
        let (media_type, text) = index(&docker);
        assert_eq!(media_type, DOCKER_LIST);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": [
                {"mediaType": DOCKER_MANIFEST, "size": 7, "digest": digest('a'),
                 "platform": {"architecture": "amd64", "os": "linux"}},
                {"mediaType": DOCKER_MANIFEST, "size": 7, "digest": digest('b'),
                 "platform": {"architecture": "arm", "os": "linux", "variant": "v7"}}
            ]})
        );
        let mixed = [
            entry(DOCKER_MANIFEST, 'a', "linux/amd64"),
            entry(crate::tools::registry::held::OCI_MANIFEST, 'b', "linux/arm64"),
        ];
        assert_eq!(index(&mixed).0, OCI_INDEX);
    }

    /// An index as the registry returns it, with the images that it was asked for.
    fn held(entries: &[(char, &str)]) -> Held {
        let list: Vec<String> = entries
            .iter()
            .map(|(c, platform)| {
                let (os, architecture) = platform.split_once('/').unwrap();
                let mark = match os {
                    "unknown" => r#", "annotations": {"vnd.docker.reference.type": "attestation-manifest"}"#,
                    _ => "",
                };
                format!(
                    r#"{{"digest": "{}", "size": 1, "platform": {{"os": "{os}", "architecture": "{architecture}"}}{mark}}}"#,
                    digest(*c)
                )
            })
            .collect();
        Held::read(format!(r#"{{"manifests": [{}]}}"#, list.join(",")).as_bytes()).unwrap()
    }

    #[test]
    fn an_index_is_this_image_only_with_all_its_platforms_and_no_other() {
        let (amd, arm) = (names('a'), names('b'));
        let parts = [("linux/amd64", &amd), ("linux/arm64", &arm)];
        for (entries, exactly) in [
            (&[('a', "linux/amd64"), ('b', "linux/arm64")][..], true),
            (&[('b', "linux/arm64"), ('a', "linux/amd64")], true),
            (&[('a', "linux/amd64"), ('b', "linux/arm64"), ('d', "unknown/unknown")], true),
            (&[('a', "linux/amd64")], false),
            (&[('a', "linux/amd64"), ('c', "linux/arm64")], false),
            (&[('a', "linux/amd64"), ('b', "linux/arm64"), ('c', "linux/s390x")], false),
            (&[('a', "linux/arm64"), ('b', "linux/amd64")], false),
            (&[], false),
        ] {
            assert_eq!(holds_exactly(&held(entries), parts.into_iter()), exactly, "{entries:?}");
        }
        // By the configurations, which the registry was asked for.
        let mut by_config = held(&[('c', "linux/amd64"), ('d', "linux/arm64")]);
        by_config.listed[0].config = Some(digest('a'));
        assert!(!holds_exactly(&by_config, parts.into_iter()));
        by_config.listed[1].config = Some(digest('b'));
        assert!(holds_exactly(&by_config, parts.into_iter()));
        assert!(!holds_exactly(&by_config, std::iter::empty()));
        // An attestation is known by its mark and its platform, not by one of them.
        let mut disguised = held(&[('a', "linux/amd64"), ('b', "linux/arm64"), ('d', "unknown/unknown")]);
        assert!(disguised.listed[2].attached);
        disguised.listed[2].attached = false;
        assert!(!holds_exactly(&disguised, parts.into_iter()));
    }

    #[test]
    fn the_manifest_of_a_platform_is_taken_also_from_an_index_around_it() {
        let platform = || Platform::named("linux/arm64");
        let of = |names: &Names, held: &Held| Entry::of(names, held, platform()).map(|entry| entry.digest);
        let alone = Held { digest: digest('c'), config: Some(digest('a')), ..Held::default() };
        assert_eq!(of(&names('a'), &alone), Some(digest('c')));
        assert_eq!(of(&names('b'), &alone), None);
        let around = held(&[('a', "linux/arm64"), ('d', "unknown/unknown")]);
        assert_eq!(of(&names('a'), &around), Some(digest('a')));
        let by_index = Names { id: around.digest.clone(), also: None };
        assert_eq!(of(&by_index, &around), Some(digest('a')));
        assert_eq!(of(&names('a'), &held(&[('a', "linux/arm64"), ('b', "linux/amd64")])), None);
    }
}
