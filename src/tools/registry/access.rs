//! Asks a registry what it holds, by the HTTP API of the OCI distribution specification, and signs in as it asks for:
//! Basic (RFC 7617), or a token of its own server (Docker's "Token authentication"). Amazon ECR takes its password as
//! Basic (ECR user guide, "Using HTTP API authentication").

use std::path::PathBuf;

use serde::Deserialize;

use crate::scan::container_engine::ContainerEngine;
use crate::scan::procedure::{Failure, StepContext};
use crate::system::http::{Answer, Request, basic, host, query};

use super::address::{Held, Registry};
use super::certificates;
use super::logins::{self, Login};

/// The kinds of manifest that an image can have, single images first.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json";

/// The largest manifest that registries accept (distribution specification, "Pushing Manifests").
const MANIFEST_CAP: u64 = 4 << 20;

/// The largest answer of a token server that is read.
const TOKEN_CAP: u64 = 1 << 20;

/// One repository of a registry, and who asks for it.
#[derive(Debug)]
pub(in crate::tools) struct Access<'a> {
    registry: &'a Registry,
    repository: &'a str,
    login: Login,
    /// How people get a login, for messages.
    advice: String,
    /// Folders with its certificates.
    folders: Vec<PathBuf>,
    /// The `Authorization` that worked last.
    pub authorization: Option<String>,
}

/// What a registry asks for (RFC 9110, section 11.6.1).
#[derive(Debug, PartialEq, Eq)]
enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String> },
}

