//! The platform of an image: the one that was asked for, the one that was built, the one that an index names.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An operating system and an architecture (OCI image specification, `config.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Platform {
    architecture: String,
    os: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
}

impl Platform {
    /// Reads `linux/arm64/v8`, `arm64` and further names of the same (containerd/platforms `normalizeArch`).
    pub(crate) fn named(text: &str) -> Self {
        let mut parts: Vec<&str> = text.trim().split('/').collect();
        if parts.len() == 1 && parts[0] != "windows" && parts[0] != "linux" {
            parts.insert(0, "linux");
        }
        let part = |at: usize| parts.get(at).map(|part| part.to_ascii_lowercase());
        Self::of(part(0).unwrap_or_default(), part(1).unwrap_or_default(), part(2))
    }

    /// The platform of these parts, each by its usual name.
    pub(crate) fn of(os: String, architecture: String, variant: Option<String>) -> Self {
        let (architecture, implied) = match architecture.as_str() {
            "x86_64" | "x86-64" => ("amd64", None),
            "i386" | "i686" => ("386", None),
            "aarch64" => ("arm64", None),
            "armhf" => ("arm", Some("v7")),
            "armel" => ("arm", Some("v6")),
            other => (other, None),
        };
        let variant = variant.or(implied.map(str::to_owned)).filter(|variant| !variant.is_empty());
        // What has no variant is the usual one.
        let usual = |variant: &String| {
            (architecture, variant.as_str()) == ("arm64", "v8")
                || (architecture, variant.as_str()) == ("amd64", "v1")
        };
        Self { os, architecture: architecture.to_owned(), variant: variant.filter(|variant| !usual(variant)) }
    }

    /// Whether an image of this platform is what was asked for. An ARM image without a variant may be any.
    pub(crate) fn meets(&self, asked: &Self) -> bool {
        let same = self.os == asked.os && self.architecture == asked.architecture;
        same && (self.variant == asked.variant
            || asked.variant.is_none()
            || self.variant.is_none() && self.architecture == "arm")
    }

    /// Whether it is written as people write one: `OS/ARCHITECTURE`, perhaps with a variant.
    pub(crate) fn is_written_well(text: &str) -> bool {
        let word = |part: &str| {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
            part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(plain)
        };
        matches!(text.split('/').count(), 2 | 3) && text.split('/').all(word)
    }

    /// What BuildKit writes for what is attached to an image, and is none.
    pub(crate) fn is_unknown(&self) -> bool {
        self.os == "unknown" && self.architecture == "unknown"
    }

    /// The end of a tag for images of it: `linux-arm64`.
    pub(crate) fn tag(&self) -> String {
        self.to_string().replace('/', "-")
    }

    /// What an engine says of an image: `docker image inspect` and podman's (a list), `buildah inspect`.
    pub(crate) fn inspected(answer: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Answer {
            List(Vec<Inspected>),
            Buildah {
                #[serde(rename = "OCIv1")]
                image: Inspected,
            },
        }
        #[derive(Deserialize)]
        struct Inspected {
            #[serde(alias = "Os")]
            os: String,
            #[serde(alias = "Architecture")]
            architecture: String,
            #[serde(alias = "Variant")]
            variant: Option<String>,
        }
        let found = match serde_json::from_slice::<Answer>(answer).ok()? {
            Answer::List(list) => list.into_iter().next()?,
            Answer::Buildah { image } => image,
        };
        Some(Self::of(found.os, found.architecture, found.variant))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_of_the_platform_that_was_asked_for_by_any_of_its_names() {
        for (built, asked, meets) in [
            ("linux/amd64", "linux/amd64", true),
            ("linux/amd64", "amd64", true),
            ("linux/amd64", "linux/x86_64", true),
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm64", "linux/aarch64/v8", true),
            ("linux/arm/v7", "linux/armhf", true),
            ("linux/arm", "linux/arm/v7", true),
            ("linux/arm/v6", "linux/arm/v7", false),
            ("linux/amd64", "linux/arm64", false),
            ("windows/amd64", "linux/amd64", false),
            ("linux/amd64", "linux/amd64/v3", false),
        ] {
            assert_eq!(Platform::named(built).meets(&Platform::named(asked)), meets, "{built} {asked}");
        }
    }

    #[test]
    fn each_engine_says_it_in_its_own_words() {
        let said = |answer: &str| Platform::inspected(answer.as_bytes()).map(|platform| platform.to_string());
        let docker = r#"[{"Id": "sha256:1", "Architecture": "arm64", "Variant": "v8", "Os": "linux"}]"#;
        assert_eq!(said(docker).as_deref(), Some("linux/arm64"));
        let buildah =
            r#"{"FromImageID": "1", "OCIv1": {"architecture": "arm", "os": "linux", "variant": "v7"}}"#;
        assert_eq!(said(buildah).as_deref(), Some("linux/arm/v7"));
        assert_eq!((said("[]"), said("{}"), said("")), (None, None, None));
    }
}
