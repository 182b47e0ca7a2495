//! The secrets in addresses: passwords, tokens in a query, and the path of a webhook.

use percent_encoding::percent_decode_str;

use super::Secret;
use super::names::{holds_secret, words_of};

/// The secrets of every address in a text: those in `https://user:password@host/?token=…`, and all of a webhook's
/// address, since everybody who knows it can write there.
pub(crate) fn secrets(text: &str) -> Vec<Secret> {
    let addresses = text.match_indices("://").map(|(at, _)| Address::around(text, at));
    addresses.flat_map(|address| address.secrets()).collect()
}

/// The secrets of a text that is the address of a webhook: the address itself, and what of it may be printed
/// alone.
pub(crate) fn of_webhook(address: &str) -> Vec<Secret> {
    let address = address.trim();
    let path = address.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let path = path.filter(|path| path.len() >= SHORTEST_PATH);
    let words = path.into_iter().flat_map(|path| path.split(['/', '?', '&', '=', '#']));
    let words =
        words.filter(|word| word.len() >= SHORTEST_PATH && word.contains(|c: char| c.is_ascii_digit()));
    [address].into_iter().chain(path).chain(words).filter_map(Secret::reported).collect()
}

const SHORTEST_PATH: usize = 16;

/// `https://user:password@host/path?query`.
struct Address<'t> {
    whole: &'t str,
    authority: &'t str,
    path: &'t str,
    query: &'t str,
}

impl<'t> Address<'t> {
    /// The address with `://` at this place.
    fn around(text: &'t str, at: usize) -> Self {
        let scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let start = text[..at].rfind(|c| !scheme(c)).map_or(0, |before| before + 1);
        let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'`<>{}|\\^".contains(c);
        let rest = &text[at + 3..];
        let rest = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, behind) = rest.split_at(end);
        let (path, query) = behind.split_once('?').unwrap_or((behind, ""));
        Self { whole: &text[start..at + 3 + rest.len()], authority, path, query }
    }

    fn secrets(&self) -> Vec<Secret> {
        if self.is_webhook() {
            return of_webhook(self.whole);
        }
        let user = self.authority.rsplit_once('@').map(|(user, _)| user);
        let password = user.map(|user| user.split_once(':').map_or(user, |(_, password)| password));
        // Signatures of a storage account (`sig`), of S3 (`X-Amz-Signature`).
        let signs =
            |name: &str| matches!(words_of(name).last().map(String::as_str), Some("SIG" | "SIGNATURE"));
        let fields = self.query.split(['&', ';', '#']).filter_map(|field| field.split_once('='));
        let values = fields.filter(|(name, _)| holds_secret(name) || signs(name)).map(|(_, value)| value);
        password.into_iter().chain(values).flat_map(as_written_and_decoded).collect()
    }

    /// The addresses of Slack, Discord, Teams, Google Chat, Zapier, and others that say so.
    fn is_webhook(&self) -> bool {
        let host = self.authority.rsplit('@').next().unwrap_or_default();
        let named = |part: &str| matches!(part, "hooks" | "hook" | "webhook" | "webhooks");
        let by_host = host.split('.').any(named);
        (by_host || self.path.split('/').any(named)) && self.path.len() >= SHORTEST_PATH
    }
}

/// A password with signs in it is percent-encoded in an address, and is not elsewhere.
fn as_written_and_decoded(value: &str) -> impl Iterator<Item = Secret> {
    let decoded = percent_decode_str(value).decode_utf8().ok().filter(|decoded| decoded != value);
    let decoded = decoded.and_then(|decoded| Secret::of_variable(&decoded));
    Secret::of_variable(value).into_iter().chain(decoded)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn reported(values: &[&str]) -> BTreeSet<Secret> {
        values.iter().filter_map(|value| Secret::reported(value)).collect()
    }

    #[test]
    fn the_secrets_of_an_address_are_found() {
        for (text, values) in [
            ("https://ada:hunter2-hunter2@host/path", &["hunter2-hunter2"][..]),
            ("https://hunter2-hunter2@host", &["hunter2-hunter2"]),
            ("https://ada:hunter2%2Fhunter2@host", &["hunter2%2Fhunter2", "hunter2/hunter2"]),
            ("get https://host/a?x=1&access_token=hunter2-one, then", &["hunter2-one,"]),
            ("jdbc:postgresql://host/db?user=ada&password=hunter2-one", &["hunter2-one"]),
            (
                "https://a.blob.example/c?sv=2024-01-01&sig=hunter2%2Bone%3D",
                &["hunter2%2Bone%3D", "hunter2+one="],
            ),
            ("https://one:hunter2-1@a https://two:hunter2-2@b", &["hunter2-1", "hunter2-2"]),
            ("https://host/path?page=2&sort_key=17", &[]),
            ("https://host/hooks/a", &[]),
            ("://", &[]),
        ] {
            assert_eq!(BTreeSet::from_iter(secrets(text)), reported(values), "{text}");
        }
    }

    #[test]
    fn all_of_a_webhook_is_a_secret() {
        let path = ["/services/T01ABCDEF/B01ABCDEF", "/hunter2hunter2hunter2"].concat();
        let address = format!("https://hooks.chat.example{path}");
        let found = BTreeSet::from_iter(secrets(&format!("POST {address} failed")));
        assert_eq!(found, reported(&[&address, &path, "hunter2hunter2hunter2"]));
        for address in [
            "https://chat.example/api/webhooks/1234567890/abc-def",
            "https://a.webhook.office.example/b/0123456789abcdef",
        ] {
            assert!(secrets(address).contains(&Secret::reported(address).unwrap()), "{address}");
        }
    }
}