/// An answer of a token server.
#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl<'a> Access<'a> {
    /// Asks as the engine would: with its own login, and its certificates.
    pub(in crate::tools) async fn as_engine(
        context: &mut dyn StepContext,
        engine: ContainerEngine,
        registry: &'a Registry,
        repository: &'a str,
    ) -> Result<Self, Failure> {
        let login = logins::find(context, engine, registry, repository).await?;
        let command = format!("`{} login {}`", engine.program(), registry.host);
        let advice = match &login {
            Login::Nobody => format!("{command} before the run, or a credential helper"),
            _ => format!("its login needs the right to pull {repository}; see {command}"),
        };
        Ok(Self::new(context, engine, registry, repository, (login, advice)))
    }

    /// Asks with this login, and the certificates of the engine. `advice`: how people get a login.
    pub(in crate::tools) fn new(
        context: &dyn StepContext,
        engine: ContainerEngine,
        registry: &'a Registry,
        repository: &'a str,
        (login, advice): (Login, String),
    ) -> Self {
        let variable = |name: &str| context.variable(name);
        let folders = certificates::folders(engine, &registry.host, &variable);
        Self { registry, repository, login, advice, folders, authorization: None }
    }

    /// What the registry holds under a tag, if anything.
    pub(in crate::tools) async fn holds(
        &mut self,
        context: &mut dyn StepContext,
        tag: &str,
    ) -> Result<Option<Held>, Failure> {
        let mut answer = self.ask(context, tag).await?;
        if answer.status == 401 && self.sign_in(context, &answer).await? {
            answer = self.ask(context, tag).await?;
        }
        let host = &self.registry.host;
        match answer.status {
            200 if answer.cut => Err(Failure::unproven(format!("{host} answers with more than a manifest"))),
            200 => Held::read(&answer.body)
                .map(Some)
                .map_err(|why| Failure::Unproven(format!("what {host} holds can't be read: {why}"))),
            // Also when the repository does not exist: then the push reports it, or creates the repository.
            404 => Ok(None),
            401 if self.login == Login::Nobody => {
                Err(Failure::Unproven(format!("{host} requires a login: {}", self.advice)))
            }
            status @ (401 | 403) => Err(Failure::Unproven(format!(
                "{host} does not allow its images to be read (status {status}): {}",
                self.advice
            ))),
            status => Err(trouble(&answer, format!("{host} answered {status} when it was asked for {tag}"))),
        }
    }

    async fn ask(&self, context: &mut dyn StepContext, tag: &str) -> Result<Answer, Failure> {
        let mut request = self.request(self.registry.manifest(self.repository, tag), MANIFEST_CAP);
        request = request.header("Accept", MANIFESTS);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization.as_str());
        }
        context.ask(request).await
    }

    fn request(&self, url: String, cap: u64) -> Request {
        // The certificate for the registry is shown to nobody else, such as its token server.
        let identity = if host(&url) == self.registry.api_host() { self.folders.clone() } else { Vec::new() };
        Request { cap, authorities: self.folders.clone(), identity, ..Request::get(url) }
    }

    /// Signs in as the answer asks for. Returns whether there is something new to show.
    async fn sign_in(&mut self, context: &mut dyn StepContext, answer: &Answer) -> Result<bool, Failure> {
        let headers = answer.headers.get_all("www-authenticate").iter();
        let challenges: Vec<Challenge> =
            headers.filter_map(|header| header.to_str().ok()).flat_map(Challenge::read).collect();
        let bearer = challenges.iter().find_map(|challenge| match challenge {
            Challenge::Bearer { realm, service } => Some((realm, service.as_deref())),
            Challenge::Basic => None,
        });
        let authorization = match (&self.login, bearer) {
            (Login::Token(token), _) => format!("Bearer {token}"),
            (_, Some((realm, service))) => {
                let token = self.token(context, realm, service).await?;
                context.learn(&token);
                format!("Bearer {token}")
            }
            (Login::Password { user, password }, None) if challenges.contains(&Challenge::Basic) => {
                basic(user, password)
            }
            _ => return Ok(false),
        };
        let is_new = self.authorization.as_ref() != Some(&authorization);
        self.authorization = Some(authorization);
        Ok(is_new)
    }

    /// A token to read this repository.
    async fn token(
        &self,
        context: &mut dyn StepContext,
        realm: &str,
        service: Option<&str>,
    ) -> Result<String, Failure> {
        let (name, server) = (&self.registry.host, host(realm));
        if !self.registry.is_plain() && !realm.starts_with("https://") {
            return Err(Failure::Unproven(format!(
                "{name} wants the login to be sent to {server} without TLS: it was not sent"
            )));
        }
        let scope = format!("repository:{}:pull", self.registry.path_of(self.repository));
        let mut fields = vec![("scope", scope.as_str()), ("client_id", "portcullis")];
        fields.extend(service.map(|service| ("service", service)));
        let request = match &self.login {
            Login::Refresh(token) => {
                fields.extend([("grant_type", "refresh_token"), ("refresh_token", token)]);
                let mut request = self.request(realm.to_owned(), TOKEN_CAP);
                request.method = "POST".parse().unwrap_or_default();
                request.body = Some(query(fields).trim_start_matches('?').to_owned());
                request.header("Content-Type", "application/x-www-form-urlencoded")
            }
            login => {
                let joint = if realm.contains('?') { "&" } else { "?" };
                let url = format!("{realm}{joint}{}", query(fields).trim_start_matches('?'));
                let request = self.request(url, TOKEN_CAP);
                match login {
                    Login::Password { user, password } => request.sign_in(user, password),
                    _ => request,
                }
            }
        };
        let answer = context.ask(request).await?;
        match answer.status {
            200 => {
                let read = serde_json::from_slice::<Token>(&answer.body).ok().filter(|_| !answer.cut);
                let token = read.and_then(|read| read.token.or(read.access_token));
                token.filter(|token| is_token(token)).ok_or_else(|| {
                    Failure::Unproven(format!(
                        "{server}, the token server of {name}, answered without a token"
                    ))
                })
            }
            401 | 403 if self.login == Login::Nobody => {
                Err(Failure::Unproven(format!("{name} requires a login: {}", self.advice)))
            }
            status => Err(trouble(
                &answer,
                format!(
                    "{server}, the token server of {name}, answered {status}{}",
                    if matches!(status, 401 | 403) { format!(": {}", self.advice) } else { String::new() }
                ),
            )),
        }
    }
}

