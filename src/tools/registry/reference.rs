//! References to images, as their parts: two spellings of one repository are the same.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::address::{HUB, Registry, is_digest, is_repository, is_tag};

/// A reference as the engines read it (<https://pkg.go.dev/github.com/distribution/reference>):
/// `ghcr.io/team/app:1.2@sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tools) struct Reference {
    pub repository: Spelled,
    pub digest: Option<String>,
}

/// A repository under the one name that it has here, however it was spelled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::tools) struct Spelled {
    host: String,
    path: String,
}

/// All names of this machine.
const THIS_MACHINE: &str = "localhost";

impl Reference {
    /// Reads a reference. The error says what is wrong with it.
    pub(in crate::tools) fn read(text: &str) -> Result<Self, &'static str> {
        if text.contains("://") {
            return Err("it has no `http://` or `https://` in front");
        }
        let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err("after the `@` stands `sha256:` and 64 digits");
        }
        // A colon before the last slash belongs to a port.
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (name, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err("its tag is none");
        }
        Ok(Self { repository: Spelled::read(name)?, digest: digest.map(str::to_owned) })
    }

    /// Whether both certainly mean the same image: by digest, in the same repository.
    pub(in crate::tools) fn is_same_image(&self, other: &Self) -> bool {
        self.digest.is_some() && self == other
    }
}

impl Spelled {
    /// Reads `[HOST[:PORT]/]PATH`, without tag and digest. The error says what is wrong.
    pub(in crate::tools) fn read(name: &str) -> Result<Self, &'static str> {
        let (host, path) = match name.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host.eq_ignore_ascii_case(THIS_MACHINE) => {
                (one_registry(host).ok_or("its registry is not `HOST` or `HOST:PORT`")?, path)
            }
            _ => (HUB[0].to_owned(), name),
        };
        if !is_repository(path) {
            return Err("a repository has lower case letters, digits, `.`, `_`, `-` and single `/`");
        }
        let path = match host == HUB[0] && !path.contains('/') {
            true => format!("library/{path}"),
            false => path.to_owned(),
        };
        Ok(Self { host, path })
    }
}

impl fmt::Display for Spelled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.host, self.path)
    }
}

/// A repository under one name, however it is spelled: `HOST[:PORT]/PATH`.
pub(in crate::tools) fn one_name(repository: &str) -> String {
    Spelled::read(repository).map_or_else(|_| repository.to_owned(), |spelled| spelled.to_string())
}

/// The one name of a registry that has several; `None`: it is no host.
fn one_registry(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text.as_str(), None),
    };
    let port: Option<u16> = match port {
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => Some(port.parse().ok()?),
        Some(_) => return None,
        None => None,
    };
    let host = one_host(host)?;
    // The ports of https and http.
    Some(match port.filter(|port| ![443, 80].contains(port)) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    })
}

fn one_host(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        if let Some(old) = address.to_ipv4_mapped() {
            return Some(of_address(old));
        }
        return Some(match address.is_loopback() || address.is_unspecified() {
            true => THIS_MACHINE.to_owned(),
            false => format!("[{address}]"),
        });
    }
    let letters = |label: &str| label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_label =
        |label: &str| !label.is_empty() && letters(label) && !label.starts_with('-') && !label.ends_with('-');
    if !host.split('.').all(is_label) {
        return None;
    }
    // Resolvers take `127.1` and `0x7f000001` for addresses, too. Here an address is four decimal numbers.
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit()) {
        return host.parse().ok().map(of_address);
    }
    if host == THIS_MACHINE || host == "localhost.localdomain" || host.ends_with(".localhost") {
        return Some(THIS_MACHINE.to_owned());
    }
    if HUB.contains(&host) {
        return Some(HUB[0].to_owned());
    }
    Some(of_ecr(host).unwrap_or_else(|| host.to_owned()))
}

fn of_address(address: Ipv4Addr) -> String {
    match address.is_loopback() || address.is_unspecified() {
        true => THIS_MACHINE.to_owned(),
        false => address.to_string(),
    }
}

