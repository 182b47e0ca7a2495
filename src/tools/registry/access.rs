//! Asks a registry what it holds, by the HTTP API of the OCI distribution specification, and signs in as it asks for:
//! Basic (RFC 7617), or a token of its own server (Docker's "Token authentication"). Amazon ECR takes its password as
//! Basic (ECR user guide, "Using HTTP API authentication").

use std::path::PathBuf;

use serde::Deserialize;

use crate::scan::container_engine::ContainerEngine;
use crate::scan::procedure::{Failure, StepContext};
use crate::system::http::{Answer, Request, basic, host, query};

use super::address::Registry;
use super::certificates;
use super::challenge::Challenge;
use super::content;
use super::held::{Held, Listed};
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
    pub registry: &'a Registry,
    pub(super) repository: &'a str,
    login: Login,
    /// How people get a login, for messages.
    advice: String,
    /// Folders with its certificates.
    folders: Vec<PathBuf>,
    /// The `Authorization` that worked last.
    pub authorization: Option<String>,
    /// It also pushes.
    pub writes: bool,
}

/// The most images of an index that are looked at.
pub(super) const MOST_LISTED: usize = 64;

/// What came of writing a manifest.
#[derive(Debug)]
pub(in crate::tools) enum Put {
    Done,
    /// The tag exists, and the registry does not allow anyone to move it. Holds the registry's message.
    Immutable(String),
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
        Self { registry, repository, login, advice, folders, authorization: None, writes: false }
    }

    /// What the registry holds under a tag, if anything; for an index, also what each of its images is.
    pub(in crate::tools) async fn holds(
        &mut self,
        context: &mut dyn StepContext,
        tag: &str,
    ) -> Result<Option<Held>, Failure> {
        let Some((_, mut held)) = self.manifest(context, tag).await? else { return Ok(None) };
        for listed in held.listed.iter_mut().filter(|listed| !listed.attached).take(MOST_LISTED) {
            self.look_at(context, listed).await?;
        }
        Ok(Some(held))
    }

    /// Asks what an image of an index is. One that is not there is none of this run's.
    async fn look_at(&mut self, context: &mut dyn StepContext, listed: &mut Listed) -> Result<(), Failure> {
        let Some((_, image)) = self.manifest(context, &listed.digest).await? else { return Ok(()) };
        listed.config = image.config;
        Ok(())
    }

    /// The manifest or index under a tag or digest, as bytes and as read.
    pub(in crate::tools) async fn manifest(
        &mut self,
        context: &mut dyn StepContext,
        tag: &str,
    ) -> Result<Option<(Vec<u8>, Held)>, Failure> {
        let url = self.registry.manifest(self.repository, tag);
        let Some(body) = self.read(context, &url, MANIFEST_CAP, tag).await? else { return Ok(None) };
        let read = Held::read(&body);
        let held = read.map_err(|why| {
            Failure::Unproven(format!("what {} holds can't be read: {why}", self.registry.host))
        })?;
        Ok(Some((body, held)))
    }

    /// Content of the repository, if it is there. `named`: its tag or digest.
    pub(super) async fn read(
        &mut self,
        context: &mut dyn StepContext,
        url: &str,
        cap: u64,
        named: &str,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let mut answer = self.ask(context, url, cap).await?;
        if answer.status == 401 && self.sign_in(context, &answer).await? {
            answer = self.ask(context, url, cap).await?;
        }
        if let Some(elsewhere) = self.elsewhere(&answer, url) {
            // The login is for the registry alone.
            answer = context.ask(self.request(elsewhere, cap)).await?;
        }
        let host = &self.registry.host;
        match answer.status {
            200 if answer.cut => {
                Err(Failure::unproven(format!("{host} answers with more than {cap} bytes for {named}")))
            }
            200 => {
                content::check_header(&answer, &answer.body, host, named)?;
                content::check_asked(named, &answer.body, host)?;
                Ok(Some(answer.body))
            }
            // Also when the repository does not exist: then the push reports it, or creates the repository.
            404 => Ok(None),
            401 if self.login == Login::Nobody => {
                Err(Failure::Unproven(format!("{host} requires a login: {}", self.advice)))
            }
            status @ (401 | 403) => Err(Failure::Unproven(format!(
                "{host} does not allow its images to be read (status {status}): {}",
                self.advice
            ))),
            status => {
                Err(trouble(&answer, format!("{host} answered {status} when it was asked for {named}")))
            }
        }
    }

    /// Where the registry keeps a blob, if it says so: at a service for storage (distribution specification, "Pulling blobs").
    /// It is not trusted: a blob is asked for by its digest.
    fn elsewhere(&self, answer: &Answer, url: &str) -> Option<String> {
        let is_blob = url.contains("/blobs/");
        let redirects = matches!(answer.status, 301 | 302 | 303 | 307 | 308) && is_blob;
        let location = answer.headers.get("location").filter(|_| redirects)?.to_str().ok()?;
        let may =
            location.starts_with("https://") || self.registry.is_plain() && location.starts_with("http://");
        may.then(|| location.to_owned())
    }

    async fn ask(&self, context: &mut dyn StepContext, url: &str, cap: u64) -> Result<Answer, Failure> {
        let mut request = self.request(url.to_owned(), cap);
        request = request.header("Accept", MANIFESTS);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization.as_str());
        }
        context.ask(request).await
    }

    /// Writes a manifest or an index under a tag (distribution specification, "Pushing Manifests").
    pub(in crate::tools) async fn put(
        &mut self,
        context: &mut dyn StepContext,
        tag: &str,
        media_type: &str,
        manifest: &str,
    ) -> Result<Put, Failure> {
        let mut answer = self.send(context, tag, media_type, manifest).await?;
        if answer.status == 401 && self.sign_in(context, &answer).await? {
            answer = self.send(context, tag, media_type, manifest).await?;
        }
        let host = &self.registry.host;
        if answer.is_success() {
            content::check_header(&answer, manifest.as_bytes(), host, tag)?;
            return Ok(Put::Done);
        }
        let said = answer.text();
        if said.contains("cannot be overwritten because the") {
            return Ok(Put::Immutable(said.trim().to_owned()));
        }
        Err(match answer.status {
            401 if self.login == Login::Nobody => {
                Failure::Unproven(format!("{host} requires a login: {}", self.advice))
            }
            status @ (401 | 403) => Failure::Unproven(format!(
                "{host} does not allow {tag} to be written (status {status}): its login needs the right to push to {}",
                self.repository
            )),
            status => trouble(&answer, format!("{host} answered {status} when {tag} was pushed")),
        })
    }

    async fn send(
        &self,
        context: &mut dyn StepContext,
        tag: &str,
        media_type: &str,
        manifest: &str,
    ) -> Result<Answer, Failure> {
        let mut request = self.request(self.registry.manifest(self.repository, tag), MANIFEST_CAP);
        request.method = "PUT".parse().unwrap_or_default();
        request.body = Some(manifest.to_owned());
        request = request.header("Content-Type", media_type);
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
        let actions = if self.writes { "pull,push" } else { "pull" };
        let scope = format!("repository:{}:{actions}", self.registry.path_of(self.repository));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_can_not_add_a_header() {
        assert!(is_token("eyJhbGciOi.J9-_~+/="));
        for text in ["", "a b", "a\r\nX: y", "ä"] {
            assert!(!is_token(text), "{text:?}");
        }
    }
}