/// What can stand behind `Bearer` (RFC 6750, section 2.1), and a little more.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn trouble(answer: &Answer, why: String) -> Failure {
    match answer.is_transient_error() {
        true => Failure::transient(why, answer.retry_after()),
        false => Failure::Unproven(why),
    }
}

impl Challenge {
    /// Reads one header, which may hold several challenges.
    fn read(header: &str) -> Vec<Self> {
        let mut challenges = Vec::new();
        let mut rest = header.trim();
        while !rest.is_empty() {
            let end = rest.find([' ', ',']).unwrap_or(rest.len());
            let scheme = rest[..end].to_ascii_lowercase();
            let (parameters, behind) = parameters(&rest[end..]);
            let get = |name: &str| {
                let found = parameters.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.clone())
            };
            match (scheme.as_str(), get("realm")) {
                ("basic", _) => challenges.push(Self::Basic),
                ("bearer", Some(realm)) if realm.starts_with("http://") || realm.starts_with("https://") => {
                    challenges.push(Self::Bearer { realm, service: get("service") });
                }
                _ => {}
            }
            rest = behind;
        }
        challenges
    }
}

/// `a="b", c=d` up to the next scheme, and what comes behind.
fn parameters(text: &str) -> (Vec<(&str, String)>, &str) {
    let mut all = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',']);
    loop {
        let end = rest.find([' ', ',', '=']).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let Some(value) = behind.strip_prefix('=').filter(|_| !name.is_empty()) else { return (all, rest) };
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let end = value.find([' ', ',']).unwrap_or(value.len());
                (value[..end].to_owned(), &value[end..])
            }
        };
        all.push((name, value));
        rest = behind.trim_start_matches([' ', ',']);
    }
}

/// A quoted string without its quotes, and what comes behind.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            letter => value.push(letter),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>) -> Challenge {
        Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) }
    }

    /// The headers of Docker Hub, GHCR, GitLab, ECR and a plain docker-registry, and an example of RFC 9110.
    #[test]
    fn challenges_are_read_as_registries_write_them() {
        for (header, wanted) in [
            (
                "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\"",
                vec![bearer("https://auth.docker.io/token", Some("registry.docker.io"))],
            ),
            (
                "Bearer realm=\"https://ghcr.io/token\",service=\"ghcr.io\",scope=\"repository:a/b:pull\"",
                vec![bearer("https://ghcr.io/token", Some("ghcr.io"))],
            ),
            (
                "Bearer realm=\"https://gitlab.com/jwt/auth\",service=\"container_registry\",error=\"invalid_token\"",
                vec![bearer("https://gitlab.com/jwt/auth", Some("container_registry"))],
            ),
            (
                "Basic realm=\"https://1.dkr.ecr.eu-west-1.amazonaws.com/\",service=\"ecr.amazonaws.com\"",
                vec![Challenge::Basic],
            ),
            ("Basic realm=test", vec![Challenge::Basic]),
            ("basic", vec![Challenge::Basic]),
            (
                "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", bearer realm=\"https://a\"",
                vec![Challenge::Basic, bearer("https://a", None)],
            ),
            ("Negotiate, Basic realm=\"x\"", vec![Challenge::Basic]),
        ] {
            assert_eq!(Challenge::read(header), wanted, "{header}");
        }
        let none = [
            "",
            "Bearer",
            "Bearer realm=",
            "Bearer realm=\"file:///x\"",
            "Bearer service=\"x\"",
            ",,,",
            "= =",
            "\"",
        ];
        for header in none {
            assert_eq!(Challenge::read(header), [], "{header}");
        }
    }

    #[test]
    fn a_token_can_not_add_a_header() {
        assert!(is_token("eyJhbGciOi.J9-_~+/="));
        for text in ["", "a b", "a\r\nX: y", "ä"] {
            assert!(!is_token(text), "{text:?}");
        }
    }
}
