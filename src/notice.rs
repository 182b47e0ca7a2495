//! Notices: at the end of a run, what came of it, to a chat or another webhook. What can't be sent is a
//! warning, never the verdict.

mod message;

use std::path::Path;
use std::time::Duration;

use crate::ci;
use crate::config::Keys;
use crate::environment;
use crate::http::{Client, NoAnswer, Request, host};
use crate::process;
use crate::record::Run;
use crate::redact::{Scrubber, Secret};
use crate::repo::{GIT_LIMIT, Repo};
use crate::verdict::Verdict;

pub use message::{Build, Message};

/// One `[[notice]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    kind: Kind,
    /// The variable that has the address: who knows it can write there.
    variable: String,
    when: When,
}

/// What the other side reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An incoming webhook of Slack, or of what takes the same (Mattermost, Rocket.Chat):
    /// <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>
    Slack,
    /// [`Message`] as it is.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Always,
    /// The verdict is not `pass`, in lab mode, too.
    Stopped,
}

/// Time for one try.
const LIMIT: Duration = Duration::from_secs(10);

impl Notice {
    /// Reads every `[[notice]]`.
    pub fn read_all(keys: &Keys) -> Vec<Notice> {
        let tables = keys.tables("notice");
        let notices = tables.iter().filter_map(|table| {
            let kind = table.word_or("kind", &[("slack", Kind::Slack), ("json", Kind::Json)], Kind::Slack);
            let when =
                table.word_or("when", &[("always", When::Always), ("stopped", When::Stopped)], When::Always);
            let url = table.required_text("url");
            table.finish("a notice");
            let url = url?;
            let Some(variable) = url.value.strip_prefix('$').filter(|name| !name.is_empty()) else {
                table.problem_with_help(
                    url.at,
                    "`url` must be the name of a variable, as `$SLACK_WEBHOOK`",
                    "who knows a webhook's address can write there: it does not belong into the repository",
                );
                return None;
            };
            Some(Notice { kind, variable: variable.to_owned(), when })
        });
        notices.collect()
    }

    fn body(&self, message: &Message) -> String {
        match self.kind {
            Kind::Slack => message.slack(),
            Kind::Json => message.json(),
        }
    }
}

impl Build {
    /// What the CI service says of it, else git.
    pub async fn here(repo: &Repo, branch: Option<String>) -> Build {
        let variable = |name: &str| environment::value(name);
        let author = match ci::commit_author(variable) {
            Some(author) => Some(author),
            None => {
                let args = ["log", "-1", "--format=%an"];
                let told = process::ask(Path::new("git"), &args, &repo.root, GIT_LIMIT).await;
                told.map(|author| author.trim().to_owned()).filter(|author| !author.is_empty())
            }
        };
        // A project that is the whole repository has its folder's name: `.` tells nobody anything.
        let project = match (repo.base_name(), repo.root.file_name()) {
            (base, Some(folder)) if base == "." => folder.to_string_lossy().into_owned(),
            (base, _) => base,
        };
        let (commit, url) = (repo.head.clone(), ci::build_url(variable));
        Build { project, branch, commit, author, url }
    }
}

/// The addresses of the notices, which are secrets.
pub fn secrets(notices: &[Notice]) -> impl Iterator<Item = Secret> {
    notices
        .iter()
        .filter_map(|notice| environment::value(&notice.variable))
        .flat_map(|url| Secret::reported(&url))
}

/// Sends what is to be sent, one after another. Gives a warning for each that was not.
pub async fn send(run: &Run, notices: &[Notice], build: Build, scrubber: &Scrubber) -> Vec<String> {
    let client = Client::default();
    let message = Message::of(run, build, scrubber);
    let mut warnings = Vec::new();
    for notice in notices.iter().filter(|notice| notice.when == When::Always || run.verdict != Verdict::Pass)
    {
        let name = &notice.variable;
        let Some(url) = environment::value(name) else {
            warnings.push(format!("a notice was not sent: {name} is not set"));
            continue;
        };
        if let Err(why) = post(&client, &url, &notice.body(&message)).await {
            warnings.push(format!("the notice to {name} was not sent: {}", scrubber.one_line(&why)));
        }
    }
    warnings
}

/// Two tries: a chat that is busy is not worth a longer wait.
async fn post(client: &Client, url: &str, body: &str) -> Result<(), String> {
    let mut request = Request::get(url).header("Content-Type", "application/json");
    (request.method, request.body, request.limit) =
        ("POST".parse().unwrap_or_default(), Some(body.to_owned()), LIMIT);
    request.cap = 64 << 10;
    let mut last = String::new();
    for _ in 0..2 {
        match client.ask(request.clone()).await {
            Ok(answer) if answer.is_success() => return Ok(()),
            Ok(answer) => {
                last = format!("{} answered {}", host(url), answer.status);
                if !answer.is_passing_fault() {
                    break;
                }
            }
            Err(NoAnswer::Never(why)) => return Err(why),
            Err(NoAnswer::NotNow(why)) => last = why,
        }
    }
    Err(last)
}
