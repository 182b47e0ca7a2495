//! `[[notice]]`: where a run sends its verdict.

use crate::keys::table::Keys;

/// One `[[notice]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub kind: NoticeKind,
    /// The variable with the address. The address is a secret: anyone who knows it can write there.
    pub variable: String,
    pub when: When,
}

/// What the receiver reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// An incoming webhook of Slack, or of a service that accepts the same (Mattermost, Rocket.Chat):
    /// <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>
    Slack,
    /// [`Message`], unchanged.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Always,
    /// If the verdict is not `pass`, in lab mode too.
    Stopped,
}

impl Notice {
    /// Reads every `[[notice]]`.
    pub fn read_all(keys: &Keys) -> Vec<Self> {
        let tables = keys.tables("notice");
        let notices = tables.iter().filter_map(|table| {
            let kind = table.word_or(
                "kind",
                &[("slack", NoticeKind::Slack), ("json", NoticeKind::Json)],
                NoticeKind::Slack,
            );
            let when =
                table.word_or("when", &[("always", When::Always), ("stopped", When::Stopped)], When::Always);
            let url = table.required_text("url");
            table.finish("a notice");
            let url = url?;
            let Some(variable) = url.value.strip_prefix('$').filter(|name| !name.is_empty()) else {
                table.problem_with_help(
                    url.at,
                    "`url` must be the name of a variable, such as `$SLACK_WEBHOOK`",
                    "anyone who knows a webhook's address can write there: keep it out of the repository",
                );
                return None;
            };
            Some(Self { kind, variable: variable.to_owned(), when })
        });
        notices.collect()
    }
}
