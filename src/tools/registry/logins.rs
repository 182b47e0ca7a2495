//! The engine's own logins: what `docker login` or `podman login` has kept, in a file or with a credential helper.
//!
//! Docker: `config.json` (docker/cli `cli/config/configfile`), helpers by the protocol of docker-credential-helpers.
//! Podman: `auth.json` (containers-auth.json(5)), then Docker's file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::scan::container_engine::ContainerEngine;
use crate::scan::procedure::{Failure, StepContext, read_text};
use crate::scan::step::Step;

use super::address::Registry;

/// How a registry is told who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tools) enum Login {
    Nobody,
    Password {
        user: String,
        password: String,
    },
    /// A refresh token, for which the registry's token server gives others.
    Refresh(String),
    /// A token for the registry itself.
    Token(String),
}

/// The parts of a file of logins that are read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Logins {
    auths: BTreeMap<String, Auth>,
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Auth {
    /// `user:password` in base64.
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

/// What a helper answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    username: String,
    secret: String,
}

/// Reads variables.
pub(in crate::tools) type Variable<'v> = &'v dyn Fn(&str) -> Option<String>;

/// The files of logins, first those that count first.
pub(in crate::tools) fn files(engine: ContainerEngine, variable: Variable) -> Vec<PathBuf> {
    let below = |variable_name: &str, rest: &str| Some(Path::new(&variable(variable_name)?).join(rest));
    let docker = below("DOCKER_CONFIG", "config.json").or_else(|| below("HOME", ".docker/config.json"));
    let own = match engine {
        ContainerEngine::Docker => vec![],
        ContainerEngine::Podman | ContainerEngine::Buildah => match variable("REGISTRY_AUTH_FILE") {
            Some(file) => return vec![PathBuf::from(file)],
            None => vec![
                below("XDG_RUNTIME_DIR", "containers/auth.json"),
                below("XDG_CONFIG_HOME", "containers/auth.json")
                    .or_else(|| below("HOME", ".config/containers/auth.json")),
            ],
        },
    };
    own.into_iter().chain([docker]).flatten().collect()
}

impl Logins {
    fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The program that keeps the login.
    fn helper(&self, registry: &Registry) -> Option<String> {
        let keys = registry.login_keys();
        let of_registry = keys.iter().find_map(|key| self.cred_helpers.get(*key));
        let suffix = of_registry.or(self.creds_store.as_ref()).filter(|suffix| is_helper(suffix))?;
        Some(format!("docker-credential-{suffix}"))
    }

    /// The login in the file itself. Podman may name a repository, or the beginning of one; the longest counts.
    fn entry(&self, registry: &Registry, repository: &str) -> Option<&Auth> {
        let paths = repository.match_indices('/').map(|(at, _)| &repository[..at]).chain([repository]);
        let mut names: Vec<String> = paths.map(|path| format!("{}/{path}", registry.host)).collect();
        names.reverse();
        names.extend(registry.login_keys().into_iter().map(str::to_owned));
        let exact = names.iter().find_map(|name| self.auths.get(name));
        exact.or_else(|| {
            // Older clients wrote whole addresses.
            let mut entries = self.auths.iter();
            Some(entries.find(|(key, _)| registry.login_keys().contains(&hostname(key)))?.1)
        })
    }
}

/// `https://r.example/v1/` is `r.example`.
fn hostname(key: &str) -> &str {
    let rest = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"));
    rest.map_or("", |rest| rest.split('/').next().unwrap_or_default())
}

/// A helper is a program on PATH, not a path.
fn is_helper(suffix: &str) -> bool {
    !suffix.is_empty() && suffix.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

impl Auth {
    /// `Err`: it can't be read.
    fn login(&self) -> Result<Login, &'static str> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = given(&self.registrytoken) {
            return Ok(Login::Token(token));
        }
        if let Some(token) = given(&self.identitytoken) {
            return Ok(Login::Refresh(token));
        }
        if let Some(auth) = given(&self.auth) {
            let bytes = STANDARD.decode(auth.trim()).map_err(|_| "its `auth` is not base64")?;
            let text = String::from_utf8(bytes).map_err(|_| "its `auth` is not text")?;
            let (user, password) = text.split_once(':').ok_or("its `auth` has no password")?;
            return Ok(Login::of(user, password.trim_end_matches('\0')));
        }
        Ok(match (given(&self.username), given(&self.password)) {
            (Some(user), Some(password)) => Login::of(&user, &password),
            _ => Login::Nobody,
        })
    }
}