/// Amazon ECR has names for FIPS and for both IP versions of one registry.
fn of_ecr(host: &str) -> Option<String> {
    let registry = Registry::read(host).ok()?;
    let account = host.split('.').next()?;
    Some(format!("{account}.dkr.ecr.{}.amazonaws.com", registry.region()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Host and path, as they are compared.
    fn read(text: &str) -> Result<(String, String), &'static str> {
        Reference::read(text).map(|read| (read.repository.host, read.repository.path))
    }

    #[test]
    fn one_repository_has_several_spellings() {
        for (one, others) in [
            (
                "127.0.0.1:5116/x",
                [
                    "localhost:5116/x",
                    "LOCALHOST:5116/x",
                    "127.9.0.1:5116/x",
                    "[::1]:5116/x",
                    "a.localhost:5116/x:1",
                ],
            ),
            (
                "[::ffff:127.0.0.1]:5116/x",
                [
                    "0.0.0.0:5116/x",
                    "[::]:5116/x",
                    "[0:0::1]:5116/x",
                    "localhost:05116/x",
                    "localhost.localdomain:5116/x",
                ],
            ),
            (
                "acme/app",
                [
                    "docker.io/acme/app",
                    "index.docker.io/acme/app:1",
                    "registry-1.docker.io/acme/app",
                    "Docker.io/acme/app",
                    "docker.io:443/acme/app",
                ],
            ),
            (
                "nginx",
                [
                    "library/nginx",
                    "docker.io/nginx",
                    "docker.io/library/nginx",
                    "index.docker.io/nginx",
                    "nginx:1.27",
                ],
            ),
            (
                "1.dkr.ecr.eu-west-1.amazonaws.com/a",
                [
                    "1.dkr-ecr.eu-west-1.on.aws/a",
                    "1.dkr.ecr-fips.eu-west-1.amazonaws.com/a",
                    "1.DKR.ECR.eu-west-1.amazonaws.com:443/a",
                    "1.dkr-ecr-fips.eu-west-1.on.aws/a:1",
                    "1.dkr.ecr.eu-west-1.amazonaws.com/a:2",
                ],
            ),
        ] {
            for other in others {
                assert!(read(one).is_ok());
                assert_eq!(read(other), read(one), "{other}");
            }
        }
        for (one, other) in [
            ("localhost:5116/x", "localhost:5117/x"),
            ("localhost/x", "library/x"),
            ("ghcr.io/x", "docker.io/x"),
            ("ghcr.io/a/x", "ghcr.io/b/x"),
            ("10.0.0.1:5000/x", "10.0.0.2:5000/x"),
            ("1.dkr.ecr.eu-west-1.amazonaws.com/a", "2.dkr.ecr.eu-west-1.amazonaws.com/a"),
        ] {
            assert_ne!(read(one), read(other), "{one} {other}");
        }
    }

    #[test]
    fn what_no_engine_takes_is_no_reference() {
        let digest = format!("ghcr.io/a@sha256:{}", "ab".repeat(32));
        let read_digest = Reference::read(&digest).unwrap();
        assert!(read_digest.is_same_image(&Reference::read(&digest.replace("/a@", "/a:1@")).unwrap()));
        assert!(!Reference::read("ghcr.io/a").unwrap().is_same_image(&Reference::read("ghcr.io/a").unwrap()));
        for text in [
            "",
            " ",
            "ghcr.io/a ",
            " ghcr.io/a",
            "http://ghcr.io/a",
            "https://localhost:5116/x",
            "ghcr.io//a",
            "ghcr.io/a/",
            "/a",
            "ghcr.io/A",
            "Nginx",
            "ghcr.io:port/a",
            "ghcr.io:99999/a",
            "ghcr.io./a",
            "-a.io/a",
            "127.1:5116/x",
            "0177.0.0.1:5116/x",
            "0x7f000001:5116/x",
            "2130706433:5116/x",
            "[::1/x",
            "a:",
            "a:b c",
            "a@sha256:ab",
            "a@",
            "a@@",
            &digest.to_uppercase(),
        ] {
            assert!(Reference::read(text).is_err(), "{text}");
        }
    }
}
