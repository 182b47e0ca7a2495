//! An image registry: where it is, what it is called, and what a manifest says.

use std::borrow::Cow;

use serde::Serialize;

use crate::scan::container_engine::ContainerEngine;

/// Where images are pushed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::tools) struct Registry {
    /// `HOST[:PORT]`, as in front of an image's name.
    pub host: String,
    scheme: &'static str,
}

impl Registry {
    /// Reads `HOST[:PORT]`. Without `http://` or `https://` in front it works as Docker does: TLS, except
    /// for this machine. The error says what is wrong.
    pub(in crate::tools) fn read(text: &str) -> Result<Self, &'static str> {
        let (scheme, host) = match text.split_once("://") {
            Some(("http", host)) => ("http", host),
            Some(("https", host)) => ("https", host),
            Some(_) => return Err("only http:// and https:// are allowed in front"),
            None if is_this_machine(text) => ("http", text),
            None => ("https", text),
        };
        if host.contains('/') {
            return Err("put the part after the `/` in `namespace`");
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if host.is_empty() || !host.chars().all(plain) {
            return Err("it is `HOST` or `HOST:PORT`");
        }
        Ok(Self { host: host.to_owned(), scheme })
    }

    /// Whether requests go without TLS.
    pub(in crate::tools) fn is_plain(&self) -> bool {
        self.scheme == "http"
    }

    /// The option without which this engine wants TLS. Docker skips TLS for this machine without one.
    pub(in crate::tools) fn plain_option(&self, engine: ContainerEngine) -> Option<&'static str> {
        (engine != ContainerEngine::Docker && self.is_plain()).then_some("--tls-verify=false")
    }

    /// The region, if this is a registry of Amazon ECR: `ACCOUNT.dkr.ecr.REGION.amazonaws.com`,
    /// and `ACCOUNT.dkr-ecr.REGION.on.aws` for both IP versions.
    pub(in crate::tools) fn region(&self) -> Option<&str> {
        let labels: Vec<&str> = self.host.split('.').collect();
        match labels[..] {
            [_, "dkr", "ecr" | "ecr-fips", region, "amazonaws", ..] => Some(region),
            [_, "dkr-ecr" | "dkr-ecr-fips", region, "on", "aws"] => Some(region),
            _ => None,
        }
    }

    /// Whether it is Docker Hub, whose parts have three names.
    fn is_hub(&self) -> bool {
        HUB.contains(&self.host.as_str())
    }

    /// The names under which the engines keep its login, first the one that they write.
    pub(in crate::tools) fn login_keys(&self) -> Vec<&str> {
        match self.is_hub() {
            true => ["https://index.docker.io/v1/"].into_iter().chain(HUB).collect(),
            false => vec![&self.host],
        }
    }

    /// The address of what it holds under a tag (distribution specification, "Pulling manifests").
    pub(in crate::tools) fn manifest(&self, repository: &str, tag: &str) -> String {
        let host = self.api_host();
        format!("{}://{host}/v2/{}/manifests/{tag}", self.scheme, self.path_of(repository))
    }

    /// The address of a blob (distribution specification, "Pulling blobs").
    pub(in crate::tools) fn blob(&self, repository: &str, digest: &str) -> String {
        let host = self.api_host();
        format!("{}://{host}/v2/{}/blobs/{digest}", self.scheme, self.path_of(repository))
    }

    /// As gates.toml names it: without `http://` or `https://` where that is understood.
    pub(in crate::tools) fn written(&self) -> String {
        match self.is_plain() == is_this_machine(&self.host) {
            true => self.host.clone(),
            false => format!("{}://{}", self.scheme, self.host),
        }
    }

    /// Where its API is.
    pub(in crate::tools) fn api_host(&self) -> &str {
        if self.is_hub() { "registry-1.docker.io" } else { &self.host }
    }

    /// The name of a repository in its API.
    pub(in crate::tools) fn path_of<'r>(&self, repository: &'r str) -> Cow<'r, str> {
        match self.is_hub() && !repository.contains('/') {
            true => format!("library/{repository}").into(),
            false => repository.into(),
        }
    }

    /// The command that removes what lies under a tag.
    pub(in crate::tools) fn removal(&self, repository: &str, tag: &str) -> String {
        if let Some(region) = self.region() {
            return format!(
                "`aws ecr batch-delete-image --region {region} --repository-name {repository} --image-ids imageTag={tag}`"
            );
        }
        let page = match self.host.as_str() {
            host if HUB.contains(&host) || host == "ghcr.io" => Some("on the web page of its repository"),
            _ => None,
        };
        page.map_or_else(
            || {
                let plain = if self.is_plain() { "--tls-verify=false " } else { "" };
                format!(
                    "`skopeo delete {plain}docker://{}/{repository}:{tag}` (with every other tag of the same image)",
                    self.host
                )
            },
            str::to_owned,
        )
    }
}

/// A repository of a registry, as people name it: `ghcr.io/team/notes-backend`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::tools) struct Repository {
    pub registry: Registry,
    /// Without the registry.
    pub name: String,
}

impl Repository {
    /// Reads `HOST[:PORT]/NAME`, with `http://` or `https://` in front if need be. The error says what is wrong.
    pub(in crate::tools) fn read(text: &str) -> Result<Self, &'static str> {
        let start = text.find("://").map_or(0, |at| at + 3);
        let end = text[start..].find('/').ok_or("it has no registry in front")? + start;
        let host = &text[start..end];
        if host != "localhost" && !host.contains(['.', ':']) {
            return Err("it has no registry in front");
        }
        let registry = Registry::read(&text[..end])?;
        let name = text[end + 1..].to_owned();
        match is_repository(&name) {
            true => Ok(Self { registry, name }),
            false => Err("a repository has lower case letters, digits, `.`, `_`, `-` and `/`, and no tag"),
        }
    }

    /// Its name in front of a tag.
    pub(in crate::tools) fn full_name(&self) -> String {
        format!("{}/{}", self.registry.host, self.name)
    }
}

/// The names of Docker Hub, first the usual one.
pub(super) const HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// Docker uses no TLS for registries on loopback.
fn is_this_machine(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, port)| match port.contains(']') {
        true => host,
        false => name,
    });
    name == "localhost"
        || name == "[::1]"
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// `sha256:` and 64 digits.
pub(in crate::tools) fn is_digest(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:").unwrap_or_default();
    digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether this can be a tag (distribution specification, "Pulling manifests").
pub(in crate::tools) fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= 128 && text.starts_with(word) && text.chars().all(|c| word(c) || c == '.' || c == '-')
}

/// Whether this can be the name of a repository (distribution specification, "Pulling manifests").
pub(in crate::tools) fn is_repository(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !text.is_empty()
        && text.split('/').all(|part| {
            part.starts_with(plain)
                && part.ends_with(plain)
                && part.chars().all(|c| plain(c) || "._-".contains(c))
        })
}