impl Login {
    fn of(user: &str, password: &str) -> Self {
        match user {
            // So a helper says that it keeps a refresh token.
            "<token>" => Self::Refresh(password.to_owned()),
            user => Self::Password { user: user.to_owned(), password: password.to_owned() },
        }
    }
}

/// The program that keeps the login for a registry, if one does.
pub(in crate::tools) fn helper(
    engine: ContainerEngine,
    registry: &Registry,
    variable: Variable,
) -> Option<String> {
    let files = files(engine, variable);
    files.iter().find_map(|file| {
        let text = std::fs::read_to_string(file).ok()?;
        Logins::read(&text).ok()?.helper(registry)
    })
}

/// The engine's login for a repository. Its secrets are struck out from here on.
pub(in crate::tools) async fn find(
    context: &mut dyn StepContext,
    engine: ContainerEngine,
    registry: &Registry,
    repository: &str,
) -> Result<Login, Failure> {
    let files = files(engine, &|name| context.variable(name));
    for file in files {
        if !file.exists() {
            continue;
        }
        let shown = format!("the file of {}'s logins ({})", engine.program(), file.display());
        let logins = Logins::read(&read_text(&file, &shown)?)
            // The message could quote the file.
            .map_err(|error| Failure::Unproven(format!("{shown} is broken at line {}", error.line())))?;
        let login = match logins.helper(registry) {
            Some(helper) => ask(context, &helper, registry.login_keys()[0]).await?,
            None => Login::Nobody,
        };
        let entry = logins.entry(registry, repository).filter(|_| login == Login::Nobody);
        let login = match entry {
            Some(entry) => entry.login().map_err(|why| {
                Failure::Unproven(format!("{shown} has no login for {}: {why}", registry.host))
            })?,
            None => login,
        };
        if login != Login::Nobody {
            learn(context, &login);
            return Ok(login);
        }
    }
    Ok(Login::Nobody)
}

fn learn(context: &mut dyn StepContext, login: &Login) {
    match login {
        Login::Nobody => {}
        Login::Password { user, password } => {
            context.learn(password);
            context.learn(&STANDARD.encode(format!("{user}:{password}")));
        }
        Login::Refresh(token) | Login::Token(token) => context.learn(token),
    }
}

