//! Which image a document means: by digest, by a package URL of the types `oci` and `docker`, or by a reference as
//! Docker writes it.

use crate::model::purl::Purl;
use crate::text::shared::Text;

use super::ProductId;

/// An image that was scanned.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// `registry.example/team/app:1.2`, or a name that only this machine knows.
    pub reference: &'a str,
    pub id: Option<&'a str>,
    /// Digest of its manifest.
    pub digest: Option<&'a str>,
    /// Further references that the report has for it, with a tag or with a digest.
    pub names: &'a [Text],
}

/// A reference: `docker.io/library/nginx:1.27`.
#[derive(Debug)]
struct Reference<'a> {
    registry: &'a str,
    /// Without the registry. Docker Hub's own images are in `library/`.
    path: String,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

const HUB: &str = "docker.io";

/// Docker Hub's other names.
const HUBS: [&str; 5] =
    [HUB, "index.docker.io", "registry-1.docker.io", "hub.docker.com", "registry.hub.docker.com"];

impl Image<'_> {
    /// Whether this is certainly the product.
    pub(super) fn is(&self, product: &ProductId) -> bool {
        match product {
            ProductId::Purl(purl) => match purl.kind() {
                "oci" => self.is_purl(purl, is_oci),
                "docker" => self.is_purl(purl, is_docker),
                _ => false,
            },
            ProductId::Other(name) => self.is_named(name),
        }
    }

    fn references(&self) -> impl Iterator<Item = Reference<'_>> {
        std::iter::once(self.reference).chain(self.names.iter().map(|name| &**name)).map(Reference::read)
    }

    fn has_digest(&self, digest: &str) -> bool {
        [self.id, self.digest].contains(&Some(digest))
            || self.references().any(|reference| reference.digest == Some(digest))
    }

    /// By its digest, with any name; otherwise by its name, where that says all that the package URL asks for.
    fn is_purl(&self, purl: &Purl, is_repository: fn(&Purl, &Reference) -> bool) -> bool {
        if let Some(digest) = purl.version().filter(|version| version.contains(':')) {
            return self.has_digest(digest);
        }
        // No report says for which processor an image is.
        if purl.qualifiers().iter().any(|(key, _)| !["repository_url", "tag"].contains(&key.as_str())) {
            return false;
        }
        let tags = [purl.version(), purl.qualifier("tag")];
        self.references().any(|reference| {
            is_repository(purl, &reference) && tags.iter().flatten().all(|tag| reference.tag() == Some(tag))
        })
    }

    fn is_named(&self, name: &str) -> bool {
        if self.reference == name || self.has_digest(name) {
            return true;
        }
        let wanted = Reference::read(name);
        self.references().any(|reference| {
            (reference.registry, &reference.path) == (wanted.registry, &wanted.path)
                && match wanted.digest {
                    Some(digest) => self.has_digest(digest),
                    None => reference.tag() == wanted.tag(),
                }
        })
    }
}

/// The name is the last part of the repository
/// (<https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md>).
fn is_oci(purl: &Purl, reference: &Reference) -> bool {
    let name = reference.path.rsplit('/').next().unwrap_or_default();
    name.eq_ignore_ascii_case(purl.name())
        && purl.qualifier("repository_url").is_none_or(|url| {
            // Some writers leave the name out.
            let url = without_scheme(url);
            reference.is_repository(url) || reference.is_repository(&format!("{url}/{name}"))
        })
}

/// Without `repository_url` it is on Docker Hub
/// (<https://github.com/package-url/purl-spec/blob/main/types-doc/docker-definition.md>).
fn is_docker(purl: &Purl, reference: &Reference) -> bool {
    let path =
        purl.namespace().map_or(purl.name().to_owned(), |namespace| format!("{namespace}/{}", purl.name()));
    let url = purl.qualifier("repository_url").unwrap_or(HUB);
    let registry = without_scheme(url);
    let name = match registry.contains('/') {
        // The whole repository.
        true if registry.ends_with(&format!("/{path}")) => registry.to_owned(),
        _ => format!("{registry}/{path}"),
    };
    reference.is_repository(&name)
}

