//! The server: how it is asked, how the token is sent, and what its refusals mean.

use std::time::Duration;

use serde::de::DeserializeOwned;

use serde::Serialize;

use crate::scan::procedure::Failure;
use crate::scan::procedure::StepContext;
use crate::scan::retry::{Retry, chance};
use crate::system::http::{Answer, Request, basic, host, query};
use crate::text::human;

use super::answers::Errors;

/// SonarQube Cloud.
pub(super) const CLOUD: &str = "https://sonarcloud.io";

/// The pauses between questions for a task: one second, then doubled, at most ten.
const PAUSES: Retry = Retry { most: 0, delay: Duration::from_secs(1) };
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How a token is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Auth {
    /// SonarQube 10 and newer, and Cloud.
    Bearer,
    /// The token as the user, without a password.
    Basic,
}

impl Auth {
    /// What a server of this version accepts. Cloud has version numbers of its own.
    pub(super) fn of(address: &str, version: Option<&str>) -> Self {
        let major = version.and_then(|version| version.split('.').next()?.parse::<u64>().ok());
        match major {
            Some(..10) if !is_cloud(address) => Self::Basic,
            _ => Self::Bearer,
        }
    }
}

fn is_cloud(address: &str) -> bool {
    let host = host(address);
    ["sonarcloud.io", "sonarqube.us"]
        .iter()
        .any(|cloud| host.strip_suffix(cloud).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// A server and its token, which no other server gets.
#[derive(Debug)]
pub(super) struct Server {
    address: String,
    /// The variable that the token is in.
    variable: String,
    authorization: String,
}

impl Server {
    pub(super) fn new(address: &str, auth: Auth, variable: &str, token: &str) -> Self {
        let authorization = match auth {
            Auth::Bearer => format!("Bearer {token}"),
            Auth::Basic => basic(token, ""),
        };
        Self { address: address.to_owned(), variable: variable.to_owned(), authorization }
    }

    pub(super) fn host(&self) -> &str {
        host(&self.address)
    }

    /// Asks, and reads the answer.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        context: &mut dyn StepContext,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let answer = self.ask(context, path, parameters).await?;
        self.read(&answer, path)
    }

    /// The same for a question that a server may refuse, or not know: then there is no answer.
    pub(super) async fn get_if_told<T: DeserializeOwned>(
        &self,
        context: &mut dyn StepContext,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Option<T>, Failure> {
        let answer = self.ask(context, path, parameters).await?;
        if matches!(answer.status, 400 | 401 | 403 | 404) {
            return Ok(None);
        }
        self.read(&answer, path).map(Some)
    }

    /// Asks until there is an answer. After a transient error (no connection, 429, a server error) it
    /// asks again, as often as the gate tries again, and with the pause for which the server asks. The scanner
    /// does not run once more for it.
    async fn ask(
        &self,
        context: &mut dyn StepContext,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let url = format!("{}/{path}{}", self.address, query(parameters.iter().copied()));
        let (retry, mut asked) = (context.retry(), 0);
        let mut words = String::new();
        loop {
            let request = Request::get(url.as_str()).header("Authorization", self.authorization.as_str());
            asked += 1;
            let (trouble, rest) = match context.ask(request).await {
                Ok(answer) if answer.is_transient_error() => {
                    let rest = answer.retry_after();
                    let asks = rest.map(|rest| format!(" and asks to wait {}", human::duration(rest)));
                    (format!("{} answers {}{}", self.host(), answer.status, asks.unwrap_or_default()), rest)
                }
                Ok(answer) => return Ok(answer),
                Err(Failure::Transient(why)) => (why, None),
                Err(other) => return Err(late(other, &words)),
            };
            words = format!("{trouble}, asked {}", human::count(u64::from(asked), "time"));
            if asked > retry.most {
                return Err(Failure::Unproven(words));
            }
            context.tell(format!("{trouble}; asking again"));
            let pause = retry.pause(asked, chance()).max(rest.unwrap_or_default());
            context.pause(pause).await.map_err(|failure| late(failure, &words))?;
        }
    }

    fn read<T: DeserializeOwned>(&self, answer: &Answer, path: &str) -> Result<T, Failure> {
        if !answer.is_success() {
            return Err(Failure::Unproven(self.refusal(answer, path)));
        }
        if answer.cut {
            return Err(Failure::Unproven(format!("the answer of {} to {path} is cut short", self.host())));
        }
        serde_json::from_slice(&answer.body).map_err(|error| {
            let what = format!("the answer of {} to {path} is not from SonarQube", self.host());
            Failure::Unproven(format!("{what}: {error}"))
        })
    }

    /// What a status means, in a sentence.
    fn refusal(&self, answer: &Answer, path: &str) -> String {
        let host = self.host();
        let errors = serde_json::from_slice::<Errors>(&answer.body).ok();
        let said = errors.and_then(|errors| errors.errors.into_iter().next());
        let said = said.map(|error| format!(": {}", error.msg)).unwrap_or_default();
        match answer.status {
            401 => format!(
                "{host} does not accept the token in {}: it has expired, was revoked, or is for another server (401)",
                self.variable
            ),
            403 => format!(
                "the token in {} has no access to {path}: it needs the permissions to browse the project and to execute its analysis (403{said})",
                self.variable
            ),
            404 => format!("{host} does not have what {path} was asked for (404{said})"),
            300..=399 => {
                let to = answer.headers.get("location").and_then(|to| to.to_str().ok());
                let to = to.map(|to| format!(" to {}", crate::system::http::host(to))).unwrap_or_default();
                format!("{host} redirects{to} ({}): set `host` to the address that answers", answer.status)
            }
            status => format!("{host} refuses {path} ({status}{said})"),
        }
    }
}

/// Waits before the next question for a task that goes on. When the gate's time is over, the failure says
/// with `words` what it waited for.
pub(super) async fn wait(context: &mut dyn StepContext, asked: u32, words: &str) -> Result<(), Failure> {
    let pause = PAUSES.pause(asked.min(5), chance()).min(LONGEST_PAUSE);
    context.pause(pause).await.map_err(|failure| late(failure, words))
}

/// The same failure; if the time is over, with what it waited for.
pub(super) fn late(failure: Failure, words: &str) -> Failure {
    match failure {
        Failure::TimedOut(_) if !words.is_empty() => Failure::TimedOut(words.to_owned()),
        other => other,
    }
}

/// Whether two addresses name the same server.
pub(super) fn same(a: &str, b: &str) -> bool {
    normal(a) == normal(b)
}

/// An address without what makes no difference: case, the default port, a slash at its end.
pub(super) fn normal(address: &str) -> String {
    let address = address.trim().trim_end_matches('/');
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
    let port = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}{path}", authority.strip_suffix(port).unwrap_or(&authority))
}

/// What is wrong with an address that gets a token.
pub(super) fn error_line(address: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = address.split_once("://") else { return Some("does not begin with https://") };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match () {
        () if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) => {
            Some("begins with neither https:// nor http://")
        }
        () if authority.is_empty() => Some("names no host"),
        () if authority.contains('@') => Some("must not hold a user or a password"),
        () if rest.contains(['?', '#']) => Some("must not hold a query"),
        () => None,
    }
}