/// Asks a helper.
async fn ask(context: &mut dyn StepContext, helper: &str, server: &str) -> Result<Login, Failure> {
    let step = Step::new(helper, ["get"]).stdin(format!("{server}\n")).prints_report();
    let output = context.run(step).await?;
    let text = output.stdout_text();
    if !output.success() {
        // docker-credential-helpers `credentials/error.go`
        let absent = text.contains("credentials not found in native keychain");
        return match absent {
            true => Ok(Login::Nobody),
            false => Err(Failure::Unproven(format!(
                "{helper} ended with {}: {}",
                output.code,
                output.error_line()
            ))),
        };
    }
    match serde_json::from_str::<Credentials>(&text) {
        Ok(Credentials { username, secret }) if !secret.is_empty() => Ok(Login::of(&username, &secret)),
        Ok(_) => Ok(Login::Nobody),
        Err(_) => Err(Failure::Unproven(format!("{helper} did not answer with a login"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(host: &str) -> Registry {
        Registry::read(host).unwrap()
    }

    fn login(file: &str, host: &str, repository: &str) -> Option<Login> {
        let logins = Logins::read(file).unwrap();
        logins.entry(&registry(host), repository).map(|entry| entry.login().unwrap())
    }

    fn password(user: &str, password: &str) -> Option<Login> {
        Some(Login::Password { user: user.to_owned(), password: password.to_owned() })
    }

    /// `printf 'ada:open sesame' | base64`
    const ADA: &str = "YWRhOm9wZW4gc2VzYW1l";

    #[test]
    fn a_login_is_found_by_the_name_of_its_registry() {
        let file = format!(
            r#"{{"auths": {{"r.example": {{"auth": "{ADA}"}}, "r.example:5000": {{"identitytoken": "ref"}},
            "https://old.example/v1/": {{"username": "bob", "password": "x"}},
            "https://index.docker.io/v1/": {{"registrytoken": "tok"}}, "empty.example": {{}}}},
            "HttpHeaders": {{"X": "y"}}, "currentContext": "here"}}"#
        );
        assert_eq!(login(&file, "r.example", "a"), password("ada", "open sesame"));
        assert_eq!(login(&file, "r.example:5000", "a"), Some(Login::Refresh("ref".to_owned())));
        assert_eq!(login(&file, "https://old.example", "a"), password("bob", "x"));
        assert_eq!(login(&file, "docker.io", "ada/a"), Some(Login::Token("tok".to_owned())));
        assert_eq!(login(&file, "empty.example", "a"), Some(Login::Nobody));
        for other in ["example", "evil-r.example", "r.example.evil.test", "localhost"] {
            assert_eq!(login(&file, other, "a"), None, "{other}");
        }
    }

    #[test]
    fn podman_may_keep_a_login_for_a_part_of_a_registry() {
        let file = format!(
            r#"{{"auths": {{"r.example": {{"username": "all", "password": "1"}},
            "r.example/team": {{"username": "team", "password": "2"}}, "r.example/team/a": {{"auth": "{ADA}"}}}}}}"#
        );
        assert_eq!(login(&file, "r.example", "team/a"), password("ada", "open sesame"));
        assert_eq!(login(&file, "r.example", "team/b/c"), password("team", "2"));
        assert_eq!(login(&file, "r.example", "teams/a"), password("all", "1"));
    }

    #[test]
    fn a_helper_of_the_registry_counts_before_that_of_all() {
        let file = Logins::read(
            r#"{"credsStore": "pass", "credHelpers": {"r.example": "ecr-login", "bad.example": "../x"}}"#,
        )
        .unwrap();
        let helper = |host| file.helper(&registry(host));
        assert_eq!(helper("r.example").as_deref(), Some("docker-credential-ecr-login"));
        assert_eq!(helper("ghcr.io").as_deref(), Some("docker-credential-pass"));
        // It would be started.
        assert_eq!(helper("bad.example"), None);
        assert_eq!(Logins::read("{}").unwrap().helper(&registry("ghcr.io")), None);
    }

    #[test]
    fn what_is_no_login_is_an_error_that_quotes_nothing() {
        for auth in ["%%%", "YWRh", "/////w=="] {
            let auth = Auth { auth: Some(auth.to_owned()), ..Auth::default() };
            assert!(auth.login().is_err());
        }
        for file in ["", "{\"auths\": []}", "{\"auths\": {\"a\": 1}}", "{\"credsStore\": 1}"] {
            assert!(Logins::read(file).is_err(), "{file}");
        }
    }

    #[test]
    fn each_engine_has_its_files() {
        let variables = |name: &str| match name {
            "HOME" => Some("/home/ada".to_owned()),
            "XDG_RUNTIME_DIR" => Some("/run/user/1".to_owned()),
            _ => None,
        };
        let files = |engine| {
            let files = files(engine, &variables);
            files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(files(ContainerEngine::Docker), ["/home/ada/.docker/config.json"]);
        assert_eq!(
            files(ContainerEngine::Podman),
            [
                "/run/user/1/containers/auth.json",
                "/home/ada/.config/containers/auth.json",
                "/home/ada/.docker/config.json"
            ]
        );
        let named = |name: &str| (name != "HOME").then(|| format!("/x/{name}"));
        assert_eq!(
            super::files(ContainerEngine::Docker, &named),
            [PathBuf::from("/x/DOCKER_CONFIG/config.json")]
        );
        assert_eq!(super::files(ContainerEngine::Podman, &named), [PathBuf::from("/x/REGISTRY_AUTH_FILE")]);
    }
}