fn without_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/')
}

impl<'a> Reference<'a> {
    /// As Docker reads it (<https://pkg.go.dev/github.com/distribution/reference>).
    fn read(text: &'a str) -> Self {
        let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
        // A colon before the last slash belongs to a port.
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (name, None),
        };
        let (registry, path) = match name.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
            _ => (HUB, name),
        };
        let registry = if HUBS.contains(&registry) { HUB } else { registry };
        let path = match registry == HUB && !path.contains('/') {
            true => format!("library/{path}"),
            false => path.to_owned(),
        };
        Self { registry, path, tag, digest }
    }

    /// Whether it is of this repository, whatever the tag.
    fn is_repository(&self, repository: &str) -> bool {
        let wanted = Reference::read(repository);
        wanted.registry == self.registry && wanted.path == self.path
    }

    /// Its tag. Without one and without a digest it is `latest`.
    fn tag(&self) -> Option<&'a str> {
        self.tag.or_else(|| self.digest.is_none().then_some("latest"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(reference: &str, product: &str) -> bool {
        let names = [Text::from("ghcr.io/acme/shop@sha256:bb"), Text::from("ghcr.io/acme/shop:1.2")];
        let names = if reference.is_empty() { names.as_slice() } else { &[] };
        let reference = if reference.is_empty() { "shop.tar" } else { reference };
        let image = Image { reference, id: Some("sha256:aa"), digest: None, names };
        image.is(&ProductId::read(product))
    }

    #[test]
    fn docker_hub_has_long_and_short_names() {
        for (a, b) in [
            ("nginx:1.27", "docker.io/library/nginx:1.27"),
            ("nginx", "index.docker.io/library/nginx:latest"),
            ("acme/shop:1", "docker.io/acme/shop:1"),
            ("registry-1.docker.io/acme/shop:1", "acme/shop:1"),
        ] {
            assert!(is(a, b) && is(b, a), "{a} {b}");
        }
        for product in [
            "pkg:docker/nginx@1.27",
            "pkg:docker/library/nginx@1.27",
            "pkg:docker/nginx",
            "pkg:oci/nginx?repository_url=docker.io/library/nginx",
            "pkg:oci/nginx?repository_url=index.docker.io%2Flibrary%2Fnginx&tag=1.27",
            "pkg:oci/nginx?repository_url=https://docker.io/library",
        ] {
            assert!(is("nginx:1.27", product), "{product}");
        }
        for (reference, product) in [
            ("nginx:1.27", "pkg:docker/evil/nginx@1.27"),
            ("ghcr.io/library/nginx:1.27", "pkg:docker/nginx@1.27"),
            ("ghcr.io/library/nginx:1.27", "docker.io/library/nginx:1.27"),
            ("nginx:1.27", "nginx"),
            ("nginx:1.27", "pkg:oci/nginx@1.27?repository_url=ghcr.io/nginx"),
            ("nginx:1.27", "pkg:oci/nginx?arch=arm64"),
            ("localhost/nginx:1.27", "nginx:1.27"),
        ] {
            assert!(!is(reference, product), "{reference} {product}");
        }
    }

    #[test]
    fn a_report_may_have_several_names_for_the_image() {
        for product in [
            "pkg:oci/shop@sha256:bb",
            "pkg:oci/any@sha256%3Aaa",
            "pkg:docker/acme/shop@1.2?repository_url=ghcr.io",
            "pkg:docker/acme/shop@1.2?repository_url=ghcr.io/acme/shop",
            "ghcr.io/acme/shop@sha256:bb",
            "sha256:bb",
        ] {
            assert!(is("", product), "{product}");
        }
        for product in [
            "pkg:oci/shop@sha256:cc?repository_url=ghcr.io/acme/shop",
            "pkg:oci/shop@1.3",
            "pkg:docker/acme/shop@1.2",
            "ghcr.io/acme/shop",
            "ghcr.io/acme/shop@sha256:cc",
        ] {
            assert!(!is("", product), "{product}");
        }
    }
}
