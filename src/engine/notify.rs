//! Notices: at the end of a run, they send its result to a chat or another webhook. A notice that can't
//! be sent is a warning. It does not change the verdict.

pub(crate) mod message;

use std::time::Duration;

pub(crate) use message::Build;
pub(crate) use message::Message;

use crate::config::notice::{Notice, NoticeKind, When};
use crate::model::run::Run;
use crate::model::verdict::Verdict;
use crate::redact::{Scrubber, Secret, address};
use crate::report::unlooked;
use crate::system::git::{GIT_LIMIT, Repo};
use crate::system::git_command::git;
use crate::system::http::{Client, NoAnswer, Request, host};
use crate::system::{ci, variables};
use crate::text::human;

/// Time limit for one try.
const LIMIT: Duration = Duration::from_secs(10);

/// The longest that a run waits for a chat that asks it to (`Retry-After`).
const LONGEST_REST: Duration = Duration::from_secs(30);

impl Build {
    /// From the CI service, else from git.
    pub(crate) async fn here(repo: &Repo, branch: Option<String>) -> Self {
        let variable = |name: &str| variables::value(name);
        let author = match ci::commit_author(variable) {
            Some(author) => Some(author),
            None => {
                let args = ["log", "-1", "--format=%an"];
                let answer = git(&args, &repo.root, GIT_LIMIT).await;
                answer.map(|author| author.trim().to_owned()).filter(|author| !author.is_empty())
            }
        };
        let (commit, url) = (repo.head.clone(), ci::build_url(variable));
        Self { project: repo.name().unwrap_or_default(), branch, commit, author, url }
    }
}

/// The addresses of the notices. They are secrets.
pub(crate) fn secrets(notices: &[Notice]) -> impl Iterator<Item = Secret> {
    notices
        .iter()
        .filter_map(|notice| variables::value(&notice.variable))
        .flat_map(|url| address::of_webhook(&url))
}

/// Sends the notices one after another. Returns a warning for each one that was not sent.
pub(crate) async fn send(run: &Run, notices: &[Notice], build: Build, scrubber: &Scrubber) -> Vec<String> {
    let client = Client::default();
    let message = Message::of(run, build, scrubber);
    let mut warnings = Vec::new();
    // A pass that somebody narrowed is not the pass for which a chat may stay silent.
    let passed = run.verdict == Verdict::Pass && unlooked::groups(run).is_empty();
    for notice in notices.iter().filter(|notice| notice.when == When::Always || !passed) {
        let name = &notice.variable;
        let Some(url) = variables::value(name) else {
            warnings.push(format!("a notice was not sent: {name} is not set"));
            continue;
        };
        if let Err(why) = post(&client, &url, &body(notice.kind, &message)).await {
            warnings.push(format!("the notice to {name} was not sent: {}", scrubber.one_line(&why)));
        }
    }
    warnings
}

fn body(kind: NoticeKind, message: &Message) -> String {
    match kind {
        NoticeKind::Slack => message.slack(),
        NoticeKind::Json => message.json(),
    }
}

/// Two tries, with the pause in between for which the chat asks: a busy chat is not worth a longer wait.
async fn post(client: &Client, url: &str, body: &str) -> Result<(), String> {
    let mut request = Request::get(url).header("Content-Type", "application/json");
    (request.method, request.body, request.limit) =
        ("POST".parse().unwrap_or_default(), Some(body.to_owned()), LIMIT);
    request.cap = 64 << 10;
    let mut last = None;
    for _ in 0..2 {
        let (why, rest) = match client.ask(request.clone()).await {
            Ok(answer) if answer.is_success() => return Ok(()),
            Ok(answer) => {
                let why = format!("{} answered {}", host(url), answer.status);
                if !answer.is_transient_error() {
                    return Err(why);
                }
                (why, answer.retry_after().unwrap_or_default())
            }
            Err(NoAnswer::Never(why)) => return Err(why),
            Err(NoAnswer::NotNow(why)) => (why, Duration::ZERO),
        };
        if rest > LONGEST_REST {
            let [rest, longest] = [rest, LONGEST_REST].map(human::duration);
            return Err(format!("{why} and asks to wait {rest}; the longest is {longest}"));
        }
        if last.replace(why).is_none() {
            tokio::time::sleep(rest).await;
        }
    }
    Err(last.unwrap_or_default())
}
